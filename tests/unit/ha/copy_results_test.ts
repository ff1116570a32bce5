/**
 * Results of copies of a pair: what can be asked of the other node when the
 * one that copied is gone.
 */

import { assertEquals } from "@std/assert";
import type { HaMode } from "../../../ha/link/peer_hello.ts";
import { patternBytes } from "../../support/bytes.ts";
import { CopyPair, type CopySide } from "../../support/ha/copy_pair.ts";
import { OPERATION } from "../../support/token_scene.ts";

const MODES: readonly HaMode[] = ["standby", "shared", "proxy"];
const DATA = patternBytes(512 * 16);
const SEGMENTS = [{ blocks: 16, lba: 100, toLba: 7 }];
const UNKNOWN = "5/24/00";
const INLINE = "5/1a/00";

function copyPairTest(
  name: string,
  body: (pair: CopyPair, mode: HaMode) => Promise<void>,
): void {
  for (const mode of MODES) {
    Deno.test(`${name} (${mode})`, async () => {
      await using pair = await CopyPair.joined(mode);
      pair.fill(0, 100, DATA);
      await body(pair, mode);
    });
  }
}

interface LongStatus {
  readonly end: string;
  readonly status: number;
  readonly bytes: number;
  readonly segments: number;
  readonly sense: string;
}

/** RECEIVE COPY STATUS(LID4). */
async function statusAt(
  pair: CopyPair,
  side: CopySide,
  listId: number,
): Promise<LongStatus> {
  const asked = await pair.wait(side.copies.status(listId));
  const { data } = asked;
  if (asked.sense !== "") {
    return { end: asked.sense, status: 0, bytes: 0, segments: 0, sense: "" };
  }
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  return {
    end: String(asked.status),
    status: view.getUint8(5),
    bytes: Number(view.getBigUint64(16)),
    segments: view.getUint16(24),
    sense: data.subarray(32).toHex(),
  };
}

function copy(
  pair: CopyPair,
  listId: number,
  segments: readonly { blocks: number; lba?: number; toLba?: number }[],
): Promise<string> {
  const wish = { form: "LID4", listId, segments } as const;
  return pair.ends(pair.a.copies.copy(wish));
}

copyPairTest("a result outlives the node that copied", async (pair) => {
  assertEquals(await copy(pair, 5, SEGMENTS), "0");
  await pair.failOver();
  // By another path of the same initiator: its own is gone.
  const a = await pair.nodes.two.connect("a");
  const side = pair.sideOf(pair.nodes.two, a);
  await side.hear();
  assertEquals(await statusAt(pair, pair.b, 5), {
    ...{ end: UNKNOWN, status: 0, bytes: 0, segments: 0, sense: "" },
  }, "another initiator");
  assertEquals(await statusAt(pair, side, 5), {
    ...{ end: "0", status: OPERATION.DONE, bytes: 16 * 512 },
    ...{ segments: 1, sense: "" },
  });
  assertEquals((await statusAt(pair, side, 5)).end, UNKNOWN, "told once");
});

copyPairTest("a failure outlives it with its sense", async (pair) => {
  const beyond = [...SEGMENTS, { blocks: 16, lba: 2 ** 20 }];
  assertEquals(await copy(pair, 6, beyond), "a/0d/02");
  const here = await statusAt(pair, pair.a, 6);
  assertEquals(await copy(pair, 6, beyond), "a/0d/02");
  await pair.failOver();
  const a = await pair.nodes.two.connect("a");
  const side = pair.sideOf(pair.nodes.two, a);
  await side.hear();
  const there = await statusAt(pair, side, 6);
  assertEquals(there, here);
  assertEquals(there.status, OPERATION.FAILED);
});

copyPairTest("what was told is forgotten on both", async (pair) => {
  assertEquals(await copy(pair, 5, SEGMENTS), "0");
  assertEquals((await statusAt(pair, pair.a, 5)).status, OPERATION.DONE);
  await pair.nodes.pass(100);
  await pair.failOver();
  const a = await pair.nodes.two.connect("a");
  const side = pair.sideOf(pair.nodes.two, a);
  await side.hear();
  assertEquals((await statusAt(pair, side, 5)).end, UNKNOWN);
});

copyPairTest("a result is known when its command ends", async (pair) => {
  const cable = pair.nodes.network.cables.at(-1);
  cable?.blockBack(true);
  const wish = { form: "LID4", listId: 5, segments: SEGMENTS } as const;
  let ended = false;
  const copied = pair.a.copies.copy(wish).finally(() => ended = true);
  await pair.nodes.pass(800);
  assertEquals(pair.blocks(1, 7, 16), DATA);
  assertEquals(ended, false);
  cable?.blockBack(false);
  assertEquals(await pair.ends(copied), "0");
});

copyPairTest(
  "a copy that ran in the background was aborted with its node",
  async (pair) => {
    const token = await pair.wait(
      pair.a.tokens.makeToken({ ranges: [[0, 2048]] }),
    );
    const ranges = [[0, 2048]] as const;
    const begun = pair.a.tokens
      .write({ token, ranges, immediate: true }, { listId: 9 });
    // Its end is never told.
    const ended = begun.then((result) => {
      pair.cut();
      return result;
    });
    assertEquals(await pair.ends(ended), "0");
    await pair.failOver();
    const a = await pair.nodes.two.connect("a");
    const side = pair.sideOf(pair.nodes.two, a);
    await side.hear();
    const told = await pair.wait(
      side.tokens.information({ lun: 1, listId: 9 }),
    );
    assertEquals(told.status, OPERATION.ABORTED);
  },
);

copyPairTest(
  "an identifier is not used again while the other node knows an older result",
  async (pair) => {
    assertEquals(await copy(pair, 5, SEGMENTS), "0");
    pair.cut();
    await pair.nodes.pass(4000, 250);
    await pair.a.hear();
    assertEquals(await copy(pair, 5, SEGMENTS), "8", "BUSY");
    assertEquals(await copy(pair, 6, SEGMENTS), "0", "another one is");
  },
);

copyPairTest("a result is not kept for ever", async (pair) => {
  assertEquals(await copy(pair, 5, SEGMENTS), "0");
  await pair.nodes.pass(50_000, 1000);
  await pair.failOver();
  await pair.nodes.pass(8000, 500);
  const a = await pair.nodes.two.connect("a");
  const side = pair.sideOf(pair.nodes.two, a);
  await side.hear();
  assertEquals((await statusAt(pair, side, 5)).end, UNKNOWN);
});

copyPairTest("what was refused leaves no result", async (pair) => {
  const list = { form: "LID4", listId: 7, segments: [], inlineLength: 4 };
  const refused = pair.a.copies.copy({ ...list, form: "LID4" });
  assertEquals(await pair.ends(refused), INLINE);
  await pair.failOver();
  assertEquals((await statusAt(pair, pair.b, 7)).end, UNKNOWN);
});

copyPairTest("a result made without a link is told with it", async (pair) => {
  await pair.part();
  await pair.nodes.one.order("primary", true);
  assertEquals(await copy(pair, 5, SEGMENTS), "0");
  pair.mend();
  await pair.nodes.pass(4000, 100);
  await pair.failOver();
  const a = await pair.nodes.two.connect("a");
  const side = pair.sideOf(pair.nodes.two, a);
  await side.hear();
  assertEquals((await statusAt(pair, side, 5)).status, OPERATION.DONE);
});

copyPairTest("a result goes along when a role is handed over", async (pair) => {
  assertEquals(await copy(pair, 5, SEGMENTS), "0");
  for (const node of [pair.nodes.two, pair.nodes.one]) {
    await node.order("primary");
    await pair.nodes.pass(500);
  }
  await pair.a.hear();
  assertEquals((await statusAt(pair, pair.a, 5)).status, OPERATION.DONE);
});
