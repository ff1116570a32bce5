/**
 * Sockets of the camtgt wire.
 *
 * @module
 */

import { ManagementError } from "../../core/mod.ts";
import {
  addressText,
  MADE_FOLDER,
  MADE_SOCKET,
  type WireAddress,
} from "./address.ts";
import type { WireStream } from "./frame_link.ts";

/** A wire that is served. */
export interface ServedWire {
  /** Where; with the port that the system chose. */
  readonly address: WireAddress;
  /** Serves no more; connections stay. */
  close(): void;
}

/** Milliseconds before the next try when no connection can be accepted. */
const RETRY_MS = 100;

/** Serves a place; throws a `ManagementError` when it cannot. */
export function listenWire(
  address: WireAddress,
  accept: (stream: WireStream, peer: string) => void,
): ServedWire {
  try {
    return address.transport === "unix"
      ? listenUnix(address.path, accept)
      : listenTcp(address.hostname, address.port, accept);
  } catch (error) {
    if (error instanceof ManagementError) throw error;
    throw new ManagementError(
      "request",
      `Cannot serve ${addressText(address)}: ` +
        `${error instanceof Error ? error.message : error}`,
    );
  }
}

/** Whether somebody serves a Unix socket at a place already. */
export async function isServed(address: WireAddress): Promise<boolean> {
  // Of a TCP port the system tells, when it is asked for.
  if (address.transport !== "unix") return false;
  try {
    (await Deno.connect(address)).close();
    return true;
  } catch {
    return false;
  }
}

/** Connects to a place. */
export async function connectWire(address: WireAddress): Promise<WireStream> {
  if (address.transport === "unix") return await Deno.connect(address);
  const connection = await Deno.connect(address);
  connection.setNoDelay(true);
  return connection;
}

// Nobody else may connect before the mode is set: it is made in a folder of
// its own, and then moved.
function listenUnix(
  path: string,
  accept: (stream: WireStream, peer: string) => void,
): ServedWire {
  removeStale(path);
  const folder = path + MADE_FOLDER;
  remove(folder);
  Deno.mkdirSync(folder, { mode: 0o700 });
  let listener: Deno.UnixListener | undefined;
  try {
    const made = path + MADE_SOCKET;
    listener = Deno.listen({ transport: "unix", path: made });
    Deno.chmodSync(made, 0o600);
    Deno.renameSync(made, path);
  } catch (error) {
    listener?.close();
    throw error;
  } finally {
    remove(folder);
  }
  const { dev, ino } = Deno.lstatSync(path);
  acceptAll(listener, (connection) => accept(connection, "unix"));
  const served = listener;
  return {
    address: { transport: "unix", path },
    close: () => {
      served.close();
      // It may be another's by now.
      const now = found(path);
      if (now !== null && now.ino === ino && now.dev === dev) remove(path);
    },
  };
}

function listenTcp(
  hostname: string,
  port: number,
  accept: (stream: WireStream, peer: string) => void,
): ServedWire {
  const listener = Deno.listen({ hostname, port });
  acceptAll(listener, (connection) => {
    connection.setNoDelay(true);
    accept(connection, connection.remoteAddr.hostname);
  });
  return {
    address: { transport: "tcp", hostname, port: listener.addr.port },
    close: () => listener.close(),
  };
}

async function acceptAll<Connection extends Deno.Conn>(
  listener: { accept(): Promise<Connection> },
  accept: (connection: Connection) => void,
): Promise<void> {
  while (true) {
    let connection: Connection;
    try {
      connection = await listener.accept();
    } catch (error) {
      if (error instanceof Deno.errors.BadResource) return;
      if (error instanceof Deno.errors.Interrupted) return;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      continue;
    }
    accept(connection);
  }
}

// A socket that a daemon left when it was killed may go; nothing else may.
function removeStale(path: string): void {
  const now = found(path);
  if (now === null) return;
  if (!now.isSocket) {
    throw new ManagementError(
      "request",
      `Cannot serve unix:${path}: something else is there`,
    );
  }
  remove(path);
}

function found(path: string): Deno.FileInfo | null {
  try {
    return Deno.lstatSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

function remove(path: string): void {
  try {
    Deno.removeSync(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
