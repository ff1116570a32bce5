import { assert, assertEquals } from "@std/assert";
import {
  FILE_LENGTH_MAX,
  WORD_LENGTH_MAX,
} from "../../../../../ctladm/conf/limits.ts";
import { NOTHING_RUNS, planReload } from "../../../../../ctladm/conf/plan.ts";
import { emptyConfiguration } from "../../../../../ctladm/conf/validate.ts";
import { at, configured, T } from "../support.ts";
import { configuredUcl, parsedUcl, PATH, refusedUcl } from "./support.ts";

const CLASSIC_EXAMPLE = `auth-group ag0 {
	chap alice verysecret1234
}
portal-group pg0 {
	discovery-auth-group no-authentication
	listen 0.0.0.0:3260
	listen [::]:3260
}
target iqn.2012-06.com.example:t0 {
	alias "Example"
	auth-group ag0
	portal-group pg0
	lun 0 {
		path /data/disk0
		size 4G
		option vendor ACME
	}
}
`;

const UCL_EXAMPLE = `pidfile = /var/run/ctld.pid
auth-group {
  ag0 { chap = { user = alice; secret = verysecret1234 } }
}
portal-group {
  pg0 {
    discovery-auth-group = no-authentication
    listen = [ "0.0.0.0:3260", "[::]:3260" ]
  }
}
target {
  "iqn.2012-06.com.example:t0" {
    alias = "Example"; auth-group = ag0
    portal-group { name = pg0 }
    lun { 0 { path = /data/disk0; size = 4GB; options { vendor = ACME } } }
  }
}
`;

/** The same as JSON, which is UCL too. */
const JSON_EXAMPLE = JSON.stringify({
  "auth-group": {
    ag0: { chap: [{ user: "alice", secret: "verysecret1234" }] },
  },
  "portal-group": {
    pg0: {
      "discovery-auth-group": "no-authentication",
      listen: ["0.0.0.0:3260", "[::]:3260"],
    },
  },
  target: {
    "iqn.2012-06.com.example:t0": {
      alias: "Example",
      "auth-group": "ag0",
      "portal-group": ["pg0"],
      lun: [{
        number: 0,
        path: "/data/disk0",
        size: 4 * 1024 ** 3,
        options: { vendor: "ACME" },
      }],
    },
  },
});

const EXAMPLES = { UCL: UCL_EXAMPLE, JSON: JSON_EXAMPLE };

for (const [name, text] of Object.entries(EXAMPLES)) {
  Deno.test(`The manual's example in ${name} says the same`, () => {
    const { configuration, warnings } = parsedUcl(text);
    assertEquals(warnings, []);
    assertEquals(configuration, configured(CLASSIC_EXAMPLE));
  });

  Deno.test(`planReload() sees no change when a file becomes ${name}`, () => {
    const classic = planReload(NOTHING_RUNS, configured(CLASSIC_EXAMPLE));
    const ucl = planReload(classic.after, configuredUcl(text));
    assertEquals(ucl.steps, []);
    const back = planReload(ucl.after, configured(CLASSIC_EXAMPLE));
    assertEquals(back.steps, []);
  });
}

Deno.test("parseUclConfiguration() fills an empty file with defaults", () => {
  assertEquals(parsedUcl("").warnings, []);
  assertEquals(configuredUcl(""), emptyConfiguration());
});

/** Files of the one syntax and of the other that mean the same. */
const SAME: readonly (readonly [string, string])[] = [
  [
    "debug 1 timeout 90 isns-period 600",
    "debug = 1; timeout = 90s\n" +
    "isns-period = 10min",
  ],
  [
    "isns-server 192.0.2.1 isns-server [::1]:3",
    'isns-server = ["192.0.2.1", ' +
    '"[::1]:3"]; isns-timeout = 5',
  ],
  ["isns-server a", "isns-server = a"],
  [
    "auth-group a { auth-type none initiator-name iqn.2012-06.com.b " +
    "initiator-portal 10.0.0.0/8 initiator-portal [::1]/128 }",
    'auth-group a { auth-type = none; initiator-name = "iqn.2012-06.com.b"; ' +
    'initiator-portal = [10.0.0.0/8, "[::1]/128"] }',
  ],
  [
    "auth-group a { chap-mutual u secret123456 m secret654321 }",
    "auth-group a { chap-mutual { user = u; secret = secret123456; " +
    "mutual-user = m; mutual-secret = secret654321 } }",
  ],
  [
    "auth-group a { chap u secret123456 chap v secret123456 }",
    "auth-group a { chap { user = u; secret = secret123456 } " +
    "chap { user = v; secret = secret123456 } }",
  ],
  [
    "auth-group b { auth-type none } portal-group a { " +
    "discovery-auth-group b foreign tag 7 dscp ef pcp 1 offload t6 " +
    "redirect 192.0.2.1 discovery-filter portal-name " +
    "option x 4096 option y on }",
    // Groups that are named may come later.
    "portal-group a { discovery-auth-group = b; foreign = true; tag = 0x7; " +
    "dscp = ef; pcp = 1; offload = t6; redirect = 192.0.2.1; " +
    "discovery-filter = portal-name; options { x = 4kb; y = on } }\n" +
    "auth-group b { auth-type = none }",
  ],
  ["portal-group a { dscp 46 }", "portal-group a { dscp = 46 }"],
  [
    "lun x { backend ramdisk size 4G blocksize 4k ctl-lun 9 device-type 5 " +
    'device-id "a b" serial "12" option capacity 1g }',
    'lun x { backend = ramdisk; size = "4G"; blocksize = 4kb; ctl-lun = 9; ' +
    'device-type = 5; device-id = a b; serial = "12"; ' +
    "options { capacity = '1g' } }",
  ],
  ["lun x { path /a device-type cd }", "lun x { path = /a; device-type = cd }"],
  [
    `lun x { path /a } auth-group g {} portal-group p {} target ${T} {
      alias "words of it" auth-type deny port isp0/1 redirect 192.0.2.1:3
      portal-group p g portal-group default lun 7 x lun 8 x
      lun 9 { path /b } lun 10 { path /c } }`,
    `target ${T.toUpperCase().replace("IQN", "iqn")} {
      alias = words of it; auth-type = deny; port = isp0/1
      redirect = "192.0.2.1:3"
      portal-group = [ { name = p; auth-group-name = g }, default ]
      lun { 7 = x; 9 { path = /b } }
      lun = [ { number = 8; name = x }, { number = 10; path = /c } ]
    }
    portal-group p {}; auth-group g {}; lun x { path = /a }`,
  ],
];

Deno.test("parseUclConfiguration() reads what the classic syntax says", () => {
  for (const [classic, ucl] of SAME) {
    assertEquals(configuredUcl(ucl), configured(classic), ucl);
  }
});

/** A file, the key at its error with its column, and the message. */
type TypeRow = readonly [text: string, near: string, message: string];

const AUTH = 'auth-group "y"';
const PORTAL = 'portal-group "y"';
const TARGET = 'target "t"';
const LUN = 'lun "x"';
const FILE = "the configuration file";

function inAuth(text: string): string {
  return `auth-group y { ${text} }`;
}

function inPortal(text: string): string {
  return `portal-group y { ${text} }`;
}

function inTarget(text: string): string {
  return `target t { ${text} }`;
}

function inLun(text: string): string {
  return `lun x { ${text} }`;
}

function typeRows(
  wrap: (text: string) => string,
  where: string,
  wanted: string,
  pairs: Readonly<Record<string, string>>,
): TypeRow[] {
  return Object.entries(pairs).map(([key, value]) => [
    wrap(`${key} = ${value}`),
    key,
    `"${key}" property in ${where} is not ${wanted}`,
  ]);
}

function itself(text: string): string {
  return text;
}

const TYPES: readonly TypeRow[] = [
  ...typeRows(itself, FILE, "an integer", {
    "debug": "yes",
    "maxproc": '"1"',
    "timeout": "1.5",
    "isns-period": "500ms",
    "isns-timeout": "[1]",
  }),
  ...typeRows(itself, FILE, "a string", {
    "pidfile": "1",
    "isns-server": "[a, 7]",
  }),
  ...typeRows(itself, FILE, "an object", {
    "auth-group": "x",
    "portal-group": "[1]",
    "target": "yes",
    "lun": "7",
  }),
  ["lun { x = 1 }", "x", '"x" property in lun is not an object'],
  ...typeRows(inAuth, AUTH, "a string", {
    "auth-type": "on",
    "initiator-name": "{}",
    "initiator-portal": "[[a]]",
  }),
  ...typeRows(inAuth, AUTH, "an object", {
    "chap": "u",
    "chap-mutual": "[x]",
  }),
  [
    inAuth("chap { user = u }"),
    "chap",
    `missing "secret" property in "chap" of ${AUTH}`,
  ],
  [
    inAuth("chap { user = u; secret = 123456789012 }"),
    "chap",
    `"secret" property in "chap" of ${AUTH} is not a string`,
  ],
  ...typeRows(inPortal, PORTAL, "a string", {
    "discovery-auth-group": "1",
    "discovery-filter": "null",
    "dscp": "[]",
    "listen": "3260",
    "offload": "1s",
    "redirect": "1.5",
  }),
  ...typeRows(inPortal, PORTAL, "an integer", { "tag": "x", "pcp": "x" }),
  ...typeRows(inPortal, PORTAL, "an object", { "options": "x" }),
  [
    inPortal("options { a { } }"),
    "a",
    `"a" property in ${PORTAL} is not a string`,
  ],
  ...typeRows(inLun, LUN, "a string", {
    "backend": "1",
    "device-id": "1",
    "device-type": "on",
    "path": "1",
    "serial": "12345678",
  }),
  ...typeRows(inLun, LUN, "an integer", {
    "blocksize": "x",
    "ctl-lun": '"1"',
    "size": "yes",
  }),
  ...typeRows(inTarget, TARGET, "a string", {
    "alias": "1",
    "auth-group": "{}",
    "port": "1",
    "portal-group": "1",
    "redirect": "no",
  }),
  ...typeRows(inTarget, TARGET, "an object", { "lun": "x" }),
  [
    inTarget("portal-group { auth-group-name = g }"),
    "portal-group",
    `missing "name" property in "portal-group" of ${TARGET}`,
  ],
  [
    inTarget("portal-group { name = default; auth-group-name = 1 }"),
    "portal-group",
    `"auth-group-name" property in "portal-group" of ${TARGET} ` +
    "is not a string",
  ],
  [inTarget("lun { 0 = 1 }"), "0", `"0" property in ${TARGET} is not a string`],
  [
    inTarget("lun { number = x; name = y }"),
    "number",
    `"number" property in ${TARGET} is not an integer`,
  ],
  [
    inTarget("lun { number = 1; name = 2 }"),
    "lun",
    `"lun" property in ${TARGET} is not a string`,
  ],
  [
    inTarget("lun { 0 { serial = 1 } }"),
    "serial",
    `"serial" property in lun 0 of ${TARGET} is not a string`,
  ],
  [inTarget("lun { x { } }"), "x", 'invalid numeric value "x"'],
  ["debug = -1", "debug", 'invalid numeric value "-1"'],
  ["debug = 99999999999", "debug", 'invalid numeric value "99999999999"'],
  [
    inLun("size = 9999999999gb"),
    "size",
    'invalid numeric value "9999999999gb"',
  ],
  ['pidfile = ""', "pidfile", `"pidfile" property in ${FILE} is empty`],
  [
    'lun { "a\\u0000b" { } }',
    "a b",
    `"a b" property in ${FILE} holds a NUL character`,
  ],
  [
    `pidfile = ${"a".repeat(WORD_LENGTH_MAX + 1)}`,
    "pidfile",
    `"pidfile" property in ${FILE} is longer than ` +
    `${WORD_LENGTH_MAX} characters`,
  ],
];

Deno.test("parseUclConfiguration() refuses wrong types", () => {
  for (const [text, near, message] of TYPES) {
    const error = refusedUcl(text);
    const place = /^error in configuration file at line 1, column \d+ /;
    assertEquals(error.replace(place, ""), `near '${near}': ${message}`, text);
    assert(place.test(error), error);
  }
});

Deno.test("parseUclConfiguration() tells where, also in other files", () => {
  const files = { "/etc/a.conf": "lun x {\n  path = 1\n}" };
  assertEquals(
    refusedUcl(".include a.conf", files),
    "error in configuration file /etc/a.conf at line 2, column 3 near " +
      `'path': "path" property in lun "x" is not a string`,
  );
  assertEquals(
    refusedUcl("debug = 1\n  lun { x { } }"),
    "error in configuration file at line 2, column 9 near 'x': " +
      'missing path for lun "x"',
  );
  assertEquals(
    refusedUcl("a }"),
    `unable to parse configuration file ${PATH}: error while parsing ${PATH}` +
      ": line: 1, column: 3 - 'a value is missing', character: '}'",
  );
});

Deno.test("parseUclConfiguration() warns of what it passes over", () => {
  const rows: [string, readonly string[]][] = [
    ["frobnicate = 1", [`unknown key "frobnicate" in ${FILE}`]],
    [inAuth("Chap = 1"), [
      `unknown key "Chap" in ${AUTH}`,
      `${AUTH} not assigned to any target`,
    ]],
    [
      inTarget("redirect = a; lun { 0 { path = /a; number = 1 } }"),
      [
        'invalid target name "t"; should start with "iqn.", "eui.", or "naa."',
        `unknown key "number" in lun 0 of ${TARGET}`,
      ],
    ],
    [
      `target { "${T}" { redirect = a; chap { user = u; x = y
        secret = secret123456 }
        portal-group { name = default; tag = 1 } } }`,
      [
        `unknown key "x" in "chap" of target "${T}"`,
        `unknown key "tag" in "portal-group" of target "${T}"`,
      ],
    ],
    [inLun("path = /a; size = 4G; options { o = 8k }"), [
      `size 4G in ${LUN} is 4000000000; write 4Gb for powers of 1024`,
      `o 8k in ${LUN} is 8000; write 8kb for powers of 1024`,
    ]],
    [inPortal("redirect = a; foreign = no"), [
      `"foreign" in ${PORTAL} is on, whatever its value`,
    ]],
  ];
  for (const [text, expected] of rows) {
    assertEquals(parsedUcl(text).warnings, expected, text);
  }
});

Deno.test("parseUclConfiguration() turns foreign on by any value", () => {
  for (const value of ["true", "no", "1", "x", "{}", "[]"]) {
    const { portalGroups } = configuredUcl(inPortal(`foreign = ${value}`));
    assertEquals(at(portalGroups, "y").foreign, true, value);
  }
});

Deno.test("parseUclConfiguration() bounds the file", () => {
  const longest = "#".repeat(FILE_LENGTH_MAX);
  assertEquals(parsedUcl(longest).warnings, []);
  assertEquals(
    refusedUcl(`${longest}#`),
    `configuration file is larger than ${FILE_LENGTH_MAX} characters`,
  );
});
