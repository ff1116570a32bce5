/**
 * Informational exceptions (SPC-5 5.17, 7.5.11): what may go wrong soon, told
 * by the method that mode page 1Ch names. The only exception that a unit of
 * ours has is the one that an initiator asks for, to test who listens.
 *
 * @module
 */

import type { ModePages } from "./mode_pages.ts";
import type { Clock } from "./ports/host.ts";
import { FAILURE_PREDICTION_FALSE, type Sense } from "./sense.ts";
import type { ScsiTask } from "./task.ts";
import { SENSE_KEY } from "./wire/sense_key.ts";

/** METHOD OF REPORTING INFORMATIONAL EXCEPTIONS (SPC-5 7.5.11). */
export const MRIE = {
  NONE: 0,
  UNIT_ATTENTION: 2,
  CONDITIONAL_RECOVERED: 3,
  RECOVERED: 4,
  NO_SENSE: 5,
  ON_REQUEST: 6,
} as const;

/** What happens in a unit when an exception is reported or has gone. */
export interface ExceptionEvents {
  /** A unit attention is due for every nexus. */
  readonly raise: () => void;
  /** No unit attention is due any more. */
  readonly clear: () => void;
  /** Whether a command has to report has changed. */
  readonly changed: () => void;
}

/** Page 1Ch, unpacked. */
interface ExceptionSettings {
  readonly disabled: boolean;
  readonly test: boolean;
  readonly method: number;
  readonly intervalMs: number;
  /** Reports in all. */
  readonly reports: number;
}

const PAGE = 0x1c;
const DEXCPT = 0x08;
const TEST = 0x04;
const UNIT_MS = 100;
/** INTERVAL TIMER that leaves it to us: then five minutes, as CTL has it. */
const NO_INTERVAL: ReadonlySet<number> = new Set([0, 0xffffffff]);
const INTERVAL_DEFAULT_MS = 300_000;
const TIMER_MS_MAX = 2 ** 31 - 1;

/** The exceptions of one unit. */
export class InformationalExceptions {
  readonly #clock: Clock;
  readonly #pages: () => ModePages;
  readonly #events: ExceptionEvents;
  #current: Sense | null = null;
  #asker: ScsiTask | null = null;
  #due = false;
  #reportsLeft = 0;
  #cancelTimer: (() => void) | null = null;

  /**
   * There is no exception yet.
   *
   * @param pages the mode pages in force
   */
  constructor(clock: Clock, pages: () => ModePages, events: ExceptionEvents) {
    this.#clock = clock;
    this.#pages = pages;
    this.#events = events;
  }

  /** The exception that there is, for log page 2Fh; null: none. */
  get current(): Sense | null {
    return this.#current;
  }

  /** Whether the next command that ends GOOD has to report it. */
  get due(): boolean {
    return this.#due;
  }

  /**
   * A MODE SELECT has named page 1Ch, whether it changed it or not.
   *
   * @param task the command, which reports nothing itself
   */
  pageSelected(task: ScsiTask): void {
    this.end();
    this.#asker = task;
    const { test, disabled, method } = this.#settings();
    if (!test || disabled) return;
    this.#current = FAILURE_PREDICTION_FALSE;
    if (method !== MRIE.NONE && method !== MRIE.ON_REQUEST) {
      this.#reportsLeft = this.#settings().reports;
      this.#report();
    }
  }

  /** What REQUEST SENSE tells when nothing else is to be told. */
  get onRequest(): Sense | null {
    return this.#settings().method === MRIE.NONE ? null : this.#current;
  }

  /** Reports by a command that has ended GOOD; null: not by this one. */
  takeReport(task: ScsiTask): Sense | null {
    const { method } = this.#settings();
    const exception = this.#current;
    const asks = task === this.#asker;
    this.#asker = null;
    if (!this.#due || exception === null || asks) return null;
    this.#setDue(false);
    if (method === MRIE.NO_SENSE) return exception;
    // A reset may have put another method in force meanwhile.
    const told = method === MRIE.RECOVERED ||
      (method === MRIE.CONDITIONAL_RECOVERED && this.#reportsRecovery());
    return told ? { ...exception, key: SENSE_KEY.RECOVERED_ERROR } : null;
  }

  /** Forgets the exception, and that it was to be told. */
  end(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    this.#current = null;
    this.#setDue(false);
    this.#events.clear();
  }

  #report(): void {
    const { method, intervalMs } = this.#settings();
    this.#cancelTimer = null;
    this.#reportsLeft -= 1;
    if (method === MRIE.UNIT_ATTENTION) this.#events.raise();
    else this.#setDue(true);
    if (this.#reportsLeft <= 0) return;
    this.#waitToReport(intervalMs);
  }

  // A month and more is too long for the timers that there are.
  #waitToReport(waitMs: number): void {
    const stepMs = Math.min(waitMs, TIMER_MS_MAX);
    this.#cancelTimer = this.#clock.after(stepMs, () => {
      if (waitMs > stepMs) this.#waitToReport(waitMs - stepMs);
      else this.#report();
    });
  }

  #setDue(due: boolean): void {
    this.#due = due;
    this.#events.changed();
  }

  // PER of the recovery pages: recovered errors are to be told.
  #reportsRecovery(): boolean {
    return [0x01, 0x07].some((code) =>
      ((this.#pages().find(code, 0)?.current[2] ?? 0) & 0x04) !== 0
    );
  }

  #settings(): ExceptionSettings {
    const page = this.#pages().find(PAGE, 0)?.current ?? new Uint8Array(12);
    const view = new DataView(page.buffer, page.byteOffset);
    const flags = view.getUint8(2);
    const interval = view.getUint32(4);
    return {
      disabled: (flags & DEXCPT) !== 0,
      test: (flags & TEST) !== 0,
      method: view.getUint8(3) & 0x0f,
      intervalMs: NO_INTERVAL.has(interval)
        ? INTERVAL_DEFAULT_MS
        : interval * UNIT_MS,
      reports: view.getUint32(8) || Infinity,
    };
  }
}
