/**
 * The shape of a store, out of the file and of what was asked for.
 *
 * @module
 */

import type { StoreGeometry } from "../../core/mod.ts";
import type { BlockIoFacts } from "./block_io.ts";

const BLOCK_LENGTH_MIN = 512;
const BLOCK_LENGTH_MAX = 65536;
/**
 * File systems name a preferred transfer as their unit: 1 MiB on NFS. As a
 * physical block that would be a lie which initiators believe.
 */
const FILE_PHYSICAL_BYTES_MAX = 4096;
/** READ CAPACITY(16) has 4 bits for the exponent, 14 for the aligned LBA. */
const PHYSICAL_LIMITS: UnitLimits = { exponentMax: 15, lowestLbaMax: 0x3fff };
const UNMAP_LIMITS: UnitLimits = { exponentMax: 31, lowestLbaMax: 0x7fffffff };
/** The core moves data in pieces of at most 1 MiB. */
const OPTIMAL_TRANSFER_BYTES = 2 ** 20;

interface UnitLimits {
  readonly exponentMax: number;
  readonly lowestLbaMax: number;
}

/** Sizes and offsets of physical blocks and unmap units, in bytes. */
export interface UnitOptions {
  /** Physical block; undefined: as the file system has it. */
  readonly pblocksize: number | undefined;
  /** How far into a physical block the store begins. */
  readonly pblockoffset: number;
  /** Unmap unit; undefined: as the file system has it. */
  readonly ublocksize: number | undefined;
  /** How far into an unmap unit the store begins. */
  readonly ublockoffset: number;
}

/** What a layout is made of. */
export interface LayoutRequest {
  /** Wanted size in bytes; undefined or 0: all there is. */
  readonly sizeBytes: number | undefined;
  /** Wanted bytes of a block; undefined: by device and type. */
  readonly blockLength: number | undefined;
  /** Peripheral device type. */
  readonly deviceType: number;
  /** The units. */
  readonly options: UnitOptions;
}

/** A geometry whose size may change. */
export type GrowingGeometry = {
  -readonly [Name in keyof StoreGeometry]: StoreGeometry[Name];
};

/** A layout that cannot be had: a sentence that says why. */
export class LayoutProblem {
  /** The sentence. */
  readonly message: string;

  /** Takes the sentence. */
  constructor(message: string) {
    this.message = message;
  }
}

/**
 * Works out the geometry, or says which value does not fit.
 *
 * @param fileBytes size of the file or device
 */
export function layoutOf(
  facts: BlockIoFacts,
  fileBytes: number,
  request: LayoutRequest,
): GrowingGeometry | LayoutProblem {
  const blockLength = request.blockLength ??
    Math.max(facts.sectorBytes, request.deviceType === 5 ? 2048 : 512);
  const fit = blockLengthProblem(facts, blockLength) ??
    sizeProblem(facts, fileBytes, request.sizeBytes ?? 0, blockLength);
  if (fit !== undefined) return fit;
  const { options } = request;
  const physical = unitOf("pblock", blockLength, {
    unitBytes: options.pblocksize ?? physicalBytesOf(facts, blockLength),
    offsetBytes: options.pblockoffset,
    limits: PHYSICAL_LIMITS,
  });
  const unmap = unitOf("ublock", blockLength, {
    unitBytes: options.ublocksize ?? wholeUnit(facts.unmapBytes, blockLength),
    offsetBytes: options.ublockoffset,
    limits: UNMAP_LIMITS,
  });
  if (physical instanceof LayoutProblem) return physical;
  if (unmap instanceof LayoutProblem) return unmap;
  return {
    blockLength,
    blockCount: Math.floor((request.sizeBytes || fileBytes) / blockLength),
    physicalBlockExponent: physical.exponent,
    lowestAlignedLba: physical.lowestLba,
    unmapGranularityExponent: unmap.exponent,
    unmapAlignmentLba: unmap.lowestLba,
    optimalTransferBlocks: OPTIMAL_TRANSFER_BYTES / blockLength,
  };
}

function isPowerOfTwo(value: number): boolean {
  return value > 0 && Number.isInteger(Math.log2(value));
}

function blockLengthProblem(
  facts: BlockIoFacts,
  blockLength: number,
): LayoutProblem | undefined {
  if (
    !isPowerOfTwo(blockLength) || blockLength < BLOCK_LENGTH_MIN ||
    blockLength > BLOCK_LENGTH_MAX
  ) {
    return new LayoutProblem(
      `Invalid block size ${blockLength}: expected a power of two ` +
        `from ${BLOCK_LENGTH_MIN} to ${BLOCK_LENGTH_MAX}`,
    );
  }
  if (blockLength % facts.sectorBytes === 0) return undefined;
  return new LayoutProblem(
    `Invalid block size ${blockLength}: expected a multiple of the ` +
      `${facts.sectorBytes}-byte sectors of "${facts.path}"`,
  );
}

function sizeProblem(
  facts: BlockIoFacts,
  fileBytes: number,
  sizeBytes: number,
  blockLength: number,
): LayoutProblem | undefined {
  const { path } = facts;
  if (sizeBytes % blockLength !== 0) {
    return new LayoutProblem(
      `Invalid size ${sizeBytes}: expected a multiple of ` +
        `the block size ${blockLength}`,
    );
  }
  if (facts.isDevice && sizeBytes > fileBytes) {
    return new LayoutProblem(
      `Invalid size ${sizeBytes}: expected at most ${fileBytes}, ` +
        `the size of "${path}"`,
    );
  }
  if (sizeBytes > 0 || fileBytes >= blockLength) return undefined;
  return new LayoutProblem(
    `"${path}" has ${fileBytes} bytes, less than a block: give a size`,
  );
}

function physicalBytesOf(facts: BlockIoFacts, blockLength: number): number {
  const { isDevice, physicalBytes } = facts;
  const likely = isDevice
    ? physicalBytes
    : Math.min(physicalBytes, FILE_PHYSICAL_BYTES_MAX);
  return wholeUnit(likely, blockLength);
}

/** What the system tells, if blocks can be counted in it; else a block. */
function wholeUnit(unitBytes: number, blockLength: number): number {
  return isPowerOfTwo(unitBytes) && unitBytes > blockLength
    ? unitBytes
    : blockLength;
}

/** A unit of 2^exponent blocks and the first LBA that begins one. */
function unitOf(
  option: "pblock" | "ublock",
  blockLength: number,
  unit: {
    readonly unitBytes: number;
    readonly offsetBytes: number;
    readonly limits: UnitLimits;
  },
): { exponent: number; lowestLba: number } | LayoutProblem {
  const { unitBytes, offsetBytes, limits } = unit;
  const exponent = Math.log2(unitBytes / blockLength);
  if (
    !Number.isInteger(exponent) || exponent < 0 || exponent > limits.exponentMax
  ) {
    return new LayoutProblem(
      `Invalid value "${unitBytes}" for option "${option}size": expected a ` +
        `power of two times the block size ${blockLength}, ` +
        `up to 2^${limits.exponentMax} times`,
    );
  }
  const lowestLba = ((unitBytes - offsetBytes) % unitBytes) / blockLength;
  if (
    offsetBytes <= unitBytes && Number.isInteger(lowestLba) &&
    lowestLba <= limits.lowestLbaMax
  ) return { exponent, lowestLba };
  return new LayoutProblem(
    `Invalid value "${offsetBytes}" for option "${option}offset": expected ` +
      `a multiple of the block size ${blockLength} up to ${unitBytes}`,
  );
}
