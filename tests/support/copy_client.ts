/**
 * An initiator that has LUNs cloned by their target: by EXTENDED COPY, and by
 * ROD tokens as Windows does it.
 *
 * @module
 */

import type { Designator } from "../../core/mod.ts";
import { type BlockWish, copyList } from "./copy_lists.ts";
import {
  extendedCopyLid4,
  inquiryVpd,
  populateToken,
  readCapacity16,
  receiveRodTokenInformation,
  type RunningCommand,
  type Session,
  writeUsingToken,
} from "./initiator/mod.ts";
import { populateList, writeList } from "./token_lists.ts";

/** Bytes that one WRITE USING TOKEN is asked for: as Windows does it. */
const TOKEN_BYTES_MAX = 2 ** 28;
/** How long one command may take on a busy machine. */
const COMMAND_MS = 60_000;
const INFORMATION_BYTES = 1024;
const NAA = 3;
/** COPY TARGET DEVICE DATA UNDERRUN. */
const CUT_SHORT = "a/0d/04";
/** Segments of one list, and blocks of one segment, at the most. */
const SEGMENTS_MAX = 64;
const SEGMENT_BLOCKS_MAX = 0xffff;

/** A LUN as the client of a copy knows it. */
export interface CopyLun {
  /** LUN as the session sees it. */
  readonly lun: number;
  /** Bytes of a block. */
  readonly blockLength: number;
  /** Blocks. */
  readonly blockCount: number;
  /** Its NAA designator of VPD page 83h. */
  readonly designator: Designator;
}

/** A clone to make: all of the source, from first block to first block. */
export interface CloneWish {
  /** Where data come from. */
  readonly source: CopyLun;
  /** Where they go to. */
  readonly destination: CopyLun;
  /** Bytes; absent: all of the source. */
  readonly lengthBytes?: number;
}

/** Asks a session what must be known of a LUN. */
export async function copyLun(session: Session, lun: number): Promise<CopyLun> {
  const page = await session.command(lun, inquiryVpd(0x83), { read: 1024 });
  const capacity = await session.command(lun, readCapacity16(), { read: 32 });
  const view = viewOf(capacity.data);
  return {
    lun,
    blockCount: Number(view.getBigUint64(0)) + 1,
    blockLength: view.getUint32(8),
    designator: naaOf(page.data),
  };
}

/** Clones by EXTENDED COPY, one list of up to 64 segments after the other. */
export async function cloneByXcopy(
  session: Session,
  wish: CloneWish,
): Promise<void> {
  const total = lengthOf(wish);
  const listBytes = SEGMENTS_MAX * segmentBytes(wish);
  for (let done = 0; done < total; done += listBytes) {
    const lengthBytes = Math.min(listBytes, total - done);
    const running = startXcopy(session, { ...wish, lengthBytes }, done);
    expectGood(await running.result(), "EXTENDED COPY");
  }
}

/** Sends one EXTENDED COPY to the destination, from a byte of both on. */
export function startXcopy(
  session: Session,
  wish: CloneWish,
  atBytes = 0,
): RunningCommand {
  const { source, destination } = wish;
  const list = copyList({
    form: "LID4",
    cscds: [source, destination],
    segments: segmentsOf(wish, atBytes),
  });
  return session.start(destination.lun, extendedCopyLid4(list.length), {
    write: list,
    timeoutMs: COMMAND_MS,
  });
}

function segmentsOf(wish: CloneWish, atBytes: number): BlockWish[] {
  const { source, destination } = wish;
  const end = atBytes + lengthOf(wish);
  const step = segmentBytes(wish);
  const segments: BlockWish[] = [];
  for (let at = atBytes; at < end; at += step) {
    segments.push({
      blocks: Math.min(step, end - at) / source.blockLength,
      lba: at / source.blockLength,
      toLba: at / destination.blockLength,
    });
  }
  return segments;
}

/** Bytes of a segment: whole blocks of both sides, and whole 4 KiB. */
function segmentBytes({ source, destination }: CloneWish): number {
  const unit = Math.max(4096, source.blockLength, destination.blockLength);
  const bytes = SEGMENT_BLOCKS_MAX * source.blockLength;
  return bytes - bytes % unit;
}

/** Clones by a ROD token of the whole source. */
export async function cloneByToken(
  session: Session,
  wish: CloneWish,
): Promise<void> {
  const { source, destination } = wish;
  const total = lengthOf(wish);
  const token = await makeToken(session, source, total);
  for (let done = 0; done < total;) {
    const lengthBytes = Math.min(TOKEN_BYTES_MAX, total - done);
    const part = { source, destination, lengthBytes };
    const running = startTokenWrite(session, part, token, done);
    const result = await running.result();
    // What has run out of time says how much it has done.
    if (result.sense !== CUT_SHORT) expectGood(result, "WRITE USING TOKEN");
    const written = await blocksWritten(session, destination.lun);
    if (written === 0) throw new Error("WRITE USING TOKEN has written nothing");
    done += written * destination.blockLength;
  }
}

/** Sends one WRITE USING TOKEN, from a byte of token and destination on. */
export function startTokenWrite(
  session: Session,
  wish: CloneWish,
  token: Uint8Array,
  atBytes = 0,
): RunningCommand {
  const { source, destination } = wish;
  const { blockLength } = destination;
  const list = bytesOf(writeList({
    token,
    offset: atBytes / source.blockLength,
    ranges: [[atBytes / blockLength, lengthOf(wish) / blockLength]],
  }));
  const cdb = writeUsingToken(2, list.length);
  const options = { write: list, timeoutMs: COMMAND_MS };
  return session.start(destination.lun, cdb, options);
}

/** Makes a ROD token of the first bytes of a LUN. */
export async function makeToken(
  session: Session,
  { lun, blockLength }: CopyLun,
  lengthBytes: number,
): Promise<Uint8Array> {
  const list = bytesOf(
    populateList({ ranges: [[0, lengthBytes / blockLength]] }),
  );
  const cdb = populateToken(1, list.length);
  const options = { write: list, timeoutMs: COMMAND_MS };
  expectGood(await session.command(lun, cdb, options), "POPULATE TOKEN");
  const data = await information(session, lun, 1);
  const tokensAt = 32 + data.getUint8(14) + 4;
  if (data.byteLength < tokensAt + 2 + 512) throw new Error("No token came");
  return new Uint8Array(data.buffer, data.byteOffset + tokensAt + 2, 512);
}

/** TRANSFER COUNT, in blocks: F1h of TRANSFER COUNT UNITS. */
async function blocksWritten(session: Session, lun: number): Promise<number> {
  const data = await information(session, lun, 2);
  if (data.getUint8(15) !== 0xf1) throw new Error("Not counted in blocks");
  return Number(data.getBigUint64(16));
}

async function information(
  session: Session,
  lun: number,
  listId: number,
): Promise<DataView> {
  const cdb = receiveRodTokenInformation(listId, INFORMATION_BYTES);
  const result = await session.command(lun, cdb, { read: INFORMATION_BYTES });
  expectGood(result, "RECEIVE ROD TOKEN INFORMATION");
  return viewOf(result.data);
}

function lengthOf({ source, lengthBytes }: CloneWish): number {
  return lengthBytes ?? source.blockCount * source.blockLength;
}

function expectGood(
  { status, sense }: { readonly status: number; readonly sense: string },
  what: string,
): void {
  if (status !== 0) throw new Error(`${what}: status ${status}, ${sense}`);
}

function naaOf(page: Uint8Array): Designator {
  for (let at = 4; at + 4 <= page.length;) {
    const [codes = 0, kind = 0, , length = 0] = page.subarray(at, at + 4);
    const bytes = page.slice(at + 4, at + 4 + length);
    // ASSOCIATION 00b: the unit itself.
    if ((kind & 0x3f) === NAA) {
      return { codeSet: codes & 0x0f, type: NAA, association: 0, bytes };
    }
    at += 4 + length;
  }
  throw new Error("The LUN has no NAA designator");
}

function bytesOf(list: DataView): Uint8Array<ArrayBuffer> {
  return new Uint8Array(list.buffer as ArrayBuffer);
}

function viewOf(data: Uint8Array): DataView {
  return new DataView(data.buffer, data.byteOffset, data.byteLength);
}
