/**
 * What the manual of ctl.conf says that a file is told, one row a message:
 * how the one syntax and the other come by it.
 */

import { assert, assertEquals } from "@std/assert";
import { LUNS_MAX, TARGETS_MAX } from "../../../../ctladm/conf/limits.ts";
import { LUNS_MAX as CORE_LUNS_MAX } from "../../../../core/lun_registry.ts";
import { inTarget, parsed, refused, T } from "./support.ts";
import { parsedUcl, refusedUcl } from "./ucl/support.ts";

/** A message, and a file of each syntax that gets it. */
type Row = readonly [message: string, classic: string, ucl: string];

/** The same with the text of a target. */
function targetRow(message: string, classic: string, ucl: string): Row {
  const name = `target "${T}"`;
  return [
    message.replace("T", name),
    inTarget(classic),
    `target { "${T}" { ${ucl} } }`,
  ];
}

// Sections by name are the same in both.
function A(body: string): string {
  return `auth-group y { ${body} }`;
}

function P(body: string): string {
  return `portal-group y { ${body} }`;
}

function L(body: string): string {
  return `lun x { ${body} }`;
}

const CHAP = "{ user = u; secret = secret123456 }";
const CHAP_MUTUAL = "{ user = v; secret = secret123456; " +
  "mutual-user = m; mutual-secret = secret654321 }";

const ERRORS: readonly Row[] = [
  ['invalid numeric value "x"', "debug x", 'lun x { size = "x" }'],
  [
    "pidfile specified more than once",
    "pidfile a pidfile b",
    "pidfile = a; pidfile = b",
  ],
  ["invalid iSNS address [::1", "isns-server [::1", 'isns-server = "[::1"'],
  [
    "duplicate iSNS address a",
    "isns-server a isns-server a",
    "isns-server = [a, a]",
  ],

  ['duplicated auth-group "y"', A("") + A(""), A("") + A("")],
  [
    'duplicated auth-group "default"',
    "auth-group default {} auth-group default {}",
    "auth-group { default {} default {} }",
  ],
  [
    'duplicated auth-group "no-access"',
    "auth-group no-access {}",
    "auth-group { no-access {} }",
  ],
  [
    'duplicated auth-group "no-authentication"',
    "auth-group no-authentication {}",
    "auth-group { no-authentication {} }",
  ],
  [
    'invalid auth-type "x" for auth-group "y"',
    A("auth-type x"),
    A("auth-type = x"),
  ],
  [
    'cannot set auth-type to "deny" for auth-group "y"; ' +
    "already has a different type",
    A("auth-type none auth-type deny"),
    A("auth-type = none; auth-type = deny"),
  ],
  [
    'cannot mix "chap" authentication with other types for auth-group "y"',
    A("auth-type none chap u secret123456"),
    A(`auth-type = none; chap = ${CHAP}`),
  ],
  [
    'cannot mix "chap-mutual" authentication with other types ' +
    'for auth-group "y"',
    A("chap u secret123456 chap-mutual v secret123456 m secret654321"),
    A(`chap = ${CHAP}; chap-mutual = ${CHAP_MUTUAL}`),
  ],
  [
    'duplicate credentials for user "u" for auth-group "y"',
    A("chap u secret123456 chap u secret123456"),
    A(`chap = [${CHAP}, ${CHAP}]`),
  ],
  [
    'invalid initiator portal "1.2.3.4/33" for auth-group "y"',
    A("initiator-portal 1.2.3.4/33"),
    A("initiator-portal = 1.2.3.4/33"),
  ],

  ['duplicated portal-group "y"', P("") + P(""), P("") + P("")],
  [
    'duplicated portal-group "default"',
    "portal-group default {} portal-group default {}",
    "portal-group { default {} default {} }",
  ],
  [
    'unknown discovery-auth-group "x" for portal-group "y"',
    P("discovery-auth-group x"),
    P("discovery-auth-group = x"),
  ],
  [
    'discovery-auth-group for portal-group "y" specified more than once',
    P("discovery-auth-group default discovery-auth-group default"),
    P("discovery-auth-group = default; discovery-auth-group = default"),
  ],
  [
    'invalid discovery-filter "x" for portal-group "y"',
    P("discovery-filter x"),
    P("discovery-filter = x"),
  ],
  [
    'cannot set discovery-filter to "portal" for portal-group "y"; ' +
    "already has a different value",
    P("discovery-filter none discovery-filter portal"),
    P("discovery-filter = none; discovery-filter = portal"),
  ],
  ["invalid listen address a:b", P("listen a:b"), P('listen = ["a:b"]')],
  [
    'cannot set offload to "b" for portal-group "y"; already defined',
    P("offload a offload b"),
    P("offload = a; offload = b"),
  ],
  [
    'duplicated option "a" for portal-group "y"',
    P("option a b option a c"),
    P("options { a = b; a = c }"),
  ],
  [
    'cannot set redirection to "b" for portal-group "y"; already defined',
    P("redirect a redirect b"),
    P("redirect = a; redirect = b"),
  ],
  ['invalid numeric value "65536"', P("tag 65536"), P("tag = 65536")],
  ['invalid DSCP value 64 for portal-group "y"', P("dscp 64"), P("dscp = 64")],
  [
    'invalid DSCP value af44 for portal-group "y"',
    P("dscp af44"),
    P("dscp = af44"),
  ],
  ['invalid PCP value 8 for portal-group "y"', P("pcp 8"), P("pcp = 8")],

  [
    `duplicated target "${T}"`,
    inTarget("") + inTarget(""),
    `target { "${T}" {}; "${T}" {} }`,
  ],
  [
    `overlong name for target "${"a".repeat(223)}"; max length allowed ` +
    "by iSCSI specification is 223 characters",
    `target ${"a".repeat(223)} {}`,
    `target ${"a".repeat(223)} {}`,
  ],
  targetRow(
    "alias for T specified more than once",
    "alias a alias b",
    "alias = a; alias = b",
  ),
  targetRow(
    "cannot use both auth-group and explicit authorisations for T",
    "auth-type none auth-group default",
    "auth-type = none; auth-group = default",
  ),
  targetRow(
    "cannot use both auth-group and chap for T",
    "auth-group default chap u secret123456",
    `auth-group = default; chap = ${CHAP}`,
  ),
  targetRow(
    "auth-group for T specified more than once",
    "auth-group default auth-group default",
    "auth-group = default; auth-group = default",
  ),
  targetRow('unknown auth-group "x" for T', "auth-group x", "auth-group = x"),
  targetRow(
    'unknown portal-group "x" for T',
    "portal-group x",
    "portal-group = x",
  ),
  targetRow(
    'unknown auth-group "x" for T',
    "portal-group default x",
    "portal-group = { name = default; auth-group-name = x }",
  ),
  [
    `duplicate port "default-${T}"`,
    inTarget("portal-group default portal-group default"),
    `target { "${T}" { portal-group = [default, { name = default }] } }`,
  ],
  targetRow('unknown port "a/b" for T', "port a/b", "port = a/b"),
  targetRow(
    "cannot set multiple physical ports for T",
    "port a port b",
    "port = a; port = b",
  ),
  [
    `can't link port "isp0" to target "${T}", ` +
    "port already linked to some target",
    `target iqn.2012-06.com.example:u { port isp0 } ${inTarget("port isp0")}`,
    `target { u { port = isp0 }; "${T}" { port = isp0 } }`,
  ],
  targetRow(
    'cannot set redirection to "b" for T; already defined',
    "redirect a redirect b",
    "redirect = a; redirect = b",
  ),
  targetRow("LUN 1024 too big for T", "lun 1024 {}", "lun { 1024 {} }"),
  targetRow(
    "duplicate LUN 0 for T",
    "lun 0 { path /a } lun 0 {}",
    "lun { 0 { path = /a } 0 {} }",
  ),
  [
    `unknown LUN named x used for target ${T}`,
    inTarget("lun 0 x"),
    `target { "${T}" { lun { 0 = x } } }`,
  ],

  ['duplicated lun "x"', L("path /a") + L(""), L("path = /a") + L("")],
  ['missing path for lun "x"', L(""), L("")],
  [
    'path must not be specified for ramdisk-backed lun "x"',
    L("backend ramdisk size 1M path /a"),
    L("backend = ramdisk; size = 1MB; path = /a"),
  ],
  [
    'missing size for ramdisk-backed lun "x"',
    L("backend ramdisk"),
    L("backend = ramdisk"),
  ],
  [
    'invalid size for lun "x"; must be multiple of blocksize',
    L("path /a size 1000"),
    L("path = /a; size = 1k"),
  ],
  [
    'invalid blocksize for lun "x"; must be larger than 0',
    L("blocksize 0"),
    L("blocksize = 0"),
  ],
  [
    'invalid device-type "16" for lun "x"',
    L("device-type 16"),
    L("device-type = 16"),
  ],
  [
    'invalid device-type "tape" for lun "x"',
    L("device-type tape"),
    L("device-type = tape"),
  ],
  [
    'duplicated option "a" for lun "x"',
    L("option a b option a c"),
    L("options { a = b } options { a = c }"),
  ],
  ...["backend", "device-id", "path", "serial"].map((keyword): Row => [
    `${keyword} for lun "x" specified more than once`,
    L(`${keyword} a ${keyword} b`),
    L(`${keyword} = a; ${keyword} = b`),
  ]),
  ...["blocksize", "ctl-lun", "device-type", "size"].map((keyword): Row => [
    `${keyword} for lun "x" specified more than once`,
    L(`${keyword} 3 ${keyword} 3`),
    L(`${keyword} = 3; ${keyword} = 3`),
  ]),

  ...([
    ["controller", "controller nqn.2012-06.com.x {}", "controller { x {} }"],
    ["transport-group", "transport-group x {}", "transport-group { x {} }"],
    ["host-nqn", A("host-nqn x"), A("host-nqn = x")],
    ["host-address", A("host-address ::1"), A('host-address = "::1"')],
    [
      "namespace",
      inTarget("namespace 1 x"),
      `target { "${T}" { namespace { 1 = x } } }`,
    ],
  ] as const).map(([keyword, classic, ucl]): Row => [
    `"${keyword}" needs NVMe over Fabrics, which is not supported by DTL`,
    classic,
    ucl,
  ]),
  [
    '"listen-iser" needs iSER, which is not supported by DTL',
    P("listen-iser ::1"),
    P('listen-iser = ["::1"]'),
  ],
];

const SECRET = 'secret for user "u" for auth-group "default"';

function credentials(secret: string): readonly [string, string] {
  return [
    `auth-group default { chap u ${secret} }`,
    `auth-group { default { chap { user = u; secret = "${secret}" } } }`,
  ];
}

function mutual(secret: string): readonly [string, string] {
  return [
    `auth-group default { chap-mutual u 123456789012 m ${secret} }`,
    `auth-group default { chap-mutual { user = u; secret = "123456789012"
      mutual-user = m; mutual-secret = "${secret}" } }`,
  ];
}

function named(name: string): readonly [string, string] {
  return [
    `target ${name} { redirect a }`,
    `target { "${name}" { redirect = a } }`,
  ];
}

const WARNINGS: readonly Row[] = [
  [
    `${SECRET} is too short; it should be at least 12 characters long`,
    ...credentials("12345678901"),
  ],
  [
    `${SECRET} is too long; it should be at most 16 characters long`,
    ...credentials("12345678901234567"),
  ],
  [
    `mutual ${SECRET} is too short; it should be at least 12 characters long`,
    ...mutual("short"),
  ],
  [
    `mutual ${SECRET} is the same as the secret; they should differ`,
    ...mutual("123456789012"),
  ],
  ['auth-group "y" not assigned to any target', A(""), A("")],
  ['portal-group "y" not assigned to any target', P(""), P("")],
  targetRow("no LUNs defined for T", "", ""),
  [
    'invalid target name "t"; should start with "iqn.", "eui.", or "naa."',
    ...named("t"),
  ],
  [
    'invalid target name "eui.1"; "eui." should be followed by ' +
    "exactly 16 hexadecimal digits",
    ...named("eui.1"),
  ],
  [
    'invalid target name "naa.x"; "naa." should be followed by ' +
    "at most 32 hexadecimal digits",
    ...named("naa.x"),
  ],
  [
    'invalid character "_" in target name "iqn.2012-06.com.a:_"; allowed ' +
    "characters are lower-case letters, digits, '-', '.', and ':'",
    ...named("iqn.2012-06.com.a:_"),
  ],
  [
    'invalid target name "iqn.x"; "iqn." should be followed by a year and ' +
    "month (YYYY-MM), and a reversed domain name",
    ...named("iqn.x"),
  ],
  [
    'duplicate listen address a:3260 for portal-group "y"',
    P("listen a listen a:3260"),
    P('listen = [a, "a:3260"]'),
  ],
  [
    'portal-groups "y" and "z" both listen on a',
    "portal-group y { listen a redirect b } " +
    "portal-group z { listen a redirect b }",
    "portal-group { y { listen = a; redirect = b } " +
    "z { listen = a; redirect = b } }",
  ],
  [
    'portal-groups "y" and "z" have the same tag 7',
    "portal-group y { tag 7 } portal-group z { tag 7 }",
    "portal-group { y { tag = 7 } z { tag = 7 } }",
  ],
  [
    "maxproc is of no effect: logins need no processes of their own",
    "maxproc 30",
    "maxproc = 30",
  ],
  [
    'dscp for portal-group "y" is of no effect: ' +
    "the runtime cannot set it on sockets",
    P("dscp ef"),
    P("dscp = ef"),
  ],
  [
    'pcp for portal-group "y" is of no effect: ' +
    "the runtime cannot set it on sockets",
    P("pcp 1"),
    P("pcp = 1"),
  ],
  [
    'offload for portal-group "y" is of no effect: ' +
    "there are no offload drivers",
    P("offload t6"),
    P("offload = t6"),
  ],
  [
    'option "a" for portal-group "y" is of no effect: ' +
    "ports have no options here",
    P("option a b"),
    P("options { a = b }"),
  ],
];

for (const [message, classic, ucl] of ERRORS) {
  Deno.test(`Both syntaxes are told: ${message.slice(0, 70)}`, () => {
    for (const error of [refused(classic), refusedUcl(ucl)]) {
      assert(error.endsWith(`': ${message}`), error);
      assert(error.startsWith("error in configuration file at line 1"), error);
    }
  });
}

for (const [message, classic, ucl] of WARNINGS) {
  Deno.test(`Both syntaxes are warned: ${message.slice(0, 70)}`, () => {
    for (const { warnings } of [parsed(classic), parsedUcl(ucl)]) {
      assert(warnings.includes(message), warnings.join("\n"));
    }
  });
}

Deno.test("Both syntaxes are warned of the same", () => {
  for (const [, classic, ucl] of WARNINGS) {
    assertEquals(parsedUcl(ucl).warnings, parsed(classic).warnings, ucl);
  }
});

Deno.test("Both syntaxes bound the luns and targets", () => {
  const rows: [string, number, (index: number) => string][] = [
    ["luns", LUNS_MAX, (index) => `lun l${index} { path /a }\n`],
    ["targets", TARGETS_MAX, (index) => `target t${index} { }\n`],
  ];
  assertEquals(LUNS_MAX, CORE_LUNS_MAX);
  for (const [kind, max, section] of rows) {
    const text = Array.from({ length: max }, (_, index) => section(index))
      .join("");
    parsed(text);
    parsedUcl(text);
    for (const read of [refused, refusedUcl]) {
      const error = read(text + section(max));
      assert(error.endsWith(`': more than ${max} ${kind}`), error);
    }
  }
});

Deno.test("Neither syntax shows a secret in its errors", () => {
  const hidden = "hiddenhidden";
  const chap = `chap { user = u; secret = ${hidden} }`;
  const classic = A(`auth-type none chap u ${hidden}`);
  const rows = [
    refused(classic),
    refusedUcl(A(`auth-type none; ${chap}`)),
    refusedUcl(A(`chap { secret = ${hidden} }`)),
    refusedUcl(A(`${chap} ${chap}`)),
    refusedUcl(A(`chap-mutual { user = u; secret = ${hidden} }`)),
  ];
  for (const error of rows) assert(!error.includes(hidden), error);
});
