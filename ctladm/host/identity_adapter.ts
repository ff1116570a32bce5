/**
 * The files by which a node proves who it is to its peer.
 *
 * @module
 */

import { ManagementError } from "../../mod.ts";
import type { HaIdentity, HaIdentityRequest } from "../surroundings.ts";

/** What is in the files. */
interface Contents {
  readonly key: string;
  readonly certificate: string;
}

/** Makes key and certificate, or tells of those that are there. */
export async function haIdentity(
  { directory, name, force }: HaIdentityRequest,
): Promise<HaIdentity> {
  const folder = folderOf(directory);
  const keyFile = `${folder}/ha.key`;
  const certificateFile = `${folder}/ha.pem`;
  const old = [keyFile, certificateFile].filter(exists);
  if (old.length === 2 && !force) {
    const fingerprint = await fingerprintOf(certificateFile);
    return { keyFile, certificateFile, fingerprint, isNew: false };
  }
  const [half] = old;
  if (half !== undefined && !force) {
    throw failure(half, "its other half is missing; --force makes both anew");
  }
  // Loaded here alone: it needs much memory, and nothing that serves needs it.
  const { makeCertificate } = await import("./certificate_adapter.ts");
  const { fingerprint, ...contents } = await makeCertificate(name);
  writeBoth(contents, keyFile, certificateFile);
  return {
    ...{ keyFile, certificateFile, isNew: true },
    fingerprint: `sha256:${fingerprint}`,
  };
}

function folderOf(directory: string): string {
  try {
    Deno.mkdirSync(directory, { recursive: true, mode: 0o700 });
    return Deno.realPathSync(directory);
  } catch (error) {
    throw failure(directory, error);
  }
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw failure(path, error);
  }
}

// Both are written beside the old ones before one of these is replaced.
function writeBoth(
  { key, certificate }: Contents,
  keyFile: string,
  certificateFile: string,
): void {
  write(`${keyFile}.new`, key);
  write(`${certificateFile}.new`, certificate);
  Deno.renameSync(`${keyFile}.new`, keyFile);
  Deno.renameSync(`${certificateFile}.new`, certificateFile);
}

function write(path: string, text: string): void {
  try {
    if (exists(path)) Deno.removeSync(path);
    const options = { write: true, createNew: true, mode: 0o600 };
    using file = Deno.openSync(path, options);
    file.writeSync(new TextEncoder().encode(text));
    file.syncSync();
  } catch (error) {
    throw failure(path, error);
  }
}

async function fingerprintOf(path: string): Promise<string> {
  try {
    const text = Deno.readTextFileSync(path);
    const base64 = /-----BEGIN CERTIFICATE-----([^-]+)-----END/.exec(text)?.[1];
    if (base64 === undefined) throw new Error("it holds no certificate");
    const bytes = Uint8Array.fromBase64(base64.replace(/\s+/g, ""));
    const digest = await crypto.subtle.digest("SHA-256", bytes);
    return `sha256:${new Uint8Array(digest).toHex()}`;
  } catch (error) {
    throw failure(path, error);
  }
}

function failure(path: string, reason: unknown): ManagementError {
  const text = reason instanceof Error ? reason.message : String(reason);
  return new ManagementError("request", `Cannot use ${path}: ${text}`);
}
