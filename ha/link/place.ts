/**
 * Where a node listens or connects.
 *
 * @module
 */

/** An address and what is done with it. */
export interface LinkPlace {
  /** The node listens there; otherwise it connects to it. */
  readonly listens: boolean;
  /** IPv4 or IPv6 address, without brackets; a name where it connects. */
  readonly address: string;
  /** TCP port. */
  readonly port: number;
}

/** The port of CTL. */
export const DEFAULT_LINK_PORT = 999;

/** The place in words: `listen [::1]:999`. */
export function placeText({ listens, address, port }: LinkPlace): string {
  const host = address.includes(":") ? `[${address}]` : address;
  return `${listens ? "listen" : "connect"} ${host}:${port}`;
}

/**
 * Reads `listen ADDRESS[:PORT]` or `connect ADDRESS[:PORT]`; IPv6 addresses
 * stand in brackets, or alone without a port.
 *
 * @returns undefined when it is neither
 */
export function parsePlace(text: string): LinkPlace | undefined {
  const match = /^(listen|connect)\s+(\S+)$/.exec(text.trim());
  if (match === null) return undefined;
  const [, verb, where = ""] = match;
  const host = parseHost(where);
  return host && { listens: verb === "listen", ...host };
}

/** Tells whether an address is this machine's own, for sure. */
export function isLoopback(address: string): boolean {
  return /^127(?:\.\d{1,3}){3}$/.test(address) || address === "::1";
}

function parseHost(text: string): Omit<LinkPlace, "listens"> | undefined {
  const match = /^\[([0-9a-f:.]+)\](?::(\d+))?$/i.exec(text) ??
    /^([^:[\]]+)(?::(\d+))?$/.exec(text) ??
    /^([0-9a-f:.]*:[0-9a-f:.]*:[0-9a-f:.]*)()$/i.exec(text);
  if (match === null) return undefined;
  const [, address = "", digits] = match;
  const port = digits ? Number(digits) : DEFAULT_LINK_PORT;
  return port > 0 && port < 65536 ? { address, port } : undefined;
}
