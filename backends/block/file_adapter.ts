/**
 * Files and devices by the runtime's own means.
 *
 * `Deno.FsFile` and not `node:fs`: what node:fs calls asynchronous writing is
 * done in the event loop itself (Deno 2.9.6), so that a slow disk would stop
 * everything. An `FsFile` reads and writes where it stands, and its requests
 * wait for each other; hence the lanes.
 *
 * @module
 */

import {
  type MayWrite,
  OK,
  type StoreResult,
  type StoreUsage,
} from "../../core/mod.ts";
import {
  type BlockIo,
  type BlockIoFacts,
  faultOf,
  type IoResult,
  MUST_NOT_WRITE,
  type OpenHow,
} from "./block_io.ts";
import { factsOf } from "./device_facts.ts";
import { LanePool } from "./lane_pool.ts";
import {
  type DeviceNumber,
  deviceNumberOf,
  queueFiles,
  type QueueNumber,
} from "./libc_structs.ts";

/** Unit in which the system counts what a file takes. */
const STAT_BLOCK_BYTES = 512;

/** What makes two handles those of one file. */
interface FileIdentity {
  readonly dev: number;
  readonly ino: number | null;
}

/** A file or device behind handles of the runtime. */
export class FileIo implements BlockIo {
  /** What is known of it. */
  readonly facts: BlockIoFacts;
  /** Device and inode number, to tell whether a path still names it. */
  readonly identity: FileIdentity;
  readonly #mayWrite: MayWrite | undefined;
  readonly #lanes: LanePool<Deno.FsFile>;
  /** A handle of its own, so that nothing waits for a sync. */
  readonly #syncs: LanePool<Deno.FsFile>;

  /** Takes two handles of the same file over. */
  constructor(
    facts: BlockIoFacts,
    handles: { readonly first: Deno.FsFile; readonly sync: Deno.FsFile },
    { lanes, mayWrite }: OpenHow,
  ) {
    this.facts = facts;
    this.#mayWrite = mayWrite;
    this.identity = handles.first.statSync();
    const open = (): Deno.FsFile | undefined => this.#openAnother();
    this.#lanes = new LanePool(handles.first, open, lanes);
    this.#syncs = new LanePool(handles.sync, () => undefined, 1);
  }

  /** Reads in a thread of the runtime. */
  async read(
    position: number,
    into: Uint8Array,
    at: number,
    length: number,
  ): Promise<IoResult> {
    try {
      return await this.#lanes.use(async (file) => {
        file.seekSync(position, Deno.SeekMode.Start);
        return await file.read(into.subarray(at, at + length)) ?? 0;
      });
    } catch (error) {
      return faultOf(error, this.#doing("read", length, position));
    }
  }

  /** Writes in a thread of the runtime, unless it has to ask first. */
  async write(
    position: number,
    from: Uint8Array,
    at: number,
    length: number,
  ): Promise<IoResult> {
    try {
      return await this.#lanes.use(async (file) => {
        file.seekSync(position, Deno.SeekMode.Start);
        const bytes = from.subarray(at, at + length);
        if (this.#mayWrite === undefined) return await file.write(bytes);
        // A thread may have stood still between the question and the write.
        return this.#mayWrite() ? file.writeSync(bytes) : MUST_NOT_WRITE;
      });
    } catch (error) {
      return faultOf(error, this.#doing("write", length, position));
    }
  }

  /** Syncs in a thread of the runtime. */
  async datasync(): Promise<StoreResult> {
    try {
      await this.#syncs.use((file) => file.syncData());
      return OK;
    } catch (error) {
      return faultOf(error, `sync "${this.facts.path}"`);
    }
  }

  /** Size of the file; of a device, where its end is. */
  async size(): Promise<IoResult> {
    try {
      return await this.#lanes.use(async (file) =>
        this.facts.isDevice
          ? await file.seek(0, Deno.SeekMode.End)
          : (await file.stat()).size
      );
    } catch (error) {
      return faultOf(error, `find the size of "${this.facts.path}"`);
    }
  }

  /** Space of a file; what is left, if `--allow-sys=statfs` lets us ask. */
  async usage(): Promise<StoreUsage> {
    if (this.facts.isDevice) return {};
    try {
      const { blocks } = await this.#lanes.use((file) => file.stat());
      const used = blocks === null ? {} : { used: blocks * STAT_BLOCK_BYTES };
      const available = await freeBytesAt(this.facts.path);
      return available === undefined ? used : { ...used, available };
    } catch {
      return {};
    }
  }

  /** Waits for what is under way and closes all handles. */
  async close(): Promise<void> {
    for (const file of await this.#lanes.drain()) file.close();
    for (const file of await this.#syncs.drain()) file.close();
  }

  /** One more handle, unless the path names something else by now. */
  #openAnother(): Deno.FsFile | undefined {
    const { path, readOnly } = this.facts;
    try {
      const file = Deno.openSync(path, { read: true, write: !readOnly });
      if (isSameFile(file.statSync(), this.identity)) return file;
      file.close();
      return undefined;
    } catch {
      // Out of handles, or the path is gone: the ones that are open will do.
      return undefined;
    }
  }

  #doing(what: string, length: number, position: number): string {
    return `${what} ${length} bytes at ${position} of "${this.facts.path}"`;
  }
}

/** Opens a path; throws what the runtime throws. */
export async function openFileIo(path: string, how: OpenHow): Promise<FileIo> {
  // Asked first, because opening a FIFO would wait for its other end.
  const info = await Deno.stat(path);
  if (!info.isFile && !info.isBlockDevice) {
    throw new TypeError("it is neither a file nor a block device");
  }
  const mode = { read: true, write: !how.readOnly };
  const first = await Deno.open(path, mode);
  const sync = await Deno.open(path, mode).catch((error) => {
    first.close();
    throw error;
  });
  const device = deviceNumberOf(info.rdev ?? 0);
  const facts = factsOf({
    path,
    readOnly: how.readOnly,
    isDevice: info.isBlockDevice === true,
    unitBytes: info.blksize ?? 1,
  }, (name) => queueNumber(device, name));
  return new FileIo(facts, { first, sync }, how);
}

function isSameFile(one: FileIdentity, other: FileIdentity): boolean {
  return one.dev === other.dev && one.ino === other.ino;
}

function queueNumber(
  device: DeviceNumber,
  name: QueueNumber,
): number | undefined {
  for (const file of queueFiles(device, name)) {
    try {
      return Number(Deno.readTextFileSync(file));
    } catch {
      // A partition has no queue, and without -A nothing of it can be read.
    }
  }
  return undefined;
}

async function freeBytesAt(path: string): Promise<number | undefined> {
  const descriptor = { name: "sys", kind: "statfs" } as const;
  if (Deno.permissions.querySync(descriptor).state !== "granted") {
    return undefined;
  }
  // Loaded here only: node:fs takes 7 MB.
  const { statfs } = await import("node:fs/promises");
  const { bavail, bsize } = await statfs(path);
  return bavail * bsize;
}

/** The name under which an identity is kept: absolute, links resolved. */
export function identityOf(path: string): string {
  // Names below /dev/disk are made to last; what they lead to is not.
  if (path.startsWith("/dev/")) return path;
  return resolved(() => Deno.realPathSync(path)) ??
    (path.startsWith("/")
      ? path
      : resolved(() => `${Deno.cwd()}/${path}`) ?? path);
}

function resolved(resolve: () => string): string | undefined {
  try {
    return resolve();
  } catch {
    return undefined;
  }
}
