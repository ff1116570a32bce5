/**
 * Whole PDUs over a connection, one at a time: what login and the set-up
 * commands need. The load itself does not go this way.
 *
 * @module
 */

import { digestBytes, putDigest, requireDigest } from "./digest.ts";
import { At, type Digests, HEADER_BYTES, paddedBytes } from "./wire.ts";

const DATA_BYTES_MAX = 65_536;

/** A received PDU. */
export interface Pdu {
  /** Its basic header segment. */
  readonly header: DataView<ArrayBuffer>;
  /** Its data segment, without padding. */
  readonly data: Uint8Array<ArrayBuffer>;
}

/** Sends one PDU. */
export async function send(
  conn: Deno.TcpConn,
  header: DataView<ArrayBuffer>,
  data: Uint8Array,
  { headerDigest, dataDigest }: Digests,
): Promise<void> {
  const dataAt = HEADER_BYTES + digestBytes(headerDigest, HEADER_BYTES);
  const end = dataAt + paddedBytes(data.length);
  const digested = digestBytes(dataDigest, data.length);
  const pdu = new Uint8Array(end + digested);
  const view = new DataView(pdu.buffer);
  pdu.set(new Uint8Array(header.buffer));
  pdu.set(data, dataAt);
  if (headerDigest) putDigest(view, 0, HEADER_BYTES);
  if (digested > 0) putDigest(view, dataAt, end);
  await writeAll(conn, pdu);
}

/** Writes all bytes, however many writes that takes. */
export async function writeAll(
  conn: Deno.TcpConn,
  bytes: Uint8Array,
): Promise<void> {
  let sent = await conn.write(bytes);
  while (sent < bytes.length) {
    sent += await conn.write(bytes.subarray(sent));
  }
}

/** Receives one PDU. */
export async function receive(
  conn: Deno.TcpConn,
  { headerDigest, dataDigest }: Digests,
): Promise<Pdu> {
  const headBytes = HEADER_BYTES + digestBytes(headerDigest, HEADER_BYTES);
  const header = new DataView((await readExactly(conn, headBytes)).buffer);
  if (headerDigest) requireDigest(header, 0, HEADER_BYTES);
  const lengthBytes = header.getUint32(At.dataSegmentLength) & 0xffffff;
  if (lengthBytes > DATA_BYTES_MAX) {
    throw new Error(`A set-up PDU has ${lengthBytes} bytes of data`);
  }
  const padded = paddedBytes(lengthBytes);
  const digested = digestBytes(dataDigest, lengthBytes);
  const data = await readExactly(conn, padded + digested);
  if (digested > 0) requireDigest(new DataView(data.buffer), 0, padded);
  return { header, data: data.subarray(0, lengthBytes) };
}

async function readExactly(
  conn: Deno.TcpConn,
  lengthBytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(lengthBytes);
  for (let done = 0; done < lengthBytes;) {
    const count = await conn.read(bytes.subarray(done));
    if (count === null) throw new Error("The target closed the connection");
    done += count;
  }
  return bytes;
}
