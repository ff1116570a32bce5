/**
 * One campaign: a pair of daemons of a mode, rounds of failover, and what may
 * be said of them.
 *
 * @module
 */

import type { HaMode } from "../../ha/link/peer_hello.ts";
import { DaemonPair } from "../support/ha/daemon_pair.ts";
import { startEtcd } from "../support/ha/etcd.ts";
import { runChaos } from "./chaos.ts";
import { BY_ARBITER, BY_SCRIPT } from "./promotions.ts";
import { type RoundsOptions, type RoundsResult, runRounds } from "./rounds.ts";

/** Longest time without service after a kill, in ms. */
export const KILL_GAP_MS_MAX = 5000;
/** Longest time without service at a planned switch, in ms. */
export const SWITCH_GAP_MS_MAX = 500;

/** Who promotes. */
export type ArbiterName = "etcd" | "static";

/** What to run. */
export interface Campaign {
  /** How the nodes share. */
  readonly mode: HaMode;
  /** Who promotes. */
  readonly arbiter: ArbiterName;
  /** How often. */
  readonly rounds: number;
  /** Whatever may happen, by chance; there must be an arbiter. */
  readonly chaos?: boolean;
  /** Where chance begins. */
  readonly seed: number;
  /** Takes lines that say how it goes. */
  readonly tell: (line: string) => void;
}

const SIZE_BYTES = 32 << 20;
const WORKERS = 12;

/** Runs one. */
export async function runCampaign(campaign: Campaign): Promise<RoundsResult> {
  const { mode, arbiter, rounds, seed, tell } = campaign;
  const isEtcd = arbiter === "etcd";
  await using etcd = isEtcd ? await startEtcd() : null;
  const arbiterLines = etcd === null
    ? ""
    : `arbiter etcd\n      etcd ${etcd.url}`;
  // Both nodes open what they share: no lock keeps the other one off.
  const fencer = mode !== "shared" ? "lock" : isEtcd ? "lease" : "none";
  await using pair = await DaemonPair.start({
    ...{ mode, diskBytes: SIZE_BYTES },
    ha: () => `${arbiterLines}\n      fencer ${fencer}`,
  });
  try {
    const options: Omit<RoundsOptions, "promotion"> = {
      ...{ rounds, seed, tell, workers: WORKERS, sizeBytes: SIZE_BYTES },
      policy: mode === "standby" ? "one" : "both",
    };
    const promotion = isEtcd ? BY_ARBITER : BY_SCRIPT;
    const result = campaign.chaos === true
      ? await runChaos(pair, options)
      : await runRounds(pair, { ...options, promotion });
    if (result.errors.length > 0) tell(pair.describe());
    return result;
  } catch (error) {
    tell(pair.describe());
    throw error;
  }
}

/** What a campaign has broken; nothing, when all is well. */
export function faultsOf(
  { errors, killGapsMs, switchGapsMs }: RoundsResult,
): string[] {
  const tooLong = (what: string, gaps: readonly number[], most: number) =>
    gaps.filter((gap) => gap > most)
      .map((gap) => `${what}: ${gap.toFixed(0)} ms without service`);
  return [
    ...errors,
    ...tooLong("kill", killGapsMs, KILL_GAP_MS_MAX),
    ...tooLong("switch", switchGapsMs, SWITCH_GAP_MS_MAX),
  ];
}

/** The figures of a campaign in one line. */
export function summaryOf(result: RoundsResult): string {
  const { killGapsMs, switchGapsMs, commands, retries, losses } = result;
  const again = [...retries].map(([why, count]) => `${why} ${count}`);
  const gaps = killGapsMs.length === 0
    ? ""
    : `gap after a kill ${spread(killGapsMs)}, ` +
      `at a switch ${spread(switchGapsMs)}; `;
  return `${commands} commands, ${result.errors.length} errors; ${gaps}` +
    `${losses} connections lost; tried again for ${again.join(", ")}`;
}

function spread(gaps: readonly number[]): string {
  const sorted = [...gaps].sort((one, other) => one - other);
  const at = (share: number) =>
    sorted[Math.floor((sorted.length - 1) * share)]?.toFixed(0) ?? "-";
  return `median ${at(0.5)} ms, at most ${at(1)} ms`;
}
