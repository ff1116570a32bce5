import { assertEquals } from "@std/assert";
import {
  inAuthGroup,
  inLun,
  inPortalGroup,
  inTarget,
  parsed,
  T,
} from "./support.ts";

Deno.test("parseConfiguration() warns of secrets", () => {
  const rows: [string, readonly string[]][] = [
    ["chap u 123456789012", []],
    ["chap u 1234567890123456", []],
    ["chap u 12345678901", [
      'secret for user "u" for Y is too short; ' +
      "it should be at least 12 characters long",
    ]],
    ["chap u 12345678901234567", [
      'secret for user "u" for Y is too long; ' +
      "it should be at most 16 characters long",
    ]],
    ["chap-mutual u 123456789012 m short", [
      'mutual secret for user "u" for Y is too short; ' +
      "it should be at least 12 characters long",
    ]],
    ["chap-mutual u 123456789012 m 123456789012", [
      'mutual secret for user "u" for Y is the same as the secret; ' +
      "they should differ",
    ]],
  ];
  for (const [statement, expected] of rows) {
    const text = inTarget(`${statement} redirect 192.0.2.1`);
    assertEquals(
      parsed(text).warnings,
      expected.map((warning) => warning.replace("Y", `target "${T}"`)),
      text,
    );
  }
});

Deno.test("parseConfiguration() warns of what is of no use", () => {
  const rows: [string, readonly string[]][] = [
    [inAuthGroup(""), ['auth-group "y" not assigned to any target']],
    [`${inAuthGroup("")} ${inTarget("auth-group y redirect a")}`, []],
    [
      `${inAuthGroup("")} ${inTarget("portal-group default y redirect a")}`,
      [],
    ],
    [
      `${inAuthGroup("")} portal-group z { discovery-auth-group y redirect a }`,
      [],
    ],
    [inPortalGroup(""), ['portal-group "y" not assigned to any target']],
    [inPortalGroup("redirect a"), []],
    [`${inPortalGroup("")} ${inTarget("portal-group y redirect a")}`, []],
    ["auth-group default {} portal-group default {}", []],
    [inTarget(""), [`no LUNs defined for target "${T}"`]],
    [inTarget("lun 0 { path /a }"), []],
    [inLun("path /a"), []],
  ];
  for (const [text, expected] of rows) {
    assertEquals(parsed(text).warnings, expected, text);
  }
});

Deno.test("parseConfiguration() warns of what looks wrong", () => {
  const rows: [string, readonly string[]][] = [
    ["target t { redirect a }", [
      'invalid target name "t"; ' +
      'should start with "iqn.", "eui.", or "naa."',
    ]],
    ["target IQN.2012-06.COM.EXAMPLE { redirect a }", []],
    [
      `${inAuthGroup("initiator-name me")} ${
        inTarget("redirect a auth-group y")
      }`,
      [
        'invalid initiator name "me"; should start with "iqn.", "eui.", ' +
        'or "naa." (for auth-group "y")',
      ],
    ],
    [inPortalGroup("redirect a listen a listen a:3260"), [
      'duplicate listen address a:3260 for portal-group "y"',
    ]],
    [
      `${
        inPortalGroup("redirect a tag 7")
      } portal-group z { redirect a tag 7 }`,
      ['portal-groups "y" and "z" have the same tag 7'],
    ],
  ];
  for (const [text, expected] of rows) {
    assertEquals(parsed(text).warnings, expected, text);
  }
});
