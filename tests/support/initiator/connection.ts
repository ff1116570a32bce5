/**
 * One connection of an initiator: sends any bytes, receives PDUs. Each wait is
 * bounded and fails with what was expected.
 *
 * @module
 */

import { PATIENCE_MS, within } from "../deadline.ts";
import {
  decodePdu,
  type Digests,
  type EncodeOptions,
  encodePdu,
  NO_DIGESTS,
  type Pdu,
} from "./pdu.ts";

/** A two-way stream of bytes: a `Deno.TcpConn`, or one end of memory. */
export interface ByteStream {
  /** Reads some bytes; null when the other side ended the stream. */
  read(into: Uint8Array): Promise<number | null>;
  /** Writes some of the bytes and says how many. */
  write(bytes: Uint8Array): Promise<number>;
  /** Ends the stream both ways. */
  close(): void;
}

/** Where a target listens. */
export interface Portal {
  /** Address; 127.0.0.1 when it is not given. */
  readonly hostname?: string;
  /** TCP port. */
  readonly port: number;
}

/** Reads `host:port`, `[v6]:port`, or either with `,tag` behind it. */
export function parsePortal(text: string): Portal {
  const match = /^(?:\[([^\]]+)\]|([^:,]+))(?::(\d+))?(?:,\d+)?$/.exec(text);
  const hostname = match?.[1] ?? match?.[2];
  if (hostname === undefined) throw new Error(`Cannot read portal "${text}"`);
  return { hostname, port: Number(match?.[3] ?? 3260) };
}

/** Connects to a portal by TCP. */
export async function connect(portal: Portal): Promise<Connection> {
  const { hostname = "127.0.0.1", port } = portal;
  const stream = await Deno.connect({ hostname, port });
  stream.setNoDelay(true);
  return new Connection(stream);
}

const READ_BYTES = 256 * 1024;

/** A connection to a target. */
export class Connection {
  /** Digests of both directions; the login sets them when it ends. */
  digests: Digests = NO_DIGESTS;
  readonly #stream: ByteStream;
  readonly #chunk = new Uint8Array(READ_BYTES);
  #received = new Uint8Array(READ_BYTES);
  #start = 0;
  #end = 0;
  #reading: Promise<number | null> | undefined;
  #writing: Promise<void> = Promise.resolve();
  #ended = false;
  #closed = false;

  /** Speaks over a stream that is already open. */
  constructor(stream: ByteStream) {
    this.#stream = stream;
  }

  /** Whether the target ended the connection, as far as was read. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Sends a PDU with the digests that were agreed. */
  send(pdu: Pdu, options: EncodeOptions = {}): Promise<void> {
    return this.sendBytes(
      encodePdu(pdu, { digests: this.digests, ...options }),
    );
  }

  /** Sends any bytes, after all that were sent before. */
  sendBytes(bytes: Uint8Array): Promise<void> {
    const sent = this.#writing.then(() => this.#writeAll(bytes));
    this.#writing = sent.catch(ignore);
    return sent;
  }

  async #writeAll(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      at += await this.#stream.write(bytes.subarray(at));
    }
  }

  /**
   * Waits for the next PDU.
   *
   * @param what what is expected, for the error
   * @throws {Error} when the target closes first, or none comes in time
   */
  async receive(
    what: string | (() => string) = "a PDU",
    timeoutMs: number = PATIENCE_MS,
  ): Promise<Pdu> {
    const expected = typeof what === "string" ? () => what : what;
    const pdu = await within(this.next(), timeoutMs, expected);
    if (pdu !== undefined) return pdu;
    throw new Error(
      `The target closed the connection instead of sending ${expected()}`,
    );
  }

  /** The next PDU, or undefined when the target closed; waits for ever. */
  async next(): Promise<Pdu | undefined> {
    for (;;) {
      const bytes = this.#received.subarray(this.#start, this.#end);
      const decoded = decodePdu(bytes, this.digests);
      if (decoded !== undefined) {
        this.#start += decoded.lengthBytes;
        return decoded.pdu;
      }
      if (!await this.#readMore()) return undefined;
    }
  }

  /**
   * Waits until the target closes.
   *
   * @returns the PDUs that came before that
   * @throws {Error} when it does not close in time, naming what came
   */
  async expectClose(timeoutMs: number = PATIENCE_MS): Promise<Pdu[]> {
    const before: Pdu[] = [];
    await within(
      this.#drain(before),
      timeoutMs,
      () => `the target to close; it sent ${before.join("; ") || "nothing"}`,
    );
    return before;
  }

  async #drain(into: Pdu[]): Promise<void> {
    for (let pdu = await this.next(); pdu; pdu = await this.next()) {
      into.push(pdu);
    }
  }

  /** Closes the connection, with no word to the target. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stream.close();
  }

  /** Closes the connection at the end of a test. */
  [Symbol.dispose](): void {
    this.close();
  }

  // A wait that ran out leaves its read pending: the next wait goes on with it,
  // or bytes would be lost.
  async #readMore(): Promise<boolean> {
    if (this.#ended || this.#closed) return false;
    this.#reading ??= this.#stream.read(this.#chunk).catch(endOfStream);
    const count = await this.#reading;
    this.#reading = undefined;
    if (count === null) {
      this.#ended = true;
      return false;
    }
    this.#keep(this.#chunk.subarray(0, count));
    return true;
  }

  #keep(bytes: Uint8Array): void {
    const held = this.#end - this.#start;
    if (this.#end + bytes.length > this.#received.length) {
      const room = Math.max(this.#received.length, 2 * (held + bytes.length));
      const larger = new Uint8Array(room);
      larger.set(this.#received.subarray(this.#start, this.#end));
      this.#received = larger;
      this.#start = 0;
      this.#end = held;
    }
    this.#received.set(bytes, this.#end);
    this.#end += bytes.length;
  }
}

function ignore(): void {
  // Who sent the bytes has the error; those behind find the stream broken.
}

// Deno ends a pending read with an error when the socket is closed here or
// reset there: for a test, both are the end of the stream.
function endOfStream(): null {
  return null;
}
