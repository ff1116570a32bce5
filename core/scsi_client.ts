/**
 * Typed commands for programs that embed a target and use its logical units
 * themselves, in the manner of a disk driver: what CTL's camsim is to the host
 * that it runs on.
 *
 * @module
 */

import {
  type LocalCommand,
  type LocalInitiator,
  type LocalResult,
} from "./local_initiator.ts";
import { STATUS } from "./sense.ts";
import { TASK_MANAGEMENT } from "./task_management.ts";
import { decodeLun, LUN_FIELD_LENGTH } from "./wire/lun_address.ts";
import { type SenseCodes, senseCodesOf } from "./wire/sense_data.ts";
import { SENSE_KEY } from "./wire/sense_key.ts";

/** Bytes that one command of a long read or write moves. */
const CHUNK_BYTES: number = 4 * 2 ** 20;
/** Unit attentions that a command takes before it gives up. */
const ATTENTIONS_MAX = 16;
const REPORT_LUNS_LENGTH: number = 8 + 1024 * LUN_FIELD_LENGTH;
const INQUIRY_LENGTH = 96;
const CAPACITY_LENGTH = 32;

/** The shape of a logical unit. */
export interface UnitCapacity {
  /** Bytes of a block. */
  readonly blockLength: number;
  /** Blocks. */
  readonly blockCount: number;
}

/** What INQUIRY tells of a logical unit. */
export interface UnitDescription {
  /** PERIPHERAL DEVICE TYPE (SPC-5 6.7.2). */
  readonly deviceType: number;
  /** T10 VENDOR IDENTIFICATION. */
  readonly vendor: string;
  /** PRODUCT IDENTIFICATION. */
  readonly product: string;
  /** PRODUCT REVISION LEVEL. */
  readonly revision: string;
}

/** A command has not ended GOOD. */
export class ScsiError extends Error {
  /** Name of the class. */
  override readonly name = "ScsiError";
  /** Status (SAM-5 5.3.1); null: it was aborted. */
  readonly status: number | null;
  /** Sense key, ASC and ASCQ; null: there is no sense. */
  readonly sense: SenseCodes | null;
  /** Sense data as they came. */
  readonly senseData: Uint8Array;

  /** An error of a command that ended so. */
  constructor(what: string, { status, senseData }: LocalResult) {
    const sense = senseCodesOf(senseData);
    super(`${what} ended ${endOf(status, sense)}`);
    this.status = status;
    this.sense = sense;
    this.senseData = senseData;
  }
}

/** An initiator of this process, at the port of the target for such. */
export class ScsiClient implements AsyncDisposable {
  readonly #initiator: LocalInitiator;
  readonly #ended: () => void;
  readonly #capacities: Map<number, UnitCapacity> = new Map();

  /**
   * A client of an initiator.
   *
   * @param ended called when it is disposed of
   */
  constructor(initiator: LocalInitiator, ended: () => void = () => {}) {
    this.#initiator = initiator;
    this.#ended = ended;
  }

  /** Sends any command; resolves with its end, whatever it is. */
  execute(command: LocalCommand): Promise<LocalResult> {
    return this.#initiator.execute(command);
  }

  /** Ends all commands on a unit, and what initiators hold of it. */
  async reset(lun: number): Promise<void> {
    const what = TASK_MANAGEMENT.LOGICAL_UNIT_RESET;
    const { response } = await this.#initiator.manage(what, lun);
    if (response === "FUNCTION COMPLETE") return;
    throw new TypeError(`${what} of LUN ${lun}: ${response}`);
  }

  /** Numbers of the units that there are. */
  async luns(): Promise<number[]> {
    const cdb = new Uint8Array(12);
    const view = new DataView(cdb.buffer);
    view.setUint8(0, 0xa0);
    view.setUint32(6, REPORT_LUNS_LENGTH);
    const list = viewOf(
      await this.#good("REPORT LUNS", {
        lun: 0,
        cdb,
        dataInLength: REPORT_LUNS_LENGTH,
      }),
    );
    const found: number[] = [];
    for (let at = 8; at + LUN_FIELD_LENGTH <= list.byteLength;) {
      found.push(decodeLun(list, at));
      at += LUN_FIELD_LENGTH;
    }
    return found;
  }

  /** Rejects with a `ScsiError` unless the unit is ready. */
  async testUnitReady(lun: number): Promise<void> {
    await this.#good("TEST UNIT READY", { lun, cdb: new Uint8Array(6) });
  }

  /** What the unit says of itself. */
  async inquiry(lun: number): Promise<UnitDescription> {
    const bytes = await this.#good("INQUIRY", {
      lun,
      cdb: Uint8Array.of(0x12, 0, 0, 0, INQUIRY_LENGTH, 0),
      dataInLength: INQUIRY_LENGTH,
    });
    const text = (from: number, to: number) =>
      new TextDecoder().decode(bytes.subarray(from, to)).trimEnd();
    return {
      deviceType: viewOf(bytes).getUint8(0) & 0x1f,
      vendor: text(8, 16),
      product: text(16, 32),
      revision: text(32, 36),
    };
  }

  /** The shape of the unit. */
  async capacity(lun: number): Promise<UnitCapacity> {
    const known = this.#capacities.get(lun);
    if (known !== undefined) return known;
    const cdb = new Uint8Array(16);
    cdb.set([0x9e, 0x10]);
    new DataView(cdb.buffer).setUint32(10, CAPACITY_LENGTH);
    const dataInLength = CAPACITY_LENGTH;
    const command = { lun, cdb, dataInLength };
    const view = viewOf(await this.#good("READ CAPACITY(16)", command));
    const capacity = {
      blockCount: Number(view.getBigUint64(0)) + 1,
      blockLength: view.getUint32(8),
    };
    this.#capacities.set(lun, capacity);
    return capacity;
  }

  /** Reads blocks. */
  async read(
    lun: number,
    lba: number,
    blockCount: number,
  ): Promise<Uint8Array> {
    const { blockLength } = await this.capacity(lun);
    const whole = new Uint8Array(blockCount * blockLength);
    for (const { at, blocks } of chunksOf(blockCount, blockLength)) {
      const cdb = blockCdb(0x88, lba + at, blocks);
      const dataInLength = blocks * blockLength;
      const data = await this.#good("READ(16)", { lun, cdb, dataInLength });
      whole.set(data, at * blockLength);
    }
    return whole;
  }

  /**
   * Writes whole blocks.
   *
   * @throws {RangeError} when the data are none
   */
  async write(lun: number, lba: number, data: Uint8Array): Promise<void> {
    const { blockLength } = await this.capacity(lun);
    if (data.length % blockLength !== 0) {
      throw new RangeError(
        `Cannot write ${data.length} bytes: blocks of LUN ${lun} have ` +
          `${blockLength}`,
      );
    }
    const blockCount = data.length / blockLength;
    for (const { at, blocks } of chunksOf(blockCount, blockLength)) {
      const cdb = blockCdb(0x8a, lba + at, blocks);
      const end = (at + blocks) * blockLength;
      const dataOut = data.subarray(at * blockLength, end);
      await this.#good("WRITE(16)", { lun, cdb, dataOut });
    }
  }

  /** Makes durable what was written. */
  async flush(lun: number): Promise<void> {
    const cdb = blockCdb(0x91, 0, 0);
    await this.#good("SYNCHRONIZE CACHE(16)", { lun, cdb });
  }

  /** Deallocates blocks. */
  async unmap(lun: number, lba: number, blockCount: number): Promise<void> {
    const dataOut = new Uint8Array(24);
    const list = new DataView(dataOut.buffer);
    list.setUint16(0, 22);
    list.setUint16(2, 16);
    list.setBigUint64(8, BigInt(lba));
    list.setUint32(16, blockCount);
    const cdb = Uint8Array.of(0x42, 0, 0, 0, 0, 0, 0, 0, dataOut.length, 0);
    await this.#good("UNMAP", { lun, cdb, dataOut });
  }

  /** Ends the nexus; its commands end first. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended();
    await this.#initiator.disconnect();
  }

  // Unit attentions are news: what they befell is sent again.
  async #good(what: string, command: LocalCommand): Promise<Uint8Array> {
    for (let left = ATTENTIONS_MAX;; left -= 1) {
      const result = await this.#initiator.execute(command);
      if (result.status === STATUS.GOOD) return result.dataIn;
      const key = senseCodesOf(result.senseData)?.key;
      if (key !== SENSE_KEY.UNIT_ATTENTION || left === 0) {
        throw new ScsiError(`${what} of LUN ${command.lun}`, result);
      }
      this.#capacities.clear();
    }
  }
}

function* chunksOf(blockCount: number, blockLength: number) {
  const most = Math.max(1, Math.floor(CHUNK_BYTES / blockLength));
  for (let at = 0; at < blockCount; at += most) {
    yield { at, blocks: Math.min(most, blockCount - at) };
  }
}

// READ(16), WRITE(16), SYNCHRONIZE CACHE(16) (SBC-4 5.14, 5.27, 5.42).
function blockCdb(opcode: number, lba: number, blocks: number): Uint8Array {
  const cdb = new Uint8Array(16);
  const view = new DataView(cdb.buffer);
  view.setUint8(0, opcode);
  view.setBigUint64(2, BigInt(lba));
  view.setUint32(10, blocks);
  return cdb;
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

function endOf(status: number | null, sense: SenseCodes | null): string {
  if (status === null) return "aborted";
  if (sense === null) return `with status ${status.toString(16)}h`;
  const codes = [sense.key, sense.asc, sense.ascq];
  return `with sense ${codes.map((code) => code.toString(16)).join("/")}`;
}
