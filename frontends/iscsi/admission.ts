/**
 * How many connections there may be, so that nobody can take all of them.
 *
 * @module
 */

import type { Log } from "../../core/mod.ts";
import { count } from "./usage.ts";

/** Connections at once; more are closed as soon as they come. */
export const CONNECTIONS_MAX = 2048;
/** Of these, connections from one address. */
export const CONNECTIONS_PER_ADDRESS_MAX = 1024;
/** Connections whose login is not over; the oldest makes room for a new one. */
export const LOGINS_MAX = 1024;

/** What counts of a connection. */
export interface AdmittedConnection {
  /** How it came. */
  readonly accepted: { readonly peerAddress: string };
  /** How far it is. */
  readonly connection: {
    /** It has not logged in yet. */
    readonly inLogin: boolean;
    /** Why it is to be closed; null: it is not. */
    readonly closing: string | null;
  };
}

/** Whether there is room for another connection. */
export interface Judgement<Connection> {
  /** What there is too much of; undefined: there is room. */
  readonly excess?: string;
  /** The login that makes room, when logins are what there is too much of. */
  readonly oldestLogin?: Connection;
}

/** Judges another connection from an address beside those that exist. */
export function judgeConnection<Connection extends AdmittedConnection>(
  address: string,
  connections: Iterable<Connection>,
): Judgement<Connection> {
  let [all, here, logins] = [0, 0, 0];
  let oldestLogin: Connection | undefined;
  for (const each of connections) {
    all += 1;
    if (each.accepted.peerAddress === address) here += 1;
    if (!each.connection.inLogin || each.connection.closing !== null) continue;
    logins += 1;
    oldestLogin ??= each;
  }
  // A storm of logins must not shut out those who mean it.
  if (logins >= LOGINS_MAX && oldestLogin !== undefined) {
    return { excess: "logins", oldestLogin };
  }
  if (all >= CONNECTIONS_MAX) return { excess: "connections" };
  return here >= CONNECTIONS_PER_ADDRESS_MAX
    ? { excess: "connections from this address" }
    : {};
}

/** Lets connections in, and counts those that it does not. */
export class Admission {
  /** Connections that were not let in, by the reason. */
  readonly refused: Map<string, number> = new Map();
  readonly #log: Log;
  #excess: string | undefined;

  /** Tells a log. */
  constructor(log: Log) {
    this.#log = log;
  }

  /** Judges another connection from an address, and counts it if it goes. */
  judge<Connection extends AdmittedConnection>(
    address: string,
    connections: Iterable<Connection>,
  ): { admitted: boolean; oldestLogin?: Connection } {
    const { excess, oldestLogin } = judgeConnection(address, connections);
    // A flood is told once, until there is room again.
    if (excess !== undefined && excess !== this.#excess) {
      const fields = { excess, initiator: address };
      this.#log.warn("Too many connections", fields);
    }
    this.#excess = excess;
    if (excess !== undefined) count(this.refused, excess);
    return oldestLogin === undefined
      ? { admitted: excess === undefined }
      : { admitted: true, oldestLogin };
  }
}
