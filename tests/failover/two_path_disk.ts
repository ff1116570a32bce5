/**
 * A disk with two paths, as dm-multipath makes one: commands are tried until
 * they end well, and only what no path can heal reaches the application.
 *
 * @module
 */

import type {
  CommandOptions,
  CommandResult,
} from "../support/initiator/mod.ts";
import { judge, judgeFailure, type Judgement } from "./outcome.ts";
import { Path } from "./path.ts";
import { Stopwatch } from "./stopwatch.ts";

/** How to use the paths: one as long as it works, or both in turn. */
export type PathPolicy = "one" | "both";

/** Where a disk is. */
export interface TwoPathOptions {
  /** Name of the target. */
  readonly targetName: string;
  /** Ports of 127.0.0.1. */
  readonly ports: readonly [number, number];
  /** How to use them. */
  readonly policy: PathPolicy;
  /** Name of the initiator. */
  readonly initiatorName?: string;
}

/** A command waits so long for a path before it is an error. */
const QUEUE_MS = 60_000;
/** What is busy or in transition is asked again after this time. */
const RETRY_MS = 10;
/** Sense key of what is tried again at once. */
const UNIT_ATTENTION = "6/";
/** A command that takes longer hangs. */
const COMMAND_MS = 60_000;

/** An error that reaches the application. */
export class DiskError extends Error {
  /** Name of the class. */
  override readonly name = "DiskError";
}

/** The disk. */
export class TwoPathDisk implements AsyncDisposable {
  /** Times of what ended well. */
  readonly watch: Stopwatch = new Stopwatch();
  /** What commands were tried again for, and how often. */
  readonly retries: Map<string, number> = new Map();
  readonly #paths: readonly [Path, Path];
  readonly #policy: PathPolicy;
  #current: Path;
  #waiting: (() => void)[] = [];

  /** A disk whose paths are opened now. */
  constructor({ targetName, ports, policy, ...rest }: TwoPathOptions) {
    const names = {
      target: targetName,
      initiator: rest.initiatorName ?? "iqn.2026-01.test.dtl:two-paths",
    };
    const [first, second] = ports;
    this.#paths = [
      new Path(names, first, () => this.#wake()),
      new Path(names, second, () => this.#wake()),
    ];
    this.#policy = policy;
    [this.#current] = this.#paths;
    for (const path of this.#paths) path.open();
    this.watch.mark();
  }

  /** Connections that were lost. */
  get losses(): number {
    return this.#paths.reduce((sum, { losses }) => sum + losses, 0);
  }

  /**
   * Carries a command out, on whatever path.
   *
   * @throws {DiskError} when the command ends otherwise than well
   */
  async run(cdb: Uint8Array, options: CommandOptions): Promise<CommandResult> {
    const sinceMs = performance.now();
    let path = await this.#choose(sinceMs);
    for (;;) {
      const { result, verdict, why } = await tryOn(path, cdb, options);
      if (verdict === "done" && result !== null) {
        this.watch.ended(sinceMs);
        return result;
      }
      if (verdict === "error") {
        throw new DiskError(`${cdb.toHex()} on port ${path.port}: ${why}`);
      }
      this.retries.set(why, (this.retries.get(why) ?? 0) + 1);
      if (verdict === "retry") {
        if (!why.startsWith(UNIT_ATTENTION)) await pause(RETRY_MS);
      } else {
        path = await this.#choose(sinceMs, path);
        // What one node does not serve any more, the other one serves soon.
        if (path.state !== "active") await pause(RETRY_MS);
      }
      if (performance.now() - sinceMs > QUEUE_MS) {
        throw new DiskError(`${cdb.toHex()}: tried for a minute, last ${why}`);
      }
    }
  }

  /** Closes the paths. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#paths.map((path) => path.close()));
  }

  /** A path that works; waits for one when there is none. */
  async #choose(sinceMs: number, but?: Path): Promise<Path> {
    for (;;) {
      const path = this.#usable(but);
      if (path !== undefined) return path;
      const leftMs = sinceMs + QUEUE_MS - performance.now();
      if (leftMs <= 0) throw new DiskError("No path for 60 s");
      await this.#pathComes(leftMs);
    }
  }

  // Best one that serves, best another one than before.
  #usable(but: Path | undefined): Path | undefined {
    const up = this.#paths.filter(({ state }) => state !== "down");
    const serving = up.filter(({ state }) => state === "active");
    const best = serving.length > 0 ? serving : up;
    const [first, second] = best.filter((path) => path !== but);
    if (first === undefined) return best[0];
    const isOther = second === undefined || this.#policy === "both" &&
        this.#current !== first;
    if (isOther) this.#current = first;
    else if (this.#policy === "both") this.#current = second;
    return this.#current;
  }

  async #pathComes(timeoutMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push(resolve);
    const timer = setTimeout(resolve, timeoutMs);
    await promise;
    clearTimeout(timer);
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

interface Try extends Judgement {
  readonly result: CommandResult | null;
}

async function tryOn(
  path: Path,
  cdb: Uint8Array,
  options: CommandOptions,
): Promise<Try> {
  if (path.state === "down") {
    return { result: null, verdict: "path-lost", why: "connection lost" };
  }
  const { session } = path;
  try {
    const result = await session
      .command(0, cdb, { timeoutMs: COMMAND_MS, ...options });
    const judgement = judge(result);
    if (judgement.verdict === "done") path.serves(session);
    if (judgement.verdict === "other-path") path.passive(session);
    return { result, ...judgement };
  } catch (error) {
    const judgement = judgeFailure(session, error);
    if (judgement.verdict === "path-lost") path.lost(session);
    return { result: null, ...judgement };
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
