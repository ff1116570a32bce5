/**
 * The link to the other node, as the layers above it see it: frames in order,
 * nothing before both nodes have accepted each other.
 *
 * @module
 */

import type { PeerHello } from "./peer_hello.ts";

/**
 * Where the link is: `idle` (closed, or not opened yet), `connecting` (no
 * connection, trying or listening), `handshaking`, `up`.
 */
export type LinkState = "idle" | "connecting" | "handshaking" | "up";

/** Kinds of frame, by the layer that they belong to; both ends inclusive. */
export const FRAME_KINDS = {
  LINK: { first: 1, last: 15 },
  STATE: { first: 16, last: 63 },
  FORWARD: { first: 64, last: 127 },
  ROLES: { first: 128, last: 159 },
} as const;

/** Bytes of a frame's body at the most. */
export const BODY_BYTES_MAX: number = 256 * 1024;
/** Bytes of data that one frame carries at the most. */
export const DATA_BYTES_MAX: number = 1024 * 1024;

/** Who hears of changes of the link; each is told once a change. */
export interface LinkListener {
  /** Both nodes have accepted each other; frames may be sent. */
  up?(peer: PeerHello): void;
  /** Nothing that we sent has been confirmed for so many milliseconds. */
  silent?(silenceMs: number): void;
  /** The silence has ended before the link was given up. */
  heard?(): void;
  /** The queue was congested and is not any more. */
  drained?(): void;
  /**
   * The link has ended: what was queued is lost. `silenceMs` is as it was
   * right before.
   */
  down?(reason: string, silenceMs: number): void;
}

/**
 * Takes a frame. `body` and `data` are valid during the call. What it throws
 * ends the link: it is a defect, or a frame that no sane peer sends.
 */
export type FrameListener = (body: DataView, data: Uint8Array) => void;

/** What the link has done since it was opened. */
export interface LinkFigures {
  /** Frames sent, heartbeats too. */
  readonly framesSent: number;
  /** Frames received, heartbeats too. */
  readonly framesReceived: number;
  /** Bytes sent. */
  readonly bytesSent: number;
  /** Bytes received. */
  readonly bytesReceived: number;
  /** Times that the link came up. */
  readonly connections: number;
  /** Connections that were refused, by either side. */
  readonly refusals: number;
  /** Milliseconds of the last heartbeat there and back; null: none yet. */
  readonly roundTripMs: number | null;
}

/** The link to the other node. */
export interface PeerLink {
  /** Where it is. */
  readonly state: LinkState;
  /** LOGIN of the peer while up. */
  readonly peer: PeerHello | null;
  /** Bytes that wait to be sent. */
  readonly queuedBytes: number;
  /**
   * More waits than is good: whoever can wait does, until `drained`. A queue
   * that goes on to grow ends the link.
   */
  readonly congested: boolean;
  /**
   * Milliseconds since the newest of our bytes that the peer is known to have
   * heard were sent; 0 unless up. Right at every call, also when the process
   * stood still and no timer has run yet.
   */
  readonly silenceMs: number;
  /** Why the link was not or is no longer up; null: there was no trouble. */
  readonly lastReason: string | null;
  /** What it has done. */
  readonly figures: LinkFigures;
  /** Who hears of changes. */
  readonly events: Set<LinkListener>;
  /**
   * Queues one frame; all frames of a turn leave together. `body` is copied,
   * and so are `data` without `sent`. With it, they are not, and must not
   * change until `sent` is called, which happens once: when it was handed to the system, or given up; maybe before
   * this returns, maybe a moment after the link went down.
   *
   * @returns false: the link is not up, or its queue is full (then it ends:
   * nothing is dropped silently); `sent` is not called
   */
  send(
    kind: number,
    body: Uint8Array,
    data?: Uint8Array,
    sent?: () => void,
  ): boolean;
  /** Takes the frames of a kind; one listener a kind. */
  receive(kind: number, listener: FrameListener): void;
  /** Begins to connect or listen, and goes on until closed. */
  open(): void;
  /** Tells the peer why, if there is one, and ends for good. */
  close(reason: string): Promise<void>;
  /** Ends the connection that is up, telling the peer why; another follows. */
  restart(reason: string): void;
}
