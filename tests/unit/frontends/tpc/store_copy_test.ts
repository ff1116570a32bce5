/**
 * Copies by the stores themselves: when they happen, and that they keep the
 * order of commands as reads and writes do.
 */

import { assertEquals } from "@std/assert";
import {
  ATTRIBUTE,
  type BlockStore,
  INJECTION_PATTERN,
  STATUS,
  TASK_MANAGEMENT,
} from "../../../../core/mod.ts";
import { assertBytes, patternBytes } from "../../../support/bytes.ts";
import { type CopyScene, copyTest } from "../../../support/copy_scene.ts";
import { endOf } from "../../../support/tpc_scene.ts";
import { hearAttentions, type LunWish } from "../../../support/core_target.ts";
import { write16 } from "../../../support/initiator/mod.ts";

const DATA = patternBytes(512 * 1000);
const COPY = { segments: [{ blocks: 1000, lba: 24, toLba: 48 }] };

/** How a copy of LUN 0 to LUN 1 moves its bytes. */
async function wayOf(scene: CopyScene): Promise<string> {
  await scene.fill(0, 24, DATA);
  assertEquals(await scene.ends(COPY), "0");
  assertBytes(await scene.blocks(1, 48, 1000), DATA);
  return scene.record.how;
}

copyTest("Two RAM disks share what is copied", async (scene) => {
  assertEquals(await wayOf(scene), "shared");
  const { sharedBytes, copiedBytes } = scene.copies.counters;
  assertEquals([sharedBytes, copiedBytes], [512_000, 0]);
  // Neither sees what is written to the other.
  await scene.fill(0, 24, new Uint8Array(512));
  await scene.fill(1, 49, new Uint8Array(512));
  assertBytes(await scene.blocks(1, 48, 1), DATA.subarray(0, 512));
  assertBytes(await scene.blocks(0, 25, 1), DATA.subarray(512, 1024));
});

copyTest("With option sharing off it is read and written", async (scene) => {
  const { plugins } = scene.test.target;
  await plugins.unload("tpc");
  await plugins.load("tpc", new Map([["sharing", "off"]]));
  await hearAttentions(scene.a);
  assertEquals(await wayOf(scene), "copied");
});

for (
  const luns of [
    [{}, { backend: "controlled" }],
    [{ backend: "controlled" }, {}],
  ] as const
) {
  const names = luns.map((wish: LunWish) => wish.backend ?? "ramdisk");
  copyTest(`From ${names.join(" to ")} it is read and written`, async (s) => {
    assertEquals(await wayOf(s), "copied");
    const { sharedBytes, copiedBytes } = s.copies.counters;
    assertEquals([sharedBytes, copiedBytes], [0, 512_000]);
  }, luns);
}

copyTest("What a store cannot share any more is copied", async (scene) => {
  const { store } = scene.unit(0);
  stub(
    store,
    (call, lba, blocks, to, toLba) =>
      lba < 100 ? call(lba, Math.min(blocks, 100), to, toLba) : {
        cause: "hardware",
        message: "The test made it fail",
      },
  );
  assertEquals(await wayOf(scene), "shared and copied");
  assertEquals(scene.copies.counters.sharedBytes, 51200);
});

copyTest("Other blocks of the LUN itself are shared", async (scene) => {
  await scene.fill(0, 0, DATA);
  const segments = [{ blocks: 1000, to: 0, toLba: 1000 }];
  assertEquals(await scene.ends({ segments }), "0");
  assertBytes(await scene.blocks(0, 1000, 1000), DATA);
  assertEquals(scene.record.how, "shared");
});

for (const serseq of ["on", "read", "soft"]) {
  copyTest(`With serseq ${serseq} the next blocks, too`, async (scene) => {
    await scene.fill(0, 0, DATA);
    const segments = [{ blocks: 1000, to: 0, toLba: 1000 }];
    assertEquals(await scene.ends({ segments }), "0");
    assertBytes(await scene.blocks(0, 1000, 1000), DATA);
  }, [{ options: { serseq } }, {}]);
}

copyTest("Copies in a circle do not wait for each other", async (scene) => {
  for (const lun of [0, 1, 2]) {
    await scene.fill(lun, 0, patternBytes(512 * 900, lun));
  }
  const b = await scene.test.connectReady("b");
  const copies = [0, 1, 2, 0, 1, 2].map((from, index) => {
    const to = (from + (index < 3 ? 1 : 2)) % 3;
    const cscds = [from, to].map((lun) => ({
      designator: scene.unit(lun).identity.designators.at(-1),
    }));
    const wish = { cscds, segments: [{ blocks: 900 }], listId: index };
    return scene.copy(wish, { lun: index % 3, by: index < 3 ? scene.a : b });
  });
  const ends = await scene.inTime(Promise.all(copies));
  assertEquals(ends.map(endOf), Array(6).fill("0"));
}, [{}, {}, {}]);

/** The store does not answer until it is let; the copy has begun. */
async function heldCopy(scene: CopyScene, place = {}) {
  await scene.fill(0, 24, DATA);
  const gate = Promise.withResolvers<void>();
  const calls: number[] = [];
  stub(scene.unit(0).store, async (call, lba, blocks, to, toLba) => {
    calls.push(lba);
    await gate.promise;
    return call(lba, blocks, to, toLba);
  });
  const ending = scene.copy(COPY, place);
  await scene.inTime(Promise.resolve());
  assertEquals(calls, [24]);
  return { open: gate.resolve, ending };
}

copyTest("A slice holds the writes of its blocks, on both sides", async (s) => {
  const { open, ending } = await heldCopy(s);
  const done: string[] = [];
  const write = (lun: number, lba: number) =>
    s.fill(lun, lba, new Uint8Array(512))
      .then(() => done.push(`${lun}/${lba}`));
  const writes = [write(0, 24), write(1, 1047), write(0, 23), write(1, 1048)];
  await s.inTime(Promise.resolve());
  assertEquals(done.sort(), ["0/23", "1/1048"]);
  // Reads of the source go on, those of the destination wait.
  await s.blocks(0, 25, 1);
  open();
  assertEquals(endOf(await s.inTime(ending)), "0");
  await s.inTime(Promise.all(writes));
  assertBytes(await s.blocks(1, 48, 1), DATA.subarray(0, 512));
  assertBytes(await s.blocks(1, 1047, 1), new Uint8Array(512));
});

copyTest("A slice waits for older writes", async (scene) => {
  await scene.fill(0, 24, DATA);
  scene.a.hold();
  const late = patternBytes(512, 99);
  const write = scene.a
    .command(1, write16(500, 1), { write: late, immediate: 0 });
  const ending = scene.copy(COPY);
  await scene.inTime(Promise.resolve());
  assertEquals(scene.record.bytes, 0);
  scene.a.resume();
  await scene.inTime(ending);
  await write;
  const at = (500 - 48) * 512;
  assertBytes(await scene.blocks(1, 500, 1), DATA.subarray(at, at + 512));
});

copyTest(
  "Ordered commands and a slice do not wait for each other",
  async (s) => {
    const { open, ending } = await heldCopy(s);
    const ordered = [0, 1].map((lun) =>
      s.a.command(lun, [0, 0, 0, 0, 0, 0], { attribute: ATTRIBUTE.ORDERED })
    );
    open();
    assertEquals(endOf(await s.inTime(ending)), "0");
    const ends = await s.inTime(Promise.all(ordered));
    assertEquals(ends.map(endOf), ["0", "0"]);
  },
);

copyTest("A reset of the source ends a slice and the copy", async (scene) => {
  const { open, ending } = await heldCopy(scene, { lun: 1 });
  const reset = scene.a.manage(TASK_MANAGEMENT.LOGICAL_UNIT_RESET, 0);
  open();
  await scene.inTime(reset);
  const { sense, senseValue } = await scene.inTime(ending);
  assertEquals(sense, "a/0d/01");
  assertEquals(senseValue?.forwarded?.source, 1);
  assertEquals(senseValue?.forwarded?.status, STATUS.TASK_ABORTED);
});

copyTest("A reset frees a slice that waits for its other side", async (s) => {
  await s.fill(0, 24, DATA);
  s.a.hold();
  const write = s.a
    .command(1, write16(500, 1), { write: new Uint8Array(512), immediate: 0 });
  const ending = s.copy(COPY, { lun: 1 });
  await s.inTime(Promise.resolve());
  const reset = s.a.manage(TASK_MANAGEMENT.LOGICAL_UNIT_RESET, 0);
  const { response } = await s.inTime(reset);
  assertEquals(response, "FUNCTION COMPLETE");
  s.a.resume();
  await write;
  assertEquals(endOf(await s.inTime(ending)), "a/0d/01");
});

copyTest("Unit attentions do not end a copy", async (scene) => {
  await scene.fill(0, 24, DATA);
  const b = await scene.test.connectReady("b");
  for (const lun of [0, 1]) {
    await b.manage(TASK_MANAGEMENT.LOGICAL_UNIT_RESET, lun);
    await scene.a.command(lun, [0, 0, 0, 0, 0, 0]);
  }
  assertEquals(await scene.ends(COPY), "0");
  assertEquals(scene.record.how, "shared");
});

copyTest("An injected error lets it be read and written", async (scene) => {
  scene.unit(1).injections.add({
    kind: "aborted",
    pattern: INJECTION_PATTERN.WRITE,
    continuous: false,
  });
  assertEquals(await wayOf(scene), "copied");
});

copyTest("A write protected LUN is not shared into", async (scene) => {
  await scene.fill(0, 24, DATA);
  assertEquals(await scene.ends(COPY), "a/0d/01");
  assertBytes(await scene.blocks(1, 48, 1000), new Uint8Array(512_000));
}, [{}, { options: { readonly: "on" } }]);

copyTest("A LUN with a limit pays for what is shared", async (scene) => {
  await scene.fill(0, 0, patternBytes(2 ** 20));
  const startMs = scene.test.host.clock.nowMs();
  const segments = [{ blocks: 2048, toLba: 2048 }, { blocks: 2048 }];
  assertEquals(await scene.ends({ segments }), "0");
  assertEquals(scene.record.how, "shared");
  const tookMs = scene.test.host.clock.nowMs() - startMs;
  assertEquals(tookMs > 900 && tookMs < 1100, true, `${tookMs} ms`);
}, [{}, {
  sizeBytes: 2 ** 21,
  options: { bandwidth_limit: String(2 ** 20) },
}]);

type CopyRange = NonNullable<BlockStore["copyRange"]>;

/** Puts a test in front of a store's `copyRange`. */
function stub(
  store: BlockStore | null,
  instead: (
    call: CopyRange,
    ...request: Parameters<CopyRange>
  ) => ReturnType<CopyRange>,
): void {
  const original = store?.copyRange?.bind(store);
  if (store === null || original === undefined) {
    throw new TypeError("The store does not copy");
  }
  const copyRange: CopyRange = (...request) => instead(original, ...request);
  Object.defineProperty(store, "copyRange", { value: copyRange });
}
