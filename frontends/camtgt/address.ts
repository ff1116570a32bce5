/**
 * Places where a wire is served: `unix:/path`, `127.0.0.1:3270`, `[::1]:3270`.
 *
 * @module
 */

import { ManagementError } from "../../core/mod.ts";

/** A place where a wire is served. */
export type WireAddress =
  | { readonly transport: "unix"; readonly path: string }
  | {
    readonly transport: "tcp";
    readonly hostname: string;
    readonly port: number;
  };

const UNIX = "unix:";
/** What is added to the path of a socket while it is made in a folder. */
export const MADE_FOLDER = ".new";
/** The socket in that folder. */
export const MADE_SOCKET = ".new/s";
/** Bytes that the path of a Unix socket can have (unix(7)). */
const PATH_BYTES_MAX: number = 107 - MADE_SOCKET.length;

/** Reads a place; throws a `ManagementError` when it is none. */
export function parseAddress(text: string): WireAddress {
  if (text.startsWith(UNIX) && text.length > UNIX.length) {
    return { transport: "unix", path: checkPath(text.slice(UNIX.length)) };
  }
  const match = /^(?:\[([0-9a-f:.]+)\]|([^:[\]]+)):(\d{1,5})$/i.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 0xffff) {
    throw new ManagementError(
      "option",
      `Invalid value "${text}" for option "listen": expected unix:/path or ` +
        `an address and a TCP port, such as 127.0.0.1:3270`,
    );
  }
  return { transport: "tcp", hostname: match[1] ?? match[2] ?? "", port };
}

function checkPath(path: string): string {
  if (new TextEncoder().encode(path).length <= PATH_BYTES_MAX) return path;
  throw new ManagementError(
    "option",
    `Invalid value "${UNIX}${path}" for option "listen": the path has more ` +
      `than ${PATH_BYTES_MAX} bytes`,
  );
}

/** The place of a port, by the option `listen`: `%p` is its physical port. */
export function wireAddress(
  listen: string,
  physicalPort: number,
): WireAddress {
  return parseAddress(listen.replaceAll("%p", String(physicalPort)));
}

/** A place, as it is written. */
export function addressText(address: WireAddress): string {
  if (address.transport === "unix") return UNIX + address.path;
  const { hostname, port } = address;
  return hostname.includes(":")
    ? `[${hostname}]:${port}`
    : `${hostname}:${port}`;
}

/** Whether nobody but this machine can get there. */
export function isLocal(address: WireAddress): boolean {
  return address.transport === "unix" ||
    /^(localhost|127(\.\d{1,3}){3}|::1)$/i.test(address.hostname);
}
