/**
 * Opens paths by the best means that are allowed.
 *
 * @module
 */

import type { StoreFault } from "../../core/mod.ts";
import {
  type BlockIo,
  type BlockIoOpener,
  faultOf,
  type OpenHow,
  systemError,
} from "./block_io.ts";
import { factsOf } from "./device_facts.ts";
import { type FileIo, identityOf, openFileIo } from "./file_adapter.ts";
import { type Libc, loadLibc } from "./libc_adapter.ts";
import { LibcIo, queueNumber } from "./libc_io_adapter.ts";
import { deviceNumberOf } from "./libc_structs.ts";
import { NativeIo } from "./native_adapter.ts";

/** What the runtime says of everything under /dev without all permissions. */
const NEEDS_ALL = /all access to "\/dev\//;

/** An opener that holds the C library until it is disposed of. */
export class FileOpener implements BlockIoOpener, Disposable {
  readonly #libc: Libc | undefined;

  /** Uses the C library, if there is one. */
  constructor(libc: Libc | undefined) {
    this.#libc = libc;
  }

  /** Opens a file or device. */
  async open(path: string, how: OpenHow): Promise<BlockIo | StoreFault> {
    const doing = `open "${path}"`;
    try {
      const io = await openFileIo(path, how);
      return this.#libc === undefined ? io : enriched(io, this.#libc);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotCapable)) {
        return faultOf(error, doing);
      }
      if (!NEEDS_ALL.test(error.message)) return faultOf(error, doing);
      return this.#libc === undefined
        ? faultOf(new Error(ABOUT_DEV), doing)
        : openByLibc(this.#libc, path, how);
    }
  }

  /** The name under which an identity is kept: absolute, links resolved. */
  identityOf(path: string): string {
    return identityOf(path);
  }

  /** Unloads the C library. */
  [Symbol.dispose](): void {
    this.#libc?.unload();
  }
}

const ABOUT_DEV = "what lies under /dev opens only when the program runs " +
  "with --allow-all (-A), or with --allow-ffi for the C library";

/** Opens files with the C library, if `--allow-ffi` is granted for it. */
export function createFileOpener(): FileOpener {
  return new FileOpener(loadLibc());
}

/** Adds what the C library can do, if it opens the very same file. */
function enriched(io: FileIo, libc: Libc): BlockIo {
  const fd = libc.open(io.facts.path, io.facts.readOnly);
  if (fd < 0) return io;
  const status = libc.fileStatus(fd);
  const { major, minor } = deviceNumberOf(io.identity.dev);
  const isSame = status?.inode === io.identity.ino &&
    status.liesOn.major === major && status.liesOn.minor === minor;
  if (isSame) return new NativeIo(io, libc, fd);
  libc.close(fd);
  return io;
}

/** Opens by the C library alone. */
export function openByLibc(
  libc: Libc,
  path: string,
  how: OpenHow,
): BlockIo | StoreFault {
  const fd = libc.open(path, how.readOnly);
  if (fd < 0) return faultOf(systemError(libc.errno()), `open "${path}"`);
  const status = libc.fileStatus(fd);
  if (status === undefined || !(status.isFile || status.isDevice)) {
    libc.close(fd);
    const why = new Error("it is neither a file nor a block device");
    return faultOf(why, `open "${path}"`);
  }
  const { isDevice, unitBytes, device } = status;
  const facts = factsOf(
    { path, readOnly: how.readOnly, isDevice, unitBytes },
    (name) => queueNumber(libc, device, name),
  );
  const io = new LibcIo(libc, fd, facts, how);
  return new NativeIo(io, libc, fd);
}
