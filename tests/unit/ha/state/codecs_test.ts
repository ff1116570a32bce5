import { assertEquals } from "@std/assert";
import {
  decodePort,
  encodePort,
  type SharedPort,
} from "../../../../ha/state/wire/port.ts";
import {
  decodeCapacity,
  decodeCondition,
  decodeIdentity,
  decodeKept,
  decodeNexuses,
  decodePages,
  decodeReservations,
  encodeCapacity,
  encodeCondition,
  encodeIdentity,
  encodeKept,
  encodeNexuses,
  encodePages,
  encodeReservations,
} from "../../../../ha/state/wire/sections.ts";
import {
  decodeAttention,
  decodeChange,
  decodeEntry,
  decodeMark,
  decodeWanted,
  encodeAttention,
  encodeChange,
  encodeEntry,
  encodeMark,
  encodeWanted,
  ENTRY,
} from "../../../../ha/state/wire/stream.ts";

/** A value, what it is on the wire, and its codec. */
interface Row {
  readonly hex: string;
  readonly encoded: Uint8Array;
  readonly decode: (view: DataView) => unknown;
  readonly value: unknown;
}

function row<Value>(
  value: Value,
  encode: (value: Value) => Uint8Array,
  decode: (view: DataView) => Value | string,
  hex: string,
): Row {
  return {
    hex: hex.replaceAll(" ", ""),
    encoded: encode(value),
    decode,
    value,
  };
}

const ID = Uint8Array.of(0x45, 0, 0, 4, 0x69, 0x71, 0x6e, 0);
const NONE = new Uint8Array(0);
const PORT: SharedPort = {
  number: 513,
  frontend: "iscsi",
  name: "t",
  type: 0x10,
  physicalPort: 1,
  virtualPort: 2,
  online: true,
  lunMap: new Map([[0, 7]]),
  portDesignator: null,
  targetDesignator: {
    ...{ codeSet: 3, type: 8, association: 2, protocol: 5 },
    bytes: Uint8Array.of(0x61),
  },
  target: "t",
  tag: 257,
  portals: ["[::1]:3260"],
};

const ROWS: Readonly<Record<string, Row>> = {
  "persistent reservations": row(
    {
      ...{ generation: 9, type: 5, persists: true, holder: 0 },
      registrations: [
        { key: 0x0102030405060708n, relativeTargetPort: 3, transportId: ID },
      ],
    },
    encodeReservations,
    decodeReservations,
    "00000009 05 01 0000 0001 0102030405060708 0003 00000008" +
      "4500000469716e00",
  ),
  "no reservation": row(
    {
      ...{ generation: 0, type: 0, persists: false, holder: null },
      registrations: [],
    },
    encodeReservations,
    decodeReservations,
    "00000000 00 00 ffff 0000",
  ),
  "mode pages": row(
    {
      current: [
        { code: 8, subcode: 1, values: Uint8Array.of(8, 0), defaults: NONE },
      ],
      saved: [
        { code: 8, subcode: 1, values: Uint8Array.of(1), defaults: ID },
      ],
    },
    encodePages,
    decodePages,
    "0001 08 01 00000002 0800 00000000" +
      "0001 08 01 00000001 01 00000008 4500000469716e00",
  ),
  "nexuses": row(
    ["a,1", "b"],
    encodeNexuses,
    decodeNexuses,
    "00000002 0003 612c31 0001 62",
  ),
  "condition": row(
    { stopped: true, ejected: false, timestampMs: 2 ** 40 },
    encodeCondition,
    decodeCondition,
    "05 0000010000000000",
  ),
  "kept": row(
    new Map([["x", Uint8Array.of(1)], ["y", null]]),
    encodeKept,
    decodeKept,
    "0002 0001 78 01 00000001 01 0001 79 00 00000000",
  ),
  "capacity": row(
    { blockLength: 512, blockCount: 2 ** 33 },
    encodeCapacity,
    decodeCapacity,
    "00000200 0000000200000000",
  ),
  "identity": row(
    {
      ...{ deviceType: 0, serial: "S", generated: true },
      designators: [
        { codeSet: 1, type: 3, association: 0, bytes: Uint8Array.of(0x60) },
      ],
    },
    encodeIdentity,
    decodeIdentity,
    "00 0001 53 01 0001 01 03 00 00000001 60",
  ),
  "port": row(
    PORT,
    encodePort,
    decodePort,
    "0201 0005 6973637369 0001 74 10 00000001 00000002 01" +
      "0001 0000 0007 00 01 03 08 02 05 0001 61 0001 74 0101" +
      "0001 000a 5b3a3a315d3a33323630",
  ),
  "port that shows all LUNs": row(
    { ...PORT, lunMap: null, targetDesignator: null, portals: [] },
    encodePort,
    decodePort,
    "0201 0005 6973637369 0001 74 10 00000001 00000002 01" +
      "ffff 00 00 0001 74 0101 0000",
  ),
  "change": row(
    { group: 7, epoch: 2 ** 32, sequence: 3, lun: 7, section: 1 },
    encodeChange,
    decodeChange,
    "00000007 0000000100000000 0000000000000003 00000007 01",
  ),
  "entry": row(
    {
      ...{ group: 7, epoch: 1, sequence: 3, lun: 7, what: ENTRY.GONE },
      ...{ name: "n", key: "key" },
    },
    encodeEntry,
    decodeEntry,
    "00000007 0000000000000001 0000000000000003 00000007 01" +
      "0001 6e 0003 6b6579",
  ),
  "mark": row(
    { group: 7, epoch: 1, sequence: 3, snapshot: 4 },
    encodeMark,
    decodeMark,
    "00000007 0000000000000001 0000000000000003 00000004",
  ),
  "wanted": row(
    { group: 0xffffffff, lun: 3 },
    encodeWanted,
    decodeWanted,
    "ffffffff 00000003",
  ),
  "attention": row(
    {
      ...{ group: 1, epoch: 2, lun: 3, condition: 0x40 },
      ...{ only: "", except: "b" },
    },
    encodeAttention,
    decodeAttention,
    "00000001 0000000000000002 00000003 00000040 0000 0001 62",
  ),
};

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

for (const [name, { hex, encoded, decode, value }] of Object.entries(ROWS)) {
  Deno.test(`${name}: the bytes, both ways`, () => {
    assertEquals(encoded.toHex(), hex);
    assertEquals(decode(viewOf(encoded)), value);
  });

  Deno.test(`${name}: cut at every length, and with a byte more`, () => {
    for (let length = 0; length < encoded.length; length += 1) {
      const cut = decode(viewOf(encoded.subarray(0, length)));
      assertEquals(typeof cut, "string", `${length} bytes`);
    }
    const longer = Uint8Array.of(...encoded, 0);
    assertEquals(typeof decode(viewOf(longer)), "string");
  });
}

Deno.test("decodeReservations refuses a holder that is not there", () => {
  const bytes = Uint8Array.fromHex("00000000050000050000");
  assertEquals(decodeReservations(viewOf(bytes)), "holder: too large");
});

Deno.test("decodeEntry refuses what it does not know", () => {
  const place = { group: 7, epoch: 1, sequence: 3, lun: 7 };
  const bytes = encodeEntry({ ...place, what: 3, name: "n", key: "k" });
  assertEquals(decodeEntry(viewOf(bytes)), "what: unknown");
});
