/**
 * Moves bytes between a socket and a connection. The connection never sees
 * the socket, the pump never looks into the bytes.
 *
 * @module
 */

import type { IscsiConnection } from "./connection.ts";
import type { Output, SendBuffer } from "./output.ts";
import {
  BUSY_BYTES,
  type ReceiveBuffer,
  type ReceiveBuffers,
  SMALL_RECEIVE_BYTES,
} from "./receive_buffers.ts";
import type { Turns } from "./turns.ts";

/** A socket, as far as the pump needs one; `Deno.TcpConn` is one. */
export interface ByteStream {
  /** Reads some bytes; null at the end. */
  read(into: Uint8Array): Promise<number | null>;
  /** Writes some bytes; fewer than given when the peer is slow. */
  write(bytes: Uint8Array): Promise<number>;
  /** Ends both directions. */
  close(): void;
}

/** What pumps share. */
export interface PumpServices {
  /** Receive buffers. */
  readonly receiveBuffers: ReceiveBuffers;
  /** Keeps one connection from starving the others. */
  readonly turns: Turns;
  /** A connection threw what it should not; it is being closed. */
  readonly defect: (error: unknown) => void;
}

/** Pumps one connection until it ends. */
export class Pump {
  readonly #stream: ByteStream;
  readonly #connection: IscsiConnection;
  readonly #output: Output;
  readonly #services: PumpServices;
  #buffer: ReceiveBuffer;
  #start = 0;
  #end = 0;
  #lastBatch = 0;
  /** Bytes of the last PDU of which a part was received first. */
  #partialLength = 0;
  #receiving = false;
  /** What is being sent, and how much of it has been. */
  #sending: SendBuffer | null = null;
  #sentBytes = 0;
  /** Settled when all has been sent; null: nobody waits for it. */
  #drained: PromiseWithResolvers<void> | null = null;
  #wakeScheduled = false;
  #closed = false;

  /** A pump for a fresh connection. */
  constructor(
    stream: ByteStream,
    connection: IscsiConnection,
    services: PumpServices,
  ) {
    this.#stream = stream;
    this.#connection = connection;
    this.#output = connection.output;
    this.#services = services;
    this.#buffer = services.receiveBuffers.take(false);
  }

  /** Runs until the connection ends; tells why. */
  async run(): Promise<string> {
    let reason: string;
    try {
      reason = await this.#receiveAll();
      await this.#drain();
    } catch (error) {
      const told = error instanceof Error ? error.message : String(error);
      reason = this.#connection.closing ?? told;
    }
    this.close();
    this.#output.discard();
    this.#services.receiveBuffers.give(this.#buffer);
    return reason;
  }

  /** Bytes of the buffer that it receives into. */
  get receiveBytes(): number {
    return this.#buffer.bytes.length;
  }

  /** Closes the socket at once. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#output.patience.renew();
    this.#stream.close();
  }

  /**
   * Output came up while nothing was being received. It is sent at the end of
   * this turn, so that all that comes up in it leaves together.
   */
  wakeOutput(): void {
    if (this.#receiving || this.#sending !== null || this.#wakeScheduled) {
      return;
    }
    this.#wakeScheduled = true;
    queueMicrotask(() => {
      this.#wakeScheduled = false;
      this.#flush();
      if (this.#connection.closing !== null) this.#closeWhenSent();
    });
  }

  async #receiveAll(): Promise<string> {
    const connection = this.#connection;
    while (true) {
      this.#makeRoom();
      const room = this.#buffer.bytes.subarray(this.#end, this.#readEnd());
      const count = await this.#stream.read(room);
      if (count === null) return "closed by the initiator";
      this.#lastBatch = count;
      this.#end += count;
      this.#work();
      while (connection.busy !== null) {
        await connection.busy.catch(this.#defect);
        this.#work();
      }
      if (connection.closing !== null) return connection.closing;
      if (!this.#output.hasRoom) await this.#drain();
      const turn = this.#services.turns
        .worked(this, connection.receivedMs);
      if (turn !== null) await turn;
    }
  }

  #work(): void {
    this.#receiving = true;
    const { bytes, view } = this.#buffer;
    try {
      this.#start = this.#connection.receive(
        bytes,
        view,
        this.#start,
        this.#end,
      );
    } catch (error) {
      this.#defect(error);
    }
    this.#receiving = false;
    this.#flush();
  }

  // Contained: it is told once, and costs this connection alone.
  readonly #defect = (error: unknown): never => {
    this.#services.defect(error);
    throw error;
  };

  // Sees to it that there is room to read, for the rest of a partial PDU too.
  #makeRoom(): void {
    const held = this.#end - this.#start;
    const wanted = this.#connection.partialLength;
    if (held > 0) this.#partialLength = wanted;
    // A slow peer that has sent little of a PDU needs no more than that.
    const busy = this.#lastBatch >= BUSY_BYTES ||
      held > 0 && Math.max(wanted, held + 1) > SMALL_RECEIVE_BYTES;
    const { bytes } = this.#buffer;
    const large = bytes.length > BUSY_BYTES * 2;
    if (busy !== large && (busy || held === 0)) this.#changeBuffer(busy);
    else if (held === 0) this.#start = this.#end = 0;
    else if (this.#start + Math.max(wanted, held + 1) > bytes.length) {
      bytes.copyWithin(0, this.#start, this.#end);
      this.#start = 0;
      this.#end = held;
    }
  }

  // Where PDUs end if they are like the last partial one: large ones had to be
  // moved otherwise, to be in one piece.
  #readEnd(): number {
    const { length } = this.#buffer.bytes;
    if (this.#partialLength < BUSY_BYTES) return length;
    const end = length - (length - this.#start) % this.#partialLength;
    return end > this.#end ? end : length;
  }

  #changeBuffer(large: boolean): void {
    const { receiveBuffers } = this.#services;
    const old = this.#buffer;
    this.#buffer = receiveBuffers.take(large);
    this.#buffer.bytes.set(old.bytes.subarray(this.#start, this.#end));
    this.#end -= this.#start;
    this.#start = 0;
    receiveBuffers.give(old);
  }

  #flush(): void {
    if (this.#sending !== null) return;
    const next = this.#output.take();
    if (next === null) return this.#finishDrain();
    this.#sending = next;
    this.#sentBytes = 0;
    this.#sendRest(next);
  }

  #sendRest(buffer: SendBuffer): void {
    const rest = buffer.bytes.subarray(this.#sentBytes, buffer.length);
    this.#stream.write(rest).then(this.#wrote, this.#failed);
  }

  // Made once, for all writes: an async function would make promises of its
  // own for each of them.
  readonly #wrote = (count: number): void => {
    this.#sentBytes += count;
    try {
      this.#sendOn();
    } catch (error) {
      this.#failed(error);
    }
  };

  // A failed write ends the read as well: there the reason is told.
  readonly #failed = (error: unknown): void => {
    if (this.#sending !== null) this.#output.sent(this.#sending);
    this.#sending = null;
    this.close();
    this.#drained?.reject(error);
    this.#drained = null;
  };

  #sendOn(): void {
    const buffer = this.#sending;
    if (buffer === null) return;
    if (this.#sentBytes < buffer.length) return this.#sendRest(buffer);
    this.#sending = null;
    this.#output.sent(buffer);
    this.#connection.outputDrained();
    this.#flush();
    if (this.#connection.closing !== null) this.wakeOutput();
  }

  #finishDrain(): void {
    this.#drained?.resolve();
    this.#drained = null;
  }

  #drain(): Promise<void> {
    const drained = this.#drained ??= Promise.withResolvers();
    this.#flush();
    return drained.promise;
  }

  async #closeWhenSent(): Promise<void> {
    await this.#drain().catch(() => {});
    this.close();
  }
}
