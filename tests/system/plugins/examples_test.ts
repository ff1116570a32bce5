/**
 * The examples of the guide in a daemon: named in ctl.conf in both syntaxes,
 * loaded by ctladm, reloaded, driven.
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { pidFileLine } from "../../support/ctl_conf.ts";
import {
  type DaemonFolder,
  daemonFolder,
  waitForLog,
} from "../../support/daemon.ts";
import { LinesClient } from "../../support/lines_client.ts";
import { writeExample } from "../../support/plugin_examples.ts";
import { freePort } from "../../support/ports.ts";

const BLOCK = 512;
const BLOCK_CDB = { READ: 0x28, WRITE: 0x2a } as const;

function cdb(opcode: number, lba: number): Uint8Array {
  return Uint8Array.of(opcode, 0, 0, 0, 0, lba, 0, 0, 1, 0);
}

/** Writes a block by one connection, and reads it by another. */
async function drive(port: number, lba: number, seed: number): Promise<void> {
  const data = new Uint8Array(BLOCK).fill(seed);
  const writer = await LinesClient.connect(port, "writer");
  const reader = await LinesClient.connect(port, "reader");
  for (const each of [writer, reader]) {
    await each.send({ cdb: new Uint8Array(6) }).ended;
  }
  const written = await writer
    .send({ cdb: cdb(BLOCK_CDB.WRITE, lba), dataOut: data }).ended;
  assertEquals([written.status, written.senseData.toHex()], [0, ""]);
  const read = await reader
    .send({ cdb: cdb(BLOCK_CDB.READ, lba), dataInLength: BLOCK }).ended;
  assertEquals([read.status, read.dataIn], [0, data]);
  await writer.disconnect();
  await reader.disconnect();
}

/** Registers a test with a folder that holds both examples. */
function examplesTest(
  name: string,
  body: (
    folder: DaemonFolder,
    paths: { readonly sparse: string; readonly lines: string },
    port: number,
  ) => Promise<void>,
): void {
  Deno.test(name, async () => {
    await using folder = await daemonFolder();
    const paths = {
      sparse: await writeExample(folder.path, "sparse.ts"),
      lines: await writeExample(folder.path, "lines.ts"),
    };
    await body(folder, paths, freePort());
  });
}

const T = "iqn.2026-01.test.dtl:lines";

examplesTest(
  "ctl.conf names plugins by their paths, and a reload follows",
  async (folder, { sparse, lines }, port) => {
    const conf = (listen: number, size: string) =>
      `${pidFileLine(folder)}
      plugin ${lines} { option listen 127.0.0.1:${listen} }
      lun x {
        backend ${sparse}
        size ${size}
        option blocks_max 2
      }
      target ${T} { auth-group no-authentication
        port lines
        lun 0 x }`;
    const daemon = await folder.ctld(conf(port, "1M"));
    await drive(port, 3, 0xaa);
    // The port shows what its target shows, and its store is a plugin's.
    const { stdout } = await folder.ctladm("devlist", "-v");
    assertMatch(stdout, /sparse/);

    const other = freePort();
    await folder.configure(conf(other, "1M"));
    daemon.kill("SIGHUP");
    await waitForLog(daemon, /configuration reloaded errors=0/);
    await drive(other, 3, 0xbb);

    await folder.configure(pidFileLine(folder));
    daemon.kill("SIGHUP");
    let reloads = 0;
    await waitForLog(daemon, (line) => {
      if (/configuration reloaded errors=0/.test(line)) reloads += 1;
      return reloads === 2;
    });
    const unload = await folder.ctladm("unload", sparse);
    assertEquals([unload.code, unload.stderr], [0, ""]);
    assertEquals(daemon.stderr.text.match(/\[ERR\]/g), null);
  },
);

examplesTest(
  "ctl.conf in UCL says the same",
  async (folder, { sparse, lines }, port) => {
    await folder.ctld(
      `pidfile = "${folder.pidFile}"
      plugin "${lines}" { options { listen = "127.0.0.1:${port}" } }
      lun x { backend = "${sparse}"; size = 1MB; options { blocks_max = 8 } }
      target ${T} { auth-group = no-authentication; port = lines
        lun { 0 = x } }`,
      "-u",
    );
    await drive(port, 5, 0x5a);
  },
);

examplesTest(
  "ctladm loads plugins by their paths, and takes them out",
  async (folder, { sparse, lines }, port) => {
    await folder.ctld(pidFileLine(folder));
    const listen = `listen=127.0.0.1:${port}`;
    const steps = [
      ["load", "-o", listen, lines],
      ["load", sparse],
      ["create", "-b", "sparse", "-s", "1M", "-o", "blocks_max=1"],
    ];
    for (const words of steps) {
      const { code, stderr } = await folder.ctladm(...words);
      assertEquals([code, stderr], [0, ""], words.join(" "));
    }
    await drive(port, 1, 0x11);
    // The option of the plugin holds: a second block finds no room.
    const full = await LinesClient.connect(port, "full");
    await full.send({ cdb: new Uint8Array(6) }).ended;
    const dataOut = new Uint8Array(BLOCK).fill(1);
    const second = await full
      .send({ cdb: cdb(BLOCK_CDB.WRITE, 2), dataOut }).ended;
    assertEquals(second.senseData.subarray(12, 14).toHex(), "2707");

    const used = await folder.ctladm("unload", sparse);
    assertMatch(used.stderr, /Cannot unload plugin ".*": LUN 0 uses it/);
    assertEquals((await folder.ctladm("unload", lines)).code, 0);
    await full.disconnect();
    const refused = await LinesClient.connect(port, "late")
      .then(() => false, () => true);
    assert(refused, "It still listens");
  },
);

const BROKEN: readonly (readonly [string, string, RegExp])[] = [
  ["throws at import", `throw new Error("planted")`, /planted/],
  ["exports nothing", `export const other = 1;`, /exports no "plugin"/],
  [
    "is of another version",
    `export const plugin = { api: 99 };`,
    /made for plugin API 99, this is 1/,
  ],
  ["is no program", `export const = 1;`, /broken\.ts/],
];

for (const [what, text, message] of BROKEN) {
  examplesTest(`a plugin that ${what} is refused`, async (folder) => {
    const path = `${folder.path}/broken.ts`;
    await Deno.writeTextFile(path, text);
    const daemon = await folder.ctld(pidFileLine(folder));
    const { code, stderr } = await folder.ctladm("load", path);
    assertEquals(code, 1);
    assertMatch(stderr, message);
    assert(stderr.includes(`Cannot load plugin "${path}"`), stderr);
    await folder.configure(`${pidFileLine(folder)} plugin ${path}`);
    daemon.kill("SIGHUP");
    await waitForLog(daemon, /configuration reloaded errors=1/);
    assertMatch(daemon.stderr.text, /load-plugin ".*broken\.ts": Cannot load/);
    assertEquals((await folder.ctladm("devlist")).code, 0);
  });
}

const LATE = `
import { definePlugin } from "dtl";
export const plugin = definePlugin({
  name: "late",
  api: 1,
  options: {},
  requires: {},
  optional: {},
  setup() {
    setTimeout(() => { throw new Error("planted in a timer"); }, 1);
    setTimeout(() => Promise.reject(new Error("planted in a promise")), 2);
    return { [Symbol.asyncDispose]: () => Promise.reject("planted at its end") };
  },
});
`;

examplesTest(
  "a plugin that throws where nobody waits does not end the daemon",
  async (folder) => {
    const path = `${folder.path}/late.ts`;
    await Deno.writeTextFile(path, LATE);
    const daemon = await folder.ctld(pidFileLine(folder));
    assertEquals((await folder.ctladm("load", path)).code, 0);
    await waitForLog(daemon, /planted in a timer/);
    await waitForLog(daemon, /planted in a promise/);
    assertEquals((await folder.ctladm("unload", path)).code, 0);
    await waitForLog(daemon, /A plugin failed .*planted at its end/);
    assertEquals((await folder.ctladm("devlist")).code, 0);
  },
);
