/**
 * A machine in memory for tests: time stands still until a test moves it.
 *
 * @module
 */

import {
  type Clock,
  type Entropy,
  type Host,
  type Log,
  type LogFields,
  ManagementError,
} from "../../core/mod.ts";
import { MemoryState } from "../../ctladm/host/memory_state.ts";

/** A clock that moves when it is told to. */
export class ManualClock implements Clock {
  #nowMs = 0;
  readonly #timers: Set<{ atMs: number; callback: () => void }> = new Set();

  nowMs(): number {
    return this.#nowMs;
  }

  wallClockMs(): number {
    return this.#nowMs;
  }

  async nextTurn(): Promise<void> {
    await Promise.resolve();
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = { atMs: this.#nowMs + delayMs, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Moves time and runs the timers that are due, in their order. */
  advance(ms: number): void {
    this.#nowMs += ms;
    const due = [...this.#timers]
      .filter((timer) => timer.atMs <= this.#nowMs)
      .sort((a, b) => a.atMs - b.atMs);
    for (const timer of due) {
      if (this.#timers.delete(timer)) timer.callback();
    }
  }
}

/** Bytes of a counter: different each time, the same in every run. */
export class CountingEntropy implements Entropy {
  #next = 1;

  fill(into: Uint8Array): void {
    for (let at = 0; at < into.length; at += 1) {
      into[at] = this.#next++ & 0xff;
    }
  }
}

/** Keeps what was logged, for tests to look at. */
export class RecordingLog implements Log {
  /** Lines as `level: message`, with the fields that came along. */
  readonly lines: { text: string; fields: LogFields }[] = [];

  debug(message: string, fields: LogFields = {}): void {
    this.lines.push({ text: `debug: ${message}`, fields });
  }

  info(message: string, fields: LogFields = {}): void {
    this.lines.push({ text: `info: ${message}`, fields });
  }

  warn(message: string, fields: LogFields = {}): void {
    this.lines.push({ text: `warn: ${message}`, fields });
  }

  error(message: string, fields: LogFields = {}): void {
    this.lines.push({ text: `error: ${message}`, fields });
  }
}

/** State in memory that a test can make fail, as a full disk does. */
export class FailingState extends MemoryState {
  /** Whether it fails to change. */
  failing = false;

  override write(name: string, value: Uint8Array): void {
    this.#check("write", name);
    super.write(name, value);
  }

  override remove(name: string): void {
    this.#check("remove", name);
    super.remove(name);
  }

  #check(verb: string, name: string): void {
    if (!this.failing) return;
    throw new ManagementError("state", `Cannot ${verb} "${name}": disk full`);
  }
}

/** A host whose parts a test can get at. */
export interface MemoryHost extends Host {
  /** Time that stands still. */
  readonly clock: ManualClock;
  /** What was logged. */
  readonly log: RecordingLog;
  /** What was kept. */
  readonly state: FailingState;
}

/** A fresh machine in memory. */
export function memoryHost(): MemoryHost {
  return {
    clock: new ManualClock(),
    entropy: new CountingEntropy(),
    log: new RecordingLog(),
    state: new FailingState(),
  };
}
