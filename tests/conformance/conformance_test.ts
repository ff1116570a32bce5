/**
 * The quick target against libiscsi's conformance suite: a RAM disk and a
 * file with the native adapter, both thin and with physical blocks of eight
 * logical ones. What `passes.tsv` holds passes, and nothing fails.
 */

import { assertEquals } from "@std/assert";
import { daemonFolder } from "../support/daemon.ts";
import { compareWithList } from "./pass_list.ts";
import { formatComparison } from "./report.ts";
import { runConformance } from "./run_conformance.ts";

const LIST = new URL("passes.tsv", import.meta.url);

/** LUNs of the quick target by their column in the list. */
const LUNS: Readonly<Record<string, number>> = { ram: 0, file: 1 };

for (const [kind, lun] of Object.entries(LUNS)) {
  Deno.test(`iscsi-test-cu on a LUN of kind ${kind}`, async () => {
    await using folder = await daemonFolder();
    const target = await folder.startNative("--port", "0");
    const line = await target.waitForLine(/ iscsi-inq /);
    const [, portal = "", iqn = ""] = /iscsi:\/\/(.+)\/(.+)\/0/.exec(line) ??
      [];
    const results = await runConformance({ portal, iqn, lun });
    const failed = results.filter(({ result }) => result === "FAILED");
    assertEquals(failed, []);
    const list = await Deno.readTextFile(LIST);
    const { regressions, missing } = compareWithList(results, list, kind);
    const worse = { regressions, missing, improvements: [] };
    assertEquals(formatComparison(worse), "");
  });
}
