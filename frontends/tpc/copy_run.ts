/**
 * One copy on its way: takes pieces off two lists of ranges, reads and writes
 * several of them at a time, and stops at the first that fails.
 *
 * @module
 */

import {
  type BlockRange,
  type BlockStore,
  NOT_NOW,
  OK,
  senseOfStoreFault,
  STATUS,
  type StoreResult,
} from "../../core/mod.ts";
import { readCdb, writeCdb, writeZeroesCdb } from "./cdbs.ts";
import {
  BUFFERS_PER_COPY,
  type CopyBuffers,
  PIECE_BYTES,
} from "./copy_buffers.ts";
import { CopyCursor, type CursorSide, type Piece } from "./copy_cursor.ts";
import type {
  CopyEnd,
  CopyFailure,
  CopyOutcome,
  CopyPlace,
  CopyRequest,
} from "./copy_engine.ts";
import { InnerInitiator, type InnerResult } from "./inner_initiator.ts";
import type { Pacer } from "./pacer.ts";
import { bytesOfSense } from "./sense.ts";
import { SlowStart } from "./slow_start.ts";
import { SourceMap } from "./source_map.ts";
import { offersCopies, StoreCopy } from "./store_copy.ts";

/** What a run shares with all others. */
export interface RunPlace extends CopyPlace {
  /** Buffers. */
  readonly buffers: CopyBuffers;
  /** When to work, and when to rest. */
  readonly pacer: Pacer;
}

/** Bytes of a hole that one command unmaps, or writes as zeroes. */
const UNMAP_BYTES = 2 ** 28;
const ZERO_BYTES = 2 ** 23;
/** Pieces that a copy within itself is cut into beforehand at the most. */
const BACKWARDS_PIECES_MAX = 2 ** 16;

/** One copy. */
export class CopyRun {
  readonly #request: CopyRequest;
  readonly #place: RunPlace;
  readonly #inner: InnerInitiator;
  readonly #cursor: CopyCursor;
  readonly #map: SourceMap;
  readonly #window: number;
  readonly #start: SlowStart;
  readonly #running: Set<Promise<void>> = new Set();
  /** Bytes of pieces that are done behind a gap, by where they begin. */
  readonly #islands: Map<number, number> = new Map();
  /** null: the stores do not copy, or have come to where they cannot. */
  #storeCopy: StoreCopy | null;
  #doneBytes = 0;
  #sharedBytes = 0;
  #failure: CopyFailure | null = null;

  /** Nothing is begun yet. */
  constructor(request: CopyRequest, place: RunPlace) {
    this.#request = request;
    this.#place = place;
    const { asker, source, destination } = request;
    this.#inner = new InnerInitiator(place.port, asker, place.clock);
    this.#map = new SourceMap(this.#inner, source);
    this.#storeCopy = place.shares && source !== null && offersCopies(source)
      ? new StoreCopy(this.#inner, source, destination)
      : null;
    this.#start = new SlowStart(request.deadlineMs !== undefined);
    const within = isWithinItself(request);
    this.#window = within ? 1 : BUFFERS_PER_COPY;
    const [from, to] = within && source !== null
      ? backwards(source, destination)
      : [sideOf(source ?? destination), sideOf(destination)];
    this.#cursor = new CopyCursor(from, to);
  }

  /** Does it. */
  async run(): Promise<CopyOutcome> {
    const { signal } = this.#request;
    const stop = () => {
      this.#fail({ cause: "stopped" });
      void this.#inner.disconnect();
    };
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
    try {
      await this.#beginPieces();
      await Promise.all(this.#running);
    } finally {
      signal.removeEventListener("abort", stop);
      await this.#inner.disconnect();
    }
    return {
      bytes: this.#doneBytes,
      commands: this.#inner.commands,
      failure: this.#failure,
      sharedBytes: this.#sharedBytes,
    };
  }

  async #beginPieces(): Promise<void> {
    while (this.#failure === null && !this.#cursor.ended) {
      while (this.#isFull) await Promise.race(this.#running);
      await this.#place.pacer.turn();
      await this.#beginPiece();
    }
  }

  get #isFull(): boolean {
    return this.#running.size >= this.#window || this.#start.leftBytes === 0;
  }

  async #beginPiece(): Promise<void> {
    if (this.#failure !== null || this.#isLate()) return;
    if (this.#storeCopy !== null) return await this.#share(this.#storeCopy);
    const isHole = await this.#map.isHole(this.#cursor.sourceRange);
    if (this.#failure !== null) return;
    const piece = this.#cursor.take(this.#bytesMax(isHole));
    if (piece === null) return this.#fail({ cause: "granularity" });
    const { lengthBytes } = piece;
    this.#start.begin(lengthBytes);
    const done = (isHole ? this.#zero(piece) : this.#copy(piece))
      .finally(() => {
        this.#start.end(lengthBytes);
        this.#running.delete(done);
      });
    this.#running.add(done);
  }

  // One slice by the stores; when they cannot, all that is left is read and
  // written.
  async #share(stores: StoreCopy): Promise<void> {
    const most = Math.min(stores.bytesMax, this.#start.leftBytes);
    const piece = this.#cursor.peek(most);
    if (piece === null) return this.#fail({ cause: "granularity" });
    this.#start.begin(piece.lengthBytes);
    const lengthBytes = await stores.copySlice(piece);
    this.#start.end(piece.lengthBytes);
    if (typeof lengthBytes !== "number") return this.#fail(lengthBytes);
    if (lengthBytes === 0) {
      this.#storeCopy = null;
      return;
    }
    this.#cursor.advance(lengthBytes);
    this.#sharedBytes += lengthBytes;
    this.#noteDone({ at: piece.at, lengthBytes });
  }

  #isLate(): boolean {
    const { deadlineMs } = this.#request;
    const late = deadlineMs !== undefined && this.#doneBytes > 0 &&
      this.#place.clock.nowMs() >= deadlineMs;
    if (late) this.#fail({ cause: "time" });
    return late;
  }

  #bytesMax(isHole: boolean): number {
    const most = this.#map.runBytes;
    const { leftBytes } = this.#start;
    if (!isHole) return Math.min(PIECE_BYTES, most, leftBytes);
    const { unit, shape = unit.geometry } = this.#request.destination;
    const { write_same_max_lba: limit = Infinity } = unit.options;
    return Math.min(most, this.#zeroBytes, limit * shape.blockLength);
  }

  // Stores may write zeroes as they write data: whoever waits for an answer in
  // time has less of them under way.
  get #zeroBytes(): number {
    if (this.#unmaps) return UNMAP_BYTES;
    return this.#request.deadlineMs === undefined
      ? ZERO_BYTES
      : Math.min(PIECE_BYTES, this.#start.leftBytes);
  }

  // Zeroes that an initiator asks for are written; holes stay holes.
  get #unmaps(): boolean {
    const { source, destination } = this.#request;
    return source !== null && destination.unit.unmapSupported;
  }

  async #zero(piece: Piece): Promise<void> {
    const { unit } = this.#request.destination;
    const { lba, blockCount } = piece.destination;
    const result = await this.#inner.execute({
      unit,
      cdb: writeZeroesCdb(lba, blockCount, this.#unmaps),
    });
    this.#note("destination", result, piece);
  }

  async #copy(piece: Piece): Promise<void> {
    const { buffers } = this.#place;
    const buffer = await buffers.take();
    try {
      if (this.#failure === null) await this.#copyBy(buffer, piece);
    } finally {
      buffers.release(buffer);
    }
  }

  async #copyBy(buffer: Uint8Array, piece: Piece): Promise<void> {
    const data = buffer.subarray(0, piece.lengthBytes);
    const read = await this.#read(data, piece.source);
    if (read.status !== STATUS.GOOD) return this.#note("source", read, piece);
    if (this.#failure !== null) return;
    const { unit } = this.#request.destination;
    const { lba, blockCount } = piece.destination;
    const cdb = writeCdb(lba, blockCount);
    const written = await this.#inner.execute({ unit, cdb, dataOut: data });
    this.#note("destination", written, piece);
  }

  async #read(data: Uint8Array, range: BlockRange): Promise<InnerResult> {
    const { source } = this.#request;
    if (source?.image !== undefined) {
      return resultOf(await readImage(source.image, range, data));
    }
    const unit = (source ?? this.#request.destination).unit;
    const cdb = readCdb(unit, range.lba, range.blockCount);
    return await this.#inner.execute({ unit, cdb, dataIn: data });
  }

  #note(
    cause: "source" | "destination",
    result: InnerResult,
    piece: Piece,
  ): void {
    if (result.status === STATUS.GOOD) this.#noteDone(piece);
    else this.#fail({ cause, result });
  }

  #noteDone({ at, lengthBytes }: Pick<Piece, "at" | "lengthBytes">): void {
    this.#islands.set(at, lengthBytes);
    for (
      let next = this.#takeIsland();
      next > 0;
      next = this.#takeIsland()
    ) this.#doneBytes += next;
    this.#request.onProgress?.({
      bytes: this.#doneBytes,
      commands: this.#inner.commands,
    });
  }

  #takeIsland(): number {
    const lengthBytes = this.#islands.get(this.#doneBytes) ?? 0;
    this.#islands.delete(this.#doneBytes);
    return lengthBytes;
  }

  // The first failure is the one that is told.
  #fail(failure: CopyFailure): void {
    this.#failure ??= failure;
  }
}

function sideOf({ unit, ranges, shape }: CopyEnd): CursorSide {
  const { blockLength, physicalBlockExponent, lowestAlignedLba } = shape ??
    unit.geometry;
  const physicalBlocks = 2 ** physicalBlockExponent;
  return { ranges, blockLength, physicalBlocks, lowestAlignedLba };
}

// Blocks that are read and written by one copy: pieces one by one, so that
// none is overwritten before it was read.
function isWithinItself({ source, destination }: CopyRequest): boolean {
  if (source === null || source.image !== undefined) return false;
  if (source.unit !== destination.unit) return false;
  return source.ranges.some((one) =>
    destination.ranges.some((other) =>
      one.lba < other.lba + other.blockCount &&
      other.lba < one.lba + one.blockCount
    )
  );
}

// Towards higher blocks the last piece goes first, as memmove does it.
function backwards(
  source: CopyEnd,
  destination: CopyEnd,
): [CursorSide, CursorSide] {
  const sides: [CursorSide, CursorSide] = [
    sideOf(source),
    sideOf(destination),
  ];
  const [from] = source.ranges;
  const [to] = destination.ranges;
  const single = source.ranges.length === 1 && destination.ranges.length === 1;
  if (!single || from === undefined || to === undefined) return sides;
  const blocks = Math.min(from.blockCount, to.blockCount);
  const step = PIECE_BYTES / sides[0].blockLength;
  const upwards = to.lba > from.lba;
  if (!upwards || blocks > BACKWARDS_PIECES_MAX * step) return sides;
  return [
    { ...sides[0], ranges: cutBackwards(from.lba, blocks, step) },
    { ...sides[1], ranges: cutBackwards(to.lba, blocks, step) },
  ];
}

function cutBackwards(lba: number, blocks: number, step: number): BlockRange[] {
  const pieces: BlockRange[] = [];
  for (let end = blocks; end > 0; end -= step) {
    const begin = Math.max(0, end - step);
    pieces.push({ lba: lba + begin, blockCount: end - begin });
  }
  return pieces;
}

async function readImage(
  image: BlockStore,
  { lba, blockCount }: BlockRange,
  into: Uint8Array,
): Promise<StoreResult> {
  const result = image.tryRead?.(lba, blockCount, into, 0) ?? NOT_NOW;
  return result === NOT_NOW
    ? await image.read(lba, blockCount, into, 0)
    : result;
}

function resultOf(result: StoreResult): InnerResult {
  const senseData = new Uint8Array(0);
  if (result === OK) return { status: STATUS.GOOD, senseData };
  const completion = senseOfStoreFault(result, "read");
  return typeof completion === "number"
    ? { status: completion, senseData }
    : { status: STATUS.CHECK_CONDITION, senseData: bytesOfSense(completion) };
}
