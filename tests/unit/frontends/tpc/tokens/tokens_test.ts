/**
 * Copies by ROD tokens between LUNs in memory.
 */

import { assertEquals, assertNotEquals } from "@std/assert";
import {
  ROD_TYPE,
  rodTypeOf,
} from "../../../../../frontends/tpc/tokens/rod_token.ts";
import { patternBytes } from "../../../../support/bytes.ts";
import { settled } from "../../../../support/core_target.ts";
import { FUNCTION, SILENT } from "../../../../support/local_initiator.ts";
import {
  OPERATION,
  type TokenScene,
  tokenTest,
} from "../../../../support/token_scene.ts";
import { endOf } from "../../../../support/tpc_scene.ts";

const AUR = ROD_TYPE.ACCESS_UPON_REFERENCE;
const CHANGE_VULNERABLE = ROD_TYPE.POINT_IN_TIME_CHANGE_VULNERABLE;

/** A token of zeroes. */
const ZEROES = new Uint8Array(512);
ZEROES.set([0xff, 0xff, 0x00, 0x01]);

tokenTest("A token carries blocks from one LUN to another", async (scene) => {
  const data = patternBytes(512 * 300);
  await scene.fill(0, 100, data);
  const token = await scene.makeToken({ ranges: [[100, 300]] });
  assertEquals(await scene.writes({ token, ranges: [[7, 300]] }), "0");
  assertEquals(await scene.information({ lun: 1, listId: 2 }), {
    ...{ status: OPERATION.DONE, transferCount: 300, units: 0xf1 },
    serviceAction: 0x11,
    ...{ sense: "", token: null },
  });
  assertEquals(await scene.blocks(1, 7, 300), data);
});

tokenTest("A token tells of what it was made", async (scene) => {
  const [unit] = scene.test.target.luns.all();
  const wish = { rodType: AUR, ranges: [[8, 8], [0, 4]] } as const;
  assertEquals(endOf(await scene.populate(wish)), "0");
  const { token, ...rest } = await scene.information();
  assertEquals(rest, {
    ...{ status: OPERATION.DONE, transferCount: 12, units: 0xf1, sense: "" },
    serviceAction: 0x10,
  });
  const naa = unit?.identity.designators.find(({ type }) => type === 3);
  const bytes = token ?? new Uint8Array(0);
  assertEquals(
    bytes.subarray(0, 64).toHex(),
    "00010000" + "000001f8" + "0000000000000001" +
      "e4000000" + "01030008" + naa?.bytes.toHex() + "00".repeat(13) +
      "000200" + "0000000000000000" + "0000000000001800",
  );
  assertEquals(bytes.length, 512);
});

tokenTest("A token of several ranges fills other ranges", async (scene) => {
  const data = patternBytes(512 * 100);
  await scene.fill(0, 0, data);
  const token = await scene.makeToken({ ranges: [[50, 50], [0, 30]] });
  const ranges = [[1000, 20], [0, 40], [500, 20]] as const;
  assertEquals(await scene.writes({ token, ranges }), "0");
  const expected = new Uint8Array(80 * 512);
  expected.set(data.subarray(50 * 512));
  expected.set(data.subarray(0, 30 * 512), 50 * 512);
  assertEquals(await scene.blocks(1, 1000, 20), expected.slice(0, 10240));
  assertEquals(await scene.blocks(1, 0, 40), expected.slice(10240, 30720));
  assertEquals(await scene.blocks(1, 500, 20), expected.slice(30720));
});

tokenTest(
  "An offset into the token skips blocks of its ranges",
  async (scene) => {
    const data = patternBytes(512 * 20);
    await scene.fill(0, 0, data);
    const token = await scene.makeToken({ ranges: [[0, 4], [10, 10]] });
    for (const offset of [0, 3, 4, 9, 13]) {
      const wish = { token, offset, ranges: [[100, 1]] } as const;
      assertEquals(await scene.writes(wish), "0");
      const lba = offset < 4 ? offset : offset + 6;
      const expected = data.slice(lba * 512, (lba + 1) * 512);
      assertEquals(await scene.blocks(1, 100, 1), expected, `${offset}`);
    }
  },
);

tokenTest(
  "Blocks of different lengths are copied where both are whole",
  async (scene) => {
    const data = patternBytes(4096 * 4);
    await scene.fill(0, 8, data);
    const token = await scene.makeToken({ ranges: [[8, 32]] });
    assertEquals(await scene.writes({ token, ranges: [[2, 4]] }), "0");
    assertEquals(await scene.blocks(1, 2, 4), data);
    const { transferCount } = await scene.information({ lun: 1, listId: 2 });
    assertEquals(transferCount, 4);
    // And back again, an offset being in blocks of the source.
    const back = await scene.makeToken({ ranges: [[2, 4]] }, { lun: 1 });
    const wish = { token: back, offset: 1, ranges: [[100, 8]] } as const;
    assertEquals(await scene.writes(wish, { lun: 0 }), "0");
    assertEquals(await scene.blocks(0, 100, 8), data.slice(4096, 8192));
  },
  [{}, { blockLength: 4096 }],
);

tokenTest(
  "A token that was written by is not touched by later writes of its blocks",
  async (scene) => {
    await scene.fill(0, 0, new Uint8Array(512).fill(1));
    const token = await scene.makeToken({ rodType: AUR });
    await scene.fill(0, 0, new Uint8Array(512).fill(2));
    assertEquals(await scene.writes({ token }), "0");
    // Access upon reference: what is there now.
    assertEquals(await scene.blocks(1, 0, 1), new Uint8Array(512).fill(2));
  },
);

tokenTest("The token of zeroes writes zeroes", async (scene) => {
  await scene.fill(1, 0, patternBytes(512 * 64));
  const ranges = [[0, 8], [32, 16]] as const;
  assertEquals(await scene.writes({ token: ZEROES, ranges }), "0");
  const { status, transferCount } = await scene.information({
    ...{ lun: 1, listId: 2 },
  });
  assertEquals([status, transferCount], [OPERATION.DONE, 24]);
  const expected = patternBytes(512 * 64);
  expected.fill(0, 0, 8 * 512).fill(0, 32 * 512, 48 * 512);
  assertEquals(await scene.blocks(1, 0, 64), expected);
});

tokenTest("DEL_TKN deletes the token behind its use", async (scene) => {
  const token = await scene.makeToken();
  assertEquals(await scene.writes({ token, deleteToken: true }), "0");
  assertEquals(await scene.writes({ token }), "5/23/04");
  assertEquals(await scene.reported(), []);
});

tokenTest(
  "DEL_TKN leaves the token when the write has failed",
  async (scene) => {
    const token = await scene.makeToken();
    const wish = { token, deleteToken: true, ranges: [[0, 2]] } as const;
    assertEquals(await scene.writes(wish), "5/26/00");
    assertEquals(await scene.writes({ token }), "0");
  },
);

tokenTest("A token ends a second after its time", async (scene) => {
  const { clock } = scene.test.host;
  const usual = await scene.makeToken({ rodType: AUR });
  const short = await scene.makeToken({ rodType: AUR, timeoutS: 5 });
  const long = await scene.makeToken({ rodType: AUR, timeoutS: 600 });
  clock.advance(5990);
  assertEquals(await scene.writes({ token: short }), "0");
  clock.advance(5990);
  assertEquals(await scene.writes({ token: short }), "0");
  clock.advance(6000);
  assertEquals(await scene.writes({ token: short }), "5/23/04");
  assertEquals((await scene.reported()).length, 2);
  clock.advance(61_000);
  assertEquals(await scene.writes({ token: usual }), "5/23/04");
  assertEquals(await scene.writes({ token: long }), "0");
  clock.advance(600_999);
  assertEquals((await scene.reported()).length, 1);
  clock.advance(1);
  assertEquals(await scene.reported(), []);
});

tokenTest("Tokens are told without what is secret", async (scene) => {
  const tokens = [
    await scene.makeToken(),
    await scene.makeToken({ ranges: [[5, 5]] }, { lun: 1 }),
  ];
  const told = await scene.reported();
  assertEquals(told, tokens.map((each) => each.slice(0, 96)));
});

tokenTest("512 tokens are told at the most, the latest ones", async (scene) => {
  for (let at = 0; at < 514; at += 1) await scene.makeToken();
  const told = await scene.reported();
  assertEquals(told.length, 512);
  assertEquals(told[0]?.subarray(8, 16).toHex(), "0000000000000003");
});

tokenTest(
  "A token goes with its LUN",
  async (scene) => {
    const token = await scene.makeToken();
    const other = await scene.makeToken({ rodType: AUR }, { lun: 1 });
    await scene.test.target.luns.remove(0);
    await settleAttentions(scene, 1);
    assertEquals(await scene.writes({ token }), "5/23/04");
    assertEquals(await scene.writes({ token: other }), "0");
    await scene.test.addLun({ number: 0 });
    await settleAttentions(scene, 1);
    assertEquals(await scene.writes({ token }), "5/23/04");
  },
);

tokenTest("A result is told once", async (scene) => {
  await scene.populate();
  const { token } = await scene.information();
  assertNotEquals(token, null);
  assertEquals(await scene.informationEnds(), "5/24/00");
});

tokenTest("A result is kept for a minute", async (scene) => {
  await scene.populate({}, { listId: 7 });
  await scene.populate({}, { listId: 8 });
  scene.test.host.clock.advance(59_000);
  assertNotEquals((await scene.information({ listId: 7 })).token, null);
  for (let second = 0; second < 3; second += 1) {
    scene.test.host.clock.advance(1000);
  }
  assertEquals(await scene.informationEnds({ listId: 8 }), "5/24/00");
});

tokenTest("Lists of two LUNs and two initiators are apart", async (scene) => {
  const b = await scene.test.connectReady("b");
  await scene.populate({ ranges: [[0, 1]] });
  await scene.populate({ ranges: [[0, 2]] }, { lun: 1 });
  await scene.populate({ ranges: [[0, 3]] }, { by: b });
  const counts = [
    await scene.information(),
    await scene.information({ lun: 1 }),
    await scene.information({ by: b }),
  ].map(({ transferCount }) => transferCount);
  assertEquals(counts, [1, 2, 3]);
});

tokenTest("An ended list of the same number is replaced", async (scene) => {
  await scene.populate({ ranges: [[0, 1]] });
  await scene.populate({ ranges: [[0, 5]] });
  assertEquals((await scene.information()).transferCount, 5);
});

tokenTest(
  "A unit without snapshots gives a token that a write revokes",
  async (scene) => {
    const token = await scene.makeToken({ ranges: [[8, 8], [32, 8]] });
    assertEquals(rodTypeOf(token), CHANGE_VULNERABLE);
    const ranges = [[0, 16]] as const;
    await scene.fill(0, 0, patternBytes(512 * 8));
    await scene.fill(0, 16, patternBytes(512 * 16));
    assertEquals(await scene.writes({ token, ranges }), "0");
    await scene.fill(0, 39, patternBytes(512));
    assertEquals(await scene.writes({ token, ranges }), "5/23/06");
    assertEquals(await scene.reported(), []);
  },
  [{ backend: "controlled" }, {}],
);

tokenTest("A revoked token is unknown when its time is up", async (scene) => {
  const token = await scene.makeToken();
  await scene.fill(0, 0, patternBytes(512));
  assertEquals(await scene.writes({ token }), "5/23/06");
  scene.test.host.clock.advance(61_000);
  assertEquals(await scene.writes({ token }), "5/23/04");
}, [{ backend: "controlled" }, {}]);

tokenTest("Nobody pays for tokens that are gone", async (scene) => {
  const unit = scene.test.target.luns.get(0);
  await scene.makeToken();
  assertEquals(unit?.disturbed, true);
  scene.test.host.clock.advance(61_000);
  assertEquals(unit?.disturbed, false);
  await scene.makeToken();
  await scene.fill(0, 0, patternBytes(512));
  assertEquals(unit?.disturbed, false);
}, [{ backend: "controlled" }, {}]);

const CHANGES: readonly (readonly [what: string, cdb: string, data: string])[] =
  [
    ["WRITE SAME to the end", "93010000000000000000000000000000", ""],
    ["WRITE SAME of the block", "93010000000000000008000000010000", ""],
    [
      "UNMAP of whatever blocks",
      "42000000000000001800",
      "0016001000000000" + "00000000000000c8" + "0000000100000000",
    ],
    ["SANITIZE", "48820000000000000000", ""],
    [
      "COMPARE AND WRITE",
      "89000000000000000008000000010000",
      "00".repeat(1024),
    ],
  ];

for (const [what, hex, data] of CHANGES) {
  tokenTest(`${what} revokes a token`, async (scene) => {
    const token = await scene.makeToken({ ranges: [[8, 8]] });
    const write = Uint8Array.fromHex(data);
    const cdb = Uint8Array.fromHex(hex);
    assertEquals(endOf(await scene.a.command(0, cdb, { write })), "0");
    await scene.test.target.luns.get(0)?.operation?.ended;
    assertEquals(await scene.writes({ token }), "5/23/06");
  }, [
    { backend: "controlled", options: { unmaps: "native", zeroes: "on" } },
    {},
  ]);
}

tokenTest("A change of the LUN revokes a token", async (scene) => {
  const token = await scene.makeToken();
  await scene.test.target.luns.modify(0, { sizeBytes: 2 ** 19 });
  await settleAttentions(scene, 0);
  assertEquals(await scene.writes({ token }), "5/23/06");
}, [{ backend: "controlled" }, {}]);

tokenTest("A copy onto its own source revokes the token", async (scene) => {
  const token = await scene.makeToken({ ranges: [[0, 8]] });
  const wish = { token, ranges: [[100, 8]] } as const;
  assertEquals(await scene.writes(wish, { lun: 0 }), "0");
  const onto = { token, ranges: [[4, 8]] } as const;
  assertEquals(await scene.writes(onto, { lun: 0 }), "5/23/06");
}, [{ backend: "controlled" }, {}]);

tokenTest("A copy by the stores revokes what it writes over", async (scene) => {
  await scene.fill(0, 0, patternBytes(2 ** 20));
  const wish = { ranges: [[8, 8]], rodType: CHANGE_VULNERABLE } as const;
  const over = await scene.makeToken(wish, { lun: 1 });
  const token = await scene.makeToken({ ranges: [[0, 2048]] });
  const ranges = [[0, 2048]] as const;
  assertEquals(await scene.writes({ token, ranges }), "0");
  assertEquals(scene.test.host.log.lines.at(-1)?.fields["how"], "shared");
  assertEquals(await scene.writes({ token: over }, { lun: 0 }), "5/23/06");
});

tokenTest(
  "A token is made behind the writes that came before",
  async (scene) => {
    const { store } = scene.test.driver;
    store.holding = true;
    const old = scene.fill(0, 0, new Uint8Array(512).fill(9));
    const populated = scene.populate({ ranges: [[0, 8]] });
    assertEquals(await settled(populated), undefined);
    store.answerAll();
    await old;
    assertEquals(endOf(await populated), "0");
    const { token } = await scene.information();
    assertEquals(await scene.writes({ ...token && { token } }), "0");
    assertEquals(await scene.blocks(1, 0, 1), new Uint8Array(512).fill(9));
  },
  [{ backend: "controlled" }, {}],
);

tokenTest("A token that would take too long is not made", async (scene) => {
  const { store } = scene.test.driver;
  store.holding = true;
  const old = scene.fill(0, 0, patternBytes(512));
  const populated = scene.populate();
  assertEquals(await settled(populated), undefined);
  scene.test.host.clock.advance(700);
  assertEquals(endOf(await populated), "8");
  assertEquals((await scene.information()).status, OPERATION.FAILED);
  store.answerAll();
  await old;
}, [{ backend: "controlled" }, {}]);

tokenTest(
  "POPULATE TOKEN with IMMED is told when it is done",
  async (scene) => {
    const { store } = scene.test.driver;
    store.holding = true;
    const old = scene.fill(0, 0, patternBytes(512));
    const end = await settled(scene.populate({ immediate: true }));
    assertEquals(end?.status, 0);
    const begun = await scene.information();
    assertEquals([begun.status, begun.token], [OPERATION.BACKGROUND, null]);
    scene.test.host.clock.advance(2000);
    store.answerAll();
    await old;
    const done = await scene.whenEnded({});
    assertEquals(done.status, OPERATION.DONE);
    assertNotEquals(done.token, null);
  },
  [{ backend: "controlled" }, {}],
);

/** LUN 1 answers when it is told to. */
const HELD = [{}, { backend: "controlled", sizeBytes: 2 ** 25 }] as const;

tokenTest("WRITE USING TOKEN with IMMED tells its progress", async (scene) => {
  const { store } = scene.test.driver;
  const token = await scene.makeToken({ ranges: [[0, 2048]] });
  store.holding = true;
  const ranges = [[0, 2048]] as const;
  const end = await settled(
    scene.write({ token, ranges, immediate: true }),
  );
  assertEquals(end?.status, 0);
  const at = { lun: 1, listId: 2 };
  const begun = await scene.information(at);
  assertEquals([begun.status, begun.transferCount], [0x12, 0]);
  store.answerAll();
  const told = await scene.whenEnded(at);
  assertEquals([told.status, told.transferCount], [OPERATION.DONE, 2048]);
}, HELD);

tokenTest("A list that runs cannot be begun again", async (scene) => {
  const { store } = scene.test.driver;
  const token = await scene.makeToken();
  store.holding = true;
  const running = scene.write({ token });
  assertEquals(await settled(running), undefined);
  const at = { lun: 1, listId: 2 };
  for (const again of [scene.write({ token }), scene.populate({}, at)]) {
    const { sense, senseValue } = await again;
    assertEquals(sense, "5/26/00");
    assertEquals(senseValue?.field, { inCdb: false, byte: 0 });
  }
  const told = await scene.information(at);
  assertEquals([told.status, told.token], [OPERATION.FOREGROUND, null]);
  store.answerAll();
  assertEquals(endOf(await running), "0");
}, HELD);

tokenTest("ABORT TASK stops a copy before it is answered", async (scene) => {
  const { store } = scene.test.driver;
  const token = await scene.makeToken({ ranges: [[0, 2048]] });
  store.holding = true;
  const tag = scene.a.nextTag;
  const running = scene.write({ token, ranges: [[0, 2048]] });
  assertEquals(await settled(running), undefined);
  const aborted = scene.a.manage(FUNCTION.ABORT_TASK, 1, tag);
  assertEquals(await settled(aborted), undefined);
  store.answerAll();
  await aborted;
  const writes = store.calls.length;
  assertEquals((await running).status, SILENT);
  const { status } = await scene.information({ lun: 1, listId: 2 });
  assertEquals(status, OPERATION.ABORTED);
  assertEquals(store.calls.length, writes);
}, HELD);

tokenTest(
  "LOGICAL UNIT RESET stops a copy in the background",
  async (scene) => {
    const { store } = scene.test.driver;
    const token = await scene.makeToken({ ranges: [[0, 2048]] });
    store.holding = true;
    await scene.write({ token, ranges: [[0, 2048]], immediate: true });
    const b = await scene.test.connectReady("b");
    const reset = b.manage(FUNCTION.LOGICAL_UNIT_RESET, 1);
    store.answerAll();
    await reset;
    const writes =
      store.calls.filter((call) => call.startsWith("write")).length;
    for (let turn = 0; turn < 200; turn += 1) await Promise.resolve();
    const after = store.calls.filter((call) => call.startsWith("write")).length;
    assertEquals(after, writes);
    await settleAttentions(scene, 1);
  },
  HELD,
);

tokenTest("A lost nexus stops its copies", async (scene) => {
  const { store } = scene.test.driver;
  const b = await scene.test.connectReady("b");
  const token = await scene.makeToken({ ranges: [[0, 2048]] });
  store.holding = true;
  const wish = { token, ranges: [[0, 2048]], immediate: true } as const;
  await scene.write(wish, { by: b });
  const lost = b.disconnect();
  store.answerAll();
  await lost;
  const writes = store.calls.length;
  for (let turn = 0; turn < 200; turn += 1) await Promise.resolve();
  assertEquals(store.calls.length, writes);
}, HELD);

async function settleAttentions(
  scene: TokenScene,
  lun: number,
): Promise<void> {
  for (let sense = "6/"; sense.startsWith("6/");) {
    ({ sense } = await scene.a.command(lun, new Uint8Array(6)));
  }
}
