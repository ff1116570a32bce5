/**
 * POPULATE TOKEN (SBC-3 5.16): a token for the data of some blocks. Nothing is
 * moved.
 *
 * @module
 */

import {
  type Completion,
  type LogicalUnit,
  type MaybePromise,
  type ScsiTask,
  STATUS,
  withParameters,
} from "../../../core/mod.ts";
import { CopyOperation } from "../operations.ts";
import { carryOut } from "./carry_out.ts";
import { rodTypeOf } from "./rod_token.ts";
import type { RodTokens } from "./rod_tokens.ts";
import {
  blocksOf,
  checkPopulateLength,
  decodePopulate,
  type PopulateParameters,
} from "./token_parameters.ts";

/** LIST IDENTIFIER and PARAMETER LIST LENGTH of commands on tokens. */
export const TokenCdbAt = { LIST_ID: 6, LENGTH: 10 } as const;

/** Runs POPULATE TOKEN. */
export function populateToken(
  tokens: RodTokens,
  task: ScsiTask,
  unit: LogicalUnit,
): MaybePromise<Completion> {
  const length = task.cdb.getUint32(TokenCdbAt.LENGTH);
  const wrong = checkPopulateLength(length);
  if (wrong !== null) return wrong;
  return withParameters(task, length, (list) => {
    const parameters = decodePopulate(list, unit.geometry.blockCount);
    if ("key" in parameters) return parameters;
    return begin(tokens, task, unit, parameters);
  });
}

function begin(
  tokens: RodTokens,
  task: ScsiTask,
  unit: LogicalUnit,
  parameters: PopulateParameters,
): MaybePromise<Completion> {
  const { manager } = tokens;
  const operation = manager.operations.begin({
    ...{ unit, asker: task.nexus, kind: "POPULATE TOKEN" },
    listId: task.cdb.getUint32(TokenCdbAt.LIST_ID),
    background: parameters.immediate,
  });
  if (!(operation instanceof CopyOperation)) return operation;
  operation.route = `LUN ${unit.number} to a token`;
  return carryOut(
    manager,
    task,
    operation,
    () => populate(tokens, operation, parameters),
  );
}

async function populate(
  tokens: RodTokens,
  operation: CopyOperation,
  parameters: PopulateParameters,
): Promise<Completion> {
  const token = await tokens.make(operation, parameters);
  if (typeof token === "number" || "key" in token) return token;
  operation.token = token.bytes;
  operation.blocks = blocksOf(token.ranges);
  operation.how = wordsOf(rodTypeOf(token.bytes));
  return STATUS.GOOD;
}

function wordsOf(rodType: number): string {
  return `ROD type ${rodType.toString(16).padStart(8, "0")}h`;
}
