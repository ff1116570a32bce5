/**
 * A store that takes its time holds up nobody but its own commands.
 */

import { assert, assertEquals } from "@std/assert";
import { assertBytes, patternBytes } from "../../support/bytes.ts";
import {
  read10,
  type RunningCommand,
  type Session,
  STATUS,
  synchronizeCache10,
  write10,
} from "../../support/initiator/mod.ts";
import type { ControlledStore } from "../../support/core_store.ts";
import { type SystemTarget, systemTest } from "../../support/system_target.ts";

interface Scene {
  readonly busy: Session;
  readonly idle: Session;
  readonly store: ControlledStore;
}

/** Two sessions, and a LUN 1 whose store answers when it is told to. */
async function openScene(system: SystemTarget): Promise<Scene> {
  const store = await system.addControlled({ cache: "on" });
  const busy = await system.openReady();
  const idle = await system.openReady();
  store.holding = true;
  return { busy, idle, store };
}

type Start = (session: Session) => RunningCommand;

const SLOW: Readonly<Record<string, Start>> = {
  "SYNCHRONIZE CACHE": (session) => session.start(1, synchronizeCache10(0, 0)),
  "a write with FUA": (session) =>
    session.start(1, write10(0, 1, { fua: true }), {
      write: patternBytes(512),
    }),
  "a read with FUA": (session) =>
    session.start(1, read10(0, 1, { fua: true }), { read: 512 }),
  "a read": (session) => session.start(1, read10(0, 1), { read: 512 }),
  "a write": (session) =>
    session.start(1, write10(0, 1), { write: patternBytes(512) }),
};

for (const [name, start] of Object.entries(SLOW)) {
  systemTest(`${name} lets pings and other LUNs pass`, async (system) => {
    const { busy, idle, store } = await openScene(system);
    const command = start(busy);
    // These answers come while the store is still at it: no clock is needed.
    for (const session of [busy, idle]) {
      assertBytes(await session.ping(patternBytes(8)), patternBytes(8));
      const options = { read: 512 };
      const { status } = await session.command(0, read10(0, 1), options);
      assertEquals(status, STATUS.GOOD);
    }
    assert(store.calls.length > 0 && !command.done);
    store.answerAll();
    assertEquals((await command.result()).status, STATUS.GOOD);
  });
}

systemTest("a flush covers what was written before it", async (system) => {
  const { busy, store } = await openScene(system);
  store.answerAll();
  const data = patternBytes(512);
  await busy.command(1, write10(3, 1), { write: data });
  assertBytes(store.durable(3, 1), new Uint8Array(512));
  const { status } = await busy.command(1, synchronizeCache10(0, 0));
  assertEquals(status, STATUS.GOOD);
  assertBytes(store.durable(3, 1), data);
});

systemTest("a flush that fails is no GOOD", async (system) => {
  const { busy, store } = await openScene(system);
  store.answerAll();
  store.fail("flush", "hardware");
  const { status } = await busy.command(1, synchronizeCache10(0, 0));
  assertEquals(status, STATUS.CHECK_CONDITION);
  store.fail("flush", "no-space");
  const write = patternBytes(512);
  const written = await busy
    .command(1, write10(0, 1, { fua: true }), { write });
  assertEquals(written.status, STATUS.CHECK_CONDITION);
});

systemTest("held immediate data have a limit", async (system) => {
  const { busy, idle, store } = await openScene(system);
  const write = patternBytes(2 ** 17);
  const blocker = busy.start(1, write10(0, 1), {
    write: patternBytes(512),
    attribute: "ordered",
  });
  const commands = Array.from(
    { length: 200 },
    () => busy.start(1, write10(0, 256), { write }),
  );
  await busy.ping();
  await idle.ping();
  const full = commands.filter(({ done }) => done);
  assert(full.length > 50, "16 MiB are held, the rest is refused");
  for (const command of full) {
    assertEquals((await command.result()).status, STATUS.TASK_SET_FULL);
  }
  store.answerAll();
  assertEquals((await blocker.result()).status, STATUS.GOOD);
  for (const command of commands) {
    const { status } = await command.result();
    assert(status === STATUS.GOOD || status === STATUS.TASK_SET_FULL);
  }
});
