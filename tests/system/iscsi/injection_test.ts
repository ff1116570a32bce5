/**
 * What is injected into a unit, and the control mode pages, on the wire.
 */

import { assert, assertEquals } from "@std/assert";
import { INJECTION_PATTERN } from "../../../core/mod.ts";
import { patternBytes } from "../../support/bytes.ts";
import {
  modeSelect6,
  read10,
  type Session,
  STATUS,
  testUnitReady,
  write10,
} from "../../support/initiator/mod.ts";
import { type SystemTarget, systemTest } from "../../support/system_target.ts";

function injectionsOf(system: SystemTarget) {
  const unit = system.target.luns.get(0);
  assert(unit !== undefined);
  return unit.injections;
}

async function select(session: Session, page: string): Promise<void> {
  const write = Uint8Array.fromHex(`00000000${page.replaceAll(".", "")}`);
  const cdb = modeSelect6(write.length);
  const { status } = await session.command(0, cdb, { write });
  assertEquals(status, STATUS.GOOD);
}

systemTest("an injected error comes after the data", async (system) => {
  const session = await system.openReady();
  injectionsOf(system).add({
    kind: "mediumerr",
    pattern: INJECTION_PATTERN.READ,
    continuous: true,
  });
  const small = await session.command(0, read10(0, 1), { read: 512 });
  assertEquals([small.status, small.sense], [2, "3/11/00"]);
  assertEquals([small.data.length, small.residual], [512, 0]);
  const large = await session.command(0, read10(0, 600), { read: 307200 });
  assertEquals([large.sense, large.data.length], ["3/11/00", 307200]);
  const write = patternBytes(512);
  const { status } = await session.command(0, write10(0, 1), { write });
  assertEquals(status, STATUS.GOOD);
});

systemTest("custom sense data are sent as they are", async (system) => {
  const session = await system.openReady();
  const senseData = patternBytes(252);
  senseData[0] = 0x72;
  injectionsOf(system).add({
    kind: "custom",
    pattern: INJECTION_PATTERN.ANY,
    senseData,
    continuous: false,
  });
  const result = await session.command(0, testUnitReady());
  assertEquals(result.status, STATUS.CHECK_CONDITION);
  assertEquals(result.senseData.toHex(), senseData.toHex());
});

systemTest("sense data are cut as the control page says", async (system) => {
  const session = await system.openReady();
  await select(session, `4a.01.001c.06.00.0c.${"00".repeat(25)}`);
  const fixed = await session.command(0, read10(99999, 1), { read: 512 });
  assertEquals(fixed.senseData.toHex(), "f000150001869f0a00000000");
  await select(session, `0a.0a.04.00.00.40.000000000000`);
  const long = await session.command(0, read10(99999, 1), { read: 512 });
  assertEquals(long.senseData.toHex(), "720521008000000c000a8000");
});

systemTest("a delayed status comes when it is time", async (system) => {
  const session = await system.openReady();
  injectionsOf(system)
    .delay({ location: "done", seconds: 2, continuous: false });
  const command = session.start(0, read10(0, 1), { read: 512 });
  await session.ping();
  assert(!command.done);
  system.host.clock.advance(2000);
  assertEquals((await command.result()).status, STATUS.GOOD);
});

systemTest("QERR ends what its nexus has, window and all", async (system) => {
  const session = await system.openReady();
  await select(session, "0a.0a.00.06.00.40.000000000000");
  const held = Array.from(
    { length: 40 },
    () =>
      session.start(0, write10(0, 1), {
        write: patternBytes(512),
        immediateData: false,
        unsolicited: false,
        holdData: true,
      }),
  );
  await held[0]?.nextR2t();
  const failed = await session.command(0, read10(99999, 1), { read: 512 });
  assertEquals(failed.sense, "5/21/00");
  assertEquals(system.target.luns.get(0)?.taskSet.size, 0);
  // Their room in the window is free again.
  for (let times = 0; times < 300; times += 1) {
    const { status } = await session.command(0, testUnitReady());
    assertEquals(status, STATUS.GOOD);
  }
});
