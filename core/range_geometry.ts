/**
 * Ranges of a store.
 *
 * @module
 */

import { Defect } from "./assert.ts";
import type { StoreGeometry } from "./ports/block_store.ts";

/** The shape of a range of a store, as a store of its own. */
export function geometryOfRange(
  geometry: StoreGeometry,
  lba: number,
  blockCount: number,
): StoreGeometry {
  const shifted = (aligned: number, exponent: number): number => {
    const unit = 2 ** exponent;
    return ((aligned - lba) % unit + unit) % unit;
  };
  const { lowestAlignedLba, unmapAlignmentLba } = geometry;
  return Object.freeze({
    ...geometry,
    blockCount,
    lowestAlignedLba: shifted(lowestAlignedLba, geometry.physicalBlockExponent),
    unmapAlignmentLba: shifted(
      unmapAlignmentLba,
      geometry.unmapGranularityExponent,
    ),
  });
}

/**
 * Makes sure that a range lies within a store, and its data in their buffer:
 * the core has checked what initiators sent.
 *
 * @param spareBytes of the buffer, behind the data
 */
export function assertRange(
  geometry: StoreGeometry,
  lba: number,
  blockCount: number,
  spareBytes = 0,
): void {
  if (lba + blockCount <= geometry.blockCount && spareBytes >= 0) return;
  throw new Defect(
    `Cannot use ${blockCount} blocks at ${lba}: the store has ` +
      `${geometry.blockCount}, the buffer ${spareBytes} bytes to spare`,
  );
}
