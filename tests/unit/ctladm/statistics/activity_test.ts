import { assert, assertEquals } from "@std/assert";
import type {
  ActivityResource,
  LunActivity,
} from "../../../../ctladm/api/resources.ts";
import {
  formatActivity,
  formatLatency,
} from "../../../../ctladm/commands/top.ts";
import {
  activityBetween,
  percentileUs,
} from "../../../../ctladm/statistics/activity.ts";

const LIMITS_US = [1, 2, 4, 8];

Deno.test("percentileUs() divides a bucket evenly", () => {
  const rows: readonly (readonly [number[], number, number | null])[] = [
    [[], 0.5, null],
    [[0, 0, 0, 0, 0], 0.5, null],
    [[2, 0, 0, 0, 0], 0.5, 0.5],
    [[0, 0, 100, 0, 0], 0.5, 3],
    [[0, 0, 100, 0, 0], 0.99, 3.98],
    [[50, 0, 0, 50, 0], 0.5, 1],
    [[50, 0, 0, 50, 0], 0.99, 7.92],
    [[0, 0, 0, 0, 9], 0.5, 8],
  ];
  for (const [counts, part, expected] of rows) {
    assertEquals(percentileUs(counts, LIMITS_US, part), expected);
  }
});

Deno.test("formatLatency() takes the unit that suits", () => {
  const texts = [null, 7.4, 999.4, 1000, 123_456, 8_388_608]
    .map(formatLatency);
  assertEquals(texts, ["-", "7us", "999us", "1.0ms", "123.5ms", "8.4s"]);
});

function lun(id: number, more: Partial<LunActivity>): LunActivity {
  return {
    id,
    backend: "ramdisk",
    tasks: 0,
    blocked: 0,
    commands: 0,
    failures: 0,
    bytesIn: 0,
    bytesOut: 0,
    latencies: [0, 0, 0, 0, 0],
    ...more,
  };
}

function reading(
  uptimeMs: number,
  cpuMs: number,
  luns: LunActivity[],
): ActivityResource {
  return {
    uptimeMs,
    cpuMs,
    residentBytes: 64 * 2 ** 20,
    latencyLimitsUs: LIMITS_US,
    luns,
    sessions: [{
      ...lun(3, {}),
      initiator: "iqn.2026-01.test.example:a-long-name",
      initiatorAddress: "127.0.0.1",
      target: "iqn.2026-01.test.dtl:t0",
    }],
  };
}

const BEFORE = reading(1000, 100, [lun(0, {}), lun(1, { commands: 5 })]);
const AFTER = reading(3000, 1100, [
  lun(0, {}),
  lun(1, {
    tasks: 32,
    blocked: 3,
    commands: 2005,
    failures: 4,
    bytesIn: 2 ** 21,
    bytesOut: 2 ** 22,
    latencies: [0, 0, 0, 2000, 0],
  }),
]);

Deno.test("activityBetween() tells rates, the busiest first", () => {
  const { luns, cpuPercent } = activityBetween(BEFORE, AFTER);
  assertEquals(cpuPercent, 50);
  assertEquals(luns[0], {
    id: 1,
    backend: "ramdisk",
    tasks: 32,
    blocked: 3,
    commandsPerSecond: 1000,
    failuresPerSecond: 2,
    bytesInPerSecond: 2 ** 20,
    bytesOutPerSecond: 2 ** 21,
    p50Us: 6,
    p99Us: 7.96,
  });
  assertEquals([luns[1]?.id, luns[1]?.p50Us], [0, null]);
});

Deno.test("activityBetween() counts what began in between", () => {
  const nothing = reading(1000, 0, []);
  const [first] = activityBetween(nothing, AFTER).luns;
  assertEquals(first?.commandsPerSecond, 1002.5);
});

Deno.test("activityBetween() divides by no time", () => {
  const [first] = activityBetween(AFTER, AFTER).luns;
  assertEquals(first?.commandsPerSecond, 0);
});

Deno.test("formatActivity() aligns its columns", () => {
  const lines = formatActivity(activityBetween(BEFORE, AFTER)).split("\n");
  assertEquals(lines, [
    "up 0:00:03   cpu 50%   memory 64 MB   LUNs 2   sessions 1",
    "",
    " LUN Backend        Wait Queue      tps  MB/s in MB/s out     p50" +
    "     p99 fail/s",
    "   1 ramdisk           3    32     1000      1.0      2.0     6us" +
    "     8us      2",
    "   0 ramdisk           0     0        0      0.0      0.0       -" +
    "       -      0",
    "",
    "  ID Initiator           Queue      tps  MB/s in MB/s out     p50" +
    "     p99 fail/s",
    "   3 ..ample:a-long-name     0        0      0.0      0.0       -" +
    "       -      0",
  ]);
  assert(lines.every((line) => line.length <= 80));
});

Deno.test("formatActivity() shows the ten busiest", () => {
  const many = Array.from({ length: 14 }, (_, id) => lun(id, {}));
  const after = reading(3000, 0, many);
  const lines = formatActivity(activityBetween(after, after)).split("\n");
  assertEquals(lines[13], "     and 4 more");
});
