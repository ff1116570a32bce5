import { assertEquals, assertMatch } from "@std/assert";
import {
  flagsOf,
  type PermissionRequest,
  permissionsOf,
  runLine,
} from "../../../ctladm/permissions.ts";
import { MemoryDaemon } from "../../support/memory_daemon.ts";
import { configured, inTarget } from "./conf/support.ts";

function request(
  text: string,
  more: Partial<PermissionRequest> = {},
): PermissionRequest {
  return {
    configuration: configured(`pidfile /pid\n${text}`),
    file: "/ctl.conf",
    included: [],
    isUcl: false,
    api: undefined,
    logFile: undefined,
    program: "/ctld.ts",
    socket: "/s",
    state: "/state",
    libc: undefined,
    realPath: () => undefined,
    ...more,
  };
}

/** Flags that a text needs beside those of an empty one. */
function beyondEmpty(
  text: string,
  more: Partial<PermissionRequest> = {},
): string[] {
  const valuesOf = (wanted: PermissionRequest) =>
    permissionsOf(wanted).permissions.map(({ kind, value }) =>
      `${kind}=${value}`
    );
  const usual = new Set(valuesOf(request("")));
  return valuesOf(request(text, more)).filter((each) => !usual.has(each));
}

Deno.test("permissionsOf() of a file that says nothing", () => {
  assertEquals(flagsOf(permissionsOf(request("")).permissions), [
    "--allow-net=unix:/s,unix:/s.new/s",
    "--allow-read=/s,/s.new,/ctl.conf,/state,/pid",
    "--allow-write=/s,/s.new,/state,/pid",
    "--allow-env=CTL_SOCKET,DTL_STATE_DIR",
  ]);
});

const LISTEN = "discovery-auth-group no-authentication\n";

const ROWS: readonly (readonly [string, string, readonly string[]])[] = [
  [
    "portals of groups with targets",
    `portal-group a { ${LISTEN} listen 192.0.2.1
      listen [2001:db8::1]:3261 }
    portal-group b { listen 192.0.2.2 }
    ${inTarget("portal-group a")}`,
    ["net=192.0.2.1:3260", "net=[2001:db8::1]:3261"],
  ],
  [
    "the portals of a target that names none",
    inTarget("auth-group no-authentication"),
    ["net=0.0.0.0:3260", "net=[::]:3260"],
  ],
  [
    "a foreign group",
    `portal-group a { foreign
      listen 192.0.2.1 }
    ${inTarget("portal-group a")}`,
    [],
  ],
  [
    "iSNS servers",
    `isns-server 192.0.2.9
    portal-group a { listen 192.0.2.1 }
    ${inTarget("portal-group a")}`,
    ["net=192.0.2.1:3260", "net=192.0.2.9:3205", "sys=hostname"],
  ],
  [
    "a file",
    "lun x { path /disk }",
    ["read=/disk", "write=/disk", "sys=statfs"],
  ],
  [
    "a file that nobody writes",
    "lun x { path /disk\n option readonly on }",
    ["read=/disk", "sys=statfs"],
  ],
  [
    "a disc",
    "lun x { path /disc.iso\n device-type cd }",
    ["read=/disc.iso", "sys=statfs"],
  ],
  [
    "a path that an option gives",
    "lun x { path /one\n option file /other }",
    ["read=/other", "write=/other", "sys=statfs"],
  ],
  ["memory", "lun x { backend ramdisk\n size 1M }", []],
  ["a device", "lun x { path /dev/sdb }", []],
  [
    "a plugin by path",
    "lun x { backend /plugins/mine.ts\n path /y }",
    ["read=/plugins/mine.ts"],
  ],
  [
    "a plugin by URL",
    'lun x { backend "https://plugins.example.com/mine.ts"\n path /y }',
    ["import=plugins.example.com"],
  ],
  ["a node of a pair without a link", "ha { id 1 }", []],
  [
    "the link of a pair, with the files of its identity",
    `ha { id 2 peer connect [2001:db8::1]:9990
      key /keys/ha.key certificate /keys/ha.pem
      peer-fingerprint ${"ab".repeat(32)} }`,
    ["net=[2001:db8::1]:9990", "read=/keys/ha.key", "read=/keys/ha.pem"],
  ],
  [
    "a link on loopback",
    "ha { id 1 peer listen 127.0.0.1:9990 insecure }",
    ["net=127.0.0.1:9990"],
  ],
  [
    "an arbiter and a program that fences",
    `ha { id 1 arbiter etcd etcd http://192.0.2.1:2379
      etcd https://etcd.example.com fencer command
      fence-command "/usr/sbin/fence node 2" }`,
    ["net=192.0.2.1:2379", "net=etcd.example.com:443", "run=/usr/sbin/fence"],
  ],
  [
    "an HBA behind a Unix socket",
    'plugin camtgt { option listen "unix:/run/hba%p.sock" }' +
    inTarget("port camtgt/3/0"),
    [
      "net=unix:/run/hba3.sock",
      "net=unix:/run/hba3.sock.new/s",
      ...["read=/run/hba3.sock", "write=/run/hba3.sock"],
      ...["read=/run/hba3.sock.new", "write=/run/hba3.sock.new"],
    ],
  ],
  [
    "an HBA behind a TCP port",
    'plugin camtgt { option listen "[::1]:3270" }' +
    inTarget("port camtgt/0/0"),
    ["net=[::1]:3270"],
  ],
  [
    "an HBA without a wire",
    inTarget("port camtgt/0/0"),
    [],
  ],
  [
    "a plugin of its own",
    "plugin /plugins/mine.ts {}",
    ["read=/plugins/mine.ts"],
  ],
];

for (const [name, text, expected] of ROWS) {
  Deno.test(`permissionsOf() of ${name}`, () => {
    assertEquals(beyondEmpty(text), [...expected]);
  });
}

Deno.test("permissionsOf() of a control API on a loopback port", () => {
  const api = { address: "::1", port: 8090 };
  assertEquals(beyondEmpty("", { api }), ["net=[::1]:8090"]);
  const wanted = request("", { api });
  assertMatch(runLine(wanted, []), / --api '?\[::1\]:8090/);
});

Deno.test("permissionsOf() of devices with the C library", () => {
  const libc = "/lib/libc.so.6";
  assertEquals(beyondEmpty("lun x { path /dev/sdb }", { libc }), [
    `ffi=${libc}`,
    "read=/dev/sdb",
    "write=/dev/sdb",
    "sys=statfs",
  ]);
});

Deno.test("permissionsOf() of a path that leads elsewhere", () => {
  const realPath = (path: string) => `/real${path}`;
  assertEquals(beyondEmpty("lun x { path /link }", { realPath }), [
    "read=/link",
    "write=/link",
    "read=/real/link",
    "write=/real/link",
    "sys=statfs",
  ]);
});

const NOTES: readonly (readonly [string, RegExp])[] = [
  ["lun x { path /dev/sdb }", /^lun "x": \/dev\/sdb opens only with .*-A/],
  ["lun x { path disk }", /^disk is not absolute/],
  ['lun x { path "/a,b" }', /^\/a,b has a comma/],
  ["lun x { backend /p.ts\n path /y }", /^lun "x": what the plugin \/p\.ts/],
  [inTarget("port isp0"), /port isp0 is not there/],
  [
    "plugin camtgt { option listen nowhere }" + inTarget("port camtgt/0/0"),
    /^the wire of port camtgt\/0\/0: Invalid value "nowhere"/,
  ],
];

for (const [text, note] of NOTES) {
  Deno.test(`permissionsOf() says what no flag can: ${text}`, () => {
    const [, told = ""] = permissionsOf(request(text)).notes;
    assertMatch(told, note);
  });
}

Deno.test("runLine() is a line for a shell", () => {
  const wanted = request("", {
    socket: "/a b",
    isUcl: true,
    logFile: "/log",
    libc: "/libc",
  });
  assertEquals(
    runLine(wanted, [{ kind: "read", value: "/it's", why: "" }]),
    "CTL_SOCKET='/a b' DTL_STATE_DIR=/state deno run " +
      "--v8-flags=--max-old-space-size=32768,--max-semi-space-size=8 --quiet --frozen " +
      "--cached-only --no-prompt '--allow-read=/it'\\''s' /ctld.ts " +
      "--native -u --log /log -f /ctl.conf",
  );
});

Deno.test("ctladm permissions names the files that are included", async () => {
  await using machine = new MemoryDaemon();
  machine.whyNone = "it must not be asked for";
  const put = (path: string, text: string) =>
    machine.files.set(path, new TextEncoder().encode(text));
  put("/folder/ctl.conf", ".include more.conf");
  put("/folder/more.conf", "pidfile = /pid");
  const { code, lines } = await machine
    .ctladm("permissions -u -f ctl.conf --native");
  assertEquals(code, 0);
  assertMatch(lines[0] ?? "", /read=\S*,\/folder\/ctl\.conf,\/folder\/more\./);
  assertMatch(lines[0] ?? "", /ffi=\/lib\/libc\.so\.6 .* --native -u -f/);
  const json = await machine
    .ctladm("permissions -u -f ctl.conf --json");
  const { flags, variables } = JSON.parse(json.lines.join("\n"));
  assertEquals(flags.length, 4);
  assertEquals(variables.CTL_SOCKET, "/run/ctl.sock");
});
