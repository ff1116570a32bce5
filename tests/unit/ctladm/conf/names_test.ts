import { assertEquals } from "@std/assert";
import { nameWarnings, worldWideName } from "../../../../ctladm/conf/names.ts";

Deno.test("nameWarnings() is silent about good names", () => {
  const names = [
    "iqn.2012-06.com.example:target0",
    "iqn.1999-12.com",
    "iqn.2012-06.com.example:",
    "eui.02004567a425678d",
    "naa.52004567ba64678d",
    "naa.62004567ba64678d0123456789abcdef",
  ];
  for (const name of names) assertEquals(nameWarnings("target", name), []);
});

Deno.test("nameWarnings() says what is unusual", () => {
  const date = 'invalid target name "NAME"; "iqn." should be followed by ' +
    "a year and month (YYYY-MM), and a reversed domain name";
  const eui = 'invalid target name "NAME"; "eui." should be followed by ' +
    "exactly 16 hexadecimal digits";
  const naa = 'invalid target name "NAME"; "naa." should be followed by ' +
    "at most 32 hexadecimal digits";
  const rows: [string, string][] = [
    ["iqn.2012-13.com.example", date],
    ["iqn.2012-6.com.example", date],
    ["iqn.2012-06", date],
    ["iqn.2012-06.:x", date],
    ["eui.02004567a425678", eui],
    ["eui.02004567a425678d0", eui],
    ["eui.02004567a425678g", eui],
    ["naa.", naa],
    [`naa.${"0".repeat(33)}`, naa],
    [
      "disk0",
      'invalid target name "NAME"; should start with "iqn.", "eui.", or "naa."',
    ],
  ];
  for (const [name, expected] of rows) {
    const warnings = [expected.replace("NAME", name)];
    assertEquals(nameWarnings("target", name), warnings);
  }
});

Deno.test("nameWarnings() names the first strange character of an iqn", () => {
  assertEquals(nameWarnings("initiator", "iqn.1991-05.com.example:a_b"), [
    'invalid character "_" in initiator name "iqn.1991-05.com.example:a_b"; ' +
    "allowed characters are lower-case letters, digits, '-', '.', and ':'",
  ]);
  assertEquals(nameWarnings("initiator", "iqn.1991-05.com.Example").length, 1);
});

Deno.test("worldWideName() takes 16 digits after naa.", () => {
  assertEquals(worldWideName("naa.52004567BA64678D"), "52004567ba64678d");
  assertEquals(worldWideName("naa.52004567ba64678d0"), undefined);
  assertEquals(worldWideName("eui.02004567a425678d"), undefined);
});
