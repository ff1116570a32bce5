/**
 * libiscsi's conformance suite through the secondary of a pair, and with one
 * path to each node: it finds the same disk as where a node stands alone.
 */

import { assertEquals } from "@std/assert";
import type { HaMode } from "../../ha/link/peer_hello.ts";
import { DaemonPair, PAIR_TARGET } from "../support/ha/daemon_pair.ts";
import { SIZE_BYTES } from "./lun_kinds.ts";
import { readLists } from "./matrix.ts";
import { compareWithList } from "./pass_list.ts";
import { formatSummary } from "./report.ts";
import { runConformance } from "./run_conformance.ts";

/** What a LUN in a file does that a lone daemon without native code has. */
const COLUMN = "file-plain";

async function passesThroughSecondary(mode: HaMode): Promise<void> {
  await using pair = await DaemonPair.start({ mode, diskBytes: SIZE_BYTES });
  const results = await runConformance({
    portal: `127.0.0.1:${pair.two.port}`,
    iqn: PAIR_TARGET,
    lun: 0,
    url2: pair.one.url,
  });
  console.log(`${mode}: ${formatSummary(results)}`);
  const failed = results.filter(({ result }) => result === "FAILED");
  assertEquals(failed, [], pair.describe());
  const { passes } = await readLists();
  assertEquals(compareWithList(results, passes, COLUMN).regressions, []);
}

Deno.test("iscsi-test-cu through the secondary of a pair", async (test) => {
  await Promise.all((["shared", "proxy"] as const).map((mode) =>
    test.step({
      name: mode,
      fn: () => passesThroughSecondary(mode),
      sanitizeOps: false,
      sanitizeResources: false,
      sanitizeExit: false,
    })
  ));
});
