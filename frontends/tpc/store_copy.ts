/**
 * Copies by the stores themselves: a slice at a time, each a read of the source
 * and a write of the destination that run at the same time, so that both units
 * judge them and no other command touches the blocks meanwhile.
 *
 * The two commands arrive in one turn. Whatever either waits for is older than
 * both, in whichever unit: so copies never wait for each other in a circle.
 *
 * @module
 */

import {
  ABORT,
  type BlockRange,
  type BlockStore,
  type CommandDefinition,
  commandRowOf,
  type Completion,
  FLAG,
  FOR,
  type LogicalUnit,
  OK,
  PATTERN,
  type ScsiTask,
  senseOfStoreFault,
  SERIALIZATION,
  STATUS,
  writesThrough,
} from "../../core/mod.ts";
import { blocksCdb } from "./cdbs.ts";
import type { Piece } from "./copy_cursor.ts";
import type { CopyEnd, CopyFailure, CopySource } from "./copy_engine.ts";
import {
  ATTENTIONS_MAX,
  type InnerCommand,
  type InnerInitiator,
  type InnerResult,
  tellsAttention,
} from "./inner_initiator.ts";

/** Bytes that a store is asked to copy at once; it does what it can quickly. */
const ASKED_BYTES = 2 ** 28;

/** Bytes at once while a unit has limits, which count what is asked for. */
const LIMITED_BYTES = 2 ** 20;

/** Lets the stores of one source and one destination copy. */
export class StoreCopy {
  readonly #inner: InnerInitiator;
  readonly #source: CopySource;
  readonly #destination: CopyEnd;

  /** Asks by commands of an initiator. */
  constructor(inner: InnerInitiator, source: CopySource, destination: CopyEnd) {
    this.#inner = inner;
    this.#source = source;
    this.#destination = destination;
  }

  /** Bytes that are best asked for at once. */
  get bytesMax(): number {
    const units = [this.#source.unit, this.#destination.unit];
    const limited = units.some(({ limits }) => limits.active);
    return limited ? LIMITED_BYTES : ASKED_BYTES;
  }

  /**
   * Has the first bytes of a piece copied.
   *
   * @returns how many; 0: none could be, and reading and writing them will
   * tell why, if it cannot be done either; or which command was aborted
   */
  async copySlice(piece: Piece): Promise<number | CopyFailure> {
    if (this.#isOntoItself(piece)) return 0;
    for (let attempt = 0; attempt < ATTENTIONS_MAX; attempt += 1) {
      const meeting = new Meeting();
      let copied = 0;
      meeting.work = async () => copied = await this.#ask(piece);
      const commands = this.#commands(piece, meeting);
      meeting.missing = commands.length;
      const results = await Promise.all(commands.map(async (command) => {
        const result = await this.#inner.sendOnce(command);
        meeting.leave();
        return result;
      }));
      if (results.every(({ status }) => status === STATUS.GOOD)) return copied;
      if (!results.some(tellsAttention)) return this.#abortIn(results) ?? 0;
    }
    return 0;
  }

  #isOntoItself({ source, destination }: Piece): boolean {
    const { unit, image } = this.#source;
    return image === undefined && unit === this.#destination.unit &&
      source.lba < destination.lba + destination.blockCount &&
      destination.lba < source.lba + source.blockCount;
  }

  #commands(piece: Piece, meeting: Meeting): InnerCommand[] {
    const { unit, image } = this.#source;
    const write = commandOf(this.#destination.unit, piece.destination, {
      ...WRITE,
      execute: (task, to) => writeAt(meeting, task, to),
    });
    if (image !== undefined) return [write];
    const read = commandOf(unit, piece.source, {
      ...READ,
      execute: (task) => {
        // What continues it, as the write may, need not wait for its end.
        unit.taskSet.sequentialDone(task);
        return meeting.join(task);
      },
    });
    return [read, write];
  }

  // The destination is the last of them, or the only one.
  #abortIn(results: readonly InnerResult[]): CopyFailure | null {
    const result = results
      .find(({ status }) => status === STATUS.TASK_ABORTED);
    if (result === undefined) return null;
    const isLast = result === results.at(-1);
    return { cause: isLast ? "destination" : "source", result };
  }

  // Both commands run, and nothing else that touches the blocks.
  async #ask({ source, destination }: Piece): Promise<number> {
    const from = this.#source.image ?? this.#source.unit.store;
    const to = this.#destination.unit.store;
    if (from === null || to === null) return 0;
    // They may have shrunk while the commands waited.
    if (isBeyond(from, source) || isBeyond(to, destination)) return 0;
    const { lba, blockCount } = source;
    const result = await from.copyRange?.(lba, blockCount, to, destination.lba);
    return typeof result === "number" ? result * from.geometry.blockLength : 0;
  }
}

/** Whether the store of a source copies by itself at all. */
export function offersCopies({ unit, image }: CopySource): boolean {
  return (image ?? unit.store)?.copyRange !== undefined;
}

/** What READ(16) and WRITE(16) are to judgement, without data. */
const ROW = {
  usage: "1e ffffffffffffffff ffffffff 3f 07",
  direction: "none",
} as const;

const READ = {
  ...ROW,
  name: "READ of a copy by the store",
  opcode: 0x88,
  deviceTypes: FOR.DISK_AND_CD,
  serialization: SERIALIZATION.READ,
  flags: FLAG.WRITE_EXCLUSIVE,
  pattern: PATTERN.READ | PATTERN.RANGE,
} as const;

const WRITE = {
  ...ROW,
  name: "WRITE of a copy by the store",
  opcode: 0x8a,
  deviceTypes: FOR.DISK,
  serialization: SERIALIZATION.WRITE,
  flags: 0,
  pattern: PATTERN.WRITE | PATTERN.RANGE,
} as const;

function commandOf(
  unit: LogicalUnit,
  { lba, blockCount }: BlockRange,
  definition: CommandDefinition,
): InnerCommand {
  const range = (task: ScsiTask) => {
    task.lba = lba;
    task.blockCount = blockCount;
  };
  const row = commandRowOf({ ...definition, range });
  const cdb = blocksCdb(definition.opcode, lba, blockCount);
  return { unit, cdb, row, movesBytes: blockCount * unit.geometry.blockLength };
}

async function writeAt(
  meeting: Meeting,
  task: ScsiTask,
  unit: LogicalUnit,
): Promise<Completion> {
  const completion = await meeting.join(task);
  if (completion !== STATUS.GOOD || !writesThrough(unit, false)) {
    return completion;
  }
  const result = await unit.store?.flush() ?? OK;
  return result === OK ? STATUS.GOOD : senseOfStoreFault(result, "flush");
}

function isBeyond(
  { geometry }: BlockStore,
  { lba, blockCount }: BlockRange,
): boolean {
  return lba + blockCount > geometry.blockCount;
}

/** Where commands wait until all of them run: then the work is done. */
class Meeting {
  /** Done when all are there. */
  work: () => Promise<unknown> = () => Promise.resolve();
  /** Commands that have not come yet. */
  missing = 0;
  readonly #over: PromiseWithResolvers<void> = Promise.withResolvers();
  #begun = false;
  #left = false;

  /** A command runs; it ends with the others. */
  async join(task: ScsiTask): Promise<Completion> {
    this.missing -= 1;
    task.wake = () => this.leave();
    if (task.abort !== ABORT.NONE) this.leave();
    if (this.missing === 0 && !this.#left) this.#begin();
    await this.#over.promise;
    task.wake = null;
    return STATUS.GOOD;
  }

  /** One has ended, or has to: if it is too early, nothing is done. */
  leave(): void {
    this.#left = true;
    if (!this.#begun) this.#over.resolve();
  }

  #begin(): void {
    this.#begun = true;
    this.work().then(() => this.#over.resolve(), this.#over.reject);
  }
}
