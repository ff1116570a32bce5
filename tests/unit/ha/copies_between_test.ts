/**
 * Copies in a pair: through either node, and between LUNs that different nodes
 * serve.
 */

import { assertEquals } from "@std/assert";
import { ACCESS, STATUS } from "../../../core/mod.ts";
import { ROD_TYPE } from "../../../frontends/tpc/tokens/rod_token.ts";
import type { HaMode } from "../../../ha/link/peer_hello.ts";
import { patternBytes } from "../../support/bytes.ts";
import { registerSegment, verifySegment } from "../../support/copy_lists.ts";
import {
  CopyPair,
  type CopyPairWish,
  type CopySide,
} from "../../support/ha/copy_pair.ts";

const MODES: readonly HaMode[] = ["standby", "shared", "proxy"];
const ACTIVE: readonly HaMode[] = ["shared", "proxy"];
const DATA = patternBytes(512 * 300);
const SEGMENTS = [{ blocks: 300, lba: 100, toLba: 7 }];
const BACK = [{ blocks: 300, lba: 7, toLba: 100, from: 1, to: 0 }];
const STANDBY = "2/04/0b";
/** LUN 0 is served by node 1, LUN 1 by node 2. */
const CROSSED: CopyPairWish = { secondLun: "secondary" };

function copyPairTest(
  name: string,
  modes: readonly HaMode[],
  body: (pair: CopyPair, mode: HaMode) => Promise<void>,
  wish: CopyPairWish = {},
): void {
  for (const mode of modes) {
    Deno.test(`${name} (${mode})`, async () => {
      await using pair = await CopyPair.joined(mode, wish);
      pair.fill(0, 100, DATA);
      await body(pair, mode);
    });
  }
}

function holdsCopy(pair: CopyPair): boolean {
  return pair.blocks(1, 7, 300).toHex() === DATA.toHex();
}

function reserveOut(
  action: number,
  key: number,
  actionKey: number,
  type = 0,
): readonly [number[], { write: Uint8Array }] {
  const list = new Uint8Array(24);
  list[7] = key;
  list[15] = actionKey;
  return [[0x5f, action, type, 0, 0, 0, 0, 0, 24, 0], { write: list }];
}

/** Registers, and takes an exclusive access reservation. */
async function reserve(side: CopySide, lun: number): Promise<void> {
  for (const command of [reserveOut(0, 0, 5), reserveOut(1, 5, 0, 3)]) {
    const { status, sense } = await side.send(lun, ...command);
    assertEquals(status, STATUS.GOOD, sense);
  }
}

copyPairTest("a copy through the node that serves", MODES, async (pair) => {
  const copied = pair.a.copies.copy({ segments: SEGMENTS });
  assertEquals(await pair.ends(copied), "0");
  assertEquals(holdsCopy(pair), true);
});

copyPairTest("a copy through the other node", MODES, async (pair, mode) => {
  const copied = pair.b.copies.copy({ segments: SEGMENTS });
  assertEquals(await pair.ends(copied), mode === "standby" ? STANDBY : "0");
  assertEquals(holdsCopy(pair), mode !== "standby");
  if (mode === "standby") return;
  const [one, two] = [pair.a, pair.b].map(({ copies }) => copies.copies);
  assertEquals(one?.counters.completed, 1, "done by the node that serves");
  assertEquals(two?.counters.begun, 0);
});

for (const [through, to] of [[0, 0], [0, 1], [1, 0], [1, 1]] as const) {
  copyPairTest(
    `a copy to a LUN of the other node, node ${through + 1}, LUN ${to}`,
    MODES,
    async (pair, mode) => {
      const side = through === 0 ? pair.a : pair.b;
      assertEquals(pair.a.unit(0).access, ACCESS.OPTIMIZED);
      assertEquals(pair.b.unit(1).access, ACCESS.OPTIMIZED);
      const copied = side.copies.copy({ segments: SEGMENTS }, { lun: to });
      // An initiator asks the LUN by the node that serves it.
      const isWay = mode !== "standby" || through === to;
      assertEquals(await pair.ends(copied), isWay ? "0" : STANDBY);
      assertEquals(holdsCopy(pair), isWay);
      if (!isWay) return;
      pair.fill(0, 100, new Uint8Array(DATA.length));
      const back = side.copies.copy({ segments: BACK }, { lun: to });
      assertEquals(await pair.ends(back), "0");
      assertEquals(pair.blocks(0, 100, 300), DATA);
    },
    CROSSED,
  );
}

copyPairTest(
  "reservations of the other node's LUN judge a copy as who asked for it",
  MODES,
  async (pair, mode) => {
    // LUN 1 is reached through its own node alone.
    const holder = mode === "standby" ? pair.b : pair.a;
    await reserve(holder, 1);
    const own = holder.copies.copy(
      { segments: SEGMENTS },
      { lun: mode === "standby" ? 1 : 0 },
    );
    assertEquals(await pair.ends(own), "0");
    assertEquals(holdsCopy(pair), true);
    const stranger = await pair.nodes.one.connect("c");
    const side = pair.sideOf(pair.nodes.one, stranger);
    await side.hear();
    pair.fill(1, 7, new Uint8Array(DATA.length));
    const refused = side.copies.copy({ segments: SEGMENTS });
    const { sense, senseValue } = await pair.wait(refused);
    assertEquals(sense, "a/0d/01");
    assertEquals(
      senseValue?.forwarded?.status,
      STATUS.RESERVATION_CONFLICT,
    );
    assertEquals(holdsCopy(pair), false);
  },
  CROSSED,
);

copyPairTest(
  "a RESERVE of the other node's LUN judges a copy as who asked for it",
  ACTIVE,
  async (pair) => {
    const reserved = await pair.a.send(1, [0x16, 0, 0, 0, 0, 0]);
    assertEquals(reserved.status, STATUS.GOOD, reserved.sense);
    const own = pair.a.copies.copy({ segments: SEGMENTS });
    assertEquals(await pair.ends(own), "0");
    const stranger = await pair.nodes.one.connect("c");
    const side = pair.sideOf(pair.nodes.one, stranger);
    await side.hear();
    const refused = side.copies.copy({ segments: SEGMENTS });
    assertEquals(await pair.ends(refused), "a/0d/01");
  },
  CROSSED,
);

copyPairTest(
  "a segment registers who asked at the other node's LUN",
  MODES,
  async (pair) => {
    const segments = [verifySegment(1), registerSegment(1, 0n, 9n)];
    const copied = pair.a.copies.copy({ segments });
    assertEquals(await pair.ends(copied), "0");
    const [registered, ...others] =
      pair.b.unit(1).reservations.persistent.registrations;
    assertEquals(others, []);
    assertEquals(registered?.key, 9n);
    assertEquals(
      registered?.nexus.nexusId,
      pair.nodes.one.port.nexuses[Symbol.iterator]().next().value?.initiator
        .nexusId,
    );
  },
  CROSSED,
);

copyPairTest(
  "a segment that reaches beyond the other node's LUN",
  MODES,
  async (pair) => {
    const segments = [{ blocks: 2, lba: 0, toLba: 2047 }];
    const copied = pair.a.copies.copy({ segments });
    assertEquals(await pair.ends(copied), "a/0d/02");
  },
  CROSSED,
);

for (const snapshots of [false, true]) {
  copyPairTest(
    `a token for a LUN of the other node, ${snapshots ? "" : "no "}snapshots`,
    MODES,
    async (pair) => {
      for (const rodType of [undefined, ROD_TYPE.ACCESS_UPON_REFERENCE]) {
        const ranges = [[100, 300]] as const;
        const wish = rodType === undefined ? { ranges } : { ranges, rodType };
        const token = await pair.wait(pair.a.tokens.makeToken(wish));
        const written = pair.b.tokens.write({ token, ranges: [[7, 300]] });
        assertEquals(await pair.ends(written), "0");
        assertEquals(holdsCopy(pair), true);
        pair.fill(1, 7, new Uint8Array(DATA.length));
      }
    },
    { ...CROSSED, snapshots },
  );
}

copyPairTest(
  "a token whose blocks have changed is of no use at the other node",
  MODES,
  async (pair) => {
    const ranges = [[100, 300]] as const;
    const token = await pair.wait(pair.a.tokens.makeToken({ ranges }));
    const write = new Uint8Array(512);
    const written = await pair.a.send(0, [0x2a, 0, 0, 0, 0, 150, 0, 0, 1, 0], {
      write,
    });
    assertEquals(written.status, STATUS.GOOD, written.sense);
    const late = pair.b.tokens.write({ token, ranges: [[7, 300]] });
    assertEquals(await pair.ends(late), "5/23/06");
  },
  CROSSED,
);

copyPairTest(
  "a copy to a LUN of a node that is gone fails",
  MODES,
  async (pair) => {
    await pair.part();
    const copied = pair.a.copies.copy({ segments: SEGMENTS });
    const { sense } = await pair.wait(copied);
    assertEquals(sense, "a/0d/01");
  },
  CROSSED,
);
