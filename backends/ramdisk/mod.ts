/**
 * `ramdisk`: logical units in memory.
 *
 * Contents last as long as the logical unit. Memory is taken when a block is
 * first written, in physical blocks ("pages"), and given back when all of a
 * page is unmapped; so a unit may be much larger than the machine. Reads and
 * writes never wait.
 *
 * The size is required (`ctladm create -b ramdisk -s 10g`, `size` in
 * ctl.conf). Blocks are 512 bytes (2048 on a CD/DVD), or any power of two up to
 * 64 KiB that `-B` or `blocksize` asks for.
 *
 * Options:
 *
 * - `capacity` (size, default 0): memory that pages may take, up to 2^30
 *   pages. A write that needs more ends with SPACE ALLOCATION FAILED WRITE
 *   PROTECT, and nothing of it is stored. Anchored pages count as used. 0 makes
 *   a black hole: writes are accepted and forgotten, reads are zero.
 * - `pblocksize` (size, default 4k or a block): the physical block: a power of
 *   two times the block size, 512 to 131072 bytes.
 * - `pblockoffset` (size, default 0): bytes of a physical block that lie before
 *   LBA 0; only reported.
 * - `ublocksize`, `ublockoffset` (size): the same for the unmap granularity,
 *   which is the physical block unless said otherwise; only reported.
 *
 * A unit that shrinks loses what is cut off: when it grows again, that reads
 * as zeroes.
 *
 * @example
 * ```conf
 * lun 0 {
 *   backend ramdisk
 *   size 10g
 *   option capacity 10g
 * }
 * ```
 *
 * @module
 */

import { definePlugin, type Plugin, PLUGIN_API } from "../../core/mod.ts";
import { ramdiskDriver } from "./driver.ts";

/** The plugin; see the module's description. */
export const plugin: Plugin = definePlugin({
  name: "ramdisk",
  api: PLUGIN_API,
  options: {},
  requires: {},
  optional: {},
  setup(register) {
    register.backend(ramdiskDriver(register.host.clock));
    return { [Symbol.asyncDispose]: () => Promise.resolve() };
  },
});
