/**
 * The few bytes of iSCSI that the load client speaks (RFC 7143 11).
 *
 * The client has its own offsets on purpose: were it built on the target's
 * codecs, a mistake in them would cancel out and no load would show it.
 *
 * @module
 */

/** Length of the basic header segment that starts each PDU. */
export const HEADER_BYTES = 48;

/** Named byte offsets in a basic header segment. */
export const At = {
  opcode: 0,
  flags: 1,
  response: 2,
  status: 3,
  ahsLength: 4,
  dataSegmentLength: 4,
  lun: 8,
  isid: 8,
  tsih: 14,
  initiatorTaskTag: 16,
  targetTransferTag: 20,
  expectedDataTransferLength: 20,
  cmdSn: 24,
  statSn: 24,
  expStatSn: 28,
  maxCmdSn: 32,
  cdb: 32,
  loginStatus: 36,
  dataSn: 36,
  bufferOffset: 40,
  desiredDataTransferLength: 44,
} as const;

/** Length of a header digest, and of a data digest. */
export const DIGEST_BYTES = 4;

/** Operation codes, immediate bit included where the client sends it. */
export const Opcode = {
  NOP_OUT: 0x40,
  SCSI_COMMAND: 0x01,
  LOGIN: 0x43,
  DATA_OUT: 0x05,
  LOGOUT: 0x46,
  NOP_IN: 0x20,
  SCSI_RESPONSE: 0x21,
  LOGIN_RESPONSE: 0x23,
  DATA_IN: 0x25,
  R2T: 0x31,
  ASYNC_MESSAGE: 0x32,
  REJECT: 0x3f,
} as const;

/** Bits of the flags byte, as each PDU names them. */
export const Flag = {
  FINAL: 0x80,
  READ: 0x40,
  WRITE: 0x20,
  SIMPLE: 0x01,
  STATUS: 0x01,
} as const;

/** Tag that stands for "no task" and "no transfer". */
export const NO_TAG = 0xffffffff;

/** The task tag of set-up commands; measured ones use their slot's index. */
export const SETUP_TAG = 0x10000000;

/** Which parts of a PDU are followed by their CRC32C (RFC 7143 13.1). */
export interface Digests {
  /** Headers. */
  readonly headerDigest: boolean;
  /** Data segments. */
  readonly dataDigest: boolean;
}

/** PDUs without digests, as at login. */
export const NO_DIGESTS: Digests = { headerDigest: false, dataDigest: false };

/** What both sides agreed on at login, and where the numbers stand. */
export interface Negotiated extends Digests {
  /** Longest data segment that the target takes, in bytes. */
  readonly dataSegmentBytesMax: number;
  /** Longest unsolicited burst, immediate data included, in bytes. */
  readonly firstBurstBytesMax: number;
  /** Longest solicited burst in bytes. */
  readonly burstBytesMax: number;
  /** Whether data may ride in the command PDU. */
  readonly immediateData: boolean;
  /** Whether the target asks before any data beyond the immediate. */
  readonly initialR2T: boolean;
}

/** The three sequence numbers of a session with one connection. */
export interface Sequence {
  /** Number of the next command. */
  cmdSn: number;
  /** Number of the status that is expected next. */
  expStatSn: number;
  /** Highest command number that the target takes now. */
  maxCmdSn: number;
}

/** Writes a whole header of zeros, and its first word. */
export function startHeader(
  view: DataView,
  at: number,
  opcode: number,
  flags: number,
): void {
  for (let offset = 4; offset < HEADER_BYTES; offset += 4) {
    view.setUint32(at + offset, 0);
  }
  view.setUint32(at, (opcode << 24) | (flags << 16));
}

/** First two bytes of a LUN, single level: peripheral or flat space. */
export function lunWord(lun: number): number {
  return lun < 256 ? lun << 16 : (0x40000000 | (lun << 16)) >>> 0;
}

/** Length on the wire of a data segment, with its padding. */
export function paddedBytes(lengthBytes: number): number {
  return (lengthBytes + 3) & ~3;
}
