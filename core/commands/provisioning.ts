/**
 * Logical block provisioning: UNMAP and GET LBA STATUS (SBC-4 5.32, 5.6).
 *
 * @module
 */

import { reply, withParameters } from "../data_transfer.ts";
import { FOR } from "../device_type.ts";
import type { LogicalUnit } from "../logical_unit.ts";
import {
  type BlockStore,
  type Extent,
  type MaybePromise,
  OK,
  PROVISIONING,
  type StoreFault,
} from "../ports/block_store.ts";
import {
  type Completion,
  invalidFieldInCdb,
  invalidFieldInParameterList,
  lbaOutOfRange,
  PARAMETER_LIST_LENGTH_ERROR,
  senseOfStoreFault,
  STATUS,
} from "../sense.ts";
import { SERIALIZATION } from "../serialization.ts";
import type { BlockRange, ScsiTask } from "../task.ts";
import { STORE_CALL } from "../tracing/trace_events.ts";
import { getUint64, setUint64 } from "./cdb.ts";
import { type CommandDefinition, FLAG, PATTERN } from "./command_row.ts";
import { checkRange, inSteps, storeOf } from "./medium.ts";

/** The provisioning commands. */
export const PROVISIONING_COMMANDS: readonly CommandDefinition[] = [
  {
    name: "UNMAP",
    opcode: 0x42,
    deviceTypes: FOR.DISK,
    usage: "01 00000000 3f ffff 07",
    serialization: SERIALIZATION.UNMAP,
    direction: "out",
    flags: 0,
    pattern: PATTERN.WRITE,
    supported: (unit) => unit.unmapSupported,
    execute: unmap,
  },
  {
    name: "GET LBA STATUS",
    opcode: 0x9e,
    serviceAction: 0x12,
    deviceTypes: FOR.DISK,
    usage: "12 ffffffffffffffff ffffffff 00 07",
    serialization: SERIALIZATION.READ,
    direction: "in",
    flags: FLAG.WRITE_EXCLUSIVE,
    pattern: PATTERN.READ | PATTERN.RANGE,
    range: rangeToTheEnd,
    execute: getLbaStatus,
  },
];

const UnmapAt = { DATA_LENGTH: 0, DESCRIPTOR_LENGTH: 2, DESCRIPTORS: 8 };
const DESCRIPTOR_LENGTH = 16;
const ANCHOR = 0x01;

function unmap(task: ScsiTask, unit: LogicalUnit): MaybePromise<Completion> {
  const length = task.cdb.getUint16(7);
  const anchor = (task.cdb.getUint8(1) & ANCHOR) !== 0;
  if (anchor && !storeOf(unit).capabilities.anchor) {
    return invalidFieldInCdb(1, 0);
  }
  if (length === 0) return STATUS.GOOD;
  return withParameters(task, length, (list) => {
    const ranges = decodeUnmap(list, unit);
    if (!Array.isArray(ranges)) return ranges;
    unit.taskSet.rangesKnown(task, ranges);
    return unmapRanges(task, unit, ranges, anchor);
  });
}

/** Takes an UNMAP parameter list apart and checks it (SBC-4 5.32.2). */
function decodeUnmap(
  list: DataView,
  unit: LogicalUnit,
): BlockRange[] | Completion {
  if (list.byteLength < UnmapAt.DESCRIPTORS) return PARAMETER_LIST_LENGTH_ERROR;
  const described = list.getUint16(UnmapAt.DESCRIPTOR_LENGTH);
  const dataLength = list.getUint16(UnmapAt.DATA_LENGTH);
  if (dataLength < described + 6) return invalidFieldInParameterList(0);
  const present = list.byteLength - UnmapAt.DESCRIPTORS;
  if (described > present) return PARAMETER_LIST_LENGTH_ERROR;
  const count = Math.floor(described / DESCRIPTOR_LENGTH);
  if (count > unit.options.unmap_max_descr) {
    return invalidFieldInParameterList(UnmapAt.DESCRIPTOR_LENGTH);
  }
  const ranges: BlockRange[] = [];
  let blocks = 0;
  for (let index = 0; index < count; index += 1) {
    const at = UnmapAt.DESCRIPTORS + index * DESCRIPTOR_LENGTH;
    const range = {
      lba: getUint64(list, at),
      blockCount: list.getUint32(at + 8),
    };
    // No blocks are no error, wherever they are (SBC-4 5.32.2).
    if (range.blockCount === 0) continue;
    const outside = checkRange(range, unit);
    if (outside !== null) return outside;
    blocks += range.blockCount;
    if (blocks > unit.options.unmap_max_lba) {
      return invalidFieldInParameterList(at + 8);
    }
    ranges.push(range);
  }
  return ranges;
}

/** Unmaps ranges in steps, as durably as WCE asks. */
export function unmapRanges(
  task: ScsiTask,
  unit: LogicalUnit,
  ranges: readonly BlockRange[],
  anchor: boolean,
): Promise<Completion> {
  return inSteps(
    task,
    unit,
    ranges,
    {
      storeCall: STORE_CALL.UNMAP,
      call: async (store, { lba, blockCount }) => {
        const result = await store.unmap?.(lba, blockCount, anchor) ?? OK;
        if (result === OK) unit.unmappedBlocks += blockCount;
        return result;
      },
    },
  );
}

function rangeToTheEnd(task: ScsiTask, unit: LogicalUnit): void {
  task.lba = getUint64(task.cdb, 2);
  task.blockCount = Math.max(0, unit.geometry.blockCount - task.lba);
}

function getLbaStatus(
  task: ScsiTask,
  unit: LogicalUnit,
): MaybePromise<Completion> {
  // Again: the unit may have changed its size since the task was judged.
  rangeToTheEnd(task, unit);
  if (task.blockCount === 0) return lbaOutOfRange(task.lba);
  const found = askExtent(task, storeOf(unit));
  return found instanceof Promise
    ? found.then((extent) => replyExtent(task, unit, extent))
    : replyExtent(task, unit, found);
}

function askExtent(
  { lba, blockCount, trace }: ScsiTask,
  store: BlockStore,
): MaybePromise<Extent | StoreFault> {
  const { MAPPED } = PROVISIONING;
  const ask = () =>
    store.extent?.(lba, blockCount) ?? { lba, blockCount, status: MAPPED };
  return trace === null
    ? ask()
    : trace.store(STORE_CALL.EXTENT, lba, blockCount, ask);
}

function replyExtent(
  task: ScsiTask,
  unit: LogicalUnit,
  found: Extent | StoreFault,
): MaybePromise<Completion> {
  if ("cause" in found) return senseOfStoreFault(found, "read");
  const extent = fromWholeBlock(found, unit);
  return reply(task, 24, task.cdb.getUint32(10), (view) => {
    view.setUint32(0, 20);
    setUint64(view, 8, extent.lba);
    view.setUint32(16, Math.min(extent.blockCount, 0xffffffff));
    view.setUint8(20, extent.status);
  });
}

/**
 * A question into the middle of a mapped physical block is answered from the
 * next one on, as libiscsi's conformance suite has it. SBC-4 5.6.2 would begin
 * with the LBA in question; initiators ask by whole physical blocks.
 */
function fromWholeBlock(extent: Extent, { geometry }: LogicalUnit): Extent {
  const { physicalBlockExponent, lowestAlignedLba } = geometry;
  const blocks = 2 ** physicalBlockExponent;
  const into = (extent.lba + blocks - lowestAlignedLba) % blocks;
  const skipped = into === 0 ? 0 : blocks - into;
  if (extent.status !== PROVISIONING.MAPPED || skipped >= extent.blockCount) {
    return extent;
  }
  const { lba, blockCount, status } = extent;
  return { lba: lba + skipped, blockCount: blockCount - skipped, status };
}
