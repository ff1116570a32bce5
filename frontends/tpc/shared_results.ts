/**
 * Results of copy operations, as the nodes of a pair tell them each other: what
 * was done can be asked for when the node that did it is gone.
 *
 * @module
 */

import {
  type Clock,
  type Completion,
  type EntryTeller,
  type LogicalUnit,
  sense,
  type SharedEntries,
  STATUS,
} from "../../core/mod.ts";
import { codesOfSense } from "./inner_initiator.ts";
import {
  type AnyOperation,
  type CopyOperations,
  HELD_MAX,
  HELD_MS,
  RUNNING_MAX,
} from "./operations.ts";
import { bytesOfSense } from "./sense.ts";
import {
  decodeToldResult,
  encodeToldResult,
  type ToldResult,
} from "./wire/told_result.ts";

interface Followed {
  readonly result: ToldResult;
  readonly toldMs: number;
}

/** Lets operations be known to another node. */
export function shareResults(
  operations: CopyOperations,
  clock: Clock,
  share: (entries: SharedEntries) => EntryTeller,
): void {
  const teller = share(new SharedResults(operations, clock));
  operations.tell = ({ unit, number }) => teller.tell(unit, String(number));
}

class SharedResults implements SharedEntries {
  readonly name = "copy-results";
  readonly #operations: CopyOperations;
  readonly #clock: Clock;
  readonly #followed: Map<LogicalUnit, Map<string, Followed>> = new Map();
  #count = 0;

  constructor(operations: CopyOperations, clock: Clock) {
    this.#operations = operations;
    this.#clock = clock;
  }

  keys(unit: LogicalUnit): string[] {
    return this.#operations.all()
      .filter((each) => each.unit === unit && !each.anonymous)
      .map(({ number }) => String(number));
  }

  read(unit: LogicalUnit, key: string): Uint8Array | null {
    const operation = this.#operations.numbered(Number(key));
    return operation?.unit === unit
      ? encodeToldResult(toldOf(operation, this.#clock.nowMs()))
      : null;
  }

  put(
    unit: LogicalUnit,
    key: string,
    bytes: Uint8Array | null,
  ): string | null {
    const result = bytes === null ? null : decodeToldResult(bytes);
    if (typeof result === "string") return result;
    const followed = this.#followed.get(unit) ?? new Map<string, Followed>();
    if (followed.delete(key)) this.#count -= 1;
    // No more than the other node may have.
    if (result === null || this.#count >= HELD_MAX + RUNNING_MAX) return null;
    this.#followed.set(unit, followed);
    followed.set(key, { result, toldMs: this.#clock.nowMs() });
    this.#count += 1;
    return null;
  }

  clear(unit: LogicalUnit): void {
    this.#count -= this.#followed.get(unit)?.size ?? 0;
    this.#followed.delete(unit);
  }

  adopt(unit: LogicalUnit, current: boolean): void {
    const followed = this.#followed.get(unit);
    this.clear(unit);
    if (followed === undefined || !current) return;
    for (const each of followed.values()) this.#adopt(unit, each);
  }

  release(unit: LogicalUnit): void {
    this.#operations.leave(unit);
  }

  #adopt(unit: LogicalUnit, { result, toldMs }: Followed): void {
    const isRunning = result.state === "running";
    const sinceMs = this.#clock.nowMs() - toldMs;
    const heldMs = isRunning ? 0 : result.heldMs + sinceMs;
    if (heldMs >= HELD_MS) return;
    const { listId, kind, background, nexusId, initiator, port } = result;
    const runMs = result.runMs + (isRunning ? sinceMs : 0);
    const operation = this.#operations.take({
      ...{ unit, listId, kind, background },
      asker: {
        initiator: { nexusId, name: initiator },
        port: { number: port },
      },
    }, { runMs, heldMs });
    operation.segments = result.segments;
    operation.bytes = result.bytes;
    operation.totalBytes = result.totalBytes;
    operation.blocks = result.blocks;
    operation.commands = result.commands;
    operation.route = result.route;
    operation.how = result.how;
    operation.partlyDone = result.partlyDone;
    operation.token = result.token;
    // What ran has ended with the node that did it.
    operation.state = isRunning ? "aborted" : result.state;
    operation.completion = isRunning
      ? STATUS.TASK_ABORTED
      : completionOf(result);
  }
}

function toldOf(operation: AnyOperation, nowMs: number): ToldResult {
  const { asker, startedMs, endedMs, completion } = operation;
  return {
    ...pick(operation),
    status: typeof completion === "number"
      ? completion
      : STATUS.CHECK_CONDITION,
    senseData: bytesOfSense(completion),
    runMs: (endedMs ?? nowMs) - startedMs,
    heldMs: nowMs - (endedMs ?? nowMs),
    nexusId: asker.initiator.nexusId,
    initiator: asker.initiator.name,
    port: asker.port.number,
  };
}

function pick(operation: AnyOperation) {
  const { listId, kind, state, background, partlyDone, segments } = operation;
  const { bytes, totalBytes, blocks, commands, route, how, token } = operation;
  return {
    ...{ listId, kind, state, background, partlyDone, segments },
    ...{ bytes, totalBytes, blocks, commands, route, how, token },
  };
}

// What was said goes out again as it was.
function completionOf({ status, senseData }: ToldResult): Completion {
  if (senseData.length === 0) return status;
  const [key, asc, ascq] = codesOfSense(senseData);
  return sense(key, asc, ascq, { bytes: senseData });
}
