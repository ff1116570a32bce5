/**
 * What the rows of PERSISTENT RESERVE IN and OUT share.
 *
 * @module
 */

import { FOR } from "../device_type.ts";
import { type CommandDefinition, FLAG, PATTERN } from "./command_row.ts";

/**
 * They run whatever anybody holds; while there is a RESERVE, they themselves
 * say that they conflict, even for its holder.
 */
export const PERSISTENT_RESERVE_ROW: Pick<
  CommandDefinition,
  "deviceTypes" | "flags" | "pattern"
> = {
  deviceTypes: FOR.ALL,
  flags: FLAG.RESERVED | FLAG.NO_MEDIUM | FLAG.STANDBY | FLAG.PERSISTENT,
  pattern: PATTERN.NONE,
};
