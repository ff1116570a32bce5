/**
 * Reservations of a pair: made through either node they bind both, and they
 * outlive a node, or both where they are to persist.
 */

import { assertEquals } from "@std/assert";
import {
  type DaemonNode,
  type DaemonPair,
  hear,
  pairOfDaemonsTest,
} from "../../support/ha/daemon_pair.ts";
import {
  PR_OUT,
  PR_TYPE,
  release6,
  reserve6,
  type Session,
} from "../../support/initiator/mod.ts";
import {
  A,
  ALL_MODES,
  B,
  heldBy,
  outcome,
  read,
  reservationsOf,
  reserveOut,
  write,
} from "./pair_support.ts";

const { WRITE_EXCLUSIVE_REGISTRANTS, WRITE_EXCLUSIVE } = PR_TYPE;

/** Registers a key, and reserves for it. */
async function holds(
  session: Session,
  key: bigint,
  persist = false,
  type: number = WRITE_EXCLUSIVE,
): Promise<void> {
  const register = { actionKey: key, persist };
  assertEquals(await reserveOut(session, PR_OUT.REGISTER, register), "good");
  const reserve = { key, type };
  assertEquals(await reserveOut(session, PR_OUT.RESERVE, reserve), "good");
}

/** Who writes where only the primary has media to offer. */
async function primaryWrites(
  { one, two }: DaemonPair,
  who: { initiatorName: string },
): Promise<string> {
  const { serving } = await one.status();
  const session = await (serving === "primary" ? one : two).openReady(who);
  return await write(session);
}

pairOfDaemonsTest(
  "a reservation through either node binds the other",
  ALL_MODES,
  async ({ one, two }, mode) => {
    const a = await one.openReady(A);
    const b = await two.openReady(B);
    for (const [holder, other] of [[a, b], [b, a]] as const) {
      await holds(holder, 0xa1n);
      const isThroughStandby = mode === "standby" && other === b;
      const expected = isThroughStandby ? "2/04/0b" : "conflict";
      assertEquals(await write(other), expected);
      assertEquals(
        await reserveOut(other, PR_OUT.RESERVE, { type: WRITE_EXCLUSIVE }),
        "conflict",
      );
      assertEquals(await reservationsOf(a), await reservationsOf(b));
      const clear = { key: 0xa1n };
      assertEquals(await reserveOut(holder, PR_OUT.CLEAR, clear), "good");
    }
  },
);

pairOfDaemonsTest(
  "RESERVE (6) through either node keeps the other's initiators out",
  ALL_MODES,
  async ({ one, two }, mode) => {
    const a = await one.openReady(A);
    const b = await two.openReady(B);
    for (const [holder, other] of [[a, b], [b, a]] as const) {
      assertEquals(await outcome(holder, reserve6()), "good");
      const isThroughStandby = mode === "standby" && other === b;
      assertEquals(
        await read(other),
        isThroughStandby ? "2/04/0b" : "conflict",
      );
      assertEquals(await outcome(other, reserve6()), "conflict");
      assertEquals(await outcome(holder, release6()), "good");
      assertEquals(await outcome(other, reserve6()), "good");
      assertEquals(await outcome(other, release6()), "good");
    }
  },
);

pairOfDaemonsTest(
  "reservations outlive the node through which they were made",
  ALL_MODES,
  async (pair) => {
    const { one, two } = pair;
    const a = await one.openReady(A);
    await holds(a, 0xa1n);
    const register = { actionKey: 0xb2n };
    const b = await two.openReady(B);
    assertEquals(await reserveOut(b, PR_OUT.REGISTER, register), "good");
    const before = await heldBy(b);
    assertEquals(before.keys, [0xa1n, 0xb2n]);
    await pair.failOver(one, two);
    await hear(b);
    assertEquals(await heldBy(b), before);
    assertEquals(await write(b), "conflict");
    // What was preempted away stays away when the first node comes back.
    const preempt = { key: 0xb2n, actionKey: 0xa1n, type: WRITE_EXCLUSIVE };
    assertEquals(await reserveOut(b, PR_OUT.PREEMPT, preempt), "good");
    assertEquals(await write(b), "good");
    await one.start();
    await one.serves("secondary");
    const again = await one.openReady(A);
    await hear(b);
    const now = await heldBy(b);
    assertEquals(now.keys, [0xb2n]);
    assertEquals(await heldBy(again), now);
    await one.order("primary");
    await one.serves("primary");
    await hear(again);
    assertEquals(await write(again), "conflict");
  },
);

/** In which order two nodes come back. */
const RETURNS: Readonly<
  Record<string, (pair: DaemonPair) => readonly DaemonNode[]>
> = {
  "node 1 first": ({ one, two }) => [one, two],
  "node 2 first": ({ one, two }) => [two, one],
};

for (const [order, nodesOf] of Object.entries(RETURNS)) {
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    pairOfDaemonsTest(
      `APTPL outlives both nodes: ${signal}, ${order}`,
      ["standby", "proxy"],
      async (pair) => {
        const { one, two } = pair;
        const b = await two.openReady(B);
        await holds(b, 0xb2n, true);
        const { keys, type } = await heldBy(b);
        await Promise.all([one.end(signal), two.end(signal)]);
        for (const node of nodesOf(pair)) await node.start();
        await one.serves("primary");
        await two.serves("secondary");
        const after = await heldBy(await two.openReady(B));
        assertEquals([after.keys, after.type], [keys, type]);
        assertEquals(await primaryWrites(pair, A), "conflict");
      },
    );
  }
}

pairOfDaemonsTest(
  "without APTPL nothing outlives both nodes",
  ["proxy"],
  async (pair) => {
    const { one, two } = pair;
    await holds(await two.openReady(B), 0xb2n);
    await Promise.all([one.end("SIGTERM"), two.end("SIGTERM")]);
    await pair.startBoth();
    const { keys, type } = await heldBy(await two.openReady(B));
    assertEquals([keys, type], [[], null]);
    assertEquals(await primaryWrites(pair, A), "good");
  },
);

pairOfDaemonsTest(
  "ALL_TG_PT registers through the ports of both nodes",
  ["shared", "proxy"],
  async ({ one, two }) => {
    const isid = Uint8Array.of(0x80, 0, 0, 0, 0, 1);
    const a = await one.openReady({ ...A, isid });
    const other = await two.openReady({ ...A, isid });
    const b = await two.openReady(B);
    const list = { actionKey: 0xa1n, allPorts: true };
    assertEquals(await reserveOut(a, PR_OUT.REGISTER, list), "good");
    const type = WRITE_EXCLUSIVE_REGISTRANTS;
    const reserve = { key: 0xa1n, type };
    assertEquals(await reserveOut(other, PR_OUT.RESERVE, reserve), "good");
    assertEquals(
      [await write(a), await write(other), await write(b)],
      ["good", "good", "conflict"],
    );
    assertEquals(await reservationsOf(a), await reservationsOf(b));
  },
);

/** A cluster member: its session through each node, and its key. */
interface Member {
  readonly key: bigint;
  readonly sessions: readonly [Session, Session];
}

async function memberOf(
  { one, two }: DaemonPair,
  who: { initiatorName: string },
  key: bigint,
): Promise<Member> {
  return {
    key,
    sessions: [await one.openReady(who), await two.openReady(who)],
  };
}

// As the validation of Windows' failover clusters does it: each member
// registers on all paths, reserves, reads back, defends, is preempted.
pairOfDaemonsTest(
  "the validation of a cluster passes through either node",
  ALL_MODES,
  async (pair, mode) => {
    const type = WRITE_EXCLUSIVE_REGISTRANTS;
    const a = await memberOf(pair, A, 0xa1n);
    const b = await memberOf(pair, B, 0xb2n);
    for (const path of [0, 1] as const) {
      const own = a.sessions[path];
      const their = b.sessions[1 - path] ?? own;
      const ignore = PR_OUT.REGISTER_AND_IGNORE;
      for (const { key, sessions } of [a, b]) {
        for (const session of sessions) {
          const list = { actionKey: key };
          assertEquals(await reserveOut(session, ignore, list), "good");
        }
      }
      const { key } = a;
      const reserve = { key, type };
      assertEquals(await reserveOut(own, PR_OUT.RESERVE, reserve), "good");
      assertEquals(
        await reserveOut(their, PR_OUT.RESERVE, { key: b.key, type }),
        "conflict",
      );
      const held = await heldBy(their);
      assertEquals(held.keys, [a.key, a.key, b.key, b.key]);
      assertEquals(held.type, type);
      assertEquals(await reservationsOf(own), await reservationsOf(their));
      // Registrants write, through any path that has media to offer.
      for (const session of [...a.sessions, ...b.sessions]) {
        await hear(session);
        const isStandby = mode === "standby" &&
          (session === a.sessions[1] || session === b.sessions[1]);
        assertEquals(await write(session), isStandby ? "2/04/0b" : "good");
      }
      const preempt = { key: b.key, actionKey: a.key, type };
      const action = path === 0 ? PR_OUT.PREEMPT : PR_OUT.PREEMPT_AND_ABORT;
      assertEquals(await reserveOut(their, action, preempt), "good");
      assertEquals((await heldBy(b.sessions[path])).keys, [b.key, b.key]);
      for (const session of a.sessions) {
        const heard = await hear(session);
        assertEquals(heard, ["6/2a/05"], "registrations preempted, once");
        const isStandby = mode === "standby" && session === a.sessions[1];
        assertEquals(await write(session), isStandby ? "2/04/0b" : "conflict");
      }
      // Who was preempted comes back only when it registers again.
      const again = { actionKey: a.key };
      assertEquals(await reserveOut(own, PR_OUT.REGISTER, again), "good");
      const release = { key: b.key, type };
      assertEquals(await reserveOut(their, PR_OUT.RELEASE, release), "good");
      assertEquals(await hear(own), ["6/2a/04"], "reservations released");
      assertEquals(await reserveOut(own, PR_OUT.CLEAR, { key }), "good");
      assertEquals(await hear(their), ["6/2a/03"], "reservations preempted");
      assertEquals((await heldBy(their)).keys, []);
      for (const session of [...a.sessions, ...b.sessions]) await hear(session);
    }
  },
);
