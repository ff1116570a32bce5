/**
 * How commands would be judged if they came now: the same functions that judge
 * them, asked without a command. Nothing is changed or reported by it.
 *
 * @module
 */

import type { CommandRow } from "./commands/command_table.ts";
import {
  dueAttention,
  judgeAccess,
  judgeReservations,
  judgeUnitState,
  offers,
} from "./judgement.ts";
import type { LogicalUnit } from "./logical_unit.ts";
import type { ItlNexus } from "./nexus.ts";
import type { Sender } from "./reservations.ts";
import { type Completion, INVALID_COMMAND_OPERATION_CODE } from "./sense.ts";
import { FIRST_CONTACT, RESET_CONDITIONS } from "./unit_attention.ts";

/** Steps of judgement that can refuse a command. */
export type JudgementStep =
  | "command"
  | "unit attention"
  | "access state"
  | "reservation"
  | "unit state";

/** Something that would refuse a command. */
export interface Obstacle {
  /** The step that would. */
  readonly step: JudgementStep;
  /** How the command would end. */
  readonly completion: Completion;
}

/**
 * What would refuse a command to a unit, in the order of judgement; the first
 * of them is what its initiator would be told.
 *
 * @param sender its nexus, or the name of one that does not exist now
 * @param itl what that nexus knows of the unit; null: it has not met it
 */
export function foresee(
  row: CommandRow,
  unit: LogicalUnit,
  sender: Sender,
  itl: ItlNexus | null,
): Obstacle[] {
  const pending = itl?.pending ?? FIRST_CONTACT;
  const attention = (conditions: number) => {
    const condition = dueAttention(pending, row, conditions);
    return condition === 0 ? null : unit.attentionSense(condition);
  };
  const steps: readonly (readonly [JudgementStep, Completion | null])[] = [
    ["command", offers(unit, row) ? null : INVALID_COMMAND_OPERATION_CODE],
    ["unit attention", attention(RESET_CONDITIONS)],
    ["access state", judgeAccess(unit.access, row)],
    ["reservation", judgeReservations(unit, row, sender)],
    ["unit attention", attention(~RESET_CONDITIONS)],
    ["unit state", judgeUnitState(unit, row)],
  ];
  return steps.flatMap(([step, completion]) =>
    completion === null ? [] : [{ step, completion }]
  );
}
