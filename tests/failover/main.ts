/**
 * Fails over as often as one likes, with real daemons, and an initiator with
 * two paths that verifies all it reads:
 *
 * ```sh
 * deno task failover                              # 20 rounds a mode and arbiter
 * deno task failover --rounds 3 proxy etcd        # fewer, of some
 * deno task failover --chaos --rounds 50          # whatever may happen
 * ```
 *
 * It fails when an error reaches the application, a block differs, or the
 * disk did not serve for too long.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { endWithUs } from "../run/child.ts";
import { providePackages } from "../run/packages.ts";
import { exitWith } from "../run/program.ts";
import { type Campaign, faultsOf, runCampaign, summaryOf } from "./campaign.ts";

const MODES = ["standby", "shared", "proxy"] as const;
const ARBITERS = ["etcd", "static"] as const;
const ROUNDS = "20";
const SEED_MAX = 2 ** 31;

const HELP = `usage: failover [--rounds N] [--seed N] [MODE|ARBITER...]

  --rounds N   times that node 1 is killed (default ${ROUNDS})
  --chaos      as many things that happen by chance, with etcd
  --seed N     where chance begins

Modes: ${MODES.join(" ")}; arbiters: ${ARBITERS.join(" ")}; all without one`;

async function main(words: readonly string[]): Promise<number> {
  const given = parseArgs(words, {
    string: ["rounds", "seed", "_"],
    boolean: ["help", "chaos"],
    default: { rounds: ROUNDS },
    unknown: (word) => {
      if (!word.startsWith("-")) return true;
      throw new TypeError(`Unknown option ${word}\n${HELP}`);
    },
  });
  if (given.help === true) {
    console.log(HELP);
    return 0;
  }
  const wishes = given._.map(String);
  await providePackages();
  let faults = 0;
  const chaos = given.chaos === true;
  const arbiters = chaos ? ["etcd"] as const : chosen(ARBITERS, wishes);
  for (const mode of chosen(MODES, wishes)) {
    for (const arbiter of arbiters) {
      const seed = Number(
        given.seed ?? Math.floor(Math.random() * SEED_MAX),
      );
      const rounds = Number(given.rounds);
      faults += await runOne({
        ...{ mode, arbiter, seed, rounds, chaos, tell: console.log },
      });
    }
  }
  return faults === 0 ? 0 : 1;
}

/** Runs one, and tells of it. @returns how many faults there were */
async function runOne(campaign: Campaign): Promise<number> {
  const { mode, arbiter, seed } = campaign;
  console.log(`# ${mode}, ${arbiter}, seed ${seed}`);
  try {
    const result = await runCampaign(campaign);
    const faults = faultsOf(result);
    for (const fault of faults) console.log(`FAULT ${fault}`);
    console.log(`= ${mode}, ${arbiter}: ${summaryOf(result)}`);
    return faults.length;
  } catch (error) {
    console.log(`FAULT ${error instanceof Error ? error.message : error}`);
    return 1;
  }
}

function chosen<Word extends string>(
  all: readonly Word[],
  wishes: readonly string[],
): readonly Word[] {
  const unknown = wishes.find((wish) =>
    ![...MODES, ...ARBITERS].some((word) => word === wish)
  );
  if (unknown !== undefined) {
    throw new TypeError(`Nothing is named "${unknown}"\n${HELP}`);
  }
  const some = all.filter((word) => wishes.includes(word));
  return some.length === 0 ? all : some;
}

if (import.meta.main) {
  endWithUs();
  await exitWith(() => main(Deno.args));
}
