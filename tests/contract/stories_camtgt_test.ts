/**
 * The whole SCSI story set, told over camtgt: each command is a frame on a
 * wire, and its data are asked for and acknowledged.
 */

import { assertEquals } from "@std/assert";
import { joinCamtgt } from "../support/cam_wire.ts";
import { needlessExceptions, useWire } from "../support/test_nexus.ts";

const FOLDER = new URL("../unit/stories/", import.meta.url);

/** What this wire cannot pass, and why. */
const EXCEPTIONS: ReadonlyMap<string, string> = new Map([
  [
    "A CDB that ends before its command does is refused",
    "a COMMAND frame has a CDB of one byte at the least",
  ],
  [
    "WRITE whose data do not come ends with the reason of the transport",
    "this wire has no digests: its reason is a data phase error",
  ],
  [
    "WRITE ATOMIC changes nothing when not all of its data come",
    "the same",
  ],
  [
    "A delay of data moves leaves alone what moves none",
    "Data-Out is asked for first: the read comes to the store before the write",
  ],
  ["HEAD OF QUEUE goes ahead of what waits", "the same"],
  ...[
    "READ CAPACITY(10) says FFFFFFFFh when it cannot tell",
    "READ and WRITE beyond the end name the first block that is not there",
  ].map((name) =>
    [name, "sense data in fixed format hold no LBA beyond 32 bits"] as const
  ),
  ...[
    "A write blocks a read, and the trace says so",
    "A reset ends waits, and waits itself",
    "A store that answers at once is no wait; a slow initiator is one",
    "What has begun in a trace ends in it, although the trace was stopped",
  ].map((name) =>
    [name, "the trace tells of another transport: frontends/camtgt"] as const
  ),
]);

useWire({ join: joinCamtgt, prefix: "camtgt: ", exceptions: EXCEPTIONS });

const files = [...Deno.readDirSync(FOLDER)].map(({ name }) => name)
  .filter((name) => name.endsWith("_test.ts") && name !== "runner_test.ts");
for (const file of files.sort()) await import(new URL(file, FOLDER).href);

Deno.test("camtgt: every exception of the stories is needed", () => {
  assertEquals(needlessExceptions(), []);
  assertEquals(files.length > 30, true);
});
