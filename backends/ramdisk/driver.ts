/**
 * The backend driver "ramdisk".
 *
 * @module
 */

import {
  type BackendDriver,
  type Clock,
  type OpenOutcome,
  type OpenRequest,
  optionalSizeOption,
  type OptionTable,
  sizeOption,
} from "../../core/mod.ts";
import { BlackHoleStore } from "./black_hole.ts";
import { shapeOf, ShapeProblem } from "./geometry.ts";
import { RamStore } from "./store.ts";

/** Options of a memory store; sizes and offsets in bytes. */
export interface RamdiskOptions {
  /** Memory for pages; 0: keep nothing. */
  readonly capacity: number;
  /** Physical block, the unit of thin accounting; undefined: 4 KiB. */
  readonly pblocksize: number | undefined;
  /** How far into a physical block the store begins. */
  readonly pblockoffset: number;
  /** Unmap granularity to report; undefined: the physical block. */
  readonly ublocksize: number | undefined;
  /** How far into an unmap unit the store begins. */
  readonly ublockoffset: number;
}

/** The option table of the driver. */
export const RAMDISK_OPTIONS: OptionTable<RamdiskOptions> = Object.freeze({
  capacity: sizeOption(
    0,
    "memory for what is written; 0 keeps nothing and reads zeroes",
  ),
  pblocksize: optionalSizeOption(
    "physical block, the unit of memory: 512 to 131072 bytes, default 4k",
  ),
  pblockoffset: sizeOption(0, "bytes of a physical block before LBA 0"),
  ublocksize: optionalSizeOption(
    "unmap granularity in bytes, default the physical block",
  ),
  ublockoffset: sizeOption(0, "bytes of an unmap unit before LBA 0"),
});

/** Makes the driver. */
export function ramdiskDriver(
  clock: Pick<Clock, "nextTurn">,
): BackendDriver<RamdiskOptions> {
  return {
    name: "ramdisk",
    options: RAMDISK_OPTIONS,
    identityOf: () => undefined,
    open: (request) => Promise.resolve(openStore(request, clock)),
  };
}

function openStore(
  request: OpenRequest<RamdiskOptions>,
  clock: Pick<Clock, "nextTurn">,
): OpenOutcome {
  const { options, sizeBytes, blockLength, deviceType, readOnly } = request;
  const shape = shapeOf({ ...options, sizeBytes, blockLength, deviceType });
  if (shape instanceof ShapeProblem) return { error: shape.message };
  const capacityBytes = options.capacity;
  if (capacityBytes === 0) {
    return { store: new BlackHoleStore(shape.geometry, readOnly) };
  }
  if (capacityBytes < shape.pageBytes) {
    return {
      error: `Invalid value "${capacityBytes}" for option "capacity": ` +
        `expected 0 or at least a physical block of ${shape.pageBytes} bytes`,
    };
  }
  return { store: new RamStore({ shape, capacityBytes, readOnly, clock }) };
}
