/**
 * Commands on ROD tokens (SBC-4 5.9, 5.46; SPC-5 6.29, 6.31).
 *
 * @module
 */

import type { CommandDefinition } from "../../../core/mod.ts";
import type { CopyManager } from "../copy_manager.ts";

/** The commands on tokens of a copy manager. */
export function tokenCommands(
  _manager: CopyManager,
): readonly CommandDefinition[] {
  return [];
}
