/**
 * Sense data, fixed and descriptor format (SPC-4 4.5).
 *
 * @module
 */

/** Sense data, taken apart. */
export interface Sense {
  /** Key, ASC and ASCQ in hex, such as `6/29/00`. */
  readonly text: string;
  /** 70h and 71h fixed, 72h and 73h descriptor format. */
  readonly responseCode: number;
  /** Whether it belongs to a command before. */
  readonly deferred: boolean;
  /** Sense key. */
  readonly key: number;
  /** Additional sense code. */
  readonly asc: number;
  /** Its qualifier. */
  readonly ascq: number;
  /** INFORMATION, when it is valid. */
  readonly information: number | undefined;
  /** COMMAND-SPECIFIC INFORMATION; undefined when absent or zero. */
  readonly commandSpecific: number | undefined;
  /** Sense key specific bytes, when they are valid. */
  readonly keySpecific: Uint8Array | undefined;
  /** Where the wrong field is, when the bytes say so. */
  readonly fieldPointer: FieldPointer | undefined;
  /** ILI bit of the fixed format, or of its descriptor. */
  readonly incorrectLength: boolean;
}

/** Where in a CDB or parameter list a field is wrong (SPC-4 4.5.2.4.2). */
export interface FieldPointer {
  /** The CDB, else the parameter list. */
  readonly inCdb: boolean;
  /** Bit, when it is known. */
  readonly bit: number | undefined;
  /** Byte. */
  readonly byte: number;
}

/**
 * Takes sense data apart.
 *
 * @returns undefined when the bytes are no sense data
 */
export function parseSense(bytes: Uint8Array): Sense | undefined {
  const responseCode = (bytes[0] ?? 0) & 0x7f;
  if (responseCode < 0x70 || responseCode > 0x73) return undefined;
  // Missing bytes at the end are zeroes (SPC-4 4.5.3).
  const whole = new Uint8Array(Math.max(bytes.length, 32));
  whole.set(bytes);
  const fields = responseCode < 0x72 ? fixed(whole) : descriptors(whole);
  const { key, asc, ascq, keySpecific } = fields;
  return {
    ...fields,
    text: senseText(key, asc, ascq),
    responseCode,
    deferred: (responseCode & 1) === 1,
    fieldPointer: key === 5 ? fieldPointer(keySpecific) : undefined,
  };
}

/** Key, ASC and ASCQ as the tests write them: `5/24/00`. */
export function senseText(key: number, asc: number, ascq: number): string {
  return `${key.toString(16)}/${hex2(asc)}/${hex2(ascq)}`;
}

function hex2(value: number): string {
  return value.toString(16).padStart(2, "0");
}

type Fields = Omit<
  Sense,
  "text" | "responseCode" | "deferred" | "fieldPointer"
>;

function fixed(bytes: Uint8Array): Fields {
  const view = new DataView(bytes.buffer);
  const valid = (view.getUint8(0) & 0x80) !== 0;
  return {
    key: view.getUint8(2) & 0x0f,
    asc: view.getUint8(12),
    ascq: view.getUint8(13),
    information: valid ? view.getUint32(3) : undefined,
    commandSpecific: view.getUint32(8) || undefined,
    keySpecific: keySpecificOf(bytes.subarray(15, 18)),
    incorrectLength: (view.getUint8(2) & 0x20) !== 0,
  };
}

function descriptors(bytes: Uint8Array): Fields {
  const view = new DataView(bytes.buffer);
  const found = new Map<number, Uint8Array>();
  const end = Math.min(bytes.length, 8 + view.getUint8(7));
  for (let at = 8; at + 1 < end; at += 2 + view.getUint8(at + 1)) {
    // A short descriptor reads as if zeroes followed.
    const whole = new Uint8Array(16);
    whole.set(bytes.subarray(at, at + 2 + view.getUint8(at + 1)).slice(0, 16));
    found.set(view.getUint8(at), whole);
  }
  return {
    key: view.getUint8(1) & 0x0f,
    asc: view.getUint8(2),
    ascq: view.getUint8(3),
    information: eightBytes(found.get(0)),
    commandSpecific: eightBytes(found.get(1)),
    keySpecific: keySpecificOf(found.get(2)?.subarray(4, 7)),
    incorrectLength: ((found.get(5)?.[3] ?? 0) & 0x20) !== 0,
  };
}

function eightBytes(descriptor: Uint8Array | undefined): number | undefined {
  if (descriptor === undefined) return undefined;
  return Number(new DataView(descriptor.buffer).getBigUint64(4));
}

function keySpecificOf(bytes: Uint8Array | undefined): Uint8Array | undefined {
  return ((bytes?.[0] ?? 0) & 0x80) === 0 ? undefined : bytes?.slice();
}

function fieldPointer(bytes: Uint8Array | undefined): FieldPointer | undefined {
  if (bytes === undefined) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const flags = view.getUint8(0);
  return {
    inCdb: (flags & 0x40) !== 0,
    bit: (flags & 0x08) === 0 ? undefined : flags & 7,
    byte: view.getUint16(1),
  };
}
