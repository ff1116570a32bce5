/**
 * TransportIDs: names of initiator ports in reservations (SPC-5 7.6.4).
 *
 * @module
 */

import { PROTOCOL } from "./designator.ts";

/** Where the fields of TransportIDs stand. */
const At = {
  FORMAT_AND_PROTOCOL: 0,
  SPI_ADDRESS: 2,
  SPI_PORT: 6,
  SAS_ADDRESS: 4,
  FC_PORT_NAME: 8,
  ISCSI_LENGTH: 2,
  ISCSI_NAME: 4,
} as const;

/** FORMAT CODE of an iSCSI TransportID: a node, or one port of a node. */
const ISCSI_FORMAT = { NODE: 0, PORT: 1 } as const;

/** Bytes of all TransportIDs but those of iSCSI. */
const TRANSPORT_ID_LENGTH = 24;
/** Least ADDITIONAL LENGTH of iSCSI (SPC-5 7.6.4.6). */
const ISCSI_LENGTH_MIN = 20;
/** Bytes of the longest iSCSI name (RFC 7143 4.2.7.1). */
const ISCSI_NAME_LENGTH_MAX = 223;
const ISID_DIGITS = 12;
const PORT_SEPARATOR = ",i,0x";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/** A TransportID taken out of a parameter list. */
export interface TransportId {
  /** One of `PROTOCOL`. */
  readonly protocol: number;
  /**
   * Names an initiator port; false: an iSCSI node, whatever its ports
   * (format 00b).
   */
  readonly namesPort: boolean;
  /** Text that is the same for all spellings of the same name. */
  readonly name: string;
  /** All its bytes. */
  readonly bytes: Uint8Array;
}

/** Why bytes are no TransportID. */
export interface TransportIdFault {
  /** The list ends before the TransportID does. */
  readonly truncated: boolean;
  /** Byte from its beginning that is wrong. */
  readonly at: number;
}

/** TransportID of an iSCSI initiator port, `name,i,0xISID` (format 01b). */
export function iscsiTransportId(name: string): Uint8Array {
  return iscsi(ISCSI_FORMAT.PORT, name);
}

/** TransportID of an iSCSI node with all its ports (format 00b). */
export function iscsiNodeTransportId(name: string): Uint8Array {
  return iscsi(ISCSI_FORMAT.NODE, name);
}

/** TransportID of a Fibre Channel port by its eight-byte N_Port_Name. */
export function fcTransportId(portName: Uint8Array): Uint8Array {
  return fixed(PROTOCOL.FC, At.FC_PORT_NAME, portName.subarray(0, 8));
}

/** TransportID of a SAS port by its eight-byte address. */
export function sasTransportId(address: Uint8Array): Uint8Array {
  return fixed(PROTOCOL.SAS, At.SAS_ADDRESS, address.subarray(0, 8));
}

/** TransportID of a parallel SCSI port by its address and target port. */
export function spiTransportId(address: number, port: number): Uint8Array {
  const id = new Uint8Array(TRANSPORT_ID_LENGTH);
  const view = new DataView(id.buffer);
  view.setUint8(At.FORMAT_AND_PROTOCOL, PROTOCOL.SPI);
  view.setUint16(At.SPI_ADDRESS, address);
  view.setUint16(At.SPI_PORT, port);
  return id;
}

/**
 * Reads one TransportID.
 *
 * @param view holds it, and maybe more behind it
 * @param start its first byte
 */
export function decodeTransportId(
  view: DataView,
  start: number,
): TransportId | TransportIdFault {
  const left = view.byteLength - start;
  if (left < TRANSPORT_ID_LENGTH) return { truncated: true, at: 0 };
  const first = view.getUint8(start + At.FORMAT_AND_PROTOCOL);
  const protocol = first & 0x0f;
  if (protocol === PROTOCOL.ISCSI) return decodeIscsi(view, start, first >> 6);
  if (first >> 6 !== 0) return { truncated: false, at: 0 };
  const bytes = bytesAt(view, start, TRANSPORT_ID_LENGTH);
  switch (protocol) {
    case PROTOCOL.FC:
      return portOf(protocol, bytes, At.FC_PORT_NAME, 8);
    case PROTOCOL.SAS:
      return portOf(protocol, bytes, At.SAS_ADDRESS, 8);
    case PROTOCOL.SPI:
      return portOf(protocol, bytes, At.SPI_ADDRESS, 6);
    default:
      return { truncated: false, at: 0 };
  }
}

/**
 * What an initiator port is called, the same for every spelling of its
 * TransportID; of bytes that are none, the bytes themselves.
 */
export function nameOfTransportId(bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const id = decodeTransportId(view, 0);
  return "name" in id ? id.name : bytes.toHex();
}

/** Whether an iSCSI node (format 00b) has a port of that name. */
export function nodeHasPort(node: TransportId, portName: string): boolean {
  return portName.startsWith(node.name + PORT_SEPARATOR);
}

function iscsi(format: number, name: string): Uint8Array {
  const text = encoder.encode(name);
  const length = Math.max((text.length + 4) & ~3, ISCSI_LENGTH_MIN);
  const id = new Uint8Array(At.ISCSI_NAME + length);
  const view = new DataView(id.buffer);
  view.setUint8(At.FORMAT_AND_PROTOCOL, format << 6 | PROTOCOL.ISCSI);
  view.setUint16(At.ISCSI_LENGTH, length);
  id.set(text, At.ISCSI_NAME);
  return id;
}

function fixed(
  protocol: number,
  at: number,
  name: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const id = new Uint8Array(TRANSPORT_ID_LENGTH);
  id.set(name, at);
  id.set([protocol]);
  return id;
}

function portOf(
  protocol: number,
  bytes: Uint8Array,
  at: number,
  length: number,
): TransportId {
  const hex = bytes.subarray(at, at + length).toHex();
  return { protocol, namesPort: true, name: `${protocol}:${hex}`, bytes };
}

function decodeIscsi(
  view: DataView,
  start: number,
  format: number,
): TransportId | TransportIdFault {
  if (format > ISCSI_FORMAT.PORT) return { truncated: false, at: 0 };
  const length = view.getUint16(start + At.ISCSI_LENGTH);
  if (length % 4 !== 0 || length < ISCSI_LENGTH_MIN) {
    return { truncated: false, at: At.ISCSI_LENGTH };
  }
  if (view.byteLength - start < At.ISCSI_NAME + length) {
    return { truncated: true, at: At.ISCSI_LENGTH };
  }
  const bytes = bytesAt(view, start, At.ISCSI_NAME + length);
  const namesPort = format === ISCSI_FORMAT.PORT;
  const name = iscsiNameOf(bytes.subarray(At.ISCSI_NAME), namesPort);
  if (name === null) return { truncated: false, at: At.ISCSI_NAME };
  return { protocol: PROTOCOL.ISCSI, namesPort, name, bytes };
}

// Names are compared in lower case (RFC 3722), ISIDs as numbers.
function iscsiNameOf(field: Uint8Array, namesPort: boolean): string | null {
  const end = field.indexOf(0);
  if (end <= 0 || field.subarray(end).some((byte) => byte !== 0)) return null;
  const text = textOf(field.subarray(0, end))?.toLowerCase();
  if (text === undefined) return null;
  const parts = /^(.+),i,0x([0-9a-f]{1,12})$/.exec(text);
  const node = namesPort ? parts?.[1] : text;
  if (node === undefined || node.includes(",")) return null;
  if (encoder.encode(node).length > ISCSI_NAME_LENGTH_MAX) return null;
  const isid = parts?.[2]?.padStart(ISID_DIGITS, "0");
  return namesPort ? `${node}${PORT_SEPARATOR}${isid}` : node;
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

function bytesAt(view: DataView, start: number, length: number): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset + start, length).slice();
}
