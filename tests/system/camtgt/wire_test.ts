/**
 * HBAs of a real daemon, and hosts that are processes of their own.
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { pidFileLine, ramLun } from "../../support/ctl_conf.ts";
import {
  type DaemonFolder,
  daemonFolder,
  exists,
  ROOT,
  waitForLog,
} from "../../support/daemon.ts";
import {
  freePort,
  type RunningProgram,
  startProgram,
} from "../../support/process.ts";
import { printed } from "../daemon/ctladm_support.ts";

const WWPN = "5000000000000a01";
const HOST_WWPN = "2100000000000077";
/** What the host of `host.ts` tells when all is well. */
const STORY = [
  "inquiry FREEBSD",
  "attentions true",
  "compare 0 0 true",
  "many 1024",
  "residual 512 512",
  "sense 2 5 33 0",
  "functions 0 0 41",
  "ready",
];

function conf(folder: DaemonFolder, listen: string, more = ""): string {
  return `${pidFileLine(folder)}
    plugin camtgt {
      option listen "${listen}"
      ${more}
    }
    target naa.${WWPN} {
      auth-group no-authentication
      port camtgt/0/0
      ${ramLun(0)}
    }`;
}

async function startHost(
  address: string,
  wwpn = HOST_WWPN,
): Promise<RunningProgram> {
  return await startProgram(Deno.execPath(), [
    ...["run", "--quiet", "--frozen", "--no-prompt", "-A"],
    ...["--config", `${ROOT}deno.json`],
    ...[`${ROOT}tests/system/camtgt/host.ts`, address, wwpn],
  ], { readyLine: /^(ready|gone)/, timeoutMs: 30_000 });
}

function toldBy(host: RunningProgram): string[] {
  return host.stdout.text.trim().split("\n");
}

/** Wires, and where a host finds them. */
const WIRES: Readonly<
  Record<string, (folder: DaemonFolder) => readonly [string, string]>
> = {
  unix: ({ path }) => [`unix:${path}/hba%p.sock`, `unix:${path}/hba0.sock`],
  tcp: () => {
    const address = `127.0.0.1:${freePort()}`;
    return [address, address];
  },
};

for (const [name, placesOf] of Object.entries(WIRES)) {
  Deno.test(`a host drives a LUN over ${name}`, async () => {
    await using folder = await daemonFolder();
    const [listen, address] = placesOf(folder);
    const ctld = await folder.ctld(conf(folder, listen));
    await using host = await startHost(address);
    const [login = "", ...rest] = toldBy(host);
    assertEquals(rest, STORY);
    const [, wwnn = "", wwpn] = login.split(" ");
    assertEquals(wwpn, WWPN);
    assertMatch(wwnn, /^3[0-9a-f]{15}$/);

    const list = await printed(folder, "portlist", "-i");
    assertMatch(list, new RegExp(`camtgt +camtgt +0 +0 +naa.${WWPN}$`, "m"));
    assertMatch(list, new RegExp(`Target: naa.${wwnn}$`, "m"));
    assertMatch(list, new RegExp(`Initiator 0: naa.${HOST_WWPN}$`, "m"));

    host.kill("SIGTERM");
    await host.waitForExit();
    assertEquals(toldBy(host).at(-1), "gone asked to end");
    const later = await printed(folder, "portlist", "-i");
    assertEquals(later.includes(HOST_WWPN), false);
    assertEquals(ctld.exit, undefined);
  });

  Deno.test(`a host that dies over ${name} is logged out`, async () => {
    await using folder = await daemonFolder();
    const [listen, address] = placesOf(folder);
    await folder.ctld(conf(folder, listen));
    const events = await startProgram(Deno.execPath(), [
      ...["task", "-q", "ctladm", "events"],
    ], { env: folder.env, cwd: ROOT });
    try {
      await using host = await startHost(address);
      assertEquals(toldBy(host).at(-1), "ready");
      host.kill("SIGKILL");
      await host.waitForExit();
      await events.waitForLine(new RegExp(`closed.*${HOST_WWPN}`));
      await using again = await startHost(address);
      assertEquals(toldBy(again).slice(1), STORY);
    } finally {
      await events.stop();
    }
  });
}

Deno.test("the socket of an HBA is its owner's, and goes with it", async () => {
  await using folder = await daemonFolder();
  const socket = `${folder.path}/hba0.sock`;
  const ctld = await folder.ctld(
    conf(folder, `unix:${folder.path}/hba%p.sock`),
  );
  assertEquals(((await Deno.stat(socket)).mode ?? 0) & 0o777, 0o600);
  await using host = await startHost(`unix:${socket}`);

  await printed(folder, "port", "-o", "off", "-p", "3");
  assertEquals(await exists(socket), false);
  await host.waitForExit();
  assertEquals(toldBy(host).at(-1), "gone the port has logged out");
  await printed(folder, "port", "-o", "on", "-p", "3");
  assertEquals(await exists(socket), true);
  await using again = await startHost(`unix:${socket}`);
  assertEquals(toldBy(again).at(-1), "ready");
  ctld.kill("SIGTERM");
  await ctld.waitForExit();
  assertEquals(await exists(socket), false);
});

Deno.test("a daemon that was killed leaves nothing in the way", async () => {
  await using folder = await daemonFolder();
  const listen = `unix:${folder.path}/hba%p.sock`;
  const text = conf(folder, listen);
  const first = await folder.ctld(text);
  const before = await printed(folder, "portlist", "-v");
  first.kill("SIGKILL");
  await first.waitForExit();
  await folder.ctld(text);
  // Names are kept, and the socket that was left is served anew.
  assertEquals(await printed(folder, "portlist", "-v"), before);
  await using host = await startHost(`unix:${folder.path}/hba0.sock`);
  assertEquals(toldBy(host).at(-1), "ready");
});

Deno.test("ctladm makes HBAs, and takes them away", async () => {
  await using folder = await daemonFolder();
  await folder.ctld(pidFileLine(folder));
  await printed(folder, "create", "-b", "ramdisk", "-s", "4m");
  const socket = `${folder.path}/mine.sock`;
  const options = [
    ...["-O", `listen=unix:${socket}`, "-O", "wwpn=50:00:00:00:00:00:0b:01"],
    ...["-O", "wwnn=0x5000000000000b00", "-O", "maxio=64k", "-O", "atios=64"],
    ...["-O", "pp=7", "-O", "transport=sas", "-O", "autosense=off"],
  ];
  assertMatch(
    await printed(folder, "port", "-c", "-d", "camtgt", ...options),
    /^port: {5}3$/m,
  );
  const list = await printed(folder, "portlist", "-v", "-p", "3");
  for (
    const part of [
      "3    NO     camtgt   camtgt   7  0  naa.5000000000000b01",
      "Target: naa.5000000000000b00",
      "port_type=32",
      `camtgt_wire=unix:${socket}`,
      "camtgt_atios=64",
      "camtgt_maxio=65536",
      "camtgt_autosense=off",
    ]
  ) assert(list.includes(part), `${part} in\n${list}`);
  const refused = await folder
    .ctladm("port", "-c", "-d", "camtgt", "-O", "listen=0.0.0.0:3270");
  assertMatch(refused.stderr, /can be reached from other machines/);
  await printed(folder, "port", "-o", "on", "-p", "3");
  assertEquals(await exists(socket), true);
  await printed(folder, "port", "-r", "-d", "camtgt", "-O", "port_id=3");
  assertEquals(await exists(socket), false);
  const { stdout } = await folder.ctladm("portlist");
  assertEquals(stdout.includes("camtgt"), false);
});

for (const [name, placesOf] of Object.entries(WIRES)) {
  Deno.test(`ctladm permissions are enough for ${name}`, async () => {
    await using folder = await daemonFolder();
    const [listen, address] = placesOf(folder);
    await folder.configure(conf(folder, listen));
    const told = await folder
      .ctladm("permissions", "-f", folder.configuration, "--json");
    const { flags, variables, notes }: {
      readonly flags: readonly string[];
      readonly variables: Readonly<Record<string, string>>;
      readonly notes: readonly string[];
    } = JSON.parse(told.stdout);
    assertEquals(notes.some((note) => note.includes("camtgt")), false);
    await using ctld = await startProgram(Deno.execPath(), [
      ...["run", "--quiet", "--frozen", "--cached-only", "--no-prompt"],
      ...[...flags, `${ROOT}ctladm/ctld.ts`, "-f", folder.configuration],
    ], { env: { ...folder.env, ...variables }, cwd: ROOT });
    await waitForLog(ctld, /serving targets=/);
    await using host = await startHost(address);
    assertEquals(toldBy(host).slice(1), STORY);
  });
}

Deno.test("something else where the socket goes is left alone", async () => {
  await using folder = await daemonFolder();
  const path = `${folder.path}/hba0.sock`;
  await Deno.writeTextFile(path, "mine");
  const listen = `unix:${folder.path}/hba%p.sock`;
  const ctld = await folder.ctld(conf(folder, listen));
  await waitForLog(ctld, /A port has no wire .*something else is there/);
  assertEquals(await Deno.readTextFile(path), "mine");
});

Deno.test("the socket of another daemon is not taken", async () => {
  await using folder = await daemonFolder();
  const listen = `unix:${folder.path}/hba%p.sock`;
  await folder.ctld(conf(folder, listen));
  await using other = await daemonFolder();
  await other.configure(conf(other, listen));
  const { code, stderr } = await other.runCtld("-f", other.configuration);
  assertEquals(code, 1);
  assertMatch(stderr, /hba0\.sock is served already/);
  await using host = await startHost(`unix:${folder.path}/hba0.sock`);
  assertEquals(toldBy(host).at(-1), "ready");
});

Deno.test("garbage and silence on the wire disturb nobody", async () => {
  await using folder = await daemonFolder();
  const socket = `${folder.path}/hba0.sock`;
  const ctld = await folder.ctld(
    conf(folder, `unix:${folder.path}/hba%p.sock`),
  );
  const silent: Deno.UnixConn[] = [];
  for (let count = 0; count < 20; count += 1) {
    silent.push(await Deno.connect({ transport: "unix", path: socket }));
  }
  for (let count = 0; count < 20; count += 1) {
    const peer = await Deno.connect({ transport: "unix", path: socket });
    const bytes = crypto.getRandomValues(new Uint8Array(4096));
    await peer.write(bytes).catch(() => {});
    // It answers with a refusal, or by closing: both end.
    while (await peer.read(new Uint8Array(64)).catch(() => null) !== null);
    peer.close();
  }
  await using host = await startHost(`unix:${socket}`);
  assertEquals(toldBy(host).slice(1), STORY);
  for (const peer of silent) peer.close();
  assertEquals(ctld.exit, undefined);
  assertEquals(/ERR/.test(ctld.stderr.text), false, ctld.stderr.text);
});
