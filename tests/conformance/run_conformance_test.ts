import { assertEquals, assertRejects } from "@std/assert";
import {
  type ConformanceOptions,
  type ConformanceResult,
  runConformance,
} from "./run_conformance.ts";

/** Stands in for `iscsi-test-cu`: a test hangs, another one dies. */
const TOOL = `#!/bin/sh
say() { printf '  Test: %s ...%s\\n' "$1" "$2"; }
hang() { printf '  Test: Hangs ...    [FAILED] no answer\\n'; exec sleep 60; }
for word in "$@"; do
  case $word in
    -l) for test in Good.A Good.B Bad.First Bad.Hangs Bad.Dies Bad.Last \\
          MultipathIO.Two; do echo ALL.$test; done ;;
    --test=ALL.Good) say A passed; say B FAILED; exit 0 ;;
    --test=ALL.Bad) say First passed; hang ;;
    --test=ALL.Bad.Hangs) hang ;;
    --test=ALL.Bad.Dies) echo 'cannot log in'; kill -SEGV $$ ;;
    --test=ALL.Bad.Last) say Last passed ;;
    --test=ALL.MultipathIO) [ "$4" != "$5" ] && say Two passed ;;
  esac
done
exit 0
`;

async function runFake(
  options: Partial<ConformanceOptions>,
): Promise<ConformanceResult[]> {
  const folder = await Deno.makeTempDir();
  try {
    const tool = `${folder}/tool`;
    await Deno.writeTextFile(tool, TOOL, { mode: 0o755 });
    return await runConformance({
      portal: "127.0.0.1:1",
      iqn: "iqn.a",
      lun: 0,
      url2: "iscsi://127.0.0.1:2/iqn.a/0",
      tool,
      inquiryTool: "true",
      perFamilyTimeoutMs: 1000,
      perTestTimeoutMs: 1000,
      ...options,
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function rows(results: readonly ConformanceResult[]): string[] {
  return results.map(({ family, test, result, detail }) =>
    `${family}.${test} ${result} ${detail}`.trim()
  );
}

const ALL = [
  "Good.A PASSED",
  "Good.B FAILED",
  "Bad.First PASSED",
  "Bad.Hangs FAILED timeout after 1 s; no answer",
  "Bad.Dies FAILED process ended with SIGSEGV; set-up: cannot log in",
  "Bad.Last PASSED",
  "MultipathIO.Two PASSED",
];

for (const parallel of [1, 3]) {
  Deno.test(`runConformance() outlives bad tests, by ${parallel}`, async () => {
    assertEquals(rows(await runFake({ parallel })), ALL);
  });
}

Deno.test("runConformance() runs only what is chosen", async () => {
  const results = await runFake({ families: /Good/, exclude: /^Good\.B$/ });
  assertEquals(rows(results), ["Good.A PASSED"]);
});

Deno.test("runConformance() refuses a target that is not there", async () => {
  await assertRejects(() => runFake({ inquiryTool: "false" }));
});

Deno.test("runConformance() brings a dead target back", async () => {
  let count = 0;
  const folder = await Deno.makeTempDir();
  const inquiryTool = `${folder}/inquiry`;
  const restart = async () => {
    count += 1;
    await Deno.writeTextFile(inquiryTool, "#!/bin/sh\nexit 0\n");
    return true;
  };
  await Deno.writeTextFile(inquiryTool, "#!/bin/sh\nexit 1\n", { mode: 0o755 });
  const families = /Good/;
  const results = await runFake({ families, inquiryTool, restart });
  await Deno.remove(folder, { recursive: true });
  assertEquals([rows(results), count], [ALL.slice(0, 2), 1]);
});

Deno.test("runConformance() counts what is left when time is up", async () => {
  const results = await runFake({ families: /Good/, budgetMs: 0 });
  assertEquals(rows(results), [
    "Good.A FAILED not run: time budget spent",
    "Good.B FAILED not run: time budget spent",
  ]);
});
