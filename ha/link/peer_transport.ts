/**
 * What carries the link's bytes: TCP with TLS, plain TCP on loopback, memory.
 *
 * @module
 */

/** Bytes in both directions; `Deno.TcpConn` is one. */
export interface PeerStream {
  /** Reads some bytes; null at the end. */
  read(into: Uint8Array): Promise<number | null>;
  /** Takes some of the bytes, at least one; they must not change meanwhile. */
  write(bytes: Uint8Array): Promise<number>;
  /** Ends both directions at once. */
  close(): void;
}

/** A connection whose peer has proved who it is, as far as it has to. */
export interface PeerConnection {
  /** The bytes. */
  readonly stream: PeerStream;
  /** Address of the peer, for people. */
  readonly peerAddress: string;
}

/** Who takes connections. */
export interface PeerAcceptor {
  /** A connection is there. */
  accepted(connection: PeerConnection): void;
  /** One that was not good enough has been closed. */
  refused(peerAddress: string, reason: string): void;
  /** Listening has failed or has ended by itself. */
  failed(reason: string): void;
}

/** Ends what was begun; connections that were handed over stay. */
export interface PeerEndpoint {
  /** Calls back no more. */
  close(): void;
}

/** One side of a way between two nodes: it listens, or it connects. */
export interface PeerTransport {
  /** What it does, for people: `connect 192.0.2.2:999`. */
  readonly description: string;
  /** It listens: `begin` stays until closed. Otherwise `begin` tries once. */
  readonly listens: boolean;
  /**
   * Begins to listen, or tries to connect once. A try ends with one call of
   * `accepted`, `refused` or `failed`, never later than `timeoutMs`; so does
   * the handshake of one that was accepted.
   */
  begin(acceptor: PeerAcceptor, timeoutMs: number): PeerEndpoint;
}
