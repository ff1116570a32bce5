/**
 * WRITE USING TOKEN (SBC-3 5.53): writes the data that a token stands for, or
 * zeroes.
 *
 * @module
 */

import {
  type BlockRange,
  type Completion,
  type LogicalUnit,
  type MaybePromise,
  type ScsiTask,
  STATUS,
  withParameters,
} from "../../../core/mod.ts";
import type { CopyOutcome, CopySource } from "../copy_engine.ts";
import { CopyOperation } from "../operations.ts";
import type { UnitShape } from "../shape.ts";
import { carryOut } from "./carry_out.ts";
import { completionOf } from "./completion.ts";
import { TokenCdbAt } from "./populate_token.ts";
import { blocksInToken, ROD_TYPE, rodTypeOf } from "./rod_token.ts";
import type { RodTokens } from "./rod_tokens.ts";
import { TokenImage } from "./token_image.ts";
import {
  blocksOf,
  checkWriteLength,
  decodeWrite,
  INVALID_PARAMETER_LIST,
  type WriteParameters,
} from "./token_parameters.ts";
import { SHORT_BYTES_MAX } from "./token_vpd.ts";
import { copyTargetDeviceDataUnderrun } from "./token_sense.ts";
import type { RodToken } from "./token_table.ts";

/**
 * Milliseconds after which a command that waits begins nothing more; what has
 * begun takes about as long again. A short one has more of them, so that it is
 * hardly ever cut, and yet ends before Windows gives up: after four seconds.
 */
export const TIME_SLICE_MS = { SHORT: 1500, LONG: 300 } as const;

/** Runs WRITE USING TOKEN. */
export function writeUsingToken(
  tokens: RodTokens,
  task: ScsiTask,
  unit: LogicalUnit,
): MaybePromise<Completion> {
  const length = task.cdb.getUint32(TokenCdbAt.LENGTH);
  const wrong = checkWriteLength(length);
  if (wrong !== null) return wrong;
  return withParameters(task, length, (list) => {
    const parameters = decodeWrite(list, unit.geometry.blockCount);
    if ("key" in parameters) return parameters;
    return begin(tokens, task, unit, parameters);
  });
}

function begin(
  tokens: RodTokens,
  task: ScsiTask,
  unit: LogicalUnit,
  parameters: WriteParameters,
): MaybePromise<Completion> {
  const { operations } = tokens.manager;
  const operation = operations.begin({
    ...{ unit, asker: task.nexus, kind: "WRITE USING TOKEN" },
    listId: task.cdb.getUint32(TokenCdbAt.LIST_ID),
    background: parameters.immediate,
  });
  if (!(operation instanceof CopyOperation)) return operation;
  operation.totalBytes = blocksOf(parameters.ranges) *
    unit.geometry.blockLength;
  const { token } = parameters;
  if (rodTypeOf(token) === ROD_TYPE.BLOCK_ZERO) {
    operation.route = `zeroes to LUN ${unit.number}`;
    const work = () => copy(tokens, operation, null, parameters);
    return carryOut(tokens.manager, task, operation, work);
  }
  const found = tokens.find(token, task.nexus, unit);
  if (typeof found === "number" || "key" in found) {
    operations.forget(operation);
    return found;
  }
  operation.route = `LUN ${found.unit.number} to LUN ${unit.number}`;
  const work = () => copyToken(tokens, operation, found, parameters);
  return carryOut(tokens.manager, task, operation, work);
}

async function copyToken(
  tokens: RodTokens,
  operation: CopyOperation,
  token: RodToken,
  parameters: WriteParameters,
): Promise<Completion> {
  using use = tokens.acquire(token, operation);
  const refusal = await tokens.checkAccess(token, operation);
  if (refusal !== STATUS.GOOD) return refusal;
  const source = sourceOf(token, parameters.offsetBlocks);
  const completion = await copy(tokens, operation, source, parameters);
  if (operation.partlyDone) return completion;
  use.deleted = parameters.deleteToken && completion === STATUS.GOOD;
  if (completion === STATUS.GOOD) return completion;
  return tokens.loss(token) ?? completion;
}

async function copy(
  { manager }: RodTokens,
  operation: CopyOperation,
  source: CopySource | null,
  { ranges, immediate }: WriteParameters,
): Promise<Completion> {
  const { unit } = operation;
  const { blockLength } = unit.geometry;
  const count = ({ bytes }: { readonly bytes: number }) => {
    operation.blocks = Math.floor(bytes / blockLength);
  };
  const sliceMs = TIME_SLICE_MS[isShort(operation) ? "SHORT" : "LONG"];
  const deadlineMs = operation.startedMs + sliceMs;
  const outcome = await manager.copy(operation, {
    ...{ source, destination: { unit, ranges }, onProgress: count },
    ...immediate ? {} : { deadlineMs },
  });
  count(outcome);
  operation.how = wordsOf(source, outcome);
  return endOf(operation, outcome);
}

function endOf(operation: CopyOperation, outcome: CopyOutcome): Completion {
  const { failure, bytes } = outcome;
  if (failure === null) {
    const tokenEndedFirst = bytes < (operation.totalBytes ?? 0);
    return tokenEndedFirst ? INVALID_PARAMETER_LIST : STATUS.GOOD;
  }
  switch (failure.cause) {
    case "time":
      operation.partlyDone = true;
      return isShort(operation)
        ? copyTargetDeviceDataUnderrun(operation.blocks)
        : STATUS.GOOD;
    case "granularity":
      return INVALID_PARAMETER_LIST;
    case "stopped":
      return STATUS.TASK_ABORTED;
    default:
      return completionOf(failure.result);
  }
}

function isShort({ totalBytes = 0 }: CopyOperation): boolean {
  return totalBytes <= SHORT_BYTES_MAX;
}

/** Where the data of a token come from, behind an offset into it. */
export function sourceOf(token: RodToken, offsetBlocks: number): CopySource {
  const { unit, data, ranges } = token;
  if (!(data instanceof TokenImage)) {
    const skipped = skipBlocks(ranges, offsetBlocks);
    const shape = unit.away ? shapeOfToken(token) : unit.geometry;
    return { unit, ranges: skipped, shape };
  }
  // They follow each other in the image, as they do in the token.
  let lba = 0;
  const inImage = ranges.map(({ blockCount }) => {
    lba += blockCount;
    return { lba: lba - blockCount, blockCount };
  });
  return { unit, image: data, ranges: skipBlocks(inImage, offsetBlocks) };
}

// The node that serves the unit has told it in the token.
function shapeOfToken({ bytes, ranges }: RodToken): UnitShape {
  const blockCount = Math.max(
    ...ranges.map((each) => each.lba + each.blockCount),
  );
  return { blockCount, ...blocksInToken(bytes) };
}

function skipBlocks(
  ranges: readonly BlockRange[],
  offsetBlocks: number,
): BlockRange[] {
  let left = offsetBlocks;
  const rest: BlockRange[] = [];
  for (const { lba, blockCount } of ranges) {
    const skipped = Math.min(left, blockCount);
    left -= skipped;
    if (skipped === blockCount) continue;
    rest.push({ lba: lba + skipped, blockCount: blockCount - skipped });
  }
  return rest;
}

function wordsOf(source: CopySource | null, outcome: CopyOutcome): string {
  const { bytes, sharedBytes } = outcome;
  if (source === null) return "zeroes";
  if (sharedBytes === 0) return "copied";
  return sharedBytes === bytes ? "shared" : "partly shared";
}
