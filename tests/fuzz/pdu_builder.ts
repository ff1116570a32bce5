/**
 * Makes PDUs of plans, from where a session stands.
 *
 * @module
 */

import {
  dataOut,
  FLAG,
  loginRequest,
  logoutRequest,
  makePdu,
  NO_TAG,
  nopOut,
  type Pdu,
  scsiCommand,
  snackRequest,
  taskManagement,
  textRequest,
} from "../support/initiator/mod.ts";
import { buildCommand, buildData } from "./command_plan.ts";
import type { PduPlan } from "./pdu_plan.ts";

/** Where a session stands. */
export interface Standing {
  /** CmdSN of the next request. */
  readonly cmdSN: number;
  /** StatSN that is expected. */
  readonly expStatSN: number;
  /** A tag that no other request has. */
  readonly freshTag: number;
  /** Tags of requests, the last one first. */
  readonly tags: readonly number[];
  /** R2Ts that were not answered, the last one first. */
  readonly r2ts: readonly Pdu[];
  /** Data that may still come unasked for the last command. */
  readonly unsolicited: Unsolicited | null;
  /** Text that was answered in part: the tag by which it goes on. */
  readonly textTag: number;
}

/** Data-Out that comes unasked. */
export interface Unsolicited {
  /** The command. */
  readonly command: Pdu;
  /** Where the next data belong. */
  readonly offset: number;
  /** DataSN of the next PDU. */
  readonly dataSN: number;
  /** Bytes that all of them may be. */
  readonly limit: number;
}

/** Longest data segment that is sent. */
const SEGMENT_BYTES_MAX = 8192;

const TEXTS = [
  "SendTargets=All\0",
  "SendTargets=\0",
  "SendTargets=iqn.2026-01.test.dtl:target\0",
  "MaxRecvDataSegmentLength=512\0",
  "HeaderDigest=CRC32C\0X-com.example=1\0",
  "SendTargets=All\0SendTargets=All",
  "=\0\0=",
  "",
];

/** Makes a PDU. */
export function buildPdu(plan: PduPlan, standing: Standing): Pdu {
  const pdu = PLAIN[plan.kind](plan, standing);
  const [at, value] = plan.damage ?? [];
  return at === undefined || value === undefined ? pdu : pdu.set8(at, value);
}

type Build = (plan: PduPlan, standing: Standing) => Pdu;

const PLAIN: Readonly<Record<PduPlan["kind"], Build>> = {
  command: buildScsiCommand,
  answer: buildAnswer,
  unsolicited: buildUnsolicited,
  ping: (plan, standing) =>
    nopOut({
      ...numbers(plan, standing),
      data: segment(plan, plan.command.odd),
      targetTransferTag: plan.code === 0 ? plan.code : NO_TAG,
    }),
  function: (plan, standing) =>
    taskManagement({
      ...numbers(plan, standing),
      function: plan.code % 16,
      referencedTaskTag: standing.tags[plan.code % 3] ?? 0,
      refCmdSN: (standing.cmdSN - 1 + plan.shift) >>> 0,
    }),
  text: buildText,
  logout: (plan, standing) =>
    logoutRequest({ ...numbers(plan, standing), reason: plan.code % 4 }),
  snack: (plan, standing) =>
    snackRequest({ ...numbers(plan, standing), type: plan.code % 16 }),
  login: (plan, standing) =>
    loginRequest({
      ...numbers(plan, standing),
      flags: 0x87,
      isid: new Uint8Array(6),
      data: new Uint8Array(0),
    }),
  raw: buildRaw,
};

function numbers(plan: PduPlan, standing: Standing): {
  initiatorTaskTag: number;
  cmdSN: number;
  expStatSN: number;
  immediate: boolean;
  lun: number | Uint8Array;
} {
  return {
    initiatorTaskTag: tagOf(plan, standing),
    cmdSN: (standing.cmdSN + plan.cmdSnShift) >>> 0,
    expStatSN: standing.expStatSN,
    immediate: plan.immediate,
    lun: plan.lun,
  };
}

function tagOf({ tagBack }: PduPlan, { freshTag, tags }: Standing): number {
  if (tagBack < 0) return NO_TAG;
  return tagBack === 0 ? freshTag : tags[tagBack - 1] ?? freshTag;
}

function segment({ command, part }: PduPlan, length: number): Uint8Array {
  const data = new Uint8Array(
    Math.min(Math.floor(length * part / 8), SEGMENT_BYTES_MAX),
  );
  data.set(command.seed.subarray(0, data.length));
  return data;
}

function buildScsiCommand(plan: PduPlan, standing: Standing): Pdu {
  const command = buildCommand(plan.command);
  const { cdb, direction, expectedLength } = command;
  const whole = buildData(plan.command, command);
  const along = Math.floor(whole.length * plan.part / 8);
  const way = { in: FLAG.READ, out: FLAG.WRITE, none: 0 }[direction];
  return scsiCommand({
    ...numbers(plan, standing),
    flags: (plan.final ? FLAG.FINAL : 0) | way | plan.attribute,
    cdb,
    expectedDataTransferLength: expectedLength,
    data: whole.subarray(0, Math.min(along, SEGMENT_BYTES_MAX)),
  });
}

// Data-Out for an R2T: all that it asks for, or a part of it.
function buildAnswer(plan: PduPlan, standing: Standing): Pdu {
  const [r2t] = standing.r2ts;
  if (r2t === undefined) return buildUnsolicited(plan, standing);
  const desired = r2t.u32(44);
  const most = Math.min(desired, plan.part === 4 ? 512 : 262144);
  return dataOut({
    lun: r2t.header.slice(8, 16),
    initiatorTaskTag: r2t.initiatorTaskTag,
    targetTransferTag: r2t.targetTransferTag,
    expStatSN: standing.expStatSN,
    dataSN: Math.max(0, plan.shift),
    bufferOffset: (r2t.u32(40) + plan.shift) >>> 0,
    final: plan.final && most === desired,
    data: new Uint8Array(most).fill(plan.code),
  });
}

function buildUnsolicited(plan: PduPlan, standing: Standing): Pdu {
  const { unsolicited } = standing;
  const { command, offset = 0, dataSN = 0, limit = 512 } = unsolicited ?? {};
  const left = Math.max(0, limit - offset);
  const length = Math.min(left, plan.part === 4 ? 512 : SEGMENT_BYTES_MAX);
  return dataOut({
    lun: command?.header.slice(8, 16) ?? plan.lun,
    initiatorTaskTag: command?.initiatorTaskTag ?? standing.tags[0] ?? 0,
    targetTransferTag: plan.code === 0 ? 0 : NO_TAG,
    expStatSN: standing.expStatSN,
    dataSN: Math.max(0, dataSN + plan.shift),
    bufferOffset: (offset + plan.shift) >>> 0,
    final: plan.final && length === left,
    data: new Uint8Array(length).fill(plan.code),
  });
}

function buildText(plan: PduPlan, standing: Standing): Pdu {
  const text = TEXTS[plan.code % TEXTS.length] ?? "";
  const goesOn = plan.part === 4;
  return textRequest({
    ...numbers(plan, standing),
    flags: plan.final ? FLAG.FINAL : FLAG.CONTINUE,
    targetTransferTag: goesOn ? standing.textTag : NO_TAG,
    data: goesOn ? plan.command.seed : new TextEncoder().encode(text),
  });
}

// A header of any bytes, with an opcode and a length that could be.
function buildRaw(plan: PduPlan, standing: Standing): Pdu {
  const { command, code } = plan;
  const pdu = makePdu({
    opcode: code,
    immediate: plan.immediate,
    ahs: new Uint8Array(4 * (plan.part % 3)),
    data: segment(plan, command.odd),
    initiatorTaskTag: tagOf(plan, standing),
  });
  for (const [index, byte] of command.seed.entries()) {
    const at = 8 + index;
    if (at < 16 || at >= 20) pdu.set8(at, byte);
  }
  return pdu.set8(1, command.seed[0] ?? 0);
}
