/**
 * What stands in etcd for a group of LUNs, and the transactions on it.
 *
 * | key | value | life |
 * |---|---|---|
 * | `PREFIX/GROUP/epoch` | the node that is primary | its revision is the epoch |
 * | `PREFIX/GROUP/holder` | the same | as long as the lease |
 * | `PREFIX/GROUP/solo` | `NODE 1`: that node goes on alone; `NODE 0` | |
 *
 * @module
 */

import type { AcquireRequest } from "./arbiter.ts";
import { NODE_GROUP, type NodeId } from "./role_types.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Names of keys, in base 64 as the gateway wants them. */
export interface GroupKeys {
  /** The first of them, and the one behind the last. */
  readonly range: { readonly key: string; readonly range_end: string };
  /** Who is primary; its revision is the epoch. */
  readonly epoch: string;
  /** Who holds the lease. */
  readonly holder: string;
  /** Who goes on alone. */
  readonly solo: string;
}

/** A key as it was found; one that is not there has revision 0. */
export interface FoundKey {
  /** Its value; empty: there is none. */
  readonly value: string;
  /** Revision of its last change. */
  readonly revision: number;
}

/** What was found of a group. */
export interface FoundGroup {
  /** Who is primary. */
  readonly epoch: FoundKey;
  /** Who holds the lease. */
  readonly holder: FoundKey;
  /** Who goes on alone. */
  readonly solo: FoundKey;
}

/** One transaction, in the words of etcd's JSON gateway. */
export interface EtcdTransaction {
  /** What has to be so. */
  readonly compare: readonly unknown[];
  /** What is done then. */
  readonly success: readonly unknown[];
}

/** The keys of a group. */
export function keysOf(prefix: string, group: number): GroupKeys {
  const name = group === NODE_GROUP ? "node" : `lun-${group}`;
  const base = `${prefix}/${name}/`;
  return {
    range: { key: base64(base), range_end: base64(`${prefix}/${name}0`) },
    epoch: base64(`${base}epoch`),
    holder: base64(`${base}holder`),
    solo: base64(`${base}solo`),
  };
}

/** Text in base 64. */
export function base64(text: string): string {
  return encoder.encode(text).toBase64();
}

/** Reads the answer to a range request. */
export function readGroup(keys: GroupKeys, answer: unknown): FoundGroup {
  const found = new Map<string, FoundKey>();
  for (const row of listIn(answer, "kvs")) {
    const value = textIn(row, "value");
    found.set(textIn(row, "key"), {
      value: decoder.decode(Uint8Array.fromBase64(value)),
      revision: numberIn(row, "mod_revision"),
    });
  }
  const of = (key: string) => found.get(key) ?? { value: "", revision: 0 };
  return {
    epoch: of(keys.epoch),
    holder: of(keys.holder),
    solo: of(keys.solo),
  };
}

/** Why a node must not have the role; null: it may. */
export function refusalOf(
  found: FoundGroup,
  { id, claim }: AcquireRequest,
): { readonly why: "held" | "solo"; readonly reason: string } | null {
  const { holder, solo } = found;
  if (holder.value !== "" && holder.value !== String(id)) {
    return { why: "held", reason: `node ${holder.value} holds the lease` };
  }
  const [alone, isAlone] = solo.value.split(" ");
  const isOurs = alone === String(id) && isAlone === "1";
  const isOthers = alone !== String(id) && isAlone === "1";
  if (claim === "complete" && isOthers) {
    return { why: "solo", reason: `node ${alone} went on alone` };
  }
  if (claim === "sole" && !isOurs) {
    return { why: "solo", reason: `node ${id} is not known to be complete` };
  }
  return null;
}

/** Takes the role, if nothing of what was found has changed. */
export function acquireTransaction(
  keys: GroupKeys,
  found: FoundGroup,
  { id, solo }: { readonly id: NodeId; readonly solo: boolean },
  lease: string,
): EtcdTransaction {
  const value = base64(String(id));
  return {
    compare: [
      isUnchanged(keys.holder, found.holder.revision),
      isUnchanged(keys.epoch, found.epoch.revision),
      isUnchanged(keys.solo, found.solo.revision),
    ],
    success: [
      put(keys.epoch, value),
      { request_put: { key: keys.holder, value, lease } },
      put(keys.solo, base64(soloValue(id, solo))),
    ],
  };
}

/** Records whether the primary goes on alone, if it still is primary. */
export function soloTransaction(
  keys: GroupKeys,
  { epoch, id, solo }: {
    readonly epoch: number;
    readonly id: NodeId;
    readonly solo: boolean;
  },
): EtcdTransaction {
  return {
    compare: holds(keys, epoch),
    success: [put(keys.solo, base64(soloValue(id, solo)))],
  };
}

/** Does nothing but tell whether the role is still held. */
export function holderTransaction(
  keys: GroupKeys,
  epoch: number,
): EtcdTransaction {
  return { compare: holds(keys, epoch), success: [] };
}

function holds(keys: GroupKeys, epoch: number): unknown[] {
  return [isUnchanged(keys.holder, epoch), isUnchanged(keys.epoch, epoch)];
}

function soloValue(id: NodeId, solo: boolean): string {
  return `${id} ${solo ? 1 : 0}`;
}

function isUnchanged(key: string, revision: number): unknown {
  return {
    key,
    target: "MOD",
    result: "EQUAL",
    mod_revision: String(revision),
  };
}

function put(key: string, value: string): unknown {
  return { request_put: { key, value } };
}

/** A number in an answer, where it may stand as text; 0: it is not there. */
export function numberIn(answer: unknown, name: string): number {
  return Number(memberOf(answer, name) ?? 0);
}

/** A text in an answer; empty: it is not there. */
export function textIn(answer: unknown, name: string): string {
  const member = memberOf(answer, name);
  return typeof member === "string" ? member : "";
}

/** A list in an answer; empty: it is not there. */
export function listIn(answer: unknown, name: string): readonly unknown[] {
  const member = memberOf(answer, name);
  return Array.isArray(member) ? member : [];
}

/** A part of an answer; undefined: it is not there. */
export function memberOf(answer: unknown, name: string): unknown {
  if (typeof answer !== "object" || answer === null) return undefined;
  return new Map(Object.entries(answer)).get(name);
}
