/**
 * What ordering a command costs with 1, 32 and 256 older ones under way.
 *
 * "reads": no command can wait for another, so that the number of older ones
 * must not show. "writes": each range is compared, about 2 ns apiece, linear
 * in what is under way. "tags" looks for the command's tag among the others.
 *
 * @module
 */

import {
  ATTRIBUTE,
  type ScsiTask,
  SERIALIZATION,
  type SerializationClass,
} from "../../core/mod.ts";
import { TaskSet } from "../../core/task_set.ts";
import { TaskMaker } from "../support/core_tasks.ts";

const BLOCKS = 8;
const RULES = {
  serseq: "off",
  unrestrictedReordering: false,
  separateTaskSets: false,
} as const;

/** A set with so many tasks that run, and one more that comes and goes. */
function scene(of: SerializationClass, count: number): [TaskSet, ScsiTask] {
  const set = new TaskSet(RULES, () => {}, () => {});
  const maker = new TaskMaker(1);
  const make = (lba: number): ScsiTask =>
    maker.make({ of, lba, blocks: BLOCKS, attribute: ATTRIBUTE.SIMPLE });
  for (let index = 0; index < count; index += 1) {
    const task = make(index * BLOCKS);
    set.enter(task);
    if (!set.admit(task)) throw new Error("An older task waits");
  }
  return [set, make(count * BLOCKS)];
}

for (const older of [1, 32, 256]) {
  const [reads, read] = scene(SERIALIZATION.READ, older);
  const [writes, write] = scene(SERIALIZATION.WRITE, older);
  const baseline = older === 1;
  Deno.bench(`reads, ${older} older`, { group: "reads", baseline }, () => {
    reads.enter(read);
    reads.admit(read);
    reads.leave(read);
  });
  Deno.bench(`writes, ${older} older`, { group: "writes", baseline }, () => {
    writes.enter(write);
    writes.admit(write);
    writes.leave(write);
  });
  Deno.bench(`tags, ${older} older`, { group: "tags", baseline }, () => {
    reads.enter(read);
    reads.overlap(read);
    reads.leave(read);
  });
}
