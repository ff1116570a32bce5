/**
 * Plugins that are named by the path or URL of their module.
 *
 * @module
 */

import type { Plugin } from "../../core/mod.ts";

/** Finds a plugin by path, from the current folder, or by URL. */
export function findPluginByPath(name: string): Promise<Plugin> | undefined {
  if (!/[/:]/.test(name)) return undefined;
  const module = new URL(name, new URL(`file://${Deno.cwd()}/`));
  return import(module.href).then((loaded: { plugin?: Plugin }) => {
    if (loaded.plugin !== undefined) return loaded.plugin;
    throw new TypeError(`${module.href} exports no "plugin"`);
  });
}
