/**
 * Tokens that keep what was when they were made, where the store can.
 */

import { assertEquals } from "@std/assert";
import {
  ROD_TYPE,
  rodTypeOf,
} from "../../../../../frontends/tpc/tokens/rod_token.ts";
import { assertBytes, patternBytes } from "../../../../support/bytes.ts";
import { type TokenScene, tokenTest } from "../../../../support/token_scene.ts";
import { endOf } from "../../../../support/tpc_scene.ts";

function blocksOf(count: number, value: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(512 * count).fill(value);
}

tokenTest("A token keeps what was when it was made", async (scene) => {
  const data = patternBytes(512 * 64);
  await scene.fill(0, 0, data);
  const token = await scene.makeToken({ ranges: [[5, 20], [30, 10]] });
  assertEquals(rodTypeOf(token), ROD_TYPE.POINT_IN_TIME);
  await scene.fill(0, 0, blocksOf(64, 7));
  assertEquals(await scene.writes({ token, ranges: [[100, 30]] }), "0");
  const expected = new Uint8Array(512 * 30);
  expected.set(data.subarray(5 * 512, 25 * 512));
  expected.set(data.subarray(30 * 512, 40 * 512), 20 * 512);
  assertBytes(await scene.blocks(1, 100, 30), expected);
  assertBytes(await scene.blocks(0, 0, 64), blocksOf(64, 7));
});

tokenTest("A token of a snapshot is used in parts", async (scene) => {
  const data = patternBytes(512 * 64);
  await scene.fill(0, 0, data);
  const token = await scene.makeToken({ ranges: [[0, 9], [20, 9], [40, 9]] });
  await scene.fill(0, 0, blocksOf(64, 7));
  const whole = new Uint8Array(512 * 27);
  for (const [index, lba] of [0, 20, 40].entries()) {
    const from = data.subarray(lba * 512, (lba + 9) * 512);
    whole.set(from, index * 9 * 512);
  }
  for (const [offset, count] of [[0, 27], [8, 2], [17, 3], [26, 1]] as const) {
    const wish = { token, offset, ranges: [[0, count]] } as const;
    assertEquals(await scene.writes(wish), "0");
    const expected = whole.slice(offset * 512, (offset + count) * 512);
    assertBytes(await scene.blocks(1, 0, count), expected, `from ${offset}`);
  }
  assertEquals(
    await scene.writes({ token, offset: 27, ranges: [[0, 1]] }),
    "5/26/00",
  );
});

tokenTest("A LUN is restored by a token of its own", async (scene) => {
  const data = patternBytes(512 * 2048);
  await scene.fill(0, 0, data);
  const token = await scene.makeToken({ ranges: [[0, 2048]] });
  await scene.fill(0, 100, blocksOf(1000, 9));
  const wish = { token, ranges: [[0, 2048]] } as const;
  assertEquals(await scene.writes(wish, { lun: 0 }), "0");
  assertBytes(await scene.blocks(0, 0, 2048), data);
});

const REQUESTS = [
  ["any", undefined, ROD_TYPE.POINT_IN_TIME],
  ["any point in time", ROD_TYPE.POINT_IN_TIME_ANY, ROD_TYPE.POINT_IN_TIME],
  ["point in time", ROD_TYPE.POINT_IN_TIME, ROD_TYPE.POINT_IN_TIME],
  [
    "change vulnerable",
    ROD_TYPE.POINT_IN_TIME_CHANGE_VULNERABLE,
    ROD_TYPE.POINT_IN_TIME_CHANGE_VULNERABLE,
  ],
  [
    "access upon reference",
    ROD_TYPE.ACCESS_UPON_REFERENCE,
    ROD_TYPE.ACCESS_UPON_REFERENCE,
  ],
] as const;

for (const [what, asked, given] of REQUESTS) {
  tokenTest(
    `A token of type "${what}" is what was asked for`,
    async (scene) => {
      await scene.fill(0, 0, blocksOf(1, 1));
      const wish = asked === undefined ? {} : { rodType: asked };
      const token = await scene.makeToken(wish);
      assertEquals(rodTypeOf(token), given);
      await scene.fill(0, 0, blocksOf(1, 2));
      const end = await scene.writes({ token });
      const changed = given === ROD_TYPE.POINT_IN_TIME_CHANGE_VULNERABLE;
      assertEquals(end, changed ? "5/23/06" : "0");
      const value = given === ROD_TYPE.POINT_IN_TIME ? 1 : 2;
      assertEquals(
        await scene.blocks(1, 0, 1),
        blocksOf(1, changed ? 0 : value),
      );
    },
  );
}

tokenTest(
  "A snapshot without room is lost, and its token revoked",
  async (scene) => {
    await scene.fill(0, 0, patternBytes(2 ** 20));
    const token = await scene.makeToken({ ranges: [[0, 2048]] });
    assertEquals(rodTypeOf(token), ROD_TYPE.POINT_IN_TIME);
    await scene.fill(0, 0, patternBytes(2 ** 19));
    assertEquals(await scene.writes({ token, ranges: [[0, 8]] }), "5/23/06");
    assertEquals(await scene.reported(), []);
  },
  [{ options: { snapshot_capacity: "64k" } }, {}],
);

tokenTest("Snapshots go with their tokens", async (scene) => {
  await scene.fill(0, 0, patternBytes(2 ** 20));
  const wish = { ranges: [[0, 2048]], timeoutS: 5 } as const;
  const old = await scene.makeToken(wish);
  scene.test.host.clock.advance(6000);
  assertEquals(await scene.writes({ token: old }), "5/23/04");
  // There is room again for another one.
  for (let round = 0; round < 4; round += 1) {
    const token = await scene.makeToken(wish);
    await scene.fill(0, 0, patternBytes(2 ** 19));
    const use = { token, ranges: [[0, 8]], deleteToken: true } as const;
    assertEquals(await scene.writes(use), "0", `round ${round}`);
  }
}, [{ options: { snapshot_capacity: "768k" } }, {}]);

tokenTest("A snapshot goes with its LUN while it is used", async (scene) => {
  await scene.fill(0, 0, patternBytes(2 ** 20));
  const token = await scene.makeToken({ ranges: [[0, 2048]] });
  const { store } = scene.test.driver;
  store.holding = true;
  const running = scene.write({ token, ranges: [[0, 2048]] });
  await hearTurns();
  const removed = scene.test.target.luns.remove(0);
  await hearTurns();
  store.answerAll();
  await removed;
  assertEquals(endOf(await scene.inTime(running)), "5/23/04");
}, [{}, { backend: "controlled", sizeBytes: 2 ** 20 }]);

/** Notes when LUN 0 closes its store, and snapshots of it. */
function noteCloses(scene: TokenScene): string[] {
  const closed: string[] = [];
  const store = scene.test.target.luns.get(0)?.store;
  if (!store?.snapshotRange) throw new TypeError("It has no snapshots");
  const { snapshotRange, close } = store;
  store.snapshotRange = async (lba, blockCount) => {
    const snapshot = await snapshotRange.call(store, lba, blockCount);
    if (typeof snapshot === "symbol" || "cause" in snapshot) return snapshot;
    const closeSnapshot = snapshot.close;
    snapshot.close = async () => {
      await hearTurns();
      await closeSnapshot.call(snapshot);
      closed.push("snapshot");
    };
    return snapshot;
  };
  store.close = async () => {
    closed.push("store");
    await close.call(store);
  };
  return closed;
}

const ENDS = [
  ["LUN", (scene: TokenScene) => scene.test.target.luns.remove(0), "5/23/04"],
  [
    "store",
    (scene: TokenScene) => {
      const { luns } = scene.test.target;
      // Drivers with a place to keep data open a store again.
      Object.assign(luns.get(0)?.driver ?? {}, { identityOf: () => "place" });
      const options = new Map([["capacity", "32m"]]);
      return luns.modify(0, { sizeBytes: 2 ** 20, options });
    },
    "5/23/06",
  ],
] as const;

for (const [what, end, sense] of ENDS) {
  for (const isUsed of [false, true]) {
    const when = isUsed ? "while it is used" : "while nobody uses it";
    tokenTest(
      `A snapshot is closed before its ${what} goes, ${when}`,
      async (scene) => {
        const closed = noteCloses(scene);
        await scene.fill(0, 0, patternBytes(2 ** 20));
        const ranges = [[0, 1024], [1024, 1024]] as const;
        const token = await scene.makeToken({ ranges });
        const { store } = scene.test.driver;
        store.holding = isUsed;
        const wish = { token, ranges: [[0, 2048]] } as const;
        const running = isUsed ? scene.write(wish) : null;
        await hearTurns();
        const ending = end(scene);
        await hearTurns();
        store.answerAll();
        await ending;
        assertEquals(closed, ["snapshot", "snapshot", "store"]);
        await hearAttentionsOf(scene, 1);
        if (running === null) assertEquals(await scene.writes(wish), sense);
        else assertEquals(endOf(await scene.inTime(running)), sense);
      },
      [{}, { backend: "controlled", sizeBytes: 2 ** 20 }],
    );
  }
}

tokenTest("A token outlives a smaller LUN", async (scene) => {
  const data = patternBytes(2 ** 20);
  await scene.fill(0, 0, data);
  const token = await scene.makeToken({ ranges: [[1024, 1024]] });
  await scene.test.target.luns.modify(0, { sizeBytes: 2 ** 19 });
  await hearAttentions(scene);
  assertEquals(await scene.writes({ token, ranges: [[0, 1024]] }), "0");
  assertBytes(await scene.blocks(1, 0, 1024), data.slice(2 ** 19));
});

tokenTest(
  "Blocks of different lengths are copied from a snapshot",
  async (scene) => {
    const data = patternBytes(512 * 24);
    await scene.fill(0, 0, data);
    const token = await scene.makeToken({ ranges: [[4, 6], [12, 10]] });
    await scene.fill(0, 0, blocksOf(24, 5));
    assertEquals(await scene.writes({ token, ranges: [[0, 2]] }), "5/26/00");
    const even = await scene.makeToken({ ranges: [[0, 8], [16, 8]] });
    await scene.fill(0, 0, data);
    assertEquals(await scene.writes({ token: even, ranges: [[0, 2]] }), "0");
    const fives = new Uint8Array(8192).fill(5);
    assertBytes(await scene.blocks(1, 0, 2), fives);
  },
  [{}, { blockLength: 4096 }],
);

async function hearTurns(): Promise<void> {
  for (let turn = 0; turn < 500; turn += 1) await Promise.resolve();
}

async function hearAttentions(scene: TokenScene): Promise<void> {
  await hearAttentionsOf(scene, 0);
}

async function hearAttentionsOf(
  { a }: TokenScene,
  lun: number,
): Promise<void> {
  for (let sense = "6/"; sense.startsWith("6/");) {
    ({ sense } = await a.command(lun, new Uint8Array(6)));
  }
}
