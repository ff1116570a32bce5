/**
 * Notes what initiators asked for and heard, and what came of it on the
 * medium; finds what does not fit together.
 *
 * @module
 */

import { type HistoryEntry, judgeHistory, TOO_LONG } from "./linear.ts";
import type { Schedule } from "./schedule.ts";
import type { SharedOp } from "./shared_state.ts";

/** A write that an application waits for; its tries write the same. */
export interface WriteWork {
  /** Which host. */
  readonly host: string;
  /** First block. */
  readonly lba: number;
  /** Blocks. */
  readonly count: number;
  /** When it was begun. */
  readonly fromMs: number;
  /** When it was acknowledged; Infinity: it was not. */
  toMs: number;
  /** It was given up, and may have been done. */
  abandoned: boolean;
}

interface Attempt {
  readonly work: WriteWork;
  abortConfirmed: boolean;
}

interface BlockRead {
  readonly lba: number;
  readonly attempt: number;
  readonly fromMs: number;
  readonly toMs: number;
}

/** What was on the medium before all writes. */
const NOTHING: WriteWork = Object.freeze({
  ...{ host: "", lba: 0, count: Infinity, fromMs: -1, toMs: -1 },
  abandoned: false,
});

/** The notes of a run. */
export class Recorder {
  readonly #schedule: Schedule;
  readonly #complain: (what: string) => void;
  readonly #attempts: Attempt[] = [{ work: NOTHING, abortConfirmed: false }];
  readonly #writes: WriteWork[] = [];
  readonly #reads: BlockRead[] = [];
  readonly #history: HistoryEntry[] = [];

  /** Empty. */
  constructor(schedule: Schedule, complain: (what: string) => void) {
    this.#schedule = schedule;
    this.#complain = complain;
  }

  /** Commands on shared state, so far. */
  get history(): readonly HistoryEntry[] {
    return this.#history;
  }

  /** A write is wanted. */
  writeBegins(host: string, lba: number, count: number): WriteWork {
    const fromMs = this.#schedule.nowMs;
    const work = { host, lba, count, fromMs, toMs: Infinity, abandoned: false };
    this.#writes.push(work);
    return work;
  }

  /** It is tried. @returns what its blocks hold */
  attempt(work: WriteWork): number {
    this.#attempts.push({ work, abortConfirmed: false });
    return this.#attempts.length - 1;
  }

  /** A node has confirmed that a try was aborted: it writes no more. */
  abortConfirmed(attempt: number): void {
    const known = this.#attempts[attempt];
    if (known !== undefined) known.abortConfirmed = true;
  }

  /** It was acknowledged, or was kept out by a reservation. */
  writeEnded(work: WriteWork, good: boolean): void {
    if (good) work.toMs = this.#schedule.nowMs;
    else work.abandoned = true;
  }

  /** Blocks were read. */
  wasRead(lba: number, attempts: readonly number[], fromMs: number): void {
    const toMs = this.#schedule.nowMs;
    attempts.forEach((attempt, index) =>
      this.#reads.push({ lba: lba + index, attempt, fromMs, toMs })
    );
  }

  /** A try has reached the cache before the medium. */
  written(lba: number, attempt: number, node: 1 | 2): void {
    if (this.#attempts[attempt]?.abortConfirmed !== true) return;
    this.#complain(
      `block ${lba} got data of try ${attempt} from node ${node} after the` +
        " abort of that command was confirmed",
    );
  }

  /**
   * A command on shared state. `answer` null: nobody knows what it did; it
   * does nothing later than `overMs`.
   */
  shared(
    op: SharedOp,
    fromMs: number,
    answer: string | null,
    overMs: number = this.#schedule.nowMs,
  ): void {
    this.#history.push({ op, fromMs, toMs: overMs, answer });
  }

  /** Judges all that was noted. @returns false: not all could be judged */
  judge(): boolean {
    for (const read of this.#reads) this.#judgeRead(read);
    const trouble = judgeHistory(this.#history);
    if (trouble === TOO_LONG) return false;
    if (trouble !== null) this.#complain(trouble);
    return true;
  }

  // Between an acknowledged write and a read that returns it nothing may have
  // been written whole.
  #judgeRead({ lba, attempt, fromMs, toMs }: BlockRead): void {
    const seen = this.#attempts[attempt]?.work;
    const at = `block ${lba}, read from ${ms(fromMs)} to ${ms(toMs)}`;
    if (seen === undefined || seen.fromMs > toMs || !covers(seen, lba)) {
      return this.#complain(`${at}: try ${attempt} never was there`);
    }
    const lost = this.#writes.find((other) =>
      other !== seen && covers(other, lba) && other.fromMs > seen.toMs &&
      other.toMs < fromMs
    );
    if (lost === undefined) return;
    this.#complain(
      `${at}: the write of ${ms(seen.fromMs)}..${ms(seen.toMs)} was there,` +
        ` the later one of ${ms(lost.fromMs)}..${ms(lost.toMs)} is lost`,
    );
  }
}

function covers({ lba, count }: WriteWork, block: number): boolean {
  return block >= lba && block < lba + count;
}

function ms(atMs: number): string {
  return atMs.toFixed(1);
}
