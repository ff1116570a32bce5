/**
 * Every error of POPULATE TOKEN and WRITE USING TOKEN, one test a row, with
 * the field that the sense data point at.
 */

import { assertEquals } from "@std/assert";
import {
  ROD_TYPE,
  rodTypeOf,
} from "../../../../../frontends/tpc/tokens/rod_token.ts";
import { patternBytes } from "../../../../support/bytes.ts";
import type { CommandResult } from "../../../../support/local_initiator.ts";
import {
  populateToken,
  writeUsingToken,
} from "../../../../support/initiator/mod.ts";
import {
  populateList,
  type PopulateWish,
  writeList,
  type WriteWish,
} from "../../../../support/token_lists.ts";
import {
  describeEnd,
  OPERATION,
  type TokenScene,
  tokenTest,
} from "../../../../support/token_scene.ts";

/** A list of either command, and how the command ends. */
interface Row {
  readonly what: string;
  readonly populate?: PopulateWish;
  readonly write?: WriteWish;
  /** Fields that are overwritten: byte, and hexadecimal. */
  readonly put?: readonly [at: number, hex: string];
  /** PARAMETER LIST LENGTH; absent: as long as the list is. */
  readonly length?: number;
  /** Sense, `cdb` or `list`, and the byte that it points at. */
  readonly ends: string;
}

const TOO_MANY = Array.from({ length: 65 }, (_, at) => [at, 1] as const);

const LISTS: readonly Row[] = [
  { what: "no list", populate: {}, length: 0, ends: "5/24/00 cdb 9" },
  { what: "a cut header", populate: {}, length: 15, ends: "5/24/00 cdb 9" },
  {
    what: "too many ranges",
    populate: { ranges: TOO_MANY },
    ends: "5/24/00 cdb 9",
  },
  { what: "a header alone", populate: {}, length: 16, ends: "5/26/00 list 14" },
  {
    what: "a data length without a range",
    populate: {},
    put: [0, "001d"],
    ends: "5/26/00 list 0",
  },
  {
    what: "a range length below 16",
    populate: {},
    put: [14, "000f"],
    ends: "5/26/00 list 14",
  },
  {
    what: "ranges that do not fit",
    populate: {},
    put: [14, "0020"],
    ends: "5/26/00 list 14",
  },
  {
    what: "too long a timeout",
    populate: { timeoutS: 601 },
    ends: "5/26/00 list 4",
  },
  {
    what: "an unknown ROD type",
    populate: { rodType: 0x00800002 },
    ends: "5/26/00 list 8",
  },
  {
    what: "the ROD type of zeroes",
    populate: { rodType: ROD_TYPE.BLOCK_ZERO },
    ends: "5/26/00 list 8",
  },
  {
    what: "a snapshot of what has none",
    populate: { rodType: ROD_TYPE.POINT_IN_TIME },
    ends: "5/26/00 list 8",
  },
  {
    what: "blocks behind the medium",
    populate: { ranges: [[2000, 49]] },
    ends: "5/21/00 info 2048",
  },
  {
    what: "ranges that overlap",
    populate: { ranges: [[0, 9], [8, 9]] },
    ends: "5/26/00",
  },
  { what: "no list", write: {}, length: 0, ends: "5/24/00 cdb 9" },
  { what: "a cut header", write: {}, length: 535, ends: "5/24/00 cdb 9" },
  {
    what: "too many ranges",
    write: { ranges: TOO_MANY },
    ends: "5/24/00 cdb 9",
  },
  { what: "a header alone", write: {}, length: 536, ends: "5/26/00 list 534" },
  {
    what: "a data length without a range",
    write: {},
    put: [0, "0225"],
    ends: "5/26/00 list 0",
  },
  {
    what: "a range length below 16",
    write: {},
    put: [534, "000f"],
    ends: "5/26/00 list 534",
  },
  {
    what: "ranges that do not fit",
    write: {},
    put: [534, "0020"],
    ends: "5/26/00 list 534",
  },
  {
    what: "blocks behind the medium",
    write: { ranges: [[5000, 1]] },
    ends: "5/21/00 info 5000",
  },
  {
    what: "ranges that overlap",
    write: { ranges: [[0, 9], [8, 9]] },
    ends: "5/26/00",
  },
  { what: "an unknown token", write: {}, ends: "5/23/04" },
];

for (const row of LISTS) {
  const command = row.write === undefined ? "POPULATE" : "WRITE USING";
  tokenTest(`${command} TOKEN refuses ${row.what}`, async ({ a }) => {
    const list = row.write === undefined
      ? populateList(row.populate)
      : writeList(row.write);
    const [at, hex] = row.put ?? [0, ""];
    const bytes = new Uint8Array(list.buffer as ArrayBuffer);
    bytes.set(Uint8Array.fromHex(hex), at);
    const { length = bytes.length } = row;
    const cdb = row.write === undefined
      ? populateToken(1, length)
      : writeUsingToken(1, length);
    const write = bytes.subarray(0, length);
    assertEquals(describeEnd(await a.command(0, cdb, { write })), row.ends);
  }, [{ backend: "controlled", sizeBytes: 2 ** 20 }]);
}

tokenTest("WRITE USING TOKEN ends where the token ends", async (scene) => {
  const data = patternBytes(512 * 8);
  await scene.fill(0, 0, data);
  const token = await scene.makeToken({ ranges: [[0, 8]] });
  const result = await scene.write({ token, offset: 2, ranges: [[0, 7]] });
  assertEquals(describeEnd(result), "5/26/00");
  const told = await scene.information({ lun: 1, listId: 2 });
  assertEquals(
    [told.status, told.transferCount, told.sense],
    [OPERATION.FAILED, 6, "5/26/00"],
  );
  assertEquals(await scene.blocks(1, 0, 6), data.slice(1024));
  assertEquals(await scene.blocks(1, 6, 1), new Uint8Array(512));
});

for (const offset of [8, 9, 2 ** 40]) {
  tokenTest(
    `WRITE USING TOKEN has nothing from ${offset} on`,
    async (scene) => {
      const token = await scene.makeToken({ ranges: [[0, 8]] });
      const result = await scene.write({ token, offset });
      assertEquals(describeEnd(result), "5/26/00");
      const told = await scene.information({ lun: 1, listId: 2 });
      assertEquals([told.status, told.transferCount], [OPERATION.FAILED, 0]);
    },
  );
}

tokenTest(
  "WRITE USING TOKEN writes whole blocks",
  async (scene) => {
    const data = patternBytes(512 * 12);
    await scene.fill(0, 0, data);
    const token = await scene.makeToken({ ranges: [[0, 12]] });
    const result = await scene.write({ token, ranges: [[0, 2]] });
    assertEquals(describeEnd(result), "5/26/00");
    const told = await scene.information({ lun: 1, listId: 2 });
    assertEquals(told.transferCount, 1);
    assertEquals(await scene.blocks(1, 0, 1), data.slice(0, 4096));
  },
  [{}, { blockLength: 4096 }],
);

/** One LUN whose store fails when it is told to, beside one in memory. */
const CONTROLLED = { backend: "controlled", sizeBytes: 2 ** 20 };

const FAULTS = [
  ["write", "medium", "3/0c/02"],
  ["write", "no-space", "7/27/07"],
  ["write", "read-only", "7/27/01"],
] as const;

for (const [work, cause, sense] of FAULTS) {
  tokenTest(
    `WRITE USING TOKEN tells of a ${work} that fails: ${cause}`,
    async (scene) => {
      const token = await scene.makeToken();
      const { store } = scene.test.driver;
      const result = await failing(scene, token, () => store.fail(work, cause));
      assertEquals(describeEnd(result), sense);
      const told = await scene.information({ lun: 1, listId: 2 });
      assertEquals([told.status, told.sense], [OPERATION.FAILED, sense]);
    },
    [{}, CONTROLLED],
  );
}

tokenTest(
  "WRITE USING TOKEN tells of a read that fails",
  async (scene) => {
    const token = await scene.makeToken();
    const { store } = scene.test.driver;
    const result = await failing(
      scene,
      token,
      () => store.fail("read", "medium"),
    );
    assertEquals(describeEnd(result), "3/11/00");
  },
  [CONTROLLED, {}],
);

tokenTest(
  "WRITE USING TOKEN meets the write protection of its LUN",
  async (scene) => {
    const token = await scene.makeToken();
    assertEquals(await scene.writes({ token }), "7/27/01");
  },
  [{}, { options: { readonly: "on" } }],
);

tokenTest("Reports refuse a list that there is not", async (scene) => {
  for (const listId of [0, 1, 0xffffffff]) {
    assertEquals(await scene.informationEnds({ listId }), "5/24/00");
  }
});

const GIB = 2 ** 30;

tokenTest(
  "POPULATE TOKEN makes no snapshot that is too large",
  async (scene) => {
    const wish = { ranges: [[0, 65 * GIB / 512]] } as const;
    const rodType = ROD_TYPE.POINT_IN_TIME;
    const asked = await scene.populate({ ...wish, rodType });
    assertEquals(describeEnd(asked), "5/55/0c");
    const told = await scene.information();
    assertEquals(
      [told.status, told.sense, told.token],
      [OPERATION.FAILED, "5/55/0c", null],
    );
    // Whoever takes any gets one that a change revokes.
    const token = await scene.makeToken(wish);
    assertEquals(rodTypeOf(token), ROD_TYPE.POINT_IN_TIME_CHANGE_VULNERABLE);
  },
  [{ sizeBytes: 65 * GIB, options: { capacity: "1m" } }],
);

tokenTest("POPULATE TOKEN finds no room among 4096 tokens", async (scene) => {
  const wish = { rodType: ROD_TYPE.ACCESS_UPON_REFERENCE };
  for (const name of ["b", "c", "d", "e"]) {
    const by = await scene.test.connectReady(name);
    for (let count = 0; count < 1024; count += 1) {
      await scene.populate(wish, { by });
    }
    // One more costs it its oldest one, and nobody else anything.
    if (name === "b") await scene.makeToken(wish, { by });
  }
  assertEquals(describeEnd(await scene.populate(wish)), "5/55/0d");
  const told = await scene.information();
  assertEquals([told.status, told.sense], [OPERATION.FAILED, "5/55/0d"]);
  scene.test.host.clock.advance(61_000);
  await scene.makeToken(wish);
});

tokenTest("65 operations of one initiator are too many", async (scene) => {
  const token = await scene.makeToken();
  scene.test.driver.store.holding = true;
  const wish = { token, immediate: true } as const;
  for (let listId = 1; listId <= 64; listId += 1) {
    const write = { ...wish, ranges: [[listId, 1]] } as const;
    assertEquals(await scene.writes(write, { listId }), "0");
  }
  const last = await scene.write(wish, { listId: 65 });
  assertEquals(describeEnd(last), "5/55/03");
  assertEquals(await scene.informationEnds({ lun: 1, listId: 65 }), "5/24/00");
}, [{}, CONTROLLED]);

// Errors that may pass are tried again: the store fails each time.
async function failing(
  scene: TokenScene,
  token: Uint8Array,
  fail: () => void,
): Promise<CommandResult> {
  fail();
  const { clock } = scene.test.host;
  const { after } = clock;
  clock.after = (delayMs, callback) =>
    after.call(clock, delayMs, () => {
      fail();
      callback();
    });
  return await scene.inTime(scene.write({ token }));
}
