/**
 * The other end of an initiator's connection, in memory: the test says what
 * the target sends and sees what it got.
 *
 * @module
 */

import {
  type ByteStream,
  Connection,
  FLAG,
  memoryStreamPair,
  NO_TAG,
  OPCODE,
  openSession,
  type Pdu,
  type Session,
  type SessionOptions,
} from "../../support/initiator/mod.ts";
import { makePdu, type PduFields } from "../../support/initiator/pdu.ts";
import { encodePairs, type Pairs } from "../../support/initiator/text.ts";

/** Fields of a Login Response that differ from those of a plain success. */
export interface LoginFields {
  /** Byte 1; the request's when not given. */
  readonly flags?: number;
  /** Status class and detail. */
  readonly status?: number;
  /** Session handle. */
  readonly tsih?: number;
}

/** A target that does what the test says. */
export class FakeTarget {
  /** Our end; `receive` gives what the initiator sent. */
  readonly connection: Connection;
  /** The initiator's end. */
  readonly initiator: Connection;
  /** StatSN of the next numbered response. */
  statSN = 100;
  /** Last command that the window admits. */
  maxCmdSN = 64;
  /** Next command that is expected. */
  expCmdSN = 1;

  /** Connects both ends in memory, or takes over a socket of the initiator. */
  constructor(socket?: ByteStream) {
    const [here, there] = memoryStreamPair();
    this.connection = new Connection(socket ?? here);
    this.initiator = new Connection(there);
  }

  /** Waits for a PDU of this kind. */
  async take(opcode: number): Promise<Pdu> {
    const pdu = await this.connection.receive(`opcode ${opcode}`);
    if (pdu.opcode !== opcode) throw new Error(`Expected ${opcode}: ${pdu}`);
    return pdu;
  }

  /** Sends a PDU with our numbers; a numbered one uses up its StatSN. */
  send(fields: PduFields, numbered = true): Promise<void> {
    const words = {
      24: this.statSN,
      28: this.expCmdSN,
      32: this.maxCmdSN,
      ...fields.words,
    };
    if (numbered) this.statSN += 1;
    return this.connection.send(makePdu({ ...fields, words }));
  }

  /** Waits for a Login Request and answers it. */
  async answerLogin(
    pairs: Pairs | Uint8Array = {},
    fields: LoginFields = {},
  ): Promise<Pdu> {
    const request = await this.take(OPCODE.LOGIN);
    await this.respondToLogin(request, pairs, fields);
    return request;
  }

  /** Answers a Login Request that was taken. */
  respondToLogin(
    request: Pdu,
    pairs: Pairs | Uint8Array = {},
    fields: LoginFields = {},
  ): Promise<void> {
    return this.send({
      opcode: OPCODE.LOGIN_RESPONSE,
      flags: fields.flags ?? request.flags,
      lun: request.header.slice(8, 16),
      initiatorTaskTag: request.initiatorTaskTag,
      halves: { 14: fields.tsih ?? 0, 36: fields.status ?? 0 },
      data: pairs instanceof Uint8Array ? pairs : encodePairs(pairs),
    });
  }

  /** Lets an initiator in, with these answers in the operational stage. */
  async openSession(
    answers: Pairs = {},
    options: SessionOptions = {},
  ): Promise<Session> {
    const opening = openSession({
      connection: this.initiator,
      targetName: "iqn.target",
      securityStage: false,
      ...options,
    });
    await this.answerLogin(answers, { tsih: 7 });
    return await opening;
  }

  /** Answers a command with a status. */
  respond(
    command: Pdu,
    status = 0,
    data: Uint8Array = new Uint8Array(0),
  ): Promise<void> {
    return this.send({
      opcode: OPCODE.SCSI_RESPONSE,
      flags: FLAG.FINAL,
      initiatorTaskTag: command.initiatorTaskTag,
      bytes: { 3: status },
      data,
    });
  }

  /** Asks for data of a command. */
  askForData(
    command: Pdu,
    r2tSN: number,
    offset: number,
    length: number,
  ): Promise<void> {
    return this.send({
      opcode: OPCODE.R2T,
      flags: FLAG.FINAL,
      initiatorTaskTag: command.initiatorTaskTag,
      words: { 20: 0x500 + r2tSN, 36: r2tSN, 40: offset, 44: length },
    }, false);
  }

  /** Sends a ping that wants an answer. */
  ping(tag: number): Promise<void> {
    return this.send({
      opcode: OPCODE.NOP_IN,
      flags: FLAG.FINAL,
      initiatorTaskTag: NO_TAG,
      words: { 20: tag },
    }, false);
  }
}
