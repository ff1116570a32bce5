/**
 * FORMAT UNIT (SBC-4 5.4).
 *
 * @module
 */

import { PARAMETER_LIST_LENGTH_MAX, withParameters } from "../data_transfer.ts";
import { FOR } from "../device_type.ts";
import type { LogicalUnit } from "../logical_unit.ts";
import { carryOut } from "../medium_operation.ts";
import { OPERATION, type OperationPlan } from "../operation_record.ts";
import type { MaybePromise } from "../ports/block_store.ts";
import {
  type Completion,
  INVALID_FIELD_IN_COMMAND_INFORMATION_UNIT,
  invalidFieldInCdb,
  invalidFieldInParameterList,
} from "../sense.ts";
import { SERIALIZATION } from "../serialization.ts";
import type { ScsiTask } from "../task.ts";
import { type CommandDefinition, PATTERN } from "./command_row.ts";
import { DEFECT_FORMAT_MAX } from "./defects.ts";

/** FORMAT UNIT. */
export const FORMAT_COMMANDS: readonly CommandDefinition[] = [
  {
    name: "FORMAT UNIT",
    opcode: 0x04,
    deviceTypes: FOR.DISK,
    usage: "ff 00 00 00 07",
    serialization: SERIALIZATION.FORMAT,
    direction: "out",
    flags: 0,
    pattern: PATTERN.WRITE,
    execute: formatUnit,
  },
];

const FMTPINFO = 0xc0;
const LONGLIST = 0x20;
const FMTDATA = 0x10;
const CMPLST = 0x08;
const DEFECT_LIST_FORMAT = 0x07;

const HeaderAt = {
  PROTECTION_FIELDS_USAGE: 0,
  FLAGS: 1,
  DEFECT_LIST_LENGTH: 2,
  LONG_PROTECTION_INTERVAL: 3,
  LONG_DEFECT_LIST_LENGTH: 4,
} as const;
const HEADER_LENGTH = 4;
const LONG_HEADER_LENGTH = 8;
const FOV = 0x80;
/** DPRY, DCRT, STPF, IP: only with FOV. */
const FORMAT_OPTIONS = 0x78;
const IP = 0x08;
const IMMED = 0x02;

const PatternAt = { FLAGS: 0, TYPE: 1, LENGTH: 2, PATTERN: 4 } as const;
const PATTERN_TYPE = { DEFAULT: 0, REPEAT: 1 } as const;

/** What a parameter list asks for. */
interface FormatWish {
  /** The command ends before the operation does. */
  readonly immediate: boolean;
  /** What the blocks hold afterwards; null: zeroes. */
  readonly pattern: Uint8Array | null;
}

function formatUnit(
  task: ScsiTask,
  unit: LogicalUnit,
): MaybePromise<Completion> {
  const flags = task.cdb.getUint8(1);
  const wrong = checkCdb(flags);
  if (wrong !== null) return wrong;
  if ((flags & FMTDATA) === 0) {
    return format(task, unit, { immediate: false, pattern: null });
  }
  const long = (flags & LONGLIST) !== 0;
  const header = long ? LONG_HEADER_LENGTH : HEADER_LENGTH;
  if (task.expectedDataOutLength < header) {
    task.transferLength = header;
    return INVALID_FIELD_IN_COMMAND_INFORMATION_UNIT;
  }
  // The CDB has no length: the list is what the initiator sends.
  const length = Math.min(
    task.expectedDataOutLength,
    PARAMETER_LIST_LENGTH_MAX,
  );
  return withParameters(task, length, (list) => {
    const wish = decodeList(list, long, unit);
    return "refused" in wish ? wish.refused : format(task, unit, wish);
  });
}

function checkCdb(flags: number): Completion | null {
  // No protection information (SBC-4 5.4.2).
  if ((flags & FMTPINFO) !== 0) return invalidFieldInCdb(1, 7);
  const defectFormat = flags & DEFECT_LIST_FORMAT;
  if (defectFormat > DEFECT_FORMAT_MAX) return invalidFieldInCdb(1, 2);
  if ((flags & FMTDATA) !== 0) return null;
  if ((flags & CMPLST) !== 0) return invalidFieldInCdb(1, 3);
  return defectFormat === 0 ? null : invalidFieldInCdb(1, 2);
}

type Refusal = { readonly refused: Completion };

function refuse(byte: number, bit?: number): Refusal {
  return { refused: invalidFieldInParameterList(byte, bit) };
}

function decodeList(
  list: DataView,
  long: boolean,
  unit: LogicalUnit,
): FormatWish | Refusal {
  const flags = list.getUint8(HeaderAt.FLAGS);
  if (list.getUint8(HeaderAt.PROTECTION_FIELDS_USAGE) !== 0) {
    return refuse(HeaderAt.PROTECTION_FIELDS_USAGE);
  }
  if (long && list.getUint8(HeaderAt.LONG_PROTECTION_INTERVAL) !== 0) {
    return refuse(HeaderAt.LONG_PROTECTION_INTERVAL);
  }
  const options = flags & FORMAT_OPTIONS;
  if ((flags & FOV) === 0 && options !== 0) {
    return refuse(HeaderAt.FLAGS, 31 - Math.clz32(options));
  }
  const wrong = checkDefects(list, long);
  if (wrong !== null) return wrong;
  const immediate = (flags & IMMED) !== 0;
  if ((flags & IP) === 0) return { immediate, pattern: null };
  const header = long ? LONG_HEADER_LENGTH : HEADER_LENGTH;
  const pattern = decodePattern(list, header, unit);
  return pattern !== null && "refused" in pattern
    ? pattern
    : { immediate, pattern };
}

// A store takes no defects from outside.
function checkDefects(list: DataView, long: boolean): Refusal | null {
  const at = long
    ? HeaderAt.LONG_DEFECT_LIST_LENGTH
    : HeaderAt.DEFECT_LIST_LENGTH;
  const length = long ? list.getUint32(at) : list.getUint16(at);
  return length === 0 ? null : refuse(at);
}

// Initialization pattern descriptor (SBC-4 5.4.3.3).
function decodePattern(
  list: DataView,
  at: number,
  unit: LogicalUnit,
): Uint8Array | null | Refusal {
  const short = { refused: INVALID_FIELD_IN_COMMAND_INFORMATION_UNIT };
  if (list.byteLength < at + PatternAt.PATTERN) return short;
  // SI and the obsolete IP MODIFIER.
  const flags = list.getUint8(at + PatternAt.FLAGS);
  if (flags !== 0) return refuse(at, 31 - Math.clz32(flags));
  const type = list.getUint8(at + PatternAt.TYPE);
  const length = list.getUint16(at + PatternAt.LENGTH);
  if (type === PATTERN_TYPE.DEFAULT) {
    return length === 0 ? null : refuse(at + PatternAt.LENGTH);
  }
  if (type !== PATTERN_TYPE.REPEAT) return refuse(at + PatternAt.TYPE);
  if (length === 0 || length > unit.geometry.blockLength) {
    return refuse(at + PatternAt.LENGTH);
  }
  const begin = at + PatternAt.PATTERN;
  if (list.byteLength < begin + length) return short;
  return new Uint8Array(list.buffer, list.byteOffset + begin, length).slice();
}

function format(
  task: ScsiTask,
  unit: LogicalUnit,
  wish: FormatWish,
): MaybePromise<Completion> {
  return carryOut(task, unit, planOf(wish, unit), wish.immediate);
}

// The default pattern is zeroes, which a thin unit has where it has nothing.
function planOf({ pattern }: FormatWish, unit: LogicalUnit): OperationPlan {
  return {
    kind: OPERATION.FORMAT,
    pattern: pattern ?? (unit.unmapSupported ? null : Uint8Array.of(0)),
    passes: 1,
    invert: false,
    cryptographic: false,
    unrestrictedExit: false,
  };
}
