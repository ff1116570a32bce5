/**
 * Parameter lists that commands could take, made of a few bytes, and now and
 * then with a byte or a length that is wrong.
 *
 * @module
 */

import type { CommandRow } from "../../core/mod.ts";
import { concat } from "../support/initiator/mod.ts";

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
  const bytes = new SeedBytes(seed);
  const list = wellFormedList(row, bytes);
  return list === undefined ? undefined : damage(list, bytes);
}

function wellFormedList(
  row: CommandRow | undefined,
  bytes: SeedBytes,
): Uint8Array | undefined {
  switch (row?.opcode) {
    case OPCODE.FORMAT_UNIT:
      return formatList(bytes);
    case OPCODE.MODE_SELECT_6:
      return modeList(4, bytes);
    case OPCODE.MODE_SELECT_10:
      return modeList(8, bytes);
    case OPCODE.UNMAP:
      return unmapList(bytes);
    case OPCODE.LOG_SELECT:
      return logList(bytes);
    case OPCODE.SANITIZE:
      return row?.direction === "out" ? sanitizeList(bytes) : undefined;
    case OPCODE.PERSISTENT_RESERVE_OUT:
      return reservationList(bytes);
    default:
      return undefined;
  }
}

/** Numbers from a few bytes, again and again: never two rounds alike. */
class SeedBytes {
  readonly #seed: Uint8Array;
  #at = 0;

  constructor(seed: Uint8Array) {
    this.#seed = seed;
  }

  /** A number below a limit of at most 256. */
  below(limit: number): number {
    const round = Math.floor(this.#at / this.#seed.length);
    const byte = this.#seed[this.#at % this.#seed.length] ?? 0;
    this.#at += 1;
    return ((byte + 31 * round) & 0xff) % limit;
  }

  /** One of some values. */
  pick(values: readonly number[]): number {
    return values[this.below(values.length)] ?? 0;
  }
}

/** One list of four has a wrong byte; one of eight is cut or too long. */
function damage(list: Uint8Array, bytes: SeedBytes): Uint8Array {
  if (list.length > 0 && bytes.below(4) === 0) {
    list[bytes.below(256) % list.length] = bytes.below(256);
  }
  switch (bytes.below(16)) {
    case 0:
      return list.subarray(0, bytes.below(256) % (list.length + 1));
    case 1:
      return concat([list, new Uint8Array(1 + bytes.below(32))]);
    default:
      return list;
  }
}

/** Page codes with the lengths of their bodies; subpages have 0x40 set. */
const PAGES: readonly (readonly [code: number, length: number])[] = [
  ...[[0x01, 10], [0x02, 14], [0x08, 18], [0x0a, 10]] as const,
  ...[[0x1c, 10], [0x5c, 12], [0x4a, 28], [0x3f, 2]] as const,
];
const BLOCK_DESCRIPTORS = [0, 0, 0, 0, 8, 8, 16];

function modeList(headerLength: number, bytes: SeedBytes): Uint8Array {
  const header = new Uint8Array(headerLength);
  const descriptor = new Uint8Array(bytes.pick(BLOCK_DESCRIPTORS));
  header[headerLength - 1] = descriptor.length;
  if (headerLength === 8) header[4] = descriptor.length === 16 ? 1 : 0;
  if (descriptor.length > 0) descriptor[descriptor.length - 2] = 2;
  const pages = Array.from({ length: 1 + bytes.below(3) }, () => page(bytes));
  return concat([header, descriptor, ...pages]);
}

// FOV, IMMED and IP as they come; a pattern of one byte.
function formatList(bytes: SeedBytes): Uint8Array {
  const flags = bytes.below(256) & 0x0a;
  const list = [0, 0x80 | flags, 0, 0, 0, 1, 0, 1, bytes.below(256)];
  return Uint8Array.from((flags & 0x08) === 0 ? list.slice(0, 4) : list);
}

/** Parameters of application clients, their codes mostly ascending. */
function logList(bytes: SeedBytes): Uint8Array {
  const count = bytes.below(3);
  const view = new DataView(new ArrayBuffer(4 + 256 * count));
  view.setUint8(0, bytes.below(8) === 0 ? bytes.below(256) : 0x0f);
  view.setUint16(2, 256 * count);
  for (let index = 0; index < count; index += 1) {
    const at = 4 + 256 * index;
    view.setUint16(at, index * 40 + bytes.below(40));
    view.setUint8(at + 2, bytes.below(256) & 0x93);
    view.setUint8(at + 3, 252);
  }
  return new Uint8Array(view.buffer);
}

function page(bytes: SeedBytes): Uint8Array {
  const [code, length] = PAGES[bytes.below(PAGES.length)] ?? [0, 0];
  const body = Uint8Array.from(
    { length },
    () => bytes.below(3) === 0 ? bytes.below(256) : 0,
  );
  if ((code & 0x40) === 0) return Uint8Array.of(code, length, ...body);
  return Uint8Array.of(code, bytes.below(3), 0, length, ...body);
}

const UNMAP_COUNTS = [0, 1, 1, 2, 3, 4, 60, 255];

function unmapList(bytes: SeedBytes): Uint8Array {
  const count = bytes.pick(UNMAP_COUNTS);
  const view = new DataView(new ArrayBuffer(8 + 16 * count));
  view.setUint16(0, view.byteLength - 2);
  view.setUint16(2, 16 * count);
  for (let index = 0; index < count; index += 1) {
    const at = 8 + 16 * index;
    if (bytes.below(40) === 0) view.setUint32(at, 0xffffffff);
    view.setUint32(at + 4, bytes.below(256) * 2);
    view.setUint32(at + 8, bytes.below(256));
  }
  return new Uint8Array(view.buffer);
}

function sanitizeList(bytes: SeedBytes): Uint8Array {
  const pattern = new Uint8Array(bytes.pick([0, 1, 4, 255, 256]) * 2);
  return Uint8Array.of(
    bytes.below(32),
    0,
    pattern.length >> 8,
    pattern.length & 0xff,
    ...pattern.fill(bytes.below(256)),
  );
}

const ISCSI_NAMES = [
  "iqn.2026-01.test.dtl:a",
  "iqn.2026-01.test.dtl:a,i,0x800000000001",
  "",
];

/** Parameters of PERSISTENT RESERVE OUT, REGISTER AND MOVE (SPC-5 6.16). */
function reservationList(bytes: SeedBytes): Uint8Array {
  const list = new Uint8Array(24);
  list[7] = bytes.below(3);
  list[15] = bytes.below(3);
  list[20] = bytes.below(3) === 0 ? bytes.below(16) : 0;
  if (bytes.below(4) !== 0) return list;
  const ids = Array.from(
    { length: 1 + bytes.below(2) },
    () => transportId(bytes),
  );
  const length = ids.reduce((sum, { length }) => sum + length, 0);
  const lengths = Uint8Array.of(0, 0, length >> 8, length & 0xff);
  if (bytes.below(2) === 0) return concat([list, lengths, ...ids]);
  // REGISTER AND MOVE: UNREG and APTPL at 17, the lengths at 20.
  list[17] = bytes.below(4);
  list.set(lengths, 20);
  return concat([list, ...ids]);
}

function transportId(bytes: SeedBytes): Uint8Array {
  const name = ISCSI_NAMES[bytes.below(ISCSI_NAMES.length)] ?? "";
  const text = new TextEncoder().encode(name);
  const padded = new Uint8Array((text.length + 4) & ~3);
  padded.set(text);
  const format = name.includes(",") ? 0x45 : 0x05;
  return Uint8Array.of(format, 0, 0, padded.length, ...padded);
}
