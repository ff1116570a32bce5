/**
 * Targets against libiscsi's conformance suite, with a LUN of each daily kind:
 * what `passes.tsv` holds passes, and nothing fails but what
 * `exceptions.tsv` explains. `deno task conformance` runs all kinds.
 */

import { assertEquals } from "@std/assert";
import { LUN_KINDS } from "./lun_kinds.ts";
import { faultsOf, readLists, runMatrix } from "./matrix.ts";

/** The tests mostly wait: so many targets share two processors well. */
const PARALLEL = 4;

Deno.test("iscsi-test-cu on LUNs of the daily kinds", async (test) => {
  const kinds = LUN_KINDS.filter(({ daily }) => daily);
  const lists = await readLists();
  const runs = await runMatrix(kinds, { parallel: PARALLEL });
  for (const run of runs) {
    await test.step(run.kind.name, () => {
      assertEquals(faultsOf(run, lists), []);
    });
  }
});
