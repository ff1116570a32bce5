import { assertEquals } from "@std/assert";
import type {
  DiscoveryFilter,
  Portal,
  TargetEntry,
} from "../../../../frontends/iscsi/access.ts";
import {
  type Asker,
  sendTargets,
} from "../../../../frontends/iscsi/discovery.ts";
import {
  authGroup,
  directoryOf,
  EMPTY_DIRECTORY,
  INITIATOR_NAME,
  portalGroup,
  targetEntry,
} from "./login_support.ts";

const ASKER: Asker = {
  initiatorName: INITIATOR_NAME,
  peerAddress: "192.0.2.7",
  localAddress: "192.0.2.1",
  proof: undefined,
  sessionTarget: undefined,
};

const TWO = directoryOf(undefined, [
  targetEntry({ name: "iqn.a" }),
  targetEntry({ name: "iqn.b" }),
]);

function lines(
  directory: typeof TWO,
  value: string,
  asker: Partial<Asker> = {},
): string[] | undefined {
  const pairs = sendTargets(directory, { ...ASKER, ...asker }, value);
  return pairs?.map(([key, text]) => `${key}=${text}`);
}

const A = ["TargetName=iqn.a", "TargetAddress=192.0.2.1:3260,256"];
const B = ["TargetName=iqn.b", "TargetAddress=192.0.2.1:3260,256"];

const VALUES: [
  kind: string,
  session: string | undefined,
  value: string,
  result: string[] | undefined,
][] = [
  ["discovery", undefined, "All", [...A, ...B]],
  ["discovery", undefined, "iqn.b", B],
  ["discovery", undefined, "iqn.c", []],
  ["discovery", undefined, "all", []],
  ["discovery", undefined, "", undefined],
  ["normal", "iqn.a", "", A],
  ["normal", "iqn.a", "iqn.a", A],
  ["normal", "iqn.a", "iqn.b", []],
  ["normal", "iqn.a", "All", undefined],
  ["normal", "iqn.gone", "", []],
];

for (const [kind, sessionTarget, value, result] of VALUES) {
  Deno.test(`sendTargets() of "${value}" in a ${kind} session, app. C`, () => {
    assertEquals(lines(TWO, value, { sessionTarget }), result);
  });
}

Deno.test("sendTargets() tells nothing when the portal group is gone", () => {
  assertEquals(lines(EMPTY_DIRECTORY, "All"), []);
});

function portal(address: string, port = 3260, wildcard = false): Portal {
  return { address, port, wildcard };
}

const ANY4 = portal("0.0.0.0", 3260, true);
const ANY6 = portal("::", 3260, true);

/** Portals of two groups, and what is told of them (13.8). */
const ADDRESSES: [
  why: string,
  localAddress: string,
  portals: readonly Portal[],
  others: readonly Portal[],
  addresses: string[],
][] = [
  ["a plain one", "192.0.2.1", [portal("192.0.2.5", 860)], [], [
    "192.0.2.5:860,256",
  ]],
  ["IPv6 in brackets", "192.0.2.1", [portal("2001:db8::1")], [], [
    "[2001:db8::1]:3260,256",
  ]],
  ["a host name", "192.0.2.1", [portal("disk.example")], [], [
    "disk.example:3260,256",
  ]],
  ["those of all groups", "192.0.2.1", [portal("192.0.2.1")], [
    portal("198.51.100.1"),
  ], ["192.0.2.1:3260,256", "198.51.100.1:3260,257"]],
  ["one address with two tags", "192.0.2.1", [portal("192.0.2.1")], [
    portal("192.0.2.1"),
  ], ["192.0.2.1:3260,256", "192.0.2.1:3260,257"]],
  ["any IPv4 address", "192.0.2.1", [ANY4], [], ["192.0.2.1:3260,256"]],
  ["any address of both kinds, by IPv4", "192.0.2.1", [ANY4, ANY6], [], [
    "192.0.2.1:3260,256",
  ]],
  ["any address of both kinds, by IPv6", "2001:db8::7", [ANY4, ANY6], [], [
    "[2001:db8::7]:3260,256",
  ]],
  ["any IPv6 address, which takes IPv4", "192.0.2.1", [ANY6], [], [
    "192.0.2.1:3260,256",
  ]],
  ["any IPv4 address, by IPv6", "2001:db8::7", [ANY4], [], []],
  ["an address with a zone", "fe80::1%eth0", [ANY6], [], [
    "[fe80::1]:3260,256",
  ]],
  ["no address", "192.0.2.1", [], [], []],
];

for (const [why, localAddress, portals, others, addresses] of ADDRESSES) {
  Deno.test(`sendTargets() tells ${why}`, () => {
    const groups = [portalGroup({ portals })];
    if (others.length > 0) {
      groups.push(portalGroup({ tag: 257, portals: others }));
    }
    const target = targetEntry({ name: "iqn.a", portalGroups: groups });
    const directory = directoryOf(portalGroup(), [target]);
    const told = addresses.map((address) => `TargetAddress=${address}`);
    assertEquals(
      lines(directory, "All", { localAddress }),
      ["TargetName=iqn.a", ...told],
    );
  });
}

const SECRET = "topsecret123";
const HERE = {
  admitsAddress: (address: string) => address === ASKER.peerAddress,
};
const NAMED = { initiatorNames: new Set([INITIATOR_NAME]) };
const JOE = { user: "joe", secret: SECRET };

/** Targets that differ in who may log in. */
const TARGETS: readonly TargetEntry[] = Object.entries({
  open: authGroup("none"),
  here: authGroup("none", HERE),
  elsewhere: authGroup("none", { admitsAddress: () => false }),
  named: authGroup("none", NAMED),
  nameless: authGroup("none", { initiatorNames: new Set(["iqn.x"]) }),
  joe: authGroup("chap", { credentials: [JOE] }),
  other: authGroup("chap", { credentials: [{ ...JOE, secret: "otherwise" }] }),
  jim: authGroup("chap", { credentials: [{ user: "jim", secret: SECRET }] }),
  deny: authGroup("deny"),
}).map(([name, group]) =>
  targetEntry({ name, authGroup: group, portalGroups: [] })
);

const FILTERS: [filter: DiscoveryFilter, user: string, told: string][] = [
  ["none", "", "open here elsewhere named nameless joe other jim deny"],
  ["portal", "", "open here named nameless joe other jim deny"],
  ["portal-name", "", "open here named joe other jim deny"],
  ["portal-name-auth", "", "open here named"],
  ["portal-name-auth", "joe", "open here named joe"],
  ["portal-name-auth", "jim", "open here named jim"],
];

for (const [discoveryFilter, user, told] of FILTERS) {
  Deno.test(`sendTargets() filters by ${discoveryFilter} for "${user}"`, () => {
    const directory = directoryOf(portalGroup({ discoveryFilter }), TARGETS);
    const proof = user === ""
      ? undefined
      : { user, proves: (secret: string) => secret === SECRET };
    const names = told.split(" ");
    assertEquals(
      lines(directory, "All", { proof }),
      names.map((name) => `TargetName=${name}`),
    );
    for (const { name } of TARGETS) {
      const one = names.includes(name) ? [`TargetName=${name}`] : [];
      assertEquals(lines(directory, name, { proof }), one);
    }
  });
}

Deno.test("sendTargets() tells a normal session its target", () => {
  const group = portalGroup({ discoveryFilter: "portal-name-auth" });
  const directory = directoryOf(group, TARGETS);
  const told = lines(directory, "", { sessionTarget: "joe" });
  assertEquals(told, ["TargetName=joe"]);
});
