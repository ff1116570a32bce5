/**
 * Reservations between initiators, and between two paths of one (SPC-2 5.5,
 * SPC-5 5.14).
 */

import { assert, assertEquals } from "@std/assert";
import { assertBytes, patternBytes } from "../../support/bytes.ts";
import {
  type CommandOptions,
  inquiry,
  persistentReserveIn,
  persistentReserveList,
  persistentReserveOut,
  PR_IN,
  PR_OUT,
  PR_TYPE,
  read10,
  release6,
  reserve6,
  type Session,
  STATUS,
  TASK_MANAGEMENT,
  testUnitReady,
  write10,
} from "../../support/initiator/mod.ts";
import {
  hearAttentions,
  startHeld,
  type SystemTarget,
  systemTest,
  TARGET_NAME,
} from "../../support/system_target.ts";

const OTHER = { initiatorName: "iqn.2026-01.test.dtl:other" };
const DATA = patternBytes(512);
const { GOOD, RESERVATION_CONFLICT: CONFLICT } = STATUS;

type Pair = readonly [one: Session, two: Session];

/** Two initiators, or one over two portals: two nexuses in any case. */
const PAIRS: Readonly<
  Record<string, (system: SystemTarget) => Promise<Pair>>
> = {
  "two initiators": async (system) => [
    await system.openReady(),
    await system.openReady(OTHER),
  ],
  "one initiator, two ISIDs": async (system) => [
    await system.openReady({ isid: Uint8Array.of(0x80, 0, 0, 0, 0, 1) }),
    await system.openReady({ isid: Uint8Array.of(0x80, 0, 0, 0, 0, 2) }),
  ],
  "one initiator, two portal groups": async (system) => {
    const isid = Uint8Array.of(0x80, 0, 0, 0, 0, 1);
    const { portal } = system.listen("pg2", 2);
    system.addPort(TARGET_NAME, "pg2", 2);
    return [
      await system.openReady({ isid }),
      await system.openReady({ isid, portal }),
    ];
  },
};

async function statusOf(
  session: Session,
  cdb: Uint8Array,
  options?: CommandOptions,
): Promise<number> {
  return (await session.command(0, cdb, options)).status;
}

/** What a session may do: read, write, TEST UNIT READY. */
async function mayDo(session: Session): Promise<string> {
  const statuses = [
    await statusOf(session, read10(0, 1), { read: 512 }),
    await statusOf(session, write10(0, 1), { write: DATA }),
    await statusOf(session, testUnitReady()),
  ];
  const words = ["read", "write", "test"];
  return words.filter((_, index) => statuses[index] === GOOD).join(" ");
}

const ALL = "read write test";

async function reserveOut(
  session: Session,
  action: number,
  fields: { type?: number; key?: bigint; actionKey?: bigint } = {},
): Promise<number> {
  const write = persistentReserveList(fields);
  const cdb = persistentReserveOut(action, fields.type);
  return await statusOf(session, cdb, { write });
}

async function register(session: Session, key: bigint): Promise<void> {
  const status = await reserveOut(session, PR_OUT.REGISTER, {
    actionKey: key,
  });
  assertEquals(status, GOOD);
}

async function senseOf(session: Session): Promise<string> {
  return (await session.command(0, testUnitReady())).sense;
}

for (const [name, open] of Object.entries(PAIRS)) {
  systemTest(`RESERVE keeps the other out: ${name}`, async (system) => {
    const [one, two] = await open(system);
    assertEquals(await statusOf(one, reserve6()), GOOD);
    assertEquals([await mayDo(one), await mayDo(two)], [ALL, ""]);
    assertEquals(await statusOf(two, reserve6()), CONFLICT);
    assertEquals(await statusOf(two, inquiry(36), { read: 36 }), GOOD);
    // Who does not hold it releases nothing.
    assertEquals(await statusOf(two, release6()), GOOD);
    assertEquals(await mayDo(two), "");
    assertEquals(await statusOf(one, release6()), GOOD);
    assertEquals(await mayDo(two), ALL);
  });

  systemTest(`types of persistent reservation: ${name}`, async (system) => {
    const [one, two] = await open(system);
    await register(one, 1n);
    const rows = [
      [PR_TYPE.WRITE_EXCLUSIVE, "read test", "read test"],
      [PR_TYPE.EXCLUSIVE_ACCESS, "test", "test"],
      [PR_TYPE.WRITE_EXCLUSIVE_REGISTRANTS, "read test", ALL],
      [PR_TYPE.EXCLUSIVE_ACCESS_REGISTRANTS, "test", ALL],
      [PR_TYPE.WRITE_EXCLUSIVE_ALL, "read test", ALL],
      [PR_TYPE.EXCLUSIVE_ACCESS_ALL, "test", ALL],
    ] as const;
    for (const [type, stranger, registrant] of rows) {
      await reserveOut(one, PR_OUT.RESERVE, { type, key: 1n });
      const before = await mayDo(two);
      await register(two, 2n);
      assertEquals([before, await mayDo(two)], [stranger, registrant]);
      assertEquals(await mayDo(one), ALL);
      await reserveOut(two, PR_OUT.REGISTER, { key: 2n });
      await reserveOut(one, PR_OUT.RELEASE, { type, key: 1n });
      assertEquals(await mayDo(two), ALL);
    }
  });

  systemTest(`PREEMPT AND ABORT ends a held write: ${name}`, async (system) => {
    const [one, two] = await open(system);
    await register(one, 1n);
    await register(two, 2n);
    const type = PR_TYPE.WRITE_EXCLUSIVE_REGISTRANTS;
    assertEquals(
      await reserveOut(two, PR_OUT.RESERVE, { type, key: 2n }),
      GOOD,
    );
    const held = await startHeld(two);
    const preempted = await reserveOut(one, PR_OUT.PREEMPT_AND_ABORT, {
      type,
      key: 1n,
      actionKey: 2n,
    });
    assertEquals(preempted, GOOD);
    assertEquals((await held.result()).status, STATUS.TASK_ABORTED);
    held.release();
    assertEquals(await senseOf(two), "6/2a/05");
    assertEquals(await mayDo(two), "read test");
    const { data } = await one.command(0, read10(0, 1), { read: 512 });
    assertBytes(data, new Uint8Array(512));
  });
}

const REGISTRANTS_ONLY = PR_TYPE.WRITE_EXCLUSIVE_REGISTRANTS;

systemTest("the end of a session ends its RESERVE", async (system) => {
  const one = await system.openReady();
  const two = await system.openReady(OTHER);
  await statusOf(one, reserve6());
  await one.logout();
  await one.expectClose();
  // The connection is gone; its nexus a little later.
  const [first] = system.target.luns.all();
  for (let turn = 0; turn < 1000; turn += 1) {
    if (first?.reservations.holder === null) break;
    await two.ping();
  }
  assertEquals(await mayDo(two), ALL);
});

systemTest("a reset ends a RESERVE, not a registration", async (system) => {
  const one = await system.openReady();
  const two = await system.openReady(OTHER);
  await statusOf(one, reserve6());
  const reset = () =>
    two.taskManagement(TASK_MANAGEMENT.LOGICAL_UNIT_RESET, { lun: 0 });
  await reset();
  for (const session of [one, two]) await hearAttentions(session, 0);
  assertEquals(await mayDo(two), ALL);
  await register(one, 1n);
  const fields = { type: PR_TYPE.EXCLUSIVE_ACCESS, key: 1n };
  await reserveOut(one, PR_OUT.RESERVE, fields);
  await reset();
  for (const session of [one, two]) await hearAttentions(session, 0);
  assertEquals([await mayDo(one), await mayDo(two)], [ALL, "test"]);
});

systemTest("a registrant that comes back is the same", async (system) => {
  const isid = Uint8Array.of(0x80, 7, 7, 7, 7, 7);
  const two = await system.openReady(OTHER);
  const before = await system.openReady({ isid });
  await register(before, 1n);
  const fields = { type: PR_TYPE.EXCLUSIVE_ACCESS, key: 1n };
  await reserveOut(before, PR_OUT.RESERVE, fields);
  await before.abort();
  assertEquals(await mayDo(two), "test");
  const after = await system.openReady({ isid });
  assertEquals([await mayDo(after), await mayDo(two)], [ALL, "test"]);
  const stranger = await system.openReady();
  assertEquals(await mayDo(stranger), "test");
});

systemTest("registrants hear of a reservation's end", async (system) => {
  const one = await system.openReady();
  const two = await system.openReady(OTHER);
  await register(one, 1n);
  await register(two, 2n);
  const fields = { type: REGISTRANTS_ONLY, key: 1n };
  await reserveOut(one, PR_OUT.RESERVE, fields);
  await reserveOut(one, PR_OUT.RELEASE, fields);
  assertEquals(await senseOf(two), "6/2a/04");
  assertEquals(await senseOf(one), "");
});

systemTest("registrants hear that they were cleared", async (system) => {
  const one = await system.openReady();
  const two = await system.openReady(OTHER);
  await register(one, 1n);
  await register(two, 2n);
  await reserveOut(one, PR_OUT.CLEAR, { key: 1n });
  assertEquals(await senseOf(two), "6/2a/03");
  assertEquals(await senseOf(one), "");
});

systemTest("READ FULL STATUS names ports and initiators", async (system) => {
  const { portal } = system.listen("pg2", 2);
  system.addPort(TARGET_NAME, "pg2", 2);
  const isid = Uint8Array.of(0x80, 1, 2, 3, 4, 5);
  const one = await system.openReady({ isid });
  const two = await system.openReady({ ...OTHER, portal, isid });
  await register(one, 1n);
  await register(two, 2n);
  const cdb = persistentReserveIn(PR_IN.READ_FULL_STATUS);
  const { data } = await one.command(0, cdb, { read: 4096 });
  const text = new TextDecoder().decode(data);
  assert(text.includes("iqn.2026-01.test.dtl:initiator,i,0x800102030405"));
  assert(text.includes("iqn.2026-01.test.dtl:other,i,0x800102030405"));
});
