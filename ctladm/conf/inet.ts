/**
 * Internet addresses as text: literals, prefixes, and `address:port` pairs.
 *
 * Everything here is pure. Host names stay text; whoever opens the socket
 * resolves them.
 *
 * @module
 */

/** Version of the internet protocol. */
export type AddressFamily = 4 | 6;

/** An address literal. */
export interface IpAddress {
  /** Version of the protocol. */
  readonly family: AddressFamily;
  /** 4 or 16 bytes in network order. */
  readonly bytes: Uint8Array;
}

/** The addresses that share their first bits. */
export interface AddressPrefix extends IpAddress {
  /** The prefix as it was written. */
  readonly text: string;
  /** Bits that are compared: 0 to 32, or 0 to 128. */
  readonly prefixLength: number;
}

/** A place to listen on or to connect to. */
export interface SocketAddress {
  /** The address as it was written. */
  readonly text: string;
  /** Literal without brackets, or a host name. */
  readonly address: string;
  /** TCP port; 0 lets the system choose one. */
  readonly port: number;
  /** Kind of literal; undefined for a host name. */
  readonly family: AddressFamily | undefined;
}

/** Longest text of an IPv6 literal: eight groups with an IPv4 tail. */
const IPV6_LENGTH_MAX = 45;
/** Longest host name (RFC 1035 2.3.4), in characters. */
const HOST_NAME_LENGTH_MAX = 253;
const HOST_NAME_LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/i;
/** Bits before the IPv4 part of a mapped address (RFC 4291 2.5.5.2). */
const MAPPED_BITS = 96;

/**
 * Parses an address literal. Brackets and a zone (`%eth0`) may be there; an
 * IPv4-mapped IPv6 address is the IPv4 address that it stands for.
 *
 * @returns the address, or undefined when the text is no literal
 */
export function parseIpAddress(text: string): IpAddress | undefined {
  const address = parseLiteral(withoutZone(withoutBrackets(text)));
  return address !== undefined && isMapped(address)
    ? { family: 4, bytes: address.bytes.subarray(MAPPED_BITS / 8) }
    : address;
}

/**
 * Parses `address[/length]`; without a length all bits count.
 *
 * A prefix within the IPv4-mapped range is the IPv4 prefix that it stands for.
 *
 * @returns the prefix, or undefined when the text is none
 */
export function parsePrefix(text: string): AddressPrefix | undefined {
  const slash = text.indexOf("/");
  const literal = slash < 0 ? text : text.slice(0, slash);
  const address = parseLiteral(withoutBrackets(literal));
  if (address === undefined) return undefined;
  const bits = address.bytes.length * 8;
  const length = slash < 0 ? bits : parseDecimal(text.slice(slash + 1), bits);
  if (length === undefined) return undefined;
  if (!isMapped(address) || length < MAPPED_BITS) {
    return { text, ...address, prefixLength: length };
  }
  const bytes = address.bytes.subarray(MAPPED_BITS / 8);
  return { text, family: 4, bytes, prefixLength: length - MAPPED_BITS };
}

/**
 * Tells whether an address lies within a prefix. Different families never
 * match, but an IPv4-mapped IPv6 address counts as IPv4.
 */
export function matchesPrefix(
  addressText: string,
  prefix: AddressPrefix,
): boolean {
  const address = parseIpAddress(addressText);
  if (address === undefined || address.family !== prefix.family) return false;
  return sameBits(address.bytes, prefix.bytes, prefix.prefixLength);
}

/**
 * Parses `address[:port]`, `[address]:port`, an IPv6 literal without port, or
 * a host name with or without port.
 *
 * @returns the parts, or undefined when the text names no place
 */
export function parseSocketAddress(
  text: string,
  defaultPort: number,
): SocketAddress | undefined {
  const parts = splitPort(text);
  if (parts === undefined) return undefined;
  const port = parts.port === undefined
    ? defaultPort
    : parseDecimal(parts.port, 65535);
  if (port === undefined) return undefined;
  const { address } = parts;
  const family = parseLiteral(withoutZone(address))?.family;
  if (family === undefined && !isHostName(address)) return undefined;
  return { text, address, port, family };
}

/** Cuts the port off; colons outside brackets make an IPv6 literal. */
function splitPort(
  text: string,
): { address: string; port: string | undefined } | undefined {
  if (text.startsWith("[")) return splitBracketed(text);
  const colon = text.indexOf(":");
  if (colon < 0 || text.includes(":", colon + 1)) {
    return { address: text, port: undefined };
  }
  return { address: text.slice(0, colon), port: text.slice(colon + 1) };
}

function splitBracketed(
  text: string,
): { address: string; port: string | undefined } | undefined {
  const end = text.indexOf("]");
  const address = text.slice(1, end);
  if (end < 0 || !address.includes(":")) return undefined;
  const rest = text.slice(end + 1);
  if (rest === "") return { address, port: undefined };
  return rest.startsWith(":") ? { address, port: rest.slice(1) } : undefined;
}

/** Digits and dots alone are a mistyped IPv4 address, not a name. */
function isHostName(text: string): boolean {
  if (text.length > HOST_NAME_LENGTH_MAX || /^[\d.]+$/.test(text)) return false;
  const labels = text.replace(/\.$/, "").split(".");
  return labels.every((label) => HOST_NAME_LABEL.test(label));
}

function withoutBrackets(text: string): string {
  const isBracketed = text.startsWith("[") && text.endsWith("]");
  return isBracketed && text.includes(":") ? text.slice(1, -1) : text;
}

function withoutZone(text: string): string {
  const percent = text.indexOf("%");
  return percent < 0 || !text.includes(":") ? text : text.slice(0, percent);
}

function parseLiteral(text: string): IpAddress | undefined {
  const family = text.includes(":") ? 6 : 4;
  const bytes = family === 6 ? parseIpv6(text) : parseIpv4(text);
  return bytes === undefined ? undefined : { family, bytes };
}

/** Four decimal bytes; a leading zero could mean octal and is refused. */
function parseIpv4(text: string): Uint8Array | undefined {
  const parts = text.length > 15 ? [] : text.split(".");
  if (parts.length !== 4) return undefined;
  const bytes = new Uint8Array(4);
  for (const [index, part] of parts.entries()) {
    const value = /^(?:0|[1-9]\d{0,2})$/.test(part) ? Number(part) : 256;
    if (value > 255) return undefined;
    bytes[index] = value;
  }
  return bytes;
}

/** Groups of 16 bits (RFC 4291 2.2); `::` stands for one or more zeros. */
function parseIpv6(text: string): Uint8Array | undefined {
  const halves = text.length > IPV6_LENGTH_MAX ? [] : text.split("::");
  if (halves.length < 1 || halves.length > 2) return undefined;
  const head = parseGroups(halves[0] ?? "", halves.length === 1);
  const tail = parseGroups(halves[1] ?? "", true);
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  const groups = [...head, ...new Array<number>(missing).fill(0), ...tail];
  return Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 0xff]));
}

/** Parses groups between colons; the last may be an IPv4 literal. */
function parseGroups(text: string, isEnd: boolean): number[] | undefined {
  const groups: number[] = [];
  const parts = text === "" ? [] : text.split(":");
  for (const [index, part] of parts.entries()) {
    if (isEnd && index === parts.length - 1 && part.includes(".")) {
      const [a = 0, b = 0, c = 0, d = 0] = parseIpv4(part) ?? [256];
      if (a > 255) return undefined;
      groups.push(a << 8 | b, c << 8 | d);
    } else if (/^[0-9a-f]{1,4}$/i.test(part)) {
      groups.push(parseInt(part, 16));
    } else {
      return undefined;
    }
  }
  return groups;
}

/** An address of `::ffff:0:0/96` (RFC 4291 2.5.5.2). */
function isMapped({ family, bytes }: IpAddress): boolean {
  return family === 6 && bytes[10] === 0xff && bytes[11] === 0xff &&
    bytes.subarray(0, 10).every((byte) => byte === 0);
}

function parseDecimal(text: string, max: number): number | undefined {
  const value = /^\d{1,5}$/.test(text) ? Number(text) : max + 1;
  return value <= max ? value : undefined;
}

function sameBits(a: Uint8Array, b: Uint8Array, bits: number): boolean {
  for (let at = 0; at * 8 < bits; at++) {
    const kept = Math.min(8, bits - at * 8);
    const mask = 0xff << (8 - kept);
    if ((((a[at] ?? 0) ^ (b[at] ?? 0)) & mask & 0xff) !== 0) return false;
  }
  return true;
}
