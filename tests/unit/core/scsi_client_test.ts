import { assertEquals, assertRejects } from "@std/assert";
import { ScsiError } from "../../../core/mod.ts";
import { targetTest } from "../../support/core_target.ts";

const MIB = 2 ** 20;

function pattern(length: number): Uint8Array {
  return new Uint8Array(length).map((_, at) => (at * 7 + (at >> 9)) & 0xff);
}

targetTest("Target.initiator() reads what it has written", async (test) => {
  await test.addLun({ sizeBytes: 16 * MIB, options: { capacity: "16m" } });
  const disk = test.target.initiator();
  assertEquals(await disk.capacity(0), {
    blockLength: 512,
    blockCount: 16 * 2048,
  });
  for (const blocks of [1, 8, 9 * 2048]) {
    const data = pattern(512 * blocks);
    await disk.write(0, 3, data);
    assertEquals(await disk.read(0, 3, blocks), data);
  }
  await disk.flush(0);
  await disk.unmap(0, 3, 1);
  assertEquals(await disk.read(0, 3, 1), new Uint8Array(512));
});

targetTest("Target.initiator() tells of units", async (test) => {
  await test.addLun({ number: 0 });
  await test.addLun({ number: 300, deviceType: 5 });
  const disk = test.target.initiator();
  assertEquals(await disk.luns(), [0, 300]);
  const { deviceType, vendor, product } = await disk.inquiry(300);
  assertEquals([deviceType, vendor, product], [5, "FREEBSD", "CTLCDROM"]);
});

targetTest("Target.initiator() takes unit attentions as news", async (test) => {
  await test.addLun();
  const disk = test.target.initiator();
  assertEquals((await disk.capacity(0)).blockCount, 2048);
  await test.target.luns.modify(0, { sizeBytes: 2 * MIB });
  await disk.testUnitReady(0);
  assertEquals((await disk.capacity(0)).blockCount, 4096);
  await disk.reset(0);
  await disk.testUnitReady(0);
});

targetTest("Target.initiator() rejects with what went wrong", async (test) => {
  await test.addLun();
  const disk = test.target.initiator();
  const error = await assertRejects(
    () => disk.read(0, 2048, 1),
    ScsiError,
    "READ(16) of LUN 0 ended with sense 5/21/0",
  );
  assertEquals(error.sense, { key: 5, asc: 0x21, ascq: 0 });
  await assertRejects(
    () => disk.write(0, 0, new Uint8Array(100)),
    RangeError,
    "Cannot write 100 bytes: blocks of LUN 0 have 512",
  );
  await assertRejects(
    () => disk.testUnitReady(7),
    ScsiError,
    "TEST UNIT READY of LUN 7 ended with sense 5/25/0",
  );
});

targetTest(
  "Target.initiator() is one initiator for each name",
  async (test) => {
    await test.addLun();
    const one = test.target.initiator("one");
    const other = test.target.initiator("other");
    assertEquals(test.target.initiator("one"), one);
    const reserve = Uint8Array.of(0x16, 0, 0, 0, 0, 0);
    await one.testUnitReady(0);
    await other.testUnitReady(0);
    assertEquals((await one.execute({ lun: 0, cdb: reserve })).status, 0);
    const error = await assertRejects(() => other.testUnitReady(0), ScsiError);
    assertEquals([error.status, error.sense], [0x18, null]);
    await one[Symbol.asyncDispose]();
    await other.testUnitReady(0);
    const again = test.target.initiator("one");
    await again.testUnitReady(0);
    const [port] = test.target.ports.all();
    assertEquals([port?.number, port?.description.frontend], [0, "camsim"]);
  },
);
