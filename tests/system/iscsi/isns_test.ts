/**
 * Registration with an iSNS server over a real socket, led by ctl.conf
 * (RFC 4171).
 */

import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { exchangeIsns } from "../../../frontends/iscsi/isns_adapter.ts";
import { parseConfiguration } from "../../../ctladm/conf/parser.ts";
import { Daemon } from "../../../ctladm/daemon/daemon.ts";
import { encodeIsnsMessage } from "../../../frontends/iscsi/wire/isns.ts";
import { daemonFolder, endBy, waitForLog } from "../../support/daemon.ts";
import { IsnsServer } from "../../support/isns_server.ts";
import { type MemoryHost, memoryHost } from "../../support/memory_host.ts";
import { freePort } from "../../support/ports.ts";

const ONE = "iqn.2026-01.test.dtl:one";
const TWO = "iqn.2026-01.test.dtl:two";
const HOST = Deno.hostname();

/** A daemon in this process; its clock stands still. */
class Rig implements AsyncDisposable {
  readonly host: MemoryHost = memoryHost();
  readonly daemon: Daemon = new Daemon({ host: this.host, log: this.host.log });

  /** Puts a ctl.conf in force. */
  async apply(text: string): Promise<void> {
    const outcome = parseConfiguration(text);
    if ("error" in outcome) throw new Error(outcome.error);
    assertEquals(await this.daemon.apply(outcome.configuration), []);
  }

  /** Port of the portal of the first portal group. */
  get port(): number {
    return this.daemon.portals[0]?.portal.port ?? 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.daemon[Symbol.asyncDispose]();
  }
}

function target(name: string, more = ""): string {
  return `target ${name} {
    auth-group no-authentication
    portal-group pg0
    lun 0 { backend ramdisk size 1M option capacity 1M }
    ${more}
  }\n`;
}

function configuration(servers: readonly IsnsServer[], body: string): string {
  return servers.map(({ port }) => `isns-server 127.0.0.1:${port}\n`).join("") +
    `portal-group pg0 { listen 127.0.0.1:0 tag 7 }\n${body}`;
}

Deno.test("a target is registered with iSNS, and taken off", async () => {
  await using server = new IsnsServer();
  const rig = new Rig();
  await rig.apply(configuration([server], target(ONE, "alias Disk")));
  assertEquals(await server.message(), `deregister 32=${ONE} 0= 1=${HOST}`);
  assertEquals(
    await server.message(),
    `register 32=${ONE} 0= 1=${HOST} 2=2 6=900 ` +
      `16=127.0.0.1 17=${rig.port} 32=${ONE} 33=1 34=Disk ` +
      `51=7 49=127.0.0.1 50=${rig.port}`,
  );
  await rig[Symbol.asyncDispose]();
  assertEquals(await server.message(), `deregister 32=${ONE} 0= 1=${HOST}`);
  assertEquals([...server.entities], []);
});

Deno.test("iSNS is told the address of a wildcard portal", async () => {
  await using server = new IsnsServer();
  await using rig = new Rig();
  await rig.apply(
    configuration([server], target(ONE)).replace(
      "127.0.0.1:0",
      "0.0.0.0:0",
    ),
  );
  assertEquals(await server.kinds(1), "deregister");
  assertMatch(
    await server.message(),
    new RegExp(` 16=127\\.0\\.0\\.1 17=${rig.port} .* 49=127\\.0\\.0\\.1 `),
  );
});

Deno.test("a reload tells iSNS what changed", async () => {
  await using first = new IsnsServer();
  await using second = new IsnsServer();
  await using rig = new Rig();
  await rig.apply(configuration([first], target(ONE)));
  assertEquals(await first.kinds(2), "deregister register");
  await rig.apply(configuration([first, second], target(ONE)));
  assertEquals(await second.kinds(2), "deregister register");
  await rig.apply(configuration([first, second], target(ONE) + target(TWO)));
  assertEquals(await second.kinds(1), "deregister");
  assertMatch(await second.message(), new RegExp(` 32=${TWO} 33=1 51=7 `));
  await rig.apply(configuration([second], target(ONE) + target(TWO)));
  // What it was told last was the reload with two targets.
  assertEquals(await first.kinds(3), "deregister register deregister");
  assertEquals([...first.entities], []);
  assertEquals(second.entities.size, 1);
});

Deno.test("iSNS is asked from time to time, and told once more", async () => {
  await using server = new IsnsServer();
  await using rig = new Rig();
  await rig.apply(configuration([server], target(ONE) + "isns-period 60"));
  assertEquals(await server.kinds(2), "deregister register");
  await rig.daemon.iscsiIfLoaded?.isns.settled();
  rig.host.clock.advance(20_000);
  assertEquals(await server.message(), `query 32=${ONE} 1=${HOST} 0= 2=`);
  await rig.daemon.iscsiIfLoaded?.isns.settled();
  server.entities.clear();
  rig.host.clock.advance(20_000);
  assertEquals(await server.kinds(3), "query deregister register");
  await rig.daemon.iscsiIfLoaded?.isns.settled();
  assertEquals([...server.entities.keys()], [HOST]);
});

const BAD_SERVERS: Readonly<Record<string, IsnsServer["behaviour"]>> = {
  "refuses": { status: 8 },
  "is busy": { status: 12 },
  "answers with garbage": { bytes: new Uint8Array(40).fill(0xff) },
  "answers with too little": { bytes: new Uint8Array(16) },
};

for (const [name, behaviour] of Object.entries(BAD_SERVERS)) {
  Deno.test(`an iSNS server that ${name} is survived`, async () => {
    await using server = new IsnsServer();
    server.behaviour = behaviour;
    await using rig = new Rig();
    await rig.apply(configuration([server], target(ONE)));
    await rig.daemon.iscsiIfLoaded?.isns.settled();
    const warnings = rig.host.log.lines
      .filter(({ text }) => text === "warn: Cannot register with iSNS server");
    assertEquals(warnings.length, 1);
  });
}

Deno.test("an iSNS server that is away stops nothing", async () => {
  await using rig = new Rig();
  const port = freePort();
  await rig.apply(
    `isns-server 127.0.0.1:${port}\n` + configuration([], target(ONE)),
  );
  await rig.daemon.iscsiIfLoaded?.isns.settled();
  assert(rig.port > 0);
  await using server = new IsnsServer(port);
  rig.host.clock.advance(300_000);
  assertEquals(await server.kinds(3), "query deregister register");
  await rig.daemon.iscsiIfLoaded?.isns.settled();
  assertEquals([...server.entities.keys()], [HOST]);
});

Deno.test("an iSNS server that is silent stops nothing", async () => {
  await using server = new IsnsServer();
  server.behaviour = { silent: true };
  await using rig = new Rig();
  await rig.apply(configuration([server], target(ONE)));
  assertEquals(await server.kinds(1), "deregister");
  // The reload is over, while the server still says nothing.
  server.behaviour = {};
  server.hangUp();
  assertEquals(await server.kinds(1), "register");
});

Deno.test("exchangeIsns() waits for no longer than it may", async () => {
  await using server = new IsnsServer();
  server.behaviour = { silent: true };
  const { port } = server;
  const message = encodeIsnsMessage(2, 1, new Uint8Array(0));
  const place = { text: "server", address: "127.0.0.1", port };
  await assertRejects(
    () => exchangeIsns(place, () => message, 20),
    Error,
    "no answer in 0.02 s",
  );
});

Deno.test("ctld registers with iSNS until SIGTERM", async () => {
  await using server = new IsnsServer();
  await using folder = await daemonFolder();
  const text = `pidfile "${folder.pidFile}"\n` +
    configuration([server], target(ONE));
  const daemon = await folder.ctld(text);
  assertEquals(await server.kinds(2), "deregister register");
  assertEquals([...server.entities.keys()], [HOST]);
  await folder.configure(text.replace("tag 7", "tag 8"));
  daemon.kill("SIGHUP");
  await waitForLog(daemon, /configuration reloaded/);
  assertEquals(await server.kinds(1), "deregister");
  assertMatch(await server.message(), / 51=8 /);
  assertEquals((await endBy(daemon, "SIGTERM")).code, 0);
  assertEquals(await server.kinds(1), "deregister");
  assertEquals([...server.entities], []);
});
