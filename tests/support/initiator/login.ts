/**
 * The login of an initiator that knows what it wants: security stage with or
 * without CHAP, operational stage, texts cut over many PDUs, both ways.
 *
 * @module
 */

import { LOGIN_STATUS, STAGE } from "./codes.ts";
import { answerChallenge, type ChapCredentials, verifyTarget } from "./chap.ts";
import { connect, type Connection, type Portal } from "./connection.ts";
import {
  LoginExchange,
  type LoginIdentity,
  type LoginReply,
  type LoginStep,
} from "./login_exchange.ts";
import {
  DECLARATIVE_KEYS,
  DISCOVERY_OFFER,
  type Keys,
  negotiate,
  type Negotiated,
  NORMAL_OFFER,
} from "./negotiation.ts";
import { encodePairs } from "./text.ts";

/** Name of the initiator where a test gives none. */
export const INITIATOR_NAME = "iqn.2026-01.test.dtl:initiator";

/** How to log in. */
export interface LoginOptions extends LoginIdentity {
  /** Where the target listens; not needed with a connection. */
  readonly portal?: Portal;
  /** A connection that is open already, to a socket or in memory. */
  readonly connection?: Connection;
  /** Name of the initiator. */
  readonly initiatorName?: string;
  /** Alias of the initiator; none is sent without it. */
  readonly initiatorAlias?: string;
  /** Target; a login without one is a discovery session. */
  readonly targetName?: string;
  /** Session type, when it does not follow from the target name. */
  readonly sessionType?: "Normal" | "Discovery";
  /** User and secret; without it no authentication is offered. */
  readonly chap?: ChapCredentials;
  /** Value of AuthMethod: `CHAP` with credentials, else `None`. */
  readonly authMethod?: string;
  /** False begins with the operational stage. */
  readonly securityStage?: boolean;
  /** Operational keys that differ from the offer; undefined leaves one out. */
  readonly keys?: Keys;
  /** Most bytes of text in a request: longer ones go out in parts (C bit). */
  readonly requestBytesMax?: number;
}

/** How a login ended. */
export interface LoginOutcome {
  /** Status of the last response: class and detail, 0 for success. */
  readonly status: number;
  /** The connection, still open on our side. */
  readonly connection: Connection;
  /** Every pair that the target sent; the last one wins. */
  readonly keys: ReadonlyMap<string, string>;
  /** Every response, in order. */
  readonly replies: readonly LoginReply[];
  /** Values in force; meaningful after success. */
  readonly negotiated: Negotiated;
  /** Session handle. */
  readonly tsih: number;
  /** Whether the target proved itself; undefined when it was not asked. */
  readonly targetAuthenticated: boolean | undefined;
  /** The exchange, for its numbers. */
  readonly exchange: LoginExchange;
  /** Session type. */
  readonly discovery: boolean;
}

/**
 * Logs in, or finds out why not: a status other than 0 is an outcome too.
 *
 * @throws {Error} when the target closes without a word, breaks the rules, or
 *   refuses by a key what it should refuse by a status
 */
export async function login(options: LoginOptions): Promise<LoginOutcome> {
  const connection = options.connection ?? await connectTo(options.portal);
  try {
    return await new LoginRun(connection, options).run();
  } catch (error) {
    connection.close();
    throw error;
  }
}

function connectTo(portal: Portal | undefined): Promise<Connection> {
  if (portal === undefined) throw new TypeError("Cannot log in: no portal");
  return connect(portal);
}

/**
 * Logs in only to learn the status; expects the target to close after a
 * refusal, and closes after a success.
 *
 * @returns the status, such as `LOGIN_STATUS.NOT_FOUND`
 */
export async function loginStatus(options: LoginOptions): Promise<number> {
  const { status, connection } = await login(options);
  using _closing = connection;
  if (status !== LOGIN_STATUS.SUCCESS) await connection.expectClose();
  return status;
}

/** The target said no. */
export class LoginRefused extends Error {
  /** Name of the class. */
  override readonly name = "LoginRefused";
  /** Status class and detail. */
  readonly status: number;
  /** The whole outcome. */
  readonly outcome: LoginOutcome;

  /** Says which status. */
  constructor(outcome: LoginOutcome) {
    const status = outcome.status.toString(16).padStart(4, "0");
    super(`Cannot log in: the target answered with status 0x${status}`);
    this.status = outcome.status;
    this.outcome = outcome;
  }
}

const ROUNDS_MAX = 20;

class LoginRun {
  readonly #options: LoginOptions;
  readonly #exchange: LoginExchange;
  readonly #offer: Keys;
  readonly #discovery: boolean;
  #targetAuthenticated: boolean | undefined;

  constructor(connection: Connection, options: LoginOptions) {
    this.#options = options;
    this.#exchange = new LoginExchange(connection, options);
    this.#discovery = options.sessionType === undefined
      ? options.targetName === undefined
      : options.sessionType === "Discovery";
    const usual = this.#discovery ? DISCOVERY_OFFER : NORMAL_OFFER;
    this.#offer = { ...usual, ...options.keys };
  }

  async run(): Promise<LoginOutcome> {
    let refused = false;
    let pairs: Keys = this.#identity();
    if (this.#options.securityStage !== false) {
      refused = (await this.#security(pairs)).status !== 0;
      pairs = {};
    }
    if (!refused) {
      const step = { csg: STAGE.OPERATIONAL, nsg: STAGE.FULL_FEATURE };
      await this.#untilTransit(step, { ...pairs, ...this.#offer });
    }
    return this.#outcome();
  }

  #identity(): Keys {
    const { initiatorName, initiatorAlias, targetName } = this.#options;
    return {
      InitiatorName: initiatorName ?? INITIATOR_NAME,
      InitiatorAlias: initiatorAlias,
      SessionType: this.#options.sessionType ??
        (this.#discovery ? "Discovery" : "Normal"),
      TargetName: targetName,
    };
  }

  #security(identity: Keys): Promise<LoginReply> {
    const { chap, authMethod } = this.#options;
    const step = { csg: STAGE.SECURITY, nsg: STAGE.OPERATIONAL };
    if (chap !== undefined) return this.#chap(identity, chap);
    const pairs = { ...identity, AuthMethod: authMethod ?? "None" };
    return this.#untilTransit(step, pairs);
  }

  async #chap(identity: Keys, chap: ChapCredentials): Promise<LoginReply> {
    const stay = { csg: STAGE.SECURITY };
    const go = { ...stay, nsg: STAGE.OPERATIONAL };
    const AuthMethod = this.#options.authMethod ?? "CHAP";
    const chosen = await this.#send(stay, { ...identity, AuthMethod });
    if (chosen.status !== 0) return chosen;
    const method = chosen.keys.get("AuthMethod");
    if (method === "None") return await this.#untilTransit(go, {});
    if (method !== "CHAP") throw new Error(`Got AuthMethod=${method}`);
    const algorithms = (chap.algorithms ?? [5]).join(",");
    const challenge = await this.#send(stay, { CHAP_A: algorithms });
    if (challenge.status !== 0) return challenge;
    const answer = answerChallenge(chap, challenge.keys);
    const last = await this.#untilTransit(go, answer.pairs);
    if (chap.mutual !== undefined && last.status === 0) {
      this.#targetAuthenticated = verifyTarget(chap, answer, last.keys);
    }
    return last;
  }

  async #untilTransit(step: LoginStep, pairs: Keys): Promise<LoginReply> {
    let reply = await this.#send(step, pairs);
    let sent = pairs;
    for (let round = 0; round < ROUNDS_MAX; round++) {
      if (reply.status !== 0 || reply.transit) return reply;
      const accepted = acceptProposals(reply, sent);
      sent = { ...sent, ...accepted };
      reply = await this.#send(step, accepted);
    }
    throw new Error(`The target stays in its stage for ${ROUNDS_MAX} rounds`);
  }

  async #send(step: LoginStep, pairs: Keys): Promise<LoginReply> {
    let rest = encodePairs(pairs);
    const most = this.#options.requestBytesMax ?? Infinity;
    while (rest.length > most) {
      const data = rest.subarray(0, most);
      rest = rest.subarray(most);
      const part = { csg: step.csg, continued: true, data };
      const reply = await this.#exchange.exchange(part);
      if (reply.status !== 0) return reply;
      expectEmpty(reply);
    }
    return await this.#readAll({ ...step, data: rest });
  }

  async #readAll(step: LoginStep): Promise<LoginReply> {
    let reply = await this.#exchange.exchange(step);
    for (let round = 0; reply.continued && round < ROUNDS_MAX; round++) {
      reply = await this.#exchange.exchange({ ...step, data: EMPTY });
    }
    return reply;
  }

  #outcome(): LoginOutcome {
    const { replies, connection } = this.#exchange;
    const keys = new Map(replies.flatMap((reply) => reply.pairs));
    const last = replies.at(-1);
    const negotiated = negotiate(this.#offer, keys);
    const status = last?.status ?? 0;
    if (status === 0) connection.digests = negotiated.digests;
    return {
      status,
      connection,
      keys,
      replies,
      negotiated,
      tsih: last?.tsih ?? 0,
      targetAuthenticated: this.#targetAuthenticated,
      exchange: this.#exchange,
      discovery: this.#discovery,
    };
  }
}

// What the target proposes by itself is accepted as it is.
function acceptProposals(reply: LoginReply, sent: Keys): Keys {
  const proposed = reply.pairs.filter(([key]) =>
    sent[key] === undefined && !DECLARATIVE_KEYS.has(key) &&
    !key.startsWith("CHAP_") && key !== "AuthMethod"
  );
  return Object.fromEntries(proposed);
}

const EMPTY = new Uint8Array(0);

function expectEmpty(reply: LoginReply): void {
  if (reply.pdu.data.length === 0 && !reply.transit) return;
  throw new Error(
    `Expected an empty response to a text in parts: ${reply.pdu}`,
  );
}
