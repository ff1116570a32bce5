/**
 * Parameter lists that commands could take, made of a few bytes.
 *
 * @module
 */

import type { CommandRow } from "../../core/mod.ts";

const OPCODE = {
  FORMAT_UNIT: 0x04,
  MODE_SELECT_6: 0x15,
  UNMAP: 0x42,
  SANITIZE: 0x48,
  LOG_SELECT: 0x4c,
  MODE_SELECT_10: 0x55,
  PERSISTENT_RESERVE_OUT: 0x5f,
} as const;

/** A list that a command could take; undefined: it takes none. */
export function parameterList(
  row: CommandRow | undefined,
  seed: Uint8Array,
): Uint8Array | undefined {
  switch (row?.opcode) {
    case OPCODE.FORMAT_UNIT:
      return formatList(seed);
    case OPCODE.SANITIZE:
      return row?.direction === "out" ? overwriteList(seed) : undefined;
    case OPCODE.MODE_SELECT_6:
      return modeList(4, seed);
    case OPCODE.MODE_SELECT_10:
      return modeList(8, seed);
    case OPCODE.UNMAP:
      return unmapList(seed);
    case OPCODE.LOG_SELECT:
      return logList(seed);
    case OPCODE.PERSISTENT_RESERVE_OUT:
      return reservationList(seed);
    default:
      return undefined;
  }
}

/** Page codes with the lengths of their bodies; subpages have 0x40 set. */
const PAGES: readonly (readonly [code: number, length: number])[] = [
  ...[[0x01, 10], [0x02, 14], [0x08, 18], [0x0a, 10]] as const,
  ...[[0x1c, 10], [0x5c, 12], [0x18, 6], [0x19, 6], [0x3f, 2]] as const,
];

function modeList(headerLength: number, seed: Uint8Array): Uint8Array {
  const [choice = 0, ...body] = seed;
  const [code, length] = PAGES[choice % PAGES.length] ?? [0, 0];
  const list = new Uint8Array(headerLength + 4 + length);
  list[headerLength] = code;
  list[headerLength + 1] = length;
  list.set(body.slice(0, length), headerLength + 2);
  return list;
}

// FOV, IMMED and IP as they come; a pattern of one byte.
function formatList(seed: Uint8Array): Uint8Array {
  const [flags = 0, pattern = 0] = seed;
  const list = Uint8Array.of(0, 0x80 | flags & 0x0a, 0, 0, 0, 1, 0, 1, pattern);
  return (flags & 0x08) === 0 ? list.subarray(0, 4) : list;
}

function overwriteList(seed: Uint8Array): Uint8Array {
  const [flags = 0, pattern = 0] = seed;
  return Uint8Array.of(flags & 0x80 | flags % 3, 0, 0, 1, pattern);
}

/** Parameters of application clients, their codes mostly ascending. */
function logList(seed: Uint8Array): Uint8Array {
  const count = (seed[0] ?? 0) % 3;
  const view = new DataView(new ArrayBuffer(4 + 256 * count));
  view.setUint8(0, (seed[1] ?? 0) % 8 === 0 ? (seed[2] ?? 0) : 0x0f);
  view.setUint16(2, 256 * count);
  for (let index = 0; index < count; index += 1) {
    view.setUint16(4 + 256 * index, index * 40 + (seed[3] ?? 0) % 40);
    view.setUint8(4 + 256 * index + 2, (seed[2] ?? 0) & 0x93);
    view.setUint8(4 + 256 * index + 3, 252);
  }
  return new Uint8Array(view.buffer);
}

function unmapList(seed: Uint8Array): Uint8Array {
  const count = (seed[0] ?? 0) % 5;
  const view = new DataView(new ArrayBuffer(8 + 16 * count));
  view.setUint16(0, view.byteLength - 2);
  view.setUint16(2, 16 * count);
  for (let index = 0; index < count; index += 1) {
    const lba = (seed[1 + 2 * index] ?? 0) * 2;
    view.setUint32(8 + 16 * index + 4, lba);
    view.setUint32(8 + 16 * index + 8, seed[2 + 2 * index] ?? 0);
  }
  return new Uint8Array(view.buffer);
}

function reservationList(seed: Uint8Array): Uint8Array {
  const list = new Uint8Array(24);
  list[7] = (seed[0] ?? 0) % 2;
  list[15] = (seed[1] ?? 0) % 3;
  list[20] = (seed[2] ?? 0) % 4 === 0 ? (seed[3] ?? 0) % 16 : 0;
  if ((list[20] & SPEC_I_PT) !== 0) return withIds(list, seed, 28);
  const moves = (seed[2] ?? 0) % 4 === 1;
  return moves ? withIds(list, seed, 24) : list;
}

const SPEC_I_PT = 0x08;

// SPEC_I_PT has its length at byte 24, REGISTER AND MOVE at byte 20 and a
// target port before.
function withIds(basic: Uint8Array, seed: Uint8Array, at: number): Uint8Array {
  const count = at === 24 ? 1 : (seed[4] ?? 0) % 4;
  const list = new Uint8Array(at + 24 * count);
  list.set(basic);
  if (at === 24) list.set([0, 3, 0, 0, 0, 0], 18);
  new DataView(list.buffer).setUint32(at - 4, 24 * count);
  for (let index = 0; index < count; index += 1) {
    const name = `iqn.${String.fromCharCode(97 + (seed[5 + index] ?? 0) % 6)}`;
    const [format, text] = (seed[9] ?? 0) % 3 === 0
      ? [0x05, name]
      : [0x45, `${name},i,0x1`];
    const id = new TextEncoder().encode(text);
    list.set([format, 0, 0, 20, ...id], at + 24 * index);
  }
  const stray = at + (seed[10] ?? 0);
  if (stray < list.length && (seed[11] ?? 0) % 4 === 0) {
    list[stray] = seed[12] ?? 0;
  }
  return list;
}
