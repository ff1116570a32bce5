/**
 * RECEIVE ROD TOKEN INFORMATION and REPORT ALL ROD TOKENS (SPC-4 6.28, 6.36).
 *
 * @module
 */

import {
  type Completion,
  invalidFieldInCdb,
  type LogicalUnit,
  type MaybePromise,
  reply,
  type ScsiTask,
} from "../../../core/mod.ts";
import { mayTouch } from "../access.ts";
import {
  longListId,
  putBytes,
  STATUS_LENGTH,
  writeStatus,
} from "../receive_results.ts";
import { bytesOfSense } from "../sense.ts";
import { MANAGEMENT_TOKEN_LENGTH, ROD_TOKEN_LENGTH } from "./rod_token.ts";
import type { RodTokens } from "./rod_tokens.ts";

/** Tokens that REPORT ALL ROD TOKENS tells of. */
export const REPORTED_TOKENS_MAX = 512;

const CdbAt = { LIST_ID: 2, ALLOCATION_LENGTH: 10 } as const;

const LOGICAL_BLOCKS = 0xf1;
/** AVAILABLE DATA and the like do not count themselves. */
const LENGTH_FIELD = 4;
/** ROD token descriptor: two bytes that say nothing, and the token. */
const DESCRIPTOR_LENGTH = 2 + ROD_TOKEN_LENGTH;

/** Runs RECEIVE ROD TOKEN INFORMATION: the result is told once. */
export function receiveRodTokenInformation(
  { manager }: RodTokens,
  task: ScsiTask,
  unit: LogicalUnit,
): MaybePromise<Completion> {
  const { operations } = manager;
  const listId = longListId(task);
  const operation = operations.find(unit, task.nexus, listId);
  if (operation === null) return invalidFieldInCdb(CdbAt.LIST_ID);
  if (operation.state !== "running") operations.forget(operation);
  const sense = bytesOfSense(operation.completion);
  const { token, blocks } = operation;
  const descriptors = token === null ? 0 : DESCRIPTOR_LENGTH;
  const at = STATUS_LENGTH + sense.length;
  const lengthBytes = at + LENGTH_FIELD + descriptors;
  const transferred = { units: LOGICAL_BLOCKS, count: blocks };
  return answer(task, lengthBytes, (view) => {
    writeStatus(view, operation, transferred, { sense, lengthBytes });
    view.setUint32(at, descriptors);
    if (token !== null) putBytes(view, at + LENGTH_FIELD + 2, token);
  });
}

/** Runs REPORT ALL ROD TOKENS: those of units that the nexus may read. */
export function reportAllRodTokens(
  tokens: RodTokens,
  task: ScsiTask,
  receiver: LogicalUnit,
): MaybePromise<Completion> {
  const known = tokens.all()
    .filter(({ unit, revoked }) =>
      !revoked && mayTouch(unit, task.nexus, receiver)
    )
    .slice(-REPORTED_TOKENS_MAX);
  const length = 8 + known.length * MANAGEMENT_TOKEN_LENGTH;
  return answer(task, length, (view) => {
    for (const [index, { bytes }] of known.entries()) {
      const shown = bytes.subarray(0, MANAGEMENT_TOKEN_LENGTH);
      putBytes(view, 8 + index * MANAGEMENT_TOKEN_LENGTH, shown);
    }
  });
}

function answer(
  task: ScsiTask,
  length: number,
  write: (view: DataView) => void,
): MaybePromise<Completion> {
  const allocationLength = task.cdb.getUint32(CdbAt.ALLOCATION_LENGTH);
  return reply(task, length, allocationLength, (view) => {
    view.setUint32(0, length - LENGTH_FIELD);
    write(view);
  });
}
