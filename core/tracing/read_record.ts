/**
 * Reads records of a trace: numbers in, words out.
 *
 * @module
 */

import type { Names } from "./names.ts";
import {
  MOVE_DIRECTIONS,
  type MoveDirection,
  STORE_CALL_NAMES,
  STORE_OUTCOMES,
  type StoreCallName,
  type StoreOutcome,
  TRACE_EVENT,
  type TraceDetail,
  type TracedSense,
  type TracedTask,
  type TraceRecord,
  WAIT_NAMES,
  type WaitName,
} from "./trace_events.ts";
import { FIELD, type TraceRing } from "./trace_ring.ts";

/** Two numbers of names make one field. */
export const NAME_LIMIT: number = 2 ** 16;

/** The record with a number. */
export function recordOf(
  ring: TraceRing,
  names: Names,
  seq: number,
): TraceRecord {
  const lun = ring.get(seq, FIELD.LUN);
  const tag = ring.get(seq, FIELD.TAG);
  return {
    seq,
    timeMs: ring.get(seq, FIELD.TIME_MS),
    task: ring.get(seq, FIELD.TASK),
    lun: lun < 0 ? null : lun,
    initiator: names.text(ring.get(seq, FIELD.INITIATOR)),
    tag: tag < 0 ? null : tag,
    command: names.text(ring.get(seq, FIELD.COMMAND)),
    ...detailOf(ring, names, seq),
  };
}

function detailOf(ring: TraceRing, names: Names, seq: number): TraceDetail {
  const a = ring.get(seq, FIELD.A);
  const b = ring.get(seq, FIELD.B);
  const c = ring.get(seq, FIELD.C);
  switch (ring.get(seq, FIELD.EVENT)) {
    case TRACE_EVENT.ARRIVE:
      return { event: "arrive", lba: a, blocks: b };
    case TRACE_EVENT.EXECUTE:
      return { event: "execute" };
    case TRACE_EVENT.ACQUIRE: {
      const blocker = blockerOf(names, c, ring.get(seq, FIELD.D));
      return { event: "acquire", wait: waitName(a), waitId: b, blocker };
    }
    case TRACE_EVENT.RELEASE:
      return { event: "release", wait: waitName(a), waitId: b, waitedMs: c };
    case TRACE_EVENT.STORE_BEGIN:
      return { event: "store-begin", store: callName(a), lba: b, blocks: c };
    case TRACE_EVENT.STORE_END:
      return { event: "store-end", store: callName(a), outcome: outcome(b) };
    case TRACE_EVENT.MOVE_BEGIN:
      return { event: "move-begin", direction: way(a), offset: b, bytes: c };
    case TRACE_EVENT.MOVE_END:
      return { event: "move-end", direction: way(a), bytes: b };
    case TRACE_EVENT.R2T:
      return { event: "r2t", direction: way(a), offset: b, bytes: c };
    case TRACE_EVENT.ABORT:
      return { event: "abort", told: a === 1 };
    default:
      return {
        event: "status",
        status: a < 0 ? null : a,
        sense: senseOf(b),
        bytes: c,
      };
  }
}

function blockerOf(
  names: Names,
  tag: number,
  packed: number,
): TracedTask | null {
  if (packed < 0) return null;
  return {
    initiator: names.text(Math.floor(packed / NAME_LIMIT)),
    tag,
    command: names.text(packed % NAME_LIMIT),
  };
}

function senseOf(codes: number): TracedSense | null {
  if (codes < 0) return null;
  return { key: codes >> 16, asc: codes >> 8 & 0xff, ascq: codes & 0xff };
}

function waitName(kind: number): WaitName {
  return WAIT_NAMES[kind] ?? "task set";
}

function callName(call: number): StoreCallName {
  return STORE_CALL_NAMES[call] ?? "read";
}

function outcome(number: number): StoreOutcome {
  return STORE_OUTCOMES[number] ?? "exception";
}

function way(direction: number): MoveDirection {
  return MOVE_DIRECTIONS[direction] ?? "in";
}
