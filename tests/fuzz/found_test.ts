/**
 * What the properties of this folder have found, each by itself.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { targetTest } from "../support/core_target.ts";
import {
  openSession,
  testUnitReady,
  write10,
} from "../support/initiator/mod.ts";
import { GOOD } from "../support/local_initiator.ts";
import { HOSTILE_TARGET, IscsiRig } from "./iscsi_rig.ts";
import { TaskWindow, WINDOW_SIZE } from "../../frontends/iscsi/task_window.ts";

Deno.test("TaskWindow takes no command beyond MaxCmdSN", () => {
  const window = new TaskWindow(1);
  let taken = 0;
  while (taken < 2 * WINDOW_SIZE && window.arrival(taken + 1) === "next") {
    window.advance();
    window.begin();
    taken += 1;
  }
  // The window opens for the one that is taken before it counts as begun.
  assert(taken === WINDOW_SIZE || taken === WINDOW_SIZE + 1, `${taken}`);
  assertEquals(window.arrival(taken + 1), "outside");
  assertEquals(window.maxCmdSn, taken);
});

const START_UNIT = [0x1b, 0, 0, 0, 1, 0];
const GET_LBA_STATUS = [0x9e, 0x12, ...Array(11).fill(0), 24, 0, 0];

targetTest(
  "GET LBA STATUS sees the size that a unit has when it runs",
  async (test) => {
    await test.addLun({ sizeBytes: 512 * 512 });
    const nexus = await test.connectReady("a");
    const before = nexus.command(0, START_UNIT);
    const behind = nexus.command(0, GET_LBA_STATUS, { read: 24 });
    await test.target.luns.modify(0, { sizeBytes: 256 * 512 });
    assertEquals((await before).status, GOOD);
    assertEquals((await behind).status, GOOD);
  },
);

Deno.test("A write of no blocks that had to wait meets no defect", async () => {
  const rig = await IscsiRig.create();
  const { connection } = rig.connect();
  const session = await openSession({
    connection,
    targetName: HOSTILE_TARGET,
  });
  await session.command(0, testUnitReady());
  const write = new Uint8Array(512);
  const held = { write, immediateData: false, unsolicited: false };
  const first = session.start(0, write10(0, 1), { ...held, holdData: true });
  const behind = session.start(0, write10(0, 0), { attribute: "ordered" });
  await first.nextR2t();
  await session.ping();
  first.release();
  assertEquals((await first.result()).status, GOOD);
  assertEquals((await behind.result()).status, GOOD);
  rig.checkNow();
  await session[Symbol.asyncDispose]();
  await rig.finish();
});
