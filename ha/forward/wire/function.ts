/**
 * FUNCTION and FUNCTION_DONE: task management that concerns both nodes, and
 * REVOKE.
 *
 * @module
 */

import { getLong, putLong } from "./kinds.ts";

const At = { REQUEST: 0, NEXUS: 4, LUN: 8, TAG: 12, FUNCTION: 20 } as const;
/** Bytes of FUNCTION. */
export const FUNCTION_LENGTH = 24;

/** Codes of the functions, our own. */
export const FUNCTION_CODE = {
  CLEAR_TASK_SET: 1,
  LOGICAL_UNIT_RESET: 2,
  TARGET_RESET: 3,
  I_T_NEXUS_RESET: 4,
} as const;

/** A function that was asked for at the near node. */
export interface FunctionFrame {
  /** Number of the request at the near node. */
  readonly request: number;
  /** Number of its nexus at the near node. */
  readonly nexus: number;
  /** LUN as the nexus sees it. */
  readonly visibleLun: number;
  /** Tag of a task. */
  readonly tag: number;
  /** One of {@linkcode FUNCTION_CODE}. */
  readonly code: number;
}

/** A FUNCTION. */
export function encodeFunction(frame: FunctionFrame): Uint8Array {
  const view = new DataView(new ArrayBuffer(FUNCTION_LENGTH));
  view.setUint32(At.REQUEST, frame.request);
  view.setUint32(At.NEXUS, frame.nexus);
  view.setUint32(At.LUN, frame.visibleLun);
  putLong(view, At.TAG, frame.tag);
  view.setUint32(At.FUNCTION, frame.code);
  return new Uint8Array(view.buffer);
}

/** Reads a FUNCTION. @returns null when it is none */
export function decodeFunction(view: DataView): FunctionFrame | null {
  if (view.byteLength !== FUNCTION_LENGTH) return null;
  const tag = getLong(view, At.TAG);
  if (!Number.isSafeInteger(tag)) return null;
  return {
    request: view.getUint32(At.REQUEST),
    nexus: view.getUint32(At.NEXUS),
    visibleLun: view.getUint32(At.LUN),
    tag,
    code: view.getUint32(At.FUNCTION),
  };
}

const RevokeAt = { TASK: 0, SILENT: 4 } as const;
/** Bytes of REVOKE. */
export const REVOKE_LENGTH = 8;

/** A REVOKE; `silent`: the initiator of the task hears nothing of it. */
export function encodeRevoke(task: number, silent: boolean): Uint8Array {
  const view = new DataView(new ArrayBuffer(REVOKE_LENGTH));
  view.setUint32(RevokeAt.TASK, task);
  view.setUint32(RevokeAt.SILENT, silent ? 1 : 0);
  return new Uint8Array(view.buffer);
}

/** Reads a REVOKE. @returns null when it is none */
export function decodeRevoke(
  view: DataView,
): { readonly task: number; readonly silent: boolean } | null {
  if (view.byteLength !== REVOKE_LENGTH) return null;
  const silent = view.getUint32(RevokeAt.SILENT);
  if (silent > 1) return null;
  return { task: view.getUint32(RevokeAt.TASK), silent: silent === 1 };
}
