/**
 * What a trace tells: its events, the waits and the store calls, by name.
 *
 * @module
 */

/** Tracepoints on a task's way. */
export const TRACE_EVENT = {
  /** It has arrived and was judged. */
  ARRIVE: 0,
  /** Its command begins. */
  EXECUTE: 1,
  /** A wait begins. */
  ACQUIRE: 2,
  /** A wait has ended, whatever ended it. */
  RELEASE: 3,
  /** A store was called. */
  STORE_BEGIN: 4,
  /** The store has answered. */
  STORE_END: 5,
  /** Data begin to move. */
  MOVE_BEGIN: 6,
  /** They have moved, or will not. */
  MOVE_END: 7,
  /** The transport has asked for Data-Out. */
  R2T: 8,
  /** Somebody has aborted it. */
  ABORT: 9,
  /** It has ended. */
  STATUS: 10,
} as const;

/** What is waited for; the place in {@linkcode WAIT_NAMES}. */
export const WAIT = {
  /** One older task of the task set. */
  TASK_SET: 0,
  /** Buffer memory of the nexus. */
  BUFFER: 1,
  /** Room of the transport for Data-In. */
  DATA_IN_ROOM: 2,
  /** Data-Out of the initiator. */
  DATA_OUT: 3,
  /** The answer of a store. */
  STORE: 4,
  /** What was written to become durable. */
  FLUSH: 5,
  /** Media commands to end, before a format or sanitize. */
  QUIET_MEDIUM: 6,
  /** A format or sanitize to end. */
  MEDIUM_OPERATION: 7,
  /** Tasks that this one has aborted to end. */
  ABORTED_TASKS: 8,
  /** A delay that an operator injected. */
  DELAY: 9,
  /** The tasks that a task management function aborts to end. */
  TASK_MANAGEMENT: 10,
  /** The tasks of a nexus to end, whose place a new session takes. */
  REINSTATEMENT: 11,
  /** The tasks of a lost nexus to end. */
  NEXUS_LOSS: 12,
  /** The tasks of a LUN to end that is removed or opened anew. */
  LUN_DRAIN: 13,
  /** Data-In that was sent to arrive. */
  DATA_IN: 14,
  /** The other node of a pair to learn of a change. */
  OTHER_NODE: 15,
} as const;

/** Names of waits. */
export const WAIT_NAMES = [
  "task set",
  "buffer",
  "room for Data-In",
  "Data-Out",
  "store",
  "flush",
  "quiet medium",
  "medium operation",
  "aborted tasks",
  "injected delay",
  "task management",
  "reinstatement",
  "nexus loss",
  "LUN drain",
  "Data-In",
  "other node",
] as const;

/** The name of a wait. */
export type WaitName = typeof WAIT_NAMES[number];

/** Calls to a store; the place in {@linkcode STORE_CALL_NAMES}. */
export const STORE_CALL = {
  READ: 0,
  WRITE: 1,
  FLUSH: 2,
  UNMAP: 3,
  WRITE_ZEROES: 4,
  EXTENT: 5,
} as const;

/** Names of store calls. */
export const STORE_CALL_NAMES = [
  "read",
  "write",
  "flush",
  "unmap",
  "write zeroes",
  "extent",
] as const;

/** The name of a store call. */
export type StoreCallName = typeof STORE_CALL_NAMES[number];

/** How store calls end: causes of faults behind the first three. */
export const STORE_OUTCOMES = [
  "ok",
  "not now",
  "exception",
  "medium",
  "no-space",
  "read-only",
  "offline",
  "hardware",
] as const;

/** How a store call ended. */
export type StoreOutcome = typeof STORE_OUTCOMES[number];

/** Directions of data moves, as initiators see them. */
export const MOVE_DIRECTIONS = ["in", "out"] as const;

/** The direction of a data move. */
export type MoveDirection = typeof MOVE_DIRECTIONS[number];

/** A task by what people know of it. */
export interface TracedTask {
  /** Its initiator port. */
  readonly initiator: string;
  /** Its tag; null: it is no task but what a nexus does. */
  readonly tag: number | null;
  /** Its command; empty where there is none. */
  readonly command: string;
}

/** What happened. */
export type TraceDetail =
  | {
    readonly event: "arrive";
    /** First block of its range. */
    readonly lba: number;
    /** Blocks of its range; 0: none. */
    readonly blocks: number;
  }
  | { readonly event: "execute" }
  | {
    readonly event: "acquire";
    /** What it waits for. */
    readonly wait: WaitName;
    /** Number of the wait; its release has the same. */
    readonly waitId: number;
    /** The task that it waits for, in a task set. */
    readonly blocker: TracedTask | null;
  }
  | {
    readonly event: "release";
    /** What it has waited for. */
    readonly wait: WaitName;
    /** Number of the wait. */
    readonly waitId: number;
    /** Milliseconds that it took. */
    readonly waitedMs: number;
  }
  | {
    readonly event: "store-begin";
    /** The call. */
    readonly store: StoreCallName;
    /** First block. */
    readonly lba: number;
    /** Blocks. */
    readonly blocks: number;
  }
  | {
    readonly event: "store-end";
    /** The call. */
    readonly store: StoreCallName;
    /** How it ended. */
    readonly outcome: StoreOutcome;
  }
  | {
    readonly event: "move-begin" | "r2t";
    /** Which way. */
    readonly direction: MoveDirection;
    /** Where it begins in the initiator's buffer, bytes. */
    readonly offset: number;
    /** Bytes to move. */
    readonly bytes: number;
  }
  | {
    readonly event: "move-end";
    /** Which way. */
    readonly direction: MoveDirection;
    /** Bytes that have moved; 0: they will not come. */
    readonly bytes: number;
  }
  | {
    readonly event: "abort";
    /** Its initiator is told by TASK ABORTED. */
    readonly told: boolean;
  }
  | {
    readonly event: "status";
    /** Status (SAM-5 5.3); null: it was aborted, and none is sent. */
    readonly status: number | null;
    /** Sense data, for CHECK CONDITION. */
    readonly sense: TracedSense | null;
    /** Bytes that it has moved. */
    readonly bytes: number;
  };

/** The codes of sense data (SPC-5 4.4). */
export interface TracedSense {
  /** SENSE KEY. */
  readonly key: number;
  /** ADDITIONAL SENSE CODE. */
  readonly asc: number;
  /** ADDITIONAL SENSE CODE QUALIFIER. */
  readonly ascq: number;
}

/** One record of a trace. */
export type TraceRecord =
  & TracedTask
  & {
    /** Its number: the first record of a trace is 0. */
    readonly seq: number;
    /** Milliseconds since the trace began; fractions count. */
    readonly timeMs: number;
    /** Number of its task in the trace, from 1 on; 0: none. */
    readonly task: number;
    /** LUN number in the target; null: no unit. */
    readonly lun: number | null;
  }
  & TraceDetail;
