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
import { PageMemory } from "./page_memory.ts";
import { BlackHoleStore } from "./black_hole.ts";
import { shapeOf, ShapeProblem } from "./geometry.ts";
import { RamStore } from "./store.ts";

/** Options of a memory store; sizes and offsets in bytes. */
export interface RamdiskOptions {
  /** Memory for pages; 0: keep nothing. */
  readonly capacity: number;
  /** Memory for what snapshots keep; undefined: as much as `capacity`. */
  readonly snapshot_capacity: number | undefined;
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
  snapshot_capacity: optionalSizeOption(
    "memory for what is overwritten while a copy token needs it, default " +
      "as much as capacity",
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
  const memories = new Map<number, PageMemory>();
  return {
    name: "ramdisk",
    options: RAMDISK_OPTIONS,
    identityOf: () => undefined,
    open: (request) => Promise.resolve(openStore(request, clock, memories)),
  };
}

function openStore(
  request: OpenRequest<RamdiskOptions>,
  clock: Pick<Clock, "nextTurn">,
  memories: Map<number, PageMemory>,
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
  const memory = memoryFor(memories, shape.pageBytes);
  const parts = { shape, capacityBytes, readOnly, clock, memory };
  const snapshotBytes = options.snapshot_capacity ?? capacityBytes;
  return { store: new RamStore({ ...parts, snapshotBytes }) };
}

/** The memory of all stores with pages of a size. */
function memoryFor(
  memories: Map<number, PageMemory>,
  pageBytes: number,
): PageMemory {
  const known = memories.get(pageBytes);
  if (known !== undefined) return known;
  const memory = new PageMemory(pageBytes);
  memories.set(pageBytes, memory);
  return memory;
}
