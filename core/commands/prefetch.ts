/**
 * PRE-FETCH (SBC-4 5.11, 5.12): blocks that will be read are brought near.
 *
 * @module
 */

import { FOR } from "../device_type.ts";
import type { LogicalUnit } from "../logical_unit.ts";
import type { MaybePromise } from "../ports/block_store.ts";
import { type Completion, STATUS } from "../sense.ts";
import { SERIALIZATION } from "../serialization.ts";
import type { ScsiTask } from "../task.ts";
import { range10, range16, toTheEnd } from "./cdb.ts";
import { type CommandDefinition, FLAG, PATTERN } from "./command_row.ts";
import { checkRange, storeOf } from "./medium.ts";

const PREFETCH = {
  deviceTypes: FOR.DISK,
  serialization: SERIALIZATION.READ,
  direction: "none",
  flags: FLAG.WRITE_EXCLUSIVE,
  pattern: PATTERN.READ | PATTERN.RANGE,
  execute: prefetch,
} as const;

/** The PRE-FETCH commands. */
export const PREFETCH_COMMANDS: readonly CommandDefinition[] = [
  {
    ...PREFETCH,
    name: "PRE-FETCH(10)",
    opcode: 0x34,
    usage: "02 ffffffff 3f ffff 07",
    range: toTheEnd(range10),
  },
  {
    ...PREFETCH,
    name: "PRE-FETCH(16)",
    opcode: 0x90,
    usage: "02 ffffffffffffffff ffffffff 3f 07",
    range: toTheEnd(range16),
  },
];

// CONDITION MET: all blocks have room in the cache; GOOD: they may not. The
// store never makes the command wait, so IMMED changes nothing.
function prefetch(
  task: ScsiTask,
  unit: LogicalUnit,
): MaybePromise<Completion> {
  const outside = checkRange(task, unit);
  if (outside !== null) return outside;
  const { lba, blockCount } = task;
  const fits = storeOf(unit).prefetch?.(lba, blockCount) ?? false;
  return fits ? STATUS.CONDITION_MET : STATUS.GOOD;
}
