/**
 * The resources of traces as data; see `schemas.ts`.
 *
 * @module
 */

import { z } from "@hono/zod-openapi";
import {
  type BlockingRow,
  MOVE_DIRECTIONS,
  STORE_CALL_NAMES,
  STORE_OUTCOMES,
  TRACE_RECORDS_MAX,
  type TraceDetail,
  type TraceRecord,
  WAIT_NAMES,
  type WaitRow,
} from "../../mod.ts";
import type {
  StartTraceBody,
  TraceRecordsResource,
  TraceResource,
  TraceWaitsResource,
} from "./trace_resources.ts";

const IDLE_MS_MAX = 3_600_000;
/** Records of one answer. */
const READ_COUNT_MAX = 8192;
const READ_COUNT_DEFAULT = 4096;

const count = z.number().int().min(0);
const ms = z.number().openapi({ description: "Milliseconds" });

/** A trace to begin. */
export const START_TRACE: z.ZodType<StartTraceBody> = z.object({
  lun: count.optional(),
  records: z.number().int().min(1).max(TRACE_RECORDS_MAX).optional(),
  idleMs: z.number().int().min(1).max(IDLE_MS_MAX).optional(),
}).strict().openapi("StartTrace");

/** Which records to read. */
export const READ_TRACE: z.ZodObject<{
  from: z.ZodDefault<z.ZodCoercedNumber>;
  count: z.ZodDefault<z.ZodCoercedNumber>;
}> = z.object({
  from: z.coerce.number().int().min(0).default(0)
    .openapi({ description: "Number of the first record" }),
  count: z.coerce.number().int().min(1).max(READ_COUNT_MAX)
    .default(READ_COUNT_DEFAULT),
});

const head = {
  id: count.openapi({ description: "0: there has been no trace" }),
  running: z.boolean(),
  lun: count.nullable().openapi({ description: "null: all" }),
  startedMs: z.number(),
  capacity: count,
  lost: count.openapi({ description: "Records that were overwritten" }),
  end: count.openapi({ description: "Records that there have been" }),
};

/** A trace. */
export const TRACE: z.ZodType<TraceResource> = z.object(head).openapi("Trace");

const direction = z.enum(MOVE_DIRECTIONS);
const wait = z.enum(WAIT_NAMES);
const store = z.enum(STORE_CALL_NAMES);
const waitId = count.openapi({
  description: "A release has the number of its acquire",
});

const task = {
  initiator: z.string(),
  tag: count.nullable(),
  command: z.string().openapi({ example: "READ(10)" }),
};

const detail: z.ZodType<TraceDetail> = z.discriminatedUnion("event", [
  z.object({ event: z.literal("arrive"), lba: count, blocks: count }),
  z.object({ event: z.literal("execute") }),
  z.object({
    event: z.literal("acquire"),
    wait,
    waitId,
    blocker: z.object(task).nullable(),
  }),
  z.object({ event: z.literal("release"), wait, waitId, waitedMs: ms }),
  z.object({
    event: z.literal("store-begin"),
    store,
    lba: count,
    blocks: count,
  }),
  z.object({
    event: z.literal("store-end"),
    store,
    outcome: z.enum(STORE_OUTCOMES),
  }),
  z.object({
    event: z.enum(["move-begin", "r2t"]),
    direction,
    offset: count,
    bytes: count,
  }),
  z.object({ event: z.literal("move-end"), direction, bytes: count }),
  z.object({ event: z.literal("abort"), told: z.boolean() }),
  z.object({
    event: z.literal("status"),
    status: count.nullable().openapi({ description: "null: none is sent" }),
    sense: z.object({ key: count, asc: count, ascq: count }).nullable(),
    bytes: count,
  }),
]);

const record: z.ZodType<TraceRecord> = z.object({
  seq: count,
  timeMs: ms,
  task: count.openapi({ description: "Number in the trace; 0: no task" }),
  lun: count.nullable(),
  ...task,
}).and(detail).openapi("TraceRecord");

/** A trace with records. */
export const TRACE_RECORDS: z.ZodType<TraceRecordsResource> = z.object({
  ...head,
  next: count.openapi({ description: "Where to read on" }),
  records: z.array(record),
}).openapi("TraceRecords");

const counts = { acquired: count, released: count, totalMs: ms, maxMs: ms };

const blocking: z.ZodType<BlockingRow> = z.object({
  lun: count,
  blocker: z.string(),
  blockerCommand: z.string(),
  waiter: z.string(),
  waiterCommand: z.string(),
  ...counts,
}).openapi("Blocking");

const waits: z.ZodType<WaitRow> = z.object({ wait, ...counts })
  .openapi("Waits");

/** What has waited in a trace. */
export const TRACE_WAITS: z.ZodType<TraceWaitsResource> = z.object({
  ...head,
  blockings: z.array(blocking),
  unlisted: count,
  waits: z.array(waits),
}).openapi("TraceWaits");
