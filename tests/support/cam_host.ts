/**
 * A host on a camtgt wire that does what a test says and nothing by itself:
 * it sends any frame, any bytes, and tells what has come as rows of text.
 *
 * @module
 */

import type { WireStream } from "../../frontends/camtgt/frame_link.ts";
import {
  encodeFrame,
  FRAME,
  type Frame,
  FRAME_FLAG,
  type FrameHeader,
  RETRANSMISSION,
} from "../../frontends/camtgt/wire/frame.ts";
import {
  decodeLength,
  encodeCommand,
  encodeLogin,
} from "../../frontends/camtgt/wire/payloads.ts";
import { settle } from "./core_target.ts";
import { FrameCutter } from "./frame_filter.ts";

const FRAME_NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(FRAME).map(([name, type]) => [type, name]),
);

/** What a COMMAND frame says. */
export interface RawCommand {
  /** Exchange. */
  readonly exchange: number;
  /** The command. */
  readonly cdb: Uint8Array;
  /** Bytes it is ready to read. */
  readonly read?: number;
  /** Bytes it is ready to write. */
  readonly write?: number;
  /** Task attribute, as its code. */
  readonly attribute?: number;
  /** Flags in place of those that follow from the lengths. */
  readonly flags?: number;
  /** SCSI tag; absent: the exchange. */
  readonly tag?: number;
  /** Logical unit. */
  readonly lun?: number;
}

/** The host. */
export class RawHost {
  /** It has seen the end of the stream. */
  closed = false;
  /** Frames that have come, payloads copied. */
  readonly frames: Frame[] = [];
  readonly #stream: WireStream;
  readonly #cutter: FrameCutter = new FrameCutter();

  /** A host that reads all that comes. */
  constructor(stream: WireStream) {
    this.#stream = stream;
    void this.#readAll();
  }

  /** Sends bytes, whatever they are. */
  async bytes(bytes: Uint8Array): Promise<void> {
    try {
      for (let at = 0; at < bytes.length;) {
        at += await this.#stream.write(bytes.subarray(at));
      }
    } catch {
      this.closed = true;
    }
  }

  /** Sends a frame; what follows from it has come. */
  async send(header: FrameHeader, payload?: Uint8Array): Promise<void> {
    await this.bytes(encodeFrame(header, payload));
    await settle();
  }

  /** Logs in. */
  async logIn(wwpn: bigint, dataLengthMax: number = 64 * 1024): Promise<void> {
    const limits = { dataLengthMax, commandsMax: 0, functionsMax: 0 };
    const login = encodeLogin({ wwnn: wwpn, wwpn, ...limits });
    await this.send({ type: FRAME.LOGIN }, login);
  }

  /** Sends a command. */
  async command(command: RawCommand): Promise<void> {
    const { exchange, cdb, read = 0, write = 0, attribute = 0 } = command;
    const flags = (read > 0 ? FRAME_FLAG.READ : 0) |
      (write > 0 ? FRAME_FLAG.WRITE : 0);
    const lun = new Uint8Array(8);
    lun.set([0, command.lun ?? 0]);
    await this.send(
      {
        type: FRAME.COMMAND,
        code: attribute,
        flags: command.flags ?? flags,
        exchange,
      },
      encodeCommand({
        ...{ lun, cdb, tag: command.tag ?? exchange },
        dataLength: Math.max(read, write),
      }),
    );
  }

  /** Says that Data-In have come up to an offset. */
  async acknowledge(exchange: number, parameter: number): Promise<void> {
    await this.send({ type: FRAME.ACKNOWLEDGE, exchange, parameter });
  }

  /** Sends Data-Out. */
  async data(
    exchange: number,
    parameter: number,
    bytes: Uint8Array,
    end = true,
  ): Promise<void> {
    const flags = end ? FRAME_FLAG.END : 0;
    await this.send({ type: FRAME.DATA, flags, exchange, parameter }, bytes);
  }

  /** Asks for something once more. */
  async again(
    exchange: number,
    what: keyof typeof RETRANSMISSION,
    parameter = 0,
  ): Promise<void> {
    const code = RETRANSMISSION[what];
    await this.send({ type: FRAME.RETRANSMIT, code, exchange, parameter });
  }

  /** Sends a task management function. */
  async manage(
    exchange: number,
    code: number,
    tag = 0,
    lun = 0,
  ): Promise<void> {
    const field = Uint8Array.of(0, lun, 0, 0, 0, 0, 0, 0);
    const type = FRAME.TASK_MANAGEMENT;
    await this.send({ type, code, exchange, parameter: tag }, field);
  }

  /** What has come since the last look, a frame a row. */
  heard(): string[] {
    return this.frames.splice(0).map(frameText);
  }

  /** Ends its side. */
  close(): void {
    this.#stream.close();
  }

  async #readAll(): Promise<void> {
    const buffer = new Uint8Array(128 * 1024);
    while (true) {
      const count = await this.#stream.read(buffer).catch(() => null);
      if (count === null) break;
      for (const { frame } of this.#cutter.cut(buffer.subarray(0, count))) {
        this.frames.push(frame);
      }
    }
    this.closed = true;
  }
}

/** A frame in a row: `1 DATA 0+512 end`, `1 RESPONSE 02 under 512 sense 5/24/00`. */
export function frameText(frame: Frame): string {
  const name = FRAME_NAMES.get(frame.type) ?? `type ${frame.type}`;
  return `${frame.exchange} ${name}${detailText(frame)}`;
}

function detailText({ type, flags, code, parameter, payload }: Frame): string {
  switch (type) {
    case FRAME.DATA:
      return ` ${parameter}+${payload.length}` +
        ((flags & FRAME_FLAG.END) === 0 ? "" : " end");
    case FRAME.TRANSFER_READY:
      return ` ${parameter}+${decodeLength(payload)}`;
    case FRAME.RESPONSE:
      return ` ${byteText(code)}${residualText(flags, parameter)}` +
        senseText(payload);
    case FRAME.TASK_MANAGEMENT_RESPONSE:
    case FRAME.LOGIN_REJECT:
      return ` ${byteText(code)}`;
    case FRAME.RETRANSMIT_REJECT:
      return ` ${code} ${parameter}`;
    case FRAME.ABORTED:
      return ` ${parameter}`;
    default:
      return "";
  }
}

function residualText(flags: number, residual: number): string {
  if ((flags & FRAME_FLAG.OVERFLOW) !== 0) return ` over ${residual}`;
  return (flags & FRAME_FLAG.UNDERFLOW) === 0 ? "" : ` under ${residual}`;
}

// Fixed format: key, ASC, ASCQ.
function senseText(payload: Uint8Array): string {
  if (payload.length === 0) return "";
  const [key = 0, asc = 0, ascq = 0] = [payload[2], payload[12], payload[13]];
  const keyText = (key & 15).toString(16).toUpperCase();
  return ` sense ${keyText}/${byteText(asc)}/${byteText(ascq)}`;
}

function byteText(byte: number): string {
  return byte.toString(16).padStart(2, "0").toUpperCase();
}
