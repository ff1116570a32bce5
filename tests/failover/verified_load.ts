/**
 * Random reads and writes of which every block is verified, until they are
 * told to end.
 *
 * @module
 */

import {
  type CommandOptions,
  read16,
  write16,
} from "../support/initiator/mod.ts";
import { Random } from "../sim/random.ts";
import { SECTOR_BYTES, StampedDisk } from "./stamped_disk.ts";
import type { TwoPathDisk } from "./two_path_disk.ts";

/** Most sectors of a command: mostly 4 KiB, sometimes more. */
const SECTORS = [8, 8, 8, 8, 1, 16, 128, 1024] as const;
const CHECK_SECTORS = 1024;
/** Tags that no other request of a session has. */
const WORKER_TAG = 0x7143_0000;

/** The load. */
export class VerifiedLoad {
  /** What was wrong, in words; the application would have seen it. */
  readonly errors: string[] = [];
  /** Commands that ended well. */
  commands = 0;
  readonly #disk: TwoPathDisk;
  readonly #model: StampedDisk;
  readonly #workers: Promise<void>[] = [];
  #stopped = false;

  /** @param sizeBytes bytes of the disk, which holds zeroes */
  constructor(disk: TwoPathDisk, sizeBytes: number) {
    this.#disk = disk;
    this.#model = new StampedDisk(sizeBytes / SECTOR_BYTES);
  }

  /** Begins: each worker has a part of the disk to itself. */
  start(workers: number, seed: number): void {
    const sectors = Math.floor(this.#model.sectors / workers);
    for (let index = 0; index < workers; index += 1) {
      const random = new Random(seed + index * 7919);
      this.#workers.push(this.#work(index, sectors, random));
    }
  }

  /** Ends, and reads everything once more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#workers);
    for (let lba = 0; lba < this.#model.sectors; lba += CHECK_SECTORS) {
      const sectors = Math.min(CHECK_SECTORS, this.#model.sectors - lba);
      await this.#guarded(() => this.#read(lba, sectors, {}));
    }
  }

  // Its tag is the same for all of its commands: as soon as one was answered,
  // the target may not remember it.
  async #work(index: number, count: number, random: Random): Promise<void> {
    const first = index * count;
    const initiatorTaskTag = WORKER_TAG + index;
    while (!this.#stopped && this.errors.length === 0) {
      const sectors = Math.min(random.pick(SECTORS), count);
      const lba = first + random.between(0, count - sectors);
      await this.#guarded(() =>
        random.chance(0.5)
          ? this.#read(lba, sectors, { initiatorTaskTag })
          : this.#write(lba, sectors, { initiatorTaskTag })
      );
    }
  }

  async #guarded(work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.commands += 1;
    } catch (error) {
      this.errors.push(error instanceof Error ? error.message : String(error));
    }
  }

  async #read(
    lba: number,
    sectors: number,
    tag: CommandOptions,
  ): Promise<void> {
    const read = sectors * SECTOR_BYTES;
    const { data } = await this.#disk
      .run(read16(lba, sectors), { read, ...tag });
    const wrong = data.length === read
      ? this.#model.check(lba, data)
      : `${data.length} of ${read} bytes came`;
    if (wrong !== undefined) throw new Error(`Wrong data: ${wrong}`);
  }

  async #write(
    lba: number,
    sectors: number,
    tag: CommandOptions,
  ): Promise<void> {
    const { data, write } = this.#model.stamp(lba, sectors);
    await this.#disk.run(write16(lba, sectors), { write: data, ...tag });
    this.#model.acknowledge(lba, sectors, write);
  }
}
