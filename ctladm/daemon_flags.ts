/**
 * What Deno is told of every daemon, besides permissions.
 *
 * @module
 */

/**
 * Flags before all others. What RAM disks hold counts for the collector: past
 * twice this limit it never rests, and some 200 reads a second are left. Room
 * for the youngest objects is 4 MiB, not 16: a command makes next to none, and
 * a session that has logged in leaves 50 KiB in memory and not 100.
 */
export const DAEMON_FLAGS: readonly string[] = Object.freeze([
  "--v8-flags=--max-old-space-size=32768,--max-semi-space-size=4",
]);
