/**
 * Those who come to a node's link and are not its peer, or say something that
 * a peer does not say.
 *
 * @module
 */

import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls, type SecureVersion } from "node:tls";
import { LINK_FRAME } from "../../../ha/wire/frame.ts";
import {
  encodeFrameHeader,
  FRAME_HEADER_LENGTH,
  frameBodyLength,
  frameKind,
} from "../../../ha/wire/frame.ts";
import { decodeClose } from "../../../ha/wire/close.ts";
import { within } from "../deadline.ts";

/** Time that a node may take to send a stranger away. */
const PATIENCE_MS = 20_000;

/** A link that listens. */
export interface LinkAddress {
  /** Address. */
  readonly host: string;
  /** Port. */
  readonly port: number;
}

/** Who a stranger says that it is. */
export interface StrangerIdentity {
  /** Private key in PEM. */
  readonly key: string;
  /** Certificate in PEM. */
  readonly cert: string;
}

/** How a connection of a stranger went. */
export interface Encounter {
  /** All bytes that it was sent. */
  readonly received: Uint8Array;
  /** Port from which it came. */
  readonly localPort: number;
}

/** Connects without encryption, says something and waits for the end. */
export async function comeInPlain(
  { host, port }: LinkAddress,
  bytes: Uint8Array,
): Promise<Encounter> {
  const socket = connectTcp({ host, port });
  return await meet(socket, "connect", bytes);
}

/** Connects by TLS, says something and waits for the end. */
export async function comeInByTls(
  { host, port }: LinkAddress,
  identity: StrangerIdentity | null,
  bytes: Uint8Array,
  maxVersion: SecureVersion = "TLSv1.3",
): Promise<Encounter> {
  const socket = connectTls({
    ...{ host, port, maxVersion, rejectUnauthorized: false },
    ...identity ?? {},
  });
  return await meet(socket, "secureConnect", bytes);
}

/** A frame of the link. */
export function frameOf(kind: number, body: Uint8Array): Uint8Array {
  const frame = new Uint8Array(FRAME_HEADER_LENGTH + body.length);
  const view = new DataView(frame.buffer);
  encodeFrameHeader(view, 0, kind, body.length, 0);
  frame.set(body, FRAME_HEADER_LENGTH);
  return frame;
}

/** Words of the CLOSE among what was received; null: there is none. */
export function closeReason({ received }: Encounter): string | null {
  const view = new DataView(received.buffer);
  for (let at = 0; at + FRAME_HEADER_LENGTH <= received.length;) {
    const length = frameBodyLength(view, at);
    const start = at + FRAME_HEADER_LENGTH;
    if (frameKind(view, at) === LINK_FRAME.CLOSE) {
      return decodeClose(new DataView(received.buffer, start, length)).reason;
    }
    at = start + length;
  }
  return null;
}

async function meet(
  socket: Socket,
  ready: "connect" | "secureConnect",
  bytes: Uint8Array,
): Promise<Encounter> {
  const chunks: Uint8Array[] = [];
  let localPort = 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  socket.on("connect", () => localPort = socket.localPort ?? 0);
  socket.once(ready, () => bytes.length > 0 && socket.write(bytes));
  socket.on("data", (chunk: Uint8Array) => chunks.push(new Uint8Array(chunk)));
  // To be sent away is what is waited for, however it is done.
  socket.on("error", () => resolve());
  socket.once("end", () => resolve());
  socket.once("close", () => resolve());
  try {
    await within(promise, PATIENCE_MS, () => "a stranger is not sent away");
  } finally {
    socket.destroy();
  }
  const received = new Uint8Array(chunks.flatMap((each) => [...each]));
  return { received, localPort };
}
