/**
 * Which command waits for which: all ordering law in one matrix.
 *
 * @module
 */

/** Serialization classes: rows and columns of the matrix. */
export const SERIALIZATION = {
  TEST_UNIT_READY: 0,
  READ: 1,
  WRITE: 2,
  UNMAP: 3,
  SYNCHRONIZE: 4,
  MODE_SENSE: 5,
  MODE_SELECT: 6,
  REQUEST_SENSE: 7,
  INQUIRY: 8,
  READ_CAPACITY: 9,
  RESERVE: 10,
  LOG_SENSE: 11,
  FORMAT: 12,
  START_STOP: 13,
} as const;

/** One of {@linkcode SERIALIZATION}. */
export type SerializationClass =
  (typeof SERIALIZATION)[keyof typeof SERIALIZATION];

/** What a cell of the matrix says about a newer and an older command. */
export const ORDER = {
  /** The newer one passes. */
  PASS: 0,
  /** The newer one waits. */
  BLOCK: 1,
  /** Waits unless the queue algorithm is unrestricted. */
  BLOCK_UNLESS_UNRESTRICTED: 2,
  /** Waits when the block ranges overlap. */
  EXTENT: 3,
  /** As EXTENT, but passes when the queue algorithm is unrestricted. */
  EXTENT_UNLESS_UNRESTRICTED: 4,
  /** Waits when it goes on where the older read ends (option serseq). */
  SEQUENTIAL: 5,
} as const;

/** One of {@linkcode ORDER}. */
export type Order = (typeof ORDER)[keyof typeof ORDER];

/** Serialization classes. */
export const CLASS_COUNT = 14;

const CELLS: Readonly<Record<string, Order>> = {
  "-": ORDER.PASS,
  "B": ORDER.BLOCK,
  "b": ORDER.BLOCK_UNLESS_UNRESTRICTED,
  "X": ORDER.EXTENT,
  "x": ORDER.EXTENT_UNLESS_UNRESTRICTED,
  "S": ORDER.SEQUENTIAL,
};

// Row: the newer command. Column: the older one, in the same sequence.
//                 T R W U S M M R I C R L F S
//                 U D R N Y S S Q N A E O M T
//                 R   T M N N L S Q P S G T P
const MATRIX = `
  TEST_UNIT_READY  - - - - - B B - - - B - - B
  READ             - S X x - B B - - - B - B B
  WRITE            - X X x - B B - - - B - B B
  UNMAP            - b b - - B B - - - B - B B
  SYNCHRONIZE      - - b - - B B - - - B - B B
  MODE_SENSE       B B B B B - B - - - B - B B
  MODE_SELECT      B B B B B B B - - - B B B B
  REQUEST_SENSE    B B B B B B B B B B B B - B
  INQUIRY          - - - - - - - - - - - - - -
  READ_CAPACITY    - - - - - - - - - - B - B B
  RESERVE          B B B B B B B B - - B B B B
  LOG_SENSE        - - - - - - - - - - B - B B
  FORMAT           B B B B B B B B B B B B B B
  START_STOP       B B B B B B B B B - B B B B
`;

const TABLE: Uint8Array = parseMatrix(MATRIX);
const IN_THE_WAY = masksOf(new Set([ORDER.PASS, ORDER.SEQUENTIAL]));
const IN_THE_WAY_IN_SEQUENCE = masksOf(new Set([ORDER.PASS]));

/** The cell for a newer command of one class and an older of another. */
export function orderOf(
  newer: SerializationClass,
  older: SerializationClass,
): number {
  return TABLE[newer * CLASS_COUNT + older] ?? ORDER.BLOCK;
}

/**
 * Classes of older commands that a newer one may have to wait for, as bits
 * `1 << class`: it passes all others unseen.
 *
 * @param inSequence sequential reads are kept in order (option serseq)
 */
export function classesInTheWay(
  newer: SerializationClass,
  inSequence: boolean,
): number {
  return (inSequence ? IN_THE_WAY_IN_SEQUENCE : IN_THE_WAY)[newer] ?? ~0;
}

function masksOf(passing: ReadonlySet<number>): Uint16Array {
  const masks = new Uint16Array(CLASS_COUNT);
  TABLE.forEach((cell, at) => {
    const newer = Math.floor(at / CLASS_COUNT);
    const older = passing.has(cell) ? 0 : 1 << at % CLASS_COUNT;
    masks[newer] = (masks[newer] ?? 0) | older;
  });
  return masks;
}

function parseMatrix(text: string): Uint8Array {
  const table = new Uint8Array(CLASS_COUNT * CLASS_COUNT);
  const names = Object.keys(SERIALIZATION);
  for (const [row, line] of text.trim().split("\n").entries()) {
    const [name, ...cells] = line.trim().split(/\s+/);
    if (name !== names[row] || cells.length !== CLASS_COUNT) {
      throw new TypeError(`Cannot read row ${row} of the ordering matrix`);
    }
    cells.forEach((cell, column) => {
      table[row * CLASS_COUNT + column] = CELLS[cell] ?? ORDER.BLOCK;
    });
  }
  return table;
}
