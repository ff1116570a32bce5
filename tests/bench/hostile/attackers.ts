/**
 * Many hostile initiators in one process, all kinds in equal numbers, for
 * some seconds; then a line of JSON with the rounds that each kind made.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { parseLunUrl } from "../load/options.ts";
import { type Attack, ATTACKS, type Victim } from "./attacks.ts";

/** An attacker that is thrown out is back after a moment. */
const AGAIN_MS = 1;

/** Makes rounds of an attack until it is told to stop. */
async function repeat(attack: Attack, victim: Victim): Promise<number> {
  let rounds = 0;
  while (!victim.signal.aborted) {
    await attack(victim).catch(() => {});
    rounds += 1;
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
  return rounds;
}

async function main(words: readonly string[]): Promise<void> {
  const given = parseArgs(words, {
    string: ["url", "count", "seconds", "kinds"],
  });
  const { hostname, port, targetName, lun } = parseLunUrl(String(given.url));
  const chosen = new RegExp(String(given.kinds ?? ""));
  const kinds = Object.entries(ATTACKS).filter(([name]) => chosen.test(name));
  const signal = AbortSignal.timeout(Number(given.seconds) * 1000);
  const rounds: Record<string, number> = {};
  await Promise.all(
    Array.from({ length: Number(given.count) }, async (_, id) => {
      const [name, attack] = kinds[id % kinds.length] ?? [];
      if (name === undefined || attack === undefined) return;
      const portal = { hostname, port };
      const victim = { portal, targetName, lun, signal, id };
      const made = await repeat(attack, victim);
      rounds[name] = (rounds[name] ?? 0) + made;
    }),
  );
  console.log(JSON.stringify(rounds));
  // Whoever never reads waits for a write that nobody takes.
  Deno.exit(0);
}

if (import.meta.main) await main(Deno.args);
