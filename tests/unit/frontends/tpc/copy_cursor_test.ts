import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { BlockRange } from "../../../../core/mod.ts";
import {
  CopyCursor,
  type CursorSide,
  type Piece,
} from "../../../../frontends/tpc/copy_cursor.ts";

function side(
  blockLength: number,
  ranges: readonly (readonly [number, number])[],
  physicalBlocks = 1,
  lowestAlignedLba = 0,
): CursorSide {
  return {
    ...{ blockLength, physicalBlocks, lowestAlignedLba },
    ranges: ranges.map(([lba, blockCount]) => ({ lba, blockCount })),
  };
}

/** Pieces as `lba + count > lba + count`; `!` when one cannot be had. */
function piecesOf(
  source: CursorSide,
  destination: CursorSide,
  bytesMax: number,
): string[] {
  const cursor = new CopyCursor(source, destination);
  const words: string[] = [];
  while (!cursor.ended) {
    const piece = cursor.take(bytesMax);
    if (piece === null) return [...words, "!"];
    words.push(`${word(piece.source)} > ${word(piece.destination)}`);
  }
  return words;
}

function word({ lba, blockCount }: BlockRange): string {
  return `${lba} + ${blockCount}`;
}

Deno.test("CopyCursor cuts a range into pieces", () => {
  const one = side(512, [[10, 10]]);
  const other = side(512, [[100, 10]]);
  assertEquals(piecesOf(one, other, 4 * 512), [
    ...["10 + 4 > 100 + 4", "14 + 4 > 104 + 4", "18 + 2 > 108 + 2"],
  ]);
});

Deno.test("CopyCursor lets no piece cross the end of a range", () => {
  const one = side(512, [[0, 3], [50, 0], [20, 5]]);
  const other = side(512, [[7, 4], [0, 9]]);
  assertEquals(piecesOf(one, other, 2 ** 20), [
    ...["0 + 3 > 7 + 3", "20 + 1 > 10 + 1", "21 + 4 > 0 + 4"],
  ]);
});

Deno.test("CopyCursor ends pieces between physical blocks", () => {
  const one = side(512, [[0, 20]]);
  const other = side(512, [[3, 20]], 8);
  assertEquals(piecesOf(one, other, 16 * 512), [
    ...["0 + 13 > 3 + 13", "13 + 7 > 16 + 7"],
  ]);
  const shifted = side(512, [[3, 20]], 8, 7);
  assertEquals(piecesOf(one, shifted, 16 * 512), [
    ...["0 + 12 > 3 + 12", "12 + 8 > 15 + 8"],
  ]);
});

Deno.test("CopyCursor lets no piece grow before the first aligned block", () => {
  const one = side(512, [[0, 2]]);
  const other = side(512, [[0, 2]], 2, 6);
  assertEquals(piecesOf(one, other, 512), ["0 + 1 > 0 + 1", "1 + 1 > 1 + 1"]);
});

Deno.test("CopyCursor counts blocks of two lengths", () => {
  const one = side(512, [[8, 32]]);
  const other = side(4096, [[1, 4]]);
  assertEquals(piecesOf(one, other, 8192), [
    ...["8 + 16 > 1 + 2", "24 + 16 > 3 + 2"],
  ]);
  // A piece is a block at least, however little is wanted.
  assertEquals(piecesOf(one, other, 1)[0], "8 + 8 > 1 + 1");
});

Deno.test("CopyCursor stops where a rest is no whole block", () => {
  const one = side(512, [[0, 12]]);
  const other = side(4096, [[0, 4]]);
  assertEquals(piecesOf(one, other, 2 ** 20), ["0 + 8 > 0 + 1", "!"]);
});

Deno.test("CopyCursor.peek() leaves everything as it is", () => {
  const cursor = new CopyCursor(side(512, [[0, 9]]), side(512, [[4, 9]]));
  const piece = cursor.peek(2048);
  assertEquals(cursor.peek(2048), piece);
  cursor.advance(512);
  assertEquals(cursor.sourceRange, { lba: 1, blockCount: 8 });
  assertEquals(cursor.take(2048)?.at, 512);
});

const RANGES = fc.array(
  fc.record({ lba: fc.nat(1000), blockCount: fc.nat(40) }),
  { maxLength: 6 },
);
const SIDE: fc.Arbitrary<CursorSide> = fc.record({
  ranges: RANGES,
  blockLength: fc.constantFrom(512, 4096),
  physicalBlocks: fc.constantFrom(1, 2, 8),
  lowestAlignedLba: fc.nat(7),
});

Deno.test("CopyCursor takes every block once, in order", () => {
  fc.assert(fc.property(SIDE, SIDE, fc.nat(2 ** 17), (one, other, most) => {
    const cursor = new CopyCursor(one, other);
    const pieces: Piece[] = [];
    for (let at = 0; !cursor.ended;) {
      const piece = cursor.take(most);
      if (piece === null) break;
      assertEquals(piece.at, at);
      at += piece.lengthBytes;
      const unit = Math.max(one.blockLength, other.blockLength);
      assert(piece.lengthBytes > 0 && piece.lengthBytes % unit === 0);
      assert(piece.lengthBytes <= Math.max(most, unit));
      pieces.push(piece);
    }
    for (
      const [side, taken] of [
        [one, pieces.map(({ source }) => source)],
        [other, pieces.map(({ destination }) => destination)],
      ] as const
    ) {
      const blocks = taken.flatMap(blocksOf);
      const all = side.ranges.flatMap(blocksOf);
      assertEquals(blocks, all.slice(0, blocks.length));
    }
  }));
});

function blocksOf({ lba, blockCount }: BlockRange): number[] {
  return Array.from({ length: blockCount }, (_, index) => lba + index);
}
