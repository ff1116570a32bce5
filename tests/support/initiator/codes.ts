/**
 * Numbers of the iSCSI protocol as the initiator of the tests knows them: read
 * from RFC 7143 apart from the target's tables, so that a wrong number there
 * shows here.
 *
 * @module
 */

/** Operation codes, byte 0 without the immediate bit (RFC 7143 11.2.1.2). */
export const OPCODE = {
  NOP_OUT: 0x00,
  SCSI_COMMAND: 0x01,
  TASK_MANAGEMENT: 0x02,
  LOGIN: 0x03,
  TEXT: 0x04,
  DATA_OUT: 0x05,
  LOGOUT: 0x06,
  SNACK: 0x10,
  NOP_IN: 0x20,
  SCSI_RESPONSE: 0x21,
  TASK_MANAGEMENT_RESPONSE: 0x22,
  LOGIN_RESPONSE: 0x23,
  TEXT_RESPONSE: 0x24,
  DATA_IN: 0x25,
  LOGOUT_RESPONSE: 0x26,
  R2T: 0x31,
  ASYNC: 0x32,
  REJECT: 0x3f,
} as const;

/** Bits of byte 1; several PDUs give one bit different meanings. */
export const FLAG = {
  FINAL: 0x80,
  TRANSIT: 0x80,
  CONTINUE: 0x40,
  READ: 0x40,
  WRITE: 0x20,
  ACKNOWLEDGE: 0x40,
  OVERFLOW: 0x04,
  UNDERFLOW: 0x02,
  STATUS: 0x01,
} as const;

/** The tag that means "none" (RFC 7143 11.2.1.8). */
export const NO_TAG = 0xffffffff;

/** Stages of the login, as CSG and NSG name them (RFC 7143 11.12.3). */
export const STAGE = { SECURITY: 0, OPERATIONAL: 1, FULL_FEATURE: 3 } as const;

/** Login status, class and detail as one number (RFC 7143 11.13.5). */
export const LOGIN_STATUS = {
  SUCCESS: 0x0000,
  MOVED_TEMPORARILY: 0x0101,
  MOVED_PERMANENTLY: 0x0102,
  INITIATOR_ERROR: 0x0200,
  AUTHENTICATION_FAILURE: 0x0201,
  AUTHORIZATION_FAILURE: 0x0202,
  NOT_FOUND: 0x0203,
  TARGET_REMOVED: 0x0204,
  UNSUPPORTED_VERSION: 0x0205,
  TOO_MANY_CONNECTIONS: 0x0206,
  MISSING_PARAMETER: 0x0207,
  CANNOT_INCLUDE_IN_SESSION: 0x0208,
  SESSION_TYPE_NOT_SUPPORTED: 0x0209,
  SESSION_DOES_NOT_EXIST: 0x020a,
  INVALID_DURING_LOGIN: 0x020b,
  TARGET_ERROR: 0x0300,
  SERVICE_UNAVAILABLE: 0x0301,
  OUT_OF_RESOURCES: 0x0302,
} as const;

/** Task management functions (RFC 7143 11.5.1, RFC 7144). */
export const TASK_MANAGEMENT = {
  ABORT_TASK: 1,
  ABORT_TASK_SET: 2,
  CLEAR_ACA: 3,
  CLEAR_TASK_SET: 4,
  LOGICAL_UNIT_RESET: 5,
  TARGET_WARM_RESET: 6,
  TARGET_COLD_RESET: 7,
  TASK_REASSIGN: 8,
  QUERY_TASK: 9,
  QUERY_TASK_SET: 10,
  I_T_NEXUS_RESET: 11,
  QUERY_ASYNC_EVENT: 12,
} as const;

/** Answers to task management functions (RFC 7143 11.6.1, RFC 7144). */
export const TASK_MANAGEMENT_RESPONSE = {
  COMPLETE: 0,
  TASK_DOES_NOT_EXIST: 1,
  LUN_DOES_NOT_EXIST: 2,
  TASK_STILL_ALLEGIANT: 3,
  REASSIGNMENT_NOT_SUPPORTED: 4,
  NOT_SUPPORTED: 5,
  AUTHORIZATION_FAILED: 6,
  SUCCEEDED: 7,
  REJECTED: 255,
} as const;

/** Reasons of a Reject (RFC 7143 11.17.1). */
export const REJECT = {
  DATA_DIGEST_ERROR: 0x02,
  SNACK_REJECT: 0x03,
  PROTOCOL_ERROR: 0x04,
  COMMAND_NOT_SUPPORTED: 0x05,
  TOO_MANY_IMMEDIATE: 0x06,
  TASK_IN_PROGRESS: 0x07,
  INVALID_DATA_ACK: 0x08,
  INVALID_PDU_FIELD: 0x09,
  OUT_OF_RESOURCES: 0x0a,
  WAITING_FOR_LOGOUT: 0x0c,
} as const;

/** Events of an Asynchronous Message (RFC 7143 11.9.1). */
export const ASYNC_EVENT = {
  SCSI: 0,
  LOGOUT_REQUEST: 1,
  DROP_CONNECTION: 2,
  DROP_ALL_CONNECTIONS: 3,
  NEGOTIATION_REQUEST: 4,
  FAST_ABORT: 5,
} as const;

/** Why an initiator logs out (RFC 7143 11.14.1). */
export const LOGOUT = {
  CLOSE_SESSION: 0,
  CLOSE_CONNECTION: 1,
  REMOVE_FOR_RECOVERY: 2,
} as const;

/** Task attributes, the low bits of a command's byte 1 (RFC 7143 11.3.1). */
export const ATTRIBUTE = {
  "untagged": 0,
  "simple": 1,
  "ordered": 2,
  "head-of-queue": 3,
  "aca": 4,
} as const;

/** Name of a task attribute. */
export type TaskAttribute = keyof typeof ATTRIBUTE;

/** SCSI status codes (SAM-5 5.3.1). */
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

/** Name of an operation code, or its number when it has none. */
export function opcodeName(opcode: number): string {
  for (const [name, code] of Object.entries(OPCODE)) {
    if (code === opcode) return name;
  }
  return `opcode 0x${opcode.toString(16).padStart(2, "0")}`;
}
