/**
 * What ends a copy before its time, over real sockets: the abort of its
 * command, the reset of a unit, the loss of the session (SAM-5 7, SPC-5 5.18).
 */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { ABORT, COPIES } from "../../../mod.ts";
import {
  type CloneWish,
  copyLun,
  makeToken,
  startTokenWrite,
  startXcopy,
} from "../../support/copy_client.ts";
import type { ControlledStore } from "../../support/core_store.ts";
import { settle } from "../../support/core_target.ts";
import {
  type RunningCommand,
  type Session,
  STATUS,
  TASK_MANAGEMENT as FUNCTION,
  TASK_MANAGEMENT_RESPONSE as RESPONSE,
} from "../../support/initiator/mod.ts";
import { type SystemTarget, systemTest } from "../../support/system_target.ts";

const SIZE_BYTES = 2 ** 25;
const PINGS_MAX = 1000;
const OTHER = { initiatorName: "iqn.2026-01.test.dtl:other" };

/** A copy of LUN 1 to LUN 2, whose first reads wait for the test. */
class CopyScene {
  readonly system: SystemTarget;
  readonly store: ControlledStore;
  readonly session: Session;
  readonly other: Session;
  readonly command: RunningCommand;
  readonly #readsAtFirst: number;

  constructor(
    parts: Pick<
      CopyScene,
      "system" | "store" | "session" | "other" | "command"
    >,
  ) {
    this.system = parts.system;
    this.store = parts.store;
    this.session = parts.session;
    this.other = parts.other;
    this.command = parts.command;
    this.#readsAtFirst = parts.store.calls.length;
  }

  /** Copies that run. */
  get running(): number {
    const { plugins } = this.system.target;
    const copies = plugins.service(COPIES)?.list() ?? [];
    return copies.filter(({ state }) => state === "running").length;
  }

  /** Waits until nobody copies any more. */
  async whenStopped(): Promise<void> {
    for (let pings = 0; this.running > 0; pings += 1) {
      assert(pings < PINGS_MAX, "the copy goes on");
      await this.other.ping();
    }
  }

  /** Waits until the target has heard that the session is gone. */
  async whenLost(): Promise<void> {
    const taskSet = this.system.target.luns.get(2)?.taskSet;
    for (let pings = 0; taskSet?.oldest?.abort === ABORT.NONE; pings += 1) {
      assert(pings < PINGS_MAX, "the session is still there");
      await this.other.ping();
    }
  }

  /** Nothing more was read than what was under way, and nothing written. */
  async assertUntouched(): Promise<void> {
    this.store.answerAll();
    await this.other.ping();
    await settle();
    assertEquals(this.store.calls.length, this.#readsAtFirst);
    const unit = this.system.target.luns.get(2);
    const extent = await unit?.store?.extent?.(0, SIZE_BYTES / 512);
    assertEquals(extent, { lba: 0, blockCount: SIZE_BYTES / 512, status: 1 });
    assertEquals(unit?.taskSet.size, 0);
    assertEquals(this.system.target.luns.get(1)?.taskSet.size, 0);
  }
}

type Start = (session: Session, wish: CloneWish) => Promise<RunningCommand>;

const STARTS: Readonly<Record<string, Start>> = {
  "EXTENDED COPY": (session, wish) =>
    Promise.resolve(startXcopy(session, wish)),
  "WRITE USING TOKEN": async (session, wish) =>
    startTokenWrite(
      session,
      wish,
      await makeToken(session, wish.source, SIZE_BYTES),
    ),
};

async function openScene(
  system: SystemTarget,
  start: Start,
): Promise<CopyScene> {
  await system.addLun({ backend: "controlled", sizeBytes: SIZE_BYTES });
  await system.addLun({ sizeBytes: SIZE_BYTES });
  const { store } = system.driver;
  const session = await system.openReady();
  const other = await system.openReady(OTHER);
  const wish = {
    source: await copyLun(session, 1),
    destination: await copyLun(session, 2),
  };
  store.holding = true;
  const command = await start(session, wish);
  for (let pings = 0; store.calls.length === 0; pings += 1) {
    assert(pings < PINGS_MAX, "the copy does not begin");
    await session.ping();
  }
  await settle();
  return new CopyScene({ system, store, session, other, command });
}

for (const [name, start] of Object.entries(STARTS)) {
  systemTest(`ABORT TASK stops ${name}, then is answered`, async (system) => {
    const scene = await openScene(system, start);
    const { session, store, command } = scene;
    let isAnswered = false;
    const answer = session
      .taskManagement(FUNCTION.ABORT_TASK, { task: command, lun: 2 })
      .finally(() => isAnswered = true);
    await session.ping();
    await settle();
    assert(!isAnswered, "the store was still at it");
    store.answerHeld();
    assertEquals((await answer).response, RESPONSE.COMPLETE);
    assertEquals(scene.running, 0);
    await session.ping();
    assert(!command.done, "its initiator gave it up");
    await scene.assertUntouched();
  });

  systemTest(`LOGICAL UNIT RESET stops ${name}`, async (system) => {
    const scene = await openScene(system, start);
    const answer = scene.other
      .taskManagement(FUNCTION.LOGICAL_UNIT_RESET, { lun: 2 });
    await scene.other.ping();
    await settle();
    scene.store.answerHeld();
    assertEquals((await answer).response, RESPONSE.COMPLETE);
    assertEquals(scene.running, 0);
    const { status } = await scene.command.result();
    assertEquals(status, STATUS.TASK_ABORTED);
    await scene.assertUntouched();
  });

  systemTest(
    `LOGICAL UNIT RESET of the source ends ${name}`,
    async (system) => {
      const scene = await openScene(system, start);
      const answer = scene.other
        .taskManagement(FUNCTION.LOGICAL_UNIT_RESET, { lun: 1 });
      await scene.other.ping();
      await settle();
      scene.store.answerHeld();
      assertEquals((await answer).response, RESPONSE.COMPLETE);
      const { status } = await scene.command.result();
      assert(status !== STATUS.GOOD, "it was not copied");
      await scene.whenStopped();
      await scene.assertUntouched();
    },
  );

  systemTest(`The loss of the session stops ${name}`, async (system) => {
    const scene = await openScene(system, start);
    const lost = assertRejects(() => scene.command.result());
    await scene.session.abort();
    await lost;
    await scene.whenLost();
    scene.store.answerHeld();
    await scene.whenStopped();
    await scene.assertUntouched();
  });
}
