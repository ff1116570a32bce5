/**
 * Who promotes node 2 when node 1 is gone.
 *
 * @module
 */

import { ROOT } from "../support/daemon.ts";
import type { DaemonPair } from "../support/ha/daemon_pair.ts";
import { runTool } from "../support/run_tool.ts";
import { wordsOfTask } from "../support/tasks.ts";

const SCRIPT_MS = 20_000;

/** What a cluster manager would run, once it knows that node 1 is dead. */
const SCRIPT = `
while kill -0 "$1" 2>/dev/null; do sleep 0.1; done
shift
exec "$@"
`;

/** How node 2 becomes primary. */
export interface Promotion {
  /** Node 1, with this number of its process, was killed. */
  readonly afterKill: (pair: DaemonPair, killedPid: number) => Promise<void>;
  /** Node 1 serves, and is to serve no more. */
  readonly handOver: (pair: DaemonPair) => Promise<void>;
}

/** An arbiter does what is left to do. */
export const BY_ARBITER: Promotion = {
  afterKill: () => Promise.resolve(),
  handOver: async ({ one }) => {
    await one.order("secondary");
  },
};

/** A script does it, and operators do. */
export const BY_SCRIPT: Promotion = {
  afterKill: runScript,
  // Two secondaries would leave the disk without a primary.
  handOver: async ({ two }) => {
    await two.order("primary");
  },
};

// It waits for the end of node 1, and then orders the role.
async function runScript(
  { two }: DaemonPair,
  killedPid: number,
): Promise<void> {
  const words = [
    ...["-c", SCRIPT, "promote", `${killedPid}`, Deno.execPath()],
    ...[...wordsOfTask("ctladm"), "ha-role", "primary", "--peer-fenced"],
  ];
  const { code, stdout, stderr } = await runTool("/bin/sh", words, {
    env: two.folder.env,
    cwd: ROOT,
    timeoutMs: SCRIPT_MS,
  });
  if (code !== 0) throw new Error(`The script failed: ${stdout}${stderr}`);
}
