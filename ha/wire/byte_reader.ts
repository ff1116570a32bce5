/**
 * Reads fields in their order, big-endian, from bytes that may be hostile.
 *
 * @module
 */

const strict: TextDecoder = new TextDecoder("utf-8", { fatal: true });

/**
 * Reads one field after the other. The first that is not there or not valid is
 * remembered with its name; from then on every field is zero or empty, so that
 * a decoder looks at {@linkcode ByteReader.fault} once, at its end, and never
 * loops on a count that it could not read.
 */
export class ByteReader {
  readonly #view: DataView;
  #at: number;
  #fault: string | null = null;

  /** Reads a view from an offset to its end. */
  constructor(view: DataView, at = 0) {
    this.#view = view;
    this.#at = at;
  }

  /** The first field that was wrong, and how; null: none. */
  get fault(): string | null {
    return this.#fault;
  }

  /** Bytes that were not read yet. */
  get rest(): number {
    return this.#view.byteLength - this.#at;
  }

  /** Notes that a field which could be read has no sense. */
  fail(field: string, problem: string): void {
    this.#fault ??= `${field}: ${problem}`;
  }

  /** One byte. */
  u8(field: string): number {
    const at = this.#take(field, 1);
    return at < 0 ? 0 : this.#view.getUint8(at);
  }

  /** Two bytes. */
  u16(field: string): number {
    const at = this.#take(field, 2);
    return at < 0 ? 0 : this.#view.getUint16(at);
  }

  /** Four bytes. */
  u32(field: string): number {
    const at = this.#take(field, 4);
    return at < 0 ? 0 : this.#view.getUint32(at);
  }

  /** Eight bytes with a number below 2^53. */
  u53(field: string): number {
    const value = this.u32(field) * 2 ** 32 + this.u32(field);
    if (Number.isSafeInteger(value)) return value;
    this.fail(field, "too large");
    return 0;
  }

  /** So many bytes, lent: valid as long as the view is. */
  bytes(field: string, length: number): Uint8Array {
    const at = this.#take(field, length);
    const { buffer, byteOffset } = this.#view;
    return at < 0
      ? new Uint8Array(0)
      : new Uint8Array(buffer, byteOffset + at, length);
  }

  /** Text in UTF-8 behind its length of two bytes. */
  text(field: string, bytesMax: number): string {
    const length = this.u16(field);
    if (length > bytesMax) this.fail(field, "too long");
    const bytes = this.bytes(field, length);
    try {
      return strict.decode(bytes);
    } catch {
      this.fail(field, "not UTF-8");
      return "";
    }
  }

  /** A count of things that follow; 0 when it is too large. */
  count(field: string, max: number): number {
    const value = this.u16(field);
    if (value > max) this.fail(field, `${value}, more than ${max}`);
    return this.#fault === null ? value : 0;
  }

  /** Nothing may follow. */
  end(): void {
    if (this.rest > 0) this.fail("end", `${this.rest} bytes too many`);
  }

  #take(field: string, length: number): number {
    if (this.#fault !== null) return -1;
    if (length > this.rest) {
      this.fail(field, "cut off");
      return -1;
    }
    const at = this.#at;
    this.#at += length;
    return at;
  }
}
