/**
 * The blocks that both nodes reach, and what of the machines is between: a
 * cache on each host that is lost with the host, writes that take their time
 * and land block by block.
 *
 * @module
 */

import type { SimProcess } from "./process.ts";
import type { Random } from "./random.ts";
import type { Schedule } from "./schedule.ts";

/** A write that is under way. */
export interface SimWrite {
  /** Node that writes. */
  readonly node: 1 | 2;
  /** Process that asked for it. */
  readonly process: SimProcess;
  /** First block. */
  readonly lba: number;
  /** A value for each block. */
  readonly values: readonly number[];
  /** Its initiator was told that it was aborted. */
  abortConfirmed: boolean;
}

interface Flight extends SimWrite {
  readonly cancels: (() => void)[];
  readonly landed: boolean[];
  isOver: boolean;
}

/** Slowest usual write. */
const WRITE_MS_MAX = 15;
/** A write that takes its time. */
const SLOW_MS_MAX = 350;

/** The blocks. */
export class SimMedium {
  readonly #schedule: Schedule;
  readonly #random: Random;
  readonly #complain: (what: string) => void;
  readonly #blocks: Map<number, number> = new Map();
  readonly #caches: readonly Map<number, number>[] = [new Map(), new Map()];
  readonly #flights: Set<Flight> = new Set();
  /** Milliseconds that each access takes more. */
  extraMs = 0;

  /** All zero. */
  constructor(
    schedule: Schedule,
    random: Random,
    complain: (what: string) => void,
  ) {
    this.#schedule = schedule;
    this.#random = random;
    this.#complain = complain;
  }

  /** Reads blocks, some time from now. */
  read(
    node: 1 | 2,
    process: SimProcess,
    lba: number,
    count: number,
  ): Promise<number[]> {
    return new Promise((resolve) => {
      this.#schedule.after(this.#ms(), () => {
        const values: number[] = [];
        for (let at = lba; at < lba + count; at += 1) {
          const cached = this.#cache(node).get(at);
          values.push(cached ?? this.#blocks.get(at) ?? 0);
        }
        this.#schedule.after(0.1, process.entry(() => resolve(values)));
      });
    });
  }

  /** Writes blocks through to the medium; resolves when they are on it. */
  write(write: SimWrite): Promise<void> {
    return new Promise((resolve) => {
      const flight: Flight = Object.assign(write, {
        cancels: [],
        landed: write.values.map(() => false),
        isOver: false,
      });
      this.#flights.add(flight);
      let left = write.values.length;
      write.values.forEach((_, index) => {
        const cachedMs = this.#ms();
        this.#plan(flight, cachedMs, () => this.#toCache(flight, index));
        this.#plan(flight, cachedMs + this.#ms(), () => {
          this.#land(flight, index);
          left -= 1;
          if (left > 0) return;
          this.#end(flight);
          write.process.entry(resolve)();
        });
      });
    });
  }

  /** Nothing of the process is under way any more. */
  whenIdle(process: SimProcess, call: () => void): void {
    const busy = [...this.#flights].some((each) => each.process === process);
    if (busy) this.#schedule.after(1, () => this.whenIdle(process, call));
    else call();
  }

  /** The host has lost its power: its cache is gone, its writes are torn. */
  hostLost(node: 1 | 2): void {
    for (const flight of [...this.#flights]) {
      if (flight.node !== node) continue;
      flight.values.forEach((_, index) => {
        if (!flight.landed[index] && this.#random.chance(0.5)) {
          this.#land(flight, index);
        }
      });
      this.#end(flight);
    }
    this.#cache(node).clear();
  }

  #cache(node: 1 | 2): Map<number, number> {
    return this.#caches[node - 1] ?? new Map();
  }

  #ms(): number {
    const slow = this.#random.chance(0.03);
    const most = slow ? SLOW_MS_MAX : WRITE_MS_MAX;
    return this.extraMs + this.#random.next() * most / 2;
  }

  #plan(flight: Flight, delayMs: number, call: () => void): void {
    flight.cancels.push(this.#schedule.after(delayMs, call));
  }

  #toCache({ node, lba, values }: Flight, index: number): void {
    this.#cache(node).set(lba + index, values[index] ?? 0);
  }

  #land(flight: Flight, index: number): void {
    const { node, lba, values, landed, abortConfirmed } = flight;
    const at = lba + index;
    if (abortConfirmed) {
      this.#complain(`block ${at} got data of a command that was aborted`);
    }
    landed[index] = true;
    this.#blocks.set(at, values[index] ?? 0);
    this.#cache(node).delete(at);
  }

  #end(flight: Flight): void {
    for (const cancel of flight.cancels) cancel();
    flight.isOver = true;
    this.#flights.delete(flight);
  }
}
