/**
 * Frames of the link: a header of 12 bytes, a body, and data.
 *
 * @module
 */

/** Bytes of a header. */
export const FRAME_HEADER_LENGTH = 12;

const At = { KIND: 0, RESERVED: 2, BODY_LENGTH: 4, DATA_LENGTH: 8 } as const;

/** Kinds of the link itself. */
export const LINK_FRAME = {
  /** Who I am; the first frame of either side. */
  LOGIN: 1,
  /** Your LOGIN is good. */
  ACCEPT: 2,
  /** The connection ends, and why. */
  CLOSE: 3,
  /** Answer me; a number of four bytes. */
  PING: 4,
  /** The answer, with the number. */
  PONG: 5,
} as const;

/** Reads the kind of the frame that begins at `at`. */
export function frameKind(view: DataView, at: number): number {
  return view.getUint16(at + At.KIND);
}

/** Reads the bytes of its body. */
export function frameBodyLength(view: DataView, at: number): number {
  return view.getUint32(at + At.BODY_LENGTH);
}

/** Reads the bytes of its data. */
export function frameDataLength(view: DataView, at: number): number {
  return view.getUint32(at + At.DATA_LENGTH);
}

/** Writes a header. */
export function encodeFrameHeader(
  view: DataView,
  at: number,
  kind: number,
  bodyLength: number,
  dataLength: number,
): void {
  view.setUint16(at + At.KIND, kind);
  view.setUint16(at + At.RESERVED, 0);
  view.setUint32(at + At.BODY_LENGTH, bodyLength);
  view.setUint32(at + At.DATA_LENGTH, dataLength);
}
