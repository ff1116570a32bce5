/**
 * Roles of two real daemons: without a link, in any order of starts, per LUN,
 * and for LUNs that are made while the pair runs.
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import type { HaMode } from "../../../ha/link/peer_hello.ts";
import {
  type DaemonNode,
  DaemonPair,
  hear,
  pairOfDaemonsTest,
} from "../../support/ha/daemon_pair.ts";
import {
  inquiry,
  PR_OUT,
  PR_TYPE,
  reportLuns,
  reportTargetPortGroups,
  requestSense,
  testUnitReady,
} from "../../support/initiator/mod.ts";
import {
  A,
  ALL_MODES,
  B,
  heldBy,
  outcome,
  protect,
  read,
  reserveOut,
  write,
} from "./pair_support.ts";

const UNAVAILABLE = "2/04/0c";
const TRANSITIONING = "2/04/0a";
/** PERIPHERAL QUALIFIER 001b: no device is connected here. */
const NOT_CONNECTED = 0x20;

function lonelyTest(
  name: string,
  withoutLink: boolean,
  id: 1 | 2,
  body: (node: DaemonNode) => Promise<void>,
): void {
  for (const mode of ALL_MODES) {
    Deno.test(`${name} (${mode})`, async () => {
      await using pair = await DaemonPair.make({ mode, withoutLink });
      const node = id === 1 ? pair.one : pair.two;
      await node.start();
      await body(node);
    });
  }
}

lonelyTest("a primary without a link serves", true, 1, async (node) => {
  const session = await node.openReady(A);
  assertEquals([await write(session), await read(session)], ["good", "good"]);
  const reserve = { actionKey: 1n };
  assertEquals(await reserveOut(session, PR_OUT.REGISTER, reserve), "good");
  assertEquals((await node.status()).serving, "primary");
});

lonelyTest(
  "a secondary without a link is unavailable",
  true,
  2,
  async (node) => {
    const session = await node.openReady(A);
    assertEquals(await outcome(session, testUnitReady()), UNAVAILABLE);
    assertEquals([await read(session), await write(session)], [
      UNAVAILABLE,
      UNAVAILABLE,
    ]);
    const register = { actionKey: 1n };
    assertEquals(
      await reserveOut(session, PR_OUT.REGISTER, register),
      UNAVAILABLE,
    );
    const { data } = await session.command(0, inquiry(36), { read: 36 });
    assertEquals(data[0], NOT_CONNECTED);
    const luns = await session.command(0, reportLuns(), { read: 64 });
    assertEquals(luns.data.length, 16, "one LUN");
    const sense = await session.command(0, requestSense(), { read: 252 });
    assertMatch(sense.data.toHex(), /^700005.{18}2500/);
    const groups = await session
      .command(0, reportTargetPortGroups(64), { read: 64 });
    // As CTL has it: if anybody serves, it is the other node.
    assertMatch(groups.data.toHex(), /^.{8}008f000200020000038f0003/);
  },
);

lonelyTest(
  "a node that starts without its peer waits for it",
  false,
  1,
  async (node) => {
    const session = await node.openReady(A);
    assertEquals([await read(session), await write(session)], [
      TRANSITIONING,
      TRANSITIONING,
    ]);
    const { code, stderr } = await node.ctladm("ha-role", "primary");
    assertEquals(code, 1);
    assertMatch(stderr, /--peer-fenced/);
    const fenced = await node.ctladm("ha-role", "primary", "--peer-fenced");
    assertEquals([fenced.code, fenced.stderr], [0, ""]);
    await hear(session);
    assertEquals([await read(session), await write(session)], [
      "good",
      "good",
    ]);
  },
);

const WRITE_EXCLUSIVE = PR_TYPE.WRITE_EXCLUSIVE;

for (
  const [order, first] of [["stale first", 1], ["fresh first", 2]] as const
) {
  pairOfDaemonsTest(
    `who has missed something is not promoted: ${order}`,
    ["proxy", "standby"],
    async (pair) => {
      const { one, two } = pair;
      await pair.failOver(one, two);
      const b = await two.openReady(B);
      const register = { actionKey: 0xb2n, persist: true };
      assertEquals(await reserveOut(b, PR_OUT.REGISTER, register), "good");
      const reserve = { key: 0xb2n, type: WRITE_EXCLUSIVE };
      assertEquals(await reserveOut(b, PR_OUT.RESERVE, reserve), "good");
      assertEquals(await protect(b, true, true), "good");
      await two.end("SIGKILL");
      const order = first === 1 ? [one, two] : [two, one];
      for (const node of order) await node.start();
      await two.serves("primary");
      await one.serves("secondary");
      const a = await one.openReady(A);
      assertEquals((await heldBy(a)).keys, [0xb2n]);
      await one.order("primary");
      await one.serves("primary");
      await hear(a);
      assertEquals(await write(a), "conflict");
    },
  );
}

const MODES: readonly HaMode[] = ["shared", "proxy"];

pairOfDaemonsTest("roles per LUN, both ways", MODES, async (pair) => {
  const { one, two } = pair;
  const serving = async (node: DaemonNode) =>
    (await node.status()).luns.map((lun) => lun.serving);
  const create = [
    ...["create", "-b", "block", "-l", "7", "-S", "SEVEN"],
    ...["-o", `file=${pair.disk}.7`, "-o", "naa=0x6000000000000001"],
  ];
  await Deno.writeFile(`${pair.disk}.7`, new Uint8Array(2 ** 20));
  for (const [node, role] of [[one, "secondary"], [two, "primary"]] as const) {
    const made = await node.ctladm(...create, "-o", `ha_role=${role}`);
    assertEquals([made.code, made.stderr], [0, ""]);
  }
  await two.until(
    "LUN 7 primary",
    ({ luns }) =>
      luns.at(-1)?.serving === "primary" && luns.at(-1)?.peer === "secondary",
  );
  assertEquals(await serving(one), ["primary", "secondary"]);
  assertEquals(await serving(two), ["secondary", "primary"]);
  const moved = await one.ctladm("ha-role", "-l", "7", "primary");
  assertEquals([moved.code, moved.stderr], [0, ""]);
  await two.until(
    "LUN 7 secondary",
    ({ luns }) => luns.at(-1)?.serving === "secondary",
  );
  assertEquals(await serving(one), ["primary", "primary"]);
  assert((await one.status()).luns[1]?.ownRole);
  // The link does not fall over it, whatever comes and goes.
  for (const node of [one, two]) {
    const gone = await node.ctladm("remove", "-b", "block", "-l", "7");
    assertEquals([gone.code, gone.stderr], [0, ""]);
  }
  assertEquals((await one.serves("primary")).luns.length, 1);
});
