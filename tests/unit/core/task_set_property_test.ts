import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  ATTRIBUTE,
  type BlockRange,
  type ScsiTask,
  SERIALIZATION,
} from "../../../core/mod.ts";
import { type OrderingRules, TaskSet } from "../../../core/task_set.ts";
import { mustWait } from "../../support/core_order.ts";
import { TaskMaker } from "../../support/core_tasks.ts";

const SEED = 20260731;

/** What may happen to a task set. */
type Event =
  | { readonly kind: "enter"; readonly wish: Wish }
  | { readonly kind: "end" | "abort" | "sequential"; readonly which: number }
  | {
    readonly kind: "ranges";
    readonly which: number;
    readonly ranges: readonly BlockRange[];
  };

type Wish = Parameters<TaskMaker["make"]>[0] & {
  /** Which of the nexuses it comes over. */
  readonly from: number;
};

const LBA = fc.nat({ max: 8 });
const BLOCKS = fc.nat({ max: 4 });
const CLASS = fc.constantFrom(
  ...Object.values(SERIALIZATION),
  SERIALIZATION.READ,
  SERIALIZATION.READ,
  SERIALIZATION.WRITE,
  SERIALIZATION.WRITE,
  SERIALIZATION.UNMAP,
);
const { SIMPLE, ORDERED, HEAD_OF_QUEUE } = ATTRIBUTE;
const WISH: fc.Arbitrary<Wish> = fc.record({
  of: fc.option(CLASS, { nil: undefined, freq: 20 }),
  lba: LBA,
  blocks: BLOCKS,
  from: fc.nat({ max: 1 }),
  attribute: fc.constantFrom(SIMPLE, SIMPLE, SIMPLE, ORDERED, HEAD_OF_QUEUE),
});
const WHICH = fc.nat({ max: 20 });
const RANGES = fc.array(fc.record({ lba: LBA, blockCount: BLOCKS }), {
  maxLength: 3,
});
const EVENT: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant("enter" as const), wish: WISH }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom("end", "end", "abort", "sequential"),
      which: WHICH,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("ranges" as const),
      which: WHICH,
      ranges: RANGES,
    }),
  },
);
const RULES: fc.Arbitrary<OrderingRules> = fc.record({
  serseq: fc.constantFrom("off", "soft", "read", "on"),
  unrestrictedReordering: fc.boolean(),
  separateTaskSets: fc.boolean(),
});

/** The naive set: an array, looked through again after every event. */
class NaiveSet {
  readonly tasks: ScsiTask[] = [];
  readonly running: Set<ScsiTask> = new Set();
  readonly #rules: OrderingRules;

  constructor(rules: OrderingRules) {
    this.#rules = rules;
  }

  /** Lets all run that nothing holds. */
  settle(): void {
    for (const [at, task] of this.tasks.entries()) {
      if (this.running.has(task)) continue;
      const held = this.tasks.slice(0, at)
        .some((older) => mustWait(task, older, this.#rules));
      if (!held) this.running.add(task);
    }
  }

  remove(task: ScsiTask): void {
    this.tasks.splice(this.tasks.indexOf(task), 1);
    this.running.delete(task);
  }
}

/** Both sets side by side. */
class Pair {
  readonly set: TaskSet;
  readonly naive: NaiveSet;
  readonly running: Set<ScsiTask> = new Set();
  readonly #maker: TaskMaker;

  constructor(rules: OrderingRules, maker: TaskMaker) {
    this.#maker = maker;
    this.naive = new NaiveSet(rules);
    this.set = new TaskSet(rules, (task) => {
      assert(!this.running.has(task), "a task became ready twice");
      this.running.add(task);
    }, () => {});
  }

  take(event: Event): void {
    if (event.kind === "enter") this.#enter(event.wish);
    else this.#touch(event);
    this.naive.settle();
    this.#compare();
  }

  #enter(wish: Wish): void {
    const nexus = this.#maker.nexuses[wish.from];
    assert(nexus !== undefined);
    const task = this.#maker.make({ ...wish, nexus });
    this.naive.tasks.push(task);
    this.set.enter(task);
    if (this.set.admit(task)) this.running.add(task);
  }

  #touch(event: Exclude<Event, { kind: "enter" }>): void {
    const task = this.naive.tasks[event.which % this.naive.tasks.length];
    if (task === undefined) return;
    const runs = this.naive.running.has(task);
    if (event.kind === "abort" && !runs) this.#abort(task);
    if (event.kind === "end" && runs) this.#end(task);
    if (event.kind === "sequential" && runs) this.set.sequentialDone(task);
    if (event.kind === "ranges" && runs) this.#tellRanges(task, event.ranges);
  }

  #tellRanges(task: ScsiTask, ranges: readonly BlockRange[]): void {
    const unmaps = task.row?.serialization === SERIALIZATION.UNMAP;
    if (unmaps && task.ranges === null) this.set.rangesKnown(task, ranges);
  }

  #end(task: ScsiTask): void {
    this.naive.remove(task);
    this.running.delete(task);
    this.set.leave(task);
  }

  #abort(task: ScsiTask): void {
    this.naive.remove(task);
    this.set.stopWaiting(task);
    this.set.leave(task);
  }

  #compare(): void {
    assertEquals(this.set.size, this.naive.tasks.length);
    for (const [at, task] of this.naive.tasks.entries()) {
      const name = `task ${at} of ${this.naive.tasks.length}`;
      const runs = this.naive.running.has(task);
      assertEquals(this.running.has(task), runs, name);
      assertEquals(task.blocker === null, runs, name);
    }
  }
}

Deno.test("TaskSet lets run what a naive set lets run", () => {
  const maker = new TaskMaker();
  fc.assert(
    fc.property(
      RULES,
      fc.array(EVENT, { maxLength: 40, size: "max" }),
      (rules, events) => {
        const pair = new Pair(rules, maker);
        for (const event of events) pair.take(event);
      },
    ),
    { seed: SEED, numRuns: 1500 },
  );
});
