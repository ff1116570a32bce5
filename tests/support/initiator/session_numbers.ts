/**
 * Numbers of a session: CmdSN and its window, StatSN, task tags (RFC 7143
 * 4.2.2). Says which rules a target's PDU breaks.
 *
 * @module
 */

import { FLAG, NO_TAG, OPCODE } from "./codes.ts";
import type { Pdu } from "./pdu.ts";
import type { RequestNumbers } from "./requests.ts";

/** Difference of two serial numbers modulo 2^32, signed (RFC 1982). */
export function serialDifference(a: number, b: number): number {
  return (a - b) | 0;
}

const NUMBERED: ReadonlySet<number> = new Set([
  OPCODE.SCSI_RESPONSE,
  OPCODE.TASK_MANAGEMENT_RESPONSE,
  OPCODE.TEXT_RESPONSE,
  OPCODE.LOGOUT_RESPONSE,
  OPCODE.ASYNC,
  OPCODE.REJECT,
]);

/** The numbers of one session with one connection. */
export class SessionNumbers {
  /** CmdSN of the next command that is not immediate. */
  cmdSN: number;
  /** StatSN that we expect next. */
  expStatSN: number;
  /** Last ExpCmdSN of the target. */
  expCmdSN: number;
  /** Last MaxCmdSN of the target. */
  maxCmdSN: number;
  #tag = 0x1000;

  /** Goes on where the login ended. */
  constructor(cmdSN: number, lastLoginResponse: Pdu) {
    this.cmdSN = cmdSN;
    this.expStatSN = (lastLoginResponse.statSN + 1) >>> 0;
    this.expCmdSN = lastLoginResponse.expCmdSN;
    this.maxCmdSN = lastLoginResponse.maxCmdSN;
  }

  /** Whether the target takes another command that is not immediate. */
  get windowOpen(): boolean {
    return serialDifference(this.maxCmdSN, this.cmdSN) >= 0;
  }

  /** A tag that no other task has. */
  freshTag(): number {
    this.#tag = (this.#tag + 1) >>> 0;
    return this.#tag;
  }

  /** Numbers of a new request; one that is not immediate uses up its CmdSN. */
  take(immediate: boolean): RequestNumbers {
    const { cmdSN, expStatSN } = this;
    if (!immediate) this.cmdSN = (cmdSN + 1) >>> 0;
    return { initiatorTaskTag: this.freshTag(), cmdSN, expStatSN };
  }

  /** Takes over the numbers of a PDU and says which rules it breaks. */
  accept(pdu: Pdu): string[] {
    return [...this.#acceptStatSN(pdu), ...this.#acceptWindow(pdu)];
  }

  *#acceptStatSN(pdu: Pdu): Generator<string> {
    const { opcode, statSN } = pdu;
    const { expStatSN } = this;
    const numbered = isNumbered(pdu);
    // A Data-In without status has no StatSN at all.
    if (opcode === OPCODE.DATA_IN && !numbered) return;
    if (statSN !== expStatSN) yield `StatSN ${statSN}, expected ${expStatSN}`;
    if (numbered) this.expStatSN = (statSN + 1) >>> 0;
  }

  *#acceptWindow(pdu: Pdu): Generator<string> {
    const { expCmdSN, maxCmdSN } = pdu;
    if (serialDifference(maxCmdSN, expCmdSN) < -1) {
      yield `MaxCmdSN ${maxCmdSN} is below ExpCmdSN ${expCmdSN} - 1`;
    }
    if (serialDifference(expCmdSN, this.cmdSN) > 0) {
      yield `ExpCmdSN ${expCmdSN} was not sent yet, ${this.cmdSN} is next`;
    }
    if (serialDifference(expCmdSN, this.expCmdSN) < 0) {
      yield `ExpCmdSN went back from ${this.expCmdSN} to ${expCmdSN}`;
    }
    this.expCmdSN = expCmdSN;
    this.maxCmdSN = maxCmdSN;
  }
}

function isNumbered(pdu: Pdu): boolean {
  const { opcode, initiatorTaskTag } = pdu;
  if (opcode === OPCODE.DATA_IN) return pdu.has(FLAG.STATUS);
  if (opcode === OPCODE.NOP_IN) return initiatorTaskTag !== NO_TAG;
  return NUMBERED.has(opcode);
}
