/**
 * Two real daemons and an initiator with two paths that reads and writes at
 * random and verifies all of it: node 1 is killed, comes back, and changes its
 * role, and the application notices nothing. `deno task failover` does the
 * same for as long as one likes.
 */

import { assert, assertEquals } from "@std/assert";
import {
  type ArbiterName,
  KILL_GAP_MS_MAX,
  runCampaign,
  summaryOf,
  SWITCH_GAP_MS_MAX,
} from "../../failover/campaign.ts";
import { medianOf } from "../../bench/summary.ts";

async function failsOver(
  mode: "standby" | "shared" | "proxy",
  arbiter: ArbiterName,
  rounds: number,
): Promise<void> {
  const steps: string[] = [];
  const result = await runCampaign({
    ...{ mode, arbiter, rounds, seed: 7143 },
    tell: (line) => steps.push(line),
  });
  const figures = `${mode}, ${arbiter}: ${summaryOf(result)}`;
  console.log(figures);
  assertEquals(result.errors, [], [figures, ...steps].join("\n"));
  const { killGapsMs, switchGapsMs } = result;
  assert(Math.max(...killGapsMs) < KILL_GAP_MS_MAX, figures);
  // Other tests may keep the disk busy when a role is written down.
  assert(medianOf(switchGapsMs) < SWITCH_GAP_MS_MAX, figures);
  assertEquals(result.killGapsMs.length, rounds);
  assertEquals(result.switchGapsMs.length, 3 * rounds);
  // Each kill cuts a path in the middle of commands.
  assert(result.losses >= rounds, figures);
  assert((result.retries.get("connection lost") ?? 0) >= rounds, figures);
}

for (const mode of ["standby", "shared", "proxy"] as const) {
  Deno.test(`no I/O error where etcd promotes (${mode})`, async () => {
    await failsOver(mode, "etcd", 2);
  });

  Deno.test(`no I/O error where a script promotes (${mode})`, async () => {
    await failsOver(mode, "static", 1);
  });
}
