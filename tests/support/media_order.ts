/**
 * A store around a store that watches in which order media are used: what is
 * to come after something else must not begin before.
 *
 * It knows the commands by their blocks: those of one kind that are under way
 * must not share any.
 *
 * @module
 */

import {
  type BlockStore,
  NOT_NOW,
  OK,
  type SequentialMode,
  type StoreResult,
} from "../../core/mod.ts";

/** A command that reads or writes. */
export interface WatchedCommand {
  /** First block. */
  readonly lba: number;
  /** Blocks. */
  readonly blockCount: number;
  /** It writes; otherwise it reads. */
  readonly writes: boolean;
  /** It was aborted: nobody waits for it any more. */
  aborted: boolean;
  /** Its end has been heard of. */
  ended: boolean;
  /** Blocks that the store was asked for. */
  asked: number;
  /** Blocks that the store is done with. */
  done: number;
}

/** The store. */
export class MediaOrder implements BlockStore {
  readonly geometry: BlockStore["geometry"];
  readonly capabilities: BlockStore["capabilities"];
  readonly tryRead?: NonNullable<BlockStore["tryRead"]>;
  /** What was done out of order. */
  readonly violations: string[] = [];
  /** Reads that began while the data of the one before were still moving. */
  overlaps = 0;
  /** Calls of the store that were looked at. */
  calls = 0;
  readonly #store: BlockStore;
  readonly #mode: SequentialMode;
  readonly #commands: WatchedCommand[] = [];

  /** Watches a store of a unit with a value of `serseq`. */
  constructor(store: BlockStore, mode: SequentialMode) {
    this.#store = store;
    this.#mode = mode;
    this.geometry = store.geometry;
    this.capabilities = store.capabilities;
    if (store.tryRead !== undefined) this.tryRead = this.#tryRead;
  }

  /** A command is sent, behind those that were sent before. */
  arrives(lba: number, blockCount: number, writes: boolean): WatchedCommand {
    const command = {
      ...{ lba, blockCount, writes, aborted: false, ended: false },
      ...{ asked: 0, done: 0 },
    };
    this.#commands.push(command);
    return command;
  }

  /** All commands have ended: others may have their blocks. */
  forget(): void {
    this.#commands.length = 0;
  }

  async read(
    lba: number,
    blockCount: number,
    into: Uint8Array,
    at: number,
  ): Promise<StoreResult> {
    const command = this.#begins(lba, blockCount, false);
    const result = await this.#store.read(lba, blockCount, into, at);
    if (command !== undefined) command.done += blockCount;
    return result;
  }

  async write(
    lba: number,
    blockCount: number,
    from: Uint8Array,
    at: number,
  ): Promise<StoreResult> {
    const command = this.#begins(lba, blockCount, true);
    const result = await this.#store.write(lba, blockCount, from, at);
    if (command !== undefined) command.done += blockCount;
    return result;
  }

  flush(): ReturnType<BlockStore["flush"]> {
    return this.#store.flush();
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  #tryRead(
    lba: number,
    blockCount: number,
    into: Uint8Array,
    at: number,
  ): StoreResult | typeof NOT_NOW {
    const result = this.#store.tryRead?.(lba, blockCount, into, at) ?? NOT_NOW;
    if (result !== OK) return result;
    const command = this.#begins(lba, blockCount, false);
    if (command !== undefined) command.done += blockCount;
    return result;
  }

  #begins(
    lba: number,
    blockCount: number,
    writes: boolean,
  ): WatchedCommand | undefined {
    this.calls += 1;
    const at = this.#commands.findIndex((each) =>
      each.writes === writes && each.lba <= lba &&
      lba + blockCount <= each.lba + each.blockCount
    );
    const command = this.#commands[at];
    if (command === undefined) return undefined;
    for (const older of this.#commands.slice(0, at)) {
      this.#compare(older, command);
    }
    command.asked += blockCount;
    return command;
  }

  #compare(older: WatchedCommand, command: WatchedCommand): void {
    if (older.aborted || older.ended) return;
    if (!this.#mayBegin(older, command)) {
      this.violations.push(
        `serseq=${this.#mode}: ${textOf(command)} before ${textOf(older)}`,
      );
    } else if (follows(older, command)) this.overlaps += 1;
  }

  // What older commands are waited for, and until when.
  #mayBegin(older: WatchedCommand, command: WatchedCommand): boolean {
    const isDone = older.done === older.blockCount;
    if (!older.writes && !command.writes) {
      if (this.#mode === "off" || !follows(older, command)) return true;
      return this.#mode === "soft" ? older.asked === older.blockCount : isDone;
    }
    // With "on" the older one reaches one block further.
    const reach = this.#mode === "on" ? 1 : 0;
    const overlaps = command.lba < older.lba + older.blockCount + reach &&
      older.lba < command.lba + command.blockCount;
    return isDone || !overlaps;
  }
}

function follows(older: WatchedCommand, command: WatchedCommand): boolean {
  return !older.writes && !command.writes &&
    older.lba + older.blockCount === command.lba;
}

function textOf({ lba, blockCount, writes, done }: WatchedCommand): string {
  const what = writes ? "write" : "read";
  return `${what} ${lba}+${blockCount} (${done} done)`;
}
