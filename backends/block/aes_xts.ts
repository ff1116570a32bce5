/**
 * XTS-AES-256 (IEEE 1619), the mode of disks: each logical block is a data
 * unit, its number is its LBA, and nothing grows.
 *
 * @module
 */

import {
  AES_KEY_BYTES,
  aesDecryption,
  aesEncryption,
  type BlockCipher,
} from "./cipher_adapter.ts";

/** Bytes of the data key and the tweak key together. */
export const XTS_KEY_BYTES: number = 2 * AES_KEY_BYTES;

const AES_BLOCK = 16;
const WORDS = AES_BLOCK / 4;
/** x^128 = x^7 + x^2 + x + 1, in the first byte. */
const REDUCTION = 0x87;

/** Encrypts and decrypts data units with one key. */
export class XtsCipher {
  readonly #unitBytes: number;
  readonly #encrypt: BlockCipher;
  readonly #decrypt: BlockCipher;
  readonly #tweak: BlockCipher;

  /** A cipher for data units of a length, a multiple of 16 bytes. */
  constructor(key: Uint8Array, unitBytes: number) {
    const dataKey = key.subarray(0, AES_KEY_BYTES);
    this.#unitBytes = unitBytes;
    this.#encrypt = aesEncryption(dataKey);
    this.#decrypt = aesDecryption(dataKey);
    this.#tweak = aesEncryption(key.subarray(AES_KEY_BYTES));
  }

  /**
   * Encrypts whole data units.
   *
   * @param first number of the first
   * @returns the units, in a buffer of their own
   */
  encrypt(first: number, units: Uint8Array): Uint8Array {
    return this.#apply(this.#encrypt, first, units);
  }

  /** Decrypts whole data units; the inverse of `encrypt`. */
  decrypt(first: number, units: Uint8Array): Uint8Array {
    return this.#apply(this.#decrypt, first, units);
  }

  #apply(cipher: BlockCipher, first: number, units: Uint8Array): Uint8Array {
    const tweaks = this.#tweaks(first, units.length / this.#unitBytes);
    // A copy begins at the start of its buffer: words can be taken of it.
    const mixed = new Uint8Array(units);
    addWords(mixed, tweaks);
    const result = new Uint8Array(cipher(mixed));
    addWords(result, tweaks);
    return result;
  }

  // One for each 16 bytes: that of a unit, doubled from place to place.
  #tweaks(first: number, count: number): Uint32Array {
    const numbers = new DataView(new ArrayBuffer(AES_BLOCK * count));
    for (let index = 0; index < count; index += 1) {
      numbers.setBigUint64(AES_BLOCK * index, BigInt(first + index), true);
    }
    const heads = new Uint8Array(this.#tweak(new Uint8Array(numbers.buffer)));
    const starts = wordsOf(heads);
    const perUnit = this.#unitBytes / 4;
    const tweaks = new Uint32Array(perUnit * count);
    for (let index = 0; index < count; index += 1) {
      const from = WORDS * index;
      tweaks.set(starts.subarray(from, from + WORDS), perUnit * index);
      doubleAlong(tweaks, perUnit * index, perUnit * (index + 1));
    }
    return tweaks;
  }
}

// In GF(2^128), least significant word first, as the machines that run Deno
// have their bytes.
function doubleAlong(words: Uint32Array, from: number, to: number): void {
  let [a = 0, b = 0, c = 0, d = 0] = words.subarray(from, from + WORDS);
  for (let at = from + WORDS; at < to; at += WORDS) {
    const carry = (d >>> 31) * REDUCTION;
    d = (d << 1 | c >>> 31) >>> 0;
    c = (c << 1 | b >>> 31) >>> 0;
    b = (b << 1 | a >>> 31) >>> 0;
    a = (a << 1 ^ carry) >>> 0;
    words[at] = a;
    words[at + 1] = b;
    words[at + 2] = c;
    words[at + 3] = d;
  }
}

function addWords(bytes: Uint8Array, tweaks: Uint32Array): void {
  const words = wordsOf(bytes);
  for (let at = 0; at < words.length; at += 1) {
    words[at] = (words[at] ?? 0) ^ (tweaks[at] ?? 0);
  }
}

function wordsOf(bytes: Uint8Array): Uint32Array {
  return new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
}
