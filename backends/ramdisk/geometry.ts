/**
 * The shape of a memory store, out of what was asked for.
 *
 * @module
 */

import type { StoreGeometry } from "../../core/mod.ts";

/** Bytes of a page when nothing else is said. */
const PAGE_BYTES_DEFAULT = 4096;
const PAGE_BYTES_MIN = 512;
const PAGE_BYTES_MAX = 131072;
const BLOCK_LENGTH_MIN = 512;
const BLOCK_LENGTH_MAX = 65536;
/** READ CAPACITY(16) has 14 bits for the lowest aligned LBA. */
const ALIGNED_LBA_MAX = 0x3fff;
/** The core moves data in pieces of at most 1 MiB. */
const OPTIMAL_TRANSFER_BYTES = 2 ** 20;

/** What a geometry is made of; sizes and offsets in bytes. */
export interface ShapeRequest {
  /** Size of the store; undefined is refused. */
  readonly sizeBytes: number | undefined;
  /** Bytes of a block; undefined: by device type. */
  readonly blockLength: number | undefined;
  /** Peripheral device type. */
  readonly deviceType: number;
  /** Physical block, the unit of thin accounting. */
  readonly pblocksize: number | undefined;
  /** How far into a physical block the store begins. */
  readonly pblockoffset: number;
  /** Unit of unmapping that is reported; undefined: the page. */
  readonly ublocksize: number | undefined;
  /** How far into an unmap unit the store begins. */
  readonly ublockoffset: number;
}

/** A geometry whose size may change. */
export type GrowingGeometry = {
  -readonly [Name in keyof StoreGeometry]: StoreGeometry[Name];
};

/** The shape of a store and of its pages. */
export interface Shape {
  /** What the store shows. */
  readonly geometry: GrowingGeometry;
  /** Bytes of a page. */
  readonly pageBytes: number;
}

/** A shape that cannot be had: a sentence that says why. */
export class ShapeProblem {
  /** The sentence. */
  readonly message: string;

  /** Takes the sentence. */
  constructor(message: string) {
    this.message = message;
  }
}

/** Works out the shape, or says which value does not fit. */
export function shapeOf(request: ShapeRequest): Shape | ShapeProblem {
  const blockLength = request.blockLength ??
    (request.deviceType === 5 ? 2048 : 512);
  if (!isPowerOfTwo(blockLength, BLOCK_LENGTH_MIN, BLOCK_LENGTH_MAX)) {
    return new ShapeProblem(
      `Invalid block size ${blockLength}: expected a power of two ` +
        `from ${BLOCK_LENGTH_MIN} to ${BLOCK_LENGTH_MAX}`,
    );
  }
  const blockCount = blockCountOf(request.sizeBytes, blockLength);
  if (blockCount instanceof ShapeProblem) return blockCount;
  const pageBytes = pageBytesOf(request.pblocksize, blockLength);
  if (pageBytes instanceof ShapeProblem) return pageBytes;
  const unmapBytes = request.ublocksize ?? pageBytes;
  const physical = unitOf("pblock", pageBytes, request.pblockoffset, {
    blockLength,
    lowestLbaMax: ALIGNED_LBA_MAX,
  });
  const unmap = unitOf("ublock", unmapBytes, request.ublockoffset, {
    blockLength,
    lowestLbaMax: 0x7fffffff,
  });
  if (physical instanceof ShapeProblem) return physical;
  if (unmap instanceof ShapeProblem) return unmap;
  const geometry: GrowingGeometry = {
    blockLength,
    blockCount,
    physicalBlockExponent: physical.exponent,
    lowestAlignedLba: physical.lowestLba,
    unmapGranularityExponent: unmap.exponent,
    unmapAlignmentLba: unmap.lowestLba,
    optimalTransferBlocks: OPTIMAL_TRANSFER_BYTES / blockLength,
  };
  return { geometry, pageBytes };
}

function isPowerOfTwo(value: number, min: number, max: number): boolean {
  return value >= min && value <= max && Number.isInteger(Math.log2(value));
}

function blockCountOf(
  sizeBytes: number | undefined,
  blockLength: number,
): number | ShapeProblem {
  if (sizeBytes === undefined || sizeBytes <= 0) {
    return new ShapeProblem("Size is required: memory has none of its own");
  }
  if (sizeBytes % blockLength === 0) return sizeBytes / blockLength;
  return new ShapeProblem(
    `Invalid size ${sizeBytes}: expected a multiple of ` +
      `the block size ${blockLength}`,
  );
}

function pageBytesOf(
  pblocksize: number | undefined,
  blockLength: number,
): number | ShapeProblem {
  const pageBytes = pblocksize ?? Math.max(PAGE_BYTES_DEFAULT, blockLength);
  const min = Math.max(PAGE_BYTES_MIN, blockLength);
  if (isPowerOfTwo(pageBytes, min, PAGE_BYTES_MAX)) return pageBytes;
  return new ShapeProblem(
    `Invalid value "${pageBytes}" for option "pblocksize": expected a ` +
      `power of two from ${min} (block size ${blockLength}) ` +
      `to ${PAGE_BYTES_MAX}`,
  );
}

/** A unit of 2^exponent blocks and the first LBA that begins one. */
function unitOf(
  option: "pblock" | "ublock",
  unitBytes: number,
  offsetBytes: number,
  limits: { readonly blockLength: number; readonly lowestLbaMax: number },
): { exponent: number; lowestLba: number } | ShapeProblem {
  const { blockLength, lowestLbaMax } = limits;
  const exponent = Math.log2(unitBytes / blockLength);
  if (!Number.isInteger(exponent) || exponent < 0 || exponent > 31) {
    return new ShapeProblem(
      `Invalid value "${unitBytes}" for option "${option}size": expected ` +
        `a power-of-two multiple of the block size ${blockLength}`,
    );
  }
  const lowestLba = ((unitBytes - offsetBytes) % unitBytes) / blockLength;
  if (
    offsetBytes <= unitBytes && Number.isInteger(lowestLba) &&
    lowestLba <= lowestLbaMax
  ) return { exponent, lowestLba };
  return new ShapeProblem(
    `Invalid value "${offsetBytes}" for option "${option}offset": expected ` +
      `a multiple of the block size ${blockLength} up to ${unitBytes}`,
  );
}
