/**
 * What a disk must hold: every sector carries its address and the number of
 * the write that wrote it last, so that a lost, a late and a misplaced write
 * all show.
 *
 * @module
 */

/** Bytes of a sector. */
export const SECTOR_BYTES = 512;

const WORDS = SECTOR_BYTES / 4;
const MIXER = 0x9e3779b1;

/** The right content of a disk that held zeroes at first. */
export class StampedDisk {
  /** Its size. */
  readonly sectors: number;
  readonly #writes: Uint32Array;
  #lastWrite = 0;

  /** A disk of zeroes. */
  constructor(sectors: number) {
    this.sectors = sectors;
    this.#writes = new Uint32Array(sectors);
  }

  /** Makes the data of a new write; they are not expected yet. */
  stamp(lba: number, sectors: number): { data: Uint8Array; write: number } {
    this.#lastWrite += 1;
    const words = new Uint32Array(sectors * WORDS);
    for (let index = 0; index < sectors; index += 1) {
      fill(words, index * WORDS, lba + index, this.#lastWrite);
    }
    return { data: new Uint8Array(words.buffer), write: this.#lastWrite };
  }

  /** A write was acknowledged: from now on its data are right. */
  acknowledge(lba: number, sectors: number, write: number): void {
    this.#writes.fill(write, lba, lba + sectors);
  }

  /** Compares what was read. @returns what is wrong, or nothing */
  check(lba: number, data: Uint8Array): string | undefined {
    const words = new Uint32Array(data.slice().buffer);
    for (let at = 0; at < words.length; at += WORDS) {
      const sector = lba + at / WORDS;
      const write = this.#writes[sector] ?? 0;
      if (holds(words, at, sector, write)) continue;
      const found = data.subarray(at * 4, at * 4 + 16).toHex();
      return `sector ${sector} holds ${describe(words, at)} (${found}), ` +
        `right is write ${write}`;
    }
    return undefined;
  }
}

function fill(words: Uint32Array, at: number, lba: number, write: number) {
  words[at] = lba;
  words[at + 1] = write;
  let value = Math.imul(lba, MIXER) ^ write;
  for (let index = 2; index < WORDS; index += 1) {
    value = Math.imul(value ^ value >>> 15, MIXER) + index | 0;
    words[at + index] = value;
  }
}

const expected = new Uint32Array(WORDS);

function holds(
  words: Uint32Array,
  at: number,
  lba: number,
  write: number,
): boolean {
  if (write === 0) expected.fill(0);
  else fill(expected, 0, lba, write);
  return expected.every((word, index) => word === words[at + index]);
}

function describe(words: Uint32Array, at: number): string {
  const [lba = 0, write = 0] = words.subarray(at, at + 2);
  if (lba === 0 && write === 0) return "zeroes";
  const whole = holds(words, at, lba, write) ? "" : "a part of ";
  return `${whole}write ${write} of sector ${lba}`;
}
