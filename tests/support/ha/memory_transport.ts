/**
 * A way between two nodes in memory, which a test can cut, stop and spoil.
 *
 * @module
 */

import type {
  PeerAcceptor,
  PeerConnection,
  PeerEndpoint,
  PeerStream,
  PeerTransport,
} from "../../../ha/link/peer_transport.ts";

/** One direction: bytes that were written and not read yet. */
class MemoryPipe {
  /** Nothing goes through while it is blocked; it is not closed. */
  blocked = false;
  /** Sees all bytes that go through. */
  tap: ((bytes: Uint8Array) => void) | null = null;
  readonly #chunks: Uint8Array[] = [];
  readonly #waiting: Set<() => void> = new Set();
  #closed = false;

  write(bytes: Uint8Array): Promise<number> {
    if (this.#closed) return Promise.reject(new Error("broken pipe"));
    // The half of it at the most, so that a writer has to come again.
    const count = Math.max(1, Math.min(bytes.length, 1000));
    this.push(bytes.slice(0, count));
    return Promise.resolve(count);
  }

  push(bytes: Uint8Array): void {
    this.tap?.(bytes);
    this.#chunks.push(bytes);
    this.wake();
  }

  async read(into: Uint8Array): Promise<number | null> {
    while (true) {
      const chunk = this.blocked ? undefined : this.#chunks.shift();
      if (chunk !== undefined) return this.#give(chunk, into);
      if (this.#closed && this.#chunks.length === 0) return null;
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  close(): void {
    this.#closed = true;
    this.wake();
  }

  wake(): void {
    for (const each of this.#waiting) each();
    this.#waiting.clear();
  }

  #give(chunk: Uint8Array, into: Uint8Array): number {
    const count = Math.min(chunk.length, into.length);
    into.set(chunk.subarray(0, count));
    if (count < chunk.length) this.#chunks.unshift(chunk.subarray(count));
    return count;
  }
}

/** A cable with two ends. */
export class MemoryCable {
  readonly #there: MemoryPipe = new MemoryPipe();
  readonly #back: MemoryPipe = new MemoryPipe();

  /** The end of the side that has connected. */
  readonly near: PeerStream = this.#end(this.#back, this.#there);
  /** The end of the side that has listened. */
  readonly far: PeerStream = this.#end(this.#there, this.#back);

  /** Stops the bytes from near to far, or lets them go on. */
  blockThere(blocked: boolean): void {
    this.#there.blocked = blocked;
    this.#there.wake();
  }

  /** Stops the bytes from far to near, or lets them go on. */
  blockBack(blocked: boolean): void {
    this.#back.blocked = blocked;
    this.#back.wake();
  }

  /** Shows all bytes from near to far from now on. */
  tapThere(tap: (bytes: Uint8Array) => void): void {
    this.#there.tap = tap;
  }

  /** Bytes that nobody has sent come to the far end. */
  insertThere(bytes: Uint8Array): void {
    this.#there.push(bytes);
  }

  /** Both ends find it closed. */
  cut(): void {
    this.near.close();
  }

  #end(from: MemoryPipe, to: MemoryPipe): PeerStream {
    return {
      read: (into) => from.read(into),
      write: (bytes) => to.write(bytes),
      close: () => {
        from.close();
        to.close();
      },
    };
  }
}

/** A network of two nodes: one listens, the other connects. */
export class MemoryNetwork {
  /** Connections that were made, in order. */
  readonly cables: MemoryCable[] = [];
  /** Why connecting fails; null: it does not. */
  trouble: string | null = null;
  /** Times that somebody tried to connect. */
  tries = 0;
  #listener: PeerAcceptor | null = null;

  /** The side that listens. */
  readonly listening: PeerTransport = {
    description: "listen memory",
    listens: true,
    begin: (acceptor): PeerEndpoint => {
      this.#listener = acceptor;
      return { close: () => void (this.#listener = null) };
    },
  };

  /** The side that connects. */
  readonly connecting: PeerTransport = {
    description: "connect memory",
    listens: false,
    begin: (acceptor): PeerEndpoint => {
      let open = true;
      queueMicrotask(() => open && this.#connect(acceptor));
      return { close: () => void (open = false) };
    },
  };

  /** A stranger connects to the side that listens. */
  intrude(): PeerStream {
    const cable = new MemoryCable();
    this.#listener?.accepted(connection(cable.far, "stranger"));
    return cable.near;
  }

  #connect(acceptor: PeerAcceptor): void {
    this.tries += 1;
    if (this.trouble !== null) return acceptor.failed(this.trouble);
    if (this.#listener === null) return acceptor.failed("connection refused");
    const cable = new MemoryCable();
    this.cables.push(cable);
    this.#listener.accepted(connection(cable.far, "near"));
    acceptor.accepted(connection(cable.near, "far"));
  }
}

function connection(stream: PeerStream, peerAddress: string): PeerConnection {
  return { stream, peerAddress };
}
