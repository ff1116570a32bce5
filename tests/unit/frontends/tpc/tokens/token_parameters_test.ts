import { assertEquals } from "@std/assert";
import {
  checkPopulateLength,
  checkWriteLength,
  decodePopulate,
  decodeWrite,
} from "../../../../../frontends/tpc/tokens/token_parameters.ts";
import { ROD_TYPE } from "../../../../../frontends/tpc/tokens/rod_token.ts";
import {
  POPULATE,
  populateList,
  type PopulateWish,
  WRITE,
  writeList,
  type WriteWish,
} from "../../../../support/token_lists.ts";

/** Blocks of the unit. */
const BLOCKS = 2048;

interface Row<Wish> {
  readonly what: string;
  readonly wish?: Wish;
  /** Fields that are overwritten: byte, and hexadecimal. */
  readonly put?: readonly [at: number, hex: string];
  /** Bytes that are there; absent: all. */
  readonly cut?: number;
  /** Sense, and the byte of the list that it points at. */
  readonly sense: string;
}

const TOO_MANY = Array.from({ length: 65 }, (_, at) => [at, 1] as const);

const POPULATE_ROWS: readonly Row<PopulateWish>[] = [
  { what: "data length without a range", put: [0, "001d"], sense: "26/00 @0" },
  { what: "data length 0", put: [0, "0000"], sense: "26/00 @0" },
  { what: "range length 0", put: [14, "0000"], sense: "26/00 @14" },
  { what: "range length 15", put: [14, "000f"], sense: "26/00 @14" },
  {
    what: "ranges longer than the data length says",
    put: [14, "0020"],
    sense: "26/00 @14",
  },
  {
    what: "ranges longer than the list",
    wish: { ranges: [[0, 1], [1, 1]] },
    cut: 47,
    sense: "26/00 @14",
  },
  { what: "timeout 601", wish: { timeoutS: 601 }, sense: "26/00 @4" },
  { what: "timeout 2^32-1", put: [4, "ffffffff"], sense: "26/00 @4" },
  ...[0, 1, 0x00010001, 0x00800002, 0xffff0000, ROD_TYPE.BLOCK_ZERO].map(
    (rodType) => ({
      what: `ROD type ${rodType.toString(16)}h`,
      wish: { rodType },
      sense: "26/00 @8",
    }),
  ),
  {
    what: "a range that ends behind the medium",
    wish: { ranges: [[BLOCKS - 1, 2]] },
    sense: "21/00 info 2048",
  },
  {
    what: "a range that begins behind the medium",
    wish: { ranges: [[0, 1], [5000, 1]] },
    sense: "21/00 info 5000",
  },
  {
    what: "an LBA of 2^64-1",
    put: [16, "ffffffffffffffff"],
    sense: "21/00",
  },
  {
    what: "ranges that overlap",
    wish: { ranges: [[8, 8], [100, 1], [15, 1]] },
    sense: "26/00",
  },
  {
    what: "a range twice",
    wish: { ranges: [[8, 8], [8, 8]] },
    sense: "26/00",
  },
  {
    what: "a range around others",
    wish: { ranges: [[1, 1], [0, 100], [90, 1]] },
    sense: "26/00",
  },
];

const WRITE_ROWS: readonly Row<WriteWish>[] = [
  { what: "data length without a range", put: [0, "0225"], sense: "26/00 @0" },
  { what: "range length 15", put: [534, "000f"], sense: "26/00 @534" },
  { what: "range length 0", put: [534, "0000"], sense: "26/00 @534" },
  {
    what: "ranges longer than the data length says",
    put: [534, "0020"],
    sense: "26/00 @534",
  },
  {
    what: "ranges longer than the list",
    cut: WRITE.RANGES + 15,
    sense: "26/00 @534",
  },
  {
    what: "a range that ends behind the medium",
    wish: { ranges: [[0, BLOCKS + 1]] },
    sense: "21/00 info 2048",
  },
  {
    what: "ranges that overlap",
    wish: { ranges: [[0, 8], [7, 1]] },
    sense: "26/00",
  },
];

function damaged<Wish>(list: DataView, row: Row<Wish>): DataView {
  const [at, hex] = row.put ?? [0, ""];
  const bytes = new Uint8Array(list.buffer, 0, row.cut ?? list.byteLength);
  bytes.set(Uint8Array.fromHex(hex), at);
  // Behind it lies what must not be read.
  const around = new Uint8Array(bytes.length + 64).fill(0xff);
  around.set(bytes);
  return new DataView(around.buffer, 0, bytes.length);
}

function describe(outcome: object): string {
  if (!("key" in outcome)) return "accepted";
  const { key, asc, ascq, field, information } = outcome as Record<
    string,
    number | { inCdb: boolean; byte: number }
  >;
  assertEquals(key, 5);
  const code = [asc, ascq].map((each) =>
    Number(each).toString(16).padStart(2, "0")
  );
  const info = information === undefined ? "" : ` info ${information}`;
  if (typeof field !== "object") return `${code.join("/")}${info}`;
  assertEquals(field.inCdb, false);
  return `${code.join("/")} @${field.byte}${info}`;
}

for (const row of POPULATE_ROWS) {
  Deno.test(`decodePopulate refuses ${row.what}`, () => {
    const list = damaged(populateList(row.wish), row);
    assertEquals(describe(decodePopulate(list, BLOCKS)), row.sense);
  });
}

for (const row of WRITE_ROWS) {
  Deno.test(`decodeWrite refuses ${row.what}`, () => {
    const list = damaged(writeList(row.wish), row);
    assertEquals(describe(decodeWrite(list, BLOCKS)), row.sense);
  });
}

Deno.test("decodePopulate takes a list apart", () => {
  const list = populateList({
    immediate: true,
    timeoutS: 600,
    rodType: ROD_TYPE.POINT_IN_TIME,
    ranges: [[100, 4], [0, 100], [2047, 1], [9999, 0]],
  });
  assertEquals(decodePopulate(list, BLOCKS), {
    immediate: true,
    timeoutS: 600,
    rodType: ROD_TYPE.POINT_IN_TIME,
    ranges: [
      { lba: 100, blockCount: 4 },
      { lba: 0, blockCount: 100 },
      { lba: 2047, blockCount: 1 },
    ],
  });
});

Deno.test("decodePopulate does not look at a ROD type that is not valid", () => {
  const list = populateList({ rodType: 0x12345678, rtv: false });
  assertEquals(decodePopulate(list, BLOCKS), {
    ...{ immediate: false, timeoutS: 0, rodType: null },
    ranges: [{ lba: 0, blockCount: 1 }],
  });
});

Deno.test("decodePopulate takes each ROD type that can be made", () => {
  const { BLOCK_ZERO: _, ...made } = ROD_TYPE;
  for (const rodType of Object.values(made)) {
    const list = populateList({ rodType });
    assertEquals(describe(decodePopulate(list, BLOCKS)), "accepted");
  }
});

Deno.test("decodePopulate leaves out an incomplete range", () => {
  const list = populateList({ ranges: [[0, 1], [5000, 1]] });
  list.setUint16(POPULATE.RANGE_LENGTH, 31);
  assertEquals(describe(decodePopulate(list, BLOCKS)), "accepted");
});

Deno.test("decodeWrite takes a list apart", () => {
  const token = new Uint8Array(512).map((_, at) => at & 0xff);
  const list = writeList({
    ...{ immediate: true, deleteToken: true, offset: 2 ** 40, token },
    ranges: [[8, 8], [0, 8]],
  });
  assertEquals(decodeWrite(list, BLOCKS), {
    ...{ immediate: true, deleteToken: true, offsetBlocks: 2 ** 40, token },
    ranges: [{ lba: 8, blockCount: 8 }, { lba: 0, blockCount: 8 }],
  });
});

Deno.test("decodeWrite keeps the token when the list is used again", () => {
  const list = writeList({ token: new Uint8Array(512).fill(7) });
  const parameters = decodeWrite(list, BLOCKS);
  new Uint8Array(list.buffer).fill(0);
  assertEquals("token" in parameters && parameters.token[5], 7);
});

const LENGTHS = [
  ...[[0, "24/00"], [15, "24/00"], [16, ""], [32, ""]] as const,
  ...[[16 + 64 * 16, ""], [17 + 64 * 16, "24/00"]] as const,
  [0xffffffff, "24/00"] as const,
];

Deno.test("checkPopulateLength and checkWriteLength know the bounds", () => {
  for (const [length, sense] of LENGTHS) {
    const expected = sense === "" ? null : { inCdb: true, byte: 9 };
    assertEquals(checkPopulateLength(length)?.field ?? null, expected);
    const more = length === 0 ? 0 : length + 520;
    assertEquals(checkWriteLength(more)?.field ?? null, expected, `${more}`);
  }
});

Deno.test("decodePopulate cannot meet more ranges than there may be", () => {
  const { byteLength } = populateList({ ranges: TOO_MANY });
  assertEquals(checkPopulateLength(byteLength)?.asc, 0x24);
});
