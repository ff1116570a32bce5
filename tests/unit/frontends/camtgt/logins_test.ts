import { assertEquals, assertRejects } from "@std/assert";
import { CamInitiator } from "../../../../frontends/camtgt/initiator.ts";
import { LOGIN_MS_MAX } from "../../../../frontends/camtgt/limits.ts";
import { simulatedWire } from "../../../../frontends/camtgt/simulated.ts";
import { FRAME } from "../../../../frontends/camtgt/wire/frame.ts";
import { encodeLogin } from "../../../../frontends/camtgt/wire/payloads.ts";
import {
  blocksCdb,
  type CamRig,
  camRig,
  camTest,
  readBlocks,
  within,
} from "../../../support/cam_rig.ts";
import { settle, settled, targetTest } from "../../../support/core_target.ts";

const HUNDRED = Array.from({ length: 100 }, (_, at) => BigInt(at + 1));
const READ = { exchange: 1, cdb: blocksCdb(0x28, 0, 4), read: 2048 };
const LIMITS = { dataLengthMax: 4096, commandsMax: 0, functionsMax: 0 };

function loginFrame(wwpn: bigint): Uint8Array {
  return encodeLogin({ wwnn: 5n, wwpn, ...LIMITS });
}

function isEmpty({ service, port }: CamRig): boolean {
  return [...port.nexuses].length === 0 &&
    Object.entries(service.usage(port))
      .every(([name, count]) => name.startsWith("ctios") || count === 0);
}

camTest("A hundred initiators come, read, and log out", {}, async (rig) => {
  for (let round = 0; round < 3; round += 1) {
    const peers = [];
    for (const wwpn of HUNDRED) peers.push(await rig.ready(wwpn));
    assertEquals(rig.service.usage(rig.port).logins, 100);
    assertEquals([...rig.port.nexuses].length, 100);
    const reads = peers.map(({ initiator }, at) =>
      initiator.execute(readBlocks(at, 3))
    );
    for (const read of reads) assertEquals((await within(read)).status, 0);
    for (const { initiator } of peers) await within(initiator.logOut());
    assertEquals(isEmpty(rig), true);
  }
});

camTest("A hundred come and their cables are cut", {}, async (rig) => {
  const peers = [];
  for (const wwpn of HUNDRED) peers.push(await rig.ready(wwpn));
  rig.test.driver.store.holding = true;
  const reads = peers.map(({ initiator }) =>
    initiator.execute(readBlocks(0, 1))
  );
  await settle();
  for (const { initiator } of peers) initiator.cut();
  for (const read of reads) await assertRejects(() => within(read), TypeError);
  rig.test.driver.store.answerAll();
  await settle();
  assertEquals(isEmpty(rig), true);
});

camTest("Another login of the same name takes its place", {}, async (rig) => {
  const first = await rig.rawReady(7n);
  await first.command(READ);
  first.heard();
  const second = await rig.ready(7n);
  assertEquals(first.closed, true);
  assertEquals([...rig.port.nexuses].length, 1);
  const { status } = await within(second.initiator.execute(readBlocks(0, 1)));
  assertEquals(status, 0);
});

camTest("Logins wait for the commands of their name", {}, async (rig) => {
  const first = await rig.rawReady(7n);
  const { store } = rig.test.driver;
  store.holding = true;
  await first.command(READ);
  const second = rig.raw();
  await second.logIn(7n);
  const third = rig.raw();
  await third.logIn(7n);
  // Two nexuses of one name would be one too many.
  assertEquals([...rig.port.nexuses].length, 1);
  assertEquals([...second.heard(), ...third.heard()], []);
  store.answerAll();
  await settle();
  assertEquals(third.heard(), ["0 LOGIN_ACCEPT"]);
  assertEquals([...rig.port.nexuses].length, 1);
  assertEquals([first.closed, second.closed], [true, true]);
});

camTest("They do not wait for ever", {}, async (rig) => {
  const first = await rig.rawReady(7n);
  const { store } = rig.test.driver;
  store.holding = true;
  await first.command(READ);
  const second = rig.raw();
  await second.logIn(7n);
  rig.test.host.clock.advance(LOGIN_MS_MAX);
  await settle();
  assertEquals(second.closed, true);
  store.answerAll();
  await settle();
  assertEquals(isEmpty(rig), true);
  await rig.ready(7n);
});

camTest("Logins have a limit", { logins: "2" }, async (rig) => {
  await rig.ready(1n);
  const { initiator } = await rig.ready(2n);
  await assertRejects(
    () => rig.connect(3n),
    TypeError,
    "the port takes no further logins",
  );
  await within(initiator.logOut());
  await rig.ready(3n);
});

/** First frames that are no login. */
const NO_LOGINS: readonly (readonly [title: string, payload: Uint8Array])[] = [
  ["port name 0", loginFrame(0n)],
  ["another version", loginFrame(1n).with(5, 2)],
  ["another protocol", loginFrame(1n).with(0, 0x47)],
  [
    "frames of 511 bytes",
    (() => {
      const payload = loginFrame(1n);
      new DataView(payload.buffer).setUint32(24, 511);
      return payload;
    })(),
  ],
];

for (const [title, payload] of NO_LOGINS) {
  camTest(`A login with ${title} is refused`, {}, async (rig) => {
    const host = rig.raw();
    await host.send({ type: FRAME.LOGIN }, payload);
    assertEquals(host.heard(), ["0 LOGIN_REJECT 01"]);
    await settle();
    assertEquals(host.closed, true);
    assertEquals(isEmpty(rig), true);
  });
}

camTest("A command before the login is refused", {}, async (rig) => {
  const host = rig.raw();
  await host.command(READ);
  assertEquals(host.heard(), ["0 LOGIN_REJECT 01"]);
  assertEquals(host.closed, true);
});

camTest("Whoever connects and says nothing is let go", {}, async (rig) => {
  const host = rig.raw();
  await settle();
  rig.test.host.clock.advance(LOGIN_MS_MAX);
  await settle();
  assertEquals(host.closed, true);
});

camTest("The oldest silent connection makes room", {}, async (rig) => {
  const hosts = Array.from({ length: 70 }, () => rig.raw());
  await settle();
  assertEquals(hosts.map(({ closed }) => closed).indexOf(false), 6);
  await rig.ready(1n);
});

camTest("A port that goes off line logs everybody out", {}, async (rig) => {
  const { initiator } = await rig.ready(1n);
  const host = await rig.rawReady(2n);
  await host.command(READ);
  host.heard();
  rig.port.setOnline(false);
  await settle();
  assertEquals(await settled(initiator.gone), "the port has logged out");
  assertEquals(host.closed, true);
  assertEquals(isEmpty(rig), true);
  const [near, far] = simulatedWire();
  rig.service.accept(rig.port, far, "test");
  const { clock } = rig.test.host;
  const again = CamInitiator.logIn(near, clock, { wwpn: 1n });
  again.catch(() => {});
  await assertRejects(() => within(again), TypeError);
  rig.port.setOnline(true);
  await rig.ready(1n);
});

targetTest("An HBA that is pulled out takes its port along", async (test) => {
  await test.addLun({ backend: "controlled" });
  const rig = await camRig(test);
  const host = await rig.rawReady(1n);
  const other = await test.connectReady("other");
  test.driver.store.holding = true;
  await host.command(READ);
  const pulled = rig.service.pull(rig.port);
  await settle();
  assertEquals(host.closed, true);
  test.driver.store.answerAll();
  await within(pulled);
  // Not a word more, and nothing is left of it.
  assertEquals(host.heard(), []);
  assertEquals(test.target.ports.get(rig.port.number), undefined);
  assertEquals(test.target.luns.get(0)?.taskSet.size, 0);
  assertEquals(rig.service.ports(), []);
  const { status } = await other.command(0, blocksCdb(0x28, 0, 1), {
    read: 512,
  });
  assertEquals(status, 2); // 3F/03: a port has gone.
  const next = await rig.service.create(new Map());
  assertEquals(next.description.physicalPort, 0);
});

camTest("Logins and logouts are told", {}, async (rig) => {
  const events = rig.test.target.events.subscribe();
  const { initiator } = await rig.connect(0x21n);
  await within(initiator.logOut());
  await settle();
  events[Symbol.dispose]();
  const heard: string[] = [];
  for (let event = await events.next(); event; event = await events.next()) {
    if (event.type !== "session-opened" && event.type !== "session-closed") {
      continue;
    }
    const { type, initiator, address, port } = event;
    heard.push(`${type} ${initiator} ${address} ${port === rig.port.number}`);
  }
  assertEquals(heard, [
    "session-opened naa.0000000000000021 test true",
    "session-closed naa.0000000000000021 test true",
  ]);
});
