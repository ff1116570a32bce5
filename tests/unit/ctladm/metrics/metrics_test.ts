import { assertEquals, assertMatch } from "@std/assert";
import type { MemoryDaemon } from "../../../support/memory_daemon.ts";
import { withDisk } from "../../../support/ctladm_rows.ts";
import {
  type Metrics,
  parseMetrics,
} from "../../../support/prometheus_text.ts";

async function scrape(machine: MemoryDaemon): Promise<Metrics> {
  const response = await machine.send(new Request("http://localhost/metrics"));
  assertEquals(response.status, 200);
  assertEquals(
    response.headers.get("content-type"),
    "text/plain; version=0.0.4; charset=utf-8",
  );
  return parseMetrics(await response.text());
}

/** What a line of ctladm adds to the metrics. */
async function added(
  machine: MemoryDaemon,
  line: string,
): Promise<(sample: string) => number> {
  const before = await scrape(machine);
  await machine.ctladm(line);
  const after = await scrape(machine);
  return (sample) => after.value(sample) - before.value(sample);
}

function diskTest(
  name: string,
  body: (machine: MemoryDaemon) => Promise<void>,
): void {
  Deno.test(name, () => withDisk(body));
}

diskTest("/metrics names all that it tells", async (machine) => {
  const { types, helps } = await scrape(machine);
  assertEquals([...types.keys()], [...helps.keys()]);
  for (const [name, type] of types) {
    assertMatch(name, /^(dtl|process)_[a-z_]+$/);
    assertEquals(name.endsWith("_total"), type === "counter", name);
  }
});

diskTest("/metrics counts commands by status and opcode", async (machine) => {
  machine.files.set("x", new Uint8Array(4096));
  const write = await added(machine, "write 0 -l 0 -d 8 -b 512 -c 10 -f x");
  assertEquals(
    write('dtl_lun_commands_total{lun="0",opcode="2a",status="good"}'),
    1,
  );
  assertEquals(
    write(
      'dtl_lun_transferred_bytes_total{lun="0",opcode="2a",direction="out"}',
    ),
    4096,
  );
  assertEquals(
    write(
      'dtl_port_commands_total{port="1",target="",opcode="2a",status="good"}',
    ),
    1,
  );
  const outside = await added(
    machine,
    "read 0 -l 99999 -d 8 -b 512 -c 10 -f y",
  );
  assertEquals(
    outside(
      'dtl_lun_commands_total{lun="0",opcode="28",status="check_condition",' +
        'sense_key="illegal_request"}',
    ),
    1,
  );
});

diskTest("/metrics has histograms that add up", async (machine) => {
  const metrics = await scrape(machine);
  const of = (suffix: string, le = "") =>
    metrics.value(
      `dtl_lun_command_duration_seconds${suffix}` +
        `{lun="0",opcode="00"${le}}`,
    );
  const all = metrics.with('dtl_lun_commands_total{lun="0",opcode="00"')
    .reduce((sum, [, count]) => sum + count, 0);
  assertEquals(of("_count"), all);
  assertEquals(of("_bucket", ',le="+Inf"'), all);
  const buckets = metrics.with(
    'dtl_lun_command_duration_seconds_bucket{lun="0",opcode="00"',
  ).map(([, count]) => count);
  assertEquals(buckets, buckets.toSorted((one, other) => one - other));
  assertEquals(buckets.length, 25);
});

diskTest("/metrics tells of attentions and reservations", async (machine) => {
  const attentions = await added(machine, "tur 0 -I 8");
  assertEquals(attentions('dtl_lun_unit_attentions_total{lun="0"}'), 1);
  await machine.ctladm("prout 0 -a 0 -k 0 -s 1");
  await machine.ctladm("prout 0 -a 1 -k 1 -r 0");
  machine.files.set("x", new Uint8Array(512));
  const line = "write 0 -l 0 -d 1 -b 512 -c 10 -f x -I 8";
  const conflict = await added(machine, line);
  const total = 'dtl_lun_reservation_conflicts_total{lun="0"}';
  assertEquals(conflict(total), 1);
});

diskTest("/metrics tells of the daemon", async (machine) => {
  machine.host.clock.advance(8000);
  const metrics = await scrape(machine);
  const values = [
    'dtl_build_info{version="1.2.3"}',
    "process_cpu_seconds_total",
    "process_resident_memory_bytes",
    "process_start_time_seconds",
    "dtl_defects_total",
    "dtl_iscsi_sessions",
    'dtl_lun_size_bytes{lun="0"}',
    'dtl_lun_tasks{lun="0",state="running"}',
    'dtl_buffer_bytes{state="used"}',
  ].map((sample) => metrics.samples.get(sample));
  assertEquals(values, [1, 2, 50e6, 0, 0, 0, 8 * 2 ** 20, 0, 0]);
});
