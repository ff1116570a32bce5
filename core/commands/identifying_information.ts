/**
 * REPORT and SET IDENTIFYING INFORMATION (SPC-5 6.35, 6.46): what people call
 * a unit.
 *
 * @module
 */

import { reply, withParameters } from "../data_transfer.ts";
import { FOR } from "../device_type.ts";
import type { LogicalUnit } from "../logical_unit.ts";
import type { LunOptions } from "../lun_options.ts";
import type { MaybePromise } from "../ports/block_store.ts";
import { SHARED } from "../ports/coordinator.ts";
import {
  type Completion,
  invalidFieldInCdb,
  invalidFieldInParameterList,
  STATUS,
} from "../sense.ts";
import { SERIALIZATION } from "../serialization.ts";
import type { ScsiTask } from "../task.ts";
import { UNIT_ATTENTION } from "../unit_attention.ts";
import { type CommandDefinition, FLAG, PATTERN } from "./command_row.ts";
import { withKeptState } from "./kept_state.ts";

/** The commands of identifying information. */
export const IDENTIFYING_INFORMATION_COMMANDS: readonly CommandDefinition[] = [
  {
    name: "REPORT IDENTIFYING INFORMATION",
    opcode: 0xa3,
    serviceAction: 0x05,
    deviceTypes: FOR.ALL,
    usage: "05 00000000 ffffffff fe 07",
    serialization: SERIALIZATION.INQUIRY,
    direction: "in",
    flags: FLAG.NO_MEDIUM | FLAG.STANDBY | FLAG.UNAVAILABLE | FLAG.PERSISTENT,
    pattern: PATTERN.NONE,
    execute: (task, unit) => withKeptState(() => reportInformation(task, unit)),
  },
  {
    name: "SET IDENTIFYING INFORMATION",
    opcode: 0xa4,
    serviceAction: 0x06,
    deviceTypes: FOR.ALL,
    usage: "06 00000000 ffffffff fe 07",
    serialization: SERIALIZATION.MODE_SELECT,
    direction: "out",
    flags: FLAG.NO_MEDIUM | FLAG.STANDBY,
    pattern: PATTERN.NONE,
    execute: setInformation,
  },
];

/** A kind of information. */
interface InformationType {
  /** Byte 10 of the CDB: INFORMATION TYPE and a reserved bit. */
  readonly code: number;
  /** MAXIMUM INFORMATION LENGTH in bytes. */
  readonly lengthMax: number;
  /** Name under which it is kept. */
  readonly name: string;
  /** What an option of the LUN says as long as nothing was set. */
  fallback(options: LunOptions): Uint8Array;
  /** Whether an initiator may set it so. */
  accepts(bytes: Uint8Array): boolean;
}

const TYPES: readonly InformationType[] = [
  {
    code: 0x00, // peripheral device identifying information
    lengthMax: 512,
    name: "ident_info",
    fallback: ({ ident_info }) => binaryOf(ident_info ?? ""),
    accepts: () => true,
  },
  {
    code: 0x04, // the same as text
    lengthMax: 256,
    name: "text_ident_info",
    fallback: ({ text_ident_info }) => textOf(text_ident_info),
    accepts: (bytes) => bytes.indexOf(0) === bytes.length - 1,
  },
];

/** The list of types, by the standard; and as FreeBSD's CTL reads it. */
const LISTS: readonly number[] = [0xfe, 0xfc];
const HEADER_LENGTH = 4;
const DESCRIPTOR_LENGTH = 4;
// What is kept begins with a byte, so that nothing can be told from never.
const KEPT_HEADER = Uint8Array.of(1);

function reportInformation(
  task: ScsiTask,
  unit: LogicalUnit,
): MaybePromise<Completion> {
  const code = task.cdb.getUint8(10);
  if (LISTS.includes(code)) return replyTypes(task);
  const type = TYPES.find((each) => each.code === code);
  if (type === undefined) return invalidFieldInCdb(10, 7);
  const kept = unit.state.read(type.name)?.subarray(KEPT_HEADER.length);
  return replyInformation(task, kept ?? type.fallback(unit.options));
}

function replyInformation(
  task: ScsiTask,
  bytes: Uint8Array,
): MaybePromise<Completion> {
  const length = HEADER_LENGTH + bytes.length;
  return reply(task, length, task.cdb.getUint32(6), (view) => {
    view.setUint16(2, bytes.length);
    bytes.forEach((byte, at) => view.setUint8(HEADER_LENGTH + at, byte));
  });
}

function replyTypes(task: ScsiTask): MaybePromise<Completion> {
  const length = HEADER_LENGTH + TYPES.length * DESCRIPTOR_LENGTH;
  return reply(task, length, task.cdb.getUint32(6), (view) => {
    view.setUint16(2, length - HEADER_LENGTH);
    TYPES.forEach(({ code, lengthMax }, index) => {
      const at = HEADER_LENGTH + index * DESCRIPTOR_LENGTH;
      view.setUint8(at, code);
      view.setUint16(at + 2, lengthMax);
    });
  });
}

function setInformation(
  task: ScsiTask,
  unit: LogicalUnit,
): MaybePromise<Completion> {
  const code = task.cdb.getUint8(10);
  const type = TYPES.find((each) => each.code === code);
  if (type === undefined) return invalidFieldInCdb(10, 7);
  const listLength = task.cdb.getUint32(6);
  if (listLength > type.lengthMax) return invalidFieldInCdb(6);
  if (listLength === 0) return keep(task, unit, type, new Uint8Array(0));
  return withParameters(task, listLength, (list) => {
    const bytes = new Uint8Array(list.buffer, list.byteOffset, listLength);
    if (type.accepts(bytes)) return keep(task, unit, type, bytes);
    const nul = bytes.indexOf(0);
    return invalidFieldInParameterList(nul < 0 ? listLength - 1 : nul);
  });
}

function keep(
  task: ScsiTask,
  unit: LogicalUnit,
  type: InformationType,
  bytes: Uint8Array,
): MaybePromise<Completion> {
  return withKeptState(() => {
    unit.state.write(type.name, Uint8Array.of(...KEPT_HEADER, ...bytes));
    unit.changed(SHARED.KEPT);
    unit.raise(UNIT_ATTENTION.DEVICE_IDENTIFIER_CHANGED, task.nexus);
    return STATUS.GOOD;
  });
}

// Text, or binary when it is a whole number of hexadecimal bytes.
function binaryOf(option: string): Uint8Array {
  const digits = /^0x((?:[0-9a-f]{2})+)$/i.exec(option)?.[1];
  return digits === undefined
    ? new TextEncoder().encode(option)
    : Uint8Array.fromHex(digits);
}

function textOf(option: string | undefined): Uint8Array {
  return option === undefined
    ? new Uint8Array(0)
    : new TextEncoder().encode(`${option}\0`);
}
