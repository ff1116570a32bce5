/**
 * What the programs take from their environment.
 *
 * @module
 */

/** Control socket of root, where FreeBSD's tools expect a device. */
const ROOT_SOCKET = "/var/run/ctl.sock";
const SOCKET_NAME = "ctl.sock";

/** Path of the control socket: `CTL_SOCKET`, else by user. */
export function controlSocketPath(): string {
  const named = Deno.env.get("CTL_SOCKET");
  if (named) return named;
  const runtime = Deno.env.get("XDG_RUNTIME_DIR");
  if (Deno.uid() === 0 || !runtime) return ROOT_SOCKET;
  return `${runtime}/${SOCKET_NAME}`;
}

/** Folder of the state database of a daemon that ctladm starts. */
export function idleStateDirectory(): string {
  return stateDirectory(Deno.uid() === 0 ? "/var/lib/dtl" : ".dtl");
}

/** Folder of the state database: `DTL_STATE_DIR`, else the program's own. */
export function stateDirectory(fallback: string): string {
  return Deno.env.get("DTL_STATE_DIR") || fallback;
}
