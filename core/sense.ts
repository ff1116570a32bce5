/**
 * Outcomes of commands: a status, or sense data that says why not.
 *
 * One constructor per condition of SPC-5, named after it; those without
 * arguments are frozen constants. Nothing else in DTL spells a sense code.
 *
 * @module
 */

import type { StoreFault } from "./ports/block_store.ts";
import { SENSE_KEY } from "./wire/sense_key.ts";

/** Status codes (SAM-5 5.3.1). */
export const STATUS = {
  GOOD: 0x00,
  CHECK_CONDITION: 0x02,
  CONDITION_MET: 0x04,
  BUSY: 0x08,
  RESERVATION_CONFLICT: 0x18,
  TASK_SET_FULL: 0x28,
  ACA_ACTIVE: 0x30,
  TASK_ABORTED: 0x40,
} as const;

/** Which byte, and maybe bit, of a request is wrong (SPC-5 4.4.2.4.2). */
export interface FieldPointer {
  /** True for a byte of the CDB, false for one of the parameter list. */
  readonly inCdb: boolean;
  /** Byte, from 0. */
  readonly byte: number;
  /** Highest wrong bit, if one can be named. */
  readonly bit?: number;
}

/** A segment pointer (SPC-5 4.4.2.4.5). */
export interface SegmentPointer {
  /** SD. */
  readonly sd: boolean;
  /** Byte, from 0. */
  readonly byte: number;
}

/** How another unit has ended a command (SPC-5 4.4.2.9). */
export interface ForwardedSense {
  /** SENSE DATA SOURCE. */
  readonly source: number;
  /** Its status. */
  readonly status: number;
  /** Its sense data; those beyond 64 bytes are cut off. */
  readonly senseData: Uint8Array;
}

/** Sense data as a value; bytes are made at completion only. */
export interface Sense {
  /** One of {@linkcode SENSE_KEY}. */
  readonly key: number;
  /** ADDITIONAL SENSE CODE. */
  readonly asc: number;
  /** ADDITIONAL SENSE CODE QUALIFIER. */
  readonly ascq: number;
  /** INFORMATION field: below 2^53. */
  readonly information?: number;
  /** Points at the field of an ILLEGAL REQUEST. */
  readonly field?: FieldPointer;
  /** SENSE-KEY SPECIFIC retry count of a MEDIUM or HARDWARE ERROR. */
  readonly retryCount?: number;
  /** COMMAND-SPECIFIC INFORMATION: below 2^32. */
  readonly commandInformation?: number;
  /** Points at what in the parameter list a COPY ABORTED is about. */
  readonly segment?: SegmentPointer;
  /** What another unit said: told in descriptor format alone. */
  readonly forwarded?: ForwardedSense;
  /** Sense data to be sent as they are, in whatever format. */
  readonly bytes?: Uint8Array;
  /** PROGRESS INDICATION, in 65536ths, of what keeps the unit busy. */
  readonly progress?: number;
}

/** How a command ended: a status without, or sense with CHECK CONDITION. */
export type Completion = number | Sense;

/** Builds frozen sense data from its three codes. */
export function sense(
  key: number,
  asc: number,
  ascq: number,
  more: Omit<Sense, "key" | "asc" | "ascq"> = {},
): Sense {
  return Object.freeze({ key, asc, ascq, ...more });
}

/** Nothing to report. */
export const NO_ADDITIONAL_SENSE: Sense = sense(SENSE_KEY.NO_SENSE, 0, 0);

// NOT READY

/** The access state of its target port group is changing. */
export const ASYMMETRIC_ACCESS_STATE_TRANSITION: Sense = sense(
  SENSE_KEY.NOT_READY,
  0x04,
  0x0a,
);
/** Its target port group is in standby state. */
export const TARGET_PORT_IN_STANDBY_STATE: Sense = sense(
  SENSE_KEY.NOT_READY,
  0x04,
  0x0b,
);
/** Its target port group is in unavailable state. */
export const TARGET_PORT_IN_UNAVAILABLE_STATE: Sense = sense(
  SENSE_KEY.NOT_READY,
  0x04,
  0x0c,
);
/** Stopped by START STOP UNIT: a START is required. */
export const INITIALIZING_COMMAND_REQUIRED: Sense = sense(
  SENSE_KEY.NOT_READY,
  0x04,
  0x02,
);
/** A format operation has the medium; `progress` is parts of 65536. */
export function formatInProgress(progress: number): Sense {
  return sense(SENSE_KEY.NOT_READY, 0x04, 0x04, { progress });
}
/** A sanitize operation has the medium; `progress` is parts of 65536. */
export function sanitizeInProgress(progress: number): Sense {
  return sense(SENSE_KEY.NOT_READY, 0x04, 0x1b, { progress });
}
/** The medium is missing and a person has to bring it. */
export const MANUAL_INTERVENTION_REQUIRED: Sense = sense(
  SENSE_KEY.NOT_READY,
  0x04,
  0x03,
);
/** No medium in a removable unit whose tray is closed. */
export const MEDIUM_NOT_PRESENT_TRAY_CLOSED: Sense = sense(
  SENSE_KEY.NOT_READY,
  0x3a,
  0x01,
);
/** The medium was ejected. */
export const MEDIUM_NOT_PRESENT_TRAY_OPEN: Sense = sense(
  SENSE_KEY.NOT_READY,
  0x3a,
  0x02,
);

/** Someone prevents the removal of a medium that is not there. */
export const NOT_READY_MEDIUM_REMOVAL_PREVENTED: Sense = sense(
  SENSE_KEY.NOT_READY,
  0x53,
  0x02,
);

/** Data were lost between initiator and target port. */
export const DATA_PHASE_ERROR: Sense = sense(SENSE_KEY.NOT_READY, 0x4b, 0x00);

/** A self-test runs; it has got so far, in 65536ths. */
export function selfTestInProgress(progress: number): Sense {
  return sense(SENSE_KEY.NOT_READY, 0x04, 0x09, { progress });
}

// MEDIUM and HARDWARE ERROR

/** Blocks could not be read. */
export const UNRECOVERED_READ_ERROR: Sense = sense(
  SENSE_KEY.MEDIUM_ERROR,
  0x11,
  0x00,
);
/** Blocks could not be written. */
export const WRITE_ERROR: Sense = sense(SENSE_KEY.MEDIUM_ERROR, 0x0c, 0x02);
/** A format was cut off: the medium must be formatted again. */
export const MEDIUM_FORMAT_CORRUPTED: Sense = sense(
  SENSE_KEY.MEDIUM_ERROR,
  0x31,
  0x00,
);
/** A format operation has failed. */
export const FORMAT_COMMAND_FAILED: Sense = sense(
  SENSE_KEY.MEDIUM_ERROR,
  0x31,
  0x01,
);
/** A sanitize operation has failed, and has not been left since. */
export const SANITIZE_COMMAND_FAILED: Sense = sense(
  SENSE_KEY.MEDIUM_ERROR,
  0x31,
  0x03,
);
/** The target itself has failed. */
export const INTERNAL_TARGET_FAILURE: Sense = sense(
  SENSE_KEY.HARDWARE_ERROR,
  0x44,
  0x00,
);

/** Access states cannot be set so, now. */
export const SET_TARGET_PORT_GROUPS_COMMAND_FAILED: Sense = sense(
  SENSE_KEY.HARDWARE_ERROR,
  0x67,
  0x0a,
);

/** A self-test has failed. */
export const LOGICAL_UNIT_FAILED_SELF_TEST: Sense = sense(
  SENSE_KEY.HARDWARE_ERROR,
  0x3e,
  0x03,
);

// ILLEGAL REQUEST

/** The parameter list is too short for what it announces. */
export const PARAMETER_LIST_LENGTH_ERROR: Sense = sense(
  SENSE_KEY.ILLEGAL_REQUEST,
  0x1a,
  0x00,
);
/** The operation code is not implemented (SPC-5 4.4.2.4.2: byte 0). */
export const INVALID_COMMAND_OPERATION_CODE: Sense = sense(
  SENSE_KEY.ILLEGAL_REQUEST,
  0x20,
  0x00,
  { field: { inCdb: true, byte: 0 } },
);
/** No logical unit stands behind the address. */
export const LOGICAL_UNIT_NOT_SUPPORTED: Sense = sense(
  SENSE_KEY.ILLEGAL_REQUEST,
  0x25,
  0x00,
);
/** The initiator offers fewer data than the command needs. */
export const INVALID_FIELD_IN_COMMAND_INFORMATION_UNIT: Sense = sense(
  SENSE_KEY.ILLEGAL_REQUEST,
  0x0e,
  0x03,
);
/** RELEASE of a persistent reservation with another type or scope. */
export const INVALID_RELEASE_OF_PERSISTENT_RESERVATION: Sense = sense(
  SENSE_KEY.ILLEGAL_REQUEST,
  0x26,
  0x04,
);
/** Someone prevents the removal of the medium. */
export const MEDIUM_REMOVAL_PREVENTED: Sense = sense(
  SENSE_KEY.ILLEGAL_REQUEST,
  0x53,
  0x02,
);
/** Saved mode pages were asked for and there are none. */
export const SAVING_PARAMETERS_NOT_SUPPORTED: Sense = sense(
  SENSE_KEY.ILLEGAL_REQUEST,
  0x39,
  0x00,
);
/** More registrations than this logical unit can keep. */
export const INSUFFICIENT_REGISTRATION_RESOURCES: Sense = sense(
  SENSE_KEY.ILLEGAL_REQUEST,
  0x55,
  0x04,
);

/** The command makes no sense after those before it. */
export const COMMAND_SEQUENCE_ERROR: Sense = sense(
  SENSE_KEY.ILLEGAL_REQUEST,
  0x2c,
  0x00,
);

/** An expected sector type that the track has not (MMC-6 annex F). */
export const ILLEGAL_MODE_FOR_THIS_TRACK: Sense = sense(
  SENSE_KEY.ILLEGAL_REQUEST,
  0x64,
  0x00,
);

/** A field of the CDB has a value that is not allowed. */
export function invalidFieldInCdb(byte: number, bit?: number): Sense {
  return sense(SENSE_KEY.ILLEGAL_REQUEST, 0x24, 0x00, {
    field: pointer(true, byte, bit),
  });
}

/** A field of the parameter list has a value that is not allowed. */
export function invalidFieldInParameterList(byte: number, bit?: number): Sense {
  return sense(SENSE_KEY.ILLEGAL_REQUEST, 0x26, 0x00, {
    field: pointer(false, byte, bit),
  });
}

/**
 * The command reaches beyond the last block; INFORMATION names the LBA, but
 * not one beyond 2^53, which a number cannot tell from its neighbours.
 */
export function lbaOutOfRange(lba: number): Sense {
  const more = Number.isSafeInteger(lba) ? { information: lba } : {};
  return sense(SENSE_KEY.ILLEGAL_REQUEST, 0x21, 0x00, more);
}

/** A command with the tag of one that is still running (SAM-5 5.10). */
export function taggedOverlappedCommands(tag: number): Sense {
  return sense(SENSE_KEY.ABORTED_COMMAND, 0x4d, tag & 0xff);
}

/** A second untagged command while one is running (SAM-5 5.10). */
export const OVERLAPPED_COMMANDS_ATTEMPTED: Sense = sense(
  SENSE_KEY.ABORTED_COMMAND,
  0x4e,
  0x00,
);

/** Whether sense data tell of one of these overlaps. */
export function tellsOverlap({ key, asc }: Sense): boolean {
  return key === SENSE_KEY.ABORTED_COMMAND && (asc === 0x4d || asc === 0x4e);
}

// DATA PROTECT

/** The store is write protected. */
export const HARDWARE_WRITE_PROTECTED: Sense = sense(
  SENSE_KEY.DATA_PROTECT,
  0x27,
  0x01,
);
/** The SWP bit of the control mode page is set. */
export const LOGICAL_UNIT_SOFTWARE_WRITE_PROTECTED: Sense = sense(
  SENSE_KEY.DATA_PROTECT,
  0x27,
  0x02,
);
/** A thin store has no space for the blocks. */
export const SPACE_ALLOCATION_FAILED_WRITE_PROTECT: Sense = sense(
  SENSE_KEY.DATA_PROTECT,
  0x27,
  0x07,
);

// ABORTED COMMAND

/** Another nexus has written the echo buffer since. */
export const ECHO_BUFFER_OVERWRITTEN: Sense = sense(
  SENSE_KEY.ABORTED_COMMAND,
  0x3f,
  0x0f,
);
/** Unsolicited data came where none was expected (RFC 7143 11.4.7.2). */
export const UNEXPECTED_UNSOLICITED_DATA: Sense = sense(
  SENSE_KEY.ABORTED_COMMAND,
  0x0c,
  0x0c,
);
/** Unsolicited data ended too early or went on too long (RFC 7143). */
export const NOT_ENOUGH_UNSOLICITED_DATA: Sense = sense(
  SENSE_KEY.ABORTED_COMMAND,
  0x0c,
  0x0d,
);
/** A data digest was wrong (RFC 7143 7.8). */
export const PROTOCOL_SERVICE_CRC_ERROR: Sense = sense(
  SENSE_KEY.ABORTED_COMMAND,
  0x47,
  0x05,
);

/** What `ctladm inject -i aborted` lets a command end with. */
export const INJECTED_ABORT: Sense = sense(
  SENSE_KEY.ABORTED_COMMAND,
  0x45,
  0x00,
);

// EXCEPTIONS

/** The exception of a test; the key is that of REQUEST SENSE. */
export const FAILURE_PREDICTION_FALSE: Sense = sense(
  SENSE_KEY.NO_SENSE,
  0x5d,
  0xff,
);

/** Sense data that are sent as they are; their codes are read from them. */
export function rawSense(bytes: Uint8Array): Sense {
  const descriptors = ((bytes[0] ?? 0) & 0x7f) >= 0x72;
  const [key = 0, asc = 0, ascq = 0] = descriptors
    ? bytes.subarray(1, 4)
    : Uint8Array.of(bytes[2] ?? 0, bytes[12] ?? 0, bytes[13] ?? 0);
  return sense(key & 0x0f, asc, ascq, { bytes });
}

// MISCOMPARE

/** Data differ; INFORMATION holds the byte offset of the first difference. */
export function miscompareDuringVerify(offset: number): Sense {
  return sense(SENSE_KEY.MISCOMPARE, 0x1d, 0x00, { information: offset });
}

/** A unit attention by its two codes. */
export function unitAttention(asc: number, ascq: number): Sense {
  return sense(SENSE_KEY.UNIT_ATTENTION, asc, ascq);
}

/**
 * A soft threshold of thin provisioning was reached (SBC-4 4.7.3.7).
 *
 * @param descriptorAt where its descriptor begins in mode page 1Ch/02h
 */
export function thresholdReached(descriptorAt: number): Sense {
  return sense(SENSE_KEY.UNIT_ATTENTION, 0x38, 0x07, {
    information: descriptorAt,
  });
}

/**
 * What an initiator hears of a failed store (one mapping for all stores).
 *
 * @param fault what the store said
 * @param direction what was being done when it failed
 */
export function senseOfStoreFault(
  fault: StoreFault,
  direction: "read" | "write" | "flush",
): Completion {
  switch (fault.cause) {
    case "no-space":
      return SPACE_ALLOCATION_FAILED_WRITE_PROTECT;
    case "read-only":
      return HARDWARE_WRITE_PROTECTED;
    case "offline":
      return STATUS.BUSY;
    case "medium":
      if (direction === "flush") return INTERNAL_TARGET_FAILURE;
      return direction === "read" ? UNRECOVERED_READ_ERROR : WRITE_ERROR;
    case "hardware":
      if (direction === "flush") return INTERNAL_TARGET_FAILURE;
      return direction === "read" ? UNRECOVERED_READ_ERROR : WRITE_ERROR;
  }
}

function pointer(inCdb: boolean, byte: number, bit?: number): FieldPointer {
  return bit === undefined ? { inCdb, byte } : { inCdb, byte, bit };
}
