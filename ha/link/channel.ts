/**
 * One connection to the peer, from its first byte to its last: LOGIN and
 * ACCEPT both ways, then frames.
 *
 * @module
 */

import type { Clock } from "../../core/mod.ts";
import { CLOSE_CODE, decodeClose, encodeClose } from "../wire/close.ts";
import { LINK_FRAME } from "../wire/frame.ts";
import {
  decodeHello,
  encodeHello,
  isWholeHello,
  LOGIN_BYTES_MAX,
} from "../wire/hello.ts";
import { findMismatch, mismatchText } from "./agreement.ts";
import { FrameQueue } from "./frame_queue.ts";
import { type FrameLimits, FrameReader, OPEN_LIMITS } from "./frame_reader.ts";
import { Heartbeat } from "./heartbeat.ts";
import type { PeerHello } from "./peer_hello.ts";
import type { PeerConnection } from "./peer_transport.ts";
import { Turns } from "./turns.ts";

/** Milliseconds that the last words of a connection may take. */
const LAST_WORDS_MS = 250;

const NOTHING = new Uint8Array(0);

const LOGIN_LIMITS: FrameLimits = Object.freeze({
  bodyMax: LOGIN_BYTES_MAX,
  dataMax: 0,
  kindMax: LINK_FRAME.CLOSE,
});

/** What a connection needs of the link. */
export interface ChannelServices {
  /** Time. */
  readonly clock: Clock;
  /** Bytes that may wait to be sent; more end the connection. */
  readonly queueBytesMax: number;
  /** Whether a peer may come in, beyond what its LOGIN says. */
  admit(hello: PeerHello): string | null;
  /** Both sides have accepted each other. */
  up(channel: PeerChannel, hello: PeerHello): void;
  /** A frame of the layers above has come. */
  frame(kind: number, body: DataView, data: Uint8Array): void;
  /** Nothing was confirmed for so long. */
  silent(silenceMs: number): void;
  /** Something was confirmed again. */
  heard(): void;
  /** Something of the queue was written. */
  written(): void;
  /** The connection has ended; told once. */
  ended(channel: PeerChannel, end: ChannelEnd): void;
}

/** How a connection has ended. */
export interface ChannelEnd {
  /** Why. */
  readonly reason: string;
  /** It never came up, and trying again at once would be of no use. */
  readonly refused: boolean;
  /** It had been up. */
  readonly wasUp: boolean;
}

/** Counters of one connection. */
export interface ChannelCounters {
  framesSent: number;
  framesReceived: number;
  bytesSent: number;
  bytesReceived: number;
}

type Phase = "login" | "accept" | "up" | "ended";

/** One connection to the peer. */
export class PeerChannel {
  /** Address of the peer. */
  readonly peerAddress: string;
  /** What it has done. */
  readonly counters: ChannelCounters = {
    ...{ framesSent: 0, framesReceived: 0, bytesSent: 0, bytesReceived: 0 },
  };
  readonly #connection: PeerConnection;
  readonly #services: ChannelServices;
  readonly #mine: PeerHello;
  readonly #reader: FrameReader = new FrameReader(LOGIN_LIMITS);
  readonly #queue: FrameQueue = new FrameQueue();
  readonly #turns: Turns;
  readonly #take = this.#frame.bind(this);
  #phase: Phase = "login";
  #peer: PeerHello | null = null;
  #heartbeat: Heartbeat | null = null;
  #loginMs = 0;
  #cancel: (() => void) | null = null;
  #wakeScheduled = false;
  #abandoned = false;
  /** What is being written, and how much of it has been. */
  #sending: Uint8Array | null = null;
  #sentBytes = 0;
  #written: PromiseWithResolvers<void> | null = null;

  /** A channel that says who we are once it is started. */
  constructor(
    connection: PeerConnection,
    mine: PeerHello,
    services: ChannelServices,
  ) {
    this.#connection = connection;
    this.#mine = mine;
    this.#services = services;
    this.#turns = new Turns(services.clock);
    this.peerAddress = connection.peerAddress;
  }

  /** LOGIN of the peer, once it is up. */
  get peer(): PeerHello | null {
    return this.#phase === "up" ? this.#peer : null;
  }

  /** Bytes that wait to be sent. */
  get queuedBytes(): number {
    return this.#queue.queuedBytes;
  }

  /** See `PeerLink.silenceMs`. */
  get silenceMs(): number {
    return this.#heartbeat?.silenceMs ?? 0;
  }

  /** Milliseconds of the last heartbeat there and back. */
  get roundTripMs(): number | null {
    return this.#heartbeat?.roundTripMs ?? null;
  }

  /** Logs in; the handshake has an end in time. */
  start(): void {
    const { clock } = this.#services;
    const { deadMs } = this.#mine.timing;
    this.#cancel = clock.after(deadMs, () => {
      const step = this.#phase === "login" ? "LOGIN" : "ACCEPT";
      this.#refuse(`no ${step} within ${deadMs} ms`);
    });
    this.#loginMs = clock.nowMs();
    this.#put(LINK_FRAME.LOGIN, encodeHello(this.#mine), NOTHING, null);
    this.#receiveAll();
  }

  /** Queues a frame; see `PeerLink.send`. */
  send(
    kind: number,
    body: Uint8Array,
    data: Uint8Array,
    sent: (() => void) | null,
  ): boolean {
    if (this.#phase !== "up") return false;
    const queuedBytes = this.#queue.queuedBytes + body.length + data.length;
    if (queuedBytes > this.#services.queueBytesMax) {
      this.#end(`${queuedBytes} bytes wait to be sent`, false);
      return false;
    }
    this.#put(kind, body, data, sent);
    return true;
  }

  /** Tells the peer why, and ends; resolves when that is said. */
  close(reason: string): Promise<void> {
    this.#sayAndEnd(CLOSE_CODE.ENDED, reason, false);
    return this.#whenWritten();
  }

  #put(
    kind: number,
    body: Uint8Array,
    data: Uint8Array,
    sent: (() => void) | null,
  ): void {
    this.counters.framesSent += 1;
    this.#queue.add(kind, body, data, sent);
    this.#wake();
  }

  async #receiveAll(): Promise<void> {
    const { stream } = this.#connection;
    try {
      while (this.#phase !== "ended") {
        const count = await stream.read(this.#reader.room());
        if (count === null) return this.#end("closed by the peer", false);
        this.counters.bytesReceived += count;
        const nowMs = this.#services.clock.nowMs();
        this.#heartbeat?.received(nowMs);
        const problem = this.#reader.received(count, this.#take);
        if (problem !== null) return this.#refuse(problem);
        const turn = this.#turns.worked(nowMs);
        if (turn !== null) await turn;
      }
    } catch (error) {
      this.#end(error instanceof Error ? error.message : String(error), false);
    }
  }

  #frame(kind: number, body: DataView, data: Uint8Array): boolean {
    this.counters.framesReceived += 1;
    if (this.#phase !== "up") this.#handshake(kind, body);
    else if (kind > LINK_FRAME.PONG) this.#services.frame(kind, body, data);
    else this.#own(kind, body);
    return this.#phase !== "ended";
  }

  #handshake(kind: number, body: DataView): void {
    if (kind === LINK_FRAME.CLOSE) return this.#closedByPeer(body);
    if (this.#phase === "login" && kind === LINK_FRAME.LOGIN) {
      return this.#login(body);
    }
    if (this.#phase === "accept" && kind === LINK_FRAME.ACCEPT) {
      return this.#accepted();
    }
    this.#refuse(`frame ${kind} before the end of the handshake`);
  }

  #login(body: DataView): void {
    const theirs = decodeHello(body, this.#mine.version);
    if (typeof theirs === "string") return this.#refuse(`LOGIN: ${theirs}`);
    const mismatch = findMismatch(this.#mine, theirs);
    if (mismatch !== null) return this.#refuse(mismatchText(mismatch));
    if (!isWholeHello(theirs)) return;
    const problem = this.#services.admit(theirs);
    if (problem !== null) return this.#refuse(problem);
    this.#peer = theirs;
    this.#phase = "accept";
    this.#put(LINK_FRAME.ACCEPT, NOTHING, NOTHING, null);
  }

  #accepted(): void {
    const peer = this.#peer;
    if (peer === null) return;
    this.#cancel?.();
    this.#cancel = null;
    this.#phase = "up";
    this.#reader.limits = OPEN_LIMITS;
    const { clock } = this.#services;
    this.#heartbeat = new Heartbeat(clock, peer.timing, this.#loginMs, {
      ping: (number) => this.#sendNumber(LINK_FRAME.PING, number),
      silent: (silenceMs) => this.#services.silent(silenceMs),
      heard: () => this.#services.heard(),
      dead: (reason) => this.#sayAndEnd(CLOSE_CODE.ENDED, reason, false),
    });
    this.#heartbeat.start();
    this.#services.up(this, peer);
  }

  #own(kind: number, body: DataView): void {
    if (kind === LINK_FRAME.CLOSE) return this.#closedByPeer(body);
    const isBeat = kind === LINK_FRAME.PING || kind === LINK_FRAME.PONG;
    if (!isBeat || body.byteLength !== 4) {
      return this.#sayAndEnd(CLOSE_CODE.ENDED, `frame ${kind}`, false);
    }
    const number = body.getUint32(0);
    if (kind === LINK_FRAME.PING) this.#sendNumber(LINK_FRAME.PONG, number);
    else this.#heartbeat?.ponged(number);
  }

  #sendNumber(kind: number, number: number): void {
    const body = new Uint8Array(4);
    new DataView(body.buffer).setUint32(0, number);
    this.#put(kind, body, NOTHING, null);
  }

  #closedByPeer(body: DataView): void {
    const { code, reason } = decodeClose(body);
    const refused = code === CLOSE_CODE.REFUSED;
    const verb = refused ? "refused" : "ended";
    this.#end(`${verb} by the peer: ${reason}`, refused);
  }

  #refuse(reason: string): void {
    const up = this.#phase === "up";
    const code = up ? CLOSE_CODE.ENDED : CLOSE_CODE.REFUSED;
    this.#sayAndEnd(code, reason, !up);
  }

  #sayAndEnd(code: number, reason: string, refused: boolean): void {
    if (this.#phase === "ended") return;
    this.#put(LINK_FRAME.CLOSE, encodeClose({ code, reason }), NOTHING, null);
    const { clock } = this.#services;
    const cancel = clock.after(LAST_WORDS_MS, () => this.#abandon());
    this.#finish(reason, refused);
    this.#cancel = cancel;
    this.#flush();
    this.#whenWritten().then(() => {
      cancel();
      this.#abandon();
    });
  }

  #end(reason: string, refused: boolean): void {
    this.#finish(reason, refused);
    this.#abandon();
  }

  #finish(reason: string, refused: boolean): void {
    if (this.#phase === "ended") return;
    const wasUp = this.#phase === "up";
    this.#phase = "ended";
    this.#cancel?.();
    this.#heartbeat?.stop();
    this.#turns.stop();
    this.#services.ended(this, { reason, refused, wasUp });
  }

  #abandon(): void {
    if (this.#abandoned) return;
    this.#abandoned = true;
    this.#connection.stream.close();
    this.#queue.discard();
  }

  // At the end of the turn: all frames that come up in it leave together.
  #wake(): void {
    if (this.#sending !== null || this.#wakeScheduled) return;
    this.#wakeScheduled = true;
    queueMicrotask(() => {
      this.#wakeScheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    if (this.#sending !== null) return;
    const next = this.#queue.take();
    if (next === null) return this.#allWritten();
    this.#sending = next;
    this.#sentBytes = 0;
    this.#sendRest(next);
  }

  #sendRest(piece: Uint8Array): void {
    const from = this.#sentBytes;
    const rest = from === 0 ? piece : piece.subarray(from);
    this.#connection.stream.write(rest).then(this.#wrote, this.#failed);
  }

  // Made once, for all writes: an async function would make promises of its
  // own for each of them.
  readonly #wrote = (count: number): void => {
    this.counters.bytesSent += count;
    this.#sentBytes += count;
    try {
      this.#sendOn();
    } catch (error) {
      this.#failed(error);
    }
  };

  readonly #failed = (error: unknown): void => {
    this.#sending = null;
    this.#end(error instanceof Error ? error.message : String(error), false);
    this.#allWritten();
  };

  #sendOn(): void {
    const piece = this.#sending;
    if (piece === null) return;
    if (this.#sentBytes < piece.length) return this.#sendRest(piece);
    this.#sending = null;
    this.#queue.done();
    this.#services.written();
    this.#flush();
  }

  #allWritten(): void {
    this.#written?.resolve();
    this.#written = null;
  }

  // Settled when nothing is left to be written, or nothing can be any more.
  #whenWritten(): Promise<void> {
    if (this.#sending === null) return Promise.resolve();
    this.#written ??= Promise.withResolvers();
    return this.#written.promise;
  }
}
