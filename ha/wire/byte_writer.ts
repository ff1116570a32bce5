/**
 * Writes fields in their order, big-endian, into a buffer that grows.
 *
 * @module
 */

const encoder: TextEncoder = new TextEncoder();

/** The counterpart of `ByteReader`; for what is not on the way of a command. */
export class ByteWriter {
  #bytes: Uint8Array = new Uint8Array(256);
  #view: DataView = new DataView(this.#bytes.buffer);
  #length = 0;

  /** What was written; valid until the next field. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** One byte. */
  u8(value: number): void {
    this.#view.setUint8(this.#grow(1), value);
  }

  /** Two bytes. */
  u16(value: number): void {
    const at = this.#grow(2);
    this.#view.setUint16(at, value);
  }

  /** Four bytes. */
  u32(value: number): void {
    const at = this.#grow(4);
    this.#view.setUint32(at, value);
  }

  /** Eight bytes with a number below 2^53. */
  u53(value: number): void {
    this.u32(Math.floor(value / 2 ** 32));
    this.u32(value % 2 ** 32);
  }

  /** Bytes as they are. */
  put(bytes: Uint8Array): void {
    const at = this.#grow(bytes.length);
    this.#bytes.set(bytes, at);
  }

  /** Text in UTF-8 behind its length of two bytes; what is too long is cut. */
  text(value: string, bytesMax: number): void {
    const bytes = encoder.encode(value);
    const whole = bytes.length <= bytesMax ? bytes : cut(bytes, bytesMax);
    this.u16(whole.length);
    this.put(whole);
  }

  #grow(length: number): number {
    const at = this.#length;
    const needed = at + length;
    if (needed > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
      larger.set(this.bytes);
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    this.#length = needed;
    return at;
  }
}

// Not in the middle of a character.
function cut(bytes: Uint8Array, length: number): Uint8Array {
  let end = length;
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.subarray(0, end);
}
