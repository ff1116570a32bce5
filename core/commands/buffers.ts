/**
 * READ BUFFER and WRITE BUFFER: the data buffer and the echo buffer (SPC-5
 * 6.18, 6.19, 6.52).
 *
 * @module
 */

import { DATA_BUFFER_LENGTH, ECHO_BUFFER_LENGTH } from "../data_buffers.ts";
import { reply, withParameters } from "../data_transfer.ts";
import { FOR } from "../device_type.ts";
import type { LogicalUnit } from "../logical_unit.ts";
import type { MaybePromise } from "../ports/block_store.ts";
import {
  COMMAND_SEQUENCE_ERROR,
  type Completion,
  ECHO_BUFFER_OVERWRITTEN,
  invalidFieldInCdb,
  STATUS,
} from "../sense.ts";
import { SERIALIZATION } from "../serialization.ts";
import type { ScsiTask } from "../task.ts";
import { getUint64 } from "./cdb.ts";
import { type CommandDefinition, FLAG, PATTERN } from "./command_row.ts";

/** MODE field: it takes the place of a service action. */
const MODE = {
  DATA: 0x02,
  DESCRIPTOR: 0x03,
  ECHO: 0x0a,
  ECHO_DESCRIPTOR: 0x0b,
} as const;

/** A piece of a buffer, as a CDB names it. */
interface Piece {
  readonly offset: number;
  readonly lengthBytes: number;
  /** Byte of the CDB where the length stands. */
  readonly lengthAt: number;
}

type PieceOf = (task: ScsiTask) => Piece;
type Read = (
  task: ScsiTask,
  unit: LogicalUnit,
  piece: Piece,
) => MaybePromise<Completion>;

/** The commands that read and write buffers. */
export const BUFFER_COMMANDS: readonly CommandDefinition[] = [
  writeBuffer("data", MODE.DATA, writeData),
  writeBuffer("echo", MODE.ECHO, writeEcho),
  ...([
    ["data", MODE.DATA, readData],
    ["descriptor", MODE.DESCRIPTOR, readDescriptor],
    ["echo", MODE.ECHO, readEcho],
    ["echo descriptor", MODE.ECHO_DESCRIPTOR, readEchoDescriptor],
  ] as const).flatMap(([name, mode, read]) => [
    readBuffer10(name, mode, read),
    readBuffer16(name, mode, read),
  ]),
];

function piece10({ cdb }: ScsiTask): Piece {
  return {
    offset: cdb.getUint32(2) & 0xffffff,
    lengthBytes: cdb.getUint32(5) & 0xffffff,
    lengthAt: 6,
  };
}

function piece16({ cdb }: ScsiTask): Piece {
  return {
    offset: getUint64(cdb, 2),
    lengthBytes: cdb.getUint32(10),
    lengthAt: 10,
  };
}

function codeOf(mode: number): string {
  return mode.toString(16).padStart(2, "0");
}

function writeBuffer(name: string, mode: number, write: Read) {
  return {
    name: `WRITE BUFFER: ${name}`,
    opcode: 0x3b,
    serviceAction: mode,
    deviceTypes: FOR.ALL,
    usage: `${codeOf(mode)} 00 ffffff ffffff 07`,
    serialization: SERIALIZATION.MODE_SELECT,
    direction: "out",
    flags: FLAG.NO_MEDIUM | FLAG.STANDBY,
    pattern: PATTERN.NONE,
    execute: (task: ScsiTask, unit: LogicalUnit) =>
      write(task, unit, piece10(task)),
  } as const;
}

function readRow(mode: number, read: Read, pieceOf: PieceOf) {
  return {
    serviceAction: mode,
    deviceTypes: FOR.ALL,
    serialization: SERIALIZATION.MODE_SENSE,
    direction: "in",
    pattern: PATTERN.NONE,
    execute: (task: ScsiTask, unit: LogicalUnit) =>
      read(task, unit, pieceOf(task)),
  } as const;
}

function readBuffer10(
  name: string,
  mode: number,
  read: Read,
): CommandDefinition {
  return {
    ...readRow(mode, read, piece10),
    name: `READ BUFFER(10): ${name}`,
    opcode: 0x3c,
    usage: `${codeOf(mode)} 00 ffffff ffffff 07`,
    flags: FLAG.NO_MEDIUM | FLAG.STANDBY | FLAG.WRITE_EXCLUSIVE,
  };
}

function readBuffer16(
  name: string,
  mode: number,
  read: Read,
): CommandDefinition {
  return {
    ...readRow(mode, read, piece16),
    name: `READ BUFFER(16): ${name}`,
    opcode: 0x9b,
    usage: `${codeOf(mode)} ffffffffffffffff ffffffff 00 07`,
    flags: FLAG.NO_MEDIUM | FLAG.STANDBY,
  };
}

function writeData(
  task: ScsiTask,
  { buffers }: LogicalUnit,
  piece: Piece,
): MaybePromise<Completion> {
  const { offset, lengthBytes } = piece;
  const outside = checkPiece(piece, DATA_BUFFER_LENGTH);
  if (outside !== null) return outside;
  if (lengthBytes === 0) return STATUS.GOOD;
  return withParameters(task, lengthBytes, (list) => {
    buffers.data.set(new Uint8Array(list.buffer), offset);
    return STATUS.GOOD;
  });
}

function readData(
  task: ScsiTask,
  { buffers }: LogicalUnit,
  piece: Piece,
): MaybePromise<Completion> {
  const { offset, lengthBytes } = piece;
  const outside = checkPiece(piece, DATA_BUFFER_LENGTH);
  if (outside !== null) return outside;
  return replyBytes(
    task,
    buffers.data.subarray(offset, offset + lengthBytes),
    lengthBytes,
  );
}

function checkPiece(
  { offset, lengthBytes, lengthAt }: Piece,
  limit: number,
): Completion | null {
  return offset + lengthBytes <= limit ? null : invalidFieldInCdb(lengthAt);
}

// OFFSET BOUNDARY 0: every byte may be an offset.
function readDescriptor(
  task: ScsiTask,
  _unit: LogicalUnit,
  { lengthBytes }: Piece,
): MaybePromise<Completion> {
  return reply(task, 4, lengthBytes, (view) => {
    view.setUint32(0, DATA_BUFFER_LENGTH);
  });
}

function writeEcho(
  task: ScsiTask,
  { buffers }: LogicalUnit,
  piece: Piece,
): MaybePromise<Completion> {
  if (piece.offset !== 0) return invalidFieldInCdb(3);
  const outside = checkPiece(piece, ECHO_BUFFER_LENGTH);
  if (outside !== null) return outside;
  if (piece.lengthBytes === 0) return STATUS.GOOD;
  return withParameters(task, piece.lengthBytes, (list) => {
    buffers.writeEcho(task.nexus, new Uint8Array(list.buffer));
    return STATUS.GOOD;
  });
}

function readEcho(
  task: ScsiTask,
  { buffers }: LogicalUnit,
  { lengthBytes }: Piece,
): MaybePromise<Completion> {
  const echo = buffers.echoOf(task.nexus);
  if (echo.bytes !== null) return replyBytes(task, echo.bytes, lengthBytes);
  return echo.overwritten ? ECHO_BUFFER_OVERWRITTEN : COMMAND_SEQUENCE_ERROR;
}

const EBOS = 0x01;

// EBOS: a nexus gets its own bytes, or hears that they are overwritten.
function readEchoDescriptor(
  task: ScsiTask,
  _unit: LogicalUnit,
  { lengthBytes }: Piece,
): MaybePromise<Completion> {
  return reply(task, 4, lengthBytes, (view) => {
    view.setUint8(0, EBOS);
    view.setUint16(2, ECHO_BUFFER_LENGTH);
  });
}

function replyBytes(
  task: ScsiTask,
  bytes: Uint8Array,
  allocationLength: number,
): MaybePromise<Completion> {
  return reply(task, bytes.length, allocationLength, (view) => {
    new Uint8Array(view.buffer, view.byteOffset, bytes.length).set(bytes);
  });
}
