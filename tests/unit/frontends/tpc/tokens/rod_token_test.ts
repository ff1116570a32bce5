import { assertEquals } from "@std/assert";
import {
  encodeRodToken,
  MANAGEMENT_TOKEN_LENGTH,
  ROD_TOKEN_LENGTH,
  ROD_TYPE,
  type RodTokenFields,
  rodTokenNumberOf,
  rodTypeOf,
} from "../../../../../frontends/tpc/tokens/rod_token.ts";
import {
  ASSOCIATION,
  CODE_SET,
  DESIGNATOR_TYPE,
  scsiNameDesignator,
} from "../../../../../core/mod.ts";

const NAA = {
  codeSet: CODE_SET.BINARY,
  type: DESIGNATOR_TYPE.NAA,
  association: ASSOCIATION.UNIT,
  bytes: Uint8Array.fromHex("3123456789abcdef"),
};

const FIELDS: RodTokenFields = {
  rodType: ROD_TYPE.POINT_IN_TIME,
  number: 7,
  deviceType: 0,
  creator: NAA,
  byteCount: 0x100000200,
  blockLength: 512,
  physicalBlockExponent: 3,
  lowestAlignedLba: 1,
  thin: true,
  targetDevice: null,
};

function random(into: Uint8Array): void {
  into.fill(0xa5);
}

function encode(more: Partial<RodTokenFields> = {}): Uint8Array {
  return encodeRodToken({ ...FIELDS, ...more }, random);
}

Deno.test("encodeRodToken writes a token as a golden one has it", () => {
  const token = encode();
  assertEquals(token.length, ROD_TOKEN_LENGTH);
  assertEquals(
    token.subarray(0, 128).toHex(),
    "00800000" + "0000" + "01f8" + "0000000000000007" +
      "e4000000" + "01030008" + "3123456789abcdef" + "00".repeat(12) +
      "00" + "000200" +
      "0000000000000000" + "0000000100000200" + "00".repeat(32) +
      "00000200" + "00" + "03" + "c001" + "00".repeat(24),
  );
  assertEquals(token.subarray(128, 160).toHex(), "00".repeat(32));
  assertEquals(token.subarray(160).toHex(), "a5".repeat(352));
});

Deno.test("encodeRodToken names the target device", () => {
  const name = "iqn.2026-01.test.dtl:target";
  const targetDevice = scsiNameDesignator(name, ASSOCIATION.TARGET, 5);
  const token = encode({ targetDevice });
  const { bytes } = targetDevice;
  assertEquals(token.subarray(128, 132).toHex(), "53a8001c");
  assertEquals(token.subarray(132, 132 + bytes.length), bytes);
  assertEquals(token[132 + bytes.length], 0xa5);
});

Deno.test("encodeRodToken keeps room for secrets beside the longest name", () => {
  const name = "i".repeat(223);
  const targetDevice = scsiNameDesignator(name, ASSOCIATION.TARGET, 5);
  const token = encode({ targetDevice });
  assertEquals(token.subarray(128 + 4 + 224).toHex(), "a5".repeat(156));
});

Deno.test("encodeRodToken leaves out names that do not fit", () => {
  const bytes = new Uint8Array(21).fill(1);
  for (const creator of [null, { ...NAA, bytes }]) {
    assertEquals(encode({ creator }).subarray(16, 48), new Uint8Array(32));
  }
});

Deno.test("encodeRodToken tells of no provisioning where there is none", () => {
  const token = encode({ thin: false, blockLength: 65536 });
  assertEquals(token.subarray(96, 104).toHex(), "0001000000030001");
  assertEquals(token.subarray(45, 48).toHex(), "010000");
});

Deno.test("encodeRodToken shows no random byte among the first", () => {
  const one = encodeRodToken(FIELDS, (into) => into.fill(1));
  const other = encodeRodToken(FIELDS, (into) => into.fill(2));
  assertEquals(
    one.subarray(0, MANAGEMENT_TOKEN_LENGTH),
    other.subarray(0, MANAGEMENT_TOKEN_LENGTH),
  );
});

Deno.test("rodTypeOf and rodTokenNumberOf read what was written", () => {
  const whole = new Uint8Array(3 + ROD_TOKEN_LENGTH).fill(0x5a);
  for (const rodType of Object.values(ROD_TYPE)) {
    for (const number of [0, 1, 2 ** 32, Number.MAX_SAFE_INTEGER]) {
      whole.set(encode({ rodType, number }), 3);
      assertEquals(rodTypeOf(whole.subarray(3)), rodType);
      assertEquals(rodTokenNumberOf(whole.subarray(3)), number);
    }
  }
});
