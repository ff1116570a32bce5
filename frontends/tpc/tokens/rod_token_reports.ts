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
import type { CopyOperation } from "../operations.ts";
import { bytesOfSense } from "../sense.ts";
import { MANAGEMENT_TOKEN_LENGTH, ROD_TOKEN_LENGTH } from "./rod_token.ts";
import type { RodTokens } from "./rod_tokens.ts";

/** Tokens that REPORT ALL ROD TOKENS tells of. */
export const REPORTED_TOKENS_MAX = 512;

const CdbAt = { LIST_ID: 2, ALLOCATION_LENGTH: 10 } as const;

const At = {
  SERVICE_ACTION: 4,
  STATUS: 5,
  OPERATION_COUNTER: 6,
  UPDATE_DELAY: 8,
  SENSE_FIELD_LENGTH: 13,
  SENSE_LENGTH: 14,
  UNITS: 15,
  TRANSFER_COUNT: 16,
  SENSE: 32,
} as const;

const SERVICE_ACTION = 0x07;
const LOGICAL_BLOCKS = 0xf1;
const UNKNOWN_DELAY = 0xffffffff;
/** AVAILABLE DATA and the like do not count themselves. */
const LENGTH_FIELD = 4;
/** ROD token descriptor: two bytes that say nothing, and the token. */
const DESCRIPTOR_LENGTH = 2 + ROD_TOKEN_LENGTH;

/** COPY OPERATION STATUS (SPC-4 6.24.2). */
const OPERATION_STATUS = {
  completed: 0x01,
  failed: 0x02,
  aborted: 0x60,
  foreground: 0x11,
  background: 0x12,
} as const;

/** Runs RECEIVE ROD TOKEN INFORMATION: the result is told once. */
export function receiveRodTokenInformation(
  { manager }: RodTokens,
  task: ScsiTask,
  unit: LogicalUnit,
): MaybePromise<Completion> {
  const { operations } = manager;
  const listId = task.cdb.getUint32(CdbAt.LIST_ID);
  const operation = operations.find(unit, task.nexus, listId);
  if (operation === null) return invalidFieldInCdb(CdbAt.LIST_ID);
  const sense = operation.state === "failed"
    ? bytesOfSense(operation.completion)
    : new Uint8Array(0);
  const descriptors = operation.token === null ? 0 : DESCRIPTOR_LENGTH;
  const length = At.SENSE + sense.length + LENGTH_FIELD + descriptors;
  if (operation.state !== "running") operations.forget(operation);
  return answer(task, length, (view) => {
    writeOperation(view, operation, sense);
    const at = At.SENSE + sense.length;
    view.setUint32(at, descriptors);
    putBytes(view, at + LENGTH_FIELD + 2, operation.token ?? new Uint8Array(0));
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

function writeOperation(
  view: DataView,
  operation: CopyOperation,
  sense: Uint8Array,
): void {
  view.setUint8(At.SERVICE_ACTION, SERVICE_ACTION);
  view.setUint8(At.STATUS, statusOf(operation));
  view.setUint16(At.OPERATION_COUNTER, operation.commands & 0xffff);
  view.setUint32(At.UPDATE_DELAY, UNKNOWN_DELAY);
  view.setUint8(At.SENSE_FIELD_LENGTH, sense.length);
  view.setUint8(At.SENSE_LENGTH, sense.length);
  view.setUint8(At.UNITS, LOGICAL_BLOCKS);
  view.setBigUint64(At.TRANSFER_COUNT, BigInt(operation.blocks));
  putBytes(view, At.SENSE, sense);
}

function statusOf({ state, status, background }: CopyOperation): number {
  if (status !== undefined) return status;
  if (state !== "running") return OPERATION_STATUS[state];
  return background ? OPERATION_STATUS.background : OPERATION_STATUS.foreground;
}

function putBytes(view: DataView, at: number, bytes: Uint8Array): void {
  bytes.forEach((byte, index) => view.setUint8(at + index, byte));
}
