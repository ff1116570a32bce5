import { assertEquals, assertStringIncludes } from "@std/assert";
import { MemoryDaemon } from "../../support/memory_daemon.ts";
import { parseMetrics } from "../../support/prometheus_text.ts";

async function machineWithLun(): Promise<MemoryDaemon> {
  const machine = new MemoryDaemon();
  await machine.ctladm("create -b ramdisk -s 1m -o capacity=1m");
  return machine;
}

Deno.test("ctlstat shows columns once a second, the header once", async () => {
  await using machine = await machineWithLun();
  const { code, lines } = await machine.ctlstat("-c 3");
  assertEquals(code, 0);
  assertEquals(machine.pauses, [1000, 1000]);
  const headers = lines.filter((line) => line.includes("ms"));
  assertEquals([headers.length, lines.length], [1, 5]);
});

Deno.test("ctlstat -h has no header, -w sets the pause", async () => {
  await using machine = await machineWithLun();
  const { lines } = await machine.ctlstat("-h -c 2 -w 0.5");
  assertEquals([machine.pauses, lines.length], [[500], 2]);
});

Deno.test("ctlstat repeats the header after twenty rows", async () => {
  await using machine = await machineWithLun();
  const { lines } = await machine.ctlstat("-c 21");
  assertEquals(lines.filter((line) => line.includes("ms")).length, 2);
});

Deno.test("ctlstat -j prints the counters as JSON", async () => {
  await using machine = await machineWithLun();
  const { lines } = await machine.ctlstat("-j -c 1");
  assertEquals(JSON.parse(lines.join("\n")).luns[0].num, 0);
});

Deno.test("ctlstat -P prints a scrape for Prometheus", async () => {
  await using machine = await machineWithLun();
  const { lines } = await machine.ctlstat("-P");
  assertStringIncludes(lines.join("\n"), "# TYPE");
  assertEquals(machine.pauses, []);
});

Deno.test("ctlstat -D dumps the counters", async () => {
  await using machine = await machineWithLun();
  const { lines } = await machine.ctlstat("-D -c 1");
  assertStringIncludes(lines.join("\n"), "lun 0");
});

for (
  const [line, shown] of [
    ["", [0, 1, 2]],
    ["-n 2", [0, 1]],
    ["-n 9", [0, 1, 2, 3]],
    ["-l 3", [3]],
    ["-l 1 -l 3", [1, 3]],
    ["-n 1 -l 1 -l 3", [1, 3]],
    ["-l 1 -l 3 -n 1", [1]],
    ["-l 7", []],
  ] as const
) {
  Deno.test(`ctlstat ${line} shows ${shown.length} LUNs`, async () => {
    await using machine = new MemoryDaemon();
    for (let lun = 0; lun < 4; lun += 1) {
      await machine.ctladm("create -b ramdisk -s 1m -o capacity=1m");
    }
    const { lines } = await machine.ctlstat(`${line} -j -c 1`);
    const { luns }: { luns: { num: number }[] } = JSON.parse(lines.join(""));
    assertEquals(luns.map(({ num }) => num), [...shown]);
    const columns = await machine.ctlstat(`${line} -C -c 1`);
    const heads = columns.lines[0]?.match(/lun\d+/g) ?? [];
    assertEquals(heads, shown.map((num) => `lun${num}`));
  });
}

Deno.test("ctlstat -D and -j wait 30 s, or what -w says behind", async () => {
  await using machine = await machineWithLun();
  for (const line of ["-D", "-j", "-w 5 -D", "-D -w 5", "-j -w 0.5"]) {
    await machine.ctlstat(`${line} -c 2`);
  }
  assertEquals(machine.pauses, [30000, 30000, 30000, 5000, 500]);
});

Deno.test("ctlstat -t sums up all ports, -l and -p name some", async () => {
  await using machine = await machineWithLun();
  await machine.ctladm("tur 0");
  machine.host.clock.advance(1000);
  const [header, columns, row = ""] =
    (await machine.ctlstat("-t -C -c 1")).lines;
  assertEquals(header?.match(/\w+/g), ["Read", "Write", "Total"]);
  assertEquals(columns?.match(/tps/g)?.length, 3);
  const of = async (line: string) =>
    (await machine.ctlstat(`-t -C -h -c 1 ${line}`)).lines;
  assertEquals((await of("-p 1")).join(), row);
  assertEquals((await of("-l 0")).join(), row);
  assertEquals(await of("-l 5"), [
    "   0.0    0     0    0".repeat(3),
  ]);
});

Deno.test("ctlstat -d shows data moves instead of commands", async () => {
  await using machine = await machineWithLun();
  const { lines } = await machine.ctlstat("-d -C -c 1");
  assertEquals(lines[1], "    ms KB/t   dps MB/s");
});

Deno.test("ctlstat -P lists every LUN and port, whatever -n says", async () => {
  await using machine = await machineWithLun();
  const { lines } = await machine.ctlstat("-P -n 0");
  const end = lines.indexOf("\r");
  assertEquals(lines.slice(0, end), [
    "HTTP/1.1 200 OK\r",
    "Connection: close\r",
    "Content-Type: text/plain; version=0.0.4\r",
  ]);
  const metrics = parseMetrics(`${lines.slice(end + 1).join("\n")}\n`);
  const names = ["bytes", "dmas", "operations", "time", "dma_time"];
  assertEquals([...metrics.types.keys()], [
    ...names.map((name) => `iscsi_lun_${name}`),
    ...names.map((name) => `iscsi_port_${name}`),
  ]);
  assertEquals(metrics.with("iscsi_port_time").map(([sample]) => sample), [
    'iscsi_port_time{port="1",target="",type="NO IO"}',
    'iscsi_port_time{port="1",target="",type="READ"}',
    'iscsi_port_time{port="1",target="",type="WRITE"}',
  ]);
  assertEquals(metrics.helps.get("iscsi_lun_time"), HELP_OF_TIME);
});

const HELP_OF_TIME = "Cumulative operation time in us";

for (
  const [line, error] of [
    ["-l 0 -p 0", "Options -p and -l are exclusive."],
    ["-P -c 1", "Option -P is exclusive with -p, -c, -w, and -t"],
    ["-P -w 1", "Option -P is exclusive with -p, -c, -w, and -t"],
    ["-P -p 1", "Option -P is exclusive with -p, -c, -w, and -t"],
    ["-P -t", "Option -P is exclusive with -p, -c, -w, and -t"],
    ["-l 1024", "Invalid LUN number 1024"],
    ["-p x", "Invalid port number x"],
    ["-c x", 'Invalid number "x" for -c'],
    ["-Z", "Usage:  ctlstat"],
    ["word", "Usage:  ctlstat"],
  ] as const
) {
  Deno.test(`ctlstat ${line}: refused`, async () => {
    await using machine = await machineWithLun();
    const { code, lines, errors } = await machine.ctlstat(line);
    assertEquals([code, lines], [1, []]);
    assertStringIncludes(errors[0] ?? "", error);
  });
}
