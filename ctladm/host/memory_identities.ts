/**
 * Generated names that last as long as the program.
 *
 * @module
 */

import type { IdentityStore } from "../../core/mod.ts";

/** A store of identities in memory. */
export function memoryIdentities(): IdentityStore {
  const kept = new Map<string, Uint8Array>();
  return {
    keep: (key, make) => {
      const value = kept.get(key) ?? make();
      kept.set(key, value);
      return value;
    },
    forget: (key) => {
      kept.delete(key);
    },
  };
}
