/**
 * An initiator that sends what plans say, and watches what it gets: whatever
 * it sends, the target keeps its own rules.
 *
 * @module
 */

import { assert } from "@std/assert";
import { ATTRIBUTE } from "../../core/mod.ts";
import {
  concat,
  Connection,
  encodePdu,
  FLAG,
  HEADER_BYTES,
  NO_TAG,
  nopOut,
  OPCODE,
  Pdu,
  type RequestNumbers,
  scsiCommand,
} from "../support/initiator/mod.ts";
import { settle } from "../support/core_target.ts";
import { FrameMirror } from "./frame_mirror.ts";
import { buildPdu, type Unsolicited } from "./pdu_builder.ts";
import type { PduPlan } from "./pdu_plan.ts";

const TAGS_KEPT = 8;
const TURNS = 40;
const TURNS_MAX = 2_000_000;
/** Turns without an answer after which a second goes by. */
const TURNS_PER_SECOND = 4000;
const DIGESTS_BYTES = 8;
const PROBE_TAG = 0x0bedbeef;
const NO_LUN = 200;
const TARGET_OPCODES: ReadonlySet<number> = new Set(
  Object.values(OPCODE).filter((opcode) => opcode >= OPCODE.NOP_IN),
);

/** Where a session begins. */
export interface Beginning {
  /** CmdSN of the first request. */
  readonly cmdSN: number;
  /** StatSN that comes first; undefined: any. */
  readonly expStatSN: number | undefined;
  /** Longest data segment that it takes. */
  readonly segmentBytesMax: number;
  /** Bytes of a command that may come unasked. */
  readonly firstBurstBytes: number;
  /** Lets a second go by: whoever sent much nonsense has to wait. */
  readonly second: () => void;
}

/** The initiator. */
export class HostileInitiator {
  /** Rules that the target broke. */
  readonly violations: string[] = [];
  readonly #connection: Connection;
  readonly #beginning: Beginning;
  readonly #mirror: FrameMirror = new FrameMirror();
  readonly #tags: number[] = [];
  readonly #r2ts: Pdu[] = [];
  #cmdSN: number;
  #expCmdSN: number;
  #expStatSN: number | undefined;
  #nextTag = 1;
  #textTag = NO_TAG;
  #unsolicited: Unsolicited | null = null;
  #probed = false;
  #ended = false;

  /** Goes on with a connection. */
  constructor(connection: Connection, beginning: Beginning) {
    this.#connection = connection;
    this.#beginning = beginning;
    this.#mirror.digests = connection.digests;
    this.#cmdSN = beginning.cmdSN;
    this.#expCmdSN = beginning.cmdSN;
    this.#expStatSN = beginning.expStatSN;
    this.#receiveAll();
  }

  /** Whether the target has closed the connection. */
  get ended(): boolean {
    return this.#ended;
  }

  /** StatSN that is expected next; 0 before any came. */
  get expStatSN(): number {
    return this.#expStatSN ?? 0;
  }

  /** Sends the PDU of a plan. */
  async send(plan: PduPlan): Promise<void> {
    const pdu = buildPdu(plan, {
      cmdSN: this.#cmdSN,
      expStatSN: this.expStatSN,
      freshTag: this.#nextTag,
      tags: this.#tags,
      r2ts: this.#r2ts,
      unsolicited: this.#unsolicited,
      textTag: this.#textTag,
    });
    this.#note(plan, pdu);
    const { corrupt } = plan;
    const bytes = encodePdu(pdu, {
      digests: this.#connection.digests,
      ...(corrupt === null ? {} : { corrupt }),
    });
    const most = Math.floor(bytes.length * plan.cut / 16);
    await this.sendBytes(bytes.subarray(0, most));
    if (plan.then !== "nothing") await this.wait();
  }

  /** Sends any bytes. */
  async sendBytes(bytes: Uint8Array): Promise<void> {
    this.#mirror.feed(bytes);
    await this.#connection.sendBytes(bytes).catch(ignore);
  }

  /** Gives the target its turn; then CmdSN is what it expects. */
  async wait(): Promise<void> {
    await settle(TURNS);
    this.#cmdSN = this.#expCmdSN;
  }

  /** Ends the PDU that was cut off, then sees an answer or the end. */
  async probe(): Promise<void> {
    const rest = new Uint8Array(this.#mirror.missing());
    // A few more bytes: a login may have agreed on digests behind our back.
    const more = new Uint8Array(DIGESTS_BYTES);
    await this.#expectAnswer(concat([rest, this.#ping(), more]));
  }

  /** The same, and then sees a command answered, whatever others wait for. */
  async probeCommands(): Promise<void> {
    const rest = new Uint8Array(this.#mirror.missing());
    await this.#expectAnswer(concat([rest, this.#ping()]));
    await this.#expectAnswer(this.#command());
  }

  /** Closes without a word. */
  close(): void {
    this.#connection.close();
  }

  async #expectAnswer(bytes: Uint8Array): Promise<void> {
    this.#probed = false;
    await this.sendBytes(bytes);
    for (let turn = 0; turn < TURNS_MAX && this.#silent; turn += TURNS) {
      if (turn % TURNS_PER_SECOND === 0 && turn > 0) this.#beginning.second();
      await settle(TURNS);
    }
    assert(!this.#silent, "the target neither answers nor closes");
  }

  get #silent(): boolean {
    return !this.#probed && !this.#ended;
  }

  #ping(): Uint8Array {
    return this.#encode(nopOut(this.#probeNumbers()));
  }

  // No task of any unit stands in its way.
  #command(): Uint8Array {
    return this.#encode(scsiCommand({
      ...this.#probeNumbers(),
      lun: NO_LUN,
      flags: FLAG.FINAL | ATTRIBUTE.SIMPLE,
      cdb: new Uint8Array(16),
      expectedDataTransferLength: 0,
    }));
  }

  #probeNumbers(): RequestNumbers {
    return {
      initiatorTaskTag: PROBE_TAG,
      cmdSN: this.#expCmdSN,
      expStatSN: this.expStatSN,
    };
  }

  #encode(pdu: Pdu): Uint8Array {
    return encodePdu(pdu, { digests: this.#connection.digests });
  }

  #note(plan: PduPlan, pdu: Pdu): void {
    if (plan.kind === "answer") this.#r2ts.shift();
    if (pdu.opcode === OPCODE.SCSI_COMMAND) this.#noteCommand(pdu);
    if (pdu.opcode === OPCODE.DATA_OUT) return this.#noteDataOut(pdu);
    if (!plan.immediate) this.#cmdSN = (this.#cmdSN + 1) >>> 0;
    this.#tags.unshift(pdu.initiatorTaskTag);
    this.#tags.length = Math.min(this.#tags.length, TAGS_KEPT);
    this.#nextTag += 1;
  }

  #noteCommand(command: Pdu): void {
    const limit = Math.min(command.u32(20), this.#beginning.firstBurstBytes);
    const offset = command.data.length;
    this.#unsolicited = command.has(FLAG.FINAL)
      ? null
      : { command, offset, dataSN: 0, limit };
  }

  #noteDataOut(pdu: Pdu): void {
    const before = this.#unsolicited;
    if (before === null || pdu.targetTransferTag !== NO_TAG) return;
    const offset = before.offset + pdu.data.length;
    this.#unsolicited = pdu.has(FLAG.FINAL)
      ? null
      : { ...before, offset, dataSN: before.dataSN + 1 };
  }

  async #receiveAll(): Promise<void> {
    try {
      for (;;) {
        const pdu = await this.#connection.next();
        if (pdu === undefined) break;
        this.#receive(pdu);
      }
    } catch (error) {
      this.violations.push(String(error));
    }
    this.#ended = true;
  }

  #receive(pdu: Pdu): void {
    const { opcode, targetTransferTag } = pdu;
    if (answersProbe(pdu)) this.#probed = true;
    this.#expect(TARGET_OPCODES.has(opcode), pdu, "no opcode of a target");
    const most = this.#beginning.segmentBytesMax;
    this.#expect(pdu.data.length <= most, pdu, "too long a data segment");
    this.#checkNumbers(pdu);
    if (opcode === OPCODE.R2T) this.#r2ts.unshift(pdu);
    if (opcode === OPCODE.TEXT_RESPONSE) this.#textTag = targetTransferTag;
  }

  #checkNumbers(pdu: Pdu): void {
    const { statSN, expCmdSN, maxCmdSN, opcode } = pdu;
    if (opcode === OPCODE.LOGIN_RESPONSE) {
      this.#expCmdSN = expCmdSN;
      this.#expStatSN = (statSN + 1) >>> 0;
      return;
    }
    if (opcode !== OPCODE.DATA_IN || pdu.has(FLAG.STATUS)) {
      const right = this.#expStatSN ?? statSN;
      this.#expect(statSN === right, pdu, `StatSN ${statSN}, not ${right}`);
      this.#expStatSN = (statSN + (usesStatSN(pdu) ? 1 : 0)) >>> 0;
    }
    const room = (maxCmdSN - expCmdSN) | 0;
    this.#expect(room >= -1, pdu, "MaxCmdSN is below ExpCmdSN - 1");
    const step = (expCmdSN - this.#expCmdSN) | 0;
    this.#expect(step >= 0, pdu, "ExpCmdSN goes back");
    this.#expCmdSN = expCmdSN;
  }

  #expect(kept: boolean, pdu: Pdu, rule: string): void {
    if (!kept) this.violations.push(`${pdu}: ${rule}`);
  }
}

// In a discovery session it is rejected: with its header.
function answersProbe(pdu: Pdu): boolean {
  if (pdu.initiatorTaskTag === PROBE_TAG) return true;
  return pdu.opcode === OPCODE.REJECT && pdu.data.length >= HEADER_BYTES &&
    new Pdu(pdu.data).initiatorTaskTag === PROBE_TAG;
}

// All but R2T and what the target sends by itself (RFC 7143 4.2.2.2).
function usesStatSN({ opcode, initiatorTaskTag }: Pdu): boolean {
  if (opcode === OPCODE.NOP_IN) return initiatorTaskTag !== NO_TAG;
  return opcode !== OPCODE.R2T;
}

function ignore(): void {
  // The target has closed: that is seen when its bytes are read.
}
