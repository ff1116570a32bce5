import { assertEquals } from "@std/assert";
import type { TraceDetail, TraceRecord } from "../../../../core/mod.ts";
import {
  eventText,
  TRACE_HEADER,
  traceLine,
} from "../../../../ctladm/trace/lines.ts";

const SOMEBODY = {
  seq: 0,
  timeMs: 12.3456,
  task: 1,
  lun: 3,
  initiator: "iqn.a",
  tag: 9,
  command: "READ(10)",
};

const TEXTS: readonly (readonly [TraceDetail, string])[] = [
  [{ event: "arrive", lba: 0, blocks: 0 }, "READ(10) arrives"],
  [
    { event: "r2t", direction: "out", offset: 512, bytes: 64 },
    "R2T for 64 bytes from byte 512 on",
  ],
  [
    { event: "move-end", direction: "out", bytes: 0 },
    "Data-Out: 0 bytes moved",
  ],
  [{ event: "abort", told: false }, "aborted"],
  [{ event: "abort", told: true }, "aborted, by TASK ABORTED"],
  [{ event: "store-begin", store: "flush", lba: 0, blocks: 0 }, "store flush"],
  [
    { event: "store-end", store: "write zeroes", outcome: "no-space" },
    "store write zeroes: no-space",
  ],
  [
    { event: "status", status: 0x18, sense: null, bytes: 0 },
    "READ(10) RESERVATION CONFLICT",
  ],
  [
    { event: "status", status: 0x33, sense: null, bytes: 0 },
    "READ(10) status 33h",
  ],
  [
    { event: "status", status: null, sense: null, bytes: 0 },
    "READ(10) ended, no status is sent",
  ],
  [
    {
      event: "status",
      status: 2,
      sense: { key: 11, asc: 0x4e, ascq: 0 },
      bytes: 0,
    },
    "READ(10) CHECK CONDITION B/4E/00",
  ],
];

for (const [detail, text] of TEXTS) {
  Deno.test(`eventText() tells "${text}"`, () => {
    assertEquals(eventText({ ...SOMEBODY, ...detail }), text);
  });
}

Deno.test("traceLine() puts its columns below the header", () => {
  const long = `iqn.2026-01.com.example:${"x".repeat(20)}-end,i,0x1`;
  const record: TraceRecord = {
    ...SOMEBODY,
    initiator: long,
    event: "abort",
    told: false,
  };
  const line = traceLine(record);
  for (const [head, text] of [["WHAT", "aborted"], ["TAG", "  9"]] as const) {
    assertEquals(line.slice(TRACE_HEADER.indexOf(head)).startsWith(text), true);
  }
  assertEquals(line.slice(0, 19), "     12.346    3 …:");
  assertEquals(line.includes("-end,i,0x1 "), true);
});

Deno.test("traceLine() shows what is no task's as such", () => {
  const line = traceLine({
    ...SOMEBODY,
    lun: null,
    tag: null,
    initiator: "",
    event: "acquire",
    wait: "LUN drain",
    waitId: 1,
    blocker: null,
  });
  assertEquals(line.split(/ +/), [
    "",
    "12.346",
    "-",
    "-",
    "-",
    "waits",
    "for",
    "LUN",
    "drain",
  ]);
});
