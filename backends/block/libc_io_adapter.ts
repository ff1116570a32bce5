/**
 * Files and devices that only the C library may open: what lies under /dev
 * when the runtime has not all permissions.
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
  systemError,
} from "./block_io.ts";
import { LanePool } from "./lane_pool.ts";
import { type Libc, SEEK } from "./libc_adapter.ts";
import {
  type DeviceNumber,
  queueFiles,
  type QueueNumber,
} from "./libc_structs.ts";

/**
 * A file or device behind a descriptor of the C library.
 *
 * Calls that wait are made in threads of the runtime, which lose the error
 * number; a read or write that failed is repeated in place to learn it.
 */
export class LibcIo implements BlockIo {
  /** What is known of it. */
  readonly facts: BlockIoFacts;
  readonly #libc: Libc;
  readonly #mayWrite: MayWrite | undefined;
  readonly #fd: number;
  /** One descriptor serves all: lanes only bound how many threads wait. */
  readonly #lanes: LanePool<number>;

  /** Uses a descriptor, but does not close it. */
  constructor(
    libc: Libc,
    fd: number,
    facts: BlockIoFacts,
    { lanes, mayWrite }: OpenHow,
  ) {
    this.facts = facts;
    this.#mayWrite = mayWrite;
    this.#libc = libc;
    this.#fd = fd;
    this.#lanes = new LanePool(fd, () => fd, lanes);
  }

  /** Reads in a thread of the runtime. */
  async read(
    position: number,
    into: Uint8Array,
    at: number,
    length: number,
  ): Promise<IoResult> {
    const bytes = into.subarray(at, at + length);
    const read = await this.#lanes.use((fd) =>
      this.#libc.readLater(fd, position, bytes)
    );
    if (read >= 0) return read;
    const again = this.#libc.read(this.#fd, position, into, at, length);
    return again >= 0 ? again : this.#fault(`read at ${position} of`);
  }

  /** Writes in a thread of the runtime, unless it has to ask first. */
  async write(
    position: number,
    from: Uint8Array,
    at: number,
    length: number,
  ): Promise<IoResult> {
    if (this.#mayWrite === undefined) {
      const bytes = from.subarray(at, at + length);
      const written = await this.#lanes.use((fd) =>
        this.#libc.writeLater(fd, position, bytes)
      );
      if (written >= 0) return written;
    } else if (!this.#mayWrite()) return MUST_NOT_WRITE;
    const again = this.#libc.write(this.#fd, position, from, at, length);
    return again >= 0 ? again : this.#fault(`write at ${position} of`);
  }

  /**
   * Syncs in a thread of the runtime. A failed one is not repeated: the system
   * reports lost data once, and then says that all is well.
   */
  async datasync(): Promise<StoreResult> {
    const failed = await this.#lanes.use((fd) => this.#libc.syncLater(fd));
    if (failed === 0) return OK;
    return faultOf(new Error("fdatasync failed"), `sync "${this.facts.path}"`);
  }

  /** Where its end is. */
  size(): IoResult {
    const end = this.#libc.seek(this.#fd, 0, SEEK.END);
    return end >= 0 ? end : this.#fault("find the end of");
  }

  /** Not known of a device. */
  usage(): StoreUsage {
    return {};
  }

  /** Waits for what is under way. */
  async close(): Promise<void> {
    await this.#lanes.drain();
  }

  #fault(doing: string): ReturnType<typeof faultOf> {
    const error = systemError(this.#libc.errno());
    return faultOf(error, `${doing} "${this.facts.path}"`);
  }
}

/** A number that sysfs tells of a device's queue. */
export function queueNumber(
  libc: Libc,
  device: DeviceNumber,
  name: QueueNumber,
): number | undefined {
  const bytes = new Uint8Array(32);
  for (const file of queueFiles(device, name)) {
    const fd = libc.open(file, true);
    if (fd < 0) continue;
    const length = libc.read(fd, 0, bytes, 0, bytes.length);
    libc.close(fd);
    const text = new TextDecoder().decode(bytes.subarray(0, length));
    return length > 0 ? Number(text) : undefined;
  }
  return undefined;
}
