/**
 * Bits of standard INQUIRY data that plugins answer for (SPC-5 6.7.2).
 *
 * @module
 */

import { maskOfDeviceType } from "../device_type.ts";

/** Bits of one byte of standard INQUIRY data. */
export interface InquiryFlag {
  /** Byte, from 0. */
  readonly byte: number;
  /** The bits that are set in it. */
  readonly bits: number;
  /** Device types that have them: bits of `FOR`. */
  readonly deviceTypes: number;
}

/** First byte with bits of features, and the last of them. */
const FEATURE_BYTES = { first: 5, last: 7 } as const;

/** The bits that plugins have added. */
export class InquiryFlags {
  readonly #flags: Set<InquiryFlag> = new Set();

  /** Adds bits; the result takes them out again. */
  add(flag: InquiryFlag): Disposable {
    const { byte, bits } = flag;
    const { first, last } = FEATURE_BYTES;
    if (byte < first || byte > last || bits <= 0 || bits > 0xff) {
      throw new TypeError(
        `Cannot add INQUIRY bits ${bits} of byte ${byte}: they are no bits ` +
          `of bytes ${first} to ${last}`,
      );
    }
    for (const other of this.#flags) {
      if (other.byte === byte && (other.bits & bits) !== 0) {
        throw new TypeError(
          `Cannot add INQUIRY bits ${bits} of byte ${byte}: they are taken`,
        );
      }
    }
    this.#flags.add(flag);
    return { [Symbol.dispose]: () => this.#flags.delete(flag) };
  }

  /** Sets the bits of a device type in INQUIRY data. */
  apply(view: DataView, deviceType: number): void {
    const mask = maskOfDeviceType(deviceType);
    for (const { byte, bits, deviceTypes } of this.#flags) {
      if ((deviceTypes & mask) === 0) continue;
      view.setUint8(byte, view.getUint8(byte) | bits);
    }
  }
}
