/**
 * `block`: logical units in files and on block devices.
 *
 * The size of a unit is that of the file or device, unless another is given:
 * less than there is, or, of a file, more; what lies past its end reads as
 * zeroes, and writing lets the file grow. A file is never cut. Blocks are 512
 * bytes (2048 on a CD/DVD, more where a device has larger sectors), or any
 * power of two up to 64 KiB.
 *
 * A path that leads nowhere makes a unit without medium. What can only be read
 * is opened read-only, with a warning. What lies under /dev opens only when
 * the daemon runs with `--allow-all`, or with `--allow-ffi` for the C library.
 *
 * Options:
 *
 * - `file` (text, required): the path; tried below /dev/ too when it is not
 *   absolute.
 * - `num_threads` (number, default 32): requests that wait for the disk at
 *   the same time. Never more than 8 do: the runtime has 32 threads for all.
 * - `pblocksize`, `pblockoffset` (size): physical block, and how much of one
 *   lies before LBA 0. Default: as the file system has it, at most 4 KiB.
 * - `ublocksize`, `ublockoffset` (size): the same for the unit of unmapping.
 *   Default: as the file system has it.
 * - `unmap` (on|off): without it UNMAP is offered where space can be freed;
 *   `on` offers it in any case and writes zeroes if need be.
 * - `encryption` (on|off, default off): blocks are encrypted by XTS-AES-256.
 *   The key is made for a new file and kept in the state directory: without
 *   it the data are lost. Such a unit is never thin, and SANITIZE can erase it
 *   at once, by another key.
 *
 * Where `--allow-ffi` names the C library (`deno task ctld:native`), what the
 * page cache holds is read without waiting, writes go to the page cache
 * directly, UNMAP frees space, and GET LBA STATUS tells holes from data.
 * Without it all of that is done by other threads or not offered, and the
 * space left in the file system is known only with `--allow-sys=statfs`.
 *
 * @example
 * ```conf
 * lun 0 {
 *   path /data/disk0
 *   size 100g
 *   option unmap on
 * }
 * ```
 *
 * @module
 */

import { definePlugin, type Plugin, PLUGIN_API } from "../../core/mod.ts";
import { blockDriver } from "./driver.ts";
import { createFileOpener } from "./open_adapter.ts";

/** The plugin; see the module's description. */
export const plugin: Plugin = definePlugin({
  name: "block",
  api: PLUGIN_API,
  options: {},
  requires: {},
  optional: {},
  setup(register) {
    const opener = createFileOpener();
    const { host } = register;
    register.backend(blockDriver({ opener, clock: host.clock, keys: host }));
    return {
      [Symbol.asyncDispose]: () => {
        opener[Symbol.dispose]();
        return Promise.resolve();
      },
    };
  },
});
