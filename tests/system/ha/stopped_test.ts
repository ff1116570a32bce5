/**
 * A primary that stands still (SIGSTOP) in the middle of writes while the other
 * node takes over, and one that is not sure of its lease.
 */

import { assert, assertEquals, assertNotEquals } from "@std/assert";
import type { HaMode } from "../../../ha/link/peer_hello.ts";
import { type DaemonNode, DaemonPair } from "../../support/ha/daemon_pair.ts";
import { startEtcd } from "../../support/ha/etcd.ts";
import { type Session, STATUS, write10 } from "../../support/initiator/mod.ts";
import { A, ALL_MODES, B, read, write } from "./pair_support.ts";

const BLOCK = 512;
/** Blocks of one write. */
const COUNT = 64;
/** Writes that are under way at once; together they cover the area. */
const WRITES = 48;
const OLD = 0x11;
const NEW = 0x22;
const TRANSITIONING = "2/04/0a";
const UNAVAILABLE = "2/04/0c";

/** Runs a body with a pair where etcd decides. */
async function withEtcd(
  mode: HaMode,
  fencer: (pair: () => DaemonPair) => string,
  body: (
    pair: DaemonPair,
    etcd: { kill(signal: Deno.Signal): void },
  ) => Promise<void>,
): Promise<void> {
  await using etcd = await startEtcd();
  const known: { pair: DaemonPair | null } = { pair: null };
  const get = () => {
    if (known.pair === null) throw new TypeError("No pair yet");
    return known.pair;
  };
  await using pair = await DaemonPair.make({
    mode,
    ha: () => `arbiter etcd\n etcd ${etcd.url}\n fencer ${fencer(get)}`,
  });
  known.pair = pair;
  await pair.startBoth();
  await body(pair, etcd);
}

/** Begins to write the whole area, many commands at once. */
function writeArea(session: Session, byte: number): Promise<unknown>[] {
  const data = new Uint8Array(COUNT * BLOCK).fill(byte);
  return Array.from(
    { length: WRITES },
    (_, index) =>
      session.command(0, write10(index * COUNT, COUNT), { write: data })
        .catch(String),
  );
}

/** Writes the whole area; all of it has to be answered GOOD. */
async function overwrite(session: Session, byte: number): Promise<void> {
  const data = new Uint8Array(COUNT * BLOCK).fill(byte);
  for (let index = 0; index < WRITES;) {
    const { status, sense } = await session
      .command(0, write10(index * COUNT, COUNT), { write: data });
    if (sense.startsWith("6/")) continue;
    assertEquals([status, sense], [STATUS.GOOD, ""]);
    index += 1;
  }
}

/** How many bytes of the area are not what they should be. */
async function strayBytes({ disk }: DaemonPair, byte: number): Promise<number> {
  const bytes = await Deno.readFile(disk);
  return bytes.subarray(0, WRITES * COUNT * BLOCK)
    .reduce((count, each) => count + (each === byte ? 0 : 1), 0);
}

/** Stops the primary in the middle of writes; what it had to do is left. */
async function stopInWrites(node: DaemonNode): Promise<Promise<unknown>[]> {
  const session = await node.openReady(A);
  const writes = writeArea(session, OLD);
  await Promise.race(writes);
  node.program.kill("SIGSTOP");
  return writes;
}

for (const mode of ALL_MODES) {
  Deno.test(`not a byte comes from a node that stood still (${mode})`, async () => {
    await withEtcd(mode, () => "lease", async (pair) => {
      const { one, two } = pair;
      const begun = await stopInWrites(one);
      await two.until("primary", ({ serving }) => serving === "primary");
      const b = await two.openReady(B);
      await overwrite(b, NEW);
      assertEquals(await strayBytes(pair, NEW), 0);
      one.program.kill("SIGCONT");
      await Promise.all(begun);
      await one.until("not primary", ({ serving }) => serving !== "primary");
      await one.serves("secondary");
      assertEquals(await strayBytes(pair, NEW), 0, "bytes of node 1");
      assert(one.describe().includes("The role is lost"), one.describe());
      await until(() => read(b), "good");
    });
  });
}

Deno.test("a lock is held by a node that stands still", async () => {
  await withEtcd("proxy", () => "lock", async (pair) => {
    const { one, two } = pair;
    const begun = await stopInWrites(one);
    while (!two.describe().includes("is locked by another process")) {
      assertNotEquals((await two.status()).serving, "primary");
    }
    one.program.kill("SIGCONT");
    await two.until("primary", ({ serving }) => serving === "primary");
    await Promise.all(begun);
    await overwrite(await two.openReady(B), NEW);
    await one.serves("secondary");
    assertEquals(await strayBytes(pair, NEW), 0, "bytes of node 1");
  });
});

Deno.test("a command ends the node that stands still", async () => {
  const fencer = (pair: () => DaemonPair) => {
    const { folder } = pair().one;
    const script = `${folder.path}/fence`;
    const line = `kill -9 "$(cat '${folder.pidFile}')"`;
    Deno.writeTextFileSync(script, `#!/bin/sh\n${line}\n`, { mode: 0o755 });
    return `command\n fence-command ${script}`;
  };
  await withEtcd("proxy", fencer, async (pair) => {
    const { one, two } = pair;
    const begun = await stopInWrites(one);
    const { signal } = await one.program.waitForExit();
    assertEquals(signal, "SIGKILL");
    await Promise.all(begun);
    await two.until("primary", ({ serving }) => serving === "primary");
    await overwrite(await two.openReady(B), NEW);
    assertEquals(await strayBytes(pair, NEW), 0);
  });
});

for (const mode of ALL_MODES) {
  Deno.test(`who cannot ask etcd is transitioning, then unavailable (${mode})`, async () => {
    await withEtcd(mode, () => "lease", async ({ one }, etcd) => {
      const a = await one.openReady(A);
      const startMs = performance.now();
      etcd.kill("SIGSTOP");
      const seen = await statesUntil(a, UNAVAILABLE);
      etcd.kill("SIGCONT");
      assertEquals(seen.map(({ state }) => state), [
        ...["good", TRANSITIONING, UNAVAILABLE],
      ]);
      // Before a peer can have the lease, which lasts for 3 s.
      const doubtMs = (seen[1]?.atMs ?? Infinity) - startMs;
      assert(doubtMs < 3000, `transitioning after ${doubtMs} ms`);
      await until(() => read(a), "good");
      // The peer comes back some time later: that is heard of, too.
      await until(() => write(a), "good");
    });
  });
}

/** What reads are answered, one after the other, up to some state. */
async function statesUntil(
  session: Session,
  last: string,
): Promise<{ state: string; atMs: number }[]> {
  const seen: { state: string; atMs: number }[] = [];
  while (seen.at(-1)?.state !== last) {
    const state = await read(session);
    const isNew = state !== seen.at(-1)?.state && !state.startsWith("6/");
    if (isNew) seen.push({ state, atMs: performance.now() });
  }
  return seen;
}

async function until(ask: () => Promise<string>, state: string): Promise<void> {
  while (await ask() !== state);
}
