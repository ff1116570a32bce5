/**
 * The control mode page and its extension (SPC-5 7.5.9, 7.5.10): what the core
 * takes from them, and which values an initiator may not give them.
 *
 * @module
 */

/** QERR: what a CHECK CONDITION does to the other commands (SPC-5 7.5.10). */
export const QUEUE_ERROR = {
  /** Nothing. */
  GO_ON: 0,
  /** Those of the task set are aborted, of all its nexuses. */
  ABORT_ALL: 1,
  /** Those of the same nexus are aborted. */
  ABORT_OWN: 3,
} as const;

/** UA_INTLCK_CTRL: how long a unit attention stays (SPC-5 7.5.10). */
export const INTERLOCK = {
  /** Until it is reported. */
  NONE: 0,
  /** Until REQUEST SENSE takes it. */
  KEEP: 2,
  /** The same; and BUSY and its kin leave a unit attention behind. */
  KEEP_AND_RAISE: 3,
} as const;

/** What the core takes from the control pages. */
export interface ControlSettings {
  /** D_SENSE: sense data in descriptor format. */
  readonly descriptorSense: boolean;
  /** SWP: writes are refused. */
  readonly softwareWriteProtect: boolean;
  /** QUEUE ALGORITHM MODIFIER is 1h. */
  readonly unrestrictedReordering: boolean;
  /** NUAR: no unit attention on release. */
  readonly noAttentionOnRelease: boolean;
  /** TST 001b: each nexus has a task set of its own. */
  readonly separateTaskSets: boolean;
  /** QERR: one of {@linkcode QUEUE_ERROR}. */
  readonly queueError: number;
  /** UA_INTLCK_CTRL: one of {@linkcode INTERLOCK}. */
  readonly attentionInterlock: number;
  /** TAS: others hear TASK ABORTED of commands that were aborted. */
  readonly taskAbortedStatus: boolean;
  /** INITIAL COMMAND PRIORITY: of commands that come without one. */
  readonly initialPriority: number;
  /** MAXIMUM SENSE DATA LENGTH; 0: no limit. */
  readonly senseLengthMax: number;
}

/** Where the bits stand, counted from the end of the page's header. */
const ControlAt = { TST: 0, QUEUE: 1, PROTECT: 2, ABORTED: 3 } as const;
const ExtensionAt = { PRIORITY: 1, SENSE_LENGTH: 2 } as const;

const D_SENSE = 0x04;
const NUAR = 0x08;
const SWP = 0x08;
const TAS = 0x40;
const UNRESTRICTED = 0x10;
const QERR_MASK = 0x06;
const INTERLOCK_MASK = 0x30;
const TST_SEPARATE = 0x20;

/** Default values: restricted or unrestricted reordering, TAS. */
export function fillControl(body: DataView, unrestricted: boolean): void {
  body.setUint8(ControlAt.QUEUE, unrestricted ? UNRESTRICTED : 0);
  body.setUint8(ControlAt.ABORTED, TAS);
}

/** Ones where an initiator may change the control page. */
export function changeableControl(body: DataView): void {
  body.setUint8(ControlAt.TST, TST_SEPARATE | D_SENSE);
  body.setUint8(ControlAt.QUEUE, UNRESTRICTED | NUAR | QERR_MASK);
  body.setUint8(ControlAt.PROTECT, INTERLOCK_MASK | SWP);
  body.setUint8(ControlAt.ABORTED, TAS);
}

/** Ones where an initiator may change the extension page. */
export function changeableExtension(body: DataView): void {
  body.setUint8(ExtensionAt.PRIORITY, 0x0f);
  body.setUint8(ExtensionAt.SENSE_LENGTH, 0xff);
}

/** Unpacks the two pages; one that a unit lacks is all zeroes. */
export function unpackControl(
  control: DataView | undefined,
  extension: DataView | undefined,
): ControlSettings {
  const first = control?.getUint8(ControlAt.TST) ?? 0;
  const queue = control?.getUint8(ControlAt.QUEUE) ?? 0;
  const protect = control?.getUint8(ControlAt.PROTECT) ?? 0;
  const aborted = control?.getUint8(ControlAt.ABORTED) ?? 0;
  return {
    descriptorSense: (first & D_SENSE) !== 0,
    softwareWriteProtect: (protect & SWP) !== 0,
    unrestrictedReordering: (queue & UNRESTRICTED) !== 0,
    noAttentionOnRelease: (queue & NUAR) !== 0,
    separateTaskSets: (first & TST_SEPARATE) !== 0,
    queueError: (queue & QERR_MASK) >> 1,
    attentionInterlock: (protect & INTERLOCK_MASK) >> 4,
    taskAbortedStatus: (aborted & TAS) !== 0,
    initialPriority: extension?.getUint8(ExtensionAt.PRIORITY) ?? 0,
    senseLengthMax: extension?.getUint8(ExtensionAt.SENSE_LENGTH) ?? 0,
  };
}
