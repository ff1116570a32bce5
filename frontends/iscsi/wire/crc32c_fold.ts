/**
 * CRC32C of long data by vectors of 16 bytes, in WebAssembly: 6 GB/s where
 * tables, which have a load for each byte, do 1.3 (`deno bench
 * tests/bench/pdu_bench.ts`).
 *
 * A block of 64 bytes is 16 words. What a word does to the digest 64 bytes
 * further on is linear: the exclusive or of what its eight half bytes do. So
 * words are folded into those of the next block, 16 at a time: the first
 * bytes of all words stand in one vector, the second ones in another, and a
 * half byte chooses out of 16 results, which is one instruction for 16 of
 * them. What is left is one block that has the digest of all.
 *
 * @module
 */

import {
  type Code,
  leb,
  moduleBytes,
  OP,
  repeat,
  signedLeb,
  TYPE,
  VECTOR,
  vector,
} from "./wasm_module.ts";

/** Bytes of a block. */
export const FOLD_BYTES = 64;

/** What folds blocks. */
export interface Folder {
  /** Its memory: a block at {@linkcode FOLD_AT}, and what is folded into it. */
  readonly bytes: Uint8Array;
  /** The same. */
  readonly view: DataView;
  /**
   * Folds the block at {@linkcode FOLD_AT} into the next one and so on, and
   * puts the last one in its place.
   *
   * @param blockCount blocks behind the first, one at least
   */
  fold(blockCount: number): void;
}

const VECTOR_BYTES = 16;
const WORD_BYTES = 4;
/** For each byte of a word and each half of it, one for each byte of results. */
const TABLE_COUNT = WORD_BYTES * 2 * WORD_BYTES;

/** Where the first block stands in the memory; behind the tables. */
export const FOLD_AT: number = TABLE_COUNT * VECTOR_BYTES;
/** Bytes that can be folded at once: they stay in the nearest cache. */
export const FOLD_BYTES_MAX: number = 2 ** 14;

const PAGES = 1;

// Locals: parameters first.
const AT = 0;
const LEFT = 1;
const VECTORS_FROM = 2;
/** The vectors of a block, and in their place its bytes, sorted. */
const WORDS: readonly number[] = [0, 1, 2, 3].map((at) => VECTORS_FROM + at);
/** What the blocks before do to this one. */
const STATE: readonly number[] = [4, 5, 6, 7].map((at) => VECTORS_FROM + at);
const SPARE: readonly number[] = [8, 9, 10, 11].map((at) => VECTORS_FROM + at);
const LOW_HALF = VECTORS_FROM + 12;
const HIGH_HALF = VECTORS_FROM + 13;
const MASK = VECTORS_FROM + 14;
const VECTOR_COUNT = 15;

/**
 * Makes a folder, which takes about a millisecond.
 *
 * @param advance what a word does to the digest so many zero bytes later
 * @returns null where the runtime has no vectors, or no memory for them
 */
export function makeFolder(
  advance: (word: number, zeroBytes: number) => number,
): Folder | null {
  try {
    return makeFolderOrThrow(advance);
  } catch {
    return null;
  }
}

/** Throws where the runtime has no vectors, or no room for a memory. */
function makeFolderOrThrow(
  advance: (word: number, zeroBytes: number) => number,
): Folder | null {
  const code = moduleBytes({
    parameters: [TYPE.I32, TYPE.I32],
    locals: [[VECTOR_COUNT, TYPE.V128]],
    body: foldBody(),
    pages: PAGES,
  });
  const instance = new WebAssembly.Instance(new WebAssembly.Module(code));
  const { memory, run } = instance.exports;
  if (!(memory instanceof WebAssembly.Memory)) return null;
  if (typeof run !== "function") return null;
  const bytes = new Uint8Array(memory.buffer);
  putTables(bytes, advance);
  return {
    bytes,
    view: new DataView(memory.buffer),
    fold: (blockCount) => run(FOLD_AT, blockCount),
  };
}

function putTables(
  bytes: Uint8Array,
  advance: (word: number, zeroBytes: number) => number,
): void {
  for (let half = 0; half < WORD_BYTES * 2; half += 1) {
    for (let value = 0; value < 16; value += 1) {
      const result = advance(value << 4 * half, FOLD_BYTES);
      for (let byte = 0; byte < WORD_BYTES; byte += 1) {
        bytes[tableAt(half, byte) + value] = result >>> 8 * byte;
      }
    }
  }
}

/** Where the table of a half byte of words for a byte of results stands. */
function tableAt(half: number, byte: number): number {
  return (half * WORD_BYTES + byte) * VECTOR_BYTES;
}

const XOR = vector(VECTOR.XOR);

function get(local: number): Code {
  return [OP.LOCAL_GET, ...leb(local)];
}

function set(local: number): Code {
  return [OP.LOCAL_SET, ...leb(local)];
}

function constant(value: number): Code {
  return [OP.I32_CONST, ...signedLeb(value)];
}

function load(address: Code, offset: number): Code {
  return [...address, ...vector(VECTOR.LOAD, 0, ...leb(offset))];
}

function foldBody(): Code {
  return [
    ...vector(VECTOR.CONST, ...new Array<number>(VECTOR_BYTES).fill(0x0f)),
    ...set(MASK),
    ...repeat(
      takeBlock(),
      advanceState(),
      [...get(AT), ...constant(FOLD_BYTES), OP.I32_ADD, ...set(AT)],
      [...get(LEFT), ...constant(-1), OP.I32_ADD, OP.LOCAL_TEE, LEFT],
    ),
    ...takeBlock(),
    ...sortWords(),
    ...WORDS.flatMap((local, index) => [
      ...constant(FOLD_AT),
      ...unsortBytes(get(local)),
      ...vector(VECTOR.STORE, 0, ...leb(index * VECTOR_BYTES)),
    ]),
  ];
}

/** Loads a block, sorts its bytes and adds what the blocks before do to it. */
function takeBlock(): Code {
  return [
    ...WORDS.flatMap((local, index) => [
      ...unsortBytes(load(get(AT), index * VECTOR_BYTES)),
      ...set(local),
    ]),
    ...sortWords(),
    ...WORDS.flatMap((local, index) => [
      ...get(local),
      ...get(STATE[index] ?? 0),
      ...XOR,
      ...set(local),
    ]),
  ];
}

/** The first bytes of four words, their second ones and so on; or back. */
function unsortBytes(words: Code): Code {
  const lanes = [0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15];
  return [...words, ...words, ...vector(VECTOR.SHUFFLE, ...lanes)];
}

/** Transposes the four words of the four vectors. */
function sortWords(): Code {
  const [a = 0, b = 0, c = 0, d = 0] = WORDS;
  const [low = 0, high = 0, low2 = 0, high2 = 0] = SPARE;
  return [
    ...shuffleWords(a, b, [0, 4, 1, 5], low),
    ...shuffleWords(a, b, [2, 6, 3, 7], high),
    ...shuffleWords(c, d, [0, 4, 1, 5], low2),
    ...shuffleWords(c, d, [2, 6, 3, 7], high2),
    ...shuffleWords(low, low2, [0, 1, 4, 5], a),
    ...shuffleWords(low, low2, [2, 3, 6, 7], b),
    ...shuffleWords(high, high2, [0, 1, 4, 5], c),
    ...shuffleWords(high, high2, [2, 3, 6, 7], d),
  ];
}

function shuffleWords(
  one: number,
  other: number,
  words: readonly number[],
  into: number,
): Code {
  const lanes = words.flatMap((word) =>
    [0, 1, 2, 3].map((byte) => word * WORD_BYTES + byte)
  );
  return [
    ...get(one),
    ...get(other),
    ...vector(VECTOR.SHUFFLE, ...lanes),
    ...set(into),
  ];
}

/** What the block does to the next one. */
function advanceState(): Code {
  return WORDS.flatMap((local, byte) => [
    ...get(local),
    ...get(MASK),
    ...vector(VECTOR.AND),
    ...set(LOW_HALF),
    ...get(local),
    ...constant(4),
    ...vector(VECTOR.I8X16_SHR_U),
    ...set(HIGH_HALF),
    ...STATE.flatMap((state, result) => [
      ...chosen(2 * byte, result, LOW_HALF),
      ...chosen(2 * byte + 1, result, HIGH_HALF),
      ...XOR,
      ...(byte === 0 ? [] : [...get(state), ...XOR]),
      ...set(state),
    ]),
  ]);
}

function chosen(half: number, result: number, by: number): Code {
  return [
    ...load(constant(0), tableAt(half, result)),
    ...get(by),
    ...vector(VECTOR.I8X16_RELAXED_SWIZZLE),
  ];
}
