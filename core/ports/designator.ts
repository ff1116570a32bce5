/**
 * Designators: names of logical units, ports and devices (SPC-5 7.7.6).
 *
 * @module
 */

/** CODE SET field. */
export const CODE_SET = { BINARY: 1, ASCII: 2, UTF8: 3 } as const;

/** ASSOCIATION field. */
export const ASSOCIATION = { UNIT: 0, PORT: 1, TARGET: 2 } as const;

/** DESIGNATOR TYPE field. */
export const DESIGNATOR_TYPE = {
  T10_VENDOR_ID: 1,
  EUI64: 2,
  NAA: 3,
  RELATIVE_TARGET_PORT: 4,
  TARGET_PORT_GROUP: 5,
  SCSI_NAME: 8,
  UUID: 0xa,
} as const;

/** PROTOCOL IDENTIFIER field (SPC-5 7.6.1). */
export const PROTOCOL = { FC: 0, SPI: 1, ISCSI: 5, SAS: 6 } as const;

/** One designator. */
export interface Designator {
  /** One of {@linkcode CODE_SET}. */
  readonly codeSet: number;
  /** One of {@linkcode DESIGNATOR_TYPE}. */
  readonly type: number;
  /** One of {@linkcode ASSOCIATION}. */
  readonly association: number;
  /** One of {@linkcode PROTOCOL}; undefined: not tied to one (PIV 0). */
  readonly protocol?: number;
  /** The designator itself. */
  readonly bytes: Uint8Array;
}

const encoder = new TextEncoder();

/** A SCSI name string: UTF-8, ended by NUL, padded to four bytes. */
export function scsiNameDesignator(
  name: string,
  association: number,
  protocol?: number,
): Designator {
  const text = encoder.encode(name);
  const bytes = new Uint8Array((text.length + 4) & ~3);
  bytes.set(text);
  const designator = {
    codeSet: CODE_SET.UTF8,
    type: DESIGNATOR_TYPE.SCSI_NAME,
    association,
    bytes,
  };
  return protocol === undefined ? designator : { ...designator, protocol };
}

/** An NAA designator of eight bytes, such as a world wide name. */
export function naaDesignator(
  name: bigint,
  association: number,
  protocol: number,
): Designator {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, name);
  return {
    codeSet: CODE_SET.BINARY,
    type: DESIGNATOR_TYPE.NAA,
    association,
    protocol,
    bytes,
  };
}

/** A designator as lists show it: `naa.…`, `eui.…`, `t10.…`, or the name. */
export function describeDesignator(designator: Designator): string {
  switch (designator.type) {
    case DESIGNATOR_TYPE.NAA:
      return `naa.${designator.bytes.toHex()}`;
    case DESIGNATOR_TYPE.EUI64:
      return `eui.${designator.bytes.toHex()}`;
    case DESIGNATOR_TYPE.T10_VENDOR_ID:
      return `t10.${textOf(designator.bytes)}`;
    default:
      return textOf(designator.bytes);
  }
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes).replace(/\0+$/, "").trimEnd();
}
