import { assertEquals } from "@std/assert";
import { targetTest } from "../../support/core_target.ts";

const TEST_UNIT_READY = [0, 0, 0, 0, 0, 0];

/** MODE SELECT of page 1Ch: a test, told once a second without an end. */
function select(method: number) {
  const page = [0x1c, 0x0a, 0x14, method, 0, 0, 0, 10, 0, 0, 0, 0];
  const write = Uint8Array.of(0, 0, 0, 0, ...page);
  return { cdb: [0x15, 0x10, 0, 0, write.length, 0], write };
}

targetTest(
  "InformationalExceptions hold the exception for logs",
  async (test) => {
    const unit = await test.addLun();
    const a = await test.connectReady("a");
    assertEquals(unit.exceptions.current, null);
    const { cdb, write } = select(6);
    await a.command(0, cdb, { write });
    const { asc, ascq } = unit.exceptions.current ?? { asc: 0, ascq: 0 };
    assertEquals([asc, ascq], [0x5d, 0xff]);
    unit.exceptions.end();
    assertEquals(unit.exceptions.current, null);
  },
);

for (const method of [2, 3, 4, 5, 6]) {
  targetTest(`MRIE ${method} tells nothing after other pages`, async (test) => {
    const unit = await test.addLun();
    const a = await test.connectReady("a");
    const { cdb, write } = select(method);
    await a.command(0, cdb, { write });
    unit.modePages.restoreDefaults();
    if (method === 2) await a.command(0, TEST_UNIT_READY);
    for (let times = 0; times < 3; times += 1) {
      const { sense } = await a.command(0, TEST_UNIT_READY);
      assertEquals(sense, "");
      test.host.clock.advance(1000);
    }
  });
}
