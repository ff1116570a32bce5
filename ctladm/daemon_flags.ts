/**
 * What Deno is told of every daemon, besides permissions.
 *
 * @module
 */

/**
 * Flags before all others. What RAM disks hold counts for the collector: past
 * twice this limit it never rests, and some 200 reads a second are left. Room
 * for the youngest objects is 8 MiB, not 16: 4,096 LUNs take 262 MiB and not
 * 322, and commands are as fast. With 4 MiB they would cost 6 % more.
 */
export const DAEMON_FLAGS: readonly string[] = Object.freeze([
  "--v8-flags=--max-old-space-size=32768,--max-semi-space-size=8",
]);
