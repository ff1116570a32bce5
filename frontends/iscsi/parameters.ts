/**
 * What a login agrees on, and how much of everything we take.
 *
 * @module
 */

/** Values in force after the login (RFC 7143 13). */
export interface SessionParameters {
  /** HeaderDigest: headers carry a CRC32C (RFC 7143 13.1). */
  readonly headerDigest: boolean;
  /** DataDigest: data segments carry a CRC32C (RFC 7143 13.1). */
  readonly dataDigest: boolean;
  /** MaxConnections of the session (RFC 7143 13.2). */
  readonly maxConnections: number;
  /** InitialR2T: no Data-Out comes unasked (RFC 7143 13.10). */
  readonly initialR2t: boolean;
  /** ImmediateData: commands may carry data (RFC 7143 13.11). */
  readonly immediateData: boolean;
  /** MaxRecvDataSegmentLength that we declared (RFC 7143 13.12). */
  readonly maxRecvDataSegmentLengthBytes: number;
  /** MaxRecvDataSegmentLength that the initiator declared. */
  readonly maxSendDataSegmentLengthBytes: number;
  /** MaxBurstLength of Data-In and solicited Data-Out (RFC 7143 13.13). */
  readonly maxBurstLengthBytes: number;
  /** FirstBurstLength: unsolicited data of a command (RFC 7143 13.14). */
  readonly firstBurstLengthBytes: number;
  /** DefaultTime2Wait (RFC 7143 13.15). */
  readonly defaultTime2WaitSeconds: number;
  /** DefaultTime2Retain (RFC 7143 13.16). */
  readonly defaultTime2RetainSeconds: number;
  /** MaxOutstandingR2T of a task (RFC 7143 13.17). */
  readonly maxOutstandingR2t: number;
  /** DataPDUInOrder (RFC 7143 13.18). */
  readonly dataPduInOrder: boolean;
  /** DataSequenceInOrder (RFC 7143 13.19). */
  readonly dataSequenceInOrder: boolean;
  /** ErrorRecoveryLevel (RFC 7143 13.20). */
  readonly errorRecoveryLevel: number;
  /** TaskReporting (RFC 7143 13.23). */
  readonly taskReporting: TaskReporting;
  /** iSCSIProtocolLevel; 2 has the functions of RFC 7144 (RFC 7143 13.24). */
  readonly protocolLevel: number;
}

/** Rules for the end of tasks under task management (RFC 7143 13.23). */
export type TaskReporting = "RFC3720" | "ResponseFence";

/** The parameters while they are being agreed on. */
export type ParameterDraft = {
  -readonly [Name in keyof SessionParameters]: SessionParameters[Name];
};

/** Values in force before anything was agreed (RFC 7143 13). */
export const INITIAL_PARAMETERS: SessionParameters = Object.freeze({
  headerDigest: false,
  dataDigest: false,
  maxConnections: 1,
  initialR2t: true,
  immediateData: true,
  maxRecvDataSegmentLengthBytes: 8192,
  maxSendDataSegmentLengthBytes: 8192,
  maxBurstLengthBytes: 262144,
  firstBurstLengthBytes: 65536,
  defaultTime2WaitSeconds: 2,
  defaultTime2RetainSeconds: 20,
  maxOutstandingR2t: 1,
  dataPduInOrder: true,
  dataSequenceInOrder: true,
  errorRecoveryLevel: 0,
  taskReporting: "RFC3720",
  protocolLevel: 1,
});

/** What we offer at the most, and what we take at the most. */
export const LIMITS = {
  /** Data segments that we take. */
  maxRecvDataSegmentLengthBytes: 262144,
  /** Bursts that we agree to. */
  maxBurstLengthBytes: 1048576,
  /** Unsolicited data that we agree to. */
  firstBurstLengthBytes: 262144,
  /** Connections of a session. */
  maxConnections: 1,
  /** R2Ts under way for a task. */
  maxOutstandingR2t: 1,
  /** iSCSIProtocolLevel: that of RFC 7144. */
  protocolLevel: 2,
  /** Text that continues over PDUs; the standard wants 8192 at least. */
  textBytes: 65536,
  /** Data segment of a login PDU, either way, until more was declared. */
  loginSegmentBytes: 8192,
  /** Login Requests of a login, counting each part of a long text. */
  loginRequests: 1024,
  /** Text Requests that bring the text of one negotiation. */
  textRequests: 1024,
  /** Keys of a text, and of a login as a whole. */
  keys: 1024,
  /** A simple value (RFC 7143 6.1). */
  valueBytes: 255,
  /** An iSCSI name (RFC 7143 4.2.7.1). */
  nameBytes: 223,
  /** A challenge of CHAP (RFC 7143 12.1.3). */
  chapChallengeBytes: 1024,
} as const;
