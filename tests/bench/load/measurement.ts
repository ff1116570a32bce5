/**
 * What a run counts, and the CPU times at both ends of its window.
 *
 * All sessions share one of these: the client is one event loop.
 *
 * @module
 */

import process from "node:process";
import { cpuSecondsOf, type MachineCpu, machineCpu } from "../proc.ts";
import { LatencyHistogram } from "./histogram.ts";

/** CPU times at one moment, in seconds. */
export interface CpuMoment {
  /** When, on the monotonic clock, in milliseconds. */
  readonly atMs: number;
  /** This process. */
  readonly client: number;
  /** The target's process; 0 without one. */
  readonly target: number;
  /** The whole machine. */
  readonly machine: MachineCpu;
}

/** Counters, latencies and the measured window. */
export class Measurement {
  /** Commands that ended well in the window. */
  readonly latencies: LatencyHistogram = new LatencyHistogram();
  /** Reads among them. */
  reads = 0;
  /** Writes among them. */
  writes = 0;
  /** Commands that failed, at any time. */
  errors = 0;
  /** Reads that did not match the pattern. */
  verifyBad = 0;
  /** How often the target's command window was closed. */
  windowStalls = 0;
  /** R2Ts received. */
  r2ts = 0;
  /** NOP-Ins received. */
  nops = 0;
  /** Batches written. */
  sends = 0;
  /** Batches read. */
  receives = 0;
  /** The first failure, in words. */
  firstError = "";
  readonly #targetPid: number;
  readonly #warmupMs: number;
  readonly #timeMs: number;
  #startMs = Infinity;
  #endMs = Infinity;
  #opened: CpuMoment | undefined;
  #closed: CpuMoment | undefined;

  /** A window of `timeMs` that opens `warmupMs` after the begin. */
  constructor(targetPid: number, warmupMs: number, timeMs: number) {
    this.#targetPid = targetPid;
    this.#warmupMs = warmupMs;
    this.#timeMs = timeMs;
  }

  /** The load begins: all sessions are there. */
  begin(): void {
    this.#startMs = performance.now() + this.#warmupMs;
    this.#endMs = this.#startMs + this.#timeMs;
    this.observe(performance.now());
  }

  /** Whether commands may be sent. */
  hasBegun(): boolean {
    return this.#startMs < Infinity;
  }

  /** Follows the clock, once a batch; the ends of the window fall here. */
  observe(nowMs: number): void {
    if (nowMs < this.#startMs || this.#closed !== undefined) return;
    if (this.#opened === undefined) this.#opened = this.#cpuMoment();
    if (nowMs >= this.#endMs) this.#closed = this.#cpuMoment();
  }

  /** Closes the window before its time: a fill ends when it is done. */
  close(): void {
    this.#opened ??= this.#cpuMoment();
    this.#closed ??= this.#cpuMoment();
  }

  /** Tells whether the window has ended. */
  isOver(): boolean {
    return this.#closed !== undefined;
  }

  /** Adds a command that ended well; outside of the window it is ignored. */
  addCommand(isRead: boolean, latencyMs: number): void {
    if (this.#opened === undefined || this.#closed !== undefined) return;
    this.latencies.record(latencyMs);
    if (isRead) this.reads += 1;
    else this.writes += 1;
  }

  /** Adds a failure. */
  addError(words: string): void {
    if (this.errors === 0) this.firstError = words;
    this.errors += 1;
  }

  /** Both ends of the window. */
  moments(): readonly [CpuMoment, CpuMoment] {
    this.close();
    const [opened, closed] = [this.#opened, this.#closed];
    if (opened === undefined || closed === undefined) {
      throw new Error("The window has no ends");
    }
    return [opened, closed];
  }

  #cpuMoment(): CpuMoment {
    const own = process.cpuUsage();
    return {
      atMs: performance.now(),
      client: (own.user + own.system) / 1e6,
      target: this.#targetPid === 0 ? 0 : cpuSecondsOf(this.#targetPid),
      machine: machineCpu(),
    };
  }
}
