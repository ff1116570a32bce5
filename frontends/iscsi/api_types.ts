/**
 * What programs say to the iSCSI service, and what it tells them.
 *
 * @module
 */

import type { CommandTally } from "../../core/mod.ts";
import type { AuthGroup } from "./access.ts";
import type { SessionParameters } from "./parameters.ts";
import type { ByteStream } from "./pump.ts";

/** A connection that an initiator has opened. */
export interface AcceptedConnection {
  /** Its bytes. */
  readonly stream: ByteStream;
  /** Address that the initiator used, without port. */
  readonly localAddress: string;
  /** Port that the initiator used. */
  readonly localPort: number;
  /** Address of the initiator, without port. */
  readonly peerAddress: string;
}

/** A target as one portal group shows it. */
export interface IscsiPortRequest {
  /** iSCSI name in lower case. */
  readonly target: string;
  /** Name of the portal group. */
  readonly portalGroup: string;
  /** Tag of the portal group. */
  readonly tag: number;
  /** By what logins are judged. */
  readonly access: IscsiPortAccess;
}

/** What logins through a port are judged by; changed by reloads. */
export interface IscsiPortAccess {
  /** Who may log in. */
  readonly authGroup: AuthGroup;
  /** Words for people. */
  readonly alias?: string | undefined;
  /** Address to which logins are sent on. */
  readonly redirect?: string | undefined;
  /** Whether initiators shall remember it. */
  readonly movedPermanently?: boolean | undefined;
  /** Names of the groups whose addresses discovery tells. */
  readonly portalGroups: readonly string[];
}

/** A session as lists show it. */
export interface IscsiSessionInfo {
  /** Number, from 1. */
  readonly id: number;
  /** Name of the initiator. */
  readonly initiator: string;
  /** Address of the initiator. */
  readonly initiatorAddress: string;
  /** Alias of the initiator. */
  readonly initiatorAlias: string;
  /** Name of the target. */
  readonly target: string;
  /** Alias of the target. */
  readonly targetAlias: string;
  /** Tag of the portal group. */
  readonly portalGroupTag: number;
  /** Number of the target port. */
  readonly port: number;
  /** What was agreed at login. */
  readonly parameters: SessionParameters;
  /** Tasks under way. */
  readonly tasks: number;
  /** Counters of its commands; null: it is being opened. */
  readonly statistics: CommandTally | null;
}

/** What the service holds now, and whom it has refused so far. */
export interface IscsiUsage {
  /** Connections, those that have not logged in yet too. */
  readonly connections: number;
  /** Of these, connections that have not logged in yet. */
  readonly logins: number;
  /** Bytes of data that came before their commands wanted them. */
  readonly heldBytes: number;
  /** Bytes built and not yet taken by initiators. */
  readonly outputBytes: number;
  /** Bytes of the buffers that connections receive into. */
  readonly receiveBytes: number;
  /** Connections that were closed as soon as they came, by the reason. */
  readonly connectionsRefused: ReadonlyMap<string, number>;
  /** Logins that were refused or sent on, by their status (RFC 7143 11.13). */
  readonly loginsRefused: ReadonlyMap<number, number>;
}
