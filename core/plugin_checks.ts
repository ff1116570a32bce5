/**
 * What a plugin has to be, before anything of it is called.
 *
 * @module
 */

import { type Plugin, PLUGIN_API } from "./plugin.ts";
import type { Clock } from "./ports/host.ts";

/** Members of a plugin beside `api`, and what they are. */
const MEMBERS: readonly (readonly [keyof Plugin, string])[] = [
  ["name", "string"],
  ["options", "object"],
  ["requires", "object"],
  ["optional", "object"],
  ["setup", "function"],
];

/** Why something cannot be a plugin of this version; undefined: it can. */
export function pluginProblem(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null) {
    return `its "plugin" is no object`;
  }
  // First: in another version the rest may be something else.
  const api: unknown = Reflect.get(value, "api");
  if (api !== PLUGIN_API) {
    return `it was made for plugin API ${api}, this is ${PLUGIN_API}`;
  }
  for (const [name, kind] of MEMBERS) {
    const member: unknown = Reflect.get(value, name);
    if (typeof member !== kind || member === null || member === "") {
      return `its "${name}" is no ${kind}`;
    }
  }
  return undefined;
}

/** Why something cannot be what `setup` returns; undefined: it can. */
export function instanceProblem(value: unknown): string | undefined {
  const isObject = typeof value === "object" && value !== null;
  return isObject &&
      typeof Reflect.get(value, Symbol.asyncDispose) === "function"
    ? undefined
    : `"setup" returned nothing with a method [Symbol.asyncDispose]`;
}

/**
 * Waits for work, but not for ever.
 *
 * @param tooLate makes the error of work that takes longer than `limitMs`
 */
export function within<T>(
  clock: Clock,
  limitMs: number,
  work: Promise<T>,
  tooLate: () => Error,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(limitMs, () => reject(tooLate()));
    work.finally(cancel).then(resolve, reject);
  });
}
