/**
 * Records of a trace as lines for people.
 *
 * @module
 */

import {
  type MoveDirection,
  STATUS,
  type TracedTask,
  type TraceRecord,
} from "../../mod.ts";

type Of<Event> = Extract<TraceRecord, { readonly event: Event }>;

const STATUS_NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(STATUS)
    .map(([name, code]) => [code, name.replaceAll("_", " ")]),
);

const INITIATOR_WIDTH = 32;

/** The line above the others. */
export const TRACE_HEADER: string = columns(
  "TIME ms",
  "LUN",
  "INITIATOR",
  "TAG",
  "WHAT",
);

/** A record as a line. */
export function traceLine(record: TraceRecord): string {
  const { timeMs, lun, initiator, tag } = record;
  return columns(
    timeMs.toFixed(3),
    lun === null ? "-" : String(lun),
    shortened(initiator),
    tag === null ? "-" : String(tag),
    eventText(record),
  );
}

/** How a task ended, in words. */
export function statusText({ status, sense }: Of<"status">): string {
  if (status === null) return "ended, no status is sent";
  const name = STATUS_NAMES.get(status) ?? `status ${hex(status)}h`;
  if (sense === null) return name;
  const { key, asc, ascq } = sense;
  return `${name} ${key.toString(16).toUpperCase()}/${hex(asc)}/${hex(ascq)}`;
}

/** A call to a store, in words. */
export function storeText({ store }: Of<"store-begin" | "store-end">): string {
  return `store ${store}`;
}

/** A task, in words. */
export function taskText({ command, tag, initiator }: TracedTask): string {
  return `${command} tag ${tag} of ${initiator}`;
}

/** A direction, in words. */
export function directionText(
  { direction }: { readonly direction: MoveDirection },
): string {
  return direction === "in" ? "Data-In" : "Data-Out";
}

function columns(
  time: string,
  lun: string,
  initiator: string,
  tag: string,
  what: string,
): string {
  return [
    time.padStart(11),
    lun.padStart(4),
    initiator.padEnd(INITIATOR_WIDTH),
    tag.padStart(10),
    what,
  ].join(" ");
}

// Names of initiators differ at their ends.
function shortened(name: string): string {
  if (name === "") return "-";
  return name.length <= INITIATOR_WIDTH
    ? name
    : `…${name.slice(1 - INITIATOR_WIDTH)}`;
}

/** What happened, in words. */
export function eventText(record: TraceRecord): string {
  switch (record.event) {
    case "arrive":
      return arrivalText(record);
    case "execute":
      return `${record.command} executes`;
    case "acquire":
      return record.blocker === null
        ? `waits for ${record.wait}`
        : `blocked by ${taskText(record.blocker)}`;
    case "release":
      return record.wait === "task set"
        ? `unblocked after ${record.waitedMs.toFixed(3)} ms`
        : `waited ${record.waitedMs.toFixed(3)} ms for ${record.wait}`;
    case "store-begin":
      return record.blocks === 0
        ? storeText(record)
        : `${storeText(record)} ${rangeText(record)}`;
    case "store-end":
      return `${storeText(record)}: ${record.outcome}`;
    case "move-begin":
      return `${directionText(record)} of ${bytesText(record)}`;
    case "move-end":
      return `${directionText(record)}: ${record.bytes} bytes moved`;
    case "r2t":
      return `R2T for ${bytesText(record)}`;
    case "abort":
      return record.told ? "aborted, by TASK ABORTED" : "aborted";
    case "status":
      return `${record.command} ${statusText(record)}`;
  }
}

function arrivalText(record: Of<"arrive">): string {
  const arrives = `${record.command} arrives`;
  return record.blocks === 0 ? arrives : `${arrives}, ${rangeText(record)}`;
}

function rangeText(range: { lba: number; blocks: number }): string {
  return `LBA ${range.lba} + ${range.blocks}`;
}

function bytesText(piece: { bytes: number; offset: number }): string {
  return `${piece.bytes} bytes from byte ${piece.offset} on`;
}

function hex(code: number): string {
  return code.toString(16).toUpperCase().padStart(2, "0");
}
