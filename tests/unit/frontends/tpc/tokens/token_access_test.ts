/**
 * Who may use a token: an initiator reads nothing by it that it could not read
 * by itself. A copy manager that forgets that gives every disk away to whoever
 * can name it (CVE-2020-28374).
 */

import { assertEquals, assertNotEquals } from "@std/assert";
import { ROD_TYPE } from "../../../../../frontends/tpc/tokens/rod_token.ts";
import { assertBytes, patternBytes } from "../../../../support/bytes.ts";
import type { LunWish } from "../../../../support/core_target.ts";
import type { LocalInitiator } from "../../../../support/local_initiator.ts";
import { type TokenScene, tokenTest } from "../../../../support/token_scene.ts";
import { endOf } from "../../../../support/tpc_scene.ts";

const SECRET = patternBytes(512 * 8);

/** An initiator on a port that shows LUN 1 alone, as LUN 0. */
async function stranger(scene: TokenScene): Promise<LocalInitiator> {
  const port = scene.test.addPort({ name: "other", virtualPort: 1 });
  port.setLunMap(new Map([[0, 1]]));
  for (const lun of [0, 1]) await hearAttentions(scene.a, lun);
  return await scene.test.connectReady("stranger", port);
}

/** A token of LUN 0, which holds what the stranger must not read. */
async function secretToken(
  scene: TokenScene,
  rodType?: number,
): Promise<Uint8Array> {
  await scene.fill(0, 0, SECRET);
  const ranges = [[0, 8]] as const;
  const wish = rodType === undefined ? { ranges } : { ranges, rodType };
  return await scene.makeToken(wish);
}

for (const rodType of [undefined, ROD_TYPE.ACCESS_UPON_REFERENCE]) {
  const what = rodType === undefined ? "snapshot" : "reference";
  tokenTest(`A stranger cannot use a token: ${what}`, async (scene) => {
    const token = await secretToken(scene, rodType);
    const by = await stranger(scene);
    const wish = { token, ranges: [[0, 8]] } as const;
    assertEquals(await scene.writes(wish, { lun: 0, by }), "5/23/04");
    // As if there were none: there is no result, either.
    assertEquals(
      await scene.informationEnds({ lun: 0, listId: 2, by }),
      "5/24/00",
    );
    assertBytes(await scene.blocks(1, 0, 8), new Uint8Array(512 * 8));
    assertEquals(await scene.writes(wish), "0");
  });
}

tokenTest("A stranger hears of no token", async (scene) => {
  await secretToken(scene);
  const by = await stranger(scene);
  const own = await scene.makeToken({}, { lun: 0, by });
  assertEquals(await scene.reported({ lun: 0, by }), [own.slice(0, 96)]);
  assertEquals((await scene.reported()).length, 2);
});

tokenTest("A token cannot be made of what is known of it", async (scene) => {
  const token = await secretToken(scene);
  const [told = new Uint8Array(0)] = await scene.reported();
  // All but the random bytes can be guessed or looked up.
  const forged = token.slice();
  forged.fill(0, 160);
  forged.set(told);
  assertNotEquals(forged, token);
  assertEquals(await scene.writes({ token: forged }), "5/23/04");
  for (let at = 0; at < 512; at += 1) {
    const other = token.slice();
    other.set([(other[at] ?? 0) ^ 0x10], at);
    assertEquals(await scene.writes({ token: other }), "5/23/04", `byte ${at}`);
  }
});

tokenTest(
  "A token is of no use where its LUN is not seen any more",
  async (scene) => {
    const token = await secretToken(scene);
    scene.test.port.setLunMap(new Map([[1, 1]]));
    await hearAttentions(scene.a, 1);
    assertEquals(await scene.writes({ token }), "5/23/04");
    scene.test.port.setLunMap(new Map([[5, 0], [1, 1]]));
    await hearAttentions(scene.a, 1);
    assertEquals(await scene.writes({ token }), "0");
  },
);

tokenTest(
  "A stranger may use a token where an operator said so",
  async (scene) => {
    const token = await secretToken(scene);
    const by = await stranger(scene);
    const wish = { token, ranges: [[0, 8]] } as const;
    assertEquals(await scene.writes(wish, { lun: 0, by }), "0");
    assertBytes(await scene.blocks(1, 0, 8), SECRET);
    assertEquals((await scene.reported({ lun: 0, by })).length, 1);
  },
  [{}, { options: { insecure_tpc: "on" } }],
);

/** Service actions of PERSISTENT RESERVE OUT. */
const [REGISTER, RESERVE] = [0, 1];
const EXCLUSIVE_ACCESS = 3;
const WRITE_EXCLUSIVE = 1;

async function reserve(
  by: LocalInitiator,
  lun: number,
  type: number,
): Promise<void> {
  const register = new Uint8Array(24);
  register[15] = 7;
  const hold = new Uint8Array(24);
  hold[7] = 7;
  for (
    const [action, list] of [[REGISTER, register], [RESERVE, hold]] as const
  ) {
    const cdb = new Uint8Array(10);
    cdb.set([0x5f, action, action === RESERVE ? type : 0, 0, 0, 0, 0, 0, 24]);
    assertEquals(endOf(await by.command(lun, cdb, { write: list })), "0");
  }
}

const SOURCES: readonly (readonly [what: string, luns: LunWish[]])[] = [
  ["a snapshot", [{}, {}]],
  ["a watch", [{ backend: "controlled" }, {}]],
];

for (const [what, luns] of SOURCES) {
  tokenTest(
    `A token of ${what} is judged by the reservations of its LUN`,
    async (scene) => {
      const token = await secretToken(scene);
      const b = await scene.test.connectReady("b");
      await reserve(b, 0, EXCLUSIVE_ACCESS);
      const ranges = [[0, 8]] as const;
      const wish = { token, ranges };
      assertEquals(await scene.writes(wish), "24");
      assertBytes(await scene.blocks(1, 0, 8), new Uint8Array(512 * 8));
      assertEquals(endOf(await scene.populate()), "24");
      // The holder of the reservation may read it.
      assertEquals(await scene.writes(wish, { by: b }), "0");
      assertBytes(await scene.blocks(1, 0, 8), SECRET);
    },
    luns,
  );
}

tokenTest("Whoever may read may make and use tokens", async (scene) => {
  const b = await scene.test.connectReady("b");
  await reserve(b, 0, WRITE_EXCLUSIVE);
  const token = await scene.makeToken({ ranges: [[0, 8]] });
  assertEquals(await scene.writes({ token, ranges: [[0, 8]] }), "0");
  assertEquals(await scene.writes({ token }, { lun: 0 }), "24");
});

tokenTest("Writes meet the reservations of their own LUN", async (scene) => {
  const token = await secretToken(scene);
  const b = await scene.test.connectReady("b");
  await reserve(b, 1, WRITE_EXCLUSIVE);
  const wish = { token, ranges: [[0, 8]] } as const;
  assertEquals(await scene.writes(wish), "24");
  assertEquals(await scene.writes(wish, { by: b }), "0");
});

tokenTest("A token waits for its LUN to be started again", async (scene) => {
  const token = await secretToken(scene);
  const start = (bit: number) =>
    scene.a.command(0, Uint8Array.of(0x1b, 0, 0, 0, bit, 0));
  assertEquals(endOf(await start(0)), "0");
  assertEquals(await scene.writes({ token }), "2/04/02");
  assertEquals(endOf(await start(1)), "0");
  assertEquals(await scene.writes({ token }), "0");
});

async function hearAttentions(
  by: LocalInitiator,
  lun: number,
): Promise<void> {
  for (let sense = "6/"; sense.startsWith("6/");) {
    ({ sense } = await by.command(lun, new Uint8Array(6)));
  }
}
