/**
 * Counters of a logical unit or a port, by kind of transfer.
 *
 * @module
 */

/** Kinds of transfer, seen from the logical unit. */
export const TRANSFER = { NONE: 0, READ: 1, WRITE: 2 } as const;

/** Counters of one kind of transfer. */
export interface TransferCounters {
  /** Bytes moved. */
  readonly bytes: number;
  /** Commands that ended GOOD. */
  readonly operations: number;
  /** Data moves. */
  readonly dmas: number;
  /** Milliseconds from arrival to end, summed. */
  readonly timeMs: number;
  /** Milliseconds of data moves, summed. */
  readonly dmaTimeMs: number;
}

const FIELDS = 5;
const KINDS = 3;

/** Never reset; a command counts when it has ended GOOD. */
export class Statistics {
  readonly #cells: Float64Array = new Float64Array(FIELDS * KINDS);

  /** Counts one command. */
  count(
    kind: number,
    bytes: number,
    moves: number,
    timeMs: number,
    moveMs: number,
  ): void {
    const cells = this.#cells;
    const at = kind * FIELDS;
    cells[at] = (cells[at] ?? 0) + bytes;
    cells[at + 1] = (cells[at + 1] ?? 0) + 1;
    cells[at + 2] = (cells[at + 2] ?? 0) + moves;
    cells[at + 3] = (cells[at + 3] ?? 0) + timeMs;
    cells[at + 4] = (cells[at + 4] ?? 0) + moveMs;
  }

  /** The counters of one kind. */
  of(kind: number): TransferCounters {
    const at = kind * FIELDS;
    return {
      bytes: this.#cells[at] ?? 0,
      operations: this.#cells[at + 1] ?? 0,
      dmas: this.#cells[at + 2] ?? 0,
      timeMs: this.#cells[at + 3] ?? 0,
      dmaTimeMs: this.#cells[at + 4] ?? 0,
    };
  }
}
