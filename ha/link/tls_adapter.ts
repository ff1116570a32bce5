/**
 * TCP with TLS 1.3, both sides authenticated: each has a certificate of its
 * own making and knows the other's by its fingerprint.
 *
 * It is `node:tls` because the runtime's own listener cannot ask for a
 * certificate. In TLS 1.3 the side that connects is done before the other has
 * looked at its certificate: only the peer's LOGIN tells that it is good.
 *
 * @module
 */

import { connect as connectTcp, createServer, type Socket } from "node:net";
import { connect as connectTls, TLSSocket } from "node:tls";
import { type LinkPlace, placeText } from "./place.ts";
import type {
  PeerAcceptor,
  PeerEndpoint,
  PeerTransport,
} from "./peer_transport.ts";
import { TlsStream } from "./tls_stream_adapter.ts";

/** Connections whose handshake goes on; of more the oldest is closed. */
const HANDSHAKES_MAX = 8;

/** Who the node is, and whom it takes for its peer. */
export interface TlsIdentity {
  /** Private key in PEM. */
  readonly key: string;
  /** Certificate in PEM. */
  readonly certificate: string;
  /** SHA-256 of the peer's certificate: 64 hexadecimal digits. */
  readonly peerFingerprint: string;
}

/** TLS at a place. */
export function tlsTransport(
  place: LinkPlace,
  identity: TlsIdentity,
): PeerTransport {
  return {
    description: placeText(place),
    listens: place.listens,
    begin: (acceptor, timeoutMs) =>
      place.listens
        ? listen(place, { identity, acceptor, timeoutMs })
        : dial(place, { identity, acceptor, timeoutMs }),
  };
}

/** What a handshake needs. */
interface Terms {
  readonly identity: TlsIdentity;
  readonly acceptor: PeerAcceptor;
  readonly timeoutMs: number;
}

function listen(place: LinkPlace, terms: Terms): PeerEndpoint {
  const waiting = new Set<Socket>();
  const server = createServer((raw) => {
    const [oldest] = waiting;
    if (waiting.size >= HANDSHAKES_MAX) oldest?.destroy();
    waiting.add(raw);
    shake(raw, true, terms, () => waiting.delete(raw));
  });
  server.on("error", (error) => terms.acceptor.failed(error.message));
  server.listen({ host: place.address, port: place.port });
  return {
    close: () => {
      server.close();
      for (const raw of waiting) raw.destroy();
    },
  };
}

function dial(place: LinkPlace, terms: Terms): PeerEndpoint {
  const { acceptor, timeoutMs } = terms;
  const raw = connectTcp({ host: place.address, port: place.port });
  let settled = false;
  const fail = (reason: string) => {
    if (settled) return;
    settled = true;
    clearTimeout(timer);
    raw.destroy();
    acceptor.failed(reason);
  };
  const timer = setTimeout(
    () => fail(`no answer in ${timeoutMs} ms`),
    timeoutMs,
  );
  raw.once("error", (error) => fail(error.message));
  raw.once("connect", () => {
    if (settled) return;
    settled = true;
    clearTimeout(timer);
    shake(raw, false, terms, () => {});
  });
  return {
    close: () => {
      clearTimeout(timer);
      if (!settled) raw.destroy();
      settled = true;
    },
  };
}

/** Makes the handshake over a TCP connection, and hands the result over. */
function shake(
  raw: Socket,
  isServer: boolean,
  { identity, acceptor, timeoutMs }: Terms,
  settled: () => void,
): void {
  const from = addressOf(raw);
  const socket = secure(raw, isServer, identity);
  let pending = true;
  const settle = (): boolean => {
    const first = pending;
    pending = false;
    clearTimeout(timer);
    if (first) settled();
    return first;
  };
  const refuse = (reason: string) => {
    if (settle()) acceptor.refused(from, reason);
    socket.destroy();
    raw.destroy();
  };
  const timer = setTimeout(
    () => refuse(`no TLS handshake within ${timeoutMs} ms`),
    timeoutMs,
  );
  // The listener stays: an error without one would end the process.
  raw.on("error", (error) => refuse(error.message));
  socket.on("error", (error) => refuse(`TLS: ${error.message}`));
  socket.once("close", () => refuse("closed during the TLS handshake"));
  socket.once(isServer ? "secure" : "secureConnect", () => {
    const problem = judge(socket, identity);
    if (problem !== null) return refuse(problem);
    if (!settle()) return;
    acceptor.accepted({ stream: new TlsStream(socket), peerAddress: from });
  });
}

function secure(
  raw: Socket,
  isServer: boolean,
  { key, certificate }: TlsIdentity,
): TLSSocket {
  raw.setNoDelay(true);
  const options = {
    ...{ key, cert: certificate, minVersion: "TLSv1.3" as const },
    // Nobody has signed for the peer: we look at its certificate ourselves.
    ...{ requestCert: true, rejectUnauthorized: false },
  };
  return isServer
    ? new TLSSocket(raw, { isServer, ...options })
    : connectTls({ socket: raw, ...options });
}

function judge(socket: TLSSocket, identity: TlsIdentity): string | null {
  const { fingerprint256 } = socket.getPeerCertificate();
  if (fingerprint256 === undefined) return "certificate: none was shown";
  const theirs = fingerprint256.replaceAll(":", "").toLowerCase();
  const { peerFingerprint } = identity;
  return theirs === peerFingerprint
    ? null
    : `certificate: here ${peerFingerprint}, there ${theirs}`;
}

function addressOf({ remoteAddress = "", remotePort = 0 }: Socket): string {
  const plain = remoteAddress.replace(/^::ffff:/, "");
  return plain.includes(":")
    ? `[${plain}]:${remotePort}`
    : `${plain}:${remotePort}`;
}
