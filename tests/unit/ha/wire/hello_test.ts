import { assertEquals } from "@std/assert";
import type { PeerHello } from "../../../../ha/link/peer_hello.ts";
import {
  decodeHello,
  encodeHello,
  LOGIN_PORTALS_MAX,
} from "../../../../ha/wire/hello.ts";

const HELLO: PeerHello = {
  ...{ version: 1, mode: "proxy", id: 2, role: "secondary", epoch: 2 ** 40 },
  instance: "000102030405060708090a0b0c0d0e0f",
  timing: { heartbeatMs: 1000, silentMs: 2000, deadMs: 3000 },
  limits: { lunsMax: 1024, portsMax: 1024, initiatorsPerPortMax: 2048 },
  luns: [{ number: 3, description: "disk é" }],
  ports: [{
    ...{ number: 513, name: "ioctl", target: "iqn.t", tag: 257 },
    portals: ["192.0.2.1:3260", "[2001:db8::1]:3260"],
  }],
};

/** Field by field, in the order of the wire. */
const GOLDEN = [
  "44544c2d48410dff", // magic
  "00000001", // version
  "02" + "02" + "01" + "00", // mode, id, role, reserved
  "0000010000000000", // epoch
  "000102030405060708090a0b0c0d0e0f", // instance
  "000003e8" + "000007d0" + "00000bb8", // timing
  "00000400" + "00000400" + "00000800", // limits
  "0001" + "00000003" + "0007" + "6469736b20c3a9", // LUNs
  "0001" + "00000201" + "0101", // ports: number, tag
  "0005" + "696f63746c" + "0005" + "69716e2e74", // name, target
  "0002" + "000e" + "3139322e302e322e313a33323630",
  "0012" + "5b323030313a6462383a3a315d3a33323630",
].join("");

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function decoded(bytes: Uint8Array, version = 1) {
  return decodeHello(view(bytes), version);
}

Deno.test("encodeHello() and decodeHello() agree on the bytes", () => {
  assertEquals(encodeHello(HELLO).toHex(), GOLDEN);
  assertEquals(decoded(Uint8Array.fromHex(GOLDEN)), HELLO);
});

Deno.test("decodeHello() reads it in the midst of other bytes", () => {
  const bytes = Uint8Array.fromHex(`a5a5a5${GOLDEN}a5a5`);
  assertEquals(decoded(bytes.subarray(3, -2)), HELLO);
});

Deno.test("decodeHello() refuses a LOGIN that is cut, wherever", () => {
  const bytes = Uint8Array.fromHex(GOLDEN);
  for (let length = 0; length < bytes.length; length += 1) {
    const read = decoded(bytes.subarray(0, length));
    assertEquals(typeof read, "string", `${length} bytes`);
  }
  assertEquals(
    decoded(Uint8Array.fromHex(`${GOLDEN}00`)),
    "end: 1 bytes too many",
  );
});

const WRONG: readonly (readonly [
  name: string,
  at: number,
  byte: number,
  fault: string,
])[] = [
  ["magic", 0, 0, "magic: not a LOGIN"],
  ["mode", 12, 3, "mode: unknown"],
  ["id", 13, 0, "id: neither 1 nor 2"],
  ["role", 14, 2, "role: unknown"],
  ["epoch", 16, 0xff, "epoch: too large"],
  ["number of LUNs", 64, 0xff, "luns: 65281, more than 4096"],
  ["text", 75, 0xff, "lun: not UTF-8"],
];

for (const [name, at, byte, fault] of WRONG) {
  Deno.test(`decodeHello() names a wrong ${name}`, () => {
    const bytes = Uint8Array.fromHex(GOLDEN);
    bytes[at] = byte;
    assertEquals(decoded(bytes), fault);
  });
}

Deno.test("decodeHello() reads nothing but the version of another version", () => {
  const bytes = Uint8Array.fromHex(GOLDEN).subarray(0, 12);
  assertEquals(decoded(bytes, 2), { version: 1 });
});

Deno.test("encodeHello() cuts what is too long, not in a character", () => {
  const [port] = HELLO.ports;
  if (port === undefined) throw new TypeError("No port");
  const bytes = encodeHello({
    ...HELLO,
    luns: [{ number: 0, description: "é".repeat(200) }],
    ports: [{ ...port, portals: Array(20).fill("[::1]:1") }],
  });
  const read = decoded(bytes);
  if (typeof read === "string" || !("luns" in read)) throw new TypeError();
  assertEquals(read.luns[0]?.description, "é".repeat(127));
  assertEquals(read.ports[0]?.portals.length, LOGIN_PORTALS_MAX);
});
