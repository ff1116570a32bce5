/**
 * What is known of a file or device when it has been opened.
 *
 * @module
 */

import type { BlockIoFacts } from "./block_io.ts";
import type { QueueNumber } from "./libc_structs.ts";

/** Bytes of a sector when the system does not tell. */
const SECTOR_BYTES_DEFAULT = 512;

/** What the system said of an open path. */
export interface OpenedPath {
  /** The path. */
  readonly path: string;
  /** Opened for reading alone. */
  readonly readOnly: boolean;
  /** It is a block device. */
  readonly isDevice: boolean;
  /** Preferred unit of transfers, in bytes. */
  readonly unitBytes: number;
}

/**
 * The facts.
 *
 * @param queueNumber what sysfs tells of the device's queue; undefined when it
 * does not, or must not be read
 */
export function factsOf(
  opened: OpenedPath,
  queueNumber: (name: QueueNumber) => number | undefined,
): BlockIoFacts {
  const { path, readOnly, isDevice, unitBytes } = opened;
  const named = { path, readOnly, isDevice };
  if (!isDevice) {
    const physicalBytes = unitBytes;
    return { ...named, sectorBytes: 1, physicalBytes, unmapBytes: unitBytes };
  }
  const sectorBytes = queueNumber("logical_block_size") ??
    SECTOR_BYTES_DEFAULT;
  return {
    ...named,
    sectorBytes,
    physicalBytes: queueNumber("physical_block_size") ?? sectorBytes,
    unmapBytes: queueNumber("discard_granularity") ?? sectorBytes,
  };
}
