import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { ApiError } from "../../../ctladm/api/client.ts";
import type { TraceRecordsResource } from "../../../ctladm/api/trace_resources.ts";
import type { ChromeEvent } from "../../../ctladm/trace/chrome.ts";
import { rowsTest, withDisk } from "../../support/ctladm_rows.ts";
import type { MemoryDaemon } from "../../support/memory_daemon.ts";

const ME = "ioctl0.0,i,7";

/** A write that takes two seconds blocks a read; `line` watches. */
async function blockedRead(
  machine: MemoryDaemon,
  line: string,
): Promise<readonly string[]> {
  const { client, daemon } = machine;
  daemon.target.luns.get(0)?.injections
    .delay({ location: "datamove", seconds: 2, continuous: false });
  const watching = machine.ctladm(line);
  // The request to begin takes its turns, like any other.
  for (let turns = 0; turns < 1000; turns += 1) {
    if (daemon.target.tracing.tracer !== null) break;
    await Promise.resolve();
  }
  const place = { lun: 0, initiator: 7 };
  const read = client
    .command({ ...place, cdb: "28000000000000000100", in: 512, tag: 1 });
  const write = client.command(
    { ...place, cdb: "2a000000000000000100", tag: 2 },
    new Uint8Array(512),
  );
  const { lines, errors, code } = await watching;
  assertEquals([code, errors], [0, []]);
  await Promise.all([read, write]);
  return lines;
}

function row(time: string, tag: number, what: string): string {
  return `${time.padStart(11)}    0 ${ME.padEnd(32)} ` +
    `${String(tag).padStart(10)} ${what}`;
}

Deno.test("ctladm trace shows who waits for whom, as it happens", () =>
  withDisk(async (machine) => {
    const lines = await blockedRead(machine, "trace -l 0 -t 3");
    assertEquals(lines, [
      "    TIME ms  LUN INITIATOR                               TAG WHAT",
      row("0.000", 1, "READ(10) arrives, LBA 0 + 1"),
      row("0.000", 1, "READ(10) executes"),
      row("0.000", 1, "waits for injected delay"),
      row("0.000", 2, "WRITE(10) arrives, LBA 0 + 1"),
      row("0.000", 2, `blocked by READ(10) tag 1 of ${ME}`),
      row("2000.000", 1, "waited 2000.000 ms for injected delay"),
      row("2000.000", 1, "store read LBA 0 + 1"),
      row("2000.000", 1, "store read: ok"),
      row("2000.000", 1, "Data-In of 512 bytes from byte 0 on"),
      row("2000.000", 1, "Data-In: 512 bytes moved"),
      row("2000.000", 1, "READ(10) GOOD"),
      row("2000.000", 2, "unblocked after 2000.000 ms"),
      row("2000.000", 2, "WRITE(10) executes"),
      row("2000.000", 2, "store write LBA 0 + 1"),
      row("2000.000", 2, "store write: ok"),
      row("2000.000", 2, "WRITE(10) GOOD"),
    ]);
    assertEquals(machine.daemon.target.tracing.tracer, null);
  }));

Deno.test("ctladm trace --json prints a record a line", () =>
  withDisk(async (machine) => {
    const lines = await blockedRead(machine, "trace -t 3 --json");
    const records = lines.map((line) => JSON.parse(line));
    assertEquals(records.length, 16);
    assertEquals(records[4], {
      seq: 4,
      timeMs: 0,
      task: 2,
      lun: 0,
      initiator: ME,
      tag: 2,
      command: "WRITE(10)",
      event: "acquire",
      wait: "task set",
      waitId: 2,
      blocker: { initiator: ME, tag: 1, command: "READ(10)" },
    });
  }));

const RANKING = [
  " LUN    WAITS    ENDED     TOTAL ms       MAX ms WHO BLOCKED WHOM",
  "   0        1        1     2000.000     2000.000 " +
  `READ(10) of ${ME} blocked WRITE(10) of ${ME}`,
  "",
  "WAIT FOR              WAITS    ENDED     TOTAL ms       MAX ms",
  "task set                  1        1     2000.000     2000.000",
  "injected delay            1        1     2000.000     2000.000",
];

Deno.test("ctladm trace --blocked ranks, and still does so behind the end", () =>
  withDisk(async (machine) => {
    assertEquals(await blockedRead(machine, "trace -t 3 --blocked"), RANKING);
    assertEquals((await machine.ctladm("trace --blocked")).lines, RANKING);
    const { lines } = await machine.ctladm("trace --blocked --json");
    const waits = JSON.parse(lines.join("\n"));
    assertEquals(waits.blockings.length, 1);
    assertEquals(waits.blockings[0].totalMs, 2000);
    assertEquals([waits.running, waits.unlisted], [false, 0]);
  }));

Deno.test("ctladm trace --chrome writes slices, and flows of each task", () =>
  withDisk(async (machine) => {
    const lines = await blockedRead(machine, "trace -t 3 --chrome /tmp/t.json");
    assertEquals(lines, []);
    const text = new TextDecoder().decode(machine.files.get("/tmp/t.json"));
    const events: ChromeEvent[] = JSON.parse(text).traceEvents;
    const named = (name: string) => events.filter((each) => each.name === name);
    const [blocked] = named("blocked");
    assertEquals([blocked?.ph, blocked?.ts, blocked?.dur], ["X", 0, 2e6]);
    const [task] = named("WRITE(10) tag 2").filter(({ pid }) => pid === 10);
    assertEquals([task?.ph, task?.dur, task?.tid], ["X", 2e6, blocked?.tid]);
    assertEquals(task?.args?.["status"], "GOOD");
    for (const id of [1, 2]) {
      const flow = events.filter((each) => each.id === id);
      assertEquals(flow.map(({ ph }) => ph).join(""), "stf");
    }
    const rows = named("thread_name").map(({ args }) => args?.["name"]);
    assertEquals(rows, [ME, "tasks 1", "tasks 2"]);
  }));

rowsTest("ctladm trace tells what it cannot do", [
  {
    line: "trace -t 0 --blocked",
    out: [
      "No command has blocked another",
      "",
      "Nothing has waited",
    ],
  },
  {
    line: "trace -l 7 -t 1",
    code: 1,
    err: ["ctladm: LUN 7 does not exist"],
  },
  {
    line: "trace -t soon",
    code: 1,
    err: ['ctladm: invalid number of seconds "soon": expected a number'],
  },
  { line: "trace hard", code: 1, err: ['ctladm: cannot use "hard" here'] },
]);

rowsTest("ctladm trace --blocked before the first trace", [
  { line: "trace --blocked", out: ["Nothing has been traced yet"] },
]);

rowsTest("ctladm tr is trace; t stays what it was", [
  { line: "t 0", out: ["(7:1:0/0): Unit is ready"] },
  { line: "tr --blocked", out: ["Nothing has been traced yet"] },
]);

Deno.test("A trace that another one replaces ends its readers", () =>
  withDisk(async (machine) => {
    const reading = machine.ctladm("trace");
    while (machine.pauses.length === 0) await Promise.resolve();
    await machine.client.post("/v1/trace/start", {});
    const { code, errors } = await reading;
    assertEquals([code, errors], [1, ["ctladm: another trace has begun"]]);
  }));

Deno.test("ctladm trace ends when somebody stops the trace", () =>
  withDisk(async (machine) => {
    const reading = machine.ctladm("trace");
    while (machine.pauses.length === 0) await Promise.resolve();
    await machine.client.post("/v1/trace/stop");
    assertEquals((await reading).code, 0);
  }));

Deno.test("ctladm trace tells what was overwritten before it was read", () =>
  withDisk(async (machine) => {
    const watching = machine.ctladm("trace -n 1 -t 1");
    for (let tag = 1; tag <= 3; tag += 1) {
      const command = { cdb: "000000000000", lun: 0, initiator: 7, tag };
      await machine.client.command(command);
    }
    const { lines } = await watching;
    assert(
      lines.some((line) => /^\.\.\. \d+ records were/.test(line)),
      lines[1],
    );
  }));

Deno.test("The API reads a trace piece by piece", () =>
  withDisk(async ({ client }) => {
    const empty = await client.get<TraceRecordsResource>("/v1/trace");
    assertEquals([empty.id, empty.running, empty.records], [0, false, []]);
    await client.post("/v1/trace/start", { records: 100 });
    await client.command({ cdb: "000000000000", lun: 0, initiator: 7 });
    const first = await client
      .get<TraceRecordsResource>("/v1/trace?count=2");
    assertEquals([first.next, first.end, first.capacity], [2, 3, 100]);
    const rest = await client.get<TraceRecordsResource>("/v1/trace?from=2");
    assertEquals(rest.records.map(({ event }) => event), ["status"]);
    const none = await client.get<TraceRecordsResource>("/v1/trace?from=3");
    assertEquals([none.next, none.records], [3, []]);
  }));

for (const body of [{ lun: -1 }, { records: 0 }, { records: 1e9 }, { x: 1 }]) {
  Deno.test(`The API refuses to trace with ${JSON.stringify(body)}`, () =>
    withDisk(async ({ client }) => {
      const error = await assertRejects(
        () => client.post("/v1/trace/start", body),
        ApiError,
      );
      assertMatch(error.message, /^Invalid field/);
    }));
}

Deno.test("The trace of nothing is a trace for chrome://tracing, too", () =>
  withDisk(async ({ client }) => {
    const chrome = { displayTimeUnit: "ms", traceEvents: [] };
    assertEquals(await client.get("/v1/trace/chrome"), chrome);
    await client.post("/v1/trace/start", {});
    assertEquals(await client.get("/v1/trace/chrome"), chrome);
  }));
