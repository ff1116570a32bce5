/**
 * Commands on shared state as bytes, and their answers as text.
 *
 * @module
 */

import { PORTS_PER_NODE } from "../../ha/node.ts";
import type { CommandOptions } from "../support/local_initiator.ts";
import { reservationsText, type SharedOp } from "./shared_state.ts";

const READ_BYTES = 252;
const RESERVE_OUT = 0x5f;
const RESERVE_IN = 0x5e;
const READ_FULL_STATUS = 3;
const MODE_SELECT = 0x55;
const MODE_SENSE = 0x5a;
const SAVE_PAGES = 0x11;
const DISABLE_BLOCK_DESCRIPTORS = 0x08;
/** Informational exceptions control. */
const PAGE = 0x1c;
const PAGE_BYTES = 12;
const MODE_HEADER_BYTES = 8;
/** REPORT COUNT, in the data of MODE SENSE and MODE SELECT. */
const MODE_VALUE_AT = MODE_HEADER_BYTES + 8;
/** WRITE EXCLUSIVE, REGISTRANTS ONLY. */
const TYPE = 5;
const REGISTER_AND_IGNORE = 6;
const ACTION = { reserve: 1, release: 2, preempt: 4 } as const;

/** A command on shared state. */
export function cdbOf(
  op: Exclude<SharedOp, { kind: "write" }>,
): readonly [number[], CommandOptions] {
  switch (op.kind) {
    case "register":
      return reserveOut(REGISTER_AND_IGNORE, 0, op.key);
    case "reserve":
    case "release":
      return reserveOut(ACTION[op.kind], op.own ?? 0, 0);
    case "preempt":
      return reserveOut(ACTION.preempt, op.own ?? 0, op.key);
    case "look":
      return [
        [RESERVE_IN, READ_FULL_STATUS, 0, 0, 0, 0, 0, 0, READ_BYTES, 0],
        { read: READ_BYTES },
      ];
    case "select":
      return modeSelect(op.value);
    case "sense":
      return [
        [
          ...[MODE_SENSE, DISABLE_BLOCK_DESCRIPTORS, PAGE, 0, 0, 0, 0, 0],
          ...[READ_BYTES, 0],
        ],
        { read: READ_BYTES },
      ];
  }
}

function reserveOut(
  action: number,
  key: number,
  actionKey: number,
): readonly [number[], CommandOptions] {
  const write = new Uint8Array(24);
  write[7] = key;
  write[15] = actionKey;
  write[20] = 1; // APTPL
  return [[RESERVE_OUT, action, TYPE, 0, 0, 0, 0, 0, 24, 0], { write }];
}

function modeSelect(value: number): readonly [number[], CommandOptions] {
  const write = new Uint8Array(MODE_HEADER_BYTES + PAGE_BYTES);
  const view = new DataView(write.buffer);
  view.setUint8(MODE_HEADER_BYTES, PAGE);
  view.setUint8(MODE_HEADER_BYTES + 1, PAGE_BYTES - 2);
  view.setUint8(MODE_HEADER_BYTES + 2, 0x10);
  view.setUint32(MODE_VALUE_AT, value);
  const cdb = [MODE_SELECT, SAVE_PAGES, 0, 0, 0, 0, 0, 0, write.length, 0];
  return [cdb, { write }];
}

/** What MODE SENSE has answered. */
export function modeText(data: Uint8Array): string {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  return `m${view.getUint32(MODE_VALUE_AT)}`;
}

/** What READ FULL STATUS has answered (SPC-5 6.15.5). */
export function statusText(data: Uint8Array): string {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const end = 8 + view.getUint32(4);
  const keys: Record<string, number> = {};
  let holder: string | null = null;
  for (let at = 8; at < end;) {
    const idBytes = view.getUint32(at + 20);
    const name = nexusAt(data.subarray(at + 24, at + 24 + idBytes));
    const port = view.getUint16(at + 18);
    const by = `${name}@${port <= PORTS_PER_NODE ? 1 : 2}`;
    keys[by] = Number(view.getBigUint64(at));
    if ((view.getUint8(at + 12) & 1) !== 0) holder = by;
    at += 24 + idBytes;
  }
  return reservationsText({ keys, holder });
}

// iSCSI name: iqn.h0
function nexusAt(transportId: Uint8Array): string {
  const text = new TextDecoder().decode(transportId.subarray(4));
  return /^iqn\.(h\d+)/.exec(text)?.[1] ?? `? ${text}`;
}
