/**
 * iSNS messages (RFC 4171 5, 6): a header of 12 bytes and attributes, each a
 * tag, a length and a value padded to four bytes.
 *
 * A message that is longer than a PDU may be leaves in several, which share
 * its transaction id and count in their sequence id (RFC 4171 5.1.4).
 *
 * @module
 */

/** Bytes of a header. */
export const ISNS_HEADER_LENGTH = 12;
/** Longest payload of one PDU: 16 bits of length, whole words. */
export const ISNS_PAYLOAD_LENGTH_MAX = 65532;
/** The version of the protocol (RFC 4171 5.1.1). */
export const ISNS_VERSION = 1;

const At = {
  VERSION: 0,
  FUNCTION: 2,
  LENGTH: 4,
  FLAGS: 6,
  TRANSACTION: 8,
  SEQUENCE: 10,
} as const;

/** Functions that targets use (RFC 4171 5.1.2). */
export const ISNS_FUNCTION = {
  DEVICE_ATTRIBUTE_REGISTRATION: 0x0001,
  DEVICE_ATTRIBUTE_QUERY: 0x0002,
  DEVICE_DEREGISTRATION: 0x0004,
} as const;

/** A response has the number of its request and this bit. */
export const ISNS_RESPONSE = 0x8000;

/** Flags of a header (RFC 4171 5.1.4). */
export const ISNS_FLAG = {
  CLIENT: 0x8000,
  SERVER: 0x4000,
  LAST_PDU: 0x0800,
  FIRST_PDU: 0x0400,
} as const;

/** Tags of attributes (RFC 4171 6.1). */
export const ISNS_TAG = {
  DELIMITER: 0,
  ENTITY_IDENTIFIER: 1,
  ENTITY_PROTOCOL: 2,
  REGISTRATION_PERIOD: 6,
  PORTAL_ADDRESS: 16,
  PORTAL_PORT: 17,
  ISCSI_NAME: 32,
  ISCSI_NODE_TYPE: 33,
  ISCSI_ALIAS: 34,
  PORTAL_GROUP_ADDRESS: 49,
  PORTAL_GROUP_PORT: 50,
  PORTAL_GROUP_TAG: 51,
} as const;

/** Entity protocol iSCSI (RFC 4171 6.2.2). */
export const ISNS_PROTOCOL_ISCSI = 2;
/** Node type target (RFC 4171 6.4.2). */
export const ISNS_NODE_TARGET = 1;
/** Status of a request that was carried out (RFC 4171 5.4). */
export const ISNS_SUCCESS = 0;

/** A header (RFC 4171 5.1). */
export interface IsnsHeader {
  /** Version. */
  readonly version: number;
  /** Function, or function of a response. */
  readonly functionId: number;
  /** Bytes behind the header. */
  readonly payloadLength: number;
  /** Flags. */
  readonly flags: number;
  /** Number of the message, the same in its response. */
  readonly transactionId: number;
  /** Number of the PDU in its message, from 0. */
  readonly sequenceId: number;
}

/** An attribute (RFC 4171 5.1.6). */
export interface IsnsAttribute {
  /** Tag. */
  readonly tag: number;
  /** Value, without padding. */
  readonly value: Uint8Array;
}

/** Reads the header that begins at `start`. */
export function decodeIsnsHeader(view: DataView, start: number): IsnsHeader {
  return {
    version: view.getUint16(start + At.VERSION),
    functionId: view.getUint16(start + At.FUNCTION),
    payloadLength: view.getUint16(start + At.LENGTH),
    flags: view.getUint16(start + At.FLAGS),
    transactionId: view.getUint16(start + At.TRANSACTION),
    sequenceId: view.getUint16(start + At.SEQUENCE),
  };
}

/** Writes a header. @returns bytes written */
export function encodeIsnsHeader(
  view: DataView,
  start: number,
  header: IsnsHeader,
): number {
  view.setUint16(start + At.VERSION, header.version);
  view.setUint16(start + At.FUNCTION, header.functionId);
  view.setUint16(start + At.LENGTH, header.payloadLength);
  view.setUint16(start + At.FLAGS, header.flags);
  view.setUint16(start + At.TRANSACTION, header.transactionId);
  view.setUint16(start + At.SEQUENCE, header.sequenceId);
  return ISNS_HEADER_LENGTH;
}

const ATTRIBUTE_HEAD_LENGTH = 8;

function padded(lengthBytes: number): number {
  return (lengthBytes + 3) & ~3;
}

/** Writes attributes, in their order. */
export function encodeIsnsAttributes(
  attributes: readonly IsnsAttribute[],
): Uint8Array {
  const lengths = attributes
    .map(({ value }) => ATTRIBUTE_HEAD_LENGTH + padded(value.length));
  const bytes = new Uint8Array(lengths.reduce((sum, each) => sum + each, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const { tag, value } of attributes) {
    view.setUint32(at, tag);
    view.setUint32(at + 4, padded(value.length));
    bytes.set(value, at + ATTRIBUTE_HEAD_LENGTH);
    at += ATTRIBUTE_HEAD_LENGTH + padded(value.length);
  }
  return bytes;
}

/** Reads attributes; undefined when they do not end where the bytes do. */
export function decodeIsnsAttributes(
  bytes: Uint8Array,
): IsnsAttribute[] | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const attributes: IsnsAttribute[] = [];
  for (let at = 0; at < bytes.length;) {
    if (bytes.length - at < ATTRIBUTE_HEAD_LENGTH) return undefined;
    const tag = view.getUint32(at);
    const length = view.getUint32(at + 4);
    at += ATTRIBUTE_HEAD_LENGTH;
    if (length % 4 !== 0 || length > bytes.length - at) return undefined;
    attributes.push({ tag, value: bytes.subarray(at, at + length) });
    at += length;
  }
  return attributes;
}

/** Cuts a message into PDUs, one behind the other. */
export function encodeIsnsMessage(
  functionId: number,
  transactionId: number,
  payload: Uint8Array,
): Uint8Array {
  const count = Math.max(
    1,
    Math.ceil(payload.length / ISNS_PAYLOAD_LENGTH_MAX),
  );
  const bytes = new Uint8Array(payload.length + count * ISNS_HEADER_LENGTH);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (let sequenceId = 0; sequenceId < count; sequenceId += 1) {
    const start = sequenceId * ISNS_PAYLOAD_LENGTH_MAX;
    const part = payload.subarray(start, start + ISNS_PAYLOAD_LENGTH_MAX);
    at += encodeIsnsHeader(view, at, {
      version: ISNS_VERSION,
      functionId,
      payloadLength: part.length,
      flags: ISNS_FLAG.CLIENT |
        (sequenceId === 0 ? ISNS_FLAG.FIRST_PDU : 0) |
        (sequenceId === count - 1 ? ISNS_FLAG.LAST_PDU : 0),
      transactionId,
      sequenceId,
    });
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

const ENCODER = new TextEncoder();

/** A text; its end is a zero byte (RFC 4171 5.1.6). */
export function isnsText(tag: number, text: string): IsnsAttribute {
  return { tag, value: ENCODER.encode(`${text}\0`) };
}

/** A number of four bytes. */
export function isnsNumber(tag: number, value: number): IsnsAttribute {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return { tag, value: bytes };
}

/** An attribute without a value: a delimiter, or one that is asked for. */
export function isnsEmpty(tag: number): IsnsAttribute {
  return { tag, value: new Uint8Array(0) };
}

/**
 * An address as 16 bytes, an IPv4 one in its mapped form (RFC 4171 6.3.1).
 *
 * @returns undefined for a text that is no address, such as a host name
 */
export function isnsAddress(
  tag: number,
  address: string,
): IsnsAttribute | undefined {
  const groups = address.includes(":")
    ? groupsOfIpv6(address)
    : mapped(groupsOfIpv4(address));
  if (groups?.length !== GROUPS) return undefined;
  const value = new Uint8Array(2 * GROUPS);
  const view = new DataView(value.buffer);
  for (const [index, group] of groups.entries()) {
    view.setUint16(2 * index, group);
  }
  return { tag, value };
}

/** Groups of 16 bits in an IPv6 address. */
const GROUPS = 8;
const GROUP = /^[0-9a-f]{1,4}$/i;
const IPV4 = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/;

function mapped(groups: number[] | undefined): number[] | undefined {
  return groups && [0, 0, 0, 0, 0, 0xffff, ...groups];
}

function groupsOfIpv4(text: string): number[] | undefined {
  const match = IPV4.exec(text);
  if (match === null) return undefined;
  const [a = 0, b = 0, c = 0, d = 0] = match.slice(1).map(Number);
  return Math.max(a, b, c, d) > 255 ? undefined : [a << 8 | b, c << 8 | d];
}

function groupsOfIpv6(text: string): number[] | undefined {
  const [head = "", tail, more] = text.split("::");
  const first = groupsOf(head);
  const last = groupsOf(tail ?? "");
  if (first === undefined || last === undefined || more !== undefined) {
    return undefined;
  }
  if (tail === undefined) return first;
  const zeroes = GROUPS - first.length - last.length;
  if (zeroes < 1) return undefined;
  return [...first, ...Array<number>(zeroes).fill(0), ...last];
}

function groupsOf(text: string): number[] | undefined {
  const groups: number[] = [];
  if (text === "") return groups;
  for (const part of text.split(":")) {
    const parsed = GROUP.test(part)
      ? [Number.parseInt(part, 16)]
      : groupsOfIpv4(part);
    if (parsed === undefined) return undefined;
    groups.push(...parsed);
  }
  return groups;
}
