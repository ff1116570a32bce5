/**
 * Rounds of failover: node 1 is killed, restarted, made primary, secondary and
 * primary again, and an initiator with two paths must not notice.
 *
 * @module
 */

import { type DaemonPair, PAIR_TARGET } from "../support/ha/daemon_pair.ts";
import type { Promotion } from "./promotions.ts";
import type { Service } from "./stopwatch.ts";
import { type PathPolicy, TwoPathDisk } from "./two_path_disk.ts";
import { VerifiedLoad } from "./verified_load.ts";

/** How to run them. */
export interface RoundsOptions {
  /** How often. */
  readonly rounds: number;
  /** Commands in flight. */
  readonly workers: number;
  /** Where chance begins. */
  readonly seed: number;
  /** Bytes of the disk. */
  readonly sizeBytes: number;
  /** How to use the paths. */
  readonly policy: PathPolicy;
  /** How node 2 becomes primary. */
  readonly promotion: Promotion;
  /** Takes one line for each step. */
  readonly tell: (line: string) => void;
}

/** What was seen. */
export interface RoundsResult {
  /** Longest gaps after a kill, in ms, one a round. */
  readonly killGapsMs: readonly number[];
  /** Longest gaps at planned switches, in ms, three a round. */
  readonly switchGapsMs: readonly number[];
  /** Commands that ended well. */
  readonly commands: number;
  /** What reached the application. */
  readonly errors: readonly string[];
  /** What commands were tried again for. */
  readonly retries: ReadonlyMap<string, number>;
  /** Connections that were lost. */
  readonly losses: number;
}

/** Commands that end well before a step counts as over. */
const SETTLED_COMMANDS = 200;
/** And the time that it goes on at least. */
const SETTLED_MS = 300;
const SETTLE_MS = 30_000;
const POLL_MS = 10;

/** Runs rounds on a pair that serves. */
export async function runRounds(
  pair: DaemonPair,
  options: RoundsOptions,
): Promise<RoundsResult> {
  await using disk = new TwoPathDisk({
    targetName: PAIR_TARGET,
    ports: [pair.one.port, pair.two.port],
    policy: options.policy,
  });
  const load = new VerifiedLoad(disk, options.sizeBytes);
  load.start(options.workers, options.seed);
  const rounds = new Rounds(pair, disk, load, options);
  try {
    for (let round = 1; round <= options.rounds; round += 1) {
      await rounds.run(round);
      if (load.errors.length > 0) break;
    }
  } finally {
    await load.stop();
  }
  return {
    killGapsMs: rounds.killGapsMs,
    switchGapsMs: rounds.switchGapsMs,
    commands: load.commands,
    errors: load.errors,
    retries: disk.retries,
    losses: disk.losses,
  };
}

class Rounds {
  readonly killGapsMs: number[] = [];
  readonly switchGapsMs: number[] = [];
  readonly #pair: DaemonPair;
  readonly #disk: TwoPathDisk;
  readonly #load: VerifiedLoad;
  readonly #options: RoundsOptions;

  constructor(
    pair: DaemonPair,
    disk: TwoPathDisk,
    load: VerifiedLoad,
    options: RoundsOptions,
  ) {
    this.#pair = pair;
    this.#disk = disk;
    this.#load = load;
    this.#options = options;
  }

  async run(round: number): Promise<void> {
    const { one, two } = this.#pair;
    await this.#settled();
    const killed = await this.#seen("node 1 killed", round, async () => {
      const { pid } = one.program;
      await one.end("SIGKILL");
      await this.#options.promotion.afterKill(this.#pair, pid);
      await two.until("primary", ({ serving }) => serving === "primary");
    });
    this.killGapsMs.push(killed.gapMs);
    await this.#seen("node 1 restarted", round, async () => {
      await one.start();
      await one.serves("secondary");
    });
    await this.#switch("primary", round);
    await this.#switch("secondary", round);
    await this.#switch("primary", round);
  }

  async #switch(role: "primary" | "secondary", round: number): Promise<void> {
    const { one, two } = this.#pair;
    const { gapMs } = await this.#seen(`node 1 ${role}`, round, async () => {
      const [to, from] = role === "primary" ? [one, two] : [two, one];
      if (to === one) await one.order("primary");
      else await this.#options.promotion.handOver(this.#pair);
      await to.serves("primary");
      await from.serves("secondary");
    });
    this.switchGapsMs.push(gapMs);
  }

  async #seen(
    what: string,
    round: number,
    step: () => Promise<void>,
  ): Promise<Service> {
    const { watch } = this.#disk;
    watch.mark();
    await step();
    await this.#settled();
    const service = watch.read();
    const { gapMs, longestMs, commands } = service;
    this.#options.tell(
      `round ${round}: ${what}: gap ${gapMs.toFixed(0)} ms, longest command ` +
        `${longestMs.toFixed(0)} ms, ${commands} commands`,
    );
    return service;
  }

  // The load goes on: some more commands have ended well.
  async #settled(): Promise<void> {
    const enough = this.#load.commands + SETTLED_COMMANDS;
    const beganMs = performance.now();
    for (;;) {
      const lastedMs = performance.now() - beganMs;
      if (this.#load.errors.length > 0) return;
      if (this.#load.commands >= enough && lastedMs >= SETTLED_MS) return;
      if (lastedMs > SETTLE_MS) {
        throw new Error(`The load stands still\n${this.#pair.describe()}`);
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
}
