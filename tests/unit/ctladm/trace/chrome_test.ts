import { assertEquals } from "@std/assert";
import type { TraceDetail, TraceRecord } from "../../../../core/mod.ts";
import {
  type ChromeEvent,
  ChromeTrace,
} from "../../../../ctladm/trace/chrome.ts";

let seq = 0;

function at(timeMs: number, task: number, detail: TraceDetail): TraceRecord {
  seq += 1;
  const who = { lun: 2, initiator: "iqn.a", tag: task, command: "READ(10)" };
  return { seq, timeMs, task, ...who, ...detail };
}

const ARRIVE: TraceDetail = { event: "arrive", lba: 8, blocks: 1 };
const GOOD: TraceDetail = { event: "status", status: 0, sense: null, bytes: 0 };

function acquire(waitId: number): TraceDetail {
  return { event: "acquire", wait: "quiet medium", waitId, blocker: null };
}

function release(waitId: number): TraceDetail {
  return { event: "release", wait: "quiet medium", waitId, waitedMs: 1 };
}

function eventsOf(records: readonly TraceRecord[]): ChromeEvent[] {
  const chrome = new ChromeTrace();
  for (const record of records) chrome.add(record);
  return [...chrome.take(), ...chrome.finish()];
}

function slices(events: readonly ChromeEvent[], pid: number): unknown[] {
  return events.filter((each) => each.ph === "X" && each.pid === pid)
    .map(({ name, tid, ts, dur }) => [name, tid, ts, dur]);
}

Deno.test("ChromeTrace gives tasks rows, and takes them back", () => {
  const events = eventsOf([
    at(1, 1, ARRIVE),
    at(2, 2, ARRIVE),
    at(3, 1, GOOD),
    at(4, 3, ARRIVE),
    at(5, 3, GOOD),
    at(6, 2, GOOD),
  ]);
  assertEquals(slices(events, 12), [
    ["READ(10) tag 1", 1, 1000, 2000],
    ["READ(10) tag 3", 1, 4000, 1000],
    ["READ(10) tag 2", 2, 2000, 4000],
  ]);
});

Deno.test("ChromeTrace ends with the last record what goes on still", () => {
  const events = eventsOf([
    at(1, 1, ARRIVE),
    at(2, 1, acquire(7)),
    at(9, 1, { event: "execute" }),
  ]);
  assertEquals(slices(events, 12), [
    ["READ(10) tag 1", 1, 1000, 8000],
    ["waits for quiet medium", 1, 2000, 7000],
  ]);
});

Deno.test("ChromeTrace passes over the ends of what was overwritten", () => {
  const events = eventsOf([at(1, 1, release(7)), at(2, 1, GOOD)]);
  assertEquals(slices(events, 12), []);
  assertEquals(slices(events, 1), [["GOOD", 1, 2000, 1]]);
});

Deno.test("ChromeTrace has a row for what goes on without its task", () => {
  const events = eventsOf([
    at(1, 1, ARRIVE),
    at(2, 1, GOOD),
    at(3, 1, acquire(7)),
    at(4, 1, release(7)),
  ]);
  assertEquals(slices(events, 12)[1], [
    "waits for quiet medium",
    0,
    3000,
    1000,
  ]);
  const rows = events.filter(({ name, pid }) =>
    name === "thread_name" && pid === 12
  );
  assertEquals(rows.map(({ args }) => args?.["name"]), [
    "tasks 1",
    "background",
  ]);
});

Deno.test("ChromeTrace shows what a nexus waits for beside its commands", () => {
  const nexus = { task: 0, lun: null, tag: null, command: "" };
  const events = eventsOf([
    { ...at(1, 0, acquire(1)), ...nexus },
    { ...at(4, 0, release(1)), ...nexus },
  ]);
  assertEquals(slices(events, 1), [["waits for quiet medium", 1, 1000, 3000]]);
});
