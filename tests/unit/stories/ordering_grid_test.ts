/**
 * Every pair of commands, as an initiator sees it: the newer one ends while
 * the older one still stands, or it waits.
 */

import { assertEquals } from "@std/assert";
import { CLASSES } from "../../support/core_order.ts";
import { targetTest } from "../../support/core_target.ts";
import {
  type Blocks,
  OrderScene,
  type OrderSettings,
  type Seen,
  type Stop,
} from "../../support/order_scene.ts";

// Rows: the newer command; columns: the older one.
//   .  passes                  W  waits
//   w  waits                   but with unrestricted reordering
//   X  waits for blocks that it touches
//   x  the same                but with unrestricted reordering
//   S  waits for a read that ends where it begins, unless serseq is off
// The columns are in the order of the rows.
const GRID = `
  TUR      . . . . . W W . . . W . . W
  READ     . S X x . W W . . . W . W W
  WRITE    . X X x . W W . . . W . W W
  UNMAP    . w w . . W W . . . W . W W
  SYNC     . . w . . W W . . . W . W W
  MD_SNS   W W W W W . W . . . W . W W
  MD_SEL   W W W W W W W . . . W W W W
  RQ_SNS   W W W W W W W W W W W W . W
  INQ      . . . . . . . . . . . . . .
  RD_CAP   . . . . . . . . . . W . W W
  RES      W W W W W W W W . . W W W W
  LOG_SNS  . . . . . . . . . . W . W W
  FORMAT   W W W W W W W W W W W W W W
  START    W W W W W W W W W . W W W W
`;

const ROWS = GRID.trim().split("\n").map((line) => line.trim().split(/\s+/));
const HEAD = ROWS.map(([name = ""]) => name);

interface Cell {
  readonly newer: string;
  readonly older: string;
  readonly letter: string;
}

const CELLS: readonly Cell[] = ROWS.flatMap(([newer = "", ...letters]) =>
  letters.map((letter, at) => ({ newer, older: HEAD[at] ?? "", letter }))
);

const SERSEQ = ["off", "soft", "read", "on"] as const;
const SAME_BLOCKS: Blocks = "8+8";
/** Blocks of a newer command, seen from an older one at 8+8. */
const PLACES: readonly Blocks[] = [
  "8+8",
  "0+8",
  "0+9",
  "7+1",
  "8+1",
  "15+1",
  "15+8",
  "16+8",
  "17+1",
  "0+40",
  "20+0",
];

function endOf(blocks: Blocks): number {
  const [lba = 0, count = 0] = blocks.split("+").map(Number);
  return lba + count;
}

function touch(one: Blocks, other: Blocks): boolean {
  const [lba = 0, count = 0] = one.split("+").map(Number);
  const [otherLba = 0, otherCount = 0] = other.split("+").map(Number);
  return count > 0 && otherCount > 0 && lba < otherLba + otherCount &&
    otherLba < lba + count;
}

/** What the grid says of a cell whose older command is at 8+8. */
function expected(
  { older, letter }: Cell,
  blocks: Blocks,
  stop: Stop,
  { serseq = "off", reordering }: OrderSettings,
): Seen {
  const free = reordering === "unrestricted";
  const began = stop === "before its status";
  const follows = !began && serseq !== "off" &&
    Number(blocks.split("+")[0]) === endOf(SAME_BLOCKS);
  const touches = touch(blocks, SAME_BLOCKS) ||
    // Nobody knows yet what an UNMAP is about.
    (older === "UNMAP" && !began) ||
    (serseq === "on" && follows && older !== "UNMAP" && !blocks.endsWith("+0"));
  const waits = {
    ".": false,
    W: true,
    w: !free,
    X: touches,
    x: touches && !free,
    S: follows,
  }[letter];
  if (waits === undefined) throw new TypeError(`What is "${letter}"?`);
  return waits ? "waits" : "passes";
}

Deno.test("The grid has fourteen rows and columns", () => {
  assertEquals([HEAD.length, CELLS.length], [14, 196]);
  assertEquals(HEAD, Object.keys(CLASSES));
});

for (const reordering of ["restricted", "unrestricted"] as const) {
  for (const sameNexus of [true, false]) {
    const who = sameNexus ? "one nexus" : "two nexuses";
    targetTest(`Every pair, ${reordering}, of ${who}`, async (test) => {
      const settings = { reordering };
      const scene = await OrderScene.make(test, settings);
      const stop = "before its status";
      for (const cell of CELLS) {
        const older = { of: cell.older, blocks: SAME_BLOCKS };
        const newer = { of: cell.newer, blocks: SAME_BLOCKS };
        const seen = await scene.see({ older, newer, stop, sameNexus });
        const wanted = expected(cell, SAME_BLOCKS, stop, settings);
        assertEquals(seen, wanted, `${cell.newer} after ${cell.older}`);
      }
    });
  }
}

/** Cells that ask where the blocks are. */
const PLACED = CELLS.filter(({ letter }) => "XxS".includes(letter));

for (const serseq of SERSEQ) {
  for (const stop of ["before its data", "before its status"] as const) {
    targetTest(`Blocks with serseq ${serseq}, ${stop}`, async (test) => {
      const scene = await OrderScene.make(test, { serseq });
      for (const cell of PLACED) {
        for (const blocks of PLACES) {
          const older = { of: cell.older, blocks: SAME_BLOCKS };
          const newer = { of: cell.newer, blocks };
          const seen = await scene
            .see({ older, newer, stop, sameNexus: false });
          const wanted = expected(cell, blocks, stop, { serseq });
          const what = `${cell.newer} ${blocks} after ${cell.older}`;
          assertEquals(seen, wanted, what);
        }
      }
    });
  }
}

/** Attributes that overrule the grid, and what is seen then. */
const ATTRIBUTES = [
  { older: "SIMPLE", newer: "ORDERED", seen: "waits" },
  { older: "SIMPLE", newer: "HEAD_OF_QUEUE", seen: "passes" },
  { older: "ORDERED", newer: "SIMPLE", seen: "waits" },
  { older: "HEAD_OF_QUEUE", newer: "SIMPLE", seen: "waits" },
  { older: "ORDERED", newer: "HEAD_OF_QUEUE", seen: "passes" },
  { older: "HEAD_OF_QUEUE", newer: "ORDERED", seen: "waits" },
] as const;

for (const { older, newer, seen } of ATTRIBUTES) {
  targetTest(`Every pair, ${newer} after ${older}: ${seen}`, async (test) => {
    const scene = await OrderScene.make(test);
    for (const [at, cell] of CELLS.entries()) {
      const outcome = await scene.see({
        older: { of: cell.older, attribute: older },
        newer: { of: cell.newer, attribute: newer },
        stop: "before its status",
        sameNexus: at % 2 === 0,
      });
      assertEquals(outcome, seen, `${cell.newer} after ${cell.older}`);
    }
  });
}

targetTest("With TST 001b attributes bind one nexus alone", async (test) => {
  const settings = { separate: true };
  const scene = await OrderScene.make(test, settings);
  const stop = "before its status";
  for (const { older, newer, seen } of ATTRIBUTES) {
    if (newer === "HEAD_OF_QUEUE") continue;
    for (const cell of CELLS) {
      const trial = {
        older: { of: cell.older, attribute: older },
        newer: { of: cell.newer, attribute: newer },
        stop,
      } as const;
      const what = `${newer} ${cell.newer} after ${older} ${cell.older}`;
      const own = await scene.see({ ...trial, sameNexus: true });
      assertEquals(own, seen, what);
      const others = await scene.see({ ...trial, sameNexus: false });
      const wanted = expected(cell, SAME_BLOCKS, stop, settings);
      assertEquals(others, wanted, `${what}, of another nexus`);
    }
  }
});
