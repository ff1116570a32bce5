/**
 * A bounded ring of records of fixed size. What is overwritten is counted.
 *
 * @module
 */

/** Numbers of a record, by what they are. */
export const FIELD = {
  TIME_MS: 0,
  EVENT: 1,
  TASK: 2,
  LUN: 3,
  INITIATOR: 4,
  COMMAND: 5,
  TAG: 6,
  /** What they mean depends on the event. */
  A: 7,
  B: 8,
  C: 9,
  D: 10,
} as const;

/** A field of a record. */
export type Field = typeof FIELD[keyof typeof FIELD];

const RECORD_FIELDS = 11;

/** Bytes of a record. */
export const RECORD_BYTES: number = RECORD_FIELDS *
  Float64Array.BYTES_PER_ELEMENT;

/** The ring. */
export class TraceRing {
  /** Records that it holds at the most. */
  readonly capacity: number;
  readonly #numbers: Float64Array;
  #count = 0;

  /** A ring of `capacity` records; all its memory is taken now. */
  constructor(capacity: number) {
    this.capacity = capacity;
    this.#numbers = new Float64Array(capacity * RECORD_FIELDS);
  }

  /** Number of the record that comes next: so many there have been. */
  get end(): number {
    return this.#count;
  }

  /** Number of the oldest record that is still there. */
  get begin(): number {
    return Math.max(0, this.#count - this.capacity);
  }

  /** Begins a record; `put` fills it. */
  append(): void {
    this.#count += 1;
  }

  /** Sets a field of the newest record. */
  put(field: Field, value: number): void {
    this.#numbers[this.#at(this.#count - 1) + field] = value;
  }

  /** A field of a record from `begin` on, before `end`. */
  get(record: number, field: Field): number {
    return this.#numbers[this.#at(record) + field] ?? 0;
  }

  #at(record: number): number {
    return record % this.capacity * RECORD_FIELDS;
  }
}
