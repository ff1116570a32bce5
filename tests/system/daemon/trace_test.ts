/**
 * ctladm trace: what a session over a real socket does, seen by another
 * process.
 */

import { assert, assertEquals } from "@std/assert";
import type { TraceRecord } from "../../../core/mod.ts";
import { read10, write10 } from "../../support/initiator/mod.ts";
import { ctladmTest, INITIATOR, openTo, printed } from "./ctladm_support.ts";

const BLOCKS = 2048;
/** Nothing is overwritten, however slow the machine is. */
const RECORDS = "262144";

type Of<Event> = Extract<TraceRecord, { readonly event: Event }>;

function eventsOf<Event extends TraceRecord["event"]>(
  records: readonly TraceRecord[],
  event: Event,
): Of<Event>[] {
  return records.filter((each): each is Of<Event> => each.event === event);
}

ctladmTest("trace", async (folder, port) => {
  await using session = await openTo(port);
  const write = new Uint8Array(512 * BLOCKS);
  const done = new AbortController();
  const traced = printed(folder, "trace", "-t2", "-l1", "-n", RECORDS, "--json")
    .finally(() => done.abort());
  // It begins and ends while commands come and go.
  while (!done.signal.aborted) {
    const wrote = session.start(4, write10(0, BLOCKS), { write });
    const read = session.start(4, read10(8, 8), { read: 4096 });
    // The first ones hear unit attentions.
    const results = [await wrote.result(), await read.result()];
    assert(results.every(({ sense }) => sense === "" || /^6/.test(sense)));
  }
  const lines = (await traced).trimEnd().split("\n");
  const records: TraceRecord[] = lines.map((line) => JSON.parse(line));
  const reads = records.filter(({ command }) => command === "READ(10)");
  const [arrival] = eventsOf(reads, "arrive");
  assert(arrival !== undefined && arrival.initiator.startsWith(INITIATOR));
  assertEquals([arrival.lun, arrival.lba, arrival.blocks], [1, 8, 8]);
  const waits = eventsOf(records, "acquire").map(({ waitId }) => waitId);
  const ends = eventsOf(records, "release").map(({ waitId }) => waitId);
  assertEquals(ends.toSorted(), waits.toSorted());
  assert(eventsOf(records, "r2t").length > 0);
  const blocked = eventsOf(records, "acquire")
    .find(({ wait }) => wait === "task set");
  assertEquals(blocked?.blocker?.command, "WRITE(10)");
  const ranking = await printed(folder, "trace", "--blocked");
  const whom = `WRITE(10) of ${arrival.initiator} blocked ` +
    `READ(10) of ${arrival.initiator}`;
  assert(ranking.includes(whom), ranking);
  const chromePath = `${folder.path}/trace.json`;
  assertEquals(await printed(folder, "trace", "--chrome", chromePath), "");
  const chrome = JSON.parse(await Deno.readTextFile(chromePath));
  assert(chrome.traceEvents.length > records.length / 2);
});
