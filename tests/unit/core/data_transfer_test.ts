import { assert, assertEquals } from "@std/assert";
import {
  FOR,
  type ScsiTask,
  SERIALIZATION,
  STATUS,
} from "../../../core/mod.ts";
import { reply } from "../../../core/data_transfer.ts";
import {
  hearAttentions,
  settle,
  settled,
  targetTest,
  type TestTarget,
} from "../../support/core_target.ts";
import {
  type LocalContext,
  LocalInitiator,
  SILENT,
} from "../../support/local_initiator.ts";

const REPLY = [0xc1, 0, 0, 0, 0, 0];
const LARGE = 100_000;
const REGISTER = [0x5f, 0, 0, 0, 0, 0, 0, 0, 24, 0];

/** Adds a command that replies with many bytes, none of them zero. */
function plantReply(test: TestTarget, lengthBytes: number): void {
  test.target.commands.add({
    name: "PLANTED REPLY",
    opcode: 0xc1,
    deviceTypes: FOR.ALL,
    usage: "00 00 00 00 07",
    serialization: SERIALIZATION.INQUIRY,
    direction: "in",
    flags: 0,
    pattern: 0,
    execute: (task) =>
      reply(task, lengthBytes, lengthBytes, (view) => {
        for (let at = 0; at < lengthBytes; at += 1) {
          assertEquals(view.getUint8(at), 0, "stale bytes");
          view.setUint8(at, at % 255 + 1);
        }
      }),
  });
}

function isWhole(data: Uint8Array): boolean {
  return data.every((byte, at) => byte === at % 255 + 1);
}

targetTest("reply() sends more than its scratch buffer holds", async (test) => {
  await test.addLun();
  const a = await test.connectReady("a");
  plantReply(test, LARGE);
  const { data, transferLength } = await a.command(0, REPLY, { read: LARGE });
  assert(isWhole(data));
  assertEquals([data.length, transferLength], [LARGE, LARGE]);
});

targetTest(
  "reply() gives every command a clean scratch buffer",
  async (test) => {
    await test.addLun();
    const a = await test.connectReady("a");
    plantReply(test, 5000);
    for (let times = 0; times < 3; times += 1) {
      assert(isWhole((await a.command(0, REPLY, { read: 5000 })).data));
    }
  },
);

targetTest(
  "reply() keeps its bytes while the initiator is slow",
  async (test) => {
    await test.addLun();
    const a = await test.connectReady("a");
    const b = await test.connectReady("b");
    plantReply(test, 5000);
    a.hold();
    const slow = a.command(0, REPLY, { read: 5000 });
    const quick = await b.command(0, [0xa0, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0, 0], {
      read: 16,
    });
    assertEquals(quick.status, STATUS.GOOD);
    a.resume();
    assert(isWhole((await slow).data));
  },
);

targetTest("reply() stops in the middle when it is aborted", async (test) => {
  await test.addLun();
  const a = await test.connectReady("a");
  plantReply(test, LARGE);
  a.hold();
  const slow = a.command(0, REPLY, { read: LARGE });
  await settle();
  assertEquals(
    (await a.manage("ABORT TASK SET")).response,
    "FUNCTION COMPLETE",
  );
  const { status, data } = await slow;
  assertEquals([status, data.length], [SILENT, 0]);
});

targetTest(
  "withParameters() waits for a list that comes late",
  async (test) => {
    await test.addLun();
    const a = await test.connectReady("a");
    const write = new Uint8Array(24);
    write[15] = 1;
    a.hold();
    const slow = a.command(0, REGISTER, { write, immediate: 0 });
    assertEquals(await settled(slow), undefined);
    a.resume();
    assertEquals((await slow).status, STATUS.GOOD);
  },
);

targetTest(
  "withParameters() does nothing with a list that is lost",
  async (test) => {
    const unit = await test.addLun();
    const a = await test.connectReady("a");
    const write = new Uint8Array(24);
    write[15] = 1;
    a.hold();
    const lost = a.command(0, REGISTER, { write, immediate: 0 });
    await settle();
    a.loseDataOut();
    assertEquals((await lost).sense, "b/47/05");
    a.hold();
    const aborted = a.command(0, REGISTER, { write, immediate: 0 });
    await settle();
    const answer = a.manage("ABORT TASK SET");
    assertEquals((await settled(aborted))?.status, SILENT);
    assertEquals((await answer).tasksFound, 1);
    assertEquals(unit.reservations.persistent.registrations.length, 0);
  },
);

/** Cuts its store when it has got the last data of a command. */
class CuttingInitiator extends LocalInitiator {
  cut: () => void = () => {};

  override sendDataIn(
    task: ScsiTask<LocalContext>,
    lengthBytes: number,
    ended: boolean,
  ): void {
    super.sendDataIn(task, lengthBytes, ended);
    if (ended) this.cut();
  }
}

targetTest(
  "READ that was sent whole has ended GOOD, come what may",
  async (test) => {
    await test.addLun({ backend: "controlled" });
    const a = new CuttingInitiator(test.port, "iqn.a,i,0x1");
    await hearAttentions(a);
    const { store } = test.driver;
    a.cut = () => Object.assign(store.geometry, { blockCount: 1 });
    const cdb = [0x28, 0, 0, 0, 0, 8, 0, 0, 1, 0];
    const result = await a.command(0, cdb, { read: 512 });
    assertEquals([result.status, result.data.length], [STATUS.GOOD, 512]);
    assertEquals(a.violations, []);
  },
);
