import { assert, assertEquals } from "@std/assert";
import {
  AllFencers,
  CommandFencer,
  type CommandOutcome,
  type FenceRequest,
  LeaseFencer,
  LockFencer,
  NODE_GROUP,
  NoFencer,
} from "../../../../ha/roles/mod.ts";
import { settled } from "../../../support/core_target.ts";
import { ManualClock } from "../../../support/memory_host.ts";

const REQUEST: FenceRequest = {
  ...{ group: NODE_GROUP, peer: 1, epoch: 7, stores: ["/a", "/b"] },
  ...{ peerReleased: false, peerFenced: false, purpose: "promotion" },
};

/** Locks of paths, some of which others hold. */
class Locks {
  readonly held: Set<string> = new Set();
  readonly taken: Set<string> = new Set();

  readonly lock = (path: string): { release(): void } | null => {
    if (path === "/broken") throw new Error("no locks here");
    if (this.taken.has(path)) return null;
    this.held.add(path);
    return { release: () => void this.held.delete(path) };
  };
}

Deno.test("LockFencer: holds all stores until the role is given up", async () => {
  const locks = new Locks();
  const fencer = new LockFencer(locks.lock);
  assertEquals(await fencer.fence(REQUEST), { ok: true });
  assertEquals([...locks.held], ["/a", "/b"]);
  await fencer.release(NODE_GROUP);
  assertEquals(locks.held.size, 0);
});

Deno.test("LockFencer: a store that is locked keeps it from serving", async () => {
  const locks = new Locks();
  locks.taken.add("/b");
  const fencer = new LockFencer(locks.lock);
  assertEquals(await fencer.fence(REQUEST), {
    ...{ ok: false, reason: "/b is locked by another process" },
  });
  locks.taken.clear();
  assertEquals(await fencer.fence(REQUEST), { ok: true });
  const broken = { ...REQUEST, stores: ["/broken"] };
  const outcome = await fencer.fence(broken);
  assert(!outcome.ok && outcome.reason.includes("no locks here"));
  await fencer.close();
  assertEquals(locks.held.size, 0);
});

Deno.test("LeaseFencer: waits for what is under way", async () => {
  const clock = new ManualClock();
  const fencer = new LeaseFencer(clock, 500);
  const outcome = fencer.fence(REQUEST);
  clock.advance(499);
  assertEquals(await settled(outcome), undefined);
  clock.advance(1);
  assertEquals(await settled(outcome), { ok: true });
  const released = fencer.fence({ ...REQUEST, peerReleased: true });
  assertEquals(await settled(released), { ok: true });
});

Deno.test("CommandFencer: tells its command what it has to know", async () => {
  const runs: [readonly string[], Readonly<Record<string, string>>][] = [];
  const answer: { outcome: CommandOutcome } = {
    outcome: { code: 0, message: "" },
  };
  const fencer = new CommandFencer(["shoot", "-f"], (words, variables) => {
    runs.push([words, variables]);
    return Promise.resolve(answer.outcome);
  });
  assertEquals(await fencer.fence(REQUEST), { ok: true });
  assertEquals(runs, [[["shoot", "-f"], {
    ...{ DTL_HA_PEER: "1", DTL_HA_EPOCH: "7", DTL_HA_PURPOSE: "promotion" },
    DTL_HA_STORES: "/a\n/b",
  }]]);
  answer.outcome = { code: 3, message: "no such host" };
  assertEquals(await fencer.fence(REQUEST), {
    ...{ ok: false, reason: "shoot ended with 3: no such host" },
  });
  // Nobody is shot who has let go.
  await fencer.fence({ ...REQUEST, peerReleased: true });
  await fencer.fence({ ...REQUEST, peerFenced: true });
  assertEquals(runs.length, 2);
});

Deno.test("NoFencer: warns at every promotion", async () => {
  const outcome = await new NoFencer().fence(REQUEST);
  assert(outcome.ok && outcome.warning?.includes("without a fencer"));
});

Deno.test("AllFencers: the first that fails is the answer", async () => {
  const locks = new Locks();
  const lock = new LockFencer(locks.lock);
  const all = new AllFencers([new NoFencer(), lock]);
  assertEquals(all.name, "none lock");
  const outcome = await all.fence(REQUEST);
  assert(outcome.ok && outcome.warning !== undefined);
  locks.taken.add("/c");
  const failed = await all.fence({ ...REQUEST, stores: ["/c"] });
  assertEquals(failed.ok, false);
  await all.release(NODE_GROUP);
  assertEquals(locks.held.size, 0);
});
