/**
 * A proxy for TCP that counts what goes through it, both ways.
 *
 * @module
 */

import type { Portal } from "./initiator/mod.ts";

/** A proxy on a free port of 127.0.0.1. */
export class CountingProxy implements AsyncDisposable {
  readonly #listener: Deno.TcpListener;
  readonly #target: Portal;
  readonly #connections: Set<Deno.TcpConn> = new Set();
  readonly #working: Set<Promise<void>> = new Set();
  #bytes = 0;

  /** Listens; each connection gets one of its own to the target. */
  constructor(target: Portal) {
    this.#target = target;
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.#begin(this.#serve());
  }

  /** Where to connect. */
  get portal(): Portal {
    return { hostname: "127.0.0.1", port: this.#listener.addr.port };
  }

  /** Bytes that went through so far, both ways. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Ends all connections. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const each of this.#connections) close(each);
    await Promise.all(this.#working);
  }

  #begin(work: Promise<void>): void {
    const ended: Promise<void> = work.finally(() => {
      this.#working.delete(ended);
    });
    this.#working.add(ended);
  }

  async #serve(): Promise<void> {
    for await (const client of this.#listener) {
      const { hostname = "127.0.0.1", port } = this.#target;
      const target = await Deno.connect({ hostname, port });
      this.#connections.add(client).add(target);
      this.#begin(this.#carry(client, target));
      this.#begin(this.#carry(target, client));
    }
  }

  // The end of one side, or its loss, is that of both.
  async #carry(from: Deno.TcpConn, to: Deno.TcpConn): Promise<void> {
    const buffer = new Uint8Array(2 ** 16);
    try {
      for (;;) {
        const length = await from.read(buffer);
        if (length === null) break;
        this.#bytes += length;
        for (let at = 0; at < length;) {
          at += await to.write(buffer.subarray(at, length));
        }
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.Interrupted || isLost(error))) {
        throw error;
      }
    } finally {
      close(from);
      close(to);
    }
  }
}

function isLost(error: unknown): boolean {
  return [
    Deno.errors.BadResource,
    Deno.errors.BrokenPipe,
    Deno.errors.ConnectionReset,
    Deno.errors.NotConnected,
  ].some((kind) => error instanceof kind);
}

function close(connection: Deno.TcpConn): void {
  try {
    connection.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}
