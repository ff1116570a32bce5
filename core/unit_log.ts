/**
 * What LOG SELECT can change of a logical unit: counters that begin anew, and
 * parameters that belong to application clients (SPC-5 6.9, 7.3.3).
 *
 * @module
 */

import type { LogicalUnit } from "./logical_unit.ts";
import { Statistics, TRANSFER, type TransferCounters } from "./statistics.ts";
import type { UnitState } from "./unit_state.ts";

/** Parameters of the Application Client log page: the fewest allowed. */
export const CLIENT_PARAMETERS = 64;

/** Bytes of each of them. */
export const CLIENT_PARAMETER_LENGTH = 252;

const STATE_NAME = "application_client_log";

/** Accesses to blocks since the counters began. */
export interface AccessCounters {
  /** Blocks sent to initiators. */
  readonly read: TransferCounters;
  /** Blocks taken from them. */
  readonly written: TransferCounters;
  /** Milliseconds without any task. */
  readonly idleMs: number;
}

const NOTHING: TransferCounters = {
  bytes: 0,
  operations: 0,
  dmas: 0,
  timeMs: 0,
  dmaTimeMs: 0,
};

/** The log of one unit. */
export class UnitLog {
  readonly #state: UnitState;
  #start: AccessCounters = { read: NOTHING, written: NOTHING, idleMs: 0 };
  readonly #others: Statistics = new Statistics();
  #clientParameters: Map<number, Uint8Array> | null = null;

  /** With the parameters that were saved. */
  constructor(state: UnitState) {
    this.#state = state;
  }

  /** A command has moved data other than blocks: it is no access. */
  countOther(kind: number, bytes: number, timeMs: number): void {
    this.#others.count(kind, bytes, 0, timeMs, 0);
  }

  /** What a unit has done since its counters were reset. */
  accesses(unit: LogicalUnit): AccessCounters {
    const now = this.#accessesEver(unit);
    return {
      read: since(now.read, this.#start.read),
      written: since(now.written, this.#start.written),
      idleMs: now.idleMs - this.#start.idleMs,
    };
  }

  /** Its counters begin anew. Those of `ctlstat` do not. */
  resetAccesses(unit: LogicalUnit): void {
    this.#start = this.#accessesEver(unit);
  }

  /** A parameter of application clients: zeroes until one is set. */
  clientParameter(code: number): Uint8Array {
    return this.#clients().get(code) ??
      new Uint8Array(CLIENT_PARAMETER_LENGTH);
  }

  /** Sets one. */
  setClientParameter(code: number, bytes: Uint8Array): void {
    this.#clients().set(code, bytes);
  }

  /** Makes all of them zeroes. */
  resetClientParameters(): void {
    this.#clientParameters = new Map();
  }

  /** What was kept has changed: it is to be read again. */
  forget(): void {
    this.#clientParameters = null;
  }

  /** Keeps them over restarts; throws a `ManagementError` if that fails. */
  save(): void {
    const length = 1 + CLIENT_PARAMETER_LENGTH;
    const parameters = [...this.#clients()];
    const bytes = new Uint8Array(1 + parameters.length * length);
    parameters.forEach(([code, parameter], index) => {
      bytes[1 + index * length] = code;
      bytes.set(parameter, 2 + index * length);
    });
    this.#state.write(STATE_NAME, bytes);
  }

  #accessesEver({ statistics, idleMs }: LogicalUnit): AccessCounters {
    const of = (kind: number) =>
      since(statistics.of(kind), this.#others.of(kind));
    return { read: of(TRANSFER.READ), written: of(TRANSFER.WRITE), idleMs };
  }

  #clients(): Map<number, Uint8Array> {
    this.#clientParameters ??= decode(this.#state.read(STATE_NAME));
    return this.#clientParameters;
  }
}

function decode(kept: Uint8Array | undefined): Map<number, Uint8Array> {
  const parameters: Map<number, Uint8Array> = new Map();
  const length = 1 + CLIENT_PARAMETER_LENGTH;
  const bytes = kept?.subarray(1) ?? new Uint8Array(0);
  for (let at = 0; at + length <= bytes.length; at += length) {
    parameters.set(bytes[at] ?? 0, bytes.slice(at + 1, at + length));
  }
  return parameters;
}

function since(
  now: TransferCounters,
  start: TransferCounters,
): TransferCounters {
  return {
    bytes: now.bytes - start.bytes,
    operations: now.operations - start.operations,
    dmas: now.dmas - start.dmas,
    timeMs: now.timeMs - start.timeMs,
    dmaTimeMs: now.dmaTimeMs - start.dmaTimeMs,
  };
}
