import { assertEquals } from "@std/assert";
import { Statistics, TRANSFER } from "../../../core/mod.ts";

const NOTHING = { bytes: 0, operations: 0, dmas: 0, timeMs: 0, dmaTimeMs: 0 };

Deno.test("Statistics begin at nothing", () => {
  const statistics = new Statistics();
  for (const kind of Object.values(TRANSFER)) {
    assertEquals(statistics.of(kind), NOTHING);
  }
});

Deno.test("Statistics.count() sums up by kind", () => {
  const statistics = new Statistics();
  statistics.count(TRANSFER.READ, 512, 1, 2, 0.5);
  statistics.count(TRANSFER.READ, 1024, 2, 3, 0.25);
  statistics.count(TRANSFER.NONE, 0, 0, 1, 0);
  assertEquals(statistics.of(TRANSFER.READ), {
    bytes: 1536,
    operations: 2,
    dmas: 3,
    timeMs: 5,
    dmaTimeMs: 0.75,
  });
  assertEquals(statistics.of(TRANSFER.NONE).operations, 1);
  assertEquals(statistics.of(TRANSFER.WRITE), NOTHING);
});

Deno.test("Statistics count beyond 2^32", () => {
  const statistics = new Statistics();
  statistics.count(TRANSFER.WRITE, 2 ** 40, 1, 0, 0);
  statistics.count(TRANSFER.WRITE, 1, 1, 0, 0);
  assertEquals(statistics.of(TRANSFER.WRITE).bytes, 2 ** 40 + 1);
});
