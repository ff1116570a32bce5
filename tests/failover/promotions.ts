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

/** The arbiter does it by itself. */
export function byArbiter(): Promise<void> {
  return Promise.resolve();
}

/** A script waits for the end of node 1, and then orders the role. */
export async function byScript(
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
