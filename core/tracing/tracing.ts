/**
 * The switch of tracing. Off, a tracepoint costs one look at a field.
 *
 * @module
 */

import type { Nexus } from "../nexus.ts";
import type { Clock } from "../ports/host.ts";
import type { Wait } from "./trace.ts";
import { type TraceOptions, Tracer } from "./tracer.ts";

/** How a trace begins. */
export interface StartOptions extends TraceOptions {
  /** It stops by itself when nobody has read so long, milliseconds. */
  readonly idleMs?: number;
}

/** The tracing of one target. */
export class Tracing {
  /** The trace that tasks begin in; null: tracing is off. */
  tracer: Tracer | null = null;
  readonly #clock: Clock;
  #last: Tracer | null = null;
  #started = 0;
  #idleMs: number | undefined;
  #cancelIdle: (() => void) | null = null;

  /** It is off. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The trace that runs, or the last one that did; null: none yet. */
  get last(): Tracer | null {
    return this.#last;
  }

  /** Begins a trace; one that runs ends, and is forgotten. */
  start(options: StartOptions = {}): Tracer {
    this.#started += 1;
    this.tracer = new Tracer(this.#started, this.#clock, options);
    this.#last = this.tracer;
    this.#idleMs = options.idleMs;
    this.touch();
    return this.tracer;
  }

  /** No task begins in it any more; those that did go on to their end. */
  stop(): void {
    this.tracer = null;
    this.#cancelIdle?.();
    this.#cancelIdle = null;
  }

  /** Somebody reads: it does not stop by itself for now. */
  touch(): void {
    this.#cancelIdle?.();
    this.#cancelIdle = null;
    if (this.#idleMs === undefined || this.tracer === null) return;
    this.#cancelIdle = this.#clock.after(this.#idleMs, () => this.stop());
  }

  /**
   * A wait begins that is no task's: one of `WAIT`.
   *
   * @param lun LUN number in the target; -1: none, or many
   * @returns what ends it; null: nobody is interested
   */
  acquire(kind: number, nexus: Nexus | null, lun = -1): Wait | null {
    return this.tracer?.acquire(kind, nexus, lun) ?? null;
  }
}
