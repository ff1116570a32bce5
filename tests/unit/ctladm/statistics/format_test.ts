import { assertEquals, assertStringIncludes } from "@std/assert";
import type {
  CountersResource,
  ItemStatistics,
  StatisticsResource,
} from "../../../../ctladm/api/resources.ts";
import {
  formatDump,
  formatHeader,
  formatJson,
  formatPrometheus,
  formatRow,
} from "../../../../ctladm/statistics/format.ts";
import type { Selection } from "../../../../ctladm/statistics/sample.ts";

const NOTHING: CountersResource = {
  bytes: 0,
  operations: 0,
  dmas: 0,
  timeMs: 0,
  dmaTimeMs: 0,
};

function item(id: number, read: Partial<CountersResource>): ItemStatistics {
  return { id, none: NOTHING, read: { ...NOTHING, ...read }, write: NOTHING };
}

function sample(
  uptimeMs: number,
  cpuMs: number,
  luns: ItemStatistics[],
): StatisticsResource {
  return { uptimeMs, cpuMs, luns, ports: [item(3, { bytes: 7 })] };
}

const LUNS: Selection = { items: "luns", numbers: [], count: 3 };
const COLUMNS = { cpu: true, moves: false, totals: false };

const READ = {
  bytes: 1200 * 65536,
  operations: 1200,
  dmas: 2400,
  timeMs: 480,
  dmaTimeMs: 240,
};

Deno.test("formatHeader has the columns of ctlstat(8)", () => {
  const header = formatHeader(
    sample(1000, 30, [item(0, READ), item(1, {})]),
    LUNS,
    COLUMNS,
  );
  assertEquals(
    header,
    " CPU            lun0                  lun1      \n" +
      "        ms KB/t   tps MB/s    ms KB/t   tps MB/s",
  );
});

Deno.test("formatRow shows the averages since the counters began", () => {
  const after = sample(1000, 30, [item(0, READ), item(1, {})]);
  assertEquals(
    formatRow(null, after, LUNS, COLUMNS),
    "  3%   0.4   64  1200   75   0.0    0     0    0",
  );
});

Deno.test("formatRow shows the difference of two samples", () => {
  const before = sample(1000, 100, [item(0, { bytes: 4096, operations: 1 })]);
  const after = sample(3000, 1100, [
    item(0, { bytes: 4096 * 2001, operations: 2001, timeMs: 1000 }),
  ]);
  assertEquals(
    formatRow(before, after, LUNS, COLUMNS),
    " 50%   0.5    4  1000    4",
  );
});

Deno.test("formatRow counts data moves with -d", () => {
  const after = sample(1000, 0, [item(0, READ)]);
  assertEquals(
    formatRow(null, after, LUNS, { cpu: false, moves: true, totals: false }),
    "   0.1   64  2400   75",
  );
});

Deno.test("formatRow sums items into Read, Write and Total with -t", () => {
  const after = sample(1000, 0, [item(0, READ), item(1, READ)]);
  const settings = { cpu: false, moves: false, totals: true };
  assertEquals(
    formatRow(null, after, { ...LUNS, count: 1024 }, settings),
    "   0.4   64  2400  150   0.0    0     0    0   0.4   64  2400  150",
  );
  assertStringIncludes(formatHeader(after, LUNS, settings), "Write");
});

Deno.test("formatRow has no division by zero without time", () => {
  assertEquals(
    formatRow(null, sample(0, 0, [item(0, READ)]), LUNS, COLUMNS),
    "  0%   0.4   64     0    0",
  );
});

Deno.test("formatDump lists each kind of transfer", () => {
  const after = sample(1000, 0, [
    item(0, { bytes: 524288, operations: 128, dmas: 128, timeMs: 51.2 }),
  ]);
  assertStringIncludes(
    formatDump(after, LUNS),
    "lun 0\n  io type 0 (NO IO)\n   bytes 0\n   operations 0\n   dmas 0\n" +
      "   io time 0.000000\n   dma time 0.000000\n  io type 1 (READ)\n" +
      "   bytes 524288\n   operations 128\n   dmas 128\n   io time 0.051200",
  );
});

Deno.test("formatJson keeps the key names of ctlstat(8)", () => {
  const text = formatJson(sample(1, 0, [item(4, { bytes: 9 })]), LUNS);
  assertEquals(JSON.parse(text).luns[0].io[1], {
    type: "READ",
    bytes: 9,
    operations: 0,
    dmas: 0,
    "io time": 0,
    "dma time": 0,
  });
  assertEquals(text.includes(", "), false);
});

Deno.test("formatPrometheus names the target of a port", () => {
  const text = formatPrometheus(sample(1, 0, []), (port) => `iqn.a${port}`);
  assertStringIncludes(text, "HTTP/1.1 200 OK\r\nConnection: close\r\n");
  assertStringIncludes(
    text,
    'iscsi_port_bytes{port="3",target="iqn.a3",type="READ"} 7',
  );
});
