/**
 * Raw PDUs: 48 bytes of header by offset, additional header segments, data and
 * digests. Nothing is checked on the way out, so that a test can send any
 * bytes, wrong ones too.
 *
 * @module
 */

import { opcodeName } from "./codes.ts";
import { digestBytes } from "./crc32c.ts";

/** Bytes of a basic header segment (RFC 7143 11.2.1). */
export const HEADER_BYTES = 48;

const NOTHING = new Uint8Array(0);

/** Which digests PDUs carry. */
export interface Digests {
  /** After the header and its additional segments. */
  readonly header: boolean;
  /** After the data, where there is any. */
  readonly data: boolean;
}

/** Digests during the login, and where none were agreed. */
export const NO_DIGESTS: Digests = { header: false, data: false };

/** One PDU, with its header fields read by offset. */
export class Pdu {
  /** The 48 bytes of the header. */
  readonly header: Uint8Array;
  /** Additional header segments, padding included. */
  readonly ahs: Uint8Array;
  /** Data segment, without padding. */
  readonly data: Uint8Array;
  readonly #view: DataView;

  /** Takes the parts as they are; the header must have 48 bytes. */
  constructor(
    header: Uint8Array,
    ahs: Uint8Array = NOTHING,
    data: Uint8Array = NOTHING,
  ) {
    this.header = header;
    this.ahs = ahs;
    this.data = data;
    this.#view = new DataView(header.buffer, header.byteOffset, HEADER_BYTES);
  }

  /** The byte at an offset of the header. */
  u8(at: number): number {
    return this.#view.getUint8(at);
  }

  /** The 16-bit number at an offset of the header. */
  u16(at: number): number {
    return this.#view.getUint16(at);
  }

  /** The 32-bit number at an offset of the header. */
  u32(at: number): number {
    return this.#view.getUint32(at);
  }

  /** Changes the byte at an offset. */
  set8(at: number, value: number): this {
    this.#view.setUint8(at, value);
    return this;
  }

  /** Changes the 16-bit number at an offset. */
  set16(at: number, value: number): this {
    this.#view.setUint16(at, value);
    return this;
  }

  /** Changes the 32-bit number at an offset. */
  set32(at: number, value: number): this {
    this.#view.setUint32(at, value);
    return this;
  }

  /** Operation code without the immediate bit. */
  get opcode(): number {
    return this.u8(0) & 0x3f;
  }

  /** Byte 1. */
  get flags(): number {
    return this.u8(1);
  }

  /** Length of the additional header segments in bytes, as the header says. */
  get totalAhsLength(): number {
    return this.u8(4) * 4;
  }

  /** Length of the data segment in bytes, as the header says. */
  get dataSegmentLength(): number {
    return this.u32(4) & 0xffffff;
  }

  /** Initiator task tag. */
  get initiatorTaskTag(): number {
    return this.u32(16);
  }

  /** Target transfer tag, in the PDUs that have one. */
  get targetTransferTag(): number {
    return this.u32(20);
  }

  /** StatSN of a target's PDU. */
  get statSN(): number {
    return this.u32(24);
  }

  /** ExpCmdSN of a target's PDU. */
  get expCmdSN(): number {
    return this.u32(28);
  }

  /** MaxCmdSN of a target's PDU. */
  get maxCmdSN(): number {
    return this.u32(32);
  }

  /** Whether all these bits of byte 1 are set. */
  has(flags: number): boolean {
    return (this.flags & flags) === flags;
  }

  /** One line for error messages. */
  toString(): string {
    const tag = this.initiatorTaskTag.toString(16);
    const flags = this.flags.toString(16).padStart(2, "0");
    return `${opcodeName(this.opcode)} flags ${flags} tag ${tag} ` +
      `data ${this.dataSegmentLength}`;
  }
}

/** What a PDU is made of; what is not given is zero. */
export interface PduFields {
  /** Byte 0 without the immediate bit. */
  readonly opcode: number;
  /** The immediate bit. */
  readonly immediate?: boolean;
  /** Byte 1. */
  readonly flags?: number;
  /** Logical unit: a number, or the 8 bytes themselves. */
  readonly lun?: number | Uint8Array;
  /** Initiator task tag. */
  readonly initiatorTaskTag?: number;
  /** 32-bit numbers by their offset in the header. */
  readonly words?: Readonly<Record<number, number>>;
  /** 16-bit numbers by their offset; written after the words. */
  readonly halves?: Readonly<Record<number, number>>;
  /** Bytes by their offset; written last. */
  readonly bytes?: Readonly<Record<number, number>>;
  /** Bytes from offset 32 on: the CDB of a command. */
  readonly cdb?: Uint8Array;
  /** Additional header segments, already padded. */
  readonly ahs?: Uint8Array;
  /** Data segment, without padding. */
  readonly data?: Uint8Array;
}

/** Builds a PDU; the length fields follow from the parts. */
export function makePdu(fields: PduFields): Pdu {
  const { ahs = NOTHING, data = NOTHING } = fields;
  const pdu = new Pdu(new Uint8Array(HEADER_BYTES), ahs, data);
  pdu.set8(0, fields.opcode | (fields.immediate === true ? 0x40 : 0));
  pdu.set8(1, fields.flags ?? 0);
  pdu.set32(4, ((ahs.length / 4) << 24 | data.length) >>> 0);
  pdu.header.set(lunBytes(fields.lun ?? 0), 8);
  pdu.set32(16, fields.initiatorTaskTag ?? 0);
  pdu.header.set((fields.cdb ?? NOTHING).subarray(0, 16), 32);
  writeFields(pdu, fields);
  return pdu;
}

function writeFields(pdu: Pdu, fields: PduFields): void {
  for (const [at, value] of Object.entries(fields.words ?? {})) {
    pdu.set32(Number(at), value);
  }
  for (const [at, value] of Object.entries(fields.halves ?? {})) {
    pdu.set16(Number(at), value);
  }
  for (const [at, value] of Object.entries(fields.bytes ?? {})) {
    pdu.set8(Number(at), value);
  }
}

/**
 * The 8 bytes of a logical unit number: peripheral addressing up to 255, flat
 * addressing up to 16383, extended flat above (SAM-5 4.7).
 */
export function lunBytes(lun: number | Uint8Array): Uint8Array {
  if (typeof lun !== "number") return lun;
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  if (lun <= 0xff) view.setUint16(0, lun);
  else if (lun <= 0x3fff) view.setUint16(0, 0x4000 | lun);
  else view.setUint32(0, (0xd2000000 | lun) >>> 0);
  return bytes;
}

/** How a PDU is put on the wire, and what is wrong with it. */
export interface EncodeOptions {
  /** Digests to add. */
  readonly digests?: Digests;
  /** Spoils one digest, to see how the other side takes it. */
  readonly corrupt?: "header" | "data";
}

/** The bytes of a PDU: header, additional segments, data, padding, digests. */
export function encodePdu(pdu: Pdu, options: EncodeOptions = {}): Uint8Array {
  const { digests = NO_DIGESTS, corrupt } = options;
  const parts = [pdu.header, pdu.ahs];
  if (digests.header) {
    parts.push(spoiled(digestBytes(...parts), corrupt === "header"));
  }
  const data = padded(pdu.data);
  parts.push(data);
  if (digests.data && data.length > 0) {
    parts.push(spoiled(digestBytes(data), corrupt === "data"));
  }
  return concat(parts);
}

function spoiled(digest: Uint8Array, spoil: boolean): Uint8Array {
  return spoil ? digest.map((byte) => byte ^ 0xff) : digest;
}

/** The bytes, with zeroes up to a multiple of four. */
export function padded(bytes: Uint8Array): Uint8Array {
  if (bytes.length % 4 === 0) return bytes;
  const all = new Uint8Array(Math.ceil(bytes.length / 4) * 4);
  all.set(bytes);
  return all;
}

/** One array out of many. */
export function concat(parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const all = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** What {@linkcode decodePdu} found: a PDU and how many bytes it took. */
export interface Decoded {
  /** The PDU; its arrays are copies. */
  readonly pdu: Pdu;
  /** Bytes on the wire, padding and digests included. */
  readonly lengthBytes: number;
}

/**
 * Reads one PDU off the front of some bytes.
 *
 * @returns the PDU, or undefined when the bytes end before it does
 * @throws {Error} when a digest does not match
 */
export function decodePdu(
  bytes: Uint8Array,
  digests: Digests = NO_DIGESTS,
): Decoded | undefined {
  if (bytes.length < HEADER_BYTES) return undefined;
  const head = new Pdu(bytes.slice(0, HEADER_BYTES));
  const ahsEnd = HEADER_BYTES + head.totalAhsLength;
  const dataStart = ahsEnd + (digests.header ? 4 : 0);
  const dataEnd = dataStart + Math.ceil(head.dataSegmentLength / 4) * 4;
  const end = dataEnd + (digests.data && dataEnd > dataStart ? 4 : 0);
  if (bytes.length < end) return undefined;
  checkDigest(head, "header", bytes.subarray(0, ahsEnd), bytes, dataStart);
  checkDigest(head, "data", bytes.subarray(dataStart, dataEnd), bytes, end);
  const ahs = bytes.slice(HEADER_BYTES, ahsEnd);
  const data = bytes.slice(dataStart, dataStart + head.dataSegmentLength);
  return { pdu: new Pdu(head.header, ahs, data), lengthBytes: end };
}

function checkDigest(
  pdu: Pdu,
  name: string,
  covered: Uint8Array,
  bytes: Uint8Array,
  end: number,
): void {
  const digestAt = covered.byteOffset - bytes.byteOffset + covered.length;
  if (digestAt === end) return;
  const expected = digestBytes(covered);
  const got = bytes.subarray(digestAt, end);
  if (expected.every((byte, at) => byte === got[at])) return;
  throw new Error(
    `Cannot accept the ${name} digest of ${pdu}: ${got.toHex()} came, ` +
      `${expected.toHex()} is right`,
  );
}
