import { assert, assertEquals } from "@std/assert";
import {
  ATTRIBUTE,
  type ScsiTask,
  SERIALIZATION,
  TASK_STATE,
} from "../../../core/mod.ts";
import {
  isBlocked,
  type SequentialMode,
  TaskSet,
} from "../../../core/task_set.ts";
import { TaskMaker, type TaskWish } from "../../support/core_tasks.ts";

const { READ, WRITE, UNMAP, SYNCHRONIZE, INQUIRY, MODE_SELECT, RESERVE } =
  SERIALIZATION;

/** A task set whose ready tasks are written down. */
class Bench {
  readonly rules = {
    serseq: "off" as SequentialMode,
    unrestrictedReordering: false,
    separateTaskSets: false,
  };
  readonly ready: ScsiTask[] = [];
  readonly maker: TaskMaker = new TaskMaker();
  /** Batches in which tasks became ready. */
  batches = 0;
  readonly set: TaskSet = new TaskSet(
    this.rules,
    (task) => this.ready.push(task),
    () => this.batches += 1,
  );

  /** Enters a task. @returns it, and whether it may run */
  enter(wish: TaskWish): ScsiTask {
    const task = this.maker.make(wish);
    this.set.enter(task);
    if (this.set.admit(task)) this.ready.push(task);
    return task;
  }

  /** What became ready since the last look. */
  released(): ScsiTask[] {
    return this.ready.splice(0);
  }

  runs(task: ScsiTask): boolean {
    return this.ready.includes(task);
  }
}

function writing(lba: number, blocks: number): TaskWish {
  return { of: WRITE, lba, blocks };
}

function reading(lba: number, blocks: number): TaskWish {
  return { of: READ, lba, blocks };
}

Deno.test("TaskSet keeps its tasks from old to new", () => {
  const bench = new Bench();
  const [a, b, c] = [1, 2, 3].map(() => bench.enter({ of: INQUIRY }));
  assert(a && b && c);
  assertEquals(bench.set.size, 3);
  assertEquals(bench.set.oldest, a);
  assertEquals([a.newer, b.newer, c.newer], [b, c, null]);
  bench.set.leave(b);
  assertEquals([a.newer, c.older], [c, a]);
  bench.set.leave(a);
  assertEquals(bench.set.oldest, c);
  bench.set.leave(c);
  assertEquals([bench.set.size, bench.set.oldest], [0, null]);
});

Deno.test("TaskSet lets writes that do not touch run together", () => {
  const bench = new Bench();
  const tasks = [writing(0, 8), writing(8, 8), writing(16, 1)]
    .map((wish) => bench.enter(wish));
  assertEquals(bench.ready, tasks);
});

Deno.test("TaskSet holds overlapping writes in the order they came", () => {
  const bench = new Bench();
  const a = bench.enter(writing(0, 8));
  const b = bench.enter(writing(7, 2));
  const c = bench.enter(writing(8, 1));
  assertEquals(bench.released(), [a]);
  assertEquals([b.blocker, c.blocker], [a, b]);
  bench.set.leave(a);
  assertEquals(bench.released(), [b]);
  bench.set.leave(b);
  assertEquals(bench.released(), [c]);
});

Deno.test("TaskSet releases all waiters in the order they came", () => {
  const bench = new Bench();
  const a = bench.enter(writing(0, 8));
  const waiters = [1, 2, 3].map((lba) => bench.enter(reading(lba, 1)));
  assertEquals(bench.released(), [a]);
  bench.set.leave(a);
  assertEquals(bench.released(), waiters);
  assertEquals(bench.batches, 1);
});

Deno.test("TaskSet moves a waiter on to the next older blocker", () => {
  const bench = new Bench();
  const a = bench.enter(writing(0, 8));
  const b = bench.enter(writing(8, 8));
  const c = bench.enter(writing(4, 8));
  assertEquals(c.blocker, b);
  bench.set.leave(b);
  assertEquals(c.blocker, a);
  bench.released();
  bench.set.leave(a);
  assertEquals(bench.released(), [c]);
});

Deno.test("TaskSet lets ORDERED wait for all, and all for ORDERED", () => {
  const bench = new Bench();
  const a = bench.enter({ of: INQUIRY });
  const b = bench.enter({ of: INQUIRY, attribute: ATTRIBUTE.ORDERED });
  const c = bench.enter({ of: INQUIRY });
  const d = bench.enter({ attribute: ATTRIBUTE.SIMPLE });
  assertEquals(bench.released(), [a]);
  assertEquals([b.blocker, c.blocker, d.blocker], [a, b, b]);
  bench.set.leave(a);
  assertEquals(bench.released(), [b]);
  bench.set.leave(b);
  assertEquals(bench.released(), [c, d]);
});

Deno.test("TaskSet lets HEAD OF QUEUE pass all and holds the rest", () => {
  const bench = new Bench();
  const a = bench.enter(writing(0, 8));
  const b = bench.enter(writing(0, 8));
  const ordered = bench.enter({ of: WRITE, attribute: ATTRIBUTE.ORDERED });
  const head = bench.enter({
    ...writing(0, 8),
    attribute: ATTRIBUTE.HEAD_OF_QUEUE,
  });
  const later = bench.enter({ of: INQUIRY });
  assertEquals(bench.released(), [a, head]);
  assertEquals(later.blocker, head);
  bench.set.leave(head);
  assertEquals(later.blocker, ordered);
  assertEquals(b.blocker, a);
});

Deno.test("TaskSet with a set for each nexus keeps attributes apart", () => {
  const bench = new Bench();
  bench.rules.separateTaskSets = true;
  const [, other] = bench.maker.nexuses;
  assert(other);
  const { ORDERED, HEAD_OF_QUEUE } = ATTRIBUTE;
  const a = bench.enter(writing(0, 8));
  const ordered = bench.enter({ ...writing(20, 1), attribute: ORDERED });
  const head = bench.enter({ of: INQUIRY, attribute: HEAD_OF_QUEUE });
  const b = bench.enter({ of: INQUIRY, attribute: ORDERED, nexus: other });
  const c = bench.enter({ ...writing(30, 1), nexus: other });
  const d = bench.enter({ ...writing(7, 1), nexus: other });
  assertEquals(bench.released(), [a, head, b]);
  assertEquals([ordered.blocker, c.blocker, d.blocker], [a, b, b]);
  bench.set.leave(b);
  assertEquals(bench.released(), [c]);
  assertEquals(d.blocker, a, "blocks that overlap keep their order");
});

Deno.test("TaskSet treats ACA and untagged tasks like SIMPLE ones", () => {
  const bench = new Bench();
  for (const attribute of [ATTRIBUTE.ACA, ATTRIBUTE.UNTAGGED]) {
    const task = bench.enter({ ...writing(0, 1), attribute });
    const waits = bench.enter({ ...writing(0, 1), attribute });
    assert(bench.runs(task) && !bench.runs(waits));
    bench.set.leave(task);
    bench.set.leave(waits);
  }
});

Deno.test("TaskSet lets pass what is being refused for want of a row", () => {
  const bench = new Bench();
  const refused = bench.enter({});
  const after = bench.enter({ of: SERIALIZATION.FORMAT });
  assert(bench.runs(refused) && bench.runs(after));
});

Deno.test("TaskSet counts ranges of no blocks as nothing", () => {
  const bench = new Bench();
  bench.enter(writing(4, 0));
  bench.enter(writing(0, 8));
  bench.enter(reading(4, 0));
  assertEquals(bench.ready.length, 3);
});

Deno.test("TaskSet holds reads against UNMAP ranges once known", () => {
  const bench = new Bench();
  const unmap = bench.enter({ of: UNMAP });
  const beside = bench.enter(reading(100, 1));
  const within = bench.enter(reading(5, 1));
  const empty = bench.enter(reading(5, 0));
  assertEquals(bench.released(), [unmap]);
  bench.set.rangesKnown(unmap, [
    { lba: 0, blockCount: 8 },
    { lba: 100, blockCount: 0 },
  ]);
  assertEquals(bench.released(), [beside, empty]);
  assertEquals(within.blocker, unmap);
  const late = bench.enter(writing(50, 1));
  assertEquals(bench.released(), [late]);
  bench.set.leave(unmap);
  assertEquals(bench.released(), [within]);
});

Deno.test("TaskSet relaxes UNMAP and SYNCHRONIZE when unrestricted", () => {
  for (const free of [false, true]) {
    const bench = new Bench();
    bench.rules.unrestrictedReordering = free;
    bench.enter(writing(0, 8));
    assertEquals(bench.runs(bench.enter({ of: SYNCHRONIZE })), free);
    assertEquals(bench.runs(bench.enter({ of: UNMAP })), free);
    assertEquals(bench.runs(bench.enter(reading(100, 1))), free);
    assertEquals(bench.runs(bench.enter(reading(0, 1))), false);
  }
});

Deno.test("TaskSet takes no read of nothing for the one before", () => {
  const bench = new Bench();
  bench.rules.serseq = "on";
  bench.enter(reading(8, 0));
  assert(bench.runs(bench.enter(reading(8, 1))));
});

for (const serseq of ["off", "soft", "read", "on"] as const) {
  Deno.test(`TaskSet with serseq ${serseq} holds what follows a read`, () => {
    const bench = new Bench();
    bench.rules.serseq = serseq;
    const first = bench.enter(reading(0, 8));
    const next = bench.enter(reading(8, 8));
    const other = bench.enter(reading(7, 8));
    const writes = bench.enter(writing(8, 1));
    assertEquals(bench.runs(next), serseq === "off");
    assert(bench.runs(first) && bench.runs(other));
    assert(!bench.runs(writes), "overlaps the read after it");
    bench.set.sequentialDone(first);
    assert(bench.runs(next));
    bench.set.sequentialDone(first);
    assertEquals(bench.ready.length, 3);
  });
}

Deno.test("TaskSet with serseq on keeps behind a write free", () => {
  for (const serseq of ["off", "soft", "read", "on"] as const) {
    const bench = new Bench();
    bench.rules.serseq = serseq;
    const write = bench.enter(writing(0, 8));
    const behind = bench.enter(reading(8, 1));
    const further = bench.enter(reading(20, 1));
    assertEquals(bench.runs(behind), serseq !== "on", serseq);
    assert(bench.runs(further));
    bench.set.sequentialDone(write);
    assert(bench.runs(behind));
  }
});

Deno.test("TaskSet.overlap() finds the same tag of the same nexus", () => {
  const bench = new Bench();
  const [, other] = bench.maker.nexuses;
  assert(other);
  bench.enter({ of: INQUIRY, tag: 0x1234 });
  const same = bench.enter({ of: INQUIRY, tag: 0x1234 });
  assertEquals(bench.set.overlap(same)?.asc, 0x4d);
  assertEquals(bench.set.overlap(same)?.ascq, 0x34);
  const foreign = bench.enter({ of: INQUIRY, tag: 0x1234, nexus: other });
  assertEquals(bench.set.overlap(foreign), null);
  const untagged = { attribute: ATTRIBUTE.UNTAGGED, of: INQUIRY, tag: 0x1234 };
  assertEquals(bench.set.overlap(bench.enter(untagged)), null);
  assertEquals(bench.set.overlap(bench.enter(untagged))?.asc, 0x4e);
});

Deno.test("TaskSet.overlap() passes over what is aborted or ended", () => {
  const bench = new Bench();
  const aborted = bench.enter({ of: INQUIRY, tag: 1 });
  aborted.abort = 1;
  const ended = bench.enter({ of: INQUIRY, tag: 2 });
  ended.state = TASK_STATE.ENDED;
  assertEquals(bench.set.overlap(bench.enter({ of: INQUIRY, tag: 1 })), null);
  assertEquals(bench.set.overlap(bench.enter({ of: INQUIRY, tag: 2 })), null);
});

Deno.test("TaskSet.stopWaiting() takes one waiter out of the middle", () => {
  for (const gone of [0, 1, 2]) {
    const bench = new Bench();
    const blocker = bench.enter(writing(0, 8));
    const waiters = [1, 2, 3].map((lba) => bench.enter(reading(lba, 1)));
    const victim = waiters[gone];
    assert(victim);
    bench.released();
    bench.set.stopWaiting(victim);
    bench.set.stopWaiting(victim);
    bench.set.leave(victim);
    const late = bench.enter(reading(4, 1));
    bench.set.leave(blocker);
    const left = waiters.filter((task) => task !== victim);
    assertEquals(bench.released(), [...left, late]);
  }
});

Deno.test("TaskSet releases those who waited for a waiter that is gone", () => {
  const bench = new Bench();
  const a = bench.enter(writing(0, 8));
  const b = bench.enter({ of: MODE_SELECT });
  const c = bench.enter({ of: RESERVE });
  bench.released();
  bench.set.stopWaiting(b);
  bench.set.leave(b);
  assertEquals(c.blocker, a);
  bench.set.leave(a);
  assertEquals(bench.released(), [c]);
});

Deno.test("TaskSet tells of ready tasks after looking at all", () => {
  const seen: [number, ScsiTask | null][] = [];
  const maker = new TaskMaker();
  const ready: ScsiTask[] = [];
  const set = new TaskSet(
    { serseq: "off", unrestrictedReordering: false, separateTaskSets: false },
    (task) => ready.push(task),
    () => {
      for (const task of ready) seen.push([task.tag, task.blocker]);
    },
  );
  const tasks = [writing(0, 8), reading(0, 1), reading(1, 1)]
    .map((wish) => maker.make(wish));
  for (const task of tasks) {
    set.enter(task);
    set.admit(task);
  }
  const [first] = tasks;
  assert(first);
  set.leave(first);
  assertEquals(seen, [[2, null], [3, null]]);
});

Deno.test("TaskSet holds nobody up for a task that was refused", () => {
  const bench = new Bench();
  const refused = bench.maker.make({ of: RESERVE });
  bench.set.enter(refused);
  assert(bench.runs(bench.enter(reading(0, 1))));
  bench.set.leave(refused);
});

Deno.test("TaskSet forgets who has left", () => {
  const bench = new Bench();
  for (const attribute of [ATTRIBUTE.ORDERED, ATTRIBUTE.HEAD_OF_QUEUE]) {
    bench.set.leave(bench.enter({ of: WRITE, lba: 0, blocks: 1, attribute }));
  }
  const other = bench.enter(reading(9, 1));
  assert(bench.runs(bench.enter(reading(0, 1))));
  bench.set.leave(other);
  assert(bench.runs(bench.enter({ of: MODE_SELECT })) === false);
});

Deno.test("TaskSet finds a tag again among many with its low bits", () => {
  const bench = new Bench();
  const tags = [7, 7 + 256, 7 + 512];
  const tasks = tags.map((tag) => bench.enter({ of: INQUIRY, tag }));
  assert(tasks.every((task) => bench.set.overlap(task) === null));
  const again = bench.enter({ of: INQUIRY, tag: 7 + 256 });
  assertEquals(bench.set.overlap(again)?.ascq, 7);
  bench.set.leave(again);
  for (const task of tasks) bench.set.leave(task);
  const last = bench.enter({ of: INQUIRY, tag: 7 });
  assertEquals(bench.set.overlap(last), null);
});

Deno.test("isBlocked() tells from the state", () => {
  const task = new TaskMaker().make({});
  assert(!isBlocked(task));
  task.state = TASK_STATE.BLOCKED;
  assert(isBlocked(task));
});
