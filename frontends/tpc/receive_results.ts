/**
 * The RECEIVE COPY RESULTS commands that tell of operations (SPC-5 6.24 to
 * 6.28), each forgetting a result that it has told.
 *
 * @module
 */

import {
  type CommandDefinition,
  type Completion,
  FLAG,
  FOR,
  invalidFieldInCdb,
  type LogicalUnit,
  type MaybePromise,
  PATTERN,
  reply,
  type ScsiTask,
  SERIALIZATION,
  STATUS,
} from "../../core/mod.ts";
import type { CopyManager } from "./copy_manager.ts";
import { type AnyOperation, type CopyKind, RUNNING_MAX } from "./operations.ts";
import {
  CSCDS_MAX,
  DESCRIPTOR,
  DESCRIPTORS_LENGTH_MAX,
  SEGMENTS_MAX,
} from "./parameter_list.ts";
import { bytesOfSense } from "./sense.ts";

const OPCODE = 0x84;
const CdbAt = { LIST_ID: 2, ALLOCATION_LENGTH: 10 } as const;

/** COPY OPERATION STATUS, in its shorter form (SPC-4 6.21). */
const SHORT_STATUS = { IN_PROGRESS: 0x00, COMPLETED: 0x01, ERROR: 0x02 };
/** COPY OPERATION STATUS (SPC-5 table 154). */
const COPY_STATUS = {
  COMPLETED: 0x01,
  ERROR: 0x02,
  PARTLY_COMPLETED: 0x03,
  FOREGROUND: 0x11,
  BACKGROUND: 0x12,
  ABORTED: 0x60,
} as const;
/** TRANSFER COUNT UNITS. */
const UNITS = { BYTES: 0x00, MEBIBYTES: 0x02 } as const;
const SHORT_COUNT_MAX = 0xffffffff;
const NO_ESTIMATE = 0xffffffff;

/** SERVICE ACTION of the command that began an operation. */
const SERVICE_ACTION_OF: Readonly<Record<CopyKind, number>> = {
  "EXTENDED COPY(LID1)": 0x00,
  "EXTENDED COPY(LID4)": 0x01,
  "POPULATE TOKEN": 0x10,
  "WRITE USING TOKEN": 0x11,
};

const ROW = {
  opcode: OPCODE,
  deviceTypes: FOR.ALL,
  serialization: SERIALIZATION.READ_CAPACITY,
  direction: "in",
  flags: FLAG.NO_MEDIUM | FLAG.PERSISTENT,
  pattern: PATTERN.NONE,
} as const;

/** The commands that ask for results. */
export function receiveResultsCommands(
  { operations }: CopyManager,
): readonly CommandDefinition[] {
  type Tell = (
    task: ScsiTask,
    operation: AnyOperation,
  ) => MaybePromise<Completion> | null;
  const telling = (listIdOf: (task: ScsiTask) => number, tell: Tell) =>
  (
    task: ScsiTask,
    unit: LogicalUnit,
  ) => {
    const operation = operations.find(unit, task.nexus, listIdOf(task));
    const told = operation === null ? null : tell(task, operation);
    if (operation === null || told === null) {
      return invalidFieldInCdb(CdbAt.LIST_ID);
    }
    if (operation.state !== "running") operations.forget(operation);
    return told;
  };
  return [
    {
      ...ROW,
      name: "RECEIVE COPY STATUS(LID1)",
      serviceAction: 0x00,
      usage: "00 ff 00000000000000 ffffffff 00 07",
      execute: telling(shortListId, tellShortStatus),
    },
    {
      ...ROW,
      name: "RECEIVE COPY OPERATING PARAMETERS",
      serviceAction: 0x03,
      usage: "03 0000000000000000 ffffffff 00 07",
      flags: ROW.flags | FLAG.STANDBY,
      execute: tellOperatingParameters,
    },
    {
      ...ROW,
      name: "RECEIVE COPY FAILURE DETAILS(LID1)",
      serviceAction: 0x04,
      usage: "04 ff 00000000000000 ffffffff 00 07",
      execute: telling(shortListId, tellFailure),
    },
    {
      ...ROW,
      name: "RECEIVE COPY STATUS(LID4)",
      serviceAction: 0x05,
      usage: "05 ffffffff 00000000 ffffffff 00 07",
      execute: telling(longListId, tellStatus),
    },
  ];
}

/** LIST IDENTIFIER of the commands with four bytes for it. */
export function longListId({ cdb }: ScsiTask): number {
  return cdb.getUint32(CdbAt.LIST_ID);
}

function shortListId({ cdb }: ScsiTask): number {
  return cdb.getUint8(CdbAt.LIST_ID);
}

function allocationLength({ cdb }: ScsiTask): number {
  return cdb.getUint32(CdbAt.ALLOCATION_LENGTH);
}

function tellShortStatus(
  task: ScsiTask,
  { state, segments, bytes }: AnyOperation,
): MaybePromise<Completion> {
  return reply(task, 12, allocationLength(task), (view) => {
    const fits = bytes <= SHORT_COUNT_MAX;
    view.setUint32(0, 8);
    view.setUint8(
      4,
      state === "running"
        ? SHORT_STATUS.IN_PROGRESS
        : state === "completed"
        ? SHORT_STATUS.COMPLETED
        : SHORT_STATUS.ERROR,
    );
    view.setUint16(5, segments);
    view.setUint8(7, fits ? UNITS.BYTES : UNITS.MEBIBYTES);
    view.setUint32(8, fits ? bytes : Math.floor(bytes / 2 ** 20));
  });
}

const FAILURE_LENGTH = 60;

function tellFailure(
  task: ScsiTask,
  { state, completion }: AnyOperation,
): MaybePromise<Completion> | null {
  if (state === "running") return null;
  const sense = bytesOfSense(completion);
  const length = FAILURE_LENGTH + sense.length;
  return reply(task, length, allocationLength(task), (view) => {
    if (state === "completed") return;
    view.setUint32(0, length - 4);
    view.setUint8(56, statusOf(completion));
    view.setUint16(58, sense.length);
    putBytes(view, FAILURE_LENGTH, sense);
  });
}

function statusOf(completion: Completion): number {
  return typeof completion === "number" ? completion : STATUS.CHECK_CONDITION;
}

/** Bytes of a status before its sense data. */
export const STATUS_LENGTH = 32;

/** TRANSFER COUNT and its units. */
export interface TransferCount {
  /** TRANSFER COUNT UNITS. */
  readonly units: number;
  /** TRANSFER COUNT. */
  readonly count: number;
}

/**
 * Writes the status of an operation and its sense data.
 *
 * @param sense sense data of the operation, in descriptor format
 * @param lengthBytes bytes of the whole reply
 */
export function writeStatus(
  view: DataView,
  operation: AnyOperation,
  { units, count }: TransferCount,
  { sense, lengthBytes }: { sense: Uint8Array; lengthBytes: number },
): void {
  view.setUint32(0, lengthBytes - 4);
  view.setUint8(4, SERVICE_ACTION_OF[operation.kind]);
  view.setUint8(5, copyStatusOf(operation));
  view.setUint16(6, operation.commands % 2 ** 16);
  view.setUint32(8, NO_ESTIMATE);
  view.setUint8(13, sense.length);
  view.setUint8(14, sense.length);
  view.setUint8(15, units);
  view.setUint32(16, Math.floor(count / 2 ** 32));
  view.setUint32(20, count % 2 ** 32);
  view.setUint16(24, operation.segments);
  putBytes(view, STATUS_LENGTH, sense);
}

function copyStatusOf(operation: AnyOperation): number {
  const { state, partlyDone, background } = operation;
  switch (state) {
    case "running":
      return background ? COPY_STATUS.BACKGROUND : COPY_STATUS.FOREGROUND;
    case "completed":
      return partlyDone ? COPY_STATUS.PARTLY_COMPLETED : COPY_STATUS.COMPLETED;
    case "aborted":
      return COPY_STATUS.ABORTED;
    case "failed":
      return COPY_STATUS.ERROR;
  }
}

function tellStatus(
  task: ScsiTask,
  operation: AnyOperation,
): MaybePromise<Completion> {
  const sense = bytesOfSense(operation.completion);
  const lengthBytes = STATUS_LENGTH + sense.length;
  const count = { units: UNITS.BYTES, count: operation.bytes };
  return reply(
    task,
    lengthBytes,
    allocationLength(task),
    (view) => writeStatus(view, operation, count, { sense, lengthBytes }),
  );
}

const SNLID = 0x01;
const OPERATING_LENGTH = 48;
const DESCRIPTOR_CODES = Object.values(DESCRIPTOR);

function tellOperatingParameters(task: ScsiTask): MaybePromise<Completion> {
  return reply(task, OPERATING_LENGTH, allocationLength(task), (view) => {
    view.setUint32(0, OPERATING_LENGTH - 4);
    view.setUint8(4, SNLID);
    view.setUint16(8, CSCDS_MAX);
    view.setUint16(10, SEGMENTS_MAX);
    view.setUint32(12, DESCRIPTORS_LENGTH_MAX);
    view.setUint16(34, RUNNING_MAX);
    view.setUint8(36, RUNNING_MAX);
    view.setUint8(43, DESCRIPTOR_CODES.length);
    putBytes(view, 44, Uint8Array.from(DESCRIPTOR_CODES));
  });
}

/** Puts bytes into a view. */
export function putBytes(view: DataView, at: number, bytes: Uint8Array): void {
  new Uint8Array(view.buffer, view.byteOffset + at, bytes.length).set(bytes);
}
