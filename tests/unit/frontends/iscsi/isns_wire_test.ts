/**
 * iSNS messages (RFC 4171 5, 6): golden bytes, round trips, cuts.
 */

import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  deregistrationMessage,
  type IsnsRegistration,
  type IsnsSpeaker,
  queryMessage,
  readAnswer,
  registrationMessage,
} from "../../../../frontends/iscsi/isns_messages.ts";
import {
  decodeIsnsAttributes,
  decodeIsnsHeader,
  encodeIsnsAttributes,
  encodeIsnsHeader,
  encodeIsnsMessage,
  ISNS_PAYLOAD_LENGTH_MAX,
  isnsAddress,
  type IsnsHeader,
} from "../../../../frontends/iscsi/wire/isns.ts";

const HEADER_BYTES = Uint8Array.fromHex("000100020010bc0047110003");
const HEADER: IsnsHeader = {
  version: 1,
  functionId: 2,
  payloadLength: 16,
  flags: 0xbc00,
  transactionId: 0x4711,
  sequenceId: 3,
};

Deno.test("an iSNS header is read and written, dirty or not", () => {
  const bytes = new Uint8Array(20).fill(0xa5);
  const view = new DataView(bytes.buffer);
  assertEquals(encodeIsnsHeader(view, 4, HEADER), 12);
  assertEquals(bytes.subarray(4, 16), HEADER_BYTES);
  assertEquals(bytes.subarray(16), new Uint8Array(4).fill(0xa5));
  assertEquals(decodeIsnsHeader(view, 4), HEADER);
});

Deno.test("an iSNS header needs all 12 bytes", () => {
  for (let length = 0; length < 12; length += 1) {
    const view = new DataView(HEADER_BYTES.slice(0, length).buffer);
    assertThrows(() => decodeIsnsHeader(view, 0));
    assertThrows(() => encodeIsnsHeader(view, 0, HEADER));
  }
});

Deno.test("iSNS attributes are padded, read back, and never half", () => {
  const attributes = [1, 2, 3, 4, 5].map((length) => ({
    tag: length,
    value: new Uint8Array(length).fill(0xff),
  }));
  const bytes = encodeIsnsAttributes(attributes);
  assertEquals(bytes.length, 5 * 8 + 4 * 4 + 8);
  const read = decodeIsnsAttributes(bytes) ?? [];
  assertEquals(read.map(({ tag }) => tag), [1, 2, 3, 4, 5]);
  assertEquals(read[2]?.value, Uint8Array.of(0xff, 0xff, 0xff, 0));
  const ends = new Set([0, 12, 24, 36, 48, 64]);
  for (let length = 0; length <= bytes.length; length += 1) {
    const cut = decodeIsnsAttributes(bytes.subarray(0, length));
    assertEquals(cut !== undefined, ends.has(length), `${length}`);
  }
  const odd = bytes.slice();
  odd[7] = 3;
  assertEquals(decodeIsnsAttributes(odd), undefined);
});

Deno.test("a long iSNS message leaves in several PDUs", () => {
  const payload = new Uint8Array(2 * ISNS_PAYLOAD_LENGTH_MAX + 4);
  payload.forEach((_, index) => payload[index] = index % 251);
  const message = encodeIsnsMessage(1, 7, payload);
  const view = new DataView(message.buffer);
  const parts: number[] = [];
  const flags: number[] = [];
  for (let at = 0; at < message.length;) {
    const header = decodeIsnsHeader(view, at);
    assertEquals(header.sequenceId, flags.length);
    assertEquals(header.transactionId, 7);
    at += 12 + header.payloadLength;
    parts.push(...message.subarray(at - header.payloadLength, at));
    flags.push(header.flags);
  }
  assertEquals(flags, [0x8400, 0x8000, 0x8800]);
  assert(payload.every((byte, index) => byte === parts[index]));
  assertEquals(encodeIsnsMessage(4, 7, new Uint8Array(0)).length, 12);
});

const ADDRESSES: Readonly<Record<string, string | undefined>> = {
  "192.0.2.1": "00000000000000000000ffffc0000201",
  "255.255.255.255": "00000000000000000000ffffffffffff",
  "2001:db8::1": "20010db8000000000000000000000001",
  "::1": "00000000000000000000000000000001",
  "::": "00000000000000000000000000000000",
  "fe80::": "fe800000000000000000000000000000",
  "1:2:3:4:5:6:7:8": "00010002000300040005000600070008",
  "::ffff:192.0.2.1": "00000000000000000000ffffc0000201",
  "1:2:3:4:5:6:7": undefined,
  "1:2:3:4:5:6:7:8:9": undefined,
  "1::2::3": undefined,
  "1:2:3:4::5:6:7:8": undefined,
  "12345::": undefined,
  "g::": undefined,
  "192.0.2": undefined,
  "192.0.2.256": undefined,
  "disk.example": undefined,
  "": undefined,
};

for (const [text, hex] of Object.entries(ADDRESSES)) {
  Deno.test(`isnsAddress() reads "${text}" (RFC 4171 6.3.1)`, () => {
    assertEquals(isnsAddress(16, text)?.value.toHex(), hex);
  });
}

const REGISTRATION: IsnsRegistration = {
  periodSeconds: 900,
  portalGroups: [
    { tag: 256, portals: [{ address: "192.0.2.1", port: 3260 }] },
  ],
  targets: [{
    name: "iqn.x:t",
    alias: "A",
    portalGroups: [
      { tag: 256, portals: [{ address: "0.0.0.0", port: 3260 }] },
    ],
  }],
};
const SPEAKER: IsnsSpeaker = {
  entity: "host",
  localAddress: "192.0.2.9",
  transactionId: 5,
};
const SOURCE = "0000002000000008" + "69716e2e783a7400";
const ENTITY = "0000000100000008" + "686f737400000000";
const V4 = "00000000000000000000ffffc00002";

Deno.test("DevAttrReg, DevAttrQry and DevDereg have their golden bytes", () => {
  assertEquals(
    registrationMessage(REGISTRATION, SPEAKER).toHex(),
    "0001000100bc8c0000050000" + SOURCE + "0000000000000000" + ENTITY +
      "000000020000000400000002" + "000000060000000400000384" +
      `0000001000000010${V4}01` + "000000110000000400000cbc" +
      SOURCE + "000000210000000400000001" + "000000220000000441000000" +
      "000000330000000400000100" + `0000003100000010${V4}09` +
      "000000320000000400000cbc",
  );
  assertEquals(
    queryMessage(REGISTRATION, SPEAKER).toHex(),
    "0001000200308c0000050000" + SOURCE + ENTITY + "0000000000000000" +
      "0000000200000000",
  );
  assertEquals(
    deregistrationMessage(REGISTRATION, SPEAKER).toHex(),
    "0001000400288c0000050000" + SOURCE + "0000000000000000" + ENTITY,
  );
});

const REQUEST = queryMessage(REGISTRATION, SPEAKER);
/** Answers to the query above, and how they are understood. */
const ANSWERS: readonly (readonly [string, string, unknown])[] = [
  ["success", "0001800200044c000005000000000000", [0, undefined]],
  ["a refusal", "0001800200044c000005000000000006", [6, undefined]],
  [
    "a period",
    "0001800200104c000005000000000000" + "000000060000000400000258",
    [0, 600],
  ],
  ["another function", "0001800100044c000005000000000000", undefined],
  ["another transaction", "0001800200044c000006000000000000", undefined],
  ["a request", "0001000200044c000005000000000000", undefined],
  ["too few bytes", "0001800200044c0000050000000000", undefined],
];

for (const [name, hex, expected] of ANSWERS) {
  Deno.test(`readAnswer() understands ${name}`, () => {
    const answer = readAnswer(REQUEST, Uint8Array.fromHex(hex));
    const shown = answer && [answer.status, answer.periodSeconds];
    assertEquals(shown, expected);
  });
}
