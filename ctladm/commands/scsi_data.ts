/**
 * `ctladm read` and `write`: blocks to and from files and pipes.
 *
 * @module
 */

import { has, type Options, valueOf } from "../getopt.ts";
import type { Answer } from "../scsi/device.ts";
import type { ByteSource } from "../surroundings.ts";
import {
  type Command,
  type CommandContext,
  CommandError,
  numberOption,
  parseNumber,
  scsiCommand,
  tellFailure,
  UsageError,
} from "./command.ts";

/** Bytes of one command; longer transfers are several. */
const CHUNK_BYTES: number = 4 * 2 ** 20;

const LETTERS = "l:d:f:b:c:N";
const WORDS = "-l lba -d blocks -b blocksize <-f file | -N> [-c 6|10|12|16]";

/** `ctladm read`. */
export const read: Command = scsiCommand({
  name: "read",
  letters: LETTERS,
  summary: "read blocks of a LUN into a file, or `-` for standard output",
  synopsis: `read lun ${WORDS}`,
  example: "ctladm read 0 -l 0 -d 8 -b 512 -f blocks.bin",
  run: (context) => readBlocks(context, transferOf(context.options)),
});

/** `ctladm write`. */
export const write: Command = scsiCommand({
  name: "write",
  letters: LETTERS,
  summary: "write blocks of a LUN from a file, or `-` for standard input",
  synopsis: `write lun ${WORDS}`,
  example: "ctladm write 0 -l 0 -d 8 -b 512 -f blocks.bin",
  run: (context) => writeBlocks(context, transferOf(context.options)),
});

/** What the options ask for. */
interface BlockTransfer {
  readonly lba: number;
  readonly blocks: number;
  readonly blockLength: number;
  readonly cdbLength: number;
  /** Name of the file; null: the data go nowhere. */
  readonly file: string | null;
}

/** One command of a transfer. */
interface Piece {
  readonly lba: number;
  readonly blocks: number;
}

function transferOf(options: Options): BlockTransfer {
  const lba = demand(options, "l", "you must specify the LBA with -l");
  const blocks = demand(
    options,
    "d",
    "you must specify the data length with -d",
  );
  const file = has(options, "N") ? null : valueOf(options, "f");
  if (file === undefined) {
    throw new UsageError("you must supply a filename using -f");
  }
  const blockLength = demand(
    options,
    "b",
    "you must specify the blocksize with -b",
  );
  const cdbLength = numberOption(options, "c", "cdbsize") ?? 6;
  if (![6, 10, 12, 16].includes(cdbLength)) {
    throw new UsageError(
      `invalid cdbsize ${cdbLength}, valid sizes are 6, 10, 12 or 16`,
    );
  }
  if (blockLength === 0 || blockLength > CHUNK_BYTES) {
    throw new UsageError(
      `invalid blocksize ${blockLength}: expected 1 to ${CHUNK_BYTES}`,
    );
  }
  return { lba, blocks, blockLength, cdbLength, file };
}

function demand(options: Options, letter: string, otherwise: string): number {
  const text = valueOf(options, letter);
  if (text === undefined) throw new UsageError(otherwise);
  return parseNumber(`-${letter}`, text);
}

function* piecesOf(transfer: BlockTransfer): Iterable<Piece> {
  const most = Math.max(1, Math.floor(CHUNK_BYTES / transfer.blockLength));
  for (let done = 0; done < transfer.blocks; done += most) {
    const blocks = Math.min(most, transfer.blocks - done);
    yield { lba: transfer.lba + done, blocks };
  }
}

async function readBlocks(
  context: CommandContext,
  transfer: BlockTransfer,
): Promise<void> {
  const { device, surroundings } = context;
  const { blockLength, file } = transfer;
  using sink = file === null
    ? null
    : await opened(file, surroundings.openSink(file));
  using progress = showing(context, "read", transfer);
  const ask = (piece: Piece | undefined): Promise<Answer> | undefined => {
    if (piece === undefined) return undefined;
    const cdb = cdbFor("read", transfer, piece);
    const answer = device.send(cdb, { in: piece.blocks * blockLength });
    // Its failure is told when it is waited for.
    answer.catch(() => {});
    return answer;
  };
  const pieces = [...piecesOf(transfer)];
  let pending = ask(pieces[0]);
  for (let at = 1; pending !== undefined; at += 1) {
    const answer = await pending;
    if (!answer.good) return tellFailure(context, answer);
    // The next command runs while this one's data are being written.
    pending = ask(pieces[at]);
    await sink?.write(answer.dataIn);
    progress.advance(answer.dataIn.length);
  }
}

async function writeBlocks(
  context: CommandContext,
  transfer: BlockTransfer,
): Promise<void> {
  const { device, surroundings } = context;
  const { blockLength, file } = transfer;
  using source = file === null
    ? null
    : await opened(file, surroundings.openSource(file));
  using progress = showing(context, "written", transfer);
  const buffers = new PieceBuffers();
  let pending: Promise<Answer> | undefined;
  for (const piece of piecesOf(transfer)) {
    // The next piece is fetched while this one is being written.
    const data = buffers.next(piece.blocks * blockLength);
    await fill(source, data, file);
    if (!await written(context, pending, progress)) return;
    pending = device.send(cdbFor("write", transfer, piece), { out: data });
    pending.catch(() => {});
  }
  await written(context, pending, progress);
}

/** Two buffers that take turns: fresh ones would be cleared each time. */
class PieceBuffers {
  #next = new Uint8Array(0);
  #last = new Uint8Array(0);

  /** The one that no command under way uses. */
  next(lengthBytes: number): Uint8Array<ArrayBuffer> {
    const buffer = this.#next.length === lengthBytes
      ? this.#next
      : new Uint8Array(lengthBytes);
    this.#next = this.#last;
    this.#last = buffer;
    return buffer;
  }
}

async function written(
  context: CommandContext,
  pending: Promise<Answer> | undefined,
  progress: Progress,
): Promise<boolean> {
  if (pending === undefined) return true;
  const answer = await pending;
  if (answer.good) progress.advance(answer.transferLength);
  else tellFailure(context, answer);
  return answer.good;
}

async function fill(
  source: ByteSource | null,
  data: Uint8Array,
  file: string | null,
): Promise<void> {
  const length = await source?.read(data) ?? data.length;
  if (length === data.length) return;
  throw new CommandError(`only read ${length} bytes from file ${file}`);
}

async function opened<T>(file: string, opening: Promise<T>): Promise<T> {
  try {
    return await opening;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CommandError(`unable to open file ${file}: ${reason}`);
  }
}

/** How far a transfer is. */
interface Progress extends Disposable {
  /** So many bytes more have been moved. */
  advance(lengthBytes: number): void;
}

/** Says how far a transfer is, when somebody watches and it is long. */
function showing(
  { surroundings }: CommandContext,
  done: string,
  { blocks, blockLength }: BlockTransfer,
): Progress {
  const { showProgress } = surroundings;
  const whole = blocks * blockLength;
  let moved = 0;
  return {
    advance(lengthBytes) {
      moved += lengthBytes;
      if (whole <= CHUNK_BYTES) return;
      const percent = Math.floor(100 * moved / whole);
      showProgress?.(
        `${moved >> 20} of ${whole >> 20} MiB ${done} (${percent}%)`,
      );
    },
    [Symbol.dispose]: () => showProgress?.(""),
  };
}

const OPCODES = {
  read: { 6: 0x08, 10: 0x28, 12: 0xa8, 16: 0x88 },
  write: { 6: 0x0a, 10: 0x2a, 12: 0xaa, 16: 0x8a },
} as const;

/** The shortest CDB that is wanted and can hold the range. */
function cdbFor(
  what: "read" | "write",
  { cdbLength: least }: BlockTransfer,
  { lba, blocks }: Piece,
): Uint8Array {
  const opcodes = OPCODES[what];
  if (least < 10 && lba < 2 ** 21 && blocks <= 255) {
    return Uint8Array
      .of(opcodes[6], lba >> 16, lba >> 8, lba, blocks, 0);
  }
  const fits = lba <= 0xffffffff;
  const length = least < 12 && blocks <= 65535 && fits
    ? 10
    : least < 16 && fits
    ? 12
    : 16;
  const cdb = new DataView(new ArrayBuffer(length));
  cdb.setUint8(0, opcodes[length]);
  if (length === 16) cdb.setBigUint64(2, BigInt(lba));
  else cdb.setUint32(2, lba);
  if (length === 10) cdb.setUint16(7, blocks);
  else cdb.setUint32(length - 6, blocks);
  return new Uint8Array(cdb.buffer);
}
