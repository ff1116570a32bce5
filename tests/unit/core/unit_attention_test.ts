import { assertEquals } from "@std/assert";
import {
  afterReporting,
  firstCondition,
  RESET_CONDITIONS,
  senseOfCondition,
  UNIT_ATTENTION,
} from "../../../core/mod.ts";

/** Conditions in their order, and their codes (task-model.md, 7). */
const CODES: readonly [number, string][] = [
  [UNIT_ATTENTION.POWER_ON, "29/00"],
  [UNIT_ATTENTION.BUS_RESET, "29/02"],
  [UNIT_ATTENTION.TARGET_RESET, "29/03"],
  [UNIT_ATTENTION.NEXUS_LOSS, "29/07"],
  [UNIT_ATTENTION.UNIT_RESET, "29/00"],
  [UNIT_ATTENTION.LUNS_CHANGED, "3f/0e"],
  [UNIT_ATTENTION.MODE_PARAMETERS_CHANGED, "2a/01"],
  [UNIT_ATTENTION.INQUIRY_DATA_CHANGED, "3f/03"],
  [UNIT_ATTENTION.RESERVATIONS_PREEMPTED, "2a/03"],
  [UNIT_ATTENTION.RESERVATIONS_RELEASED, "2a/04"],
  [UNIT_ATTENTION.REGISTRATIONS_PREEMPTED, "2a/05"],
  [UNIT_ATTENTION.ASYMMETRIC_ACCESS_CHANGED, "2a/06"],
  [UNIT_ATTENTION.CAPACITY_CHANGED, "2a/09"],
  [UNIT_ATTENTION.THRESHOLD_REACHED, "38/07"],
  [UNIT_ATTENTION.MEDIUM_CHANGED, "28/00"],
  [UNIT_ATTENTION.LOG_PARAMETERS_CHANGED, "2a/02"],
  [UNIT_ATTENTION.TIMESTAMP_CHANGED, "2a/10"],
  [UNIT_ATTENTION.DEVICE_IDENTIFIER_CHANGED, "3f/05"],
];

Deno.test("senseOfCondition() knows the codes of every condition", () => {
  assertEquals(CODES.length, Object.keys(UNIT_ATTENTION).length);
  for (const [condition, codes] of CODES) {
    const { key, asc, ascq } = senseOfCondition(condition);
    const hex = (code: number) => code.toString(16).padStart(2, "0");
    assertEquals([key, `${hex(asc)}/${hex(ascq)}`], [6, codes]);
  }
});

Deno.test("firstCondition() reports in the order of the table", () => {
  let pending = CODES.reduce((set, [condition]) => set | condition, 0);
  for (const [condition] of CODES) {
    assertEquals(firstCondition(pending), condition);
    pending &= ~condition;
  }
  assertEquals(firstCondition(0), 0);
});

Deno.test("afterReporting() lets a reset stand for all", () => {
  const all = CODES.reduce((set, [condition]) => set | condition, 0);
  for (const [condition] of CODES) {
    const isReset = (condition & RESET_CONDITIONS) !== 0;
    const left = isReset ? 0 : all & ~condition;
    assertEquals(afterReporting(all, condition), left);
  }
});
