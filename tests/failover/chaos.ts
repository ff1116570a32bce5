/**
 * A pair to which things happen by chance: nodes are killed, ended and stopped
 * for a while, alone or both, and roles are ordered. An initiator with two
 * paths must not notice more than time.
 *
 * @module
 */

import {
  type DaemonNode,
  type DaemonPair,
  PAIR_TARGET,
} from "../support/ha/daemon_pair.ts";
import { Random } from "../sim/random.ts";
import type { RoundsOptions, RoundsResult } from "./rounds.ts";
import { TwoPathDisk } from "./two_path_disk.ts";
import { VerifiedLoad } from "./verified_load.ts";

const EVENTS = [
  "kill",
  "end",
  "stop",
  "hand over",
  "give up",
  "kill both",
] as const;

/** Milliseconds that a node is off at the most. */
const OFF_MS_MAX = 5000;
/** Milliseconds that a node is stopped at the most: more than a lease. */
const STOPPED_MS_MAX = 7000;
/** Milliseconds of load between two events. */
const BETWEEN_MS = 500;
const WHOLE_MS = 40_000;
const LOOK_MS = 50;

/** Runs as many events as `rounds` says, on a pair with an arbiter. */
export async function runChaos(
  pair: DaemonPair,
  options: Omit<RoundsOptions, "promotion">,
): Promise<RoundsResult> {
  const { rounds, workers, seed, sizeBytes, policy, tell } = options;
  const random = new Random(seed);
  await using disk = new TwoPathDisk({
    ...{ targetName: PAIR_TARGET, policy },
    ports: [pair.one.port, pair.two.port],
  });
  const load = new VerifiedLoad(disk, sizeBytes);
  load.start(workers, seed);
  try {
    for (let event = 1; event <= rounds; event += 1) {
      const primary = await untilWhole(pair);
      disk.watch.mark();
      const what = await happen(pair, primary, random);
      await untilWhole(pair);
      await pause(BETWEEN_MS);
      const { gapMs, commands } = disk.watch.read();
      tell(
        `${event}: ${what}: gap ${gapMs.toFixed(0)} ms, ${commands} commands`,
      );
      if (load.errors.length > 0) break;
    }
  } finally {
    await load.stop();
  }
  return {
    ...{ killGapsMs: [], switchGapsMs: [] },
    commands: load.commands,
    errors: load.errors,
    retries: disk.retries,
    losses: disk.losses,
  };
}

// One thing happens, and is over. @returns what
async function happen(
  pair: DaemonPair,
  primary: DaemonNode,
  random: Random,
): Promise<string> {
  const { one, two } = pair;
  const secondary = primary === one ? two : one;
  const node = random.pick([primary, secondary]);
  const off = () => pause(random.between(0, OFF_MS_MAX));
  const what = random.pick(EVENTS);
  const whom = `${what} ${node === primary ? "primary" : "secondary"}`;
  switch (what) {
    case "kill":
    case "end":
      await node.end(what === "kill" ? "SIGKILL" : "SIGTERM");
      await off();
      await node.start();
      return whom;
    case "stop":
      node.program.kill("SIGSTOP");
      await pause(random.between(0, STOPPED_MS_MAX));
      node.program.kill("SIGCONT");
      return whom;
    case "hand over":
      await secondary.order("primary");
      return what;
    case "give up":
      await primary.order("secondary");
      return what;
    case "kill both":
      await Promise.all([one.end("SIGKILL"), two.end("SIGKILL")]);
      await off();
      await node.start();
      await off();
      await (node === one ? two : one).start();
      return `${what}, ${whom.slice(what.length + 1)} first`;
  }
}

// One serves, the other one follows. @returns the primary
async function untilWhole(pair: DaemonPair): Promise<DaemonNode> {
  const { one, two } = pair;
  const endMs = performance.now() + WHOLE_MS;
  while (performance.now() < endMs) {
    const [first, second] = await Promise.all(
      [one, two].map((node) => node.status().catch(() => null)),
    );
    const inStep = first?.synchronized === true &&
      second?.synchronized === true;
    const roles = `${first?.serving} ${second?.serving}`;
    if (inStep && roles === "primary secondary") return one;
    if (inStep && roles === "secondary primary") return two;
    await pause(LOOK_MS);
  }
  throw new Error(`The pair is not whole after ${WHOLE_MS} ms`);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
