/**
 * What a format or sanitize operation is asked to do, and how it is kept over
 * restarts.
 *
 * @module
 */

import type { UnitState } from "./unit_state.ts";

/** Kinds of operations. */
export const OPERATION = { FORMAT: 0, SANITIZE: 1 } as const;

/** One of {@linkcode OPERATION}. */
export type OperationKind = (typeof OPERATION)[keyof typeof OPERATION];

/** What an operation does to every block of the medium. */
export interface OperationPlan {
  /** Which command asked for it. */
  readonly kind: OperationKind;
  /** Begins each block, again and again; null: blocks are deallocated. */
  readonly pattern: Uint8Array | null;
  /** How often each block is written. */
  readonly passes: number;
  /** Every second pass writes the inverted pattern. */
  readonly invert: boolean;
  /** The key of the store is replaced, and no block is touched. */
  readonly cryptographic: boolean;
  /** AUSE: after a failure the medium may be used as it is (SBC-4 5.30). */
  readonly unrestrictedExit: boolean;
}

/** An operation as it is kept. */
export interface OperationRecord {
  /** What it does. */
  readonly plan: OperationPlan;
  /** Passes that are done and durable. */
  readonly passesDone: number;
  /** It has failed, or was cut off. */
  readonly failed: boolean;
}

/** Name under which a unit keeps its operation. */
export const OPERATION_NAME = "operation";
const VERSION = 1;
const At = {
  VERSION: 0,
  KIND: 1,
  FLAGS: 2,
  PASSES: 3,
  PASSES_DONE: 4,
  PATTERN: 8,
} as const;
const FAILED = 0x01;
const INVERT = 0x02;
const UNRESTRICTED_EXIT = 0x04;
const DEALLOCATE = 0x08;
const CRYPTOGRAPHIC = 0x10;

// What a record stands for that we cannot read: the data may be half gone.
const UNREADABLE: OperationRecord = Object.freeze({
  plan: {
    kind: OPERATION.SANITIZE,
    pattern: null,
    passes: 1,
    invert: false,
    cryptographic: false,
    unrestrictedExit: false,
  },
  passesDone: 0,
  failed: true,
});

/** Keeps an operation; it is durable when this returns. */
export function keepOperation(state: UnitState, record: OperationRecord): void {
  state.write(OPERATION_NAME, encode(record));
}

/** Forgets the operation: it has ended well. */
export function forgetOperation(state: UnitState): void {
  state.remove(OPERATION_NAME);
}

/** The operation that was under way or had failed, or undefined. */
export function keptOperation(state: UnitState): OperationRecord | undefined {
  const bytes = state.read(OPERATION_NAME);
  return bytes === undefined ? undefined : decode(bytes);
}

function encode({ plan, passesDone, failed }: OperationRecord): Uint8Array {
  const pattern = plan.pattern ?? new Uint8Array(0);
  const bytes = new Uint8Array(At.PATTERN + pattern.length);
  bytes[At.VERSION] = VERSION;
  bytes[At.KIND] = plan.kind;
  bytes[At.FLAGS] = (failed ? FAILED : 0) | (plan.invert ? INVERT : 0) |
    (plan.unrestrictedExit ? UNRESTRICTED_EXIT : 0) |
    (plan.cryptographic ? CRYPTOGRAPHIC : 0) |
    (plan.pattern === null ? DEALLOCATE : 0);
  bytes[At.PASSES] = plan.passes;
  bytes[At.PASSES_DONE] = passesDone;
  bytes.set(pattern, At.PATTERN);
  return bytes;
}

function decode(bytes: Uint8Array): OperationRecord {
  if (bytes[At.VERSION] !== VERSION || bytes.length < At.PATTERN) {
    return UNREADABLE;
  }
  const flags = bytes[At.FLAGS] ?? 0;
  const pattern = bytes.slice(At.PATTERN);
  const deallocates = (flags & DEALLOCATE) !== 0;
  if (!deallocates && pattern.length === 0) return UNREADABLE;
  return {
    plan: {
      kind: bytes[At.KIND] === OPERATION.FORMAT
        ? OPERATION.FORMAT
        : OPERATION.SANITIZE,
      pattern: deallocates ? null : pattern,
      passes: bytes[At.PASSES] ?? 1,
      invert: (flags & INVERT) !== 0,
      cryptographic: (flags & CRYPTOGRAPHIC) !== 0,
      unrestrictedExit: (flags & UNRESTRICTED_EXIT) !== 0,
    },
    passesDone: bytes[At.PASSES_DONE] ?? 0,
    failed: (flags & FAILED) !== 0,
  };
}
