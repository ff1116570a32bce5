/**
 * The shape of a unit that a copy touches: its own where it is served here,
 * else as the node that serves it tells.
 *
 * @module
 */

import { type LogicalUnit, STATUS } from "../../core/mod.ts";
import { readCapacityCdb } from "./cdbs.ts";
import type { CopyManager } from "./copy_manager.ts";
import type { InnerResult } from "./inner_initiator.ts";
import type { CopyOperation } from "./operations.ts";

/** What a copy has to know of the blocks of a unit. */
export interface UnitShape {
  /** Bytes of a block. */
  readonly blockLength: number;
  /** Blocks. */
  readonly blockCount: number;
  /** 2^n blocks make a physical block. */
  readonly physicalBlockExponent: number;
  /** Lowest LBA that begins a physical block. */
  readonly lowestAlignedLba: number;
}

/** Bytes of parameter data of READ CAPACITY(16). */
const CAPACITY_LENGTH = 32;
const LOWEST_ALIGNED_MASK = 0x3fff;

/**
 * Asks for the shape of a unit.
 *
 * @returns the shape, or how the question ended
 */
export async function shapeOf(
  manager: CopyManager,
  operation: CopyOperation,
  unit: LogicalUnit,
): Promise<UnitShape | InnerResult> {
  if (!unit.away) return unit.geometry;
  const dataIn = new Uint8Array(CAPACITY_LENGTH);
  const cdb = readCapacityCdb(CAPACITY_LENGTH);
  const result = await manager.execute(operation, { unit, cdb, dataIn });
  if (result.status !== STATUS.GOOD) return result;
  const view = new DataView(dataIn.buffer);
  return {
    blockCount: Number(view.getBigUint64(0)) + 1,
    blockLength: view.getUint32(8),
    physicalBlockExponent: view.getUint8(13) & 0x0f,
    lowestAlignedLba: view.getUint16(14) & LOWEST_ALIGNED_MASK,
  };
}
