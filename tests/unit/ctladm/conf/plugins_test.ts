import { assertEquals, assertStringIncludes } from "@std/assert";
import { parseUclConfiguration } from "../../../../ctladm/conf/ucl/configuration.ts";
import { NOTHING_RUNS, planReload } from "../../../../ctladm/conf/plan.ts";
import type { Step } from "../../../../ctladm/conf/steps.ts";
import { configured, refused } from "./support.ts";

const CLASSIC = `plugin iscsi
plugin /a.ts { option o 1 option p "two words" }
`;

const UCL_FORMS = [
  `plugin = iscsi
   plugin { "/a.ts" { options { o = 1; p = "two words" } } }`,
  `plugin iscsi {}
   plugin "/a.ts" { options { o = 1; p = "two words" } }`,
  `plugin = [iscsi, { "/a.ts" { options { o = 1; p = "two words" } } }]`,
];

Deno.test("plugin says the same in all its forms", () => {
  const { plugins } = configured(CLASSIC);
  assertEquals([...plugins.values()], [
    { name: "iscsi", options: new Map() },
    { name: "/a.ts", options: new Map([["o", "1"], ["p", "two words"]]) },
  ]);
  for (const text of UCL_FORMS) {
    const include = () => ({ text: "" });
    const outcome = parseUclConfiguration({ path: "ctl.conf", text, include });
    if ("error" in outcome) throw new TypeError(outcome.error);
    assertEquals(outcome.configuration.plugins, plugins, text);
  }
});

const WRONG: readonly (readonly [string, string])[] = [
  ["plugin a plugin a", 'duplicated plugin "a"'],
  ["plugin a plugin a { }", 'duplicated plugin "a"'],
  [
    "plugin a { option o 1 option o 2 }",
    'duplicated option "o" for plugin "a"',
  ],
  ["plugin a { path /x }", "syntax error"],
  ["plugin { }", "syntax error"],
];
for (const [text, message] of WRONG) {
  Deno.test(`${text} is refused`, () => {
    assertStringIncludes(refused(text), message);
  });
}

function stepText(step: Step): string {
  if (step.kind === "load-plugin") return `load ${step.plugin.name}`;
  if (step.kind === "unload-plugin") return `unload ${step.name}`;
  return step.kind;
}

function reload(before: string, after: string): string[] {
  const { after: running } = planReload(NOTHING_RUNS, configured(before));
  return planReload(running, configured(after)).steps.map(stepText);
}

function lun(size: string): string {
  return `lun x { backend /a.ts size ${size} }`;
}

Deno.test("plugins come before LUNs, and go behind them", () => {
  const both = `plugin /a.ts plugin /b.ts ${lun("1M")}`;
  assertEquals(reload("", both), [
    "load /a.ts",
    "load /b.ts",
    "create-lun",
  ]);
  assertEquals(reload(both, ""), [
    "remove-lun",
    "unload /b.ts",
    "unload /a.ts",
  ]);
  assertEquals(reload(both, both), []);
  const changed = `plugin /a.ts plugin /b.ts { option o 1 } ${lun("2M")}`;
  assertEquals(reload(both, changed), ["load /b.ts", "modify-lun"]);
});
