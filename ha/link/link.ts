/**
 * The link: keeps one connection to the peer, makes a new one when it ends.
 *
 * @module
 */

import type { Clock, Entropy, Log } from "../../core/mod.ts";
import { LINK_FRAME } from "../wire/frame.ts";
import { printable } from "../wire/printable.ts";
import {
  type ChannelEnd,
  type ChannelServices,
  PeerChannel,
} from "./channel.ts";
import { FigureKeeper } from "./figures.ts";
import { LogLimit } from "./log_limit.ts";
import { LINK_VERSION, type LinkTiming, type PeerHello } from "./peer_hello.ts";
import {
  type FrameListener,
  type LinkFigures,
  type LinkListener,
  type LinkState,
  type PeerLink,
} from "./peer_link.ts";
import type {
  PeerAcceptor,
  PeerConnection,
  PeerEndpoint,
  PeerTransport,
} from "./peer_transport.ts";

/** Bytes that may wait to be sent. */
export const QUEUE_BYTES_MAX: number = 64 * 1024 * 1024;
/** From so many on the link is congested. */
const CONGESTED_BYTES: number = 4 * 1024 * 1024;
/** Down to so many it stays so. */
const DRAINED_BYTES: number = 1024 * 1024;
/** Connections that have not logged in; of more the oldest is closed. */
const HANDSHAKES_MAX = 8;
/** Milliseconds to the next try when a good connection has ended. */
const AGAIN_MS = 100;
/** Milliseconds to the next try when the peer cannot be reached. */
const RETRY_MS = 500;
/** Milliseconds to the next try when it has refused us, and at the most. */
const BACKOFF_MS = 1000;
const BACKOFF_MS_MAX = 30_000;
/** A connection that ends earlier is as bad as one that is refused. */
const LASTING_MS = 1000;

/** What a node says of itself; the link adds the rest. */
export type LocalHello = Omit<PeerHello, "version" | "instance" | "timing">;

/** What a link is made with. */
export interface LinkOptions {
  /** Time. */
  readonly clock: Clock;
  /** Randomness. */
  readonly entropy: Entropy;
  /** Log lines. */
  readonly log: Log;
  /** The way to the peer. */
  readonly transport: PeerTransport;
  /** When the peer is given up. */
  readonly timing: LinkTiming;
  /** Asked for at each connection. */
  readonly hello: () => LocalHello;
  /** Bytes that may wait; default {@linkcode QUEUE_BYTES_MAX}. */
  readonly queueBytesMax?: number;
}

/** Makes a link; it is idle until it is opened. */
export function createPeerLink(options: LinkOptions): PeerLink {
  return new Link(options);
}

const NOTHING = new Uint8Array(0);

class Link implements PeerLink, ChannelServices, PeerAcceptor {
  readonly events: Set<LinkListener> = new Set();
  readonly clock: Clock;
  readonly queueBytesMax: number;
  readonly #options: LinkOptions;
  readonly #instance: string;
  readonly #lines: LogLimit;
  readonly #figures: FigureKeeper = new FigureKeeper();
  readonly #listeners: Map<number, FrameListener> = new Map();
  readonly #handshakes: Set<PeerChannel> = new Set();
  #channel: PeerChannel | null = null;
  #endpoint: PeerEndpoint | null = null;
  #cancelRetry: (() => void) | null = null;
  #open = false;
  #congested = false;
  #refusals = 0;
  #upMs = 0;
  #lastReason: string | null = null;
  #lastTrouble = "";

  constructor(options: LinkOptions) {
    this.#options = options;
    this.clock = options.clock;
    this.queueBytesMax = options.queueBytesMax ?? QUEUE_BYTES_MAX;
    this.#lines = new LogLimit(options.clock, options.log);
    const instance = new Uint8Array(16);
    options.entropy.fill(instance);
    this.#instance = instance.toHex();
  }

  get state(): LinkState {
    if (!this.#open) return "idle";
    if (this.#channel !== null) return "up";
    return this.#handshakes.size > 0 ? "handshaking" : "connecting";
  }

  get peer(): PeerHello | null {
    return this.#channel?.peer ?? null;
  }

  get queuedBytes(): number {
    return this.#channel?.queuedBytes ?? 0;
  }

  get congested(): boolean {
    return this.#congested;
  }

  get silenceMs(): number {
    return this.#channel?.silenceMs ?? 0;
  }

  get lastReason(): string | null {
    return this.#lastReason;
  }

  get figures(): LinkFigures {
    return this.#figures.read(this.#channel);
  }

  send(
    kind: number,
    body: Uint8Array,
    data: Uint8Array = NOTHING,
    sent: (() => void) | null = null,
  ): boolean {
    const channel = this.#channel;
    if (channel === null || !channel.send(kind, body, data, sent)) return false;
    if (channel.queuedBytes > CONGESTED_BYTES) this.#congested = true;
    return true;
  }

  receive(kind: number, listener: FrameListener): void {
    if (kind <= LINK_FRAME.PONG || this.#listeners.has(kind)) {
      throw new TypeError(`Cannot listen to frames of kind ${kind}: taken`);
    }
    this.#listeners.set(kind, listener);
  }

  open(): void {
    if (this.#open) return;
    this.#open = true;
    this.#begin();
  }

  async close(reason: string): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    this.#cancelRetry?.();
    this.#endpoint?.close();
    const channels = [...this.#handshakes];
    if (this.#channel !== null) channels.push(this.#channel);
    await Promise.all(channels.map((channel) => channel.close(reason)));
  }

  restart(reason: string): void {
    this.#channel?.close(reason);
  }

  // The acceptor of the transport.

  accepted(connection: PeerConnection): void {
    if (!this.#open) return connection.stream.close();
    const [oldest] = this.#handshakes;
    if (oldest !== undefined && this.#handshakes.size >= HANDSHAKES_MAX) {
      oldest.close("too many connections that have not logged in");
    }
    const channel = new PeerChannel(connection, this.#hello(), this);
    this.#handshakes.add(channel);
    channel.start();
  }

  refused(peerAddress: string, reason: string): void {
    if (!this.#open) return;
    this.#refuse(peerAddress, reason);
    if (!this.#options.transport.listens) this.#retry(this.#backoffMs());
  }

  failed(reason: string): void {
    if (!this.#open) return;
    this.#lastReason = reason;
    // A peer that is off would fill the log: told once, until it changes.
    if (reason !== this.#lastTrouble) {
      this.#lastTrouble = reason;
      const { description } = this.#options.transport;
      this.#options.log.warn(
        `HA link: cannot ${description}: ${printable(reason)}`,
      );
    }
    this.#retry(RETRY_MS);
  }

  // What its connections tell.

  admit(hello: PeerHello): string | null {
    const { peer } = this;
    if (hello.instance === this.#instance) return "this is the node itself";
    if (peer === null || peer.instance === hello.instance) return null;
    // A peer that has died is given up soon; one that lives is not replaced.
    return `another process of node ${peer.id} is connected`;
  }

  up(channel: PeerChannel, hello: PeerHello): void {
    this.#handshakes.delete(channel);
    // The same process has come again: for it, the old connection is gone.
    this.#channel?.close("replaced by a newer connection of the peer");
    for (const other of [...this.#handshakes]) {
      if (!this.#options.transport.listens) other.close("one is enough");
    }
    this.#channel = channel;
    this.#congested = false;
    this.#upMs = this.clock.nowMs();
    this.#lastTrouble = "";
    this.#lastReason = null;
    this.#figures.connections += 1;
    this.#options.log.info(
      `HA link: up, node ${hello.id} at ${channel.peerAddress}`,
    );
    for (const each of [...this.events]) each.up?.(hello);
  }

  frame(kind: number, body: DataView, data: Uint8Array): void {
    const listener = this.#listeners.get(kind);
    if (listener === undefined) throw new TypeError(`frame ${kind}: unknown`);
    listener(body, data);
  }

  silent(silenceMs: number): void {
    this.#options.log.warn(
      `HA link: nothing confirmed for ${Math.round(silenceMs)} ms`,
    );
    for (const each of [...this.events]) each.silent?.(silenceMs);
  }

  heard(): void {
    this.#options.log.info("HA link: the peer confirms again");
    for (const each of [...this.events]) each.heard?.();
  }

  written(): void {
    if (!this.#congested || this.queuedBytes > DRAINED_BYTES) return;
    this.#congested = false;
    for (const each of [...this.events]) each.drained?.();
  }

  ended(channel: PeerChannel, end: ChannelEnd): void {
    this.#figures.add(channel.counters);
    if (channel === this.#channel) this.#down(end.reason, channel.silenceMs);
    else {
      this.#handshakes.delete(channel);
      if (this.#open) this.#refuse(channel.peerAddress, end.reason);
    }
    if (!this.#open || this.#options.transport.listens) return;
    this.#retry(end.wasUp ? this.#afterUpMs() : this.#backoffMs());
  }

  #down(reason: string, silenceMs: number): void {
    this.#channel = null;
    this.#congested = false;
    this.#lastReason = reason;
    this.#options.log.warn(`HA link: down: ${reason}`);
    for (const each of [...this.events]) each.down?.(reason, silenceMs);
  }

  #refuse(peerAddress: string, reason: string): void {
    this.#figures.refusals += 1;
    this.#refusals += 1;
    if (this.#channel === null) this.#lastReason = reason;
    this.#lines.warn(`HA link: ${peerAddress} refused: ${printable(reason)}`);
  }

  #hello(): PeerHello {
    const { hello, timing } = this.#options;
    return {
      ...hello(),
      ...{ version: LINK_VERSION, instance: this.#instance, timing },
    };
  }

  #begin(): void {
    this.#cancelRetry = null;
    this.#endpoint?.close();
    const { transport, timing } = this.#options;
    this.#endpoint = transport.begin(this, timing.deadMs);
  }

  #retry(delayMs: number): void {
    if (this.#cancelRetry !== null) return;
    this.#cancelRetry = this.clock.after(delayMs, () => this.#begin());
  }

  // One that ends as soon as it is up is as bad as one that is refused.
  #afterUpMs(): number {
    const lasted = this.clock.nowMs() - this.#upMs >= LASTING_MS;
    this.#refusals = lasted ? 0 : this.#refusals + 1;
    return lasted ? AGAIN_MS : this.#backoffMs();
  }

  // Twice the time with every refusal, and a bit of chance.
  #backoffMs(): number {
    const chance = new Uint8Array(1);
    this.#options.entropy.fill(chance);
    const factor = 2 ** Math.min(this.#refusals - 1, 10);
    const delayMs = Math.min(BACKOFF_MS * factor, BACKOFF_MS_MAX);
    return delayMs * (0.8 + (chance[0] ?? 0) / 1280);
  }
}
