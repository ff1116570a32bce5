/**
 * Which units a copy may touch.
 *
 * @module
 */

import {
  flagOption,
  type LogicalUnit,
  type Nexus,
  OptionProblem,
  type OptionTable,
  parseOptions,
} from "../../core/mod.ts";

/** Options of a LUN that concern copies. */
interface CopyOptions {
  readonly insecure_tpc: boolean;
}

/** The options that this plugin looks for in those of a LUN. */
export const COPY_OPTIONS: OptionTable<CopyOptions> = {
  insecure_tpc: flagOption(
    false,
    "copies that this LUN is asked for may touch LUNs that the initiator " +
      "does not see",
  ),
};

/** What is wrong with the options of a unit; null: nothing. */
export function problemOfOptions(unit: LogicalUnit): string | null {
  const options = parseOptions(COPY_OPTIONS, unit.rawOptions);
  return options instanceof OptionProblem ? options.message : null;
}

/** Whether a unit that was asked for a copy lets it touch any other unit. */
export function isInsecure(unit: LogicalUnit): boolean {
  const options = parseOptions(COPY_OPTIONS, unit.rawOptions);
  return !(options instanceof OptionProblem) && options.insecure_tpc;
}

/**
 * Whether a copy may touch a unit: the port of the asking nexus maps it, or
 * the unit that received the command is insecure.
 */
export function mayTouch(
  unit: LogicalUnit,
  asker: Nexus,
  receiver: LogicalUnit,
): boolean {
  return unit === receiver || asker.port.maps(unit) || isInsecure(receiver);
}
