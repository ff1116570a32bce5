/**
 * Whole PDUs over a connection, one at a time: what login and the set-up
 * commands need. The load itself does not go this way.
 *
 * @module
 */

import { At, HEADER_BYTES, paddedBytes } from "./wire.ts";

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
  data: Uint8Array = new Uint8Array(),
): Promise<void> {
  const pdu = new Uint8Array(HEADER_BYTES + paddedBytes(data.length));
  pdu.set(new Uint8Array(header.buffer));
  pdu.set(data, HEADER_BYTES);
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
export async function receive(conn: Deno.TcpConn): Promise<Pdu> {
  const header = new DataView((await readExactly(conn, HEADER_BYTES)).buffer);
  const lengthBytes = header.getUint32(At.dataSegmentLength) & 0xffffff;
  if (lengthBytes > DATA_BYTES_MAX) {
    throw new Error(`A set-up PDU has ${lengthBytes} bytes of data`);
  }
  const data = await readExactly(conn, paddedBytes(lengthBytes));
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
