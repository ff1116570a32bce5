/**
 * What the service holds, and whom it has refused.
 *
 * @module
 */

import type { IscsiUsage } from "./api_types.ts";
import type { ConnectionRecord } from "./records.ts";

/** Sums up what connections hold. */
export function usageOf(
  connections: Iterable<ConnectionRecord>,
  connectionsRefused: ReadonlyMap<string, number>,
  loginsRefused: ReadonlyMap<number, number>,
): IscsiUsage {
  const all = [...connections];
  const sum = (of: (record: ConnectionRecord) => number) =>
    all.reduce((bytes, record) => bytes + of(record), 0);
  return {
    connections: all.length,
    logins: all.filter(({ connection }) => connection.inLogin).length,
    heldBytes: sum(({ record }) => record?.session.heldBytes ?? 0),
    outputBytes: sum(({ connection }) => connection.output.pendingBytes),
    receiveBytes: sum(({ pump }) => pump.receiveBytes),
    connectionsRefused,
    loginsRefused,
  };
}

/** Counts one more of a kind. */
export function count<Key>(counters: Map<Key, number>, key: Key): void {
  counters.set(key, (counters.get(key) ?? 0) + 1);
}
