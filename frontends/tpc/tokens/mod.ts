/**
 * Commands on ROD tokens (SBC-3 5.16, 5.53; SPC-4 6.28, 6.36), by which
 * Windows copies (Offloaded Data Transfer).
 *
 * @module
 */

import {
  type CommandDefinition,
  type Completion,
  FLAG,
  FOR,
  type LogicalUnit,
  type MaybePromise,
  PATTERN,
  type ScsiTask,
  SERIALIZATION,
} from "../../../core/mod.ts";
import { populateToken } from "./populate_token.ts";
import {
  receiveRodTokenInformation,
  reportAllRodTokens,
} from "./rod_token_reports.ts";
import type { RodTokens } from "./rod_tokens.ts";
import { writeUsingToken } from "./write_using_token.ts";

export { hasSnapshots } from "./capture.ts";
export { RodTokens } from "./rod_tokens.ts";
export {
  blockDeviceRodLimits,
  rodTokenFeatures,
  supportedRodTypes,
} from "./token_vpd.ts";

const OUT = {
  opcode: 0x83,
  deviceTypes: FOR.DISK,
  serialization: SERIALIZATION.READ_CAPACITY,
  direction: "out",
  pattern: PATTERN.NONE,
} as const;

const IN = {
  opcode: 0x84,
  deviceTypes: FOR.ALL,
  serialization: SERIALIZATION.READ_CAPACITY,
  direction: "in",
  flags: FLAG.NO_MEDIUM | FLAG.PERSISTENT,
  pattern: PATTERN.NONE,
} as const;

type TokenCommand = (
  tokens: RodTokens,
  task: ScsiTask,
  unit: LogicalUnit,
) => MaybePromise<Completion>;

/** The commands on the tokens of a target. */
export function tokenCommands(
  tokens: RodTokens,
): readonly CommandDefinition[] {
  const by = (command: TokenCommand) => ({
    execute: (task: ScsiTask, unit: LogicalUnit) => command(tokens, task, unit),
  });
  return [
    {
      ...OUT,
      name: "POPULATE TOKEN",
      serviceAction: 0x10,
      usage: "10 00000000 ffffffff ffffffff 00 07",
      flags: FLAG.WRITE_EXCLUSIVE,
      ...by(populateToken),
    },
    {
      ...OUT,
      name: "WRITE USING TOKEN",
      serviceAction: 0x11,
      usage: "11 00000000 ffffffff ffffffff 00 07",
      flags: 0,
      ...by(writeUsingToken),
    },
    {
      ...IN,
      name: "RECEIVE ROD TOKEN INFORMATION",
      serviceAction: 0x07,
      usage: "07 ffffffff 00000000 ffffffff 00 07",
      ...by(receiveRodTokenInformation),
    },
    {
      ...IN,
      name: "REPORT ALL ROD TOKENS",
      serviceAction: 0x08,
      usage: "08 0000000000000000 ffffffff 00 07",
      ...by(reportAllRodTokens),
    },
  ];
}
