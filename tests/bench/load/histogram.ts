/**
 * Latencies in buckets: 64 for each doubling, so that a percentile is exact
 * to 1.6 % however many commands there were, and recording one costs a few
 * nanoseconds.
 *
 * @module
 */

const SUB_BITS = 6;
const SUB_COUNT = 1 << SUB_BITS;
const OCTAVES = 32 - SUB_BITS + 1;
const NANOSECONDS_MAX = 0xffffffff;

/** A histogram of latencies from 1 ns to 4.3 s. */
export class LatencyHistogram {
  readonly #counts = new Float64Array(OCTAVES * SUB_COUNT);
  #count = 0;
  #sumNs = 0;
  #maxNs = 0;

  /** Adds one latency, in milliseconds. */
  record(latencyMs: number): void {
    const ns = Math.min(latencyMs * 1e6, NANOSECONDS_MAX) >>> 0;
    const bucket = bucketOf(ns);
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#count += 1;
    this.#sumNs += ns;
    if (ns > this.#maxNs) this.#maxNs = ns;
  }

  /** Mean latency in microseconds. */
  meanUs(): number {
    return this.#count === 0 ? 0 : this.#sumNs / this.#count / 1e3;
  }

  /** Longest latency in microseconds. */
  maxUs(): number {
    return this.#maxNs / 1e3;
  }

  /**
   * The latency that a part of the commands did not exceed, in microseconds.
   *
   * @param part the part, 0.99 for the 99th percentile
   */
  percentileUs(part: number): number {
    const wanted = part * this.#count;
    let seen = 0;
    for (let bucket = 0; bucket < this.#counts.length; bucket += 1) {
      seen += this.#counts[bucket] ?? 0;
      if (seen > 0 && seen >= wanted) return lowestOf(bucket) / 1e3;
    }
    return 0;
  }
}

function bucketOf(ns: number): number {
  if (ns < SUB_COUNT) return ns;
  const shift = 31 - Math.clz32(ns) - SUB_BITS;
  return ((shift + 1) << SUB_BITS) + ((ns >>> shift) & (SUB_COUNT - 1));
}

function lowestOf(bucket: number): number {
  const octave = bucket >>> SUB_BITS;
  const sub = bucket & (SUB_COUNT - 1);
  return octave === 0 ? sub : (SUB_COUNT + sub) * 2 ** (octave - 1);
}
