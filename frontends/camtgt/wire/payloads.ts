/**
 * Payloads of frames of the camtgt wire.
 *
 * @module
 */

import {
  COMMAND_LENGTH,
  DATA_LENGTH_MAX,
  DATA_LENGTH_MIN,
  LOGIN_LENGTH,
} from "./frame.ts";

/** First bytes of a LOGIN: `DTLC`. */
const MAGIC = 0x44544c43;
/** Version of the wire. */
export const WIRE_VERSION = 1;

const LoginAt = {
  MAGIC: 0,
  VERSION: 4,
  RESERVED: 6,
  WWNN: 8,
  WWPN: 16,
  DATA_LENGTH_MAX: 24,
  COMMANDS_MAX: 28,
  FUNCTIONS_MAX: 30,
} as const;

/** What each side says of itself at the login. */
export interface LoginPayload {
  /** World wide node name. */
  readonly wwnn: bigint;
  /** World wide port name. */
  readonly wwpn: bigint;
  /** Longest payload of DATA that it takes, bytes. */
  readonly dataLengthMax: number;
  /** Commands that the port takes at a time; 0 of an initiator. */
  readonly commandsMax: number;
  /** Functions that the port takes at a time; 0 of an initiator. */
  readonly functionsMax: number;
}

/** Writes the payload of a LOGIN or of its ACCEPT. */
export function encodeLogin(login: LoginPayload): Uint8Array {
  const bytes = new Uint8Array(LOGIN_LENGTH);
  const view = new DataView(bytes.buffer);
  view.setUint32(LoginAt.MAGIC, MAGIC);
  view.setUint16(LoginAt.VERSION, WIRE_VERSION);
  view.setUint16(LoginAt.RESERVED, 0);
  view.setBigUint64(LoginAt.WWNN, login.wwnn);
  view.setBigUint64(LoginAt.WWPN, login.wwpn);
  view.setUint32(LoginAt.DATA_LENGTH_MAX, login.dataLengthMax);
  view.setUint16(LoginAt.COMMANDS_MAX, login.commandsMax);
  view.setUint16(LoginAt.FUNCTIONS_MAX, login.functionsMax);
  return bytes;
}

/** Reads it; null: it is none of this version, or says what cannot be. */
export function decodeLogin(payload: Uint8Array): LoginPayload | null {
  if (payload.length !== LOGIN_LENGTH) return null;
  const view = viewOf(payload);
  if (view.getUint32(LoginAt.MAGIC) !== MAGIC) return null;
  if (view.getUint16(LoginAt.VERSION) !== WIRE_VERSION) return null;
  const dataLengthMax = view.getUint32(LoginAt.DATA_LENGTH_MAX);
  if (dataLengthMax < DATA_LENGTH_MIN) return null;
  return {
    wwnn: view.getBigUint64(LoginAt.WWNN),
    wwpn: view.getBigUint64(LoginAt.WWPN),
    dataLengthMax: Math.min(dataLengthMax, DATA_LENGTH_MAX),
    commandsMax: view.getUint16(LoginAt.COMMANDS_MAX),
    functionsMax: view.getUint16(LoginAt.FUNCTIONS_MAX),
  };
}

const CommandAt = { LUN: 0, DATA_LENGTH: 8, TAG: 12 } as const;

/** A command: what an accept-target-I/O block holds. */
export interface CommandPayload {
  /** The LUN field: eight bytes. */
  readonly lun: Uint8Array;
  /** Bytes that the initiator is ready to move, in the way of the flags. */
  readonly dataLength: number;
  /** SCSI tag (SAM-5 4.8). */
  readonly tag: number;
  /** Command descriptor block, 1 to 32 bytes. */
  readonly cdb: Uint8Array;
}

/** Writes the payload of a COMMAND. */
export function encodeCommand(command: CommandPayload): Uint8Array {
  const { lun, dataLength, tag, cdb } = command;
  const bytes = new Uint8Array(COMMAND_LENGTH + cdb.length);
  const view = new DataView(bytes.buffer);
  bytes.set(lun, CommandAt.LUN);
  view.setUint32(CommandAt.DATA_LENGTH, dataLength);
  view.setUint32(CommandAt.TAG, tag);
  bytes.set(cdb, COMMAND_LENGTH);
  return bytes;
}

/** Reads it; the frame was checked for its length. */
export function decodeCommand(payload: Uint8Array): CommandPayload {
  const view = viewOf(payload);
  return {
    lun: payload.subarray(CommandAt.LUN, CommandAt.DATA_LENGTH),
    dataLength: view.getUint32(CommandAt.DATA_LENGTH),
    tag: view.getUint32(CommandAt.TAG),
    cdb: payload.subarray(COMMAND_LENGTH),
  };
}

/** Writes the payload of a TRANSFER READY: the length that is asked for. */
export function encodeLength(length: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, length);
  return bytes;
}

/** Reads it. */
export function decodeLength(payload: Uint8Array): number {
  return viewOf(payload).getUint32(0);
}

/** A view of the bytes of a payload. */
export function viewOf(
  { buffer, byteOffset, byteLength }: Uint8Array,
): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}
