/**
 * Unit attentions: who hears of what others did (SAM-5 5.14).
 */

import { assert, assertEquals } from "@std/assert";
import {
  inquiry,
  modeSelect6,
  modeSense6,
  parseReadCapacity10,
  parseReportLuns,
  readCapacity10,
  reportLuns,
  requestSense,
  type Session,
  STATUS,
  testUnitReady,
} from "../../support/initiator/mod.ts";
import {
  hearAttentions,
  LUN_BYTES,
  type SystemTarget,
  systemTest,
  TARGET_NAME,
} from "../../support/system_target.ts";

const OTHER = { initiatorName: "iqn.2026-01.test.dtl:other" };
const LUNS_CHANGED = "6/3f/0e";

async function senseOf(session: Session, lun = 0): Promise<string> {
  return (await session.command(lun, testUnitReady())).sense;
}

async function two(system: SystemTarget): Promise<[Session, Session]> {
  return [await system.openReady(), await system.openReady(OTHER)];
}

systemTest("a fresh nexus hears of a reset, once a unit", async (system) => {
  await system.addLun();
  const session = await system.open();
  for (const lun of [0, 1]) {
    assertEquals((await senseOf(session, lun)).slice(0, 4), "6/29");
    assertEquals(await senseOf(session, lun), "");
  }
});

systemTest("INQUIRY and REPORT LUNS do not wait for it", async (system) => {
  const session = await system.open();
  const [first, second] = [
    await session.command(0, inquiry(96), { read: 96 }),
    await session.command(0, reportLuns(), { read: 4096 }),
  ];
  assertEquals([first.status, second.status], [STATUS.GOOD, STATUS.GOOD]);
  assertEquals((await senseOf(session)).slice(0, 4), "6/29");
});

systemTest("REQUEST SENSE takes it away", async (system) => {
  const session = await system.open();
  const { status, data } = await session
    .command(0, requestSense(), { read: 252 });
  assertEquals(status, STATUS.GOOD);
  assertEquals([(data[2] ?? 0) & 0x0f, data[12]], [6, 0x29]);
  assertEquals(await senseOf(session), "");
});

systemTest("MODE SELECT is told to the others", async (system) => {
  const [one, other] = await two(system);
  const { data } = await one
    .command(0, modeSense6({ page: 0x0a }), { read: 255 });
  const page = data.slice(4 + (data[3] ?? 0));
  page[0] = (page[0] ?? 0) & 0x3f;
  // D_SENSE.
  page[2] = (page[2] ?? 0) ^ 0x04;
  const write = new Uint8Array([0, 0, 0, 0, ...page]);
  const selected = await one
    .command(0, modeSelect6(write.length), { write });
  assertEquals([selected.status, selected.sense], [STATUS.GOOD, ""]);
  assertEquals(await senseOf(other), "6/2a/01");
  assertEquals([await senseOf(other), await senseOf(one)], ["", ""]);
});

systemTest("a new LUN is told on the other units", async (system) => {
  const [one, other] = await two(system);
  await system.addLun();
  for (const session of [one, other]) {
    assertEquals(await senseOf(session), LUNS_CHANGED);
    assertEquals(await senseOf(session), "");
    const { data } = await session.command(0, reportLuns(), { read: 4096 });
    assertEquals(parseReportLuns(data), [0, 1]);
    assertEquals((await senseOf(session, 1)).slice(0, 4), "6/29");
  }
});

systemTest("REPORT LUNS answers the news by itself", async (system) => {
  const session = await system.openReady();
  await system.addLun();
  await session.command(0, reportLuns(), { read: 4096 });
  assertEquals(await senseOf(session), "");
});

systemTest("a removed LUN is told and gone", async (system) => {
  await system.addLun();
  const session = await system.openReady();
  await system.target.luns.remove(1);
  assertEquals(await senseOf(session, 0), LUNS_CHANGED);
  assertEquals(await senseOf(session, 1), "5/25/00");
  const { data } = await session.command(0, reportLuns(), { read: 4096 });
  assertEquals(parseReportLuns(data), [0]);
});

systemTest("a changed LUN map is told to its port alone", async (system) => {
  await system.addLun();
  const { portal } = system.listen("pg2", 2);
  const second = system.addPort(TARGET_NAME, "pg2", 2);
  const one = await system.openReady();
  const other = await system.openReady({ portal });
  second.setLunMap(new Map([[0, 0], [5, 1]]));
  assertEquals(await senseOf(one), "");
  assertEquals(await senseOf(other), LUNS_CHANGED);
  const { data } = await other.command(0, reportLuns(), { read: 4096 });
  assertEquals(parseReportLuns(data), [0, 5]);
  assertEquals(await senseOf(other, 1), "5/25/00");
  await hearAttentions(other, 5);
  assertEquals(await senseOf(other, 5), "");
});

systemTest("a resized LUN is told to all, and is larger", async (system) => {
  const [one, other] = await two(system);
  const options = new Map([["capacity", "64m"]]);
  await system.target.luns
    .modify(0, { sizeBytes: 2 * LUN_BYTES, options });
  for (const session of [one, other]) {
    assertEquals(await senseOf(session), "6/2a/09");
    const { data } = await session
      .command(0, readCapacity10(), { read: 8 });
    const { lastLba } = parseReadCapacity10(data);
    assertEquals(lastLba, 2 * LUN_BYTES / 512 - 1);
  }
});

systemTest("attentions of several kinds come one by one", async (system) => {
  const session = await system.openReady();
  await system.addLun();
  const options = new Map([["capacity", "64m"]]);
  await system.target.luns
    .modify(0, { sizeBytes: 2 * LUN_BYTES, options });
  assertEquals(await senseOf(session), LUNS_CHANGED);
  assertEquals(await senseOf(session), "6/2a/09");
  assertEquals(await senseOf(session), "");
});

systemTest("a session with many units hears of each", async (system) => {
  for (let count = 1; count < 20; count += 1) await system.addLun();
  const session = await system.open();
  for (let lun = 0; lun < 20; lun += 1) await hearAttentions(session, lun);
  const { data } = await session.command(0, reportLuns(), { read: 4096 });
  assertEquals(parseReportLuns(data).length, 20);
  assert(!session.ended);
});
