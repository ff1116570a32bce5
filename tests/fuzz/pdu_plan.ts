/**
 * Plans of PDUs: mostly what an initiator could send at this moment, with
 * numbers, lengths and bytes that are wrong now and then.
 *
 * @module
 */

import fc from "fast-check";
import { ATTRIBUTES } from "./core_rig.ts";
import { COMMAND_PLAN, type CommandPlan } from "./command_plan.ts";

/** What kind of PDU a plan makes. */
export type PduKind =
  | "command"
  | "answer"
  | "unsolicited"
  | "ping"
  | "function"
  | "text"
  | "logout"
  | "snack"
  | "login"
  | "raw";

/** A PDU to send. */
export interface PduPlan {
  readonly kind: PduKind;
  /** Immediate delivery; else in the order of CmdSN. */
  readonly immediate: boolean;
  /** How far its CmdSN is from the one that is due. */
  readonly cmdSnShift: number;
  /** Whose tag it has: 0 a fresh one, -1 the reserved one, else an old one. */
  readonly tagBack: number;
  readonly lun: number;
  readonly command: CommandPlan;
  readonly attribute: number;
  /** Code, reason or opcode, by kind. */
  readonly code: number;
  /** Part of the data that goes along, in eighths. */
  readonly part: number;
  /** F, where the kind does not decide it. */
  readonly final: boolean;
  /** How far a buffer offset or DataSN is from the right one. */
  readonly shift: number;
  /** A byte of the header that is something else. */
  readonly damage: readonly [at: number, value: number] | null;
  /** Which digest is wrong. */
  readonly corrupt: "header" | "data" | null;
  /** Bytes that are sent, in sixteenths; the rest never comes. */
  readonly cut: number;
  /** What happens before the next one. */
  readonly then: "nothing" | "wait" | "second";
}

const KINDS: readonly PduKind[] = [
  ...Array<PduKind>(20).fill("command"),
  ...Array<PduKind>(8).fill("answer"),
  ...["unsolicited", "unsolicited", "ping", "ping", "ping"] as const,
  ...["function", "function", "text", "text", "snack", "raw", "raw"] as const,
  ...["logout", "login"] as const,
];

/** Mostly nothing, now and then something. */
function rarely<T>(
  usual: T,
  unusual: fc.Arbitrary<T>,
  weight: number,
): fc.Arbitrary<T> {
  return fc.oneof(
    { weight, arbitrary: fc.constant(usual) },
    { weight: 1, arbitrary: unusual },
  );
}

const DAMAGE: fc.Arbitrary<PduPlan["damage"]> = fc.tuple(
  fc.nat(47),
  fc.nat(255),
);
const CORRUPT: fc.Arbitrary<PduPlan["corrupt"]> = fc.constantFrom(
  "header",
  "data",
);

/** Plans of PDUs in the full-feature phase. */
export const PDU_PLAN: fc.Arbitrary<PduPlan> = fc.record({
  kind: fc.constantFrom(...KINDS),
  immediate: rarely(false, fc.constant(true), 6),
  cmdSnShift: rarely(0, fc.constantFrom(1, 2, -1, 300, 2 ** 31), 30),
  tagBack: rarely(0, fc.constantFrom(-1, 1, 2, 3), 12),
  lun: fc.constantFrom(0, 0, 0, 1, 2, 2, 7, 300, 0x5000),
  command: COMMAND_PLAN,
  attribute: fc.constantFrom(...ATTRIBUTES, 5, 7),
  code: fc.nat(63),
  part: fc.constantFrom(0, 0, 4, 8, 8),
  final: rarely(true, fc.constant(false), 5),
  shift: rarely(0, fc.constantFrom(1, -1, 4, 512), 10),
  damage: rarely<PduPlan["damage"]>(null, DAMAGE, 15),
  corrupt: rarely<PduPlan["corrupt"]>(null, CORRUPT, 60),
  cut: rarely(16, fc.nat(15), 60),
  then: fc.constantFrom("nothing", "nothing", "wait", "wait", "wait", "second"),
});

/** What a session agrees on. */
export interface SessionPlan {
  readonly headerDigest: boolean;
  readonly dataDigest: boolean;
  readonly initialR2t: boolean;
  readonly immediateData: boolean;
  readonly segmentBytes: number;
  readonly burstBytes: number;
  readonly firstBurstBytes: number;
  readonly protocolLevel: number;
  /** Bytes that reach the target at once, at most. */
  readonly pieceBytes: number;
}

/** Plans of sessions. */
export const SESSION_PLAN: fc.Arbitrary<SessionPlan> = fc.record({
  headerDigest: rarely(false, fc.constant(true), 3),
  dataDigest: rarely(false, fc.constant(true), 3),
  initialR2t: fc.boolean(),
  immediateData: rarely(true, fc.constant(false), 3),
  segmentBytes: fc.constantFrom(512, 8192, 262144),
  burstBytes: fc.constantFrom(512, 4096, 65536, 1048576),
  firstBurstBytes: fc.constantFrom(512, 4096, 65536),
  protocolLevel: fc.constantFrom(1, 2),
  pieceBytes: fc.constantFrom(1e9, 1e9, 1e9, 100_000, 5000, 49, 7),
});

/** The keys that a session offers. */
export function keysOf(plan: SessionPlan): Record<string, string> {
  const { burstBytes, firstBurstBytes } = plan;
  return {
    HeaderDigest: plan.headerDigest ? "CRC32C" : "None",
    DataDigest: plan.dataDigest ? "CRC32C" : "None",
    InitialR2T: plan.initialR2t ? "Yes" : "No",
    ImmediateData: plan.immediateData ? "Yes" : "No",
    MaxRecvDataSegmentLength: String(plan.segmentBytes),
    MaxBurstLength: String(burstBytes),
    FirstBurstLength: String(Math.min(burstBytes, firstBurstBytes)),
    iSCSIProtocolLevel: String(plan.protocolLevel),
  };
}
