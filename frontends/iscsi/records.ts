/**
 * What the service remembers of ports, connections and sessions.
 *
 * @module
 */

import type { SessionEvent, TargetPort } from "../../core/mod.ts";
import type {
  AcceptedConnection,
  IscsiPortAccess,
  IscsiPortRequest,
  IscsiSessionInfo,
} from "./api_types.ts";
import type { IscsiConnection } from "./connection.ts";
import type { LoginOutcome } from "./login.ts";
import type { Pump } from "./pump.ts";
import type { IscsiSession } from "./session.ts";

/** A target port and the sessions that go through it. */
export interface PortRecord {
  readonly request: IscsiPortRequest;
  access: IscsiPortAccess;
  readonly port: TargetPort;
  readonly sessions: Set<SessionRecord>;
}

/** A normal session. */
export interface SessionRecord {
  readonly id: number;
  readonly tsih: number;
  readonly outcome: LoginOutcome;
  readonly connection: ConnectionRecord;
  readonly session: IscsiSession;
  readonly owner: PortRecord;
  /** Its connection is gone: it is ending. */
  lost: boolean;
}

/** A connection, and its session when it has one. */
export interface ConnectionRecord {
  readonly accepted: AcceptedConnection;
  readonly portalGroup: string;
  readonly connection: IscsiConnection;
  readonly pump: Pump;
  record: SessionRecord | null;
  finished: Promise<void>;
}

/** A session as lists show it. */
export function describeSession(record: SessionRecord): IscsiSessionInfo {
  const { outcome, owner, connection } = record;
  return {
    id: record.id,
    initiator: outcome.initiatorName,
    initiatorAddress: connection.accepted.peerAddress,
    initiatorAlias: outcome.initiatorAlias ?? "",
    target: owner.request.target,
    targetAlias: owner.access.alias ?? "",
    portalGroupTag: owner.request.tag,
    port: owner.port.number,
    parameters: outcome.parameters,
    tasks: record.session.nexus?.taskCount ?? 0,
    statistics: record.session.nexus?.statistics ?? null,
  };
}

/** What is told when a session opens or closes. */
export function sessionEvent(
  type: SessionEvent["type"],
  { id, outcome, owner, connection }: SessionRecord,
): SessionEvent {
  return {
    type,
    session: id,
    port: owner.port.number,
    initiator: outcome.initiatorName,
    address: connection.accepted.peerAddress,
    target: owner.request.target,
  };
}
