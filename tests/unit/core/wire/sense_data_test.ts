import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  encodeSense,
  FIXED_SENSE_LENGTH,
  invalidFieldInCdb,
  invalidFieldInParameterList,
  lbaOutOfRange,
  limitSense,
  NO_ADDITIONAL_SENSE,
  rawSense,
  selfTestInProgress,
  type Sense,
  sense,
  SENSE_LENGTH_MAX,
  unitAttention,
} from "../../../../core/mod.ts";
import { parseSense } from "../../../support/initiator/sense.ts";

interface Golden {
  readonly what: string;
  readonly value: Sense;
  readonly fixed: string;
  readonly descriptor: string;
}

const GOLDEN: readonly Golden[] = [
  {
    what: "nothing",
    value: NO_ADDITIONAL_SENSE,
    fixed: "7000" + "00" + "00000000" + "0a" + "00000000" + "0000" +
      "00" + "000000",
    descriptor: "7200000000000000",
  },
  {
    what: "a unit attention",
    value: unitAttention(0x29, 0x01),
    fixed: "7000" + "06" + "00000000" + "0a" + "00000000" + "2901" +
      "00" + "000000",
    descriptor: "7206290100000000",
  },
  {
    what: "the progress of a self-test",
    value: selfTestInProgress(0x8001),
    fixed: "7000" + "02" + "00000000" + "0a" + "00000000" + "0409" +
      "00" + "808001",
    descriptor: "7202040900000008" + "02060000" + "80800100",
  },
  {
    what: "a segment, and what a unit said of it",
    value: sense(0x0a, 0x0d, 0x01, {
      commandInformation: 3,
      segment: { sd: true, byte: 0x30 },
      forwarded: {
        source: 2,
        status: 0x02,
        senseData: Uint8Array.of(0x72, 0x03, 0x0c, 0x02, 0, 0, 0, 0),
      },
    }),
    fixed: "7000" + "0a" + "00000000" + "0a" + "00000003" + "0d01" +
      "00" + "a00030",
    descriptor: "720a0d0100000020" + "010a0000" + "0000000000000003" +
      "02060000" + "a0003000" + "0c0a0202" + "72030c0200000000",
  },
  {
    what: "long sense data of a unit, cut",
    value: sense(0x0a, 0x0d, 0x01, {
      forwarded: {
        source: 1,
        status: 0x02,
        senseData: new Uint8Array(65).fill(0x11),
      },
    }),
    fixed: "7000" + "0a" + "00000000" + "0a" + "00000000" + "0d01" +
      "00" + "000000",
    descriptor: "720a0d0100000044" + "0c428102" + "11".repeat(64),
  },
  {
    what: "a byte of the CDB",
    value: invalidFieldInCdb(2),
    fixed: "7000" + "05" + "00000000" + "0a" + "00000000" + "2400" +
      "00" + "c00002",
    descriptor: "7205240000000008" + "02060000" + "c0000200",
  },
  {
    what: "a bit of the CDB",
    value: invalidFieldInCdb(1, 7),
    fixed: "7000" + "05" + "00000000" + "0a" + "00000000" + "2400" +
      "00" + "cf0001",
    descriptor: "7205240000000008" + "02060000" + "cf000100",
  },
  {
    what: "a bit of the parameter list",
    value: invalidFieldInParameterList(0x1234, 0),
    fixed: "7000" + "05" + "00000000" + "0a" + "00000000" + "2600" +
      "00" + "881234",
    descriptor: "7205260000000008" + "02060000" + "88123400",
  },
  {
    what: "an LBA that fits into four bytes",
    value: lbaOutOfRange(0xfffffffe),
    fixed: "f000" + "05" + "fffffffe" + "0a" + "00000000" + "2100" +
      "00" + "000000",
    descriptor: "720521000000000c" + "000a8000" + "00000000fffffffe",
  },
  {
    what: "an LBA that needs more",
    value: lbaOutOfRange(0x123456789abc),
    fixed: "7000" + "05" + "00000000" + "0a" + "00000000" + "2100" +
      "00" + "000000",
    descriptor: "720521000000000c" + "000a8000" + "0000123456789abc",
  },
  {
    what: "a retry count",
    value: sense(4, 0x44, 0x00, { retryCount: 0x102 }),
    fixed: "7000" + "04" + "00000000" + "0a" + "00000000" + "4400" +
      "00" + "800102",
    descriptor: "7204440000000008" + "02060000" + "80010200",
  },
  {
    what: "information and a field pointer",
    value: sense(5, 0x21, 0x00, {
      information: 7,
      field: { inCdb: true, byte: 2 },
    }),
    fixed: "f000" + "05" + "00000007" + "0a" + "00000000" + "2100" +
      "00" + "c00002",
    descriptor: "7205210000000014" + "000a8000" + "0000000000000007" +
      "02060000" + "c0000200",
  },
];

function encode(value: Sense, descriptorFormat: boolean): Uint8Array {
  const bytes = new Uint8Array(SENSE_LENGTH_MAX + 8).fill(0xa5);
  const view = new DataView(bytes.buffer);
  const length = encodeSense(view, 4, value, descriptorFormat);
  const around = [
    ...bytes.subarray(0, 4),
    ...bytes.subarray(4 + length),
  ];
  assert(around.every((byte) => byte === 0xa5), "wrote beside its bytes");
  return bytes.subarray(4, 4 + length);
}

for (const { what, value, fixed, descriptor } of GOLDEN) {
  Deno.test(`encodeSense() writes ${what} in both formats`, () => {
    assertEquals(encode(value, false).toHex(), fixed);
    assertEquals(encode(value, true).toHex(), descriptor);
  });
}

const BYTE = fc.nat({ max: 0xff });
const SENSE: fc.Arbitrary<Sense> = fc.record({
  key: fc.constantFrom(0, 2, 3, 4, 6, 7, 0xb, 0xe),
  asc: BYTE,
  ascq: BYTE,
  information: fc.option(fc.maxSafeNat(), { nil: undefined }),
}).map(({ information, ...codes }) =>
  information === undefined ? codes : { ...codes, information }
);
const ILLEGAL: fc.Arbitrary<Sense> = fc.record({
  byte: fc.nat({ max: 0xffff }),
  bit: fc.nat({ max: 7 }),
  inCdb: fc.boolean(),
}).map((field) => ({ key: 5, asc: 0x24, ascq: 0, field }));

Deno.test("encodeSense() is read back by an initiator", () => {
  fc.assert(
    fc.property(SENSE, fc.boolean(), (value, descriptorFormat) => {
      const bytes = encode(value, descriptorFormat);
      const read = parseSense(bytes);
      assert(read !== undefined && bytes.length <= SENSE_LENGTH_MAX);
      assertEquals([read.key, read.asc, read.ascq], [
        value.key,
        value.asc,
        value.ascq,
      ]);
      const { information = 0 } = value;
      const fits = descriptorFormat || information <= 0xffffffff;
      assertEquals(read.information, fits ? value.information : undefined);
    }),
    { seed: 2 },
  );
});

Deno.test("encodeSense() writes field pointers that are read back", () => {
  fc.assert(
    fc.property(ILLEGAL, fc.boolean(), (value, descriptorFormat) => {
      const read = parseSense(encode(value, descriptorFormat));
      assertEquals<unknown>(read?.fieldPointer, value.field);
    }),
    { seed: 3 },
  );
});

Deno.test("encodeSense() takes no more than it says it may", () => {
  assertEquals(FIXED_SENSE_LENGTH, 18);
  const most = sense(5, 0, 0, {
    information: 1,
    field: { inCdb: true, byte: 1, bit: 1 },
  });
  for (const descriptorFormat of [false, true]) {
    const length = encode(most, descriptorFormat).length;
    const exact = new DataView(new ArrayBuffer(length));
    assertEquals(encodeSense(exact, 0, most, descriptorFormat), length);
    assert(length <= SENSE_LENGTH_MAX);
  }
});

Deno.test("rawSense() is sent as it is, and reads its codes", () => {
  const raws = [
    ["70000600000000050000000029ff", 6, 0x29, 0xff],
    ["720b4401", 0xb, 0x44, 0x01],
    ["70", 0, 0, 0],
    ["aa".repeat(252), 0x0a, 0xaa, 0xaa],
  ] as const;
  for (const [hex, key, asc, ascq] of raws) {
    const value = rawSense(Uint8Array.fromHex(hex));
    assertEquals([value.key, value.asc, value.ascq], [key, asc, ascq]);
    for (const descriptors of [false, true]) {
      const bytes = new Uint8Array(SENSE_LENGTH_MAX + 2);
      const view = new DataView(bytes.buffer);
      const length = encodeSense(view, 2, value, descriptors);
      assertEquals(bytes.subarray(2, 2 + length).toHex(), hex);
    }
  }
});

Deno.test("limitSense() cuts and says so, where there is room to", () => {
  const cut = (descriptors: boolean, limit: number) => {
    const bytes = new Uint8Array(SENSE_LENGTH_MAX);
    const view = new DataView(bytes.buffer);
    const length = encodeSense(view, 0, lbaOutOfRange(0x1234), descriptors);
    return bytes.subarray(0, limitSense(view, 0, length, limit)).toHex();
  };
  assertEquals(cut(false, 0), cut(false, 18));
  assertEquals(cut(false, 252), cut(false, 18));
  assertEquals(cut(false, 8), "f00015000012340a");
  assertEquals(cut(false, 2), "f000");
  assertEquals(cut(true, 0).length, 40);
  assertEquals(cut(true, 8), "720521008000000c");
  assertEquals(cut(true, 4), "72052100");
});
