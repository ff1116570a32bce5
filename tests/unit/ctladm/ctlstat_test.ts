import { assertEquals, assertStringIncludes } from "@std/assert";
import { MemoryDaemon } from "../../support/memory_daemon.ts";

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
  const [line, error] of [
    ["-l 0 -p 0", "Options -p and -l are exclusive."],
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
