/**
 * The frame CLOSE: one side ends the connection and says why.
 *
 * @module
 */

import { ByteReader } from "./byte_reader.ts";
import { ByteWriter } from "./byte_writer.ts";
import { printable } from "./printable.ts";

const REASON_BYTES_MAX = 1024;

/** Why a connection ends. */
export const CLOSE_CODE = {
  /** The sender ends: it is closed, restarted, or gives the link up. */
  ENDED: 0,
  /** The sender does not take the LOGIN. */
  REFUSED: 1,
} as const;

/** A CLOSE. */
export interface Close {
  /** One of {@linkcode CLOSE_CODE}, or a code that is not known here. */
  readonly code: number;
  /** Words for the log. */
  readonly reason: string;
}

/** Reads a CLOSE; its words are for people, so anything will do. */
export function decodeClose(view: DataView): Close {
  const reader = new ByteReader(view);
  const code = reader.u8("code");
  const reason = reader.text("reason", REASON_BYTES_MAX);
  return { code, reason: printable(reader.fault ?? reason) };
}

/** The body of a CLOSE. */
export function encodeClose({ code, reason }: Close): Uint8Array {
  const writer = new ByteWriter();
  writer.u8(code);
  writer.text(reason, REASON_BYTES_MAX);
  return writer.bytes;
}
