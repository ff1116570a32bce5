/**
 * The login request by request: the test gives each request's text and flags
 * and sees each response. {@linkcode login} is built on it.
 *
 * @module
 */

import { FLAG, OPCODE } from "./codes.ts";
import type { Connection } from "./connection.ts";
import { concat, type Pdu } from "./pdu.ts";
import { loginRequest } from "./requests.ts";
import { decodePairs, encodePairs, type Pairs } from "./text.ts";

/** Who logs in. */
export interface LoginIdentity {
  /** Six bytes; a fresh one when it is not given. */
  readonly isid?: Uint8Array;
  /** Session to join; 0 asks for a new one. */
  readonly tsih?: number;
  /** Number of the connection. */
  readonly connectionId?: number;
  /** CmdSN of the login, and so of the first command. */
  readonly cmdSN?: number;
  /** Collects broken rules in `violations` instead of throwing. */
  readonly tolerant?: boolean;
}

/** One Login Request; what is not given is what a plain initiator sends. */
export interface LoginStep {
  /** Stage of the request. */
  readonly csg: number;
  /** Stage to go to; setting it sets T too. */
  readonly nsg?: number;
  /** The C bit: the text goes on in the next request. */
  readonly continued?: boolean;
  /** Key and value pairs. */
  readonly pairs?: Pairs;
  /** The data segment itself, instead of pairs. */
  readonly data?: Uint8Array;
  /** Byte 1, instead of the one that follows from the stages. */
  readonly flags?: number;
  /** Protocol versions. */
  readonly versionMin?: number;
  /** Protocol versions. */
  readonly versionMax?: number;
  /** Session to join. */
  readonly tsih?: number;
  /** CmdSN of this request. */
  readonly cmdSN?: number;
  /** ExpStatSN of this request. */
  readonly expStatSN?: number;
}

/** One Login Response, taken apart. */
export interface LoginReply {
  /** The PDU itself. */
  readonly pdu: Pdu;
  /** Status class and detail, such as 0x0201. */
  readonly status: number;
  /** The T bit. */
  readonly transit: boolean;
  /** The C bit: the text goes on in the next response. */
  readonly continued: boolean;
  /** Stage of the response. */
  readonly csg: number;
  /** Next stage; meaningful with T. */
  readonly nsg: number;
  /** Session handle. */
  readonly tsih: number;
  /** Pairs of this and the continued responses before; none while C is set. */
  readonly pairs: readonly (readonly [string, string])[];
  /** The same by key; the last one wins. */
  readonly keys: ReadonlyMap<string, string>;
}

let isidCount = 0;

/** A session identifier that no other session of this process has. */
export function freshIsid(): Uint8Array {
  const isid = Uint8Array.of(0x80, 0, 0, 0, 0, 0);
  isidCount += 1;
  new DataView(isid.buffer).setUint32(2, isidCount);
  return isid;
}

/** The exchange of login PDUs on one connection. */
export class LoginExchange {
  /** Connection that logs in. */
  readonly connection: Connection;
  /** Session identifier of every request. */
  readonly isid: Uint8Array;
  /** CmdSN of every request. */
  readonly cmdSN: number;
  /** Every response so far. */
  readonly replies: LoginReply[] = [];
  /** Rules that the target broke; only a tolerant exchange goes on then. */
  readonly violations: string[] = [];
  /** StatSN that we expect next; undefined before the first response. */
  expStatSN: number | undefined;
  readonly #identity: LoginIdentity;
  readonly #tag = 1;
  #text: Uint8Array[] = [];

  /** Begins a login; nothing is sent yet. */
  constructor(connection: Connection, identity: LoginIdentity = {}) {
    this.connection = connection;
    this.#identity = identity;
    this.isid = identity.isid ?? freshIsid();
    this.cmdSN = identity.cmdSN ?? 1;
  }

  /** Sends one request and waits for its response. */
  async exchange(step: LoginStep): Promise<LoginReply> {
    await this.send(step);
    return await this.receive(step);
  }

  /** Sends one request. */
  send(step: LoginStep): Promise<void> {
    const { tsih = 0, connectionId = 0 } = this.#identity;
    return this.connection.send(loginRequest({
      flags: flagsOf(step),
      versionMin: step.versionMin ?? 0,
      versionMax: step.versionMax ?? 0,
      isid: this.isid,
      tsih: step.tsih ?? tsih,
      connectionId,
      initiatorTaskTag: this.#tag,
      cmdSN: step.cmdSN ?? this.cmdSN,
      expStatSN: step.expStatSN ?? this.expStatSN ?? 0,
      data: step.data ?? encodePairs(step.pairs ?? {}),
    }));
  }

  /**
   * Waits for a response.
   *
   * @param step the request that it answers; without it only its own fields
   *   are checked
   * @throws {Error} when another PDU comes, or one that breaks the rules
   */
  async receive(step?: LoginStep): Promise<LoginReply> {
    const pdu = await this.connection.receive("a Login Response");
    if (pdu.opcode !== OPCODE.LOGIN_RESPONSE) {
      throw new Error(`Expected a Login Response, got ${pdu}`);
    }
    this.#check(pdu, step);
    this.expStatSN = (pdu.statSN + 1) >>> 0;
    const reply = readReply(pdu, this.#collect(pdu));
    this.replies.push(reply);
    return reply;
  }

  // A pair may be cut anywhere: only the whole text can be read.
  #collect(pdu: Pdu): Uint8Array {
    this.#text.push(pdu.data);
    if (pdu.has(FLAG.CONTINUE)) return new Uint8Array(0);
    const text = concat(this.#text);
    this.#text = [];
    return text;
  }

  #check(pdu: Pdu, step: LoginStep | undefined): void {
    const faults = [...this.#headerFaults(pdu)];
    if (step !== undefined && pdu.u16(36) === 0) {
      faults.push(...stageFaults(pdu, step));
    }
    const broken = faults.map((fault) => `Wrong ${pdu}: ${fault}`);
    this.violations.push(...broken);
    if (broken.length > 0 && this.#identity.tolerant !== true) {
      throw new Error(broken.join("; "));
    }
  }

  *#headerFaults(pdu: Pdu): Generator<string> {
    const { expStatSN, isid } = this;
    if (pdu.initiatorTaskTag !== this.#tag) yield "not the request's tag";
    if (isid.some((byte, at) => byte !== pdu.u8(8 + at))) {
      yield "not the request's ISID";
    }
    if (expStatSN !== undefined && pdu.statSN !== expStatSN) {
      yield `StatSN is ${pdu.statSN}, expected ${expStatSN}`;
    }
    if (pdu.u8(3) !== 0) yield "the active version is not 0";
  }
}

// The stage bits mean nothing in an answer that refuses (RFC 7143 11.13.2).
function* stageFaults(pdu: Pdu, step: LoginStep): Generator<string> {
  const asked = flagsOf(step);
  if (((pdu.flags ^ asked) & 0x0c) !== 0) yield "not the request's stage";
  if (!pdu.has(FLAG.TRANSIT)) return;
  if (pdu.has(FLAG.CONTINUE)) yield "T and C at once";
  if ((asked & FLAG.TRANSIT) === 0) yield "T without a T in the request";
  else if ((pdu.flags & 3) > (asked & 3)) yield "beyond the stage asked for";
}

function flagsOf(step: LoginStep): number {
  if (step.flags !== undefined) return step.flags;
  const transit = step.nsg === undefined ? 0 : FLAG.TRANSIT | step.nsg;
  return transit | (step.continued === true ? FLAG.CONTINUE : 0) |
    step.csg << 2;
}

function readReply(pdu: Pdu, text: Uint8Array): LoginReply {
  const pairs = decodePairs(text);
  return {
    pdu,
    status: pdu.u16(36),
    transit: pdu.has(FLAG.TRANSIT),
    continued: pdu.has(FLAG.CONTINUE),
    csg: pdu.flags >> 2 & 3,
    nsg: pdu.flags & 3,
    tsih: pdu.u16(14),
    pairs,
    keys: new Map(pairs),
  };
}
