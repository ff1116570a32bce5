/**
 * The results of a unit's self-tests, as log page 10h holds them, and as they
 * are kept over restarts (SPC-5 7.3.19).
 *
 * @module
 */

import { ManagementError } from "./management_error.ts";
import type { Clock } from "./ports/host.ts";
import type { Sense } from "./sense.ts";
import type { UnitState } from "./unit_state.ts";

/** SELF-TEST CODE of SEND DIAGNOSTIC (SPC-5 6.42). */
export const SELF_TEST_CODE = {
  BACKGROUND_SHORT: 1,
  BACKGROUND_EXTENDED: 2,
  ABORT_BACKGROUND: 4,
  FOREGROUND_SHORT: 5,
  FOREGROUND_EXTENDED: 6,
} as const;

/** SELF-TEST RESULTS (SPC-5 7.3.19). */
export const SELF_TEST_RESULT = {
  PASSED: 0x0,
  /** By SEND DIAGNOSTIC. */
  ABORTED: 0x1,
  /** By anything else: a reset, an abort, a medium taken out. */
  INTERRUPTED: 0x2,
  /** A defect. */
  UNKNOWN_ERROR: 0x3,
  FIRST_SEGMENT_FAILED: 0x5,
  SECOND_SEGMENT_FAILED: 0x6,
  IN_PROGRESS: 0xf,
} as const;

/** Parts of a self-test, by their numbers. */
export const SEGMENT = { NONE: 0, STORE: 1, MEDIUM: 2 } as const;

/** Self-tests that are remembered. */
export const SELF_TEST_RESULTS_MAX = 20;

/** Bytes of one result. */
export const SELF_TEST_RESULT_LENGTH = 16;

/** One self-test. */
export interface SelfTestResult {
  /** One of {@linkcode SELF_TEST_CODE}. */
  readonly code: number;
  /** One of {@linkcode SELF_TEST_RESULT}. */
  result: number;
  /** SELF-TEST NUMBER: the segment that failed. */
  segment: number;
  /** TIMESTAMP: hours that the unit had been on. */
  hours: number;
  /** First block that failed; null: none. */
  failedLba: number | null;
  /** What was wrong with it; null: nothing. */
  sense: Pick<Sense, "key" | "asc" | "ascq"> | null;
}

const At = {
  CODE_AND_RESULT: 0,
  NUMBER: 1,
  TIMESTAMP: 2,
  FIRST_FAILURE: 4,
  KEY: 12,
  ASC: 13,
  ASCQ: 14,
  VENDOR: 15,
} as const;

const NO_ADDRESS = 0xffffffff;
const HOURS_MAX = 0xffff;
const MS_PER_MINUTE = 60_000;
const STATE_NAME = "self_tests";
/** Version of the kept form, and minutes on. */
const STATE_HEADER_LENGTH = 5;
const STATE_VERSION = 1;

/** Writes the bytes of a result. */
export function encodeSelfTestResult(
  view: DataView,
  start: number,
  { code, result, segment, hours, failedLba, sense }: SelfTestResult,
): void {
  view.setUint8(start + At.CODE_AND_RESULT, code << 5 | result);
  view.setUint8(start + At.NUMBER, segment);
  view.setUint16(start + At.TIMESTAMP, hours);
  const none = failedLba === null;
  const high = none ? NO_ADDRESS : Math.floor(failedLba / 2 ** 32);
  view.setUint32(start + At.FIRST_FAILURE, high);
  const low = none ? NO_ADDRESS : failedLba % 2 ** 32;
  view.setUint32(start + At.FIRST_FAILURE + 4, low);
  view.setUint8(start + At.KEY, sense?.key ?? 0);
  view.setUint8(start + At.ASC, sense?.asc ?? 0);
  view.setUint8(start + At.ASCQ, sense?.ascq ?? 0);
  view.setUint8(start + At.VENDOR, 0);
}

/** Reads what {@linkcode encodeSelfTestResult} has written. */
export function decodeSelfTestResult(
  view: DataView,
  start: number,
): SelfTestResult {
  const first = view.getUint8(start + At.CODE_AND_RESULT);
  const high = view.getUint32(start + At.FIRST_FAILURE);
  const low = view.getUint32(start + At.FIRST_FAILURE + 4);
  const key = view.getUint8(start + At.KEY);
  const asc = view.getUint8(start + At.ASC);
  const ascq = view.getUint8(start + At.ASCQ);
  return {
    code: first >> 5,
    result: first & 0x0f,
    segment: view.getUint8(start + At.NUMBER),
    hours: view.getUint16(start + At.TIMESTAMP),
    failedLba: high === NO_ADDRESS ? null : high * 2 ** 32 + low,
    sense: key === 0 ? null : { key, asc, ascq },
  };
}

/** The last twenty self-tests of a unit, the youngest first. */
export class SelfTestResults {
  readonly #state: UnitState;
  readonly #clock: Clock;
  readonly #madeAtMs: number;
  #minutesBefore = 0;
  #results: SelfTestResult[] | null = null;

  /** Of a unit that is on from now. */
  constructor(state: UnitState, clock: Clock) {
    this.#state = state;
    this.#clock = clock;
    this.#madeAtMs = clock.nowMs();
  }

  /** All of them; throws a `ManagementError` when they cannot be read. */
  get all(): readonly SelfTestResult[] {
    return this.#load();
  }

  /** A self-test begins. */
  begin(code: number): SelfTestResult {
    const result: SelfTestResult = {
      code,
      result: SELF_TEST_RESULT.IN_PROGRESS,
      segment: SEGMENT.NONE,
      hours: 0,
      failedLba: null,
      sense: null,
    };
    const results = this.#load();
    results.unshift(result);
    results.length = Math.min(results.length, SELF_TEST_RESULTS_MAX);
    this.#keep();
    return result;
  }

  /** It has ended; its result is set. */
  end(result: SelfTestResult): void {
    const hours = Math.floor(this.#minutesOn() / 60);
    result.hours = Math.min(hours, HOURS_MAX);
    this.#keep();
  }

  /** Forgets all that have ended. */
  reset(): void {
    this.#results = this.#load()
      .filter(({ result }) => result === SELF_TEST_RESULT.IN_PROGRESS);
    this.#keep();
  }

  // Time between the last self-test and the end of the program is not known.
  #minutesOn(): number {
    const ms = this.#clock.nowMs() - this.#madeAtMs;
    return this.#minutesBefore + Math.floor(ms / MS_PER_MINUTE);
  }

  #load(): SelfTestResult[] {
    this.#results ??= this.#decode(this.#state.read(STATE_NAME));
    return this.#results;
  }

  #decode(kept: Uint8Array | undefined): SelfTestResult[] {
    if (kept === undefined || kept.length < STATE_HEADER_LENGTH) return [];
    if (kept[0] !== STATE_VERSION) return [];
    const view = new DataView(kept.buffer, kept.byteOffset, kept.length);
    this.#minutesBefore = view.getUint32(1);
    const results: SelfTestResult[] = [];
    const last = kept.length - SELF_TEST_RESULT_LENGTH;
    for (
      let at = STATE_HEADER_LENGTH;
      at <= last;
      at += SELF_TEST_RESULT_LENGTH
    ) results.push(decodeSelfTestResult(view, at));
    // What was running when the program ended was interrupted by that.
    for (const each of results) {
      if (each.result !== SELF_TEST_RESULT.IN_PROGRESS) continue;
      each.result = SELF_TEST_RESULT.INTERRUPTED;
    }
    return results;
  }

  // A result that cannot be kept is still told until the program ends.
  #keep(): void {
    const results = this.#load();
    const length = STATE_HEADER_LENGTH +
      results.length * SELF_TEST_RESULT_LENGTH;
    const view = new DataView(new ArrayBuffer(length));
    view.setUint8(0, STATE_VERSION);
    view.setUint32(1, this.#minutesOn());
    results.forEach((each, index) => {
      const at = STATE_HEADER_LENGTH + index * SELF_TEST_RESULT_LENGTH;
      encodeSelfTestResult(view, at, each);
    });
    try {
      this.#state.write(STATE_NAME, new Uint8Array(view.buffer));
    } catch (error) {
      if (!(error instanceof ManagementError)) throw error;
    }
  }
}
