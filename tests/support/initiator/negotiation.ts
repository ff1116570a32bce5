/**
 * What initiator and target agree on: the keys that are offered, and the
 * values that follow from offer and answer (RFC 7143 13).
 *
 * @module
 */

import type { Digests } from "./pdu.ts";

/** Keys and their values; undefined means that the key is not sent. */
export type Keys = Readonly<Record<string, string | undefined>>;

/** What a normal session of the tests offers unless it is told otherwise. */
export const NORMAL_OFFER: Keys = {
  HeaderDigest: "None",
  DataDigest: "None",
  MaxConnections: "1",
  InitialR2T: "No",
  ImmediateData: "Yes",
  MaxRecvDataSegmentLength: "262144",
  MaxBurstLength: "1048576",
  FirstBurstLength: "262144",
  DefaultTime2Wait: "2",
  DefaultTime2Retain: "0",
  MaxOutstandingR2T: "8",
  DataPDUInOrder: "Yes",
  DataSequenceInOrder: "Yes",
  ErrorRecoveryLevel: "0",
};

/** What a discovery session offers: no data will move. */
export const DISCOVERY_OFFER: Keys = {
  HeaderDigest: "None",
  DataDigest: "None",
  MaxRecvDataSegmentLength: "32768",
  DefaultTime2Wait: "2",
  DefaultTime2Retain: "0",
  ErrorRecoveryLevel: "0",
};

/** Keys that state something and get no answer (RFC 7143 6.2). */
export const DECLARATIVE_KEYS: ReadonlySet<string> = new Set([
  "InitiatorName",
  "InitiatorAlias",
  "TargetName",
  "TargetAlias",
  "TargetAddress",
  "TargetPortalGroupTag",
  "SessionType",
  "MaxRecvDataSegmentLength",
]);

/** The values in force after a login. */
export interface Negotiated {
  /** Digests of both directions. */
  readonly digests: Digests;
  /** Whether all write data waits for an R2T. */
  readonly initialR2T: boolean;
  /** Whether write data may go along with its command. */
  readonly immediateData: boolean;
  /** Largest data segment that we take, in bytes. */
  readonly initiatorSegmentBytesMax: number;
  /** Largest data segment that the target takes, in bytes. */
  readonly targetSegmentBytesMax: number;
  /** Largest sequence of Data-In or Data-Out, in bytes. */
  readonly burstBytesMax: number;
  /** Largest amount of unsolicited data of a command, in bytes. */
  readonly firstBurstBytesMax: number;
  /** R2Ts that one command may have open. */
  readonly outstandingR2tMax: number;
  /** Error recovery level. */
  readonly errorRecoveryLevel: number;
  /** iSCSIProtocolLevel. */
  readonly protocolLevel: number;
}

/**
 * The values that follow from what was offered and what was answered. A key
 * that got no answer, or one such as `Irrelevant`, has its result where the
 * offer alone decides, and its default elsewhere.
 */
export function negotiate(
  offer: Keys,
  answers: ReadonlyMap<string, string>,
): Negotiated {
  const number = (key: string, fallback: number) =>
    numberOf(answers.get(key)) ?? fallback;
  return {
    digests: {
      header: answers.get("HeaderDigest") === "CRC32C",
      data: answers.get("DataDigest") === "CRC32C",
    },
    initialR2T: answers.get("InitialR2T") !== "No",
    immediateData: (answers.get("ImmediateData") ?? offer.ImmediateData) !==
      "No",
    initiatorSegmentBytesMax: numberOf(offer.MaxRecvDataSegmentLength) ?? 8192,
    targetSegmentBytesMax: number("MaxRecvDataSegmentLength", 8192),
    burstBytesMax: number("MaxBurstLength", 262144),
    firstBurstBytesMax: number("FirstBurstLength", 65536),
    outstandingR2tMax: number("MaxOutstandingR2T", 1),
    errorRecoveryLevel: number("ErrorRecoveryLevel", 0),
    protocolLevel: number("iSCSIProtocolLevel", 1),
  };
}

function numberOf(value: string | undefined): number | undefined {
  if (value === undefined || value === "") return undefined;
  const number = Number(value);
  return Number.isInteger(number) ? number : undefined;
}
