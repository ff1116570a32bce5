/**
 * Keeps blocks as they are now, by a command of our own: it is judged and
 * ordered as a read of them is, so that no write of them is under way while
 * they are caught.
 *
 * @module
 */

import {
  ABORT,
  type BlockRange,
  type BlockStore,
  CANNOT_SHARE,
  type CommandRow,
  commandRowOf,
  type Completion,
  FLAG,
  FOR,
  lbaOutOfRange,
  type LogicalUnit,
  type MaybePromise,
  PATTERN,
  type RangeSnapshot,
  type ScsiTask,
  senseOfStoreFault,
  SERIALIZATION,
  STATUS,
  type StoreFault,
} from "../../../core/mod.ts";
import { readCdb } from "../cdbs.ts";
import type { InnerInitiator, InnerResult } from "../inner_initiator.ts";
import { TokenImage } from "./token_image.ts";

/** What READ(16) is to judgement, without data. */
const READ = {
  opcode: 0x88,
  deviceTypes: FOR.DISK,
  usage: "1e ffffffffffffffff ffffffff 3f 07",
  direction: "none",
  flags: FLAG.WRITE_EXCLUSIVE,
  pattern: PATTERN.READ | PATTERN.RANGE,
} as const;

/** Keeps the blocks while none of them is written. */
export type Keep = (
  unit: LogicalUnit,
  task: ScsiTask,
) => MaybePromise<Completion>;

/**
 * Runs `keep` when no older write of the ranges is under way, and no newer one
 * begins before it has ended.
 */
export function capture(
  inner: InnerInitiator,
  unit: LogicalUnit,
  ranges: readonly BlockRange[],
  keep: Keep,
): Promise<InnerResult> {
  const around = rangeAround(ranges);
  const row = commandRowOf({
    ...READ,
    name: "blocks of a ROD token",
    serialization: SERIALIZATION.READ,
    range: (task) => {
      task.lba = around.lba;
      task.blockCount = around.blockCount;
    },
    execute: (task) => {
      const { blockCount } = unit.geometry;
      const end = around.lba + around.blockCount;
      return end > blockCount ? lbaOutOfRange(blockCount) : keep(unit, task);
    },
  });
  return inner.execute({ unit, cdb: readCdb(unit, around.lba, 0), row });
}

/** Asks whether a read would be allowed; nothing is read, nobody waits. */
export function askToRead(
  inner: InnerInitiator,
  unit: LogicalUnit,
): Promise<InnerResult> {
  return inner.execute({ unit, cdb: readCdb(unit, 0, 0), row: ASK_ROW });
}

const ASK_ROW: CommandRow = commandRowOf({
  ...READ,
  name: "access of a ROD token",
  serialization: SERIALIZATION.INQUIRY,
  execute: () => STATUS.GOOD,
});

/** Whether the store of a unit can keep what was. */
export function hasSnapshots({ store }: LogicalUnit): boolean {
  return store?.snapshotRange !== undefined;
}

/**
 * Makes an image of ranges: all of it, or nothing.
 *
 * @param task the command that asks; absent: no command runs
 * @returns the image, or why there is none
 */
export async function takeImage(
  unit: LogicalUnit,
  ranges: readonly BlockRange[],
  task?: ScsiTask,
): Promise<TokenImage | Completion | typeof CANNOT_SHARE> {
  const { store, geometry } = unit;
  const snapshots: RangeSnapshot[] = [];
  // All are asked for in one turn, so that they are of one time.
  const answers = await Promise.all(
    ranges.map((range) => snapshotOf(store, range)),
  );
  let failure: Completion | typeof CANNOT_SHARE | null = null;
  for (const answer of answers) {
    if (answer === CANNOT_SHARE) failure ??= answer;
    else if ("cause" in answer) failure ??= senseOfStoreFault(answer, "read");
    else snapshots.push(answer);
  }
  const abort = task?.abort ?? ABORT.NONE;
  if (abort !== ABORT.NONE) failure ??= STATUS.TASK_ABORTED;
  if (failure === null) return new TokenImage(geometry.blockLength, snapshots);
  await Promise.all(snapshots.map((each) => each.close()));
  return failure;
}

function snapshotOf(
  store: BlockStore | null,
  { lba, blockCount }: BlockRange,
): MaybePromise<RangeSnapshot | typeof CANNOT_SHARE | StoreFault> {
  return store?.snapshotRange?.(lba, blockCount) ?? CANNOT_SHARE;
}

// From the first block to the last: what lies between waits, too.
function rangeAround(ranges: readonly BlockRange[]): BlockRange {
  const lba = Math.min(...ranges.map((range) => range.lba));
  const end = Math.max(...ranges.map((each) => each.lba + each.blockCount));
  return ranges.length === 0
    ? { lba: 0, blockCount: 0 }
    : { lba, blockCount: end - lba };
}
