/**
 * The shape of a part of a store.
 *
 * @module
 */

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
