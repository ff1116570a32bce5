/**
 * Sends ctld to the background: a process and session of its own.
 *
 * @module
 */

import { ManagementError } from "../../mod.ts";
import {
  flagsOf,
  type Permission,
  type PermissionRequest,
  permissionsOf,
  RUN_FLAGS,
  runVariables,
} from "../permissions.ts";
import {
  mayDoAll,
  missingPermissions,
  wholeKinds,
} from "./permission_adapter.ts";
import { exit } from "./terminal_adapter.ts";

/** What shall run in the background. */
export interface DetachRequest extends PermissionRequest {
  /** Words of the program. */
  readonly words: readonly string[];
}

/**
 * Starts it, and waits for the first line on its standard output, which says
 * that it serves. What it complains about until then is passed on.
 *
 * @returns the exit code: its own, when it ended instead
 */
export async function detach(request: DetachRequest): Promise<number> {
  const child = spawn(request);
  const passedOn = passOn(child.stderr);
  const reader = child.stdout.getReader();
  const { done } = await reader.read();
  if (done) {
    await passedOn;
    return (await child.status).code;
  }
  child.unref();
  // Its pipes are of no use any more, and would keep this process.
  exit(0);
}

function spawn(request: DetachRequest): Deno.ChildProcess {
  const command = Deno.execPath();
  try {
    return new Deno.Command(command, {
      args: [
        "run",
        ...RUN_FLAGS,
        ...grantedFlags(request),
        request.program,
        ...request.words,
      ],
      env: runVariables(request),
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
      detached: true,
    }).spawn();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotCapable)) throw error;
    throw new ManagementError(
      "request",
      `--detach needs --allow-run=${command}: ${error.message}`,
    );
  }
}

/** What this process may do as a whole; else what the configuration needs. */
function grantedFlags(request: PermissionRequest): string[] {
  if (mayDoAll()) return ["--allow-all"];
  const whole = wholeKinds().filter((kind) => kind !== "run");
  const { permissions } = permissionsOf(request);
  const single = [...permissions, ...USUAL].filter(({ kind }) =>
    !whole.includes(kind)
  );
  const refused = new Set(missingPermissions(single));
  return [
    ...whole.map((kind) => `--allow-${kind}`),
    ...flagsOf(single.filter((each) => !refused.has(each))),
  ];
}

/** Another configuration may need them later. */
const USUAL: readonly Permission[] = [
  { kind: "sys", value: "hostname", why: "iSNS" },
  { kind: "sys", value: "statfs", why: "files" },
];

async function passOn(stream: ReadableStream<Uint8Array>): Promise<void> {
  for await (const bytes of stream) {
    for (let at = 0; at < bytes.length;) {
      at += Deno.stderr.writeSync(bytes.subarray(at));
    }
  }
}
