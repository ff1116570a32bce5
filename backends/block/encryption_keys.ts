/**
 * The keys of encrypted files, in the state directory.
 *
 * @module
 */

import {
  type BlockStore,
  type Host,
  ManagementError,
  OK,
  type StoreFault,
} from "../../core/mod.ts";
import { XTS_KEY_BYTES } from "./aes_xts.ts";
import { isFault } from "./block_io.ts";
import { EncryptedStore } from "./encrypted_store.ts";

const PREFIX = "block/encryption-key/";
const VERSION = 1;
/** Bytes at the start and at the end that tell whether a file is new. */
const LOOKED_AT_BYTES = 65536;

/** Where keys come from, and where they stay. */
export type KeyParts = Pick<Host, "entropy" | "state">;

/**
 * A store that encrypts with the key of a file. A new file gets a new key; one
 * that holds data without a key of ours is refused.
 *
 * @param identity what the file is known by
 */
export async function encrypted(
  below: BlockStore,
  identity: string,
  parts: KeyParts,
): Promise<EncryptedStore | StoreFault> {
  try {
    const key = readKey(identity, parts) ??
      await firstKey(below, identity, parts);
    return isFault(key)
      ? key
      : new EncryptedStore(below, key, () => newKey(identity, parts));
  } catch (error) {
    if (!(error instanceof ManagementError)) throw error;
    return hardware(error.message);
  }
}

/** What an operator should know who opens a file without its key. */
export function warningOfKey(
  identity: string,
  { state }: KeyParts,
): string | undefined {
  return state.read(PREFIX + identity) === undefined
    ? undefined
    : `"${identity}" was encrypted: without option encryption it is noise`;
}

function readKey(
  identity: string,
  { state }: KeyParts,
): Uint8Array | StoreFault | undefined {
  const kept = state.read(PREFIX + identity);
  if (kept === undefined) return undefined;
  return kept[0] === VERSION && kept.length === 1 + XTS_KEY_BYTES
    ? kept.subarray(1)
    : hardware(
      `The key of "${identity}" in the state directory cannot be read: it ` +
        "is of another version, or damaged",
    );
}

async function firstKey(
  below: BlockStore,
  identity: string,
  parts: KeyParts,
): Promise<Uint8Array | StoreFault> {
  const isNew = await readsAsZeroes(below);
  if (isFault(isNew)) return isNew;
  return isNew ? newKey(identity, parts) : hardware(
    `"${identity}" holds data, and the state directory has no key for them: ` +
      "encryption wants a new file, or the state directory that the file " +
      "was written with",
  );
}

/** Makes a key in the place of the one before; it is kept on return. */
function newKey(identity: string, { entropy, state }: KeyParts): Uint8Array {
  const kept = new Uint8Array(1 + XTS_KEY_BYTES);
  kept[0] = VERSION;
  entropy.fill(kept.subarray(1));
  state.write(PREFIX + identity, kept);
  state.purge();
  return kept.subarray(1);
}

async function readsAsZeroes(store: BlockStore): Promise<boolean | StoreFault> {
  const { blockLength, blockCount } = store.geometry;
  const blocks = Math.min(blockCount, Math.ceil(LOOKED_AT_BYTES / blockLength));
  const bytes = new Uint8Array(blocks * blockLength);
  for (const lba of [0, blockCount - blocks]) {
    const result = await store.read(lba, blocks, bytes, 0);
    if (result !== OK) return result;
    if (bytes.some((byte) => byte !== 0)) return false;
  }
  return true;
}

function hardware(message: string): StoreFault {
  return { cause: "hardware", message };
}
