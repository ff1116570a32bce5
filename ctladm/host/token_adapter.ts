/**
 * The file that holds the token of the control API.
 *
 * @module
 */

import { ManagementError } from "../../mod.ts";

const TOKEN_FILE = "api.token";
const TOKEN_BYTES = 32;
/** Characters: 16 bytes in hexadecimal, which nobody guesses. */
const TOKEN_LENGTH_MIN = 32;

/** Path of the token file in a state directory. */
export function tokenPath(stateDirectory: string): string {
  return `${stateDirectory}/${TOKEN_FILE}`;
}

/**
 * Reads the token, or makes the file with a random one. Refused when others
 * than the owner have any right to the file, or when it holds no token.
 */
export function readToken(path: string): string {
  try {
    return readExisting(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return makeToken(path);
    throw error instanceof ManagementError
      ? error
      : unusable(path, error, "see to its rights");
  }
}

// Mode and text of one file, whatever is put in its place meanwhile.
function readExisting(path: string): string {
  using file = Deno.openSync(path);
  const { mode, isFile, size } = file.statSync();
  const rights = (mode ?? 0) & 0o777;
  if (!isFile) throw unusable(path, "it is no regular file", "remove it");
  if (rights !== 0o600) {
    throw unusable(
      path,
      `its mode is ${rights.toString(8).padStart(4, "0")}, expected 0600`,
      `others may have read it: remove it, and a new one is made`,
    );
  }
  const bytes = new Uint8Array(Math.min(size, 4096));
  const length = file.readSync(bytes) ?? 0;
  const token = new TextDecoder().decode(bytes.subarray(0, length)).trim();
  if (token.length >= TOKEN_LENGTH_MIN && /^\S+$/.test(token)) return token;
  throw unusable(
    path,
    `it holds no token of at least ${TOKEN_LENGTH_MIN} characters`,
    "remove it, and a new one is made",
  );
}

function makeToken(path: string): string {
  const token = crypto.getRandomValues(new Uint8Array(TOKEN_BYTES)).toHex();
  try {
    const options = { write: true, createNew: true, mode: 0o600 };
    using file = Deno.openSync(path, options);
    file.writeSync(new TextEncoder().encode(`${token}\n`));
    file.syncSync();
    return token;
  } catch (error) {
    throw unusable(path, error, "see to its folder");
  }
}

function unusable(
  path: string,
  reason: unknown,
  remedy: string,
): ManagementError {
  const text = reason instanceof Error ? reason.message : String(reason);
  return new ManagementError(
    "request",
    `Cannot use the token file ${path} of the control API: ${text}; ${remedy}`,
  );
}
