/**
 * Routes of the control API for traces.
 *
 * @module
 */

import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import {
  type Clock,
  ManagementError,
  type StartOptions,
  type Target,
  type Tracer,
} from "../../mod.ts";
import { ChromeTrace } from "../trace/chrome.ts";
import { json, jsonBody, refused } from "./respond.ts";
import type { StartTraceBody, TraceResource } from "./trace_resources.ts";
import {
  READ_TRACE,
  START_TRACE,
  TRACE,
  TRACE_RECORDS,
  TRACE_WAITS,
} from "./trace_schemas.ts";

/** Records that are turned into text in one turn of the event loop. */
const RECORDS_PER_TURN = 1000;

/** Adds them. */
export function addTraceRoutes(api: OpenAPIHono, target: Target): void {
  addSwitch(api, target);
  addRecords(api, target);
  addChrome(api, target);
  addBlocked(api, target);
}

function addSwitch(api: OpenAPIHono, target: Target): void {
  api.openapi(
    createRoute({
      method: "post",
      path: "/v1/trace/start",
      summary: "Begin a trace; one that runs ends and is forgotten",
      request: jsonBody(START_TRACE),
      responses: { 200: json("It runs", TRACE), 400: refused, 404: refused },
    }),
    (context) => {
      target.tracing.start(optionsOf(target, context.req.valid("json")));
      return context.json(describe(target), 200);
    },
  );
  api.openapi(
    createRoute({
      method: "post",
      path: "/v1/trace/stop",
      summary: "End the trace; it can still be read",
      responses: { 200: json("It has ended", TRACE) },
    }),
    (context) => {
      target.tracing.stop();
      return context.json(describe(target), 200);
    },
  );
}

function addRecords(api: OpenAPIHono, target: Target): void {
  api.openapi(
    createRoute({
      method: "get",
      path: "/v1/trace",
      summary: "Records of the trace that runs, or of the last one",
      request: { query: READ_TRACE },
      responses: { 200: json("Records", TRACE_RECORDS), 400: refused },
    }),
    (context) => {
      const { from, count } = context.req.valid("query");
      const { tracing } = target;
      tracing.touch();
      const records = tracing.last?.records(from, count) ?? [];
      const next = (records.at(-1)?.seq ?? from - 1) + 1;
      return context.json({ ...describe(target), next, records }, 200);
    },
  );
}

function addChrome(api: OpenAPIHono, target: Target): void {
  api.openapi(
    createRoute({
      method: "get",
      path: "/v1/trace/chrome",
      summary: "The trace for chrome://tracing and Perfetto",
      responses: { 200: { description: "JSON in the Trace Event Format" } },
    }),
    () => {
      const { tracing, host } = target;
      tracing.touch();
      const pieces = chromePieces(tracing.last, host.clock);
      return new Response(ReadableStream.from(pieces), {
        headers: { "content-type": "application/json" },
      });
    },
  );
}

function addBlocked(api: OpenAPIHono, target: Target): void {
  api.openapi(
    createRoute({
      method: "get",
      path: "/v1/trace/blocked",
      summary: "Who blocked whom, and waits by kind",
      responses: { 200: json("Waits", TRACE_WAITS) },
    }),
    (context) => {
      const { tracing } = target;
      tracing.touch();
      return context.json({
        ...describe(target),
        blockings: tracing.last?.blockingRows() ?? [],
        unlisted: tracing.last?.waits.unlisted.acquired ?? 0,
        waits: tracing.last?.waitRows() ?? [],
      }, 200);
    },
  );
}

function optionsOf(target: Target, body: StartTraceBody): StartOptions {
  const { lun, records, idleMs } = body;
  if (lun !== undefined && target.luns.get(lun) === undefined) {
    throw new ManagementError("lun-not-found", `LUN ${lun} does not exist`);
  }
  return {
    ...lun === undefined ? {} : { lun },
    ...records === undefined ? {} : { records },
    ...idleMs === undefined ? {} : { idleMs },
  };
}

function describe({ tracing }: Target): TraceResource {
  const { last } = tracing;
  return {
    id: last?.id ?? 0,
    running: tracing.tracer !== null,
    lun: last?.lun ?? null,
    startedMs: last?.startedWallClockMs ?? 0,
    capacity: last?.capacity ?? 0,
    lost: last?.begin ?? 0,
    end: last?.end ?? 0,
  };
}

// A whole ring is long: commands have their turns in between.
async function* chromePieces(
  trace: Tracer | null,
  clock: Clock,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const encoder = new TextEncoder();
  const chrome = new ChromeTrace();
  const end = trace?.end ?? 0;
  let from = trace?.begin ?? 0;
  let before = '{"displayTimeUnit":"ms","traceEvents":[';
  while (trace !== null && from < end) {
    const records = trace
      .records(from, Math.min(RECORDS_PER_TURN, end - from));
    from = Math.max(from, trace.begin) + records.length;
    for (const record of records) chrome.add(record);
    const events = chrome.take().map((event) => JSON.stringify(event));
    if (events.length > 0) {
      yield encoder.encode(before + events.join(",\n"));
      before = ",\n";
    }
    await clock.nextTurn();
  }
  const rest = chrome.finish().map((event) => JSON.stringify(event));
  const last = rest.length > 0 ? before + rest.join(",\n") : "";
  const opening = rest.length === 0 && before !== ",\n" ? before : "";
  yield encoder.encode(`${last}${opening}]}\n`);
}
