/**
 * Locks on files (flock): advisory, and gone with the process that holds them.
 * Permissions: `--allow-read` and `--allow-write` for the store; for a file
 * below /dev the same as for opening it as a store.
 *
 * @module
 */

import type { StoreLock } from "./lock_fencer.ts";

/** Takes an exclusive lock; null: another process has it. */
export function lockStore(path: string): StoreLock | null {
  const file = Deno.openSync(path, { read: true, write: true });
  try {
    if (file.tryLockSync(true)) return { release: () => file.close() };
  } catch (error) {
    file.close();
    throw error;
  }
  file.close();
  return null;
}
