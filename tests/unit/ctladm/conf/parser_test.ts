import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  FILE_LENGTH_MAX,
  PORTAL_GROUPS_MAX,
  WARNINGS_MAX,
} from "../../../../ctladm/conf/limits.ts";
import { parseConfiguration } from "../../../../ctladm/conf/parser.ts";
import { emptyConfiguration } from "../../../../ctladm/conf/validate.ts";
import { at, configured, parsed, refused } from "./support.ts";

Deno.test("parseConfiguration() fills an empty file with defaults", () => {
  const { configuration, warnings } = parsed("");
  assertEquals(warnings, []);
  assertEquals(configuration, {
    debug: 0,
    maxproc: 30,
    pidfile: "/var/run/ctld.pid",
    timeoutSeconds: 60,
    isns: { servers: [], periodSeconds: 900, timeoutSeconds: 5 },
    plugins: new Map(),
    ha: undefined,
    authGroups: configuration.authGroups,
    portalGroups: configuration.portalGroups,
    luns: new Map(),
    targets: new Map(),
  });
  assertEquals(
    [...configuration.authGroups].map(([name, { type }]) => [name, type]),
    [["default", "deny"], ["no-authentication", "none"], ["no-access", "deny"]],
  );
  const { listen, discoveryAuthGroup } = at(
    configuration.portalGroups,
    "default",
  );
  assertEquals(listen.map(({ text }) => text), ["0.0.0.0:3260", "[::]:3260"]);
  assertEquals(discoveryAuthGroup.type, "deny");
  assertEquals(emptyConfiguration(), configuration);
});

Deno.test("parseConfiguration() reads the global statements", () => {
  const configuration = configured(`
    debug 1; maxproc 0
    pidfile /run/other.pid
    timeout 1k
    isns-server 192.0.2.1
    isns-server [2001:db8::1]:3206;;
    isns-period 60 isns-timeout 2`);
  const { debug, maxproc, pidfile, timeoutSeconds, isns } = configuration;
  assertEquals(
    { debug, maxproc, pidfile, timeoutSeconds },
    { debug: 1, maxproc: 0, pidfile: "/run/other.pid", timeoutSeconds: 1024 },
  );
  assertEquals(isns, {
    servers: [
      { text: "192.0.2.1", address: "192.0.2.1", port: 3205, family: 4 },
      {
        text: "[2001:db8::1]:3206",
        address: "2001:db8::1",
        port: 3206,
        family: 6,
      },
    ],
    periodSeconds: 60,
    timeoutSeconds: 2,
  });
});

Deno.test("parseConfiguration() reads an auth-group", () => {
  const group = at(
    configured(`auth-group ag0 {
      auth-type chap-mutual
      chap-mutual "user" "secret1234567" mutual-user "mutual123456 7"
      initiator-name iqn.1991-05.com.example:a
      initiator-name iqn.1991-05.com.example:a
      initiator-portal 192.0.2.0/24
      initiator-portal [2001:db8::]/32
    }`).authGroups,
    "ag0",
  );
  assertEquals(group, {
    name: "ag0",
    type: "chap-mutual",
    credentials: new Map([["user", {
      user: "user",
      secret: "secret1234567",
      mutual: { user: "mutual-user", secret: "mutual123456 7" },
    }]]),
    initiatorNames: new Set(["iqn.1991-05.com.example:a"]),
    initiatorPortals: [
      {
        text: "192.0.2.0/24",
        family: 4,
        bytes: Uint8Array.of(192, 0, 2, 0),
        prefixLength: 24,
      },
      {
        text: "[2001:db8::]/32",
        family: 6,
        bytes: new Uint8Array([0x20, 1, 0xd, 0xb8, ...Array(12).fill(0)]),
        prefixLength: 32,
      },
    ],
  });
});

Deno.test("parseConfiguration() types an auth-group by its statements", () => {
  const rows: [string, string][] = [
    ["", "unknown"],
    ["initiator-name iqn.1991-05.com.example", "unknown"],
    ["auth-type none initiator-portal ::1", "none"],
    ["auth-type deny auth-type deny", "deny"],
    ["chap u secret1234567", "chap"],
    ["auth-type chap chap u secret1234567", "chap"],
    ['auth-type "chap" chap u secret1234567', "chap"],
    ["chap-mutual u secret1234567 m secret7654321", "chap-mutual"],
  ];
  for (const [statements, type] of rows) {
    const { authGroups } = configured(`auth-group a { ${statements} }`);
    assertEquals(at(authGroups, "a").type, type, statements);
  }
});

Deno.test("parseConfiguration() reads a portal-group", () => {
  const group = at(
    configured(`portal-group pg0 {
      discovery-auth-group no-authentication
      discovery-filter portal-name discovery-filter portal-name
      foreign
      listen 127.0.0.1
      listen san1.example.com:860
      offload t6
      option some "thing else"
      redirect 192.0.2.7
      tag 513
    }`).portalGroups,
    "pg0",
  );
  assertEquals(group, {
    name: "pg0",
    discoveryAuthGroup: {
      name: "no-authentication",
      type: "none",
      credentials: new Map(),
      initiatorNames: new Set<string>(),
      initiatorPortals: [],
    },
    discoveryFilter: "portal-name",
    foreign: true,
    listen: [
      { text: "127.0.0.1", address: "127.0.0.1", port: 3260, family: 4 },
      {
        text: "san1.example.com:860",
        address: "san1.example.com",
        port: 860,
        family: undefined,
      },
    ],
    offload: "t6",
    options: new Map([["some", "thing else"]]),
    redirect: "192.0.2.7",
    movedPermanently: false,
    tag: 513,
    dscp: undefined,
    pcp: undefined,
  });
});

Deno.test("parseConfiguration() knows code points by name and number", () => {
  const rows: [string, number][] = [
    ["0", 0],
    ["63", 63],
    ["be", 0],
    ["ef", 46],
    ["cs0", 0],
    ["cs1", 8],
    ["cs7", 56],
    ["af11", 10],
    ["af13", 14],
    ["af21", 18],
    ["af32", 28],
    ["AF43", 38],
  ];
  for (const [word, dscp] of rows) {
    const text = `portal-group a { dscp ${word} pcp 7 tag 0 }`;
    const group = at(configured(text).portalGroups, "a");
    assertEquals(group.dscp, dscp, word);
    assertEquals(group.pcp, 7);
    assertEquals(group.tag, undefined);
  }
});

Deno.test("parseConfiguration() reads a lun", () => {
  const { luns } = configured(`
    lun disk {
      path /dev/disk0
      size 4G
      blocksize 4k
      ctl-lun 9
      device-id "MYDEVID 0"
      device-type 0
      serial MYSERIAL0
      option vendor ACME
      option product "Disk of ours"
    }
    lun memory { backend ramdisk size 1M }
    lun cd { path /iso device-type DVDROM size 0 }
    lun remote { backend nbd option uri nbd://192.0.2.1 }`);
  assertEquals(at(luns, "disk"), {
    name: "disk",
    backend: "block",
    path: "/dev/disk0",
    sizeBytes: 4 * 1024 ** 3,
    blocksize: 4096,
    deviceType: 0,
    ctlLun: 9,
    deviceId: "MYDEVID 0",
    serial: "MYSERIAL0",
    options: new Map([["vendor", "ACME"], ["product", "Disk of ours"]]),
  });
  assertEquals(at(luns, "memory").blocksize, 512);
  assertEquals(at(luns, "memory").options, new Map());
  const { blocksize, deviceType, sizeBytes } = at(luns, "cd");
  assertEquals([blocksize, deviceType, sizeBytes], [2048, 5, undefined]);
  assertEquals(at(luns, "remote").backend, "nbd");
});

Deno.test("parseConfiguration() reads a target", () => {
  const { targets, luns } = configured(`
    auth-group ag0 { auth-type none }
    portal-group pg0 { listen 127.0.0.1 }
    portal-group pg1 { listen 127.0.0.1:3261 }
    lun shared { path /shared }
    target IQN.2012-06.com.example:T0 {
      alias "Words for people"
      portal-group pg0
      portal-group pg1 ag0
      port IOCTL/2
      redirect 192.0.2.8:3260 permanent
      chap user secret1234567
      lun 3 shared
      lun 1023 shared
      lun 0 { backend ramdisk size 1M }
    }`);
  const target = at(targets, "iqn.2012-06.com.example:t0");
  assertEquals([...targets.keys()], [target.name]);
  assertEquals(target.alias, "Words for people");
  assertEquals(target.authGroup.name, undefined);
  assertEquals(target.authGroup.type, "chap");
  assertEquals(
    target.portalGroups.map((link) => [link.portalGroup, link.authGroup?.name]),
    [["pg0", undefined], ["pg1", "ag0"]],
  );
  assertEquals(target.port, {
    text: "IOCTL/2",
    driver: "ioctl",
    physicalPort: 2,
    virtualPort: 0,
  });
  assertEquals(target.redirect, "192.0.2.8:3260");
  assertEquals(target.movedPermanently, true);
  const inline = "iqn.2012-06.com.example:t0,lun,0";
  assertEquals(
    [...target.luns],
    [[0, inline], [3, "shared"], [1023, "shared"]],
  );
  assertEquals(at(luns, inline).options, new Map([["scsiname", inline]]));
});

Deno.test("parseConfiguration() lets an option name an inline lun", () => {
  const { luns } = configured(`target iqn.2012-06.com.example {
    lun 7 { path /a option scsiname mine }
  }`);
  const { options } = at(luns, "iqn.2012-06.com.example,lun,7");
  assertEquals(options, new Map([["scsiname", "mine"]]));
});

Deno.test("parseConfiguration() gives a target what it does not name", () => {
  const { targets } = configured(`
    target iqn.2012-06.com.example:a { redirect 192.0.2.1 }
    target iqn.2012-06.com.example:b { redirect 192.0.2.1 port isp0 }`);
  const a = at(targets, "iqn.2012-06.com.example:a");
  assertEquals(a.authGroup.name, "default");
  assertEquals(a.authGroup.type, "deny");
  assertEquals(
    a.portalGroups,
    [{ portalGroup: "default", authGroup: undefined }],
  );
  const b = at(targets, "iqn.2012-06.com.example:b");
  assertEquals(b.portalGroups, []);
});

Deno.test("parseConfiguration() lets the file define default once", () => {
  const { targets, portalGroups } = configured(`
    target iqn.2012-06.com.example:a { redirect 192.0.2.1 }
    portal-group pg0 { listen 127.0.0.1 redirect 192.0.2.1 }
    auth-group default { auth-type none }
    portal-group default { listen 127.0.0.1:3261 }`);
  const target = at(targets, "iqn.2012-06.com.example:a");
  assertEquals(target.authGroup.type, "none");
  assertEquals(at(portalGroups, "pg0").discoveryAuthGroup.type, "none");
  const { listen } = at(portalGroups, "default");
  assertEquals(listen.map(({ text }) => text), ["127.0.0.1:3261"]);
});

Deno.test("parseConfiguration() takes quoted keywords for names", () => {
  const { luns } = configured('lun "lun" { path "size" }');
  assertEquals(at(luns, "lun").path, "size");
});

Deno.test("parseConfiguration() takes names like __proto__ for names", () => {
  const { luns } = configured(
    "lun __proto__ { path /a } lun toString { path /b }",
  );
  assertEquals([...luns.keys()], ["__proto__", "toString"]);
});

Deno.test("parseConfiguration() reads the example of the manual", () => {
  const { configuration, warnings } = parsed(`auth-group ag0 {
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
`);
  assertEquals(warnings, []);
  const target = at(configuration.targets, "iqn.2012-06.com.example:t0");
  assertEquals(target.authGroup, at(configuration.authGroups, "ag0"));
  const lun = at(configuration.luns, at(target.luns, 0));
  assertEquals(lun.sizeBytes, 4 * 1024 ** 3);
  assertEquals(lun.options.get("vendor"), "ACME");
});

Deno.test("parseConfiguration() reads a file of many parts", () => {
  const { configuration, warnings } = parsed(`
# A file as administrators write it.
pidfile	/var/run/ctld.pid

auth-group pairs {
	chap-mutual "user" "secretsecret" "mutualuser" "mutualsecret"
	chap-mutual "user2" "secretsecret2" "mutualuser" "mutualsecret"
}

portal-group both {
	discovery-auth-group no-authentication
	listen 127.0.0.1
	listen 0.0.0.0:3261
	listen [::]:3261
	listen [fe80::be:ef]
}

target iqn.2012-06.com.example:target0 {
	alias "Example target"
	auth-group no-authentication
	lun 0 {
		path /dev/zvol/example_0
		blocksize 4096
		size 4G
	}
}

target iqn.2012-06.com.example:target3 {
	chap chapuser chapsecret12
	lun 0 {
		path /dev/zvol/example_3
	}
}

target iqn.2012-06.com.example:target2 {
	auth-group pairs
	portal-group both
	lun 0 {
		path /dev/zvol/example2_0
	}
	lun 1 {
		path /dev/zvol/example2_1
		option foo bar
	}
}
`);
  assertEquals(warnings, []);
  assertEquals(configuration.targets.size, 3);
  assertEquals(configuration.luns.size, 4);
});

Deno.test("emptyConfiguration() keeps the settings that it is given", () => {
  const running = configured("pidfile /run/x debug 3 lun a { path /a }");
  const empty = emptyConfiguration(running);
  assertEquals(empty, { ...emptyConfiguration(), pidfile: "/run/x", debug: 3 });
});

Deno.test("parseConfiguration() bounds the file", () => {
  const longest = "#".repeat(FILE_LENGTH_MAX);
  assertEquals(parsed(longest).warnings, []);
  assertEquals(
    refused(`${longest}#`),
    `configuration file is larger than ${FILE_LENGTH_MAX} characters`,
  );
});

Deno.test("parseConfiguration() bounds the portal-groups", () => {
  const groups = Array.from(
    { length: PORTAL_GROUPS_MAX },
    (_, index) => `portal-group g${index} { foreign }`,
  ).join("\n");
  assertEquals(configured(groups).portalGroups.size, PORTAL_GROUPS_MAX + 1);
  assertEquals(
    refused(`${groups}\nportal-group more {}`),
    `error in configuration file at line ${PORTAL_GROUPS_MAX + 1} ` +
      `near 'more': more than ${PORTAL_GROUPS_MAX} portal-groups`,
  );
});

Deno.test("parseConfiguration() bounds the warnings", () => {
  const lines = Array.from(
    { length: WARNINGS_MAX + 5 },
    (_, index) => `auth-group a${index} {}`,
  );
  const { warnings } = parsed(lines.join("\n"));
  assertEquals(warnings.length, WARNINGS_MAX + 1);
  assertEquals(warnings.at(-1), "5 further warnings left out");
});

Deno.test("parseConfiguration() reads the largest files in one go", () => {
  const hostile = [
    "{",
    "}",
    ";",
    '"',
    "target {",
    'lun "',
    "portal-group a { listen ",
    "portal-group a { " + "listen 127.0.0.1 ",
    "auth-group a { " + "chap u s ",
  ];
  for (const piece of hostile) {
    const text = piece.repeat(FILE_LENGTH_MAX / piece.length);
    assert(parseConfiguration(text) !== undefined);
  }
  const listens = Array.from({ length: 50_000 }, (_, n) => `listen h:${n}\n`);
  const { portalGroups } = configured(`portal-group a {${listens.join("")}}`);
  assertEquals(at(portalGroups, "a").listen.length, 50_000);
});

const FRAGMENTS = [
  ...'{};#\n"=',
  ...["auth-group", "portal-group", "target", "lun", "listen", "option"],
  ...["chap", "chap-mutual", "auth-type", "initiator-portal", "port", "tag"],
  ...["size", "path", "backend", "ramdisk", "default", "iqn.2012-06.com.a"],
  ...["127.0.0.1", "[::1]:1", "10.0.0.0/8", "0", "1023", "1024", "4G", "x"],
  ...["controller", "__proto__", '"quoted word"', "dscp", "ef", "redirect"],
];

Deno.test("parseConfiguration() never throws on random text", () => {
  fc.assert(fc.property(
    fc.string({ unit: "binary", maxLength: 300 }),
    (text) => parseConfiguration(text) !== undefined,
  ));
});

Deno.test("parseConfiguration() never throws on random words", () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...FRAGMENTS), { maxLength: 60 }),
      (words) => parseConfiguration(words.join(" ")) !== undefined,
    ),
    { numRuns: 500 },
  );
});
