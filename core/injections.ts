/**
 * Errors and delays that an operator injects into a logical unit, to see how
 * initiators take them (`ctladm inject`, `ctladm delay`).
 *
 * An error turns the GOOD of a command that has done its work into something
 * else; commands that fail by themselves are left alone. A unit without any
 * pays nothing: commands look at `LogicalUnit.disturbed` alone.
 *
 * @module
 */

import { PATTERN } from "./commands/command_row.ts";
import { ManagementError } from "./management_error.ts";
import {
  INJECTED_ABORT,
  rawSense,
  type Sense,
  UNRECOVERED_READ_ERROR,
  WRITE_ERROR,
} from "./sense.ts";
import type { BlockRange, ScsiTask } from "./task.ts";
import { senseOfCondition, UNIT_ATTENTION } from "./unit_attention.ts";

/** Kinds of injected errors: words of `ctladm inject -i`. */
export type InjectionKind = "aborted" | "mediumerr" | "ua" | "custom";

/** Commands that an error can be injected into, as bits (`inject -p`). */
export const INJECTION_PATTERN = {
  READ: 0x01,
  WRITE: 0x02,
  READ_CAPACITY: 0x04,
  TEST_UNIT_READY: 0x08,
  /** Every command, whatever it does. */
  ANY: 0xff,
} as const;

/** An error to inject. */
export interface InjectionRequest {
  /** What it is. */
  readonly kind: InjectionKind;
  /** Commands that it is for: bits of {@linkcode INJECTION_PATTERN}. */
  readonly pattern: number;
  /** Only commands whose blocks touch these; reads and writes alone. */
  readonly range?: BlockRange | undefined;
  /** Sense data for `custom`, at most 252 bytes; sent as they are. */
  readonly senseData?: Uint8Array | undefined;
  /** It stays until it is deleted; otherwise it is spent by one command. */
  readonly continuous: boolean;
}

/** An injected error. */
export interface Injection extends InjectionRequest {
  /** Number by which it is deleted; from 0, by unit. */
  readonly serial: number;
}

/** Where a command is delayed: words of `ctladm delay -l`. */
export type DelayLocation = "datamove" | "done";

/** A delay of commands. */
export interface Delay {
  /** Before its data move, or before its status is sent. */
  readonly location: DelayLocation;
  /** Seconds; 0: no delay there any more. */
  readonly seconds: number;
  /** For every command; otherwise for the next one. */
  readonly continuous: boolean;
}

/** Longest sense data (SPC-5 4.4.1). */
const SENSE_LENGTH_MAX = 252;
const READS_AND_WRITES = PATTERN.READ | PATTERN.WRITE;

/** What is injected into one unit. */
export class Injections {
  readonly #changed: () => void;
  readonly #delays: Map<DelayLocation, Delay> = new Map();
  #errors: Injection[] = [];
  #nextSerial = 0;

  /**
   * Nothing is injected yet.
   *
   * @param changed called when something was injected, spent or deleted
   */
  constructor(changed: () => void) {
    this.#changed = changed;
  }

  /** Whether anything is injected. */
  get active(): boolean {
    return this.#errors.length > 0 || this.#delays.size > 0;
  }

  /** The errors that wait for a command, in the order they were given. */
  get errors(): readonly Injection[] {
    return this.#errors;
  }

  /** The delays in force. */
  get delays(): readonly Delay[] {
    return [...this.#delays.values()];
  }

  /**
   * Injects an error.
   *
   * @returns its serial number
   * @throws {ManagementError} when the request makes no sense
   */
  add(request: InjectionRequest): number {
    checkInjection(request);
    const serial = this.#nextSerial++;
    const senseData = request.senseData?.slice();
    this.#errors.push({ ...request, senseData, serial });
    this.#changed();
    return serial;
  }

  /** Deletes an error. @returns whether there was one with that number */
  delete(serial: number): boolean {
    const left = this.#errors.filter((error) => error.serial !== serial);
    const found = left.length < this.#errors.length;
    this.#errors = left;
    this.#changed();
    return found;
  }

  /** Delays commands, or no longer. Throws a `ManagementError`. */
  delay(delay: Delay): void {
    const { location, seconds } = delay;
    if (!Number.isSafeInteger(seconds) || seconds < 0 || seconds > DELAY_MAX) {
      throw new ManagementError(
        "option",
        `Cannot delay by ${seconds} seconds: expected a whole number from 0 ` +
          `to ${DELAY_MAX}`,
      );
    }
    if (seconds === 0) this.#delays.delete(location);
    else this.#delays.set(location, { ...delay });
    this.#changed();
  }

  /** Milliseconds by which a command is delayed now; spends what is spent. */
  takeDelayMs(location: DelayLocation): number {
    const delay = this.#delays.get(location);
    if (delay === undefined) return 0;
    if (!delay.continuous) {
      this.#delays.delete(location);
      this.#changed();
    }
    return delay.seconds * 1000;
  }

  /** The error for a command that has ended GOOD; spends what is spent. */
  takeError(task: ScsiTask): Sense | null {
    const error = this.#errors.find((each) => matches(each, task));
    if (error === undefined) return null;
    if (!error.continuous) this.delete(error.serial);
    return senseOf(error, task);
  }
}

/** A day: more is meant for nobody, and timers end soon behind it. */
const DELAY_MAX = 86_400;

function checkInjection({ kind, pattern, range, senseData }: InjectionRequest) {
  const refuse = (why: string) => {
    throw new ManagementError("option", `Cannot inject an error: ${why}`);
  };
  if ((pattern & INJECTION_PATTERN.ANY) === 0) {
    refuse("no command is named that it is for");
  }
  if (range !== undefined && (pattern & ~READS_AND_WRITES) !== 0) {
    refuse("only reads and writes have a range of blocks");
  }
  const length = senseData?.length ?? 0;
  if (kind === "custom" && (length === 0 || length > SENSE_LENGTH_MAX)) {
    refuse(`expected 1 to ${SENSE_LENGTH_MAX} bytes of sense, got ${length}`);
  }
  if (kind !== "custom" && length > 0) {
    refuse(`"${kind}" has sense data of its own`);
  }
}

function matches({ pattern, range }: Injection, task: ScsiTask): boolean {
  const own = task.row?.pattern ?? PATTERN.NONE;
  if (range === undefined && pattern === INJECTION_PATTERN.ANY) return true;
  if ((own & pattern) === 0) return false;
  return range === undefined ||
    rangesOf(task).some((each) =>
      each.blockCount > 0 && range.blockCount > 0 &&
      each.lba < range.lba + range.blockCount &&
      range.lba < each.lba + each.blockCount
    );
}

function rangesOf(task: ScsiTask): readonly BlockRange[] {
  return task.ranges ?? [task];
}

function senseOf({ kind, senseData }: Injection, task: ScsiTask): Sense {
  switch (kind) {
    case "aborted":
      return INJECTED_ABORT;
    case "mediumerr":
      return task.row?.direction === "out"
        ? WRITE_ERROR
        : UNRECOVERED_READ_ERROR;
    case "ua":
      return senseOfCondition(UNIT_ATTENTION.POWER_ON);
    case "custom":
      return rawSense(senseData ?? new Uint8Array(0));
  }
}
