/**
 * The Unix socket that carries the control API.
 *
 * @module
 */

import { ManagementError } from "../../mod.ts";
import type { Handle } from "./bearer.ts";

/** The API, being served. */
export interface ServedApi {
  /** Stops serving and removes the socket. */
  close(): Promise<void>;
}

/** Milliseconds that requests under way have when the server ends. */
const END_MS = 2000;

/** Bytes that the path of a Unix socket can have (unix(7)). */
const PATH_BYTES_MAX = 107;
/** What is added to the path while the socket is made. */
const MADE_SUFFIX = ".new/s";

/**
 * Serves requests on a Unix socket of mode 0600. A socket that a dead daemon
 * left behind is replaced; that of a living one is an error.
 */
export async function serveOnSocket(
  path: string,
  handle: Handle,
): Promise<ServedApi> {
  await refuseSecond(path);
  const room = PATH_BYTES_MAX - MADE_SUFFIX.length;
  if (new TextEncoder().encode(path).length > room) {
    throw unusable(path, `the path has more than ${room} bytes`);
  }
  try {
    return await serveAt(path, handle);
  } catch (error) {
    throw unusable(path, error instanceof Error ? error.message : error);
  }
}

/** Refuses to be the second daemon on a socket: a `ManagementError`. */
export async function refuseSecond(path: string): Promise<void> {
  if (!await isServed(path)) return;
  throw new ManagementError(
    "request",
    `A daemon is running already with the control socket ${path}: end it ` +
      `with "ctladm shutdown" (what was made by hand goes with it), or set ` +
      `CTL_SOCKET to another path`,
  );
}

function unusable(path: string, reason: unknown): ManagementError {
  return new ManagementError(
    "request",
    `Cannot make the control socket ${path}: ${reason}. Set CTL_SOCKET to ` +
      `another path`,
  );
}

async function serveAt(path: string, handle: Handle): Promise<ServedApi> {
  // Nobody else may connect before the mode is set: the socket is made in a
  // folder of its own and then moved. Its name is known beforehand, so that a
  // list of permissions can hold it.
  const folder = `${path}.new`;
  await Deno.remove(folder, { recursive: true }).catch(() => {});
  await Deno.mkdir(folder, { mode: 0o700 });
  try {
    const made = path + MADE_SUFFIX;
    const server = Deno.serve(
      { path: made, transport: "unix", onListen: () => {} },
      handle,
    );
    await Deno.chmod(made, 0o600);
    await Deno.rename(made, path);
    return {
      close: async () => {
        await Deno.remove(path).catch(() => {});
        await endServer(server);
      },
    };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/**
 * Lets requests under way end, and cuts them off after a while: whoever does
 * not read an answer cannot keep the daemon from ending.
 */
export async function endServer(server: Deno.HttpServer): Promise<void> {
  const late = Promise.withResolvers<void>();
  const timer = setTimeout(() => late.resolve(), END_MS);
  await Promise.race([server.shutdown(), late.promise]);
  clearTimeout(timer);
}

/** Whether somebody answers on a socket. */
export async function isServed(path: string): Promise<boolean> {
  try {
    const connection = await Deno.connect({ transport: "unix", path });
    connection.close();
    return true;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotCapable)) return false;
    // Not to be allowed to look is not to have seen that nobody is there.
    throw new ManagementError(
      "request",
      `Cannot look for a daemon at ${path}: ${error.message}`,
    );
  }
}
