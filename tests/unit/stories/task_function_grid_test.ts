/**
 * Every task management function against a task of the same and of another
 * nexus, wherever the task stands (SAM-5 clause 7).
 */

import { assertEquals } from "@std/assert";
import {
  STATUS,
  TASK_MANAGEMENT,
  type TaskManagementFunction,
} from "../../../core/mod.ts";
import {
  isSettled,
  settle,
  settled,
  targetTest,
  type TestTarget,
} from "../../support/core_target.ts";
import { type CommandResult, SILENT } from "../../support/local_initiator.ts";
import type { TestNexus } from "../../support/test_nexus.ts";

// How the task ends: the same nexus' own, and another one's. What is not
// touched ends GOOD. Then the answer, for the own task and the other.
const GRID = `
  ABORT_TASK               SILENT GOOD     COMPLETE  COMPLETE
  ABORT_TASK_SET           SILENT GOOD     COMPLETE  COMPLETE
  CLEAR_TASK_SET           SILENT ABORTED  COMPLETE  COMPLETE
  LOGICAL_UNIT_RESET       SILENT ABORTED  COMPLETE  COMPLETE
  TARGET_RESET             SILENT ABORTED  COMPLETE  COMPLETE
  I_T_NEXUS_RESET          SILENT GOOD     COMPLETE  COMPLETE
  QUERY_TASK               GOOD   GOOD     SUCCEEDED COMPLETE
  QUERY_TASK_SET           GOOD   GOOD     SUCCEEDED COMPLETE
  QUERY_ASYNCHRONOUS_EVENT GOOD   GOOD     COMPLETE  COMPLETE
`;

const STATUS_OF: Readonly<Record<string, number>> = {
  SILENT,
  GOOD: STATUS.GOOD,
  ABORTED: STATUS.TASK_ABORTED,
};

interface Scene {
  readonly test: TestTarget;
  /** Whose task it is. */
  readonly owner: TestNexus;
  /** Somebody else. */
  readonly third: TestNexus;
}

const TAG = 77;
const WRITE = [0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0];
const READ = [0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0];
const BLOCK = new Uint8Array(512);

function write(who: TestNexus, immediate: number, tag = TAG) {
  return who.command(0, WRITE, { write: BLOCK, immediate, tag });
}

/** Where a task stands, and how it comes there. */
const PLACES: Readonly<
  Record<string, (scene: Scene) => Promise<CommandResult>>
> = {
  "in the store": ({ test, owner }) => {
    test.driver.store.holding = true;
    return write(owner, 512);
  },
  "behind another task": ({ owner, third }) => {
    third.hold();
    write(third, 0, 1);
    return write(owner, 512);
  },
  "waiting for Data-Out": ({ owner }) => {
    owner.hold();
    return write(owner, 0);
  },
  "waiting for room": ({ owner }) => {
    owner.hold();
    return owner.command(0, READ, { read: 512, tag: TAG });
  },
  "delayed before its data": ({ test, owner }) => {
    delay(test, "datamove");
    return write(owner, 512);
  },
  "delayed before its status": ({ test, owner }) => {
    delay(test, "done");
    return write(owner, 512);
  },
};

function delay(test: TestTarget, location: "datamove" | "done"): void {
  test.target.luns.get(0)?.injections
    .delay({ location, seconds: 60, continuous: false });
}

async function letAllGoOn({ test, owner, third }: Scene): Promise<void> {
  test.driver.store.answerAll();
  owner.resume();
  third.resume();
  test.host.clock.advance(60_000);
  await settle();
}

for (const line of GRID.trim().split("\n")) {
  const [name = "", own = "", others = "", ...answers] = line.trim()
    .split(/\s+/);
  const what: TaskManagementFunction | undefined = new Map(
    Object.entries(TASK_MANAGEMENT),
  ).get(name);
  for (const [place, bring] of Object.entries(PLACES)) {
    for (const [at, end] of [own, others].entries()) {
      const whose = at === 0 ? "its own" : "another's";
      targetTest(`${name} and ${whose} task ${place}`, async (test) => {
        await test.addLun({ backend: "controlled" });
        const asker = await test.joinReady("asker");
        const other = await test.joinReady("other");
        const third = await test.joinReady("third");
        const scene = { test, owner: at === 0 ? asker : other, third };
        const task = bring(scene);
        await settle();
        assertEquals(await isSettled(task), false, "the task stands");
        if (what === undefined) throw new TypeError(`What is ${name}?`);
        const answer = asker.manage(what, 0, TAG);
        const atOnce = await isSettled(answer);
        // Who is with the store may still write: no answer before it is back.
        const mustWait = end !== "GOOD" && place === "in the store";
        assertEquals(atOnce, !mustWait, "the answer comes at once");
        const gone = end !== "GOOD" && !mustWait;
        assertEquals(await isSettled(task), gone, "the task is gone at once");
        await letAllGoOn(scene);
        assertEquals((await settled(task))?.status, STATUS_OF[end]);
        assertEquals(
          (await settled(answer))?.response,
          `FUNCTION ${answers[at]}`,
        );
      });
    }
  }
}
