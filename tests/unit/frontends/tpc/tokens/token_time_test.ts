/**
 * How long commands on tokens take: Windows gives up after four seconds.
 */

import { assert, assertEquals } from "@std/assert";
import { assertBytes, patternBytes } from "../../../../support/bytes.ts";
import type { CommandResult } from "../../../../support/local_initiator.ts";
import { settle } from "../../../../support/core_target.ts";
import {
  describeEnd,
  OPERATION,
  type TokenScene,
  tokenTest,
} from "../../../../support/token_scene.ts";

/** Milliseconds by which time goes on. */
const STEP_MS = 5;

/** Milliseconds that a command may take. */
const MS_MAX = 1000;

/** Blocks that Windows asks for at once, and when it gives up. */
const SHORT_BLOCKS = 8192;
const SHORT_MS_MAX = 4000;

const BLOCKS = 2 ** 16;
const SIZE = { sizeBytes: 512 * BLOCKS } as const;
/** A store that answers when it may; what is written, it need not keep. */
const SLOW = {
  ...{ backend: "controlled", options: { cache: "on" } },
  ...SIZE,
} as const;

/** Each write of the slow store takes so long, several at a time. */
const WRITE_MS = 300;

/** Lets time pass while the slow store answers. @returns the end, and ms */
async function answerSlowly(
  scene: TokenScene,
  ending: Promise<CommandResult>,
  writeMs = WRITE_MS,
): Promise<readonly [string, number]> {
  const { clock } = scene.test.host;
  const beganMs = clock.nowMs();
  let end = "";
  void ending.then((result) => end = describeEnd(result));
  for (let ms = 0; end === ""; ms += STEP_MS) {
    assert(ms < 20_000, "It does not end");
    await settle(300);
    if (end !== "") break;
    if (ms % writeMs === writeMs - STEP_MS) answerHeld(scene);
    clock.advance(STEP_MS);
  }
  return [end, clock.nowMs() - beganMs];
}

function answerHeld({ test }: TokenScene): void {
  for (const store of test.driver.stores) store.answerHeld();
}

tokenTest("WRITE USING TOKEN is done in rounds", async (scene) => {
  const data = await fillAll(scene);
  const token = await scene.makeToken({ ranges: [[0, BLOCKS]] });
  const { store } = scene.test.driver;
  store.holding = true;
  const counts: number[] = [];
  for (let done = 0; done < BLOCKS;) {
    const ranges = [[done, BLOCKS - done]] as const;
    const running = scene.write({ token, offset: done, ranges });
    const [end, ms] = await answerSlowly(scene, running);
    const isShort = BLOCKS - done <= SHORT_BLOCKS;
    const msMax = isShort ? SHORT_MS_MAX : MS_MAX;
    assert(ms <= msMax, `It took ${ms} ms`);
    const told = await scene.information({ lun: 1, listId: 2 });
    counts.push(told.transferCount);
    done += told.transferCount;
    const isLast = done === BLOCKS;
    assertEquals(told.status, isLast ? OPERATION.DONE : OPERATION.PARTLY);
    assertEquals([end, told.sense], ["0", ""]);
    // Nothing is done behind the answer.
    assertEquals(store.calls.filter((call) => call === "flush").length, 0);
  }
  assert(counts.length > 1, "It was done in one go");
  store.answerAll();
  assertBytes(await readAll(scene), data);
}, [SIZE, SLOW]);

for (const limit of ["1m", "4m"]) {
  for (const backend of ["ramdisk", "controlled"]) {
    const cache = backend === "controlled" ? { cache: "on" } : {};
    tokenTest(
      `A round ends in time at ${limit} a second: ${backend}`,
      async (scene) => {
        await scene.inTime(scene.fill(0, 0, patternBytes(2 ** 22)));
        const token = await scene.makeToken({ ranges: [[0, BLOCKS]] });
        const writing = scene.write({ token, ranges: [[0, BLOCKS]] });
        const [end, ms] = await answerSlowly(scene, writing);
        assert(ms <= MS_MAX, `It took ${ms} ms`);
        assertEquals(end, "0");
        const told = await scene.information({ lun: 1, listId: 2 });
        assert(told.transferCount > 0, "Nothing was done");
      },
      [SIZE, {
        ...{ ...SIZE, backend },
        options: { bandwidth_limit: limit, ...cache },
      }],
    );
  }
}

// As Windows does it, which takes GOOD for the whole.
tokenTest("A short WRITE USING TOKEN tells that it was cut", async (scene) => {
  const data = patternBytes(512 * SHORT_BLOCKS);
  await scene.inTime(scene.fill(0, 0, data));
  const token = await scene.makeToken({ ranges: [[0, SHORT_BLOCKS]] });
  const { store } = scene.test.driver;
  store.holding = true;
  const apart = Array.from({ length: 64 }, (_, at) => [at * 512, 128] as const);
  const [end, ms] = await answerSlowly(
    scene,
    scene.write({ token, ranges: apart }),
  );
  assert(ms <= SHORT_MS_MAX, `It took ${ms} ms`);
  const told = await scene.information({ lun: 1, listId: 2 });
  assertEquals([told.status, told.sense], [OPERATION.PARTLY, "a/0d/04"]);
  assert(told.transferCount > 0 && told.transferCount < SHORT_BLOCKS);
  assertEquals(end, `a/0d/04 info ${told.transferCount}`);
}, [SIZE, SLOW]);

tokenTest("A short WRITE USING TOKEN is hardly ever cut", async (scene) => {
  const data = patternBytes(512 * SHORT_BLOCKS);
  await scene.inTime(scene.fill(0, 0, data));
  const token = await scene.makeToken({ ranges: [[0, SHORT_BLOCKS]] });
  const ranges = [[0, SHORT_BLOCKS]] as const;
  const writing = scene.write({ token, ranges });
  const [end, ms] = await answerSlowly(scene, writing);
  assert(ms <= SHORT_MS_MAX, `It took ${ms} ms`);
  assertEquals(end, "0");
  const { status } = await scene.information({ lun: 1, listId: 2 });
  assertEquals(status, OPERATION.DONE);
}, [SIZE, { ...SIZE, options: { bandwidth_limit: "2m" } }]);

tokenTest("A round of zeroes takes no longer", async (scene) => {
  const token = new Uint8Array(512);
  token.set([0xff, 0xff, 0x00, 0x01]);
  scene.test.driver.store.holding = true;
  const ranges = [[0, BLOCKS / 2]] as const;
  const writing = scene.write({ token, ranges });
  const [end, ms] = await answerSlowly(scene, writing, 50);
  assertEquals(end, "0");
  assert(ms <= MS_MAX, `It took ${ms} ms`);
}, [{}, SLOW]);

tokenTest("A round that is not the last keeps its token", async (scene) => {
  await fillAll(scene);
  const token = await scene.makeToken({ ranges: [[0, BLOCKS]] });
  const { store } = scene.test.driver;
  store.holding = true;
  const ranges = [[0, BLOCKS]] as const;
  const deleteToken = true;
  const running = scene.write({ token, ranges, deleteToken });
  const [end] = await answerSlowly(scene, running);
  assertEquals(end, "0");
  assertEquals((await scene.reported()).length, 1);
}, [{ backend: "ramdisk", ...SIZE }, SLOW]);

tokenTest("A copy in the background is done in one go", async (scene) => {
  const data = patternBytes(512 * BLOCKS);
  await scene.inTime(scene.fill(0, 0, data.subarray(0, 2 ** 22)));
  const token = await scene.makeToken({ ranges: [[0, 8192]] });
  const { store } = scene.test.driver;
  store.holding = true;
  const ranges = [[0, 8192]] as const;
  assertEquals(await scene.writes({ token, ranges, immediate: true }), "0");
  const counts: number[] = [];
  const { clock } = scene.test.host;
  for (let ms = 0;; ms += 1) {
    await settle(100);
    if (ms % 700 === 699) store.answerHeld();
    clock.advance(1);
    if (ms % 100 !== 0) continue;
    const told = await scene.information({ lun: 1, listId: 2 });
    counts.push(told.transferCount);
    if (told.status === OPERATION.DONE) break;
    assertEquals(told.status, OPERATION.BACKGROUND);
  }
  assertEquals(counts.at(-1), 8192);
  assert(counts.every((count, at) => count >= (counts[at - 1] ?? 0)));
}, [SIZE, SLOW]);

async function fillAll(scene: TokenScene): Promise<Uint8Array> {
  const data = new Uint8Array(512 * BLOCKS);
  const pattern = patternBytes(2 ** 18 - 1);
  for (let at = 0; at + pattern.length <= data.length; at += pattern.length) {
    data.set(pattern, at);
  }
  for (let lba = 0; lba < BLOCKS; lba += 8192) {
    const part = data.subarray(lba * 512, (lba + 8192) * 512);
    await scene.inTime(scene.fill(0, lba, part));
  }
  return data;
}

async function readAll(scene: TokenScene): Promise<Uint8Array> {
  const all = new Uint8Array(512 * BLOCKS);
  for (let lba = 0; lba < BLOCKS; lba += 2048) {
    const part = await scene.inTime(scene.blocks(1, lba, 2048));
    all.set(part, lba * 512);
  }
  return all;
}
