/**
 * Sense data in the words of ctladm(8).
 *
 * @module
 */

import { SENSE_KEY } from "../../mod.ts";
import { senseCodeText } from "./sense_codes.ts";

const KEY_TEXTS = [
  "NO SENSE",
  "RECOVERED ERROR",
  "NOT READY",
  "MEDIUM ERROR",
  "HARDWARE ERROR",
  "ILLEGAL REQUEST",
  "UNIT ATTENTION",
  "DATA PROTECT",
  "BLANK CHECK",
  "Vendor Specific",
  "COPY ABORTED",
  "ABORTED COMMAND",
  "EQUAL",
  "VOLUME OVERFLOW",
  "MISCOMPARE",
  "COMPLETED",
] as const;

const RESPONSE = {
  FIXED: 0x70,
  FIXED_DEFERRED: 0x71,
  DESCRIPTOR: 0x72,
  DESCRIPTOR_DEFERRED: 0x73,
} as const;

const DESCRIPTOR = {
  INFORMATION: 0,
  COMMAND_SPECIFIC: 1,
  SENSE_KEY_SPECIFIC: 2,
  FRU: 3,
} as const;

const VALID = 0x80;
const SKSV = 0x80;
const COMMAND_DATA = 0x40;
const BIT_POINTER_VALID = 0x08;

/** Sense data with their fields apart, whichever format they have. */
interface Fields {
  readonly key: number;
  readonly asc: number;
  readonly ascq: number;
  readonly information: bigint | null;
  readonly fru: number;
  readonly commandSpecific: bigint;
  readonly keySpecific: DataView | null;
  readonly others: readonly Uint8Array[];
}

/** `NOT READY asc:4,2 (Logical unit not ready, …)`. */
export function senseText(key: number, asc: number, ascq: number): string {
  return `${KEY_TEXTS[key]} asc:${asc.toString(16)},${ascq.toString(16)} ` +
    `(${senseCodeText(asc, ascq)})`;
}

/** Lines that describe sense data. */
export function senseLines(bytes: Uint8Array): string[] {
  if (bytes.length === 0) return ["SCSI sense: No sense data present"];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const code = view.getUint8(0) & 0x7f;
  const fields = fieldsOf(view, code);
  if (fields === null) {
    return [`SCSI sense: Error code 0x${code.toString(16)}`];
  }
  const deferred = code === RESPONSE.FIXED_DEFERRED ||
    code === RESPONSE.DESCRIPTOR_DEFERRED;
  const { key, asc, ascq } = fields;
  return [
    `SCSI sense: ${deferred ? "Deferred error: " : ""}` +
    senseText(key, asc, ascq),
    ...detailLines(fields),
  ];
}

function detailLines(fields: Fields): string[] {
  const { information, fru, commandSpecific, keySpecific, others } = fields;
  const lines: string[] = [];
  if (information !== null) lines.push(`Info: 0x${information.toString(16)}`);
  if (fru !== 0) lines.push(`Field Replaceable Unit: ${fru}`);
  if (commandSpecific !== 0n) {
    lines.push(`Command Specific Info: 0x${commandSpecific.toString(16)}`);
  }
  if (keySpecific !== null) {
    lines.push(keySpecificLine(fields.key, keySpecific));
  }
  for (const other of others) lines.push(descriptorLine(other));
  return lines;
}

function fieldsOf(view: DataView, code: number): Fields | null {
  switch (code) {
    case RESPONSE.FIXED:
    case RESPONSE.FIXED_DEFERRED:
      return view.byteLength < 8 ? null : fixedFields(view);
    case RESPONSE.DESCRIPTOR:
    case RESPONSE.DESCRIPTOR_DEFERRED:
      return view.byteLength < 8 ? null : descriptorFields(view);
    default:
      return null;
  }
}

// Sense data may end before any field (SPC-5 4.4.3): what is missing is zero.
function fixedFields(short: DataView): Fields {
  const view = new DataView(new ArrayBuffer(18));
  const bytes = new Uint8Array(view.buffer);
  const length = Math.min(short.byteLength, 18);
  bytes.set(new Uint8Array(short.buffer, short.byteOffset, length));
  const valid = (view.getUint8(0) & VALID) !== 0;
  const specific = new DataView(view.buffer, 15, 3);
  return {
    key: view.getUint8(2) & 0x0f,
    asc: view.getUint8(12),
    ascq: view.getUint8(13),
    information: valid ? BigInt(view.getUint32(3)) : null,
    fru: view.getUint8(14),
    commandSpecific: BigInt(view.getUint32(8)),
    keySpecific: (specific.getUint8(0) & SKSV) === 0 ? null : specific,
    others: [],
  };
}

function descriptorFields(view: DataView): Fields {
  let information: bigint | null = null;
  let commandSpecific = 0n;
  let keySpecific: DataView | null = null;
  let fru = 0;
  const others: Uint8Array[] = [];
  const end = Math.min(view.byteLength, 8 + view.getUint8(7));
  for (let at = 8; at + 2 <= end;) {
    const length = Math.min(2 + view.getUint8(at + 1), end - at);
    const start = view.byteOffset + at;
    const each = new DataView(view.buffer, start, length);
    const type = each.getUint8(0);
    if (type === DESCRIPTOR.INFORMATION && length >= 12) {
      information = each.getBigUint64(4);
    } else if (type === DESCRIPTOR.COMMAND_SPECIFIC && length >= 12) {
      commandSpecific = each.getBigUint64(4);
    } else if (type === DESCRIPTOR.SENSE_KEY_SPECIFIC && length >= 7) {
      keySpecific = new DataView(view.buffer, start + 4, 3);
    } else if (type === DESCRIPTOR.FRU && length >= 4) {
      fru = each.getUint8(3);
    } else {
      others.push(new Uint8Array(view.buffer, start, length));
    }
    at += length;
  }
  return {
    key: view.getUint8(1) & 0x0f,
    asc: view.getUint8(2),
    ascq: view.getUint8(3),
    information,
    fru,
    commandSpecific,
    keySpecific,
    others,
  };
}

function keySpecificLine(key: number, view: DataView): string {
  const flags = view.getUint8(0);
  const value = view.getUint16(1);
  switch (key) {
    case SENSE_KEY.ILLEGAL_REQUEST:
      return pointerLine(flags & COMMAND_DATA ? "Command" : "Data", view);
    case SENSE_KEY.UNIT_ATTENTION:
      return "Unit Attention Condition Queue Overflowed";
    case SENSE_KEY.RECOVERED_ERROR:
    case SENSE_KEY.HARDWARE_ERROR:
    case SENSE_KEY.MEDIUM_ERROR:
      return `Actual Retry Count: ${value}`;
    case SENSE_KEY.NO_SENSE:
    case SENSE_KEY.NOT_READY: {
      const percent = Math.floor(value * 100 / 65536);
      return `Progress: ${percent}% (${value}/65536) complete`;
    }
    case SENSE_KEY.COPY_ABORTED:
      return pointerLine(flags & 0x20 ? "Segment" : "Data", view);
    default: {
      const bytes = [0, 1, 2]
        .map((at) => `0x${view.getUint8(at).toString(16).padStart(2, "0")}`);
      return `Sense Key Specific: ${bytes.join(",")}`;
    }
  }
}

function pointerLine(what: string, view: DataView): string {
  const flags = view.getUint8(0);
  const bit = flags & BIT_POINTER_VALID ? ` bit ${flags & 7}` : "";
  return `${what} byte ${view.getUint16(1)}${bit} is invalid`;
}

function descriptorLine(bytes: Uint8Array): string {
  const [type = 0, ...rest] = bytes;
  const dump = rest.map((byte) => ` ${byte.toString(16).padStart(2, "0")}`);
  return `Descriptor 0x${type.toString(16).padStart(2, "0")}:${dump.join("")}`;
}
