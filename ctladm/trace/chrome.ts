/**
 * A trace in the Trace Event Format of Chromium, which chrome://tracing and
 * Perfetto show: initiators with what they send and hear, LUNs with a row for
 * each task that is there at once, and a flow that follows each task.
 *
 * @module
 */

import type { TraceRecord } from "../../mod.ts";
import { directionText, statusText, storeText } from "./lines.ts";

/** One event; times in microseconds. */
export interface ChromeEvent {
  /** Its name. */
  readonly name: string;
  /** Categories. */
  readonly cat?: string;
  /** Phase: `X` slice, `s`, `t`, `f` flow, `M` metadata, `i` instant. */
  readonly ph: "X" | "s" | "t" | "f" | "M" | "i";
  /** Process: initiators, or a LUN. */
  readonly pid: number;
  /** Row. */
  readonly tid: number;
  /** When. */
  readonly ts?: number;
  /** How long. */
  readonly dur?: number;
  /** Number of a flow. */
  readonly id?: number;
  /** A flow ends in the slice around it. */
  readonly bp?: "e";
  /** How wide an instant is drawn. */
  readonly s?: "t";
  /** More facts. */
  readonly args?: Readonly<Record<string, unknown>>;
}

interface OpenSlice {
  readonly name: string;
  readonly cat: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly args?: Readonly<Record<string, unknown>>;
}

/** A row of tasks of a LUN. */
interface Lane {
  readonly pid: number;
  readonly tid: number;
}

const INITIATORS = 1;
const NO_UNIT = 2;
const FIRST_LUN = 10;
/** The row for what goes on when its task has ended. */
const BACKGROUND = 0;
/** An arrival or a status is a slice, or no flow could touch it. */
const TOUCH_US = 1;

/** Turns records into events. */
export class ChromeTrace {
  #events: ChromeEvent[] = [];
  readonly #named: Set<string> = new Set();
  readonly #initiators: Map<string, number> = new Map();
  readonly #lanes: Map<number, Lane> = new Map();
  readonly #taken: Map<number, Set<number>> = new Map();
  readonly #open: Map<string, OpenSlice> = new Map();
  #lastUs = 0;

  /** Takes the next record. */
  add(record: TraceRecord): void {
    this.#lastUs = record.timeMs * 1000;
    switch (record.event) {
      case "arrive":
        return this.#arrive(record);
      case "status":
        return this.#end(record, statusText(record));
      case "acquire": {
        const name = record.wait === "task set"
          ? "blocked"
          : `waits for ${record.wait}`;
        const { blocker } = record;
        const args = blocker === null ? {} : { blocker };
        return this.#begin(record, `w${record.waitId}`, name, args);
      }
      case "release":
        return this.#close(`w${record.waitId}`);
      case "store-begin": {
        const { lba, blocks } = record;
        const name = storeText(record);
        return this.#begin(record, `s${record.task}`, name, { lba, blocks });
      }
      case "store-end":
        return this.#close(`s${record.task}`, { outcome: record.outcome });
      case "move-begin": {
        const { offset, bytes } = record;
        const args = { offset, bytes };
        return this.#begin(
          record,
          `m${record.task}`,
          directionText(record),
          args,
        );
      }
      case "move-end":
        return this.#close(`m${record.task}`, { moved: record.bytes });
      default:
        return this.#instant(record);
    }
  }

  /** The events that are ready. */
  take(): ChromeEvent[] {
    const events = this.#events;
    this.#events = [];
    return events;
  }

  /** The events of what goes on still; it ends with the last record. */
  finish(): ChromeEvent[] {
    for (const key of [...this.#open.keys()]) {
      this.#close(key, { open: true });
    }
    return this.take();
  }

  #arrive(record: TraceRecord & { readonly event: "arrive" }): void {
    const { task, tag, lba, blocks, initiator } = record;
    const name = `${record.command} tag ${tag}`;
    const row = this.#initiatorRow(initiator);
    const ts = this.#lastUs;
    const lane = this.#takeLane(record);
    const flow = { name: "task", cat: "task", id: task, ts };
    const sent = {
      name,
      cat: "initiator",
      ph: "X",
      ts,
      dur: TOUCH_US,
    } as const;
    this.#events.push({ ...sent, ...row }, { ...flow, ph: "s", ...row });
    this.#events.push({ ...flow, ph: "t", ...lane });
    const args = { initiator, tag, lba, blocks };
    this.#open.set(`t${task}`, { name, cat: "task", ts, args, ...lane });
  }

  #end(record: TraceRecord, text: string): void {
    const { task } = record;
    const row = this.#initiatorRow(record.initiator);
    const ts = this.#lastUs;
    this.#close(`t${task}`, { status: text });
    const heard = { cat: "initiator", ph: "X", ts, dur: TOUCH_US } as const;
    this.#events.push({ name: text, ...heard, ...row });
    const flow = { name: "task", cat: "task", id: task, ts, ...row };
    this.#events.push({ ...flow, ph: "f", bp: "e" });
    this.#leaveLane(task);
  }

  #instant(record: TraceRecord): void {
    const name = record.event === "r2t" ? "R2T" : record.event;
    const place = this.#placeOf(record);
    const ts = this.#lastUs;
    this.#events.push({ name, cat: "task", ph: "i", s: "t", ts, ...place });
  }

  #begin(
    record: TraceRecord,
    key: string,
    name: string,
    args: Readonly<Record<string, unknown>>,
  ): void {
    const place = this.#placeOf(record);
    const cat = key.startsWith("w") ? "wait" : "task";
    this.#open.set(key, { name, cat, ts: this.#lastUs, args, ...place });
  }

  #close(key: string, more: Readonly<Record<string, unknown>> = {}): void {
    const slice = this.#open.get(key);
    // It had begun in a record that was overwritten.
    if (slice === undefined) return;
    this.#open.delete(key);
    const dur = this.#lastUs - slice.ts;
    const args = { ...slice.args, ...more };
    this.#events.push({ ...slice, ph: "X", dur, args });
  }

  #placeOf(record: TraceRecord): Lane {
    const { task, lun, initiator } = record;
    const lane = this.#lanes.get(task);
    if (lane !== undefined) return lane;
    if (task === 0 && initiator !== "") return this.#initiatorRow(initiator);
    return this.#row(lun, BACKGROUND);
  }

  #takeLane({ lun, task }: TraceRecord): Lane {
    const pid = processOf(lun);
    const taken = this.#taken.get(pid) ?? new Set();
    let tid = BACKGROUND + 1;
    while (taken.has(tid)) tid += 1;
    this.#taken.set(pid, taken.add(tid));
    const lane = this.#row(lun, tid);
    this.#lanes.set(task, lane);
    return lane;
  }

  #leaveLane(task: number): void {
    const lane = this.#lanes.get(task);
    if (lane === undefined) return;
    this.#lanes.delete(task);
    this.#taken.get(lane.pid)?.delete(lane.tid);
  }

  #row(lun: number | null, tid: number): Lane {
    const pid = processOf(lun);
    this.#name(pid, tid, {
      process: lun === null ? "no LUN" : `LUN ${lun}`,
      row: tid === BACKGROUND ? "background" : `tasks ${tid}`,
    });
    return { pid, tid };
  }

  #initiatorRow(initiator: string): Lane {
    const known = this.#initiators.get(initiator);
    const tid = known ?? this.#initiators.size + 1;
    this.#initiators.set(initiator, tid);
    this.#name(INITIATORS, tid, { process: "initiators", row: initiator });
    return { pid: INITIATORS, tid };
  }

  #name(
    pid: number,
    tid: number,
    { process, row }: { readonly process: string; readonly row: string },
  ): void {
    if (this.#named.has(`${pid} ${tid}`)) return;
    this.#named.add(`${pid} ${tid}`);
    const place = { ph: "M", pid, tid } as const;
    this.#events.push(
      { name: "process_name", ...place, args: { name: process } },
      { name: "thread_name", ...place, args: { name: row } },
    );
  }
}

function processOf(lun: number | null): number {
  return lun === null ? NO_UNIT : FIRST_LUN + lun;
}
