/**
 * What the programs take from their environment.
 *
 * @module
 */

import { ManagementError } from "../../mod.ts";

/** Control socket of root, where FreeBSD's tools expect a device. */
const ROOT_SOCKET = "/var/run/ctl.sock";
const SOCKET_NAME = "ctl.sock";

/** Path of the control socket: `CTL_SOCKET`, else by user. */
export function controlSocketPath(): string {
  const named = variable("CTL_SOCKET");
  if (named) return named;
  const runtime = variable("XDG_RUNTIME_DIR");
  if (isRoot() || !runtime) return ROOT_SOCKET;
  return `${runtime}/${SOCKET_NAME}`;
}

/** Folder of the state database of a daemon that ctladm starts. */
export function idleStateDirectory(): string {
  return stateDirectory(isRoot() ? "/var/lib/dtl" : ".dtl");
}

/** Folder of the state database: `DTL_STATE_DIR`, else the program's own. */
export function stateDirectory(fallback: string): string {
  return variable("DTL_STATE_DIR") || fallback;
}

function variable(name: string): string | undefined {
  return allowed(() => Deno.env.get(name));
}

function isRoot(): boolean {
  return allowed(() => Deno.uid()) === 0;
}

// What the runtime says names the flag and its entry.
function allowed<T>(ask: () => T): T {
  try {
    return ask();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotCapable)) throw error;
    throw new ManagementError("request", error.message);
  }
}
