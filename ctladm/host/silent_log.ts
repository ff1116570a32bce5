/**
 * A log that keeps nothing.
 *
 * @module
 */

import type { Log } from "../../core/mod.ts";

/** Drops every line. */
export const silentLog: Log = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
};
