/**
 * Rows of stories about the trace of what happens.
 *
 * ```
 * trace starts [lun=0]                        of all LUNs, or of one
 * trace stops
 * trace a 4 blocked by WRITE(10) tag 3 of b   the next record: nexus, tag, what
 * trace ends                                  there is no other record
 * trace ranks READ(10) of a blocked WRITE(10) of b 1x 2000 ms, ...
 * trace waits task set 1 of 1, ...            ended waits of those begun
 * ```
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { eventText } from "../../ctladm/trace/lines.ts";
import type { BlockingRow, Tracer } from "../../core/mod.ts";
import type { StoryScene } from "./story_scene.ts";
import { StoryArguments } from "./story_values.ts";

/** Records of a trace that a story has not looked at begin here. */
const looked: WeakMap<Tracer, number> = new WeakMap();

/** Does what such a row says. */
export function runTraceStep(
  scene: StoryScene,
  words: readonly string[],
): void {
  const { tracing } = scene.test.target;
  const [verb = "", ...rest] = words;
  if (verb === "starts") {
    const given = new StoryArguments(rest);
    tracing.start(given.has("lun") ? { lun: given.number("lun", 0) } : {});
    return;
  }
  if (verb === "stops") return tracing.stop();
  const trace = tracing.last;
  if (trace === null) throw new TypeError("There is no trace");
  const wanted = rest.join(" ");
  if (verb === "ranks") assertEquals(rankingOf(trace), wanted);
  else if (verb === "waits") assertEquals(waitsOf(trace), wanted);
  else assertEquals(nextOf(trace), words.join(" "));
}

function nextOf(trace: Tracer): string {
  const from = looked.get(trace) ?? 0;
  looked.set(trace, from + 1);
  const [record] = trace.records(from, 1);
  if (record === undefined) return "ends";
  const { initiator, tag } = record;
  return `${shortened(initiator) || "-"} ${tag ?? "-"} ` +
    shortened(eventText(record));
}

function rankingOf(trace: Tracer): string {
  return trace.blockingRows().map(blockingText).join(", ");
}

function blockingText(row: BlockingRow): string {
  const text = `${row.blockerCommand} of ${row.blocker} blocked ` +
    `${row.waiterCommand} of ${row.waiter} ${row.released}x ${row.totalMs} ms`;
  return shortened(text);
}

function waitsOf(trace: Tracer): string {
  return trace.waitRows().filter(({ acquired }) => acquired > 0)
    .map(({ wait, acquired, released }) => `${wait} ${released} of ${acquired}`)
    .join(", ");
}

// Initiators are called by the letters of their nexuses.
function shortened(text: string): string {
  return text.replaceAll(/iqn\.(\w+),i,0x1/g, "$1");
}
