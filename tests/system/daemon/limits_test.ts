/**
 * Limits of a LUN in a daemon: what two sessions measure by the clock, and
 * how it changes by a reload and by ctladm while they go on.
 */

import { assert, assertEquals } from "@std/assert";
import {
  openTarget,
  pidFileLine,
  portalGroup,
} from "../../support/ctl_conf.ts";
import { daemonFolder, waitForLog } from "../../support/daemon.ts";
import {
  openSession,
  read10,
  type Session,
} from "../../support/initiator/mod.ts";
import { freePort } from "../../support/ports.ts";
import { hearAttentions } from "../../support/system_target.ts";

const TARGET = "iqn.2026-01.test.dtl:limits";
const DEPTH = 8;
/** What may be used at once after a pause, in seconds. */
const BURST_S = 0.05;
const TOLERANCE = 0.05;
const ATTEMPTS = 5;

/** Reads from all sessions at once; returns commands a second. */
async function measure(
  sessions: readonly Session[],
  count: number,
  blocks: number,
  burst: number,
): Promise<number> {
  let left = count;
  const work = async (session: Session) => {
    while (left > 0) {
      left -= 1;
      const { status } = await session
        .command(0, read10(0, blocks), { read: blocks * 512 });
      assertEquals(status, 0);
    }
  };
  const startMs = performance.now();
  await Promise.all(
    sessions.flatMap((session) =>
      Array.from({ length: DEPTH }, () => work(session))
    ),
  );
  const seconds = (performance.now() - startMs) / 1000;
  return (count - burst) / seconds;
}

// A machine that is busy with other things can only be slower: one measurement
// of a few has to reach the limit, and none may exceed it.
async function assertNear(
  wanted: number,
  measureOnce: () => Promise<number>,
): Promise<void> {
  const measured: number[] = [];
  for (let left = ATTEMPTS; left > 0; left -= 1) {
    const rate = await measureOnce();
    measured.push(rate);
    assert(rate <= wanted * (1 + TOLERANCE), `${rate} exceeds ${wanted}`);
    if (rate >= wanted * (1 - TOLERANCE)) return;
  }
  throw new TypeError(`${measured} a second are not near ${wanted}`);
}

Deno.test("limits of a LUN are kept to, and change while it is used", async () => {
  await using folder = await daemonFolder();
  const port = freePort();
  const conf = (option: string) =>
    pidFileLine(folder) + portalGroup("pg0", port) +
    openTarget(
      TARGET,
      `lun 0 { backend ramdisk size 4M option capacity 4M ${option} }`,
    );
  const daemon = await folder.ctld(conf("option iops_limit 1000"));
  const open = async () => {
    const session = await openSession({ portal: { port }, targetName: TARGET });
    await hearAttentions(session, 0);
    return session;
  };
  await using one = await open();
  await using two = await open();
  const sessions = [one, two];
  const small = () => measure(sessions, 1500, 8, 1000 * BURST_S);
  await assertNear(1000, small);

  // 64 KiB each: 256 of them a second.
  await folder.configure(conf("option bandwidth_limit 16M"));
  daemon.kill("SIGHUP");
  await waitForLog(daemon, /configuration reloaded errors=0/);
  const large = () => measure(sessions, 400, 128, 256 * BURST_S);
  await assertNear(256, large);

  // Changed while commands wait: from one in ten seconds to any number.
  const slow = ["-o", "capacity=4M", "-o", "iops_limit=1"];
  const free = ["-o", "capacity=4M"];
  const modify = (options: readonly string[]) =>
    folder.ctladm("modify", "-b", "ramdisk", "-l", "0", ...options);
  assertEquals((await modify(slow)).code, 0);
  const running = measure(sessions, 200, 8, 0);
  assertEquals((await modify(free)).code, 0);
  assert(await running > 20, "The limit has stayed");
});
