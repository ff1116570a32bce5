import { assertEquals } from "@std/assert";
import {
  inAuthGroup,
  inLun,
  inPortalGroup,
  inTarget,
  parsed,
  refused,
  T,
} from "./support.ts";

/** A file of one line, the word at its error, and the message. */
type Row = readonly [text: string, near: string, message: string];

function check(rows: readonly Row[]): void {
  for (const [text, near, message] of rows) {
    const expected = `error in configuration file at line 1 near '${near}': ` +
      message;
    assertEquals(refused(text), expected, text);
  }
}

function checkSyntax(rows: readonly (readonly [string, string])[]): void {
  check(rows.map(([text, near]) => [text, near, "syntax error"]));
}

Deno.test("parseConfiguration() refuses wrong syntax", () => {
  checkSyntax([
    ["unknown", "unknown"],
    ["debug", ""],
    ["debug debug 1", "debug"],
    ["debug ; 1", ";"],
    ["debug 1 2", "2"],
    ["}", "}"],
    ["{", "{"],
    ["size 4G", "size"],
    ['"debug" 1', '"debug"'],
    ["DEBUG 1", "DEBUG"],
    ["auth-group", ""],
    ["auth-group x", ""],
    ["auth-group x y", "y"],
    ["auth-group { }", "{"],
    ["auth-group x {", ""],
    ["auth-group lun { }", "lun"],
    ["auth-group x { debug 1 }", "debug"],
    ["auth-group x { chap alice }", "}"],
    ["auth-group x { } }", "}"],
    ["pidfile a=b", "="],
    ['pidfile ""', '"'],
    ['pidfile "open', '"'],
    ["lun x y", "y"],
    [inTarget("lun 0"), "}"],
    [inTarget("lun { path /a }"), "{"],
    [`lun a { path /a } ${inTarget("lun 0 a { }")}`, "{"],
    [inTarget("portal-group"), "}"],
    [inTarget("alias target"), "target"],
    [inPortalGroup("foreign on"), "on"],
    [inLun("option serial x"), "serial"],
  ]);
});

Deno.test("parseConfiguration() tells the line of an error", () => {
  assertEquals(
    refused('# comment\n\npidfile "a\nb" ;\nlun x {\n\tsize\n\t}\n'),
    "error in configuration file at line 7 near '}': syntax error",
  );
  assertEquals(
    refused("lun x {\n\tpath /a\n}\n\nlun y {\n\tsize 4G\n}\n"),
    "error in configuration file at line 5 near 'y': " +
      'missing path for lun "y"',
  );
  assertEquals(
    refused("debug 1\n\nlun x {\n\tpath /a\n"),
    "error in configuration file at line 5 near '': syntax error",
  );
});

Deno.test("parseConfiguration() stops at the first error", () => {
  check([["debug x pidfile", "x", 'invalid numeric value "x"']]);
});

Deno.test("parseConfiguration() refuses wrong global statements", () => {
  const numeric = ["debug", "maxproc", "timeout", "isns-period", "isns-timeout"]
    .flatMap((keyword) =>
      ["x", "-1", "1.5", "1E", "99999999999"].map((word): Row => [
        `${keyword} ${word}`,
        word,
        `invalid numeric value "${word}"`,
      ])
    );
  check(numeric);
  check([
    ["pidfile a pidfile b", "b", "pidfile specified more than once"],
    ["isns-server [::1", "[::1", "invalid iSNS address [::1"],
    ["isns-server a isns-server a", "a", "duplicate iSNS address a"],
  ]);
});

Deno.test("parseConfiguration() refuses names that are taken", () => {
  check([
    ["auth-group x {} auth-group x {}", "x", 'duplicated auth-group "x"'],
    [
      "auth-group no-access {}",
      "no-access",
      'duplicated auth-group "no-access"',
    ],
    [
      "auth-group no-authentication {}",
      "no-authentication",
      'duplicated auth-group "no-authentication"',
    ],
    [
      "auth-group default {} auth-group default {}",
      "default",
      'duplicated auth-group "default"',
    ],
    ["portal-group x {} portal-group x {}", "x", 'duplicated portal-group "x"'],
    [
      "portal-group default {} portal-group default {}",
      "default",
      'duplicated portal-group "default"',
    ],
    ["lun x { path a } lun x {}", "x", 'duplicated lun "x"'],
    [
      `lun "${T},lun,0" { path a } ${inTarget("lun 0 {}")}`,
      "0",
      `duplicated lun "${T},lun,0"`,
    ],
    [
      `${inTarget("")} target ${T} {}`,
      T,
      `duplicated target "${T}"`,
    ],
    [
      `${inTarget("")} target ${T.toUpperCase()} {}`,
      T.toUpperCase(),
      `duplicated target "${T.toUpperCase()}"`,
    ],
  ]);
});

Deno.test("parseConfiguration() refuses names that are too long", () => {
  const name = `iqn.2012-06.com.example:${"a".repeat(199)}`;
  check([
    [
      `target ${name} {}`,
      `${name.slice(0, 64)}...`,
      `overlong name for target "${name}"; max length allowed ` +
      "by iSCSI specification is 223 characters",
    ],
    [
      `lun ${"a".repeat(256)} {}`,
      `${"a".repeat(64)}...`,
      `overlong name for lun "${"a".repeat(255)}..."; ` +
      "max length allowed is 255 characters",
    ],
  ]);
  parsed(`target ${name.slice(0, -1)} { redirect 192.0.2.1 }`);
  parsed(`lun ${"a".repeat(255)} { path /a }`);
});

/** Statements of an auth-group and of a target's private one. */
const AUTH_ROWS: readonly Row[] = [
  ["auth-type x", "x", 'invalid auth-type "x" for Y'],
  ["auth-type lun", "lun", 'invalid auth-type "lun" for Y'],
  [
    "auth-type none auth-type deny",
    "deny",
    'cannot set auth-type to "deny" for Y; already has a different type',
  ],
  [
    "chap u s auth-type none",
    "none",
    'cannot set auth-type to "none" for Y; already has a different type',
  ],
  [
    "auth-type none chap u hidden",
    "chap",
    'cannot mix "chap" authentication with other types for Y',
  ],
  [
    "chap-mutual u s m s chap v hidden",
    "chap",
    'cannot mix "chap" authentication with other types for Y',
  ],
  [
    "chap u s chap-mutual v hidden m hidden",
    "chap-mutual",
    'cannot mix "chap-mutual" authentication with other types for Y',
  ],
  [
    "auth-type deny chap-mutual v hidden m hidden",
    "chap-mutual",
    'cannot mix "chap-mutual" authentication with other types for Y',
  ],
  [
    "chap u s chap u hidden",
    "chap",
    'duplicate credentials for user "u" for Y',
  ],
  [
    "chap-mutual u s m s chap-mutual u hidden m hidden",
    "chap-mutual",
    'duplicate credentials for user "u" for Y',
  ],
  ...["x", "1.2.3.4/33", "1.2.3.4/", "::/129", "[::1", "1.2.3.4/x"].map((
    word,
  ): Row => [
    `initiator-portal ${word}`,
    word,
    `invalid initiator portal "${word}" for Y`,
  ]),
];

Deno.test("parseConfiguration() refuses wrong auth-group statements", () => {
  check(AUTH_ROWS.map(([text, near, message]) => [
    inAuthGroup(text),
    near,
    message.replace("Y", 'auth-group "y"'),
  ]));
});

Deno.test("parseConfiguration() refuses them in targets too", () => {
  check(AUTH_ROWS.map(([text, near, message]) => [
    inTarget(text),
    near,
    message.replace("Y", `target "${T}"`),
  ]));
});

Deno.test("parseConfiguration() refuses wrong portal-group statements", () => {
  check([
    [
      inPortalGroup("discovery-auth-group later") + inAuthGroup(""),
      "later",
      'unknown discovery-auth-group "later" for portal-group "y"',
    ],
    [
      inPortalGroup(
        "discovery-auth-group default discovery-auth-group default",
      ),
      "default",
      'discovery-auth-group for portal-group "y" specified more than once',
    ],
    [
      inPortalGroup("discovery-filter x"),
      "x",
      'invalid discovery-filter "x" for portal-group "y"',
    ],
    [
      inPortalGroup("discovery-filter none discovery-filter portal"),
      "portal",
      'cannot set discovery-filter to "portal" for portal-group "y"; ' +
      "already has a different value",
    ],
    [inPortalGroup("listen a:b"), "a:b", "invalid listen address a:b"],
    [
      inPortalGroup("offload t5 offload t6"),
      "t6",
      'cannot set offload to "t6" for portal-group "y"; already defined',
    ],
    [
      inPortalGroup("redirect a forever"),
      "forever",
      'invalid redirection "forever" for portal-group "y"; ' +
      'should be "temporary" or "permanent"',
    ],
    [
      inPortalGroup("redirect a redirect b"),
      "b",
      'cannot set redirection to "b" for portal-group "y"; already defined',
    ],
    [
      inPortalGroup("option a b option a c"),
      "c",
      'duplicated option "a" for portal-group "y"',
    ],
    [inPortalGroup("tag x"), "x", 'invalid numeric value "x"'],
    [inPortalGroup("tag 64k"), "64k", 'invalid numeric value "64k"'],
    [
      inPortalGroup("dscp 64"),
      "64",
      'invalid DSCP value 64 for portal-group "y"',
    ],
    [
      inPortalGroup("dscp af44"),
      "af44",
      'invalid DSCP value af44 for portal-group "y"',
    ],
    [inPortalGroup("pcp 8"), "8", 'invalid PCP value 8 for portal-group "y"'],
  ]);
});

Deno.test("parseConfiguration() refuses wrong lun statements", () => {
  const once = [
    ["backend", "block"],
    ["blocksize", "512"],
    ["ctl-lun", "0"],
    ["device-id", "a"],
    ["device-type", "disk"],
    ["path", "/a"],
    ["serial", "a"],
    ["size", "0"],
  ].map(([keyword, word]): Row => [
    inLun(`${keyword} ${word} ${keyword} ${word}`),
    `${word}`,
    `${keyword} for lun "x" specified more than once`,
  ]);
  const numeric = ["blocksize", "ctl-lun", "size"].map((keyword): Row => [
    inLun(`${keyword} 1Z`),
    "1Z",
    'invalid numeric value "1Z"',
  ]);
  check([...once, ...numeric]);
  check([
    [inLun(""), "x", 'missing path for lun "x"'],
    [inLun("backend block"), "x", 'missing path for lun "x"'],
    [
      inLun("backend ramdisk"),
      "x",
      'missing size for ramdisk-backed lun "x"',
    ],
    [
      inLun("backend ramdisk size 0"),
      "x",
      'missing size for ramdisk-backed lun "x"',
    ],
    [
      inLun("backend ramdisk size 1M path /a"),
      "x",
      'path must not be specified for ramdisk-backed lun "x"',
    ],
    [
      inLun("path /a size 1000"),
      "x",
      'invalid size for lun "x"; must be multiple of blocksize',
    ],
    [
      inLun("path /a size 1k device-type cd"),
      "x",
      'invalid size for lun "x"; must be multiple of blocksize',
    ],
    [
      inLun("path /a blocksize 0"),
      "0",
      'invalid blocksize for lun "x"; must be larger than 0',
    ],
    [inLun("device-type 16"), "16", 'invalid device-type "16" for lun "x"'],
    [
      inLun("device-type tape"),
      "tape",
      'invalid device-type "tape" for lun "x"',
    ],
    [
      inLun("option a b option a b"),
      "b",
      'duplicated option "a" for lun "x"',
    ],
    [
      inTarget("lun 5 { size 1M }"),
      "5",
      `missing path for lun "${T},lun,5"`,
    ],
  ]);
});

Deno.test("parseConfiguration() refuses wrong target statements", () => {
  check([
    [
      inTarget("alias a alias b"),
      "b",
      `alias for target "${T}" specified more than once`,
    ],
    [
      inTarget("auth-group later") + inAuthGroup(""),
      "later",
      `unknown auth-group "later" for target "${T}"`,
    ],
    [
      inTarget("auth-group default auth-group default"),
      "default",
      `auth-group for target "${T}" specified more than once`,
    ],
    [
      inTarget("chap u s auth-group default"),
      "default",
      `cannot use both auth-group and explicit authorisations ` +
      `for target "${T}"`,
    ],
    ...[
      ["auth-type", "none", "none"],
      ["chap", "u s", "chap"],
      ["chap-mutual", "u s m s", "chap-mutual"],
      ["initiator-name", "a", "a"],
      ["initiator-portal", "::1", "::1"],
    ].map(([keyword, words, near]): Row => [
      inTarget(`auth-group default ${keyword} ${words}`),
      `${near}`,
      `cannot use both auth-group and ${keyword} for target "${T}"`,
    ]),
    [
      inTarget("portal-group later") + inPortalGroup(""),
      "later",
      `unknown portal-group "later" for target "${T}"`,
    ],
    [
      inTarget("portal-group default later") + inAuthGroup(""),
      "later",
      `unknown auth-group "later" for target "${T}"`,
    ],
    [
      inTarget("portal-group default portal-group default no-access"),
      "no-access",
      `duplicate port "default-${T}"`,
    ],
    [inTarget("port a/b"), "a/b", `unknown port "a/b" for target "${T}"`],
    [
      inTarget("port a/1/2/3"),
      "a/1/2/3",
      `unknown port "a/1/2/3" for target "${T}"`,
    ],
    [
      inTarget("port isp0 port isp1"),
      "isp1",
      `cannot set multiple physical ports for target "${T}"`,
    ],
    [
      `target iqn.2012-06.com.example:u { port isp0/0 } ${
        inTarget("port ISP0")
      }`,
      "ISP0",
      `can't link port "ISP0" to target "${T}", ` +
      "port already linked to some target",
    ],
    [
      inTarget("redirect a forever"),
      "forever",
      `invalid redirection "forever" for target "${T}"; ` +
      'should be "temporary" or "permanent"',
    ],
    [
      inTarget("redirect a redirect b"),
      "b",
      `cannot set redirection to "b" for target "${T}"; already defined`,
    ],
    [inTarget("lun x {}"), "x", 'invalid numeric value "x"'],
    [inTarget("lun 1024 {}"), "1024", `LUN 1024 too big for target "${T}"`],
    [inTarget("lun 1k x"), "x", `LUN 1024 too big for target "${T}"`],
    [
      inTarget("lun 0 { path /a } lun 0 {}"),
      "0",
      `duplicate LUN 0 for target "${T}"`,
    ],
    [
      `lun a { path /a } ${inTarget("lun 1 a lun 1 a")}`,
      "a",
      `duplicate LUN 1 for target "${T}"`,
    ],
    [
      inTarget("lun 0 later") + inLun("path /a"),
      "later",
      `unknown LUN named later used for target ${T}`,
    ],
  ]);
});

Deno.test("parseConfiguration() says what DTL does not support", () => {
  const rows: [string, string, string][] = [
    ["transport-group x {}", "transport-group", "NVMe over Fabrics"],
    ["controller nqn.2012-06.com.x {}", "controller", "NVMe over Fabrics"],
    [inAuthGroup("host-nqn x"), "host-nqn", "NVMe over Fabrics"],
    [inAuthGroup("host-address x"), "host-address", "NVMe over Fabrics"],
    [inTarget("host-nqn x"), "host-nqn", "NVMe over Fabrics"],
    [inTarget("namespace 1 x"), "namespace", "NVMe over Fabrics"],
    [inPortalGroup("listen-iser ::1"), "listen-iser", "iSER"],
  ];
  check(rows.map(([text, keyword, feature]) => [
    text,
    keyword,
    `"${keyword}" needs ${feature}, which is not supported by DTL`,
  ]));
});

Deno.test("parseConfiguration() shows no secret in its errors", () => {
  for (const [text] of AUTH_ROWS.filter(([text]) => text.includes("hidden"))) {
    assertEquals(refused(inAuthGroup(text)).includes("hidden"), false, text);
  }
});
