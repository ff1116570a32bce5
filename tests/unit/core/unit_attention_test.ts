import { assertEquals } from "@std/assert";
import {
  afterReporting,
  firstCondition,
  RESET_CONDITIONS,
  senseOfCondition,
  STATUS,
  UNIT_ATTENTION,
} from "../../../core/mod.ts";
import { targetTest } from "../../support/core_target.ts";

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
  [UNIT_ATTENTION.COMMANDS_CLEARED, "2f/00"],
  [UNIT_ATTENTION.INFORMATIONAL_EXCEPTION, "5d/ff"],
  [UNIT_ATTENTION.PREVIOUS_BUSY, "2c/07"],
  [UNIT_ATTENTION.PREVIOUS_TASK_SET_FULL, "2c/08"],
  [UNIT_ATTENTION.PREVIOUS_RESERVATION_CONFLICT, "2c/09"],
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

targetTest("Every condition is told once, with its codes", async (test) => {
  const unit = await test.addLun();
  const a = await test.connectReady("a");
  const hear = async () => (await a.command(0, [0, 0, 0, 0, 0, 0])).sense;
  for (const [condition, codes] of CODES) {
    unit.raise(condition);
    assertEquals([await hear(), await hear()], [`6/${codes}`, ""]);
  }
});

targetTest("Several conditions are told in their order", async (test) => {
  const unit = await test.addLun();
  const a = await test.connectReady("a");
  const others = CODES.filter(([bit]) => (bit & RESET_CONDITIONS) === 0);
  for (const [condition] of others.toReversed()) unit.raise(condition);
  for (const [, codes] of others) {
    const { sense } = await a.command(0, [0, 0, 0, 0, 0, 0]);
    assertEquals(sense, `6/${codes}`);
  }
  const { status } = await a.command(0, [0, 0, 0, 0, 0, 0]);
  assertEquals(status, STATUS.GOOD);
});
