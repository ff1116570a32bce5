/**
 * What of a source is mapped: asked for by commands of our own, so that the
 * answer is ordered behind the writes that came before.
 *
 * @module
 */

import {
  type BlockRange,
  type CommandRow,
  commandRowOf,
  type Completion,
  type Extent,
  FLAG,
  FOR,
  type LogicalUnit,
  type MaybePromise,
  PATTERN,
  PROVISIONING,
  type ScsiTask,
  senseOfStoreFault,
  SERIALIZATION,
  STATUS,
  type StoreFault,
} from "../../core/mod.ts";
import { extentsCdb } from "./cdbs.ts";
import type { CopySource } from "./copy_engine.ts";
import type { InnerInitiator } from "./inner_initiator.ts";

/** Bytes of a hole below which it is copied as the zeroes that it reads as. */
const HOLE_BYTES_MIN = 2 ** 16;
/** Blocks that are asked about at once. */
const ASKED_BLOCKS_MAX = 2 ** 21;

/** The extents of one source, from its beginning to its end. */
export class SourceMap {
  readonly #inner: InnerInitiator;
  readonly #source: CopySource | null;
  readonly #row: CommandRow;
  #extent: Extent | null = null;
  #runBytes = Infinity;

  /** Of a source; null: it is nothing but zeroes. */
  constructor(inner: InnerInitiator, source: CopySource | null) {
    this.#inner = inner;
    this.#source = source;
    this.#row = extentRow((extent) => this.#extent = extent);
  }

  /** Bytes that are as the block that was asked about last. */
  get runBytes(): number {
    return this.#runBytes;
  }

  /** Whether a range begins with a hole that is worth leaving out. */
  async isHole(range: BlockRange): Promise<boolean> {
    this.#runBytes = Infinity;
    if (this.#source === null) return true;
    const { unit } = this.#source;
    const extent = await this.#extentAt(range, this.#source);
    if (extent === null) return false;
    const blocks = extent.lba + extent.blockCount - range.lba;
    const lengthBytes = blocks * unit.geometry.blockLength;
    const mapped = extent.status === PROVISIONING.MAPPED;
    if (!mapped && lengthBytes < HOLE_BYTES_MIN) return false;
    this.#runBytes = lengthBytes;
    return !mapped;
  }

  async #extentAt(
    range: BlockRange,
    { unit, image }: CopySource,
  ): Promise<Extent | null> {
    const { lba } = range;
    const blockCount = Math.min(range.blockCount, ASKED_BLOCKS_MAX);
    if (covers(this.#extent, lba)) return this.#extent;
    this.#extent = null;
    const store = image ?? unit.store;
    if (store === null || store.capabilities.extents === "none") return null;
    if (image !== undefined) {
      const answer = await image.extent?.(lba, blockCount);
      this.#extent = answer === undefined || "cause" in answer ? null : answer;
    } else {
      const cdb = extentsCdb(lba, blockCount);
      await this.#inner.execute({ unit, cdb, row: this.#row });
    }
    // Where nothing is known, the read finds out what is wrong.
    return this.#extent;
  }
}

function covers(extent: Extent | null, lba: number): boolean {
  return extent !== null && lba >= extent.lba &&
    lba < extent.lba + extent.blockCount;
}

// Judged and ordered as a read of the blocks is, and looks like one in counts.
function extentRow(found: (extent: Extent) => void): CommandRow {
  return commandRowOf({
    name: "extents of a copy",
    opcode: 0x88,
    deviceTypes: FOR.DISK_AND_CD,
    usage: "1e ffffffffffffffff ffffffff 3f 07",
    serialization: SERIALIZATION.READ,
    direction: "none",
    flags: FLAG.WRITE_EXCLUSIVE,
    pattern: PATTERN.READ | PATTERN.RANGE,
    range: takeRange,
    execute: (task, unit) => askStore(task, unit, found),
  });
}

function takeRange(task: ScsiTask): void {
  const { cdb } = task;
  task.lba = cdb.getUint32(2) * 2 ** 32 + cdb.getUint32(6);
  task.blockCount = cdb.getUint32(10);
}

function askStore(
  { lba, blockCount }: ScsiTask,
  { store, geometry }: LogicalUnit,
  found: (extent: Extent) => void,
): MaybePromise<Completion> {
  // It may have shrunk, or lost its medium: the read will say so.
  if (lba + blockCount > geometry.blockCount) return STATUS.GOOD;
  const answer = store?.extent?.(lba, blockCount);
  if (answer === undefined) return STATUS.GOOD;
  const take = (extent: Extent | StoreFault): Completion => {
    if ("cause" in extent) return senseOfStoreFault(extent, "read");
    found(extent);
    return STATUS.GOOD;
  };
  return answer instanceof Promise ? answer.then(take) : take(answer);
}
