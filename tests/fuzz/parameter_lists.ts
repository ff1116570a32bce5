/**
 * Parameter lists that commands could take, made of a few bytes.
 *
 * @module
 */

const OPCODE = {
  MODE_SELECT_6: 0x15,
  UNMAP: 0x42,
  LOG_SELECT: 0x4c,
  MODE_SELECT_10: 0x55,
  PERSISTENT_RESERVE_OUT: 0x5f,
} as const;

/** A list that a command could take; undefined: it takes none. */
export function parameterList(
  opcode: number | undefined,
  seed: Uint8Array,
): Uint8Array | undefined {
  switch (opcode) {
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
  return list;
}
