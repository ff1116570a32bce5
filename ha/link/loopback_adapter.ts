/**
 * Plain TCP, for two nodes on one machine that say `insecure`.
 *
 * @module
 */

import { type LinkPlace, placeText } from "./place.ts";
import type {
  PeerAcceptor,
  PeerEndpoint,
  PeerTransport,
} from "./peer_transport.ts";

/** Milliseconds before the next try when no connection can be accepted. */
const ACCEPT_RETRY_MS = 100;

/** Loopback TCP without encryption; other addresses are not for it. */
export function loopbackTransport(place: LinkPlace): PeerTransport {
  return {
    description: placeText(place),
    listens: place.listens,
    begin: (acceptor, timeoutMs) =>
      place.listens
        ? listen(place, acceptor)
        : dial(place, acceptor, timeoutMs),
  };
}

function listen(place: LinkPlace, acceptor: PeerAcceptor): PeerEndpoint {
  const { address: hostname, port } = place;
  let listener: Deno.TcpListener;
  try {
    listener = Deno.listen({ hostname, port });
  } catch (error) {
    // Told in a later turn, as everything else is.
    queueMicrotask(() => acceptor.failed(messageOf(error)));
    return { close: () => {} };
  }
  acceptAll(listener, acceptor);
  return { close: () => listener.close() };
}

async function acceptAll(
  listener: Deno.TcpListener,
  acceptor: PeerAcceptor,
): Promise<void> {
  while (true) {
    try {
      const stream = await listener.accept();
      handOver(stream, acceptor);
    } catch (error) {
      if (error instanceof Deno.errors.BadResource) return;
      if (error instanceof Deno.errors.Interrupted) return;
      await new Promise((resolve) => setTimeout(resolve, ACCEPT_RETRY_MS));
    }
  }
}

function dial(
  { address: hostname, port }: LinkPlace,
  acceptor: PeerAcceptor,
  timeoutMs: number,
): PeerEndpoint {
  let ended = false;
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), timeoutMs);
  Deno.connect({ hostname, port, signal: abort.signal }).then(
    (stream) => ended ? stream.close() : handOver(stream, acceptor),
    (error) => {
      if (ended) return;
      const late = abort.signal.aborted;
      acceptor.failed(late ? `no answer in ${timeoutMs} ms` : messageOf(error));
    },
  ).finally(() => clearTimeout(timer));
  return {
    close: () => {
      ended = true;
      abort.abort();
    },
  };
}

function handOver(stream: Deno.TcpConn, acceptor: PeerAcceptor): void {
  // Frames leave in batches already: waiting for more would only cost.
  stream.setNoDelay(true);
  const { hostname, port } = stream.remoteAddr;
  const peerAddress = hostname.includes(":")
    ? `[${hostname}]:${port}`
    : `${hostname}:${port}`;
  acceptor.accepted({ stream, peerAddress });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
