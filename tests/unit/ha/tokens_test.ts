/**
 * ROD tokens of a pair: what the other node knows of them, and what it does
 * with them when it serves.
 */

import { assert, assertEquals } from "@std/assert";
import { ROD_TYPE } from "../../../frontends/tpc/tokens/rod_token.ts";
import type { HaMode } from "../../../ha/link/peer_hello.ts";
import { patternBytes } from "../../support/bytes.ts";
import { CopyPair, type CopyPairWish } from "../../support/ha/copy_pair.ts";

const MODES: readonly HaMode[] = ["standby", "shared", "proxy"];
const AUR = ROD_TYPE.ACCESS_UPON_REFERENCE;
const DATA = patternBytes(512 * 16);
const OTHER = new Uint8Array(512).fill(0xee);
const BUSY = "8";
const UNKNOWN = "5/23/04";
const REVOKED = "5/23/06";
const WISH = { ranges: [[100, 16]] } as const;

function copyPairTest(
  name: string,
  body: (pair: CopyPair, mode: HaMode) => Promise<void>,
  wish: CopyPairWish = {},
  modes: readonly HaMode[] = MODES,
): void {
  for (const mode of modes) {
    Deno.test(`${name} (${mode})`, async () => {
      await using pair = await CopyPair.joined(mode, wish);
      pair.fill(0, 100, DATA);
      await body(pair, mode);
    });
  }
}

/** Makes a token of blocks 100 to 115 of LUN 0 at node 1. */
function made(pair: CopyPair, rodType?: number): Promise<Uint8Array> {
  const wish = rodType === undefined ? WISH : { ...WISH, rodType };
  return pair.wait(pair.a.tokens.makeToken(wish));
}

/** Writes a token to LUN 1 at node 2; how that ends. */
function used(pair: CopyPair, token: Uint8Array): Promise<string> {
  const ranges = [[7, 16]] as const;
  return pair.ends(pair.b.tokens.write({ token, ranges }));
}

function write(lba: number): readonly [number[], { write: Uint8Array }] {
  return [[0x2a, 0, 0, 0, 0, lba, 0, 0, 1, 0], { write: OTHER }];
}

function writes(pair: CopyPair, lba: number): Promise<string> {
  return pair.ends(pair.a.initiator.command(0, ...write(lba)));
}

for (const snapshots of [false, true]) {
  const how = snapshots ? "with" : "without";
  copyPairTest(
    `a token outlives the node that made it, ${how} snapshots`,
    async (pair) => {
      const token = await made(pair);
      await pair.failOver();
      assertEquals(await used(pair, token), "0");
      assertEquals(pair.blocks(1, 7, 16), DATA);
      // What it stands for does not change in silence on this node either.
      const overwritten = await pair.ends(
        pair.b.initiator.command(0, ...write(101)),
      );
      assertEquals(overwritten, "0");
      pair.fill(1, 7, new Uint8Array(DATA.length));
      assertEquals(await used(pair, token), snapshots ? "0" : REVOKED);
      if (snapshots) assertEquals(pair.blocks(1, 7, 16), DATA);
    },
    { snapshots },
  );

  copyPairTest(
    `a token whose blocks were written is of no use there, ${how} snapshots`,
    async (pair) => {
      const token = await made(pair);
      const untouched = await pair.wait(
        pair.a.tokens.makeToken({ ranges: [[100, 4]] }),
      );
      assertEquals(await writes(pair, 115), "0");
      if (snapshots) {
        const ranges = [[7, 16]] as const;
        const here = pair.a.tokens.write({ token, ranges });
        assertEquals(await pair.ends(here), "0");
        assertEquals(pair.blocks(1, 7, 16), DATA);
      }
      await pair.failOver();
      assertEquals(await used(pair, token), REVOKED);
      const ranges = [[50, 4]] as const;
      const other = pair.b.tokens.write({ token: untouched, ranges });
      assertEquals(await pair.ends(other), "0");
    },
    { snapshots },
  );

  copyPairTest(
    `blocks of a token change when the other node knows, ${how} snapshots`,
    async (pair) => {
      await made(pair);
      const cable = pair.nodes.network.cables.at(-1);
      cable?.blockBack(true);
      const writing = pair.a.initiator.command(0, ...write(100));
      const beside = pair.a.initiator.command(0, ...write(99));
      const within = pair.a.initiator.command(0, ...write(102));
      await pair.nodes.pass(500);
      assertEquals((await beside).status, 0, "it is not of the token");
      assertEquals(pair.blocks(0, 100, 16), DATA);
      cable?.blockBack(false);
      assertEquals(await pair.ends(writing), "0");
      assertEquals(await pair.ends(within), "0");
      assertEquals(pair.blocks(0, 100, 1), OTHER);
    },
    { snapshots },
  );
}

copyPairTest("a token by reference tells what is there", async (pair) => {
  const token = await made(pair, AUR);
  assertEquals(await writes(pair, 100), "0");
  await pair.failOver();
  assertEquals(await used(pair, token), "0");
  assertEquals(pair.blocks(1, 7, 1), OTHER);
});

copyPairTest(
  "a token that a write of the other node changes is revoked",
  async (pair) => {
    const token = await made(pair);
    const written = pair.b.initiator.command(0, ...write(100));
    assertEquals(await pair.ends(written), "0");
    const ranges = [[7, 16]] as const;
    const late = pair.a.tokens.write({ token, ranges });
    assertEquals(await pair.ends(late), REVOKED);
    await pair.failOver();
    assertEquals(await used(pair, token), REVOKED);
  },
  {},
  ["shared", "proxy"],
);

copyPairTest(
  "without the other node its blocks do not change for a while",
  async (pair) => {
    const token = await made(pair);
    await pair.part();
    assertEquals(await writes(pair, 110), BUSY);
    assertEquals(pair.blocks(0, 100, 16), DATA);
    assertEquals(await writes(pair, 99), "0", "others do");
    // It may serve any moment, and honour the token.
    await pair.nodes.two.order("primary", true);
    await pair.b.hear();
    assertEquals(await used(pair, token), "0");
  },
);

copyPairTest(
  "a token is not honoured when all may have changed",
  async (pair) => {
    const tokens = [
      await made(pair),
      await made(pair, ROD_TYPE.POINT_IN_TIME_CHANGE_VULNERABLE),
    ];
    const byReference = await made(pair, AUR);
    await pair.part(29_000);
    assertEquals(await writes(pair, 110), BUSY);
    await pair.nodes.pass(10_000, 500);
    assertEquals(await writes(pair, 110), "0");
    await pair.nodes.two.order("primary", true);
    await pair.b.hear();
    for (const token of tokens) assertEquals(await used(pair, token), REVOKED);
    assertEquals(await used(pair, byReference), "0");
  },
);

copyPairTest("who goes on alone writes at once", async (pair) => {
  await made(pair);
  await pair.part();
  await pair.nodes.one.order("primary", true);
  assertEquals(await writes(pair, 110), "0");
});

copyPairTest(
  "a write that waits for the other node is to be tried again when it is gone",
  async (pair) => {
    await made(pair);
    pair.cut();
    const writing = pair.a.initiator.command(0, ...write(110));
    await pair.nodes.pass(4000, 100);
    assertEquals((await writing).status, 8);
    await pair.a.hear();
    assertEquals(pair.blocks(0, 100, 16), DATA);
    const read = await pair.a.send(0, [0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0], {
      read: 512,
    });
    assertEquals(read.status, 0, "the rest of the LUN goes on");
  },
);

copyPairTest("a token made without a link is told with it", async (pair) => {
  await pair.part();
  await pair.nodes.one.order("primary", true);
  const token = await made(pair);
  const gone = await made(pair);
  const ranges = [[7, 16]] as const;
  const last = { token: gone, ranges, deleteToken: true };
  assertEquals(await pair.ends(pair.a.tokens.write(last)), "0");
  pair.mend();
  await pair.nodes.pass(4000, 100);
  await pair.failOver();
  assertEquals(await used(pair, token), "0");
  assertEquals(await used(pair, gone), UNKNOWN);
});

copyPairTest("a token goes along when a role is handed over", async (pair) => {
  const token = await made(pair);
  for (const node of [pair.nodes.two, pair.nodes.one, pair.nodes.two]) {
    await node.order("primary");
    await pair.nodes.pass(500);
  }
  await pair.b.hear();
  const known = await pair.wait(pair.b.tokens.reported({ lun: 0 }));
  assertEquals(known.length, 1);
  assertEquals(await used(pair, token), "0");
  assertEquals(pair.blocks(1, 7, 16), DATA);
}, { snapshots: true });

copyPairTest("a token lives as long as it would have", async (pair) => {
  const wish = { ...WISH, timeoutS: 20 };
  const token = await pair.wait(pair.a.tokens.makeToken(wish));
  await pair.nodes.pass(10_000, 500);
  await pair.failOver();
  assertEquals(await used(pair, token), "0");
  await pair.nodes.pass(15_000, 500);
  assertEquals(await used(pair, token), "0", "it was used since");
  await pair.nodes.pass(22_000, 500);
  assertEquals(await used(pair, token), UNKNOWN);
});

copyPairTest(
  "a node without copies takes no notice, and says so once",
  async (pair) => {
    await made(pair);
    await made(pair);
    assertEquals(await writes(pair, 100), "0");
    const said = pair.nodes.two.test.host.log.lines
      .filter(({ text }) => text.includes("no plugin here knows"));
    assertEquals(
      said.map(({ fields }) => fields.name).sort(),
      ["copy-results", "rod-tokens"],
    );
    assert(pair.nodes.one.node.status().synchronized);
  },
  { copiesHereOnly: true },
);

copyPairTest(
  "a token that is given up guards its blocks until the other node knows",
  async (pair) => {
    const token = await made(pair);
    await pair.part();
    const ranges = [[7, 16]] as const;
    const last = pair.a.tokens.write({ token, ranges, deleteToken: true });
    assertEquals(await pair.ends(last), "0");
    const again = pair.a.tokens.write({ token, ranges });
    assertEquals(await pair.ends(again), UNKNOWN);
    // The other node might still honour it.
    assertEquals(await writes(pair, 110), BUSY);
    pair.mend();
    await pair.nodes.pass(4000, 100);
    await pair.a.hear();
    assertEquals(await writes(pair, 110), "0");
    assertEquals(pair.nodes.one.unit.disturbed, false, "nobody watches");
    await pair.failOver();
    assertEquals(await used(pair, token), UNKNOWN);
  },
);

copyPairTest("a token that is at its end guards nothing", async (pair) => {
  const wish = { ...WISH, timeoutS: 2 };
  const token = await pair.wait(pair.a.tokens.makeToken(wish));
  await pair.part();
  assertEquals(await writes(pair, 110), "0");
  await pair.nodes.two.order("primary", true);
  await pair.b.hear();
  assertEquals(await used(pair, token), UNKNOWN);
});

copyPairTest(
  "a node that comes to copy later is told what there is",
  async (pair) => {
    const token = await made(pair);
    assertEquals(await writes(pair, 200), "0");
    await pair.nodes.two.test.target.plugins.load("tpc");
    await pair.nodes.pass(500);
    await pair.failOver();
    assertEquals(await used(pair, token), "0");
  },
  { copiesHereOnly: true },
);

copyPairTest("a token goes with its LUN", async (pair) => {
  const token = await made(pair);
  const { luns } = pair.nodes.two.test.target;
  await pair.wait(luns.remove(0));
  await pair.nodes.two.test.addLun({ backend: "disk", sizeBytes: 2 ** 20 });
  await pair.nodes.pass(500);
  await pair.failOver();
  assertEquals(await used(pair, token), "0", "it was told again");
});
