/**
 * Statements of a pair of nodes: `ha { … }`. What the words may be is in the
 * table of options of the plugin.
 *
 * @module
 */

import { haOptionProblem, haProblem } from "../../mod.ts";
import type { ConfigurationDraft, HaDraft } from "./draft.ts";
import {
  type Block,
  type Keyword,
  type KeywordTable,
  keywordTable,
  openBlock,
  type Problem,
} from "./statement.ts";

/** Keywords of the block. */
export const HA_KEYWORDS: KeywordTable<HaDraft> = keywordTable<HaDraft>({
  "allow-ramdisk": flag("allow-ramdisk"),
  "arbiter": once("arbiter"),
  "certificate": once("certificate"),
  "cluster": once("cluster"),
  "dead-ms": once("dead-ms"),
  "defect": once("defect"),
  "etcd": { ...once("etcd"), store: addUrl },
  "explicit-alua": flag("explicit-alua"),
  "fence-command": once("fence-command"),
  "fencer": once("fencer"),
  "heartbeat-ms": once("heartbeat-ms"),
  "id": once("id"),
  "insecure": flag("insecure"),
  "key": once("key"),
  "lease-ms": once("lease-ms"),
  "mode": once("mode"),
  "peer": once("peer", 2),
  "peer-fingerprint": once("peer-fingerprint"),
  "role": once("role"),
  "silent-ms": once("silent-ms"),
});

/** `ha { … }`. */
export const HA_STATEMENT: Keyword<ConfigurationDraft> = {
  unnamed: true,
  open: (draft): Block | string => {
    if (draft.ha !== undefined) return "ha specified more than once";
    draft.ha = { options: new Map() };
    return openBlock(HA_KEYWORDS, draft.ha, ({ options }) => {
      const problem = haProblem(options);
      return problem === undefined ? undefined : `ha: ${problem}`;
    });
  },
};

/** The words of a statement are the value of the option of its name. */
function once(name: string, words = 1): Keyword<HaDraft> {
  return {
    words,
    // What it says is ours alone: `listen` and `role` are words here.
    keywordsAsWords: true,
    store: (ha, ...values: string[]) => {
      if (ha.options.has(name)) return `${name} of ha specified more than once`;
      return put(ha, name, values.join(" "));
    },
  };
}

function flag(name: string): Keyword<HaDraft> {
  return { words: 0, store: (ha) => put(ha, name, "on") };
}

/** Each member of etcd has a statement of its own. */
function addUrl(ha: HaDraft, url: string): Problem {
  const before = ha.options.get("etcd");
  return put(ha, "etcd", before === undefined ? url : `${before} ${url}`);
}

function put(ha: HaDraft, name: string, value: string): Problem {
  const problem = haOptionProblem(name, value);
  if (problem === undefined) ha.options.set(name, value);
  return problem;
}
