/**
 * Files in memory that the system copies, and that share space if they can.
 *
 * @module
 */

import { CANNOT_SHARE, type StoreFault } from "../../../../core/mod.ts";
import type {
  BlockIo,
  CopyOutcome,
  IoResult,
} from "../../../../backends/block/block_io.ts";
import { type Gate, NativeMemoryIo } from "./memory_io.ts";

/** A file in memory that can be copied. */
export class CopyingIo extends NativeMemoryIo {
  /** Bytes in which space is shared; 0: it cannot be. */
  cloneUnit = 0;
  /** Answers copies with this. */
  copyAnswer: CopyOutcome | undefined;
  /** Copies and clones wait here, once. */
  copyGate: Gate | undefined;

  /** Like `nextHole`. */
  nextHoleLater(position: number): Promise<number> {
    this.calls.push(`hole ${position}`);
    return Promise.resolve(this.nextHole(position));
  }

  /** Copies whole units. */
  async cloneTo(
    position: number,
    to: BlockIo,
    toPosition: number,
    length: number,
  ): Promise<IoResult> {
    const unit = this.cloneUnit;
    const behind = Math.max(0, this.bytes.length - position);
    const bytes = Math.min(length, behind, this.lengthMax);
    const whole = unit === 0 ? 0 : bytes - bytes % unit;
    if (whole === 0 || position % unit !== 0 || toPosition % unit !== 0) {
      return 0;
    }
    const fault = await this.#begin("clone", position, whole);
    return fault ?? await this.#move(position, to, toPosition, whole);
  }

  /** Copies what there is. */
  async copyTo(
    position: number,
    to: BlockIo,
    toPosition: number,
    length: number,
  ): Promise<CopyOutcome> {
    if (this.copyAnswer !== undefined) return this.copyAnswer;
    if (!(to instanceof CopyingIo)) return CANNOT_SHARE;
    const fault = await this.#begin("copy", position, length);
    if (fault !== undefined) return fault;
    const behind = Math.max(0, this.bytes.length - position);
    const bytes = Math.min(length, behind, this.lengthMax);
    return await this.#move(position, to, toPosition, bytes);
  }

  /** Another one with the same bytes, if space can be shared. */
  snapshot(): Promise<BlockIo | typeof CANNOT_SHARE> {
    if (this.cloneUnit === 0) return Promise.resolve(CANNOT_SHARE);
    const copy = new CopyingIo({ ...this.facts, readOnly: true });
    copy.bytes = this.bytes.slice();
    copy.cloneUnit = this.cloneUnit;
    return Promise.resolve(copy);
  }

  async #begin(
    what: string,
    position: number,
    length: number,
  ): Promise<StoreFault | undefined> {
    const fault = this.record(what, position, length);
    await this.copyGate?.passed;
    return fault;
  }

  #move(
    position: number,
    to: BlockIo,
    toPosition: number,
    length: number,
  ): Promise<IoResult> {
    if (length === 0) return Promise.resolve(0);
    const bytes = this.bytes.slice(position, position + length);
    return to.write(toPosition, bytes, 0, length);
  }
}
