/**
 * AES-256 of single blocks, by `node:crypto`.
 *
 * @module
 */

import { createCipheriv, createDecipheriv } from "node:crypto";

/** Bytes of a key. */
export const AES_KEY_BYTES = 32;

/** Encrypts or decrypts whole 16-byte blocks, each by itself. */
export type BlockCipher = (blocks: Uint8Array) => Uint8Array;

/** Encrypts with a key. */
export function aesEncryption(key: Uint8Array): BlockCipher {
  const cipher = createCipheriv("aes-256-ecb", key, null);
  cipher.setAutoPadding(false);
  return (blocks) => cipher.update(blocks);
}

/** Decrypts with a key. */
export function aesDecryption(key: Uint8Array): BlockCipher {
  const cipher = createDecipheriv("aes-256-ecb", key, null);
  cipher.setAutoPadding(false);
  return (blocks) => cipher.update(blocks);
}
