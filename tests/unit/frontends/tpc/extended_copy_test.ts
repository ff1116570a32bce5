import { assertEquals } from "@std/assert";
import {
  ATTRIBUTE,
  DESIGNATOR_TYPE,
  PROVISIONING,
  STATUS,
  TASK_MANAGEMENT,
} from "../../../../core/mod.ts";
import { assertBytes, patternBytes } from "../../../support/bytes.ts";
import {
  copyList,
  cscdOf,
  registerSegment,
  verifySegment,
} from "../../../support/copy_lists.ts";
import { type CopyScene, copyTest } from "../../../support/copy_scene.ts";
import { endOf } from "../../../support/tpc_scene.ts";
import type { LunWish } from "../../../support/core_target.ts";
import {
  copyOperationAbort,
  RECEIVE_COPY,
} from "../../../support/initiator/mod.ts";
import { SILENT } from "../../../support/local_initiator.ts";

const DATA = patternBytes(512 * 100);
/** A LUN whose store does not copy by itself, and answers when it may. */
const HELD: LunWish = { backend: "controlled" };

for (const form of ["LID1", "LID4"] as const) {
  copyTest(`EXTENDED COPY(${form}) copies blocks`, async (scene) => {
    await scene.fill(0, 7, DATA);
    const segments = [{ blocks: 100, lba: 7, toLba: 1001 }];
    assertEquals(await scene.ends({ form, segments }), "0");
    assertBytes(await scene.blocks(1, 1001, 100), DATA);
    assertBytes(await scene.blocks(1, 1101, 1), new Uint8Array(512));
    assertBytes(await scene.blocks(1, 1000, 1), new Uint8Array(512));
  });
}

const NAMED: LunWish = {
  options: {
    eui: "0x0011223344556677",
    uuid: "01234567-89ab-cdef-0123-456789abcdef",
    scsiname: "iqn.2012-06.com.example:a",
    naa: "0x3ffffffffffffff8",
  },
};
for (const [name, type] of Object.entries(DESIGNATOR_TYPE)) {
  if (!["T10_VENDOR_ID", "EUI64", "NAA", "SCSI_NAME", "UUID"].includes(name)) {
    continue;
  }
  copyTest(`A CSCD names a LUN by ${name}`, async (scene) => {
    await scene.fill(0, 0, DATA);
    const cscds = [cscdOf(scene.unit(0), type), cscdOf(scene.unit(1))];
    const wish = { cscds, segments: [{ blocks: 100 }] };
    assertEquals(await scene.ends(wish, { lun: 1 }), "0");
    assertBytes(await scene.blocks(1, 0, 100), DATA);
  }, [NAMED, {}]);
}

copyTest("CSCD FFFFh is the LUN that was asked", async (scene) => {
  await scene.fill(1, 0, DATA);
  const segments = [{ blocks: 100, from: 0xffff, to: 0 }];
  assertEquals(await scene.ends({ segments }, { lun: 1 }), "0");
  assertBytes(await scene.blocks(0, 0, 100), DATA);
});

copyTest("A list may have 64 segments, in their order", async (scene) => {
  await scene.fill(0, 0, DATA);
  // Each copies what the one before has copied, one block on.
  const segments = Array.from({ length: 64 }, (_, index) => ({
    blocks: 1,
    from: index === 0 ? 0 : 1,
    lba: index === 0 ? 3 : index - 1,
    toLba: index,
  }));
  assertEquals(await scene.ends({ segments, form: "LID4" }), "0");
  const block = DATA.subarray(3 * 512, 4 * 512);
  assertBytes(await scene.blocks(1, 63, 1), block);
  const { data } = await scene.status();
  assertEquals(data[25], 64);
  assertEquals(data.subarray(16, 24), bigUint64(64 * 512));
});

copyTest("A list may have 64 CSCDs", async (scene) => {
  await scene.fill(0, 0, DATA);
  const cscds = Array.from({ length: 64 }, () => cscdOf(scene.unit(0)));
  cscds[63] = cscdOf(scene.unit(1));
  const segments = [{ blocks: 100, from: 62, to: 63 }];
  assertEquals(await scene.ends({ cscds, segments }), "0");
  assertBytes(await scene.blocks(1, 0, 100), DATA);
});

copyTest("Segments may be longer than they need be", async (scene) => {
  await scene.fill(0, 0, DATA);
  const plain = copyList({ segments: [{ blocks: 100 }] }).subarray(16);
  const long = Uint8Array.of(...plain, 1, 2, 3, 4);
  long[3] = 28;
  const segments = [long, verifySegment(1)];
  assertEquals(await scene.ends({ segments }), "0");
  assertBytes(await scene.blocks(1, 0, 100), DATA);
});

copyTest("A list without segments has nothing to do", async (scene) => {
  assertEquals(await scene.ends({ cscds: [] }), "0");
  assertEquals(await scene.ends({ cscds: [], form: "LID4" }), "0");
  assertEquals(await scene.ends({ segments: [{ blocks: 0 }] }), "0");
});

const SHORT_AND_LONG: readonly LunWish[] = [{}, { blockLength: 4096 }];

copyTest("Blocks of another length are counted by the source", async (s) => {
  await s.fill(0, 8, DATA.subarray(0, 512 * 16));
  assertEquals(
    await s.ends({ segments: [{ blocks: 16, lba: 8, toLba: 5 }] }),
    "0",
  );
  assertBytes(await s.blocks(1, 5, 2), DATA.subarray(0, 8192));
  const back = { blocks: 2, from: 1, to: 0, lba: 5, toLba: 100 };
  assertEquals(await s.ends({ segments: [back] }), "0");
  assertBytes(await s.blocks(0, 100, 16), DATA.subarray(0, 8192));
}, SHORT_AND_LONG);

copyTest("With DC they are counted by the destination", async (scene) => {
  await scene.fill(0, 0, DATA);
  const segments = [{ blocks: 2, countsDestination: true }];
  assertEquals(await scene.ends({ segments }), "0");
  const expected = new Uint8Array(3 * 4096);
  expected.set(DATA.subarray(0, 2 * 4096));
  assertBytes(await scene.blocks(1, 0, 3), expected);
}, SHORT_AND_LONG);

copyTest("The length of blocks that a CSCD tells is counted by", async (s) => {
  await s.fill(0, 0, DATA);
  const cscds = [cscdOf(s.unit(0), 3, 2048), cscdOf(s.unit(1))];
  assertEquals(await s.ends({ cscds, segments: [{ blocks: 3 }] }), "0");
  const expected = new Uint8Array(13 * 512);
  expected.set(DATA.subarray(0, 12 * 512));
  assertBytes(await s.blocks(1, 0, 13), expected);
});

for (
  const [what, lba, toLba] of [
    ["up", 0, 10],
    ["down", 10, 0],
    ["onto itself", 5, 5],
  ] as const
) {
  for (const backend of ["ramdisk", "controlled"]) {
    copyTest(`Blocks of a ${backend} that overlap move ${what}`, async (s) => {
      const data = patternBytes(512 * 5000);
      await s.fill(0, lba, data);
      const segments = [{ blocks: 5000, to: 0, lba, toLba }];
      assertEquals(await s.ends({ segments }), "0");
      assertBytes(await s.blocks(0, toLba, 5000), data);
    }, [{ sizeBytes: 2 ** 22, backend }, {}]);
  }
}

copyTest("Holes are copied as holes", async (scene) => {
  await scene.fill(0, 1024, DATA);
  await scene.fill(1, 0, patternBytes(512 * 2048));
  assertEquals(await scene.ends({ segments: [{ blocks: 2048 }] }), "0");
  const expected = new Uint8Array(512 * 2048);
  expected.set(DATA, 512 * 1024);
  assertBytes(await scene.blocks(1, 0, 2048), expected);
  const extent = await scene.unit(1).store?.extent?.(0, 2048);
  assertEquals(extent, {
    lba: 0,
    blockCount: 1024,
    status: PROVISIONING.DEALLOCATED,
  });
});

copyTest("Holes are read as zeroes by what has none", async (scene) => {
  await scene.fill(0, 512, DATA);
  await scene.fill(1, 0, patternBytes(512 * 1024));
  assertEquals(await scene.ends({ segments: [{ blocks: 1024 }] }), "0");
  const expected = new Uint8Array(512 * 1024);
  expected.set(DATA, 512 * 512);
  assertBytes(await scene.blocks(1, 0, 1024), expected);
}, [{}, HELD]);

copyTest("A segment looks whether a source is ready", async (scene) => {
  await scene.a.command(1, [0x1b, 0, 0, 0, 0, 0]);
  assertEquals(await scene.ends({ segments: [verifySegment(0)] }), "0");
  // Without TUR nothing is asked.
  assertEquals(await scene.ends({ segments: [verifySegment(1, false)] }), "0");
  assertEquals(await scene.ends({ segments: [verifySegment(1)] }), "a/0d/01");
});

copyTest("A segment registers a key for the initiator", async (scene) => {
  const segments = [registerSegment(1, 0n, 0x1234n)];
  assertEquals(await scene.ends({ segments }), "0");
  const { data } = await scene.a
    .command(1, [0x5e, 0, 0, 0, 0, 0, 0, 0, 64, 0], { read: 64 });
  assertEquals(data.subarray(8).toHex(), "0000000000001234");
  // It is the initiator's own: it can change it, too.
  const list = new Uint8Array(24);
  list.set([0x12, 0x34], 6);
  const out = [0x5f, 0, 0, 0, 0, 0, 0, 0, 24, 0];
  const result = await scene.a.command(1, out, { write: list });
  assertEquals(endOf(result), "0");
});

copyTest("The result of a copy is told once", async (scene) => {
  await scene.ends({ segments: [{ blocks: 100 }], listId: 200 });
  const { data } = await scene.results(RECEIVE_COPY.STATUS, 200);
  assertEquals(data.toHex(), "00000008" + "01" + "0001" + "00" + "0000c800");
  assertEquals(endOf(await scene.results(RECEIVE_COPY.STATUS, 200)), "5/24/00");
});

copyTest("What has ended well has no failure to tell of", async (scene) => {
  await scene.ends({ segments: [{ blocks: 1 }] });
  const { FAILED_SEGMENT_DETAILS } = RECEIVE_COPY;
  const { data } = await scene.results(FAILED_SEGMENT_DETAILS);
  assertEquals(data, new Uint8Array(60));
  assertEquals(endOf(await scene.results(FAILED_SEGMENT_DETAILS)), "5/24/00");
});

copyTest("A copy can be asked for by either form", async (scene) => {
  await scene.ends({ segments: [{ blocks: 100 }], listId: 5 });
  const { data } = await scene.status(5);
  const commands = "0001";
  assertEquals(
    data.toHex().replace(/^(.{12}).{4}/, `$1${commands}`),
    "0000001c" + "00" + "01" + commands + "ffffffff" + "00" + "00" + "00" +
      "00" + "000000000000c800" + "0001" + "000000000000",
  );
});

copyTest("A list without an identifier leaves nothing behind", async (s) => {
  const segments = [{ blocks: 1 }];
  assertEquals(await s.ends({ segments, listId: 0, usage: 3 }), "0");
  assertEquals(endOf(await s.results(RECEIVE_COPY.STATUS, 0)), "5/24/00");
  for (const usage of [0, 1, 2]) {
    assertEquals(await s.ends({ segments, listId: 0, usage }), "0");
    assertEquals(endOf(await s.results(RECEIVE_COPY.STATUS, 0)), "0");
  }
});

copyTest("Two lists without an identifier run together", async (scene) => {
  scene.test.driver.store.holding = true;
  const wish = { segments: [{ blocks: 1 }], listId: 0, usage: 3 };
  const running = [wish, wish, { ...wish, usage: 2 }]
    .map((each) => scene.copy(each));
  assertEquals(scene.copies.list().length, 3);
  scene.test.driver.store.answerAll();
  const ends = await scene.inTime(Promise.all(running));
  assertEquals(ends.map(endOf), ["0", "0", "0"]);
}, [HELD, {}]);

copyTest("Results are kept for a minute", async (scene) => {
  await scene.ends({ segments: [{ blocks: 1 }] });
  scene.test.host.clock.advance(59_000);
  assertEquals(scene.record.heldMs, 59_000);
  scene.test.host.clock.advance(1000);
  assertEquals(scene.copies.list(), []);
});

copyTest("A copy that has ended makes room for the next", async (scene) => {
  await scene.ends({ segments: [{ blocks: 1 }] });
  await scene.ends({ segments: [{ blocks: 2 }] });
  assertEquals(scene.record.bytes, 1024);
});

copyTest("64 results are kept for one initiator", async (scene) => {
  for (let listId = 0; listId < 70; listId += 1) {
    await scene.ends({ segments: [{ blocks: 1 }], listId });
  }
  const kept = scene.copies.list().map(({ listId }) => listId);
  assertEquals(kept, Array.from({ length: 64 }, (_, index) => index + 6));
});

/** A copy of LUN 0, whose store does not answer, to LUN 1. */
async function runningCopy(scene: CopyScene, segments = 1) {
  const { store } = scene.test.driver;
  store.holding = true;
  const tag = scene.a.nextTag;
  const copy = { blocks: 100 };
  const ending = scene
    .copy({ segments: Array.from({ length: segments }, () => copy) });
  await scene.inTime(Promise.resolve());
  return { store, tag, ending };
}

function heldTest(
  name: string,
  body: (scene: CopyScene) => Promise<void>,
): void {
  copyTest(name, body, [HELD, {}]);
}

heldTest("A running copy tells of its progress", async (scene) => {
  const { store, ending } = await runningCopy(scene, 2);
  const { state, bytes, totalBytes, route } = scene.record;
  assertEquals([state, bytes, totalBytes], ["running", 0, 2 * 51200]);
  assertEquals(route, "LUN 0 to LUN 1");
  const first = await scene.results(RECEIVE_COPY.STATUS);
  assertEquals(first.data.toHex(), "00000008" + "00" + "0000" + "0000000000");
  store.answerHeld();
  await scene.inTime(Promise.resolve());
  const { data } = await scene.status();
  assertEquals(data[5], 0x11);
  assertEquals(data.subarray(16, 26).toHex(), "000000000000c800" + "0001");
  store.answerAll();
  assertEquals(endOf(await scene.inTime(ending)), "0");
});

heldTest("COPY OPERATION ABORT stops a copy", async (scene) => {
  const { store, ending } = await runningCopy(scene, 2);
  const aborted = await scene.a.command(0, copyOperationAbort(1));
  assertEquals(endOf(aborted), "0");
  store.answerAll();
  const { status } = await scene.inTime(ending);
  assertEquals(status, STATUS.TASK_ABORTED);
  assertBytes(await scene.blocks(1, 0, 100), new Uint8Array(51200));
  assertEquals((await scene.status()).data[5], 0x60);
  assertEquals(scene.copies.counters.aborted, 1);
});

heldTest("ABORT TASK stops a copy before it is answered", async (scene) => {
  const { store, tag, ending } = await runningCopy(scene);
  let answered = false;
  const abort = scene.a.manage(TASK_MANAGEMENT.ABORT_TASK, 0, tag)
    .then(() => answered = true);
  await scene.inTime(Promise.resolve());
  assertEquals(answered, false);
  store.answerAll();
  await scene.inTime(abort);
  assertEquals((await ending).status, SILENT);
  assertBytes(await scene.blocks(1, 0, 100), new Uint8Array(51200));
});

heldTest("LOGICAL UNIT RESET stops a copy", async (scene) => {
  const { store, ending } = await runningCopy(scene);
  const reset = scene.a.manage(TASK_MANAGEMENT.LOGICAL_UNIT_RESET, 0);
  store.answerAll();
  await scene.inTime(reset);
  await ending;
  assertEquals(scene.copies.list(), []);
  assertEquals(scene.copies.counters.aborted, 1);
});

heldTest("A reset of the source stops a copy", async (scene) => {
  scene.test.driver.store.holding = true;
  const ending = scene.copy({ segments: [{ blocks: 100 }] }, { lun: 1 });
  await scene.inTime(Promise.resolve());
  const reset = scene.a.manage(TASK_MANAGEMENT.LOGICAL_UNIT_RESET, 0);
  scene.test.driver.store.answerAll();
  await scene.inTime(reset);
  const { senseValue } = await scene.inTime(ending);
  assertEquals(senseValue?.forwarded?.status, STATUS.TASK_ABORTED);
});

heldTest("A lost session stops its copies", async (scene) => {
  const { store, ending } = await runningCopy(scene);
  void ending;
  const lost = scene.a.disconnect();
  store.answerAll();
  await scene.inTime(lost);
  assertEquals(scene.copies.list(), []);
  const b = await scene.test.connectReady("b");
  const read = await b.command(1, [0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0], {
    read: 512,
  });
  assertBytes(read.data, new Uint8Array(512));
});

heldTest("A LUN that is removed takes its copies along", async (scene) => {
  const { store, ending } = await runningCopy(scene);
  const removed = scene.test.target.luns.remove(0);
  store.answerAll();
  await scene.inTime(removed);
  await ending;
  assertEquals(scene.copies.list(), []);
});

heldTest("The plugin does not go while it copies", async (scene) => {
  const { store, ending } = await runningCopy(scene);
  const unloaded = scene.test.target.plugins.unload("tpc");
  store.answerAll();
  await scene.inTime(unloaded);
  assertEquals((await ending).status, STATUS.TASK_ABORTED);
});

heldTest("What comes later need not wait for a copy", async (scene) => {
  const { store, ending } = await runningCopy(scene);
  const ordered = await scene.a
    .command(1, [0, 0, 0, 0, 0, 0], { attribute: ATTRIBUTE.ORDERED });
  assertEquals(endOf(ordered), "0");
  // Writes of the blocks that are being read do.
  let written = false;
  const write = scene.fill(0, 50, DATA.subarray(0, 512))
    .then(() => written = true);
  await scene.inTime(Promise.resolve());
  assertEquals(written, false);
  store.answerAll();
  await scene.inTime(ending);
  await scene.inTime(write);
  assertBytes(await scene.blocks(1, 50, 1), new Uint8Array(512));
});

copyTest("Each copy leaves one line in the log", async (scene) => {
  const { lines } = scene.test.host.log;
  const ofCopies = () => lines.filter(({ text }) => text.includes("Copy"));
  await scene.ends({ segments: [{ blocks: 100 }], listId: 3 });
  await scene.ends({ segments: [{ blocks: 1, lba: 5000 }], listId: 4 });
  const [done, failed, ...others] = ofCopies();
  assertEquals(others, []);
  assertEquals(done?.text, "info: Copy ended");
  assertEquals(done?.fields, {
    command: "EXTENDED COPY(LID1)",
    initiator: "iqn.a,i,0x1",
    port: scene.test.port.number,
    lun: 0,
    listId: 3,
    route: "LUN 0 to LUN 1",
    bytes: 51200,
    how: "shared",
    timeMs: 0,
    state: "completed",
  });
  assertEquals(failed?.fields["state"], "failed");
  assertEquals(failed?.fields["sense"], "a/d/2");
});

function bigUint64(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value));
  return bytes;
}
