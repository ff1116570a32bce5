import { assertEquals } from "@std/assert";
import { NOTHING_RUNS, planReload } from "../../../../ctladm/conf/plan.ts";
import type { Step } from "../../../../ctladm/conf/steps.ts";
import { emptyConfiguration } from "../../../../ctladm/conf/validate.ts";
import { configured, T } from "./support.ts";

/** One line a step. */
function line(step: Step): string {
  return `${step.kind} ${detail(step)}`;
}

function detail(step: Step): string {
  switch (step.kind) {
    case "update-settings":
      return Object.entries(step.changes).join(" ");
    case "register-isns":
    case "deregister-isns":
      return step.server.text;
    case "remove-lun":
    case "remove-portal-group":
    case "unload-plugin":
      return step.name;
    case "load-plugin":
      return step.plugin.name;
    case "load-ha":
    case "start-ha":
    case "unload-ha":
      return "";
    case "configure-ha":
      return step.optionsChanged.join(" ");
    case "create-lun":
      return step.lun.name;
    case "modify-lun": {
      const size = step.sizeChanged ? [`size=${step.lun.sizeBytes}`] : [];
      return [step.lun.name, ...size, ...step.optionsChanged].join(" ");
    }
    case "set-portal-group":
      return `${step.portalGroup.name} ${step.tag}`;
    case "open-portal":
    case "close-portal":
      return `${step.portalGroup} ${step.listen.text}`;
    default:
      return portDetail(step);
  }
}

function portDetail(step: Extract<Step, { port: unknown }>): string {
  const port = "portalGroup" in step.port
    ? step.port.portalGroup
    : step.port.physicalPort.text;
  const name = `${step.port.target.slice(-1)}-${port}`;
  if (step.kind === "map-lun") return `${name} ${step.number} ${step.lun}`;
  if (step.kind === "unmap-lun") return `${name} ${step.number}`;
  if (step.kind === "attach-port") return `${name} ${step.worldWideName}`;
  return name;
}

/** Steps of a reload. */
function reload(before: string, after: string): string[] {
  const { after: running } = planReload(NOTHING_RUNS, configured(before));
  return planReload(running, configured(after)).steps.map(line);
}

/** Steps of a reload between two variants of one file. */
function edit(file: string, before: string, after: string): string[] {
  return reload(file.replace("EDIT", before), file.replace("EDIT", after));
}

const START = `
  isns-server 192.0.2.1
  portal-group p { listen 127.0.0.1 listen [::1]:3261 }
  lun a { path /a }
  lun b { path /b ctl-lun 0 }
  target ${T} { portal-group p port isp0 lun 0 a lun 1 b }`;

Deno.test("planReload() starts in the order of dependence", () => {
  assertEquals(planReload(NOTHING_RUNS, configured(START)).steps.map(line), [
    "update-settings debug,0 maxproc,30 pidfile,/var/run/ctld.pid " +
    "timeoutSeconds,60",
    "create-lun b",
    "create-lun a",
    "set-portal-group p 257",
    "create-port t-p",
    "attach-port t-isp0 undefined",
    "open-portal p 127.0.0.1",
    "open-portal p [::1]:3261",
    "register-isns 192.0.2.1",
  ]);
});

Deno.test("planReload() ends in the order of dependence", () => {
  const configuration = configured(START);
  const { after: running } = planReload(NOTHING_RUNS, configuration);
  const plan = planReload(running, emptyConfiguration(configuration));
  assertEquals(plan.steps.map(line), [
    "deregister-isns 192.0.2.1",
    "remove-port t-p",
    "detach-port t-isp0",
    "remove-lun a",
    "remove-lun b",
    "close-portal p 127.0.0.1",
    "close-portal p [::1]:3261",
    "remove-portal-group p",
  ]);
});

Deno.test("planReload() sends only the settings that differ", () => {
  assertEquals(reload("debug 1 maxproc 5", "debug 2 maxproc 5"), [
    "update-settings debug,2",
  ]);
  assertEquals(reload("pidfile /a", ""), [
    "update-settings pidfile,/var/run/ctld.pid",
  ]);
});

const ONE_LUN = `
  portal-group p { listen 127.0.0.1 }
  lun x { EDIT }
  target ${T} { portal-group p lun 4 x }`;

Deno.test("planReload() modifies a LUN whose size or options differ", () => {
  const rows: [string, string, string][] = [
    ["path /a", "path /a size 1M", "modify-lun x size=1048576"],
    ["path /a size 1M", "path /a", "modify-lun x size=undefined"],
    ["path /a", "path /a option o 1", "modify-lun x o"],
    [
      "path /a option o 1 option p 1",
      "path /a option p 1 size 2M",
      "modify-lun x size=2097152 o",
    ],
    ["path /a option o 1", "path /a option o 2", "modify-lun x o"],
  ];
  for (const [before, after, expected] of rows) {
    assertEquals(edit(ONE_LUN, before, after), [expected]);
  }
});

Deno.test("planReload() makes a LUN anew when what is fixed differs", () => {
  const rows: [string, string][] = [
    ["path /a", "path /b"],
    ["path /a", "backend ramdisk size 1M"],
    ["path /a", "path /a blocksize 4096"],
    ["path /a serial 1", "path /a serial 2"],
    ["path /a device-id 1", "path /a"],
    ["path /a size 1M", "path /b size 2M option o 1"],
  ];
  for (const [before, after] of rows) {
    assertEquals(edit(ONE_LUN, before, after), [
      "unmap-lun t-p 4",
      "remove-lun x",
      "create-lun x",
      "map-lun t-p 4 x",
    ]);
  }
});

Deno.test("planReload() leaves a LUN of another type or number", () => {
  assertEquals(edit(ONE_LUN, "path /a", "path /a ctl-lun 3"), []);
  const types = [
    "path /a blocksize 512",
    "path /a blocksize 512 device-type 3",
  ];
  assertEquals(edit(ONE_LUN, types[0] ?? "", types[1] ?? ""), []);
});

const THREE_LUNS = `
  portal-group p { listen 127.0.0.1 }
  lun x { path /x } lun y { path /y } lun z { path /z }
  target ${T} { portal-group p redirect r EDIT }`;

Deno.test("planReload() changes only the map entries that differ", () => {
  const rows: [string, string, string[]][] = [
    ["lun 0 x", "lun 0 x lun 1 y", ["map-lun t-p 1 y"]],
    ["lun 0 x lun 1 y", "lun 1 y", ["unmap-lun t-p 0"]],
    ["lun 0 x lun 1 y", "lun 1 y lun 0 z", ["map-lun t-p 0 z"]],
    ["lun 0 x lun 1 y", "lun 0 y lun 1 x", [
      "map-lun t-p 0 y",
      "map-lun t-p 1 x",
    ]],
    ["lun 0 x", "lun 1 x", ["unmap-lun t-p 0", "map-lun t-p 1 x"]],
  ];
  for (const [before, after, expected] of rows) {
    assertEquals(edit(THREE_LUNS, before, after), expected);
  }
});

Deno.test("planReload() changes the map of a physical port too", () => {
  const file = `lun x { path /x } target ${T} { port isp0 EDIT }`;
  assertEquals(edit(file, "", "lun 0 x"), ["map-lun t-isp0 0 x"]);
});

Deno.test("planReload() tells the world wide name in a target's name", () => {
  const file = `target naa.52004567BA64678D { EDIT redirect r }`;
  assertEquals(edit(file, "portal-group default", "port isp0"), [
    "remove-port d-default",
    "attach-port d-isp0 52004567ba64678d",
    "close-portal default 0.0.0.0:3260",
    "close-portal default [::]:3260",
    "remove-portal-group default",
  ]);
});

Deno.test("planReload() moves a physical port to another target", () => {
  const before = `
    target ${T} { port isp0 redirect r }
    target ${T}2 { port isp1 redirect r }`;
  const after = `
    target ${T} { port isp1 redirect r }
    target ${T}2 { port ISP0/0 redirect r }`;
  assertEquals(reload(before, after), [
    "detach-port t-isp0",
    "detach-port 2-isp1",
    "attach-port t-isp1 undefined",
    "attach-port 2-ISP0/0 undefined",
  ]);
  assertEquals(reload(before, before.replace("isp0", "ISP0/0/0")), []);
});

const ACCESS = `
  auth-group g { auth-type none EDIT }
  auth-group h { auth-type none }
  portal-group p { listen 127.0.0.1 }
  portal-group q { listen 127.0.0.1:3261 }
  target ${T} { portal-group p portal-group q h auth-group g redirect r }
  target ${T}2 { portal-group p auth-group h redirect r }`;

Deno.test("planReload() updates the ports whose access differs", () => {
  assertEquals(edit(ACCESS, "", "initiator-portal 10.0.0.0/8"), [
    "update-port-access t-p",
  ]);
  const rows: [string, string][] = [
    ["alias a", "alias b"],
    ["redirect a", "redirect b"],
    ["chap u secretsecret1", "chap u secretsecret2"],
    ["auth-type none", "auth-type deny"],
    ["portal-group default", "portal-group default no-authentication"],
  ];
  for (const [before, after] of rows) {
    assertEquals(edit(`target ${T} { EDIT }`, before, after), [
      "update-port-access t-default",
    ]);
  }
});

const GROUP = `
  portal-group p { listen 127.0.0.1 EDIT }
  target ${T} { portal-group p redirect r }`;

Deno.test("planReload() keeps ports and sockets of a changed group", () => {
  const changes = [
    "discovery-auth-group no-authentication",
    "discovery-filter portal",
    "redirect 192.0.2.1",
    "offload t6",
    "option o 1",
  ];
  for (const change of changes) {
    assertEquals(edit(GROUP, "", change), ["set-portal-group p 257"]);
  }
});

Deno.test("planReload() makes ports anew under another tag", () => {
  const expected = [
    "remove-port t-p",
    "set-portal-group p 300",
    "create-port t-p",
  ];
  assertEquals(edit(GROUP, "", "tag 300"), expected);
  assertEquals(edit(GROUP, "tag 299", "tag 300"), expected);
  assertEquals(edit(GROUP, "tag 300", ""), ["set-portal-group p 300"]);
});

Deno.test("planReload() opens and closes only what differs", () => {
  assertEquals(edit(GROUP, "", "listen [::1]"), [
    "set-portal-group p 257",
    "open-portal p [::1]",
  ]);
  assertEquals(edit(GROUP, "listen [::1]", "listen ::1"), [
    "set-portal-group p 257",
  ]);
  assertEquals(edit(GROUP, "", "dscp ef"), [
    "set-portal-group p 257",
    "close-portal p 127.0.0.1",
    "open-portal p 127.0.0.1",
  ]);
});

Deno.test("planReload() frees an address before it is taken", () => {
  const before = `
    portal-group p { redirect r listen 127.0.0.1 }
    portal-group q { redirect r listen 127.0.0.1:3261 }`;
  const after = `
    portal-group p { redirect r listen 127.0.0.1:3261 }
    portal-group q { redirect r listen 127.0.0.1 }`;
  assertEquals(reload(before, after), [
    "set-portal-group p 257",
    "set-portal-group q 258",
    "close-portal p 127.0.0.1",
    "close-portal q 127.0.0.1:3261",
    "open-portal p 127.0.0.1:3261",
    "open-portal q 127.0.0.1",
  ]);
});

Deno.test("planReload() listens only for groups that have work", () => {
  const file = "portal-group p { listen 127.0.0.1 EDIT }";
  assertEquals(edit(file, "", "redirect 192.0.2.1"), [
    "set-portal-group p 257",
    "open-portal p 127.0.0.1",
  ]);
  assertEquals(edit(file, "redirect 192.0.2.1", ""), [
    "close-portal p 127.0.0.1",
    "remove-portal-group p",
  ]);
});

Deno.test("planReload() knows a foreign group, without port or socket", () => {
  assertEquals(edit(GROUP, "", "foreign"), [
    "remove-port t-p",
    "set-portal-group p 257",
    "close-portal p 127.0.0.1",
  ]);
  assertEquals(edit(GROUP, "foreign", ""), [
    "set-portal-group p 257",
    "create-port t-p",
    "open-portal p 127.0.0.1",
  ]);
});

Deno.test("planReload() tells other ports of a target about a group", () => {
  const file = `
    portal-group p { listen 127.0.0.1 }
    portal-group f { foreign listen 192.0.2.7 }
    target ${T} { portal-group p EDIT redirect r }`;
  assertEquals(edit(file, "", "portal-group f"), [
    "set-portal-group f 258",
    "update-port-access t-p",
  ]);
});

const ISNS = `
  isns-server 192.0.2.1 EDIT
  portal-group p { listen 127.0.0.1 }
  lun x { path /x }
  target ${T} { portal-group p lun 0 x }`;

Deno.test("planReload() registers with iSNS servers what they are told", () => {
  assertEquals(edit(ISNS, "", "isns-server 192.0.2.2"), [
    "register-isns 192.0.2.2",
  ]);
  assertEquals(edit(ISNS, "isns-server 192.0.2.2", ""), [
    "deregister-isns 192.0.2.2",
  ]);
  assertEquals(edit(ISNS, "", "isns-period 60"), ["register-isns 192.0.2.1"]);
  assertEquals(edit(ISNS, "", "isns-timeout 60"), []);
  const start = ISNS.replace("EDIT", "");
  assertEquals(reload(start, start.replace("lun 0 x", "alias a lun 0 x")), [
    "update-port-access t-p",
    "register-isns 192.0.2.1",
  ]);
  assertEquals(reload(start, start.replace("lun 0 x", "lun 1 x")), [
    "unmap-lun t-p 0",
    "map-lun t-p 1 x",
  ]);
});

Deno.test("planReload() registers nothing without a target to find", () => {
  const file = `isns-server 192.0.2.1 target ${T} { EDIT redirect r }`;
  assertEquals(edit(file, "portal-group default", "port isp0").slice(0, 2), [
    "deregister-isns 192.0.2.1",
    "remove-port t-default",
  ]);
  const starting = edit(file, "port isp0", "portal-group default");
  assertEquals(starting.at(-1), "register-isns 192.0.2.1");
});
