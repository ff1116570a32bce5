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
/** Connections at once that have not logged in yet. */
export const LOGINS_MAX = 512;
/** Of these, connections from one address. */
export const LOGINS_PER_ADDRESS_MAX = 128;

/** What counts of a connection. */
export interface AdmittedConnection {
  /** Address of the initiator. */
  readonly peerAddress: string;
  /** It has not logged in yet. */
  readonly inLogin: boolean;
}

/**
 * Why another connection from an address is one too many; undefined: it is
 * not.
 */
export function refusalOfConnection(
  address: string,
  connections: Iterable<AdmittedConnection>,
): string | undefined {
  const here = { connections: 0, logins: 0 };
  const all = { connections: 0, logins: 0 };
  for (const { peerAddress, inLogin } of connections) {
    const logins = inLogin ? 1 : 0;
    all.connections += 1;
    all.logins += logins;
    if (peerAddress !== address) continue;
    here.connections += 1;
    here.logins += logins;
  }
  if (all.connections >= CONNECTIONS_MAX) return "connections";
  if (here.connections >= CONNECTIONS_PER_ADDRESS_MAX) {
    return "connections from this address";
  }
  if (all.logins >= LOGINS_MAX) return "logins";
  return here.logins >= LOGINS_PER_ADDRESS_MAX
    ? "logins from this address"
    : undefined;
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

  /** Whether another connection from an address is let in. */
  admits(
    peerAddress: string,
    connections: Iterable<AdmittedConnection>,
  ): boolean {
    const excess = refusalOfConnection(peerAddress, connections);
    // A flood is told once, until there is room again.
    if (excess !== undefined && excess !== this.#excess) {
      const fields = { excess, initiator: peerAddress };
      this.#log.warn("Too many connections", fields);
    }
    this.#excess = excess;
    if (excess !== undefined) count(this.refused, excess);
    return excess === undefined;
  }
}
