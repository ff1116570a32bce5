import { assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  matchesPrefix,
  parseIpAddress,
  parsePrefix,
  parseSocketAddress,
} from "../../../../ctladm/conf/inet.ts";

function bytesOf(text: string): number[] | undefined {
  const address = parseIpAddress(text);
  return address && [...address.bytes];
}

function matches(address: string, prefix: string): boolean | undefined {
  const parsed = parsePrefix(prefix);
  return parsed && matchesPrefix(address, parsed);
}

Deno.test("parseIpAddress() reads literals", () => {
  assertEquals(bytesOf("10.0.0.255"), [10, 0, 0, 255]);
  const loopback = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
  assertEquals(bytesOf("::1"), loopback);
  assertEquals(bytesOf("[::1]"), loopback);
  assertEquals(bytesOf("0:0:0:0:0:0:0:1"), loopback);
  assertEquals(bytesOf("::1%lo0"), loopback);
  assertEquals(
    bytesOf("FE80::be:EF"),
    [0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xbe, 0, 0xef],
  );
  assertEquals(
    bytesOf("64:ff9b::192.0.2.33"),
    [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, 192, 0, 2, 33],
  );
  assertEquals(bytesOf("1:2:3:4:5:6:7::")?.at(-1), 0);
});

Deno.test("parseIpAddress() takes an IPv4-mapped address for IPv4", () => {
  assertEquals(bytesOf("::ffff:10.1.2.3"), [10, 1, 2, 3]);
  assertEquals(bytesOf("::ffff:a01:203"), [10, 1, 2, 3]);
  assertEquals(bytesOf("::10.1.2.3")?.length, 16);
});

const NO_LITERALS = [
  "",
  "1.2.3",
  "1.2.3.4.5",
  "1.2.3.256",
  "01.2.3.4",
  "1.2.3.",
  "1.2.3.4%eth0",
  "[1.2.3.4]",
  ":",
  ":::",
  "1::2::3",
  "1:2:3:4:5:6:7",
  "1:2:3:4:5:6:7:8:9",
  "1:2:3:4::5:6:7:8",
  "12345::",
  "g::",
  "1.2.3.4::",
  "::1.2.3",
  "::1.2.3.4:5",
  "[::1",
  "host",
];

Deno.test("parseIpAddress() refuses what is no literal", () => {
  for (const text of NO_LITERALS) {
    assertEquals(parseIpAddress(text), undefined, text);
  }
});

Deno.test("parsePrefix() refuses wrong lengths", () => {
  const wrong = ["/", "/33", "/-1", "/0x8", "/ 8", "/8/8", "/123456"];
  for (const length of wrong) {
    assertEquals(parsePrefix(`10.0.0.0${length}`), undefined, length);
  }
  assertEquals(parsePrefix("::/129"), undefined);
  assertEquals(parsePrefix("/8"), undefined);
  assertEquals(parsePrefix("host/8"), undefined);
});

Deno.test("matchesPrefix() compares the bits of the prefix", () => {
  const rows: [address: string, prefix: string, expected: boolean][] = [
    ["10.0.0.1", "10.0.0.1", true],
    ["10.0.0.2", "10.0.0.1", false],
    ["10.255.0.1", "10.0.0.0/8", true],
    ["11.0.0.1", "10.0.0.0/8", false],
    ["10.0.3.255", "10.0.0.0/22", true],
    ["10.0.4.0", "10.0.0.0/22", false],
    ["203.0.113.9", "0.0.0.0/0", true],
    ["fe80::1", "0.0.0.0/0", false],
    ["10.0.0.1", "::/0", false],
    ["fe80::1", "::/0", true],
    ["2001:db8::1", "[2001:db8::]/32", true],
    ["2001:db9::1", "2001:db8::/32", false],
    ["2001:db9::1", "2001:db8::/31", true],
    ["fe80::1%eth0", "fe80::/10", true],
    ["::ffff:10.2.3.4", "10.0.0.0/8", true],
    ["::ffff:11.2.3.4", "10.0.0.0/8", false],
    ["10.2.3.4", "::ffff:10.0.0.0/104", true],
    ["11.2.3.4", "::ffff:10.0.0.0/104", false],
    ["::ffff:10.2.3.4", "10.2.3.4", true],
    ["host", "0.0.0.0/0", false],
  ];
  for (const [address, prefix, expected] of rows) {
    assertEquals(matches(address, prefix), expected, `${address} in ${prefix}`);
  }
});

Deno.test("matchesPrefix() finds every address in its own prefixes", () => {
  fc.assert(fc.property(
    fc.oneof(fc.ipV4(), fc.ipV6()),
    fc.nat({ max: 128 }),
    (address, length) => {
      const bits = address.includes(":") ? 128 : 32;
      const prefix = parsePrefix(`${address}/${Math.min(length, bits)}`);
      return prefix !== undefined && matchesPrefix(address, prefix);
    },
  ));
});

Deno.test("parseSocketAddress() takes literals and names apart", () => {
  const rows: [string, string, number, 4 | 6 | undefined][] = [
    ["127.0.0.1", "127.0.0.1", 3260, 4],
    ["0.0.0.0:3261", "0.0.0.0", 3261, 4],
    ["127.0.0.1:0", "127.0.0.1", 0, 4],
    ["[::]:3261", "::", 3261, 6],
    ["[fe80::be:ef]", "fe80::be:ef", 3260, 6],
    ["fe80::be:ef", "fe80::be:ef", 3260, 6],
    ["[fe80::1%eth0]:1", "fe80::1%eth0", 1, 6],
    ["[::ffff:127.0.0.1]:65535", "::ffff:127.0.0.1", 65535, 6],
    ["localhost", "localhost", 3260, undefined],
    ["san-1.example.com.:860", "san-1.example.com.", 860, undefined],
  ];
  for (const [text, address, port, family] of rows) {
    const expected = { text, address, port, family };
    assertEquals(parseSocketAddress(text, 3260), expected, text);
  }
});

Deno.test("parseSocketAddress() refuses what names no place", () => {
  const wrong = [
    "",
    ":3260",
    "[]",
    "[]:3260",
    "[::1",
    "[::1]3260",
    "[::1]:",
    "[host]:1",
    "127.0.0.1:",
    "127.0.0.1:65536",
    "127.0.0.1:iscsi",
    "127.0.0.1:-1",
    "127.0.0",
    "999.0.0.1",
    "1:2:3",
    "-host",
    "a..b",
    "under score",
    `${"a".repeat(64)}.example`,
    "a.".repeat(127),
    "[".repeat(60_000),
    ":".repeat(60_000),
  ];
  for (const text of wrong) {
    assertEquals(parseSocketAddress(text, 3260), undefined, text.slice(0, 80));
  }
});
