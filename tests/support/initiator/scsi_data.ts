/**
 * Reads the small answers that many tests need.
 *
 * @module
 */

function viewOf(data: Uint8Array): DataView {
  return new DataView(data.buffer, data.byteOffset, data.byteLength);
}

/** Size of a logical unit. */
export interface Capacity {
  /** Last block's address. */
  readonly lastLba: number;
  /** Bytes of a block. */
  readonly blockBytes: number;
}

/** Reads the answer to READ CAPACITY (10) (SBC-3 5.15.2). */
export function parseReadCapacity10(data: Uint8Array): Capacity {
  const view = viewOf(data);
  return { lastLba: view.getUint32(0), blockBytes: view.getUint32(4) };
}

/** What READ CAPACITY (16) says. */
export interface Capacity16 extends Capacity {
  /** Protection type, 0 for none. */
  readonly protectionType: number;
  /** Logical blocks of a physical one, as an exponent of two. */
  readonly physicalBlockExponent: number;
  /** Lowest aligned block. */
  readonly lowestAlignedLba: number;
  /** Thin provisioning (LBPME). */
  readonly thin: boolean;
  /** Unmapped blocks read as zeroes (LBPRZ). */
  readonly readsZeroes: boolean;
}

/** Reads the answer to READ CAPACITY (16) (SBC-3 5.16.2). */
export function parseReadCapacity16(data: Uint8Array): Capacity16 {
  const view = viewOf(data);
  const protection = view.getUint8(12);
  const provisioning = view.getUint16(14);
  return {
    lastLba: Number(view.getBigUint64(0)),
    blockBytes: view.getUint32(8),
    protectionType: (protection & 1) === 0 ? 0 : (protection >> 1 & 7) + 1,
    physicalBlockExponent: view.getUint8(13) & 0x0f,
    lowestAlignedLba: provisioning & 0x3fff,
    thin: (provisioning & 0x8000) !== 0,
    readsZeroes: (provisioning & 0x4000) !== 0,
  };
}

/** Reads the answer to REPORT LUNS: a number for each unit (SAM-5 4.7). */
export function parseReportLuns(data: Uint8Array): number[] {
  const view = viewOf(data);
  const end = Math.min(data.length, 8 + view.getUint32(0));
  const luns: number[] = [];
  for (let at = 8; at + 8 <= end; at += 8) luns.push(lunAt(view, at));
  return luns;
}

function lunAt(view: DataView, at: number): number {
  switch (view.getUint8(at) >> 6) {
    case 0:
      return view.getUint8(at + 1);
    case 1:
      return view.getUint16(at) & 0x3fff;
    default:
      return view.getUint32(at) & 0xffffff;
  }
}
