import fc from "fast-check";
import { LUN_REPORT_LUNS } from "../../core/mod.ts";
import { COMMAND_PLAN, type CommandPlan, LIST_PLAN } from "./command_plan.ts";
import { ATTRIBUTES, CoreRig, LUNS_TRIED, type Step } from "./core_rig.ts";
import { fuzzTest, MEAN_SHARE } from "./settings.ts";

const BY = fc.nat(1);
const LUN = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(0, 5) },
  { weight: 2, arbitrary: fc.nat(LUNS_TRIED - 1) },
  { weight: 1, arbitrary: fc.constant(LUN_REPORT_LUNS) },
);

function command(plan: fc.Arbitrary<CommandPlan>): fc.Arbitrary<Step> {
  return fc.record({
    kind: fc.constant("command"),
    by: BY,
    lun: LUN,
    plan,
    attribute: fc.constantFrom(...ATTRIBUTES),
    immediate: fc.constantFrom(8, 8, 8, 4, 0),
  });
}

const OTHER: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant("function"),
    by: BY,
    lun: LUN,
    what: fc.nat(9),
    back: fc.nat(8),
  }),
  fc.record({ kind: fc.constantFrom("hold", "resume", "leave"), by: BY }),
  fc.record({
    kind: fc.constant("room"),
    by: BY,
    bytes: fc.constantFrom(100, 512, 5000, 65536),
  }),
  fc.record({
    kind: fc.constant("unit"),
    lun: LUN,
    blocks: fc.constantFrom(0, 256, 512, 1024, 1024),
  }),
  fc.record({ kind: fc.constant("answer"), holding: fc.boolean() }),
  fc.record({ kind: fc.constant("wait"), ms: fc.nat(10_000) }),
);

/** Long runs: most of the time of short ones goes into making targets. */
const STEPS_MAX = 160;

function steps(plan: fc.Arbitrary<CommandPlan>): fc.Arbitrary<Step[]> {
  return fc.array(
    fc.oneof(
      { weight: 9, arbitrary: command(plan) },
      { weight: 1, arbitrary: OTHER },
    ),
    { maxLength: STEPS_MAX, size: "max" },
  );
}

async function play(steps: readonly Step[]): Promise<void> {
  const rig = await CoreRig.create();
  for (const step of steps) rig.take(step);
  await rig.finish();
}

const CASES_PER_RUN = STEPS_MAX * MEAN_SHARE;

fuzzTest(
  "A target answers every CDB, and meets no defect",
  { share: 1, casesPerRun: CASES_PER_RUN },
  fc.asyncProperty(steps(COMMAND_PLAN), play),
);

fuzzTest(
  "A target answers every parameter list, and meets no defect",
  { share: 0.3, casesPerRun: CASES_PER_RUN },
  fc.asyncProperty(steps(LIST_PLAN), play),
);
