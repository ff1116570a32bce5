/**
 * What a node keeps of its roles over a restart, in the state database.
 *
 * @module
 */

import { ManagementError, type StateStore } from "../../core/mod.ts";
import { EMPTY_RECORD, type HaRole, type RoleRecord } from "./role_types.ts";

const FORMAT = 1;
const RECORD_BYTES = 27;
const PREFIX = "ha/role/";

const At = {
  FORMAT: 0,
  FLAGS: 1,
  ORDERED: 2,
  EPOCH: 3,
  SEQUENCE: 11,
  EPOCH_SEEN: 19,
} as const;

const FLAG = { SOLO: 1, WAS_PRIMARY: 2, HALTED: 4 } as const;
const ORDERED: readonly (HaRole | null)[] = [null, "primary", "secondary"];

/** Name of a group's record in the state database. */
export function recordName(group: number): string {
  return `${PREFIX}${group}`;
}

/** Reads a group's record; a group without one was never part of a pair. */
export function readRecord(state: StateStore, group: number): RoleRecord {
  const bytes = state.read(recordName(group));
  if (bytes === undefined) return EMPTY_RECORD;
  const record = decodeRecord(bytes);
  if (record !== undefined) return record;
  throw new ManagementError(
    "state",
    `The state database holds no valid role of group ${group}`,
  );
}

/** A record as bytes, for whoever writes it together with others. */
export function encodeRecord(record: RoleRecord): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(RECORD_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint8(At.FORMAT, FORMAT);
  view.setUint8(At.FLAGS, flagsOf(record));
  view.setUint8(At.ORDERED, ORDERED.indexOf(record.ordered));
  view.setBigUint64(At.EPOCH, BigInt(record.epoch));
  view.setBigUint64(At.SEQUENCE, BigInt(record.sequence));
  view.setBigUint64(At.EPOCH_SEEN, BigInt(record.epochSeen));
  return bytes;
}

function flagsOf({ solo, wasPrimary, halted }: RoleRecord): number {
  return (solo ? FLAG.SOLO : 0) | (wasPrimary ? FLAG.WAS_PRIMARY : 0) |
    (halted ? FLAG.HALTED : 0);
}

/** Reads a record; undefined: these bytes are none. */
export function decodeRecord(bytes: Uint8Array): RoleRecord | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.byteLength !== RECORD_BYTES) return undefined;
  const ordered = ORDERED[view.getUint8(At.ORDERED)];
  const isKnown = view.getUint8(At.FORMAT) === FORMAT;
  if (!isKnown || ordered === undefined) return undefined;
  const flags = view.getUint8(At.FLAGS);
  return {
    epoch: Number(view.getBigUint64(At.EPOCH)),
    sequence: Number(view.getBigUint64(At.SEQUENCE)),
    epochSeen: Number(view.getBigUint64(At.EPOCH_SEEN)),
    solo: (flags & FLAG.SOLO) !== 0,
    wasPrimary: (flags & FLAG.WAS_PRIMARY) !== 0,
    halted: (flags & FLAG.HALTED) !== 0,
    ordered,
  };
}
