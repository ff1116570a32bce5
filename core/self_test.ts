/**
 * Self-tests of a logical unit (SPC-5 5.15): the store answers, and its blocks
 * can be read. A short one reads samples, an extended one every block.
 *
 * @module
 */

import { checkRange, readBlocks } from "./commands/medium.ts";
import { hasBlocks } from "./device_type.ts";
import type { LogicalUnit, UnitParts } from "./logical_unit.ts";
import { OK } from "./ports/block_store.ts";
import type { Clock } from "./ports/host.ts";
import {
  LOGICAL_UNIT_FAILED_SELF_TEST,
  selfTestInProgress,
  type Sense,
  UNRECOVERED_READ_ERROR,
} from "./sense.ts";
import {
  SEGMENT,
  SELF_TEST_CODE,
  SELF_TEST_RESULT,
  type SelfTestResult,
  SelfTestResults,
} from "./self_test_results.ts";
import { Slices } from "./slices.ts";
import type { BlockRange } from "./task.ts";

/** Bytes that a self-test reads at a time. */
const CHUNK_BYTES = 128 * 1024;
/** Places of the medium that a short self-test looks at. */
const SAMPLES = 32;
/** What an extended self-test is expected to read in a second. */
const BYTES_PER_SECOND = 64 * 2 ** 20;
const PROGRESS_LIMIT = 0x10000;
const MINUTES_MAX = 0xffff;

/** A self-test on its way. */
interface RunningTest {
  readonly result: SelfTestResult;
  readonly extended: boolean;
  readonly background: boolean;
  /** Whether the command that waits for it was aborted. */
  readonly abandoned: () => boolean;
  /** Done, in 65536ths. */
  progress: number;
  /** It has its result: it reads no more. */
  over: boolean;
}

/** What a segment has found wrong. */
interface Failure {
  readonly segment: number;
  readonly failedLba: number | null;
  readonly sense: Sense;
}

const NO_STORE: Failure = {
  segment: SEGMENT.STORE,
  failedLba: null,
  sense: LOGICAL_UNIT_FAILED_SELF_TEST,
};

/** The self-tests of one unit; one runs at a time. */
export class SelfTests {
  /** Those that have ended, and the one that runs. */
  readonly results: SelfTestResults;
  readonly #unit: LogicalUnit;
  readonly #clock: Clock;
  readonly #noteDefect: UnitParts["noteDefect"];
  #running: RunningTest | null = null;
  #ended: Promise<unknown> = Promise.resolve();
  #bytesPerSecond = BYTES_PER_SECOND;

  /** None has run yet, but for those that were kept. */
  constructor(
    unit: LogicalUnit,
    { state, clock, noteDefect }: Pick<
      UnitParts,
      "state" | "clock" | "noteDefect"
    >,
  ) {
    this.#unit = unit;
    this.#clock = clock;
    this.#noteDefect = noteDefect;
    this.results = new SelfTestResults(state, clock);
  }

  /** Sense that tells of the running one; null: none runs. */
  get inProgress(): Sense | null {
    if (this.#running === null) return null;
    return selfTestInProgress(this.#running.progress);
  }

  /** Whether commands are refused, because a foreground one runs. */
  get refusesCommands(): boolean {
    return this.#running !== null && !this.#running.background;
  }

  /** EXTENDED SELF-TEST COMPLETION MINUTES: as fast as the last one went. */
  get completionMinutes(): number {
    const seconds = this.#unitBytes / this.#bytesPerSecond;
    return Math.min(Math.max(1, Math.ceil(seconds / 60)), MINUTES_MAX);
  }

  /** The default self-test. @returns what is wrong, or null */
  async runDefault(): Promise<Sense | null> {
    const failure = this.#testStore();
    this.#occupy(failure);
    return await failure === null ? null : LOGICAL_UNIT_FAILED_SELF_TEST;
  }

  /** Begins one that runs beside commands. */
  startBackground(code: number): void {
    this.#occupy(this.#run(this.#begin(code, true, () => false)));
  }

  /** Runs one that other commands are refused for. */
  async runForeground(
    code: number,
    abandoned: () => boolean,
  ): Promise<Sense | null> {
    const test = this.#begin(code, false, abandoned);
    const ended = this.#run(test);
    this.#occupy(ended);
    await ended;
    return test.result.result === SELF_TEST_RESULT.PASSED
      ? null
      : LOGICAL_UNIT_FAILED_SELF_TEST;
  }

  /** SEND DIAGNOSTIC aborts a background one. @returns false: none runs */
  abort(): boolean {
    if (this.#running?.background !== true) return false;
    this.#conclude(this.#running, SELF_TEST_RESULT.ABORTED);
    return true;
  }

  /** A reset or a stop ends whatever runs. */
  interrupt(): void {
    if (this.#running === null) return;
    this.#conclude(this.#running, SELF_TEST_RESULT.INTERRUPTED);
  }

  /** Ends whatever runs; when it resolves, the store is left alone. */
  async end(): Promise<void> {
    this.interrupt();
    await this.#ended;
  }

  get #unitBytes(): number {
    const { blockCount, blockLength } = this.#unit.geometry;
    return blockCount * blockLength;
  }

  // Whoever closes the store waits for this; what went wrong is told to others.
  #occupy(work: Promise<unknown>): void {
    this.#ended = Promise.allSettled([this.#ended, work]);
  }

  #begin(
    code: number,
    background: boolean,
    abandoned: () => boolean,
  ): RunningTest {
    const test: RunningTest = {
      result: this.results.begin(code),
      extended: code === SELF_TEST_CODE.BACKGROUND_EXTENDED ||
        code === SELF_TEST_CODE.FOREGROUND_EXTENDED,
      background,
      abandoned,
      progress: 0,
      over: false,
    };
    this.#running = test;
    return test;
  }

  #conclude(test: RunningTest, result: number, failure?: Failure): void {
    if (test.over) return;
    test.over = true;
    if (this.#running === test) this.#running = null;
    Object.assign(test.result, failure, { result });
    this.results.end(test.result);
  }

  async #run(test: RunningTest): Promise<void> {
    try {
      const failure = await this.#testStore() ?? await this.#testMedium(test);
      if (failure === null) this.#conclude(test, SELF_TEST_RESULT.PASSED);
      else this.#conclude(test, resultOf(failure), failure);
    } catch (error) {
      this.#noteDefect("self-test", error);
      this.#conclude(test, SELF_TEST_RESULT.UNKNOWN_ERROR);
    }
  }

  async #testStore(): Promise<Failure | null> {
    const unit = this.#unit;
    if (!hasBlocks(unit.deviceType)) return null;
    if (unit.store === null) return unit.removable ? null : NO_STORE;
    if (unit.ejected || unit.geometry.blockCount === 0) return null;
    const block = new Uint8Array(unit.geometry.blockLength);
    return await this.#read({ lba: 0, blockCount: 1 }, block, SEGMENT.STORE);
  }

  async #testMedium(test: RunningTest): Promise<Failure | null> {
    if (this.#unit.store === null || this.#unit.ejected) return null;
    const { store } = this.#unit;
    const buffer = new Uint8Array(
      Math.max(CHUNK_BYTES, this.#unit.geometry.blockLength),
    );
    const startMs = this.#clock.nowMs();
    const slices = new Slices(this.#clock);
    for (const range of this.#ranges(test.extended)) {
      if (test.background || slices.used) await slices.next();
      // What waits may find another store, or none.
      if (this.#unit.store !== store || this.#unit.ejected) this.interrupt();
      if (test.abandoned()) this.interrupt();
      if (test.over) return null;
      // The medium has become smaller meanwhile: there is no such range.
      if (checkRange(range, this.#unit) !== null) break;
      const failure = await this.#read(range, buffer, SEGMENT.MEDIUM);
      if (failure !== null) return failure;
      const done = range.lba / this.#unit.geometry.blockCount;
      test.progress = Math.floor(Math.min(done, 1) * (PROGRESS_LIMIT - 1));
    }
    if (test.extended) this.#measure(this.#clock.nowMs() - startMs);
    return null;
  }

  // All chunks of the medium, or samples of it with both ends among them. The
  // size is looked at each time: it may change meanwhile.
  *#ranges(extended: boolean): Iterable<BlockRange> {
    const { blockLength } = this.#unit.geometry;
    const chunk = Math.max(1, Math.floor(CHUNK_BYTES / blockLength));
    const end = this.#unit.geometry.blockCount;
    const step = extended ? chunk : Math.max(
      chunk,
      Math.floor((end - chunk) / (SAMPLES - 1)),
    );
    for (let lba = 0; lba < this.#unit.geometry.blockCount; lba += step) {
      const left = this.#unit.geometry.blockCount - lba;
      yield { lba, blockCount: Math.min(left, chunk) };
    }
  }

  async #read(
    range: BlockRange,
    buffer: Uint8Array,
    segment: number,
  ): Promise<Failure | null> {
    const { lba, blockCount } = range;
    const { store } = this.#unit;
    const result = await readBlocks(this.#unit, lba, blockCount, buffer, null);
    if (result === OK) return null;
    const sense = UNRECOVERED_READ_ERROR;
    for (let block = lba; block < lba + blockCount; block += 1) {
      const there = this.#unit.store === store &&
        block < this.#unit.geometry.blockCount;
      if (!there) break;
      const alone = await readBlocks(this.#unit, block, 1, buffer, null);
      if (alone !== OK) return { segment, failedLba: block, sense };
    }
    return { segment, failedLba: lba, sense };
  }

  #measure(tookMs: number): void {
    if (tookMs <= 0) return;
    this.#bytesPerSecond = Math.max(1, this.#unitBytes / (tookMs / 1000));
  }
}

function resultOf({ segment }: Failure): number {
  return segment === SEGMENT.STORE
    ? SELF_TEST_RESULT.FIRST_SEGMENT_FAILED
    : SELF_TEST_RESULT.SECOND_SEGMENT_FAILED;
}
