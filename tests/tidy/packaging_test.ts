import { assert, assertEquals } from "@std/assert";
import { parseConfiguration } from "../../ctladm/conf/parser.ts";
import {
  flagsOf,
  type PermissionRequest,
  permissionsOf,
  RUN_FLAGS,
  runVariables,
} from "../../ctladm/permissions.ts";
import { ROOT } from "./facts.ts";
import { readText } from "./tree.ts";

const FOLDER = "ctladm/packaging/";

function textOf(name: string): string {
  return readText(FOLDER + name) ?? "";
}

/** What ctld is run with, where these files put it. */
function sampleRequest(): PermissionRequest {
  const outcome = parseConfiguration(textOf("ctl.conf"));
  assert("configuration" in outcome, JSON.stringify(outcome));
  assertEquals(outcome.warnings, []);
  return {
    configuration: outcome.configuration,
    file: "/etc/ctl.conf",
    included: [],
    isUcl: false,
    api: undefined,
    logFile: undefined,
    program: "/usr/local/lib/dtl/ctladm/ctld.ts",
    socket: "/var/run/dtl/ctl.sock",
    state: "/var/lib/dtl",
    libc: undefined,
    realPath: () => undefined,
  };
}

/** The flags of the last `deno run` of a file. */
function flagsIn(text: string): string[] {
  const run = text.slice(text.lastIndexOf("/usr/local/bin/deno"));
  return [...run.matchAll(/--[a-z0-9-]+(?:=[^\s",]+(?:,[^\s",]+)*)?/g)]
    .map(([flag]) => flag);
}

function serviceFlags(name: string): string[] {
  const text = textOf(name);
  if (name !== "dtl_ctld") return flagsIn(text);
  const [, list = ""] = /permissions:="([^"]*)"/.exec(text) ?? [];
  return flagsIn(`/usr/local/bin/deno ${list}`);
}

for (const name of ["dtl-ctld.service", "dtl_ctld", "Containerfile"]) {
  Deno.test(`${name} grants what ctladm permissions prints`, () => {
    const request = sampleRequest();
    const flags = flagsOf(permissionsOf(request).permissions);
    assertEquals(serviceFlags(name), [...RUN_FLAGS, ...flags]);
    const text = textOf(name);
    for (const [variable, value] of Object.entries(runVariables(request))) {
      assert(text.includes(`${variable}=${value}`), variable);
    }
    for (const word of [request.program, request.file]) {
      assert(text.includes(word), word);
    }
    const { pidfile } = request.configuration;
    assert(name !== "dtl_ctld" || text.includes(`pidfile="${pidfile}"`));
  });
}

/** Sections of a unit file: settings in order. */
function sectionsOf(text: string): Map<string, Map<string, string[]>> {
  const sections = new Map<string, Map<string, string[]>>();
  let settings = new Map<string, string[]>();
  for (const line of text.replaceAll("\\\n", "").split("\n")) {
    const section = /^\[(\w+)\]$/.exec(line)?.[1];
    if (section !== undefined) {
      sections.set(section, settings = new Map());
      continue;
    }
    if (/^\s*(?:#|$)/.test(line)) continue;
    const [, name, value = ""] = /^([A-Z]\w*)=(.*)$/.exec(line) ?? [];
    assert(name !== undefined, line);
    settings.set(name, [...settings.get(name) ?? [], value]);
  }
  return sections;
}

Deno.test("dtl-ctld.service is hardened, and not root", () => {
  const sections = sectionsOf(textOf("dtl-ctld.service"));
  assertEquals([...sections.keys()], ["Unit", "Service", "Install"]);
  const service = sections.get("Service");
  const expected = {
    User: "dtl",
    NoNewPrivileges: "yes",
    ProtectSystem: "strict",
    CapabilityBoundingSet: "",
    RestrictAddressFamilies: "AF_UNIX AF_INET AF_INET6",
    StateDirectory: "dtl",
    RuntimeDirectory: "dtl",
  };
  for (const [name, value] of Object.entries(expected)) {
    assertEquals(service?.get(name), [value], name);
  }
});

Deno.test("dtl_ctld is a script that the shell can read", async () => {
  const path = `${ROOT}${FOLDER}dtl_ctld`;
  const { success, stderr } = await new Deno.Command("sh", {
    args: ["-n", path],
    stdin: "null",
  }).output();
  assert(success, new TextDecoder().decode(stderr));
});

Deno.test("The Containerfile takes the Deno that README.md names", () => {
  const [named] = /deno@[\d.]+/.exec(readText("README.md") ?? "") ?? [];
  assert(named !== undefined && textOf("Containerfile").includes(named));
});
