/**
 * Words for outcomes of commands and for operation codes.
 *
 * @module
 */

import { OUTCOME, SENSE_KEY, UNKNOWN_OPCODE } from "../../mod.ts";

const WORDS: ReadonlyMap<number, string> = new Map(
  Object.entries({ ...SENSE_KEY, ...OUTCOME })
    .map(([name, code]) => [code, name.toLowerCase()]),
);

/** Labels of an outcome: its status, for CHECK CONDITION its sense key. */
export function outcomeLabels(outcome: number): Record<string, string> {
  const word = WORDS.get(outcome) ?? outcome.toString(16);
  return outcome < OUTCOME.GOOD
    ? { status: "check_condition", sense_key: word }
    : { status: word };
}

/** An operation code in two hexadecimal digits. */
export function opcodeLabel(opcode: number): string {
  return opcode === UNKNOWN_OPCODE
    ? "unknown"
    : opcode.toString(16).padStart(2, "0");
}
