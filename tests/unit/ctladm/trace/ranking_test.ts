import { assertEquals } from "@std/assert";
import { rankingLines } from "../../../../ctladm/trace/ranking.ts";

Deno.test("rankingLines() tells of pairs that found no room", () => {
  const lines = rankingLines({
    id: 1,
    running: true,
    lun: null,
    startedMs: 0,
    capacity: 1,
    lost: 0,
    end: 0,
    unlisted: 12,
    waits: [],
    blockings: [{
      lun: 1,
      blocker: "iqn.a",
      blockerCommand: "UNMAP",
      waiter: "iqn.b",
      waiterCommand: "READ(16)",
      acquired: 3,
      released: 2,
      totalMs: 1.5,
      maxMs: 1,
    }],
  });
  assertEquals(lines, [
    " LUN    WAITS    ENDED     TOTAL ms       MAX ms WHO BLOCKED WHOM",
    "   1        3        2        1.500        1.000 " +
    "UNMAP of iqn.a blocked READ(16) of iqn.b",
    "and 12 waits of other pairs",
    "",
    "Nothing has waited",
  ]);
});
