/**
 * Files of keys and certificates.
 *
 * @module
 */

import { ManagementError } from "../../core/mod.ts";

/** Bytes that a key or certificate has at the most. */
const PEM_BYTES_MAX = 64 * 1024;

/**
 * Reads a file in PEM. One with a private key that others than its owner may
 * read is refused.
 */
export function readPem(path: string): string {
  try {
    using file = Deno.openSync(path);
    const { size, mode } = file.statSync();
    const bytes = new Uint8Array(Math.min(size, PEM_BYTES_MAX));
    const length = file.readSync(bytes) ?? 0;
    const text = new TextDecoder().decode(bytes.subarray(0, length));
    const isOpen = ((mode ?? 0) & 0o077) !== 0;
    if (isOpen && text.includes("PRIVATE KEY")) {
      throw new Error("others may read it: chmod 600");
    }
    return text;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ManagementError("option", `Cannot use ${path}: ${why}`);
  }
}
