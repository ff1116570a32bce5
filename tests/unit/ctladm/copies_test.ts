import { assert, assertEquals, assertMatch } from "@std/assert";
import { copyList, cscdOf } from "../../support/copy_lists.ts";
import { extendedCopy } from "../../support/initiator/mod.ts";
import { MemoryDaemon } from "../../support/memory_daemon.ts";
import { parseMetrics } from "../../support/prometheus_text.ts";

const HEADER = "  ID STATE           DONE       BYTES  SECONDS COMMAND" +
  "              WHAT";

/** A daemon with two RAM disks of 4 MiB, and third-party copy. */
async function withDisks(
  body: (machine: MemoryDaemon) => Promise<void>,
  options = "",
): Promise<void> {
  await using machine = new MemoryDaemon(undefined, undefined, ["tpc"]);
  for (const lun of [0, 1]) {
    const named = `-o naa=0x300000000000000${lun} ${options}`;
    await machine.ctladm(`create -b ramdisk -s 4m -o capacity=4m ${named}`);
  }
  for (const lun of [0, 0, 0, 1, 1, 1]) await machine.ctladm(`tur ${lun}`);
  await body(machine);
}

/** Copies the first blocks of LUN 0 to LUN 1. */
async function copy(
  { client, daemon }: MemoryDaemon,
  blocks: number,
  listId = 1,
): Promise<number | null> {
  const [from, to] = daemon.target.luns.all();
  assert(from !== undefined && to !== undefined);
  const cscds = [cscdOf(from), cscdOf(to)];
  const list = copyList({ cscds, segments: [{ blocks }], listId });
  const cdb = extendedCopy(list.length).toHex();
  const { status } = await client
    .command({ cdb, lun: 0, initiator: 7 }, list);
  return status;
}

/** Lets time pass, and everything go on in it. */
async function pass({ host }: MemoryDaemon, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 1) {
    for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
    host.clock.advance(1);
  }
}

Deno.test("ctladm copies shows results that are held", () =>
  withDisks(async (machine) => {
    assertEquals(await copy(machine, 2048), 0);
    machine.host.clock.advance(3000);
    assertEquals(await copy(machine, 8193, 0x42), 2);
    assertEquals((await machine.ctladm("copies")).lines, [
      HEADER,
      "   1 completed       100%     1048576      0.0 EXTENDED COPY(LID1)  " +
      "LUN 0 to LUN 1, shared, list 1 of ioctl0.0,i,7 at port 1, held 3 s",
      "   2 failed            0%           0      0.0 EXTENDED COPY(LID1)  " +
      "LUN 0 to LUN 1, list 66 of ioctl0.0,i,7 at port 1, held 0 s",
    ]);
  }));

Deno.test("ctladm copies shows how far a copy is", () =>
  withDisks(async (machine) => {
    // A mebibyte at a time, and a limit of half a mebibyte a second.
    const copying = copy(machine, 6144);
    await pass(machine, 2500);
    const { lines } = await machine.ctladm("copies");
    const [, line = ""] = lines;
    assertMatch(line, /^ {3}1 running {10}66% {5}2097152 {6}2.5 EXTENDED COPY/);
    await pass(machine, 2500);
    assertEquals(await copying, 0);
  }, "-o bandwidth_limit=512k"));

Deno.test("ctladm copies --json says all of it", () =>
  withDisks(async (machine) => {
    await copy(machine, 8);
    const { lines } = await machine.ctladm("copies --json");
    assertEquals(JSON.parse(lines.join("\n")), [{
      number: 1,
      kind: "EXTENDED COPY(LID1)",
      lun: 0,
      port: 1,
      initiator: "ioctl0.0,i,7",
      listId: 1,
      state: "completed",
      background: false,
      route: "LUN 0 to LUN 1",
      how: "shared",
      bytes: 4096,
      totalBytes: 4096,
      percent: 100,
      segments: 1,
      runMs: 0,
      heldMs: 0,
    }]);
  }));

Deno.test("ctladm copies is empty where nobody copies", async () => {
  await using machine = new MemoryDaemon();
  assertEquals((await machine.ctladm("copies")).lines, [HEADER]);
});

Deno.test("/metrics counts copies and their bytes", () =>
  withDisks(async (machine) => {
    await copy(machine, 8);
    await copy(machine, 8193, 2);
    const response = await machine
      .send(new Request("http://localhost/metrics"));
    const metrics = parseMetrics(await response.text());
    for (
      const [sample, value] of [
        ['dtl_copy_operations{state="held"}', 2],
        ['dtl_copy_operations{state="running"}', 0],
        ['dtl_copy_operations_total{state="completed"}', 1],
        ['dtl_copy_operations_total{state="failed"}', 1],
        ['dtl_copy_operations_total{state="aborted"}', 0],
        ['dtl_copied_bytes_total{way="shared"}', 4096],
        ['dtl_copied_bytes_total{way="copied"}', 0],
      ] as const
    ) assertEquals(metrics.value(sample), value, sample);
  }));
