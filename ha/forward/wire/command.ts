/**
 * COMMAND: a command on its way to the node that serves its unit.
 *
 * @module
 */

import { getLong, putLong } from "./kinds.ts";

/** Where the fields stand. */
const At = {
  TASK: 0,
  NEXUS: 4,
  LUN: 8,
  UNIT: 12,
  TAG: 16,
  ATTRIBUTE: 24,
  PRIORITY: 25,
  CDB_LENGTH: 26,
  FLAGS: 27,
  EXPECTED_IN: 28,
  EXPECTED_OUT: 32,
  CDB: 36,
} as const;

/** Bytes of the longest CDB. */
export const CDB_ROOM = 32;
/** Bytes of the body. */
export const COMMAND_LENGTH: number = At.CDB + CDB_ROOM;

const GRANT = 0x01;
const ATTRIBUTE_MAX = 4;
const PRIORITY_MAX = 15;

/** A COMMAND. One value is filled again and again. */
export interface CommandFrame {
  /** Number of the task at the near node. */
  task: number;
  /** Number of its nexus at the near node. */
  nexus: number;
  /** LUN as its initiator sees it. */
  visibleLun: number;
  /** Number of the unit, on both nodes. */
  unit: number;
  /** Tag: below 2^53. */
  tag: number;
  /** Task attribute. */
  attribute: number;
  /** COMMAND PRIORITY; 0: none. */
  priority: number;
  /** Bytes of the CDB. */
  cdbLength: number;
  /** It runs at the near node: here it only takes its place. */
  grant: boolean;
  /** Bytes of Data-In that its initiator is ready to receive. */
  expectedIn: number;
  /** Bytes of Data-Out that its initiator is ready to send. */
  expectedOut: number;
}

/** An empty COMMAND. */
export function newCommandFrame(): CommandFrame {
  return {
    ...{ task: 0, nexus: 0, visibleLun: 0, unit: 0, tag: 0, attribute: 0 },
    ...{ priority: 0, cdbLength: 0, grant: false },
    ...{ expectedIn: 0, expectedOut: 0 },
  };
}

/** Writes a COMMAND with a CDB of 32 bytes, of which some are stale. */
export function encodeCommand(
  view: DataView,
  frame: CommandFrame,
  cdb: DataView,
): void {
  view.setUint32(At.TASK, frame.task);
  view.setUint32(At.NEXUS, frame.nexus);
  view.setUint32(At.LUN, frame.visibleLun);
  view.setUint32(At.UNIT, frame.unit);
  putLong(view, At.TAG, frame.tag);
  view.setUint8(At.ATTRIBUTE, frame.attribute);
  view.setUint8(At.PRIORITY, frame.priority);
  view.setUint8(At.CDB_LENGTH, frame.cdbLength);
  view.setUint8(At.FLAGS, frame.grant ? GRANT : 0);
  view.setUint32(At.EXPECTED_IN, frame.expectedIn);
  view.setUint32(At.EXPECTED_OUT, frame.expectedOut);
  copyCdb(cdb, 0, view, At.CDB);
}

/** Reads a COMMAND. @returns false when it is none */
export function decodeCommand(view: DataView, into: CommandFrame): boolean {
  if (view.byteLength !== COMMAND_LENGTH) return false;
  into.task = view.getUint32(At.TASK);
  into.nexus = view.getUint32(At.NEXUS);
  into.visibleLun = view.getUint32(At.LUN);
  into.unit = view.getUint32(At.UNIT);
  into.tag = getLong(view, At.TAG);
  into.attribute = view.getUint8(At.ATTRIBUTE);
  into.priority = view.getUint8(At.PRIORITY);
  into.cdbLength = view.getUint8(At.CDB_LENGTH);
  const flags = view.getUint8(At.FLAGS);
  into.grant = flags === GRANT;
  into.expectedIn = view.getUint32(At.EXPECTED_IN);
  into.expectedOut = view.getUint32(At.EXPECTED_OUT);
  return into.tag <= Number.MAX_SAFE_INTEGER && flags <= GRANT &&
    into.attribute <= ATTRIBUTE_MAX && into.priority <= PRIORITY_MAX &&
    into.cdbLength > 0 && into.cdbLength <= CDB_ROOM;
}

/** Takes the CDB out of a COMMAND. */
export function copyCdbOf(view: DataView, cdb: DataView): void {
  copyCdb(view, At.CDB, cdb, 0);
}

// By words: no view is made for it.
function copyCdb(
  from: DataView,
  fromAt: number,
  to: DataView,
  toAt: number,
): void {
  for (let at = 0; at < CDB_ROOM; at += 4) {
    to.setUint32(toAt + at, from.getUint32(fromAt + at));
  }
}
