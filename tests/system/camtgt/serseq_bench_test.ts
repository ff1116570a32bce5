import { assertEquals, assertMatch } from "@std/assert";
import { ROOT } from "../../support/daemon.ts";
import { runTool } from "../../support/process.ts";

for (const wire of [[], ["--tcp"]]) {
  Deno.test(`early unblock gains on a slow wire ${wire}`, async () => {
    const { code, stdout, stderr } = await runTool(Deno.execPath(), [
      ...["run", "-A", "--quiet", "--no-prompt", "--frozen"],
      ...["--config", `${ROOT}deno.json`, `${ROOT}tests/bench/serseq.ts`],
      ...["--seconds", "0.3", "--rounds", "3", ...wire],
    ], { timeoutMs: 120_000 });
    assertEquals([code, stderr], [0, ""], stdout);
    assertMatch(stdout, /^gain \d+\.\d\d \(at least 1\.8\)$/m);
    assertMatch(stdout, /^0 of \d+ reads began out of order$/m);
  });
}
