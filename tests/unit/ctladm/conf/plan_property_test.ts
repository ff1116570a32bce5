import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Configuration } from "../../../../ctladm/conf/model.ts";
import { planReload } from "../../../../ctladm/conf/plan.ts";
import type { Step } from "../../../../ctladm/conf/steps.ts";
import { emptyConfiguration } from "../../../../ctladm/conf/validate.ts";
import { FILE, fileText, targetPart, TARGETS } from "./arbitrary.ts";
import { configured } from "./support.ts";
import { take, toyState, toyStateOf, withSockets } from "./toy_daemon.ts";

const CONFIGURATION: fc.Arbitrary<Configuration> = FILE.map((parts) =>
  configured(fileText(parts))
);

/** Two files, of which the second has another target of some index. */
const EDIT = fc.nat({ max: TARGETS.length - 1 }).chain((index) =>
  fc.tuple(FILE, targetPart(index)).map(([parts, part]) => ({
    name: TARGETS[index] ?? "",
    before: parts,
    after: { ...parts, targets: parts.targets.with(index, part) },
  }))
);

Deno.test("planReload() has nothing to do without a change", () => {
  fc.assert(fc.property(FILE, (parts) => {
    const text = fileText(parts);
    const running = configured(text);
    const { tags } = planReload(null, running);
    const plan = planReload(running, configured(text), tags);
    assertEquals(plan, { steps: [], tags });
    assertEquals(planReload(running, configured(text)), plan);
  }));
});

Deno.test("planReload() leads from any state to any other", () => {
  fc.assert(
    fc.property(fc.array(CONFIGURATION, { minLength: 1 }), (wishes) => {
      const state = toyState();
      let running: Configuration | null = null;
      let tags: ReadonlyMap<string, number> = new Map();
      for (const wanted of wishes) {
        const plan = planReload(running, wanted, tags);
        take(state, plan.steps);
        ({ tags } = plan);
        running = wanted;
        assertEquals(state, withSockets(toyStateOf(wanted, tags)));
      }
    }),
    { numRuns: 200 },
  );
});

Deno.test("planReload() ends everything for an empty configuration", () => {
  fc.assert(fc.property(CONFIGURATION, (running) => {
    const start = planReload(null, running);
    const end = planReload(running, emptyConfiguration(running), start.tags);
    const state = take(take(toyState(), start.steps), end.steps);
    assertEquals(state, { ...toyState(), settings: state.settings });
    assert(end.steps.every(({ kind }) => kind !== "update-settings"));
  }));
});

Deno.test("planReload() leaves other targets alone", () => {
  fc.assert(
    fc.property(EDIT, ({ name, before, after }) => {
      const running = configured(fileText(before));
      const wanted = configured(fileText(after));
      const { tags } = planReload(null, running);
      const used = new Set(
        [...wanted.targets.values()].filter((target) => target.name !== name)
          .flatMap((target) =>
            target.portalGroups.map((link) => link.portalGroup)
          ),
      );
      for (const step of planReload(running, wanted, tags).steps) {
        const { target, lun, portal } = touched(step);
        assert(target === undefined || target === name, step.kind);
        assert(lun === undefined || lun.startsWith(`${name},lun,`), step.kind);
        assert(portal === undefined || !used.has(portal), step.kind);
      }
    }),
    { numRuns: 300 },
  );
});

/** What a step has its hands on. */
function touched(
  step: Step,
): { target?: string; lun?: string; portal?: string } {
  switch (step.kind) {
    case "create-lun":
    case "modify-lun":
      return { lun: step.lun.name };
    case "remove-lun":
      return { lun: step.name };
    case "open-portal":
    case "close-portal":
      return { portal: step.portalGroup };
    case "set-portal-group":
      return { portal: step.portalGroup.name };
    case "remove-portal-group":
      return { portal: step.name };
    default:
      return "port" in step ? { target: step.port.target } : {};
  }
}
