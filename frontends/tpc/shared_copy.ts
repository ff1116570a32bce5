/**
 * Copies that the store of the source makes by itself: pages and extents are
 * shared, or copied in the system, and nothing goes through buffers.
 *
 * A slice is a read on the one unit and a write on the other. Both commands
 * are sent in one turn and wait for each other when they have come to theirs:
 * since each waits for older ones only, two copies never wait for each other
 * in a circle.
 *
 * @module
 */

import {
  type BlockRange,
  type BlockStore,
  CANNOT_SHARE,
  type CommandRow,
  type Completion,
  type CopyResult,
  FLAG,
  FOR,
  type LogicalUnit,
  makeRow,
  OK,
  PATTERN,
  type ScsiTask,
  senseOfStoreFault,
  SERIALIZATION,
  STATUS,
} from "../../core/mod.ts";
import { extentsCdb, writeCdb } from "./cdbs.ts";
import type { CopyFailure, CopyRequest } from "./copy_engine.ts";
import type { Piece } from "./copy_cursor.ts";
import {
  type InnerCommand,
  type InnerInitiator,
  type InnerResult,
  tellsAttention,
} from "./inner_initiator.ts";
import { Meeting } from "./meeting.ts";

/** Bytes that a store is asked to copy at once: it does a slice of them. */
export const SHARED_BYTES_MAX: number = 2 ** 30;

/** Slices that unit attentions may keep from being done. */
const TRIES_MAX = 8;

const USAGE = "1e ffffffffffffffff ffffffff 3f 07";

/** Makes the slices of one copy. */
export class SharedCopy {
  readonly #inner: InnerInitiator;
  readonly #request: CopyRequest;

  /** For a copy whose source and destination do not overlap. */
  constructor(inner: InnerInitiator, request: CopyRequest) {
    this.#inner = inner;
    this.#request = request;
  }

  /**
   * Copies the first bytes of a piece.
   *
   * @returns how many; 0: this piece is to be read and written, which tells
   * what is wrong; `CANNOT_SHARE`: all of them are; or why the copy ends
   */
  async slice(
    piece: Piece,
  ): Promise<number | typeof CANNOT_SHARE | CopyFailure> {
    if (!this.#mayShare()) return CANNOT_SHARE;
    for (let tries = 0; tries < TRIES_MAX; tries += 1) {
      const slice = new Slice(this.#request, piece);
      const failure = await slice.run(this.#inner);
      if (failure === null) return slice.result;
      const { result } = failure;
      if (result.status === STATUS.TASK_ABORTED) return failure;
      if (!tellsAttention(result)) return 0;
    }
    return 0;
  }

  // What limits say is counted in bytes that commands move.
  #mayShare(): boolean {
    const { source, destination } = this.#request;
    if (source === null || storeOfSource(this.#request) === null) return false;
    return !source.unit.limits.active && !destination.unit.limits.active;
  }
}

function storeOfSource({ source }: CopyRequest): BlockStore | null {
  const store = source?.image ?? source?.unit.store ?? null;
  return store?.copyRange === undefined ? null : store;
}

type FailedCommand = Extract<CopyFailure, { readonly result: InnerResult }>;

/** One slice: one try. */
class Slice {
  readonly #request: CopyRequest;
  readonly #piece: Piece;
  #copied: CopyResult = 0;

  constructor(request: CopyRequest, piece: Piece) {
    this.#request = request;
    this.#piece = piece;
  }

  /** What has come of it when no command has failed. */
  get result(): number | typeof CANNOT_SHARE {
    const copied = this.#copied;
    if (copied === CANNOT_SHARE) return copied;
    // A fault shows again when commands copy, and then who has it.
    if (typeof copied !== "number") return 0;
    const { source, lengthBytes } = this.#piece;
    return copied * (lengthBytes / source.blockCount);
  }

  /** @returns the command that has failed; null: none has */
  async run(inner: InnerInitiator): Promise<FailedCommand | null> {
    const { source, destination } = this.#request;
    const reads = source !== null && source.image === undefined;
    const meeting = new Meeting(reads ? 2 : 1, () => this.#copy());
    const write = writeCommand(
      destination.unit,
      this.#piece.destination,
      meeting,
    );
    const commands = reads
      ? [write, readCommand(source.unit, this.#piece.source, meeting)]
      : [write];
    const results = await Promise.all(
      inner.attempt(commands).map(async (ending) => {
        const result = await ending;
        if (result.status !== STATUS.GOOD) meeting.cancel();
        return result;
      }),
    );
    const at = results.findIndex(({ status }) => status !== STATUS.GOOD);
    const result = results[at];
    if (result === undefined) return null;
    return { cause: at === 0 ? "destination" : "source", result };
  }

  async #copy(): Promise<Completion> {
    const { source, destination } = this.#request;
    const from = storeOfSource(this.#request);
    const { store: to } = destination.unit;
    // Units may have shrunk, or lost their media: commands will say so.
    if (from?.copyRange === undefined || to === null) return STATUS.GOOD;
    const { source: read, destination: written } = this.#piece;
    if (isBeyond(source?.image ?? source?.unit, read)) return STATUS.GOOD;
    if (isBeyond(destination.unit, written)) return STATUS.GOOD;
    this.#copied = await from
      .copyRange(read.lba, read.blockCount, to, written.lba);
    const through = typeof this.#copied === "number" &&
      to.capabilities.volatileCache &&
      !destination.unit.modePages.settings.writeCacheEnabled;
    const flushed = through ? await to.flush() : OK;
    return flushed === OK ? STATUS.GOOD : senseOfStoreFault(flushed, "flush");
  }
}

function isBeyond(
  place: Pick<BlockStore | LogicalUnit, "geometry"> | undefined,
  { lba, blockCount }: BlockRange,
): boolean {
  return place === undefined || lba + blockCount > place.geometry.blockCount;
}

function readCommand(
  unit: LogicalUnit,
  range: BlockRange,
  meeting: Meeting,
): InnerCommand {
  const row = makeRow({
    name: "source of a copy",
    opcode: 0x88,
    deviceTypes: FOR.DISK_AND_CD,
    usage: USAGE,
    serialization: SERIALIZATION.READ,
    direction: "none",
    flags: FLAG.WRITE_EXCLUSIVE,
    pattern: PATTERN.READ | PATTERN.RANGE,
    range: (task) => takeRange(task, range),
    execute: (task) => meeting.arrive(task),
  });
  return { unit, cdb: extentsCdb(range.lba, range.blockCount), row };
}

function writeCommand(
  unit: LogicalUnit,
  range: BlockRange,
  meeting: Meeting,
): InnerCommand {
  const row: CommandRow = makeRow({
    name: "destination of a copy",
    opcode: 0x8a,
    deviceTypes: FOR.DISK,
    usage: USAGE,
    serialization: SERIALIZATION.WRITE,
    direction: "none",
    flags: 0,
    pattern: PATTERN.WRITE | PATTERN.RANGE,
    range: (task) => takeRange(task, range),
    execute: (task) => meeting.arrive(task),
  });
  return { unit, cdb: writeCdb(range.lba, range.blockCount), row };
}

function takeRange(task: ScsiTask, { lba, blockCount }: BlockRange): void {
  task.lba = lba;
  task.blockCount = blockCount;
}
