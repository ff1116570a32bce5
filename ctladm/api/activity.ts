/**
 * Describes what goes on in a target: of each LUN and session what is under
 * way, and counters of which two readings tell the rate.
 *
 * @module
 */

import {
  bucketLimitSeconds,
  type CommandTally,
  type IscsiSessionInfo,
  LATENCY_BUCKETS,
  type LogicalUnit,
  OUTCOME,
  TASK_STATE,
} from "../../mod.ts";
import type {
  CommandCountsResource,
  LunActivity,
  SessionActivity,
} from "./resources.ts";

/** Microseconds up to which each bucket of latencies but the last counts. */
export const LATENCY_LIMITS_US: readonly number[] = Array.from(
  { length: LATENCY_BUCKETS - 1 },
  (_, bucket) => bucketLimitSeconds(bucket) * 1e6,
);

/** What goes on at a LUN. */
export function describeLunActivity(unit: LogicalUnit): LunActivity {
  return {
    id: unit.number,
    backend: unit.driver.name,
    tasks: unit.taskSet.size,
    blocked: blockedTasks(unit),
    ...countsOf(unit.statistics),
  };
}

/** What goes on in a session. */
export function describeSessionActivity(
  session: IscsiSessionInfo,
): SessionActivity {
  return {
    id: session.id,
    initiator: session.initiator,
    initiatorAddress: session.initiatorAddress,
    target: session.target,
    tasks: session.tasks,
    ...countsOf(session.statistics),
  };
}

/** Tasks of a unit that wait for others. */
export function blockedTasks({ taskSet }: LogicalUnit): number {
  let blocked = 0;
  for (let task = taskSet.oldest; task !== null; task = task.newer) {
    if (task.state === TASK_STATE.BLOCKED) blocked += 1;
  }
  return blocked;
}

function countsOf(tally: CommandTally | null): CommandCountsResource {
  if (tally === null) {
    return { commands: 0, failures: 0, bytesIn: 0, bytesOut: 0, latencies: [] };
  }
  const { commands, outcomes, bytesIn, bytesOut, buckets } = tally.total();
  const met = outcomes[OUTCOME.CONDITION_MET] ?? 0;
  return {
    commands,
    failures: commands - met - (outcomes[OUTCOME.GOOD] ?? 0),
    bytesIn,
    bytesOut,
    latencies: [...buckets],
  };
}
