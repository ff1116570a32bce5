import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  decodeTransportId,
  fcTransportId,
  iscsiNodeTransportId,
  iscsiTransportId,
  nameOfTransportId,
  sasTransportId,
  spiTransportId,
} from "../../../../core/mod.ts";

const WWN = Uint8Array.fromHex("50014380186b3f65");
const PORT = "iqn.2026-01.test.dtl:a,i,0x800000000001";

function hex(text: string): Uint8Array {
  return Uint8Array.fromHex(text.replaceAll(" ", ""));
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

// Each kind: its bytes by SPC-5 7.6.4, and what it is called.
const GOLDEN = [
  {
    made: fcTransportId(WWN),
    bytes: "00 00 0000 00000000 50014380186b3f65 0000000000000000",
    protocol: 0,
    namesPort: true,
    name: "0:50014380186b3f65",
  },
  {
    made: spiTransportId(7, 0x0102),
    bytes: "01 00 0007 0000 0102 0000000000000000 0000000000000000",
    protocol: 1,
    namesPort: true,
    name: "1:000700000102",
  },
  {
    made: sasTransportId(WWN),
    bytes: "06 00 0000 50014380186b3f65 000000000000000000000000",
    protocol: 6,
    namesPort: true,
    name: "6:50014380186b3f65",
  },
  {
    made: iscsiNodeTransportId("iqn.b"),
    bytes: "05 00 0014 69716e2e62 000000000000000000000000000000",
    protocol: 5,
    namesPort: false,
    name: "iqn.b",
  },
  {
    made: iscsiTransportId("iqn.b,i,0x1"),
    bytes: "45 00 0014 69716e2e622c692c307831 000000000000000000",
    protocol: 5,
    namesPort: true,
    name: "iqn.b,i,0x000000000001",
  },
] as const;

for (const { made, bytes, ...wanted } of GOLDEN) {
  Deno.test(`TransportID ${wanted.name} is encoded and decoded`, () => {
    assertEquals(made.toHex(), hex(bytes).toHex());
    assertEquals(decodeTransportId(view(made), 0), { ...wanted, bytes: made });
    // Anywhere in a list, with others behind.
    const list = Uint8Array.of(9, 9, 9, ...made, 9);
    assertEquals(decodeTransportId(view(list), 3), { ...wanted, bytes: made });
  });

  Deno.test(`TransportID ${wanted.name} cut at any length is a fault`, () => {
    for (let length = 0; length < made.length; length += 1) {
      const cut = decodeTransportId(view(made.subarray(0, length)), 0);
      assert("truncated" in cut && cut.truncated, `${length} bytes`);
    }
  });
}

Deno.test("iscsiTransportId() pads long names to four bytes", () => {
  const id = iscsiTransportId(PORT);
  assertEquals(id.length % 4, 0);
  assertEquals(view(id).getUint16(2), id.length - 4);
  assertEquals(id.at(-1), 0);
  assertEquals(nameOfTransportId(id), PORT);
});

Deno.test("nameOfTransportId() is the same for all spellings", () => {
  const names = ["iqn.B,i,0x1", "IQN.b,i,0x000000000001", "iqn.b,i,0x01"]
    .map((name) => nameOfTransportId(iscsiTransportId(name)));
  assertEquals(new Set(names).size, 1);
  assertEquals(nameOfTransportId(Uint8Array.of(0x45, 1)), "4501");
});

// What is wrong, and at which byte.
const FAULTS: readonly (readonly [string, number])[] = [
  ["40" + "00".repeat(23), 0],
  ["85" + "00".repeat(23), 0],
  ["02" + "00".repeat(23), 0],
  ["0f" + "00".repeat(23), 0],
  ["4500001069716e2e622c692c3078310000000000000000", 2],
  ["4500001769716e2e622c692c30783100000000000000000000000000", 2],
  ["45000014" + "00".repeat(20), 4],
  ["45000014" + "61".repeat(20), 4],
  ["4500001469716e2e6200" + "61" + "00".repeat(13), 4],
  ["4500001469716e2e62" + "00".repeat(15), 4],
  ["05000014" + "ff" + "00".repeat(19), 4],
  ["0500001469716e2e622c692c3078310000000000000000000000", 4],
];

for (const [bytes, at] of FAULTS) {
  Deno.test(`decodeTransportId() points at byte ${at} of ${bytes}`, () => {
    const padded = Uint8Array.fromHex(bytes.padEnd(56, "0"));
    assertEquals(decodeTransportId(view(padded), 0), { truncated: false, at });
  });
}

Deno.test("decodeTransportId() refuses names of more than 223 bytes", () => {
  const longest = "i".repeat(223);
  assertEquals(
    nameOfTransportId(iscsiNodeTransportId(longest)),
    longest,
  );
  const longer = decodeTransportId(
    view(iscsiNodeTransportId(`${longest}i`)),
    0,
  );
  assertEquals(longer, { truncated: false, at: 4 });
});

Deno.test("decodeTransportId() never throws, and never reads beyond", () => {
  const first = fc.constantFrom(0x00, 0x01, 0x05, 0x06, 0x45, 0x85, 0xff);
  fc.assert(
    fc.property(first, fc.uint8Array({ maxLength: 64 }), (byte, rest) => {
      const bytes = Uint8Array.of(byte, ...rest);
      const id = decodeTransportId(view(bytes), 0);
      if ("bytes" in id) assert(id.bytes.length <= bytes.length);
      else assert(id.at < Math.max(bytes.length, 1));
    }),
    { seed: 7, numRuns: 2000 },
  );
});
