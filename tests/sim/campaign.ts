/**
 * Runs many seeds on all processors.
 *
 * @module
 */

import type { RangeOutcome, SeedRange } from "./worker.ts";

/** What to run. */
export interface CampaignOptions {
  /** The first seed. */
  readonly first: number;
  /** How many. */
  readonly runs: number;
  /** Threads. */
  readonly jobs: number;
  /** Told how many are done. */
  readonly onProgress: (done: number) => void;
}

/** How it went. */
export interface CampaignOutcome {
  /** Runs that were made. */
  readonly runs: number;
  /** Seeds that failed. */
  readonly failed: readonly number[];
  /** Runs that could not be judged whole. */
  readonly unjudged: number;
  /** Things that have happened in all of them. */
  readonly steps: number;
  /** Milliseconds that an initiator waited, when all was well again. */
  readonly servedMs: number;
}

/** Seeds that a thread is given at once. */
const RANGE = 50;
/** More failures would say nothing new. */
const FAILED_MAX = 20;

/** Runs the campaign. */
export async function runCampaign(
  options: CampaignOptions,
): Promise<CampaignOutcome> {
  const campaign = new Campaign(options);
  const jobs = Array.from({ length: options.jobs }, () => campaign.work());
  await Promise.all(jobs);
  return campaign.outcome;
}

class Campaign {
  readonly #options: CampaignOptions;
  readonly #failed: number[] = [];
  #next: number;
  #done = 0;
  #steps = 0;
  #unjudged = 0;
  #servedMs = 0;

  constructor(options: CampaignOptions) {
    this.#options = options;
    this.#next = options.first;
  }

  get outcome(): CampaignOutcome {
    const failed = this.#failed.sort((one, other) => one - other);
    const [unjudged, steps] = [this.#unjudged, this.#steps];
    const servedMs = this.#servedMs;
    return { runs: this.#done, failed, unjudged, steps, servedMs };
  }

  /** One thread, until there is nothing left to do. */
  async work(): Promise<void> {
    const url = new URL("./worker.ts", import.meta.url);
    const worker = new Worker(url, { type: "module" });
    try {
      for (let range = this.#take(); range !== null; range = this.#take()) {
        this.#add(await ask(worker, range));
      }
    } finally {
      worker.terminate();
    }
  }

  #take(): SeedRange | null {
    const { first, runs } = this.#options;
    const left = first + runs - this.#next;
    if (left <= 0 || this.#failed.length >= FAILED_MAX) return null;
    const range = { first: this.#next, count: Math.min(RANGE, left) };
    this.#next += range.count;
    return range;
  }

  #add({ count, failed, unjudged, steps, servedMs }: RangeOutcome): void {
    this.#done += count;
    this.#steps += steps;
    this.#unjudged += unjudged;
    this.#servedMs = Math.max(this.#servedMs, servedMs);
    this.#failed.push(...failed);
    this.#options.onProgress(this.#done);
  }
}

function ask(worker: Worker, range: SeedRange): Promise<RangeOutcome> {
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<RangeOutcome>) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(message));
    worker.postMessage(range);
  });
}
