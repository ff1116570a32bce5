import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Configuration } from "../../../../ctladm/conf/model.ts";
import {
  NOTHING_RUNS,
  planReload,
  runningAfter,
} from "../../../../ctladm/conf/plan.ts";
import type { Step } from "../../../../ctladm/conf/steps.ts";
import { emptyConfiguration } from "../../../../ctladm/conf/validate.ts";
import { FILE, fileText, targetPart, TARGETS } from "./arbitrary.ts";
import { configured } from "./support.ts";
import {
  take,
  type ToyState,
  toyState,
  toyStateOf,
  withSockets,
} from "./toy_daemon.ts";

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

/** Whether a step succeeds. */
const LUCK = fc.integer({ min: 0, max: 4 }).map((value) => value > 0);

Deno.test("planReload() has nothing to do without a change", () => {
  fc.assert(fc.property(FILE, (parts) => {
    const text = fileText(parts);
    const { after: running } = planReload(NOTHING_RUNS, configured(text));
    const plan = planReload(running, configured(text));
    assertEquals(plan, { steps: [], after: running });
  }));
});

Deno.test("planReload() leads from any state to any other", () => {
  fc.assert(
    fc.property(fc.array(CONFIGURATION, { minLength: 1 }), (wishes) => {
      const state = toyState();
      let running = NOTHING_RUNS;
      for (const wanted of wishes) {
        const { steps, after } = planReload(running, wanted);
        take(state, steps);
        running = after;
        assertEquals(state, withSockets(toyStateOf(wanted, after.tags)));
      }
    }),
    { numRuns: 200 },
  );
});

Deno.test("runningAfter() lets the next reload do what failed", () => {
  const wishes = fc.array(fc.tuple(CONFIGURATION, fc.infiniteStream(LUCK)), {
    minLength: 1,
    maxLength: 4,
  });
  fc.assert(
    fc.property(wishes, CONFIGURATION, (wishes, last) => {
      const state = toyState();
      let running = NOTHING_RUNS;
      for (const [wanted, luck] of wishes) {
        const plan = planReload(running, wanted);
        const failed = plan.steps.filter((step) =>
          !attempt(state, step, luck.next().value === true)
        );
        running = runningAfter(running, plan, new Set(failed));
      }
      const { steps, after } = planReload(running, last);
      take(state, steps);
      assertEquals(state, withSockets(toyStateOf(last, after.tags)));
    }),
    { numRuns: 300 },
  );
});

/** Takes a step if luck allows, and if what it needs is there. */
function attempt(state: ToyState, step: Step, luck: boolean): boolean {
  const canFail = step.kind !== "update-settings";
  if (canFail && !luck) return false;
  try {
    take(state, [step]);
    return true;
  } catch (error) {
    assert(error instanceof Error && error.name === "AssertionError");
    return false;
  }
}

Deno.test("planReload() ends everything for an empty configuration", () => {
  fc.assert(fc.property(CONFIGURATION, (configuration) => {
    const start = planReload(NOTHING_RUNS, configuration);
    const end = planReload(start.after, emptyConfiguration(configuration));
    const state = take(take(toyState(), start.steps), end.steps);
    assertEquals(state, { ...toyState(), settings: state.settings });
    assert(end.steps.every(({ kind }) => kind !== "update-settings"));
  }));
});

Deno.test("planReload() leaves other targets alone", () => {
  fc.assert(
    fc.property(EDIT, ({ name, before, after }) => {
      const start = planReload(NOTHING_RUNS, configured(fileText(before)));
      const wanted = configured(fileText(after));
      const used = new Set(
        [...wanted.targets.values()].filter((target) => target.name !== name)
          .flatMap((target) =>
            target.portalGroups.map((link) => link.portalGroup)
          ),
      );
      for (const step of planReload(start.after, wanted).steps) {
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
