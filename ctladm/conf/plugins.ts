/**
 * Statements of a plugin.
 *
 * @module
 */

import {
  addOption,
  type ConfigurationDraft,
  type PluginDraft,
} from "./draft.ts";
import { PLUGINS_MAX } from "./limits.ts";
import {
  type Block,
  type Keyword,
  type KeywordTable,
  keywordTable,
  openBlock,
} from "./statement.ts";

/** Keywords of a plugin. */
export const PLUGIN_KEYWORDS: KeywordTable<PluginDraft> = keywordTable<
  PluginDraft
>({
  "option": {
    words: 2,
    // A plugin names its options as it likes: `listen`, too.
    keywordsAsWords: true,
    store: ({ name: plugin, options }, name: string, value: string) =>
      addOption(options, name, value, `plugin "${plugin}"`),
  },
});

/** `plugin name`, or `plugin name { … }`. */
export const PLUGIN_STATEMENT: Keyword<ConfigurationDraft> = {
  words: 1,
  store: (draft, name: string) => {
    const plugin = addPlugin(draft, name);
    return typeof plugin === "string" ? plugin : undefined;
  },
  open: (draft, name): Block | string => {
    const plugin = addPlugin(draft, name);
    return typeof plugin === "string"
      ? plugin
      : openBlock(PLUGIN_KEYWORDS, plugin);
  },
};

function addPlugin(
  { plugins }: ConfigurationDraft,
  name: string,
): PluginDraft | string {
  if (plugins.has(name)) return `duplicated plugin "${name}"`;
  if (plugins.size >= PLUGINS_MAX) return `more than ${PLUGINS_MAX} plugins`;
  const plugin: PluginDraft = { name, options: new Map() };
  plugins.set(name, plugin);
  return plugin;
}
