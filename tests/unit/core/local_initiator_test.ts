import { assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import {
  LOCAL_TRANSFER_MAX,
  type LocalCommand,
  LocalInitiator,
  type LocalResult,
  ManagementError,
  spiTransportId,
  TASK_MANAGEMENT,
} from "../../../core/mod.ts";
import { targetTest, type TestTarget } from "../../support/core_target.ts";

const READ = Uint8Array.of(0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0);
const WRITE = Uint8Array.of(0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0);
const TEST_UNIT_READY = new Uint8Array(6);
const BLOCK = new Uint8Array(512).fill(7);

function connect(test: TestTarget, number = 7): LocalInitiator {
  return new LocalInitiator({
    port: test.port,
    name: `local,i,${number}`,
    transportId: spiTransportId(number, test.port.number),
    clock: test.host.clock,
  });
}

/** An initiator that has heard POWER ON. */
async function ready(test: TestTarget): Promise<LocalInitiator> {
  const initiator = connect(test);
  await initiator.execute({ lun: 0, cdb: TEST_UNIT_READY });
  return initiator;
}

function hold(test: TestTarget): void {
  for (const store of test.driver.stores) store.holding = true;
}

function answerAll(test: TestTarget): void {
  for (const store of test.driver.stores) store.answerAll();
}

function senseOf({ status, senseData }: LocalResult): string {
  return `${status} ${senseData.subarray(0, 14).toHex()}`;
}

targetTest("LocalInitiator writes and reads blocks", async (test) => {
  await test.addLun();
  const initiator = await ready(test);
  const written = await initiator
    .execute({ lun: 0, cdb: WRITE, dataOut: BLOCK });
  assertEquals([written.status, written.transferLength], [0, 512]);
  const read = await initiator
    .execute({ lun: 0, cdb: READ, dataInLength: 512 });
  assertEquals(read.dataIn, BLOCK);
});

targetTest("LocalInitiator takes no more than it expects", async (test) => {
  await test.addLun();
  const initiator = await ready(test);
  const short = await initiator
    .execute({ lun: 0, cdb: READ, dataInLength: 100 });
  assertEquals([short.dataIn.length, short.transferLength], [100, 512]);
  const long = await initiator
    .execute({ lun: 0, cdb: READ, dataInLength: 4096 });
  assertEquals([long.dataIn.length, long.transferLength], [512, 512]);
});

targetTest("LocalInitiator hears sense data", async (test) => {
  await test.addLun();
  const initiator = connect(test);
  const command = { lun: 0, cdb: TEST_UNIT_READY };
  assertEquals(
    senseOf(await initiator.execute(command)),
    "2 700006000000000a000000002900",
  );
  assertEquals(senseOf(await initiator.execute(command)), "0 ");
});

targetTest("LocalInitiator gives each task a tag of its own", async (test) => {
  await test.addLun();
  const initiator = await ready(test);
  const command = { lun: 0, cdb: TEST_UNIT_READY };
  const tags = [
    await initiator.execute(command),
    await initiator.execute(command),
    await initiator.execute({ ...command, tag: 0x1234 }),
  ].map(({ tag }) => tag);
  assertEquals(tags, [2, 3, 0x1234]);
});

targetTest("LocalInitiator aborts by a signal", async (test) => {
  await test.addLun({ backend: "controlled", options: { path: "/x" } });
  const initiator = await ready(test);
  hold(test);
  const abort = new AbortController();
  const ending = initiator.execute({
    lun: 0,
    cdb: READ,
    dataInLength: 512,
    signal: abort.signal,
  });
  abort.abort();
  answerAll(test);
  assertEquals((await ending).status, null);
});

targetTest("LocalInitiator obeys a signal that came before", async (test) => {
  await test.addLun({ backend: "controlled", options: { path: "/x" } });
  const initiator = await ready(test);
  hold(test);
  const ending = initiator.execute({
    lun: 0,
    cdb: READ,
    dataInLength: 512,
    signal: AbortSignal.abort(),
  });
  await test.host.clock.nextTurn();
  answerAll(test);
  assertEquals((await ending).status, null);
});

targetTest("LocalInitiator asks for functions", async (test) => {
  await test.addLun();
  const initiator = await ready(test);
  const { response } = await initiator
    .manage(TASK_MANAGEMENT.LOGICAL_UNIT_RESET);
  assertEquals(response, "FUNCTION COMPLETE");
  const missing = await initiator
    .manage(TASK_MANAGEMENT.LOGICAL_UNIT_RESET, 9);
  assertEquals(missing.response, "INCORRECT LOGICAL UNIT NUMBER");
});

const TOO_MUCH: readonly [string, Partial<LocalCommand>][] = [
  ["no CDB", { cdb: new Uint8Array(0) }],
  ["a CDB of 33 bytes", { cdb: new Uint8Array(33) }],
  ["too much Data-In", { dataInLength: LOCAL_TRANSFER_MAX + 1 }],
  ["too much Data-Out", { dataOut: new Uint8Array(LOCAL_TRANSFER_MAX + 1) }],
];
for (const [what, part] of TOO_MUCH) {
  targetTest(`LocalInitiator refuses ${what}`, async (test) => {
    await test.addLun();
    const initiator = await ready(test);
    const error = assertThrows(
      () => initiator.execute({ lun: 0, cdb: READ, ...part }),
    );
    assertInstanceOf(error, ManagementError);
    assertEquals(error.code, "request");
  });
}

targetTest("LocalInitiator ends its commands with itself", async (test) => {
  await test.addLun({ backend: "controlled", options: { path: "/x" } });
  const initiator = await ready(test);
  hold(test);
  const ending = initiator.execute({ lun: 0, cdb: READ, dataInLength: 512 });
  const gone = initiator.disconnect();
  answerAll(test);
  await gone;
  assertEquals((await ending).status, null);
});
