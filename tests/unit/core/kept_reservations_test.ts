/**
 * What a unit keeps over a loss of power: that it is durable before an
 * initiator hears of it, and that it finds its ports again.
 */

import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import {
  INITIATORS_PER_PORT_MAX,
  ManagementError,
  PORTS_MAX,
  STATUS,
  type TargetPort,
} from "../../../core/mod.ts";
import {
  hearAttentions,
  targetTest,
  TestTarget,
} from "../../support/core_target.ts";
import {
  persistentReserveIn,
  persistentReserveList,
  persistentReserveOut,
  PR_IN,
  PR_OUT,
} from "../../support/initiator/cdb_reservations.ts";
import { LocalInitiator } from "../../support/local_initiator.ts";
import { FailingState, memoryHost } from "../../support/memory_host.ts";

/** State that tells of each change after it is durable. */
class RecordingState extends FailingState {
  readonly calls: string[];

  constructor(calls: string[]) {
    super();
    this.calls = calls;
  }

  override write(name: string, value: Uint8Array): void {
    super.write(name, value);
    this.calls.push(`write ${name}`);
  }

  override remove(name: string): void {
    super.remove(name);
    this.calls.push(`remove ${name}`);
  }
}

/** An initiator that tells when a status is handed to its transport. */
class RecordingInitiator extends LocalInitiator {
  readonly calls: string[];

  constructor(port: TargetPort, name: string, calls: string[]) {
    super(port, name);
    this.calls = calls;
  }

  override sendCommandComplete(
    task: Parameters<LocalInitiator["sendCommandComplete"]>[0],
  ): void {
    this.calls.push(`status ${task.status}`);
    super.sendCommandComplete(task);
  }
}

interface Recording {
  readonly test: TestTarget;
  readonly initiator: RecordingInitiator;
  readonly calls: string[];
}

/** A target whose calls of state and transport are one sequence. */
async function record(
  body: (recording: Recording) => Promise<void>,
): Promise<void> {
  const calls: string[] = [];
  const host = { ...memoryHost(), state: new RecordingState(calls) };
  const test = new TestTarget(host);
  await test.addLun({ options: { ctld_name: "disk" } });
  const initiator = new RecordingInitiator(test.port, "iqn.a,i,0x1", calls);
  await hearAttentions(initiator);
  calls.length = 0;
  try {
    await body({ test, initiator, calls });
  } finally {
    await test.end();
  }
}

const RESERVATIONS = "lun/name:disk/reservations";

Deno.test("PERSISTENT RESERVE OUT is durable before its status", async () => {
  await record(async ({ initiator, calls }) => {
    const send = (action: number, type: number, actionKey: bigint) =>
      initiator.command(0, persistentReserveOut(action, type), {
        write: persistentReserveList({ key: 1n, actionKey, persist: true }),
      });
    await send(PR_OUT.REGISTER_AND_IGNORE, 0, 1n);
    await send(PR_OUT.RESERVE, 5, 0n);
    await send(PR_OUT.RESERVE, 5, 0n);
    await send(PR_OUT.RELEASE, 5, 0n);
    await send(PR_OUT.CLEAR, 0, 0n);
    assertEquals(calls, [
      `write ${RESERVATIONS}`,
      "status 0",
      `write ${RESERVATIONS}`,
      "status 0",
      "status 0",
      `write ${RESERVATIONS}`,
      "status 0",
      `remove ${RESERVATIONS}`,
      "status 0",
    ]);
  });
});

Deno.test("PERSISTENT RESERVE OUT without APTPL keeps nothing", async () => {
  await record(async ({ initiator, calls }) => {
    await initiator.command(0, persistentReserveOut(PR_OUT.REGISTER), {
      write: persistentReserveList({ actionKey: 1n }),
    });
    assertEquals(calls, ["status 0"]);
  });
});

Deno.test("MODE SELECT with SP is durable before its status", async () => {
  await record(async ({ initiator, calls }) => {
    const list = Uint8Array.fromHex("000000000a0a00000840000000000000");
    const select = (saves: number) =>
      initiator.command(0, [0x15, 0x10 | saves, 0, 0, list.length, 0], {
        write: list,
      });
    await select(0);
    await select(1);
    await select(1);
    await initiator.command(0, [0x15, 0x13, 0, 0, 0, 0]);
    assertEquals(calls, [
      "status 0",
      "write lun/name:disk/mode-pages",
      "status 0",
      "status 0",
      "remove lun/name:disk/mode-pages",
      "status 0",
    ]);
  });
});

Deno.test("a unit whose reservations make no sense is not made", async () => {
  const host = memoryHost();
  for (const name of ["reservations", "mode-pages"]) {
    host.state.write(`lun/name:disk/${name}`, Uint8Array.of(9, 9));
    const test = new TestTarget(host);
    const error = await assertRejects(
      () => test.addLun({ options: { ctld_name: "disk" } }),
      ManagementError,
    );
    assertEquals(error.code, "state");
    assertStringIncludes(error.message, `"lun/name:disk/${name}"`);
    assertStringIncludes(error.message, "It was not changed; ");
    assertEquals(test.target.luns.numbers(), []);
    const kept = host.state.read(`lun/name:disk/${name}`);
    assertEquals(kept, Uint8Array.of(9, 9));
    host.state.remove(`lun/name:disk/${name}`);
    await test.end();
  }
});

function named(name: string): { name: string; lastingName: string } {
  return { name, lastingName: name };
}

async function register(
  initiator: LocalInitiator,
  more: { readonly persist?: boolean; readonly allPorts?: boolean },
): Promise<number> {
  const cdb = persistentReserveOut(PR_OUT.REGISTER_AND_IGNORE);
  const write = persistentReserveList({ actionKey: 1n, ...more });
  return (await initiator.command(0, cdb, { write })).status;
}

async function keyCount(initiator: LocalInitiator): Promise<number> {
  const cdb = persistentReserveIn(PR_IN.READ_KEYS);
  const { data } = await initiator.command(0, cdb, { read: 4096 });
  return data.length / 8 - 1;
}

Deno.test("ports that are registered at keep their numbers", async () => {
  const host = memoryHost();
  const first = new TestTarget(host);
  await first.addLun();
  for (const name of ["one", "two", "three"]) first.addPort(named(name));
  const [, , two] = first.target.ports.all();
  if (two === undefined) throw new TypeError("There is no second port");
  const initiator = await first.connectReady("a", two);
  assertEquals(await register(initiator, { persist: true }), STATUS.GOOD);
  await first.end();
  assertEquals(host.state.names("port/"), ["port/test/two"]);

  // Another order: nobody else gets the number of `two`.
  const second = new TestTarget(host);
  await second.addLun();
  const numbers = ["three", "new", "two", "one"]
    .map((name) => second.addPort(named(name)).number);
  assertEquals(numbers, [4, 6, 5, 7]);
  const again = second.target.ports.get(5);
  const back = await second.connectReady("a", again);
  const release = persistentReserveOut(PR_OUT.RESERVE, 1);
  const { status } = await back.command(0, release, {
    write: persistentReserveList({ key: 1n }),
  });
  assertEquals(status, STATUS.GOOD);
  await second.end();
});

targetTest("numbers without a registration are the lowest free", (test) => {
  const ports = ["x", "y"].map((name) => test.addPort(named(name)));
  assertEquals(ports.map(({ number }) => number), [4, 5]);
  assertEquals(test.host.state.names("port/"), []);
  return Promise.resolve();
});

Deno.test("a number that is kept is given away when no other is left", async () => {
  const host = memoryHost();
  host.state.write("port/test/gone", Uint8Array.of(0, 7));
  const test = new TestTarget(host);
  for (let count = 4; count < PORTS_MAX - 1; count += 1) test.addPort();
  const last = test.addPort(named("last"));
  assertEquals(last.number, 7);
  last.keepNumber();
  last.keepNumber();
  assertEquals(host.state.names("port/"), ["port/test/last"]);
  await test.end();
});

targetTest("a registration survives the eviction of a slot", async (test) => {
  await test.addLun();
  const a = await test.connectReady("a");
  assertEquals(await register(a, {}), STATUS.GOOD);
  await a.disconnect();
  for (let count = 0; count < INITIATORS_PER_PORT_MAX; count += 1) {
    await test.connect(`other${count}`).disconnect();
  }
  const back = await test.connectReady("a");
  assertEquals(await keyCount(back), 1);
  const { status } = await back.command(
    0,
    persistentReserveOut(PR_OUT.RESERVE, 3),
    { write: persistentReserveList({ key: 1n }) },
  );
  assertEquals(status, STATUS.GOOD);
});

targetTest("registrations at all ports have one limit", async (test) => {
  await test.addLun();
  for (let count = 0; count < 99; count += 1) test.addPort();
  for (let index = 0; index < 20; index += 1) {
    const initiator = await test.connectReady(`i${index}`);
    assertEquals(await register(initiator, { allPorts: true }), STATUS.GOOD);
  }
  // 2,000 of 2,048.
  const more = await test.connectReady("more");
  const refused = await more.command(
    0,
    persistentReserveOut(PR_OUT.REGISTER),
    { write: persistentReserveList({ actionKey: 1n, allPorts: true }) },
  );
  assertEquals(refused.sense, "5/55/04");
  assertEquals(await register(more, {}), STATUS.GOOD);
});

targetTest(
  "a list of more initiators than fit registers none",
  async (test) => {
    await test.addLun();
    const initiator = await test.connectReady("a");
    const ids = new Uint8Array(24 * 2100);
    for (let index = 0; index < 2100; index += 1) {
      const id = `iqn.${index},i,0x1`;
      ids.set([0x45, 0, 0, 20], 24 * index);
      ids.set(new TextEncoder().encode(id), 24 * index + 4);
    }
    const write = persistentReserveList({ actionKey: 1n, transportIds: ids });
    const cdb = persistentReserveOut(PR_OUT.REGISTER, 0, write.length);
    const { sense } = await initiator.command(0, cdb, { write });
    assertEquals(sense, "5/55/04");
    assertEquals(await keyCount(initiator), 0);
  },
);
