/**
 * Reads and writes what the other node of a pair is told: fields in their
 * order, big-endian.
 *
 * @module
 */

const encoder: TextEncoder = new TextEncoder();
const decoder: TextDecoder = new TextDecoder("utf-8", { fatal: true });

/** Bytes of a text at the most. */
export const TEXT_MAX = 1024;

/** Writes fields. */
export class EntryWriter {
  readonly #parts: Uint8Array[] = [];

  /** What was written. */
  get bytes(): Uint8Array {
    const length = this.#parts.reduce((sum, part) => sum + part.length, 0);
    const whole = new Uint8Array(length);
    let at = 0;
    for (const part of this.#parts) {
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  }

  /** One byte. */
  u8(value: number): void {
    this.#parts.push(Uint8Array.of(value));
  }

  /** Eight bytes with a number below 2^53. */
  u53(value: number): void {
    const part = new Uint8Array(8);
    new DataView(part.buffer).setBigUint64(0, BigInt(Math.floor(value)));
    this.#parts.push(part);
  }

  /** Bytes behind their length; too many are cut off. */
  data(bytes: Uint8Array): void {
    const length = Math.min(bytes.length, TEXT_MAX);
    this.#parts.push(Uint8Array.of(length >> 8, length & 0xff));
    this.#parts.push(bytes.subarray(0, length));
  }

  /** Text in UTF-8 behind its length. */
  text(value: string): void {
    const room = new Uint8Array(TEXT_MAX);
    const { written } = encoder.encodeInto(value, room);
    this.data(room.subarray(0, written));
  }
}

/** Reads fields; after one that is not there all are zero or empty. */
export class EntryReader {
  readonly #view: DataView;
  #at = 0;
  #fault: string | null = null;

  /** Reads from the first byte. */
  constructor(bytes: Uint8Array) {
    this.#view = new DataView(
      bytes.buffer,
      bytes.byteOffset,
      bytes.byteLength,
    );
  }

  /** The first field that was wrong, and how; null: none. */
  get fault(): string | null {
    return this.#fault;
  }

  /** Notes that a field has no sense. */
  fail(field: string, problem: string): void {
    this.#fault ??= `${field}: ${problem}`;
  }

  /** One byte, no larger than said. */
  u8(field: string, max = 0xff): number {
    const at = this.#take(field, 1);
    const value = at < 0 ? 0 : this.#view.getUint8(at);
    if (value > max) this.fail(field, "too large");
    return value > max ? 0 : value;
  }

  /** Eight bytes with a number below 2^53, no larger than said. */
  u53(field: string, max: number = Number.MAX_SAFE_INTEGER): number {
    const at = this.#take(field, 8);
    const value = at < 0 ? 0n : this.#view.getBigUint64(at);
    if (value <= BigInt(max)) return Number(value);
    this.fail(field, "too large");
    return 0;
  }

  /** Bytes behind their length: a copy. */
  data(field: string): Uint8Array {
    const lengthAt = this.#take(field, 2);
    const length = lengthAt < 0 ? 0 : this.#view.getUint16(lengthAt);
    if (length > TEXT_MAX) this.fail(field, "too long");
    const at = this.#take(field, length);
    const { buffer, byteOffset } = this.#view;
    return at < 0
      ? new Uint8Array(0)
      : new Uint8Array(buffer, byteOffset + at, length).slice();
  }

  /** Text in UTF-8 behind its length. */
  text(field: string): string {
    try {
      return decoder.decode(this.data(field));
    } catch {
      this.fail(field, "not UTF-8");
      return "";
    }
  }

  /** Nothing may follow. */
  end(): void {
    if (this.#at < this.#view.byteLength) this.fail("end", "too long");
  }

  #take(field: string, length: number): number {
    if (this.#fault !== null) return -1;
    if (this.#at + length > this.#view.byteLength) {
      this.fail(field, "cut off");
      return -1;
    }
    this.#at += length;
    return this.#at - length;
  }
}
