/**
 * How the outcome of a SCSI command stands in an HTTP response.
 *
 * @module
 */

/** Header fields of an answer; the body is the Data-In. */
export const LOCAL_HEADER = {
  /** Name of the command. */
  COMMAND: "scsi-command",
  /** Number of the target port. */
  PORT: "scsi-port",
  /** LUN number in the target; absent: there is none. */
  UNIT: "scsi-unit",
  /** Status, decimal; absent: the command was aborted. */
  STATUS: "scsi-status",
  /** Sense data, hexadecimal. */
  SENSE: "scsi-sense",
  /** Bytes that the command wanted to move. */
  TRANSFER_LENGTH: "scsi-transfer-length",
  /** Tag of the task. */
  TAG: "scsi-tag",
} as const;
