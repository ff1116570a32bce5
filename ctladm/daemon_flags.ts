/**
 * What Deno is told of every daemon, besides permissions.
 *
 * @module
 */

/**
 * Flags before all others. What RAM disks hold counts for the collector: past
 * twice this limit it never rests, and some 200 reads a second are left.
 */
export const DAEMON_FLAGS: readonly string[] = Object.freeze([
  "--v8-flags=--max-old-space-size=32768",
]);
