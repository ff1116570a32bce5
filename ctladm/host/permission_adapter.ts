/**
 * What the runtime allows this process.
 *
 * @module
 */

import { LIBC_PATHS, ManagementError } from "../../mod.ts";
import type { Permission } from "../permissions.ts";

/** Flags that together open what lies under /dev. */
const ALL_KINDS = [
  "read",
  "write",
  "net",
  "env",
  "sys",
  "run",
  "ffi",
  "import",
] as const;

/** Those of some permissions that were not granted. */
export function missingPermissions(
  permissions: readonly Permission[],
): Permission[] {
  return permissions.filter((each) => !isGranted(descriptorOf(each)));
}

/** Kinds that were granted as a whole: `--allow-read` and its kin. */
export function wholeKinds(): string[] {
  return ALL_KINDS.filter((name) => isGranted({ name }));
}

/** Whether the process may do everything (`-A`). */
export function mayDoAll(): boolean {
  return wholeKinds().length === ALL_KINDS.length;
}

/**
 * Gives up starting programs, for good. With all permissions it stays: what
 * lies under /dev opens for nobody who lacks one.
 */
export function giveUpRunning(): void {
  if (!mayDoAll()) Deno.permissions.revokeSync({ name: "run" });
}

/** The C library that may be called; undefined: none. */
export function allowedLibc(): string | undefined {
  return LIBC_PATHS.find((path) =>
    isGranted({ name: "ffi", path }) && isThere(path)
  );
}

/** Throws a `ManagementError` where the C library may not be called. */
export function requireLibc(): void {
  if (allowedLibc() !== undefined) return;
  throw new ManagementError(
    "request",
    "--native needs the C library: grant --allow-ffi=" +
      `${libcPath() ?? LIBC_PATHS.join(",")}, as the tasks ctld:native and ` +
      "start:native do",
  );
}

/** The C library of this machine. */
export function libcPath(): string | undefined {
  return LIBC_PATHS.find(isThere);
}

// To look at it needs no more than to call it.
function isThere(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch (error) {
    return error instanceof Deno.errors.NotCapable;
  }
}

function isGranted(descriptor: Deno.PermissionDescriptor): boolean {
  return Deno.permissions.querySync(descriptor).state === "granted";
}

function descriptorOf({ kind, value }: Permission): Deno.PermissionDescriptor {
  switch (kind) {
    case "net":
      return { name: "net", host: value };
    case "env":
      return { name: "env", variable: value };
    case "sys":
      return sysDescriptor(value);
    case "import":
      return { name: "import", host: value };
    case "run":
      return { name: "run", command: value };
    case "read":
    case "write":
    case "ffi":
      return { name: kind, path: value };
  }
}

function sysDescriptor(value: string): Deno.SysPermissionDescriptor {
  switch (value) {
    case "statfs":
    case "hostname":
    case "uid":
      return { name: "sys", kind: value };
    default:
      throw new TypeError(`"${value}" is no kind of --allow-sys`);
  }
}
