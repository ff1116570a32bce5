/**
 * Connections to iSNS servers, and the name of this host.
 *
 * @module
 */

import type { IsnsServer } from "./isns_client.ts";
import {
  decodeIsnsHeader,
  ISNS_HEADER_LENGTH,
  ISNS_VERSION,
} from "./wire/isns.ts";

/** Sends a message on a connection of its own; see `IsnsExchange`. */
export async function exchangeIsns(
  server: IsnsServer,
  build: (localAddress: string) => Uint8Array,
  timeoutMs: number,
): Promise<Uint8Array> {
  const patience = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    patience.reject(new Error(`no answer in ${timeoutMs / 1000} s`));
  }, timeoutMs);
  const { address: hostname, port } = server;
  const connecting = Deno.connect({ hostname, port });
  try {
    const connection = await Promise.race([connecting, patience.promise]);
    const answer = exchangeOn(connection, build);
    return await Promise.race([answer, patience.promise]);
  } finally {
    clearTimeout(timer);
    // One that comes too late is closed as well.
    connecting.then((late) => late.close(), () => {});
  }
}

async function exchangeOn(
  connection: Deno.TcpConn,
  build: (localAddress: string) => Uint8Array,
): Promise<Uint8Array> {
  const request = build(connection.localAddr.hostname);
  for (let at = 0; at < request.length;) {
    at += await connection.write(request.subarray(at));
  }
  const head = await readFull(connection, ISNS_HEADER_LENGTH);
  const { version, payloadLength } = decodeIsnsHeader(
    new DataView(head.buffer),
    0,
  );
  // Whatever this is, its length is not to be believed.
  if (version !== ISNS_VERSION) throw new Error(`iSNS version ${version}`);
  const payload = await readFull(connection, payloadLength);
  const response = new Uint8Array(head.length + payload.length);
  response.set(head);
  response.set(payload, head.length);
  return response;
}

async function readFull(
  connection: Deno.TcpConn,
  lengthBytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(lengthBytes);
  for (let at = 0; at < lengthBytes;) {
    const count = await connection.read(bytes.subarray(at));
    if (count === null) throw new Error("the server closed the connection");
    at += count;
  }
  return bytes;
}

/** Name of this host; empty where the runtime may not tell it. */
export function hostName(): string {
  try {
    return Deno.hostname();
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return "";
    throw error;
  }
}
