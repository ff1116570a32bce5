/**
 * The iSCSI service of a target: its portal groups, target ports, connections
 * and sessions. Programs get it by the token `ISCSI`.
 *
 * @module
 */

import {
  ASSOCIATION,
  BufferPool,
  defineService,
  type Host,
  ManagementError,
  PORT_TYPE,
  type PortRegistry,
  PROTOCOL,
  scsiNameDesignator,
  type ServiceToken,
  type TargetPort,
} from "../../core/mod.ts";
import type {
  AuthGroup,
  Directory,
  Portal,
  PortalGroup,
  TargetEntry,
} from "./access.ts";
import type { ChapHashes } from "./chap.ts";
import { IscsiConnection, type OpenedSession } from "./connection.ts";
import { sendTargets } from "./discovery.ts";
import { LoginEngine, type LoginOutcome } from "./login.ts";
import { Output, SendBuffers } from "./output.ts";
import type { SessionParameters } from "./parameters.ts";
import { type ByteStream, Pump } from "./pump.ts";
import { ReceiveBuffers } from "./receive_buffers.ts";
import { IscsiSession } from "./session.ts";
import { TaskContext } from "./task_context.ts";
import { Turns } from "./turns.ts";
import { LOGIN_STATUS, type LoginStatus } from "./wire/login.ts";
import type { TextPair } from "./wire/text_keys.ts";

/** Token of the service. */
export const ISCSI: ServiceToken<IscsiService> = defineService("iscsi");

/** A portal that listens; closing it leaves its connections alone. */
export interface OpenPortal {
  /** Where it listens, the port as the system chose it. */
  readonly portal: Portal;
  /** Stops listening. */
  close(): void;
}

/** Opens sockets: the one thing the service cannot do by itself. */
export type Listen = (
  portal: Portal,
  accept: (connection: AcceptedConnection) => void,
) => OpenPortal;

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

/** Settings of the service; changed by reloads. */
export interface IscsiSettings {
  /** Seconds in which a login must end; 0: no limit. */
  readonly loginTimeoutSeconds: number;
  /** Seconds of silence after which a session is dropped; 0: never. */
  readonly pingTimeoutSeconds: number;
}

/** Settings that nobody has changed. */
export const DEFAULT_ISCSI_SETTINGS: IscsiSettings = {
  loginTimeoutSeconds: 60,
  pingTimeoutSeconds: 5,
};

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
}

/** Connections at once; more are closed as soon as they come. */
export const CONNECTIONS_MAX = 2048;

interface IscsiPort {
  readonly request: IscsiPortRequest;
  access: IscsiPortAccess;
  readonly port: TargetPort;
  readonly sessions: Set<SessionRecord>;
}

interface SessionRecord {
  readonly id: number;
  readonly tsih: number;
  readonly outcome: LoginOutcome;
  readonly connection: ConnectionRecord;
  readonly session: IscsiSession;
  readonly owner: IscsiPort;
}

interface ConnectionRecord {
  readonly accepted: AcceptedConnection;
  readonly portalGroup: string;
  readonly connection: IscsiConnection;
  readonly pump: Pump;
  record: SessionRecord | null;
  finished: Promise<void>;
}

/** What the service works with. */
export interface IscsiServices {
  /** The machine. */
  readonly host: Host;
  /** The target ports. */
  readonly ports: PortRegistry;
  /** Opens sockets. */
  readonly listen: Listen;
  /** Hashes for CHAP. */
  readonly hashes: ChapHashes;
}

const TICK_MS = 1000;
/** Seconds of silence after which an initiator is asked for a sign. */
const PING_AFTER_SECONDS = 2;

/** Portal groups, ports, connections and sessions of one target. */
export class IscsiService implements AsyncDisposable {
  readonly #services: IscsiServices;
  readonly #groups: Map<string, PortalGroup> = new Map();
  readonly #ports: Map<string, IscsiPort> = new Map();
  readonly #connections: Set<ConnectionRecord> = new Set();
  readonly #sendBuffers: SendBuffers = new SendBuffers();
  readonly #receiveBuffers: ReceiveBuffers = new ReceiveBuffers();
  readonly #heldBuffers: BufferPool = new BufferPool();
  readonly #turns: Turns;
  #settings: IscsiSettings = DEFAULT_ISCSI_SETTINGS;
  #nextId = 1;
  #nextTsih = 1;
  #nextVirtualPort = 1;
  #stopTicking: (() => void) | null = null;

  /** A service without portals and ports. */
  constructor(services: IscsiServices) {
    this.#services = services;
    this.#turns = new Turns(services.host.clock);
  }

  /** Changes settings; they hold for connections that exist, too. */
  setSettings(settings: IscsiSettings): void {
    this.#settings = settings;
  }

  /** Makes a portal group known, or changes it for new logins. */
  setPortalGroup(group: PortalGroup): void {
    this.#groups.set(group.name, group);
  }

  /** Forgets a portal group. */
  removePortalGroup(name: string): void {
    this.#groups.delete(name);
  }

  /** Listens for connections to a portal group. Throws what the system says. */
  openPortal(portalGroup: string, portal: Portal): OpenPortal {
    const open = this.#services.listen(
      portal,
      (accepted) => this.accept(portalGroup, accepted),
    );
    this.#tellPort(portalGroup, portal, open.portal.port);
    return open;
  }

  /** Makes a target port, off line, with every LUN visible. */
  createPort(request: IscsiPortRequest): TargetPort {
    const key = portKey(request.target, request.portalGroup);
    if (this.#ports.has(key)) {
      throw new ManagementError(
        "port-exists",
        `target "${request.target}" for portal group tag ${request.tag} ` +
          `already exists`,
      );
    }
    const { target, tag, access } = request;
    const port = this.#services.ports.register({
      frontend: "iscsi",
      name: "iscsi",
      type: PORT_TYPE.ISCSI,
      physicalPort: tag,
      virtualPort: this.#nextVirtualPort++,
      portDesignator: scsiNameDesignator(
        `${target},t,0x${tag.toString(16).padStart(4, "0")}`,
        ASSOCIATION.PORT,
        PROTOCOL.ISCSI,
      ),
      targetDesignator: scsiNameDesignator(
        target,
        ASSOCIATION.TARGET,
        PROTOCOL.ISCSI,
      ),
      details: portDetails(request),
      onlineChanged: (online) => {
        if (!online) this.#endSessions(key, "the port went off line");
      },
    });
    this.#ports.set(key, { request, access, port, sessions: new Set() });
    return port;
  }

  /** Changes what new logins through a port are judged by. */
  setPortAccess(
    target: string,
    portalGroup: string,
    access: IscsiPortAccess,
  ): void {
    this.#requirePort(target, portalGroup).access = access;
  }

  /** Ends all sessions of a port and removes it. */
  async removePort(target: string, portalGroup: string): Promise<void> {
    const key = portKey(target, portalGroup);
    const owner = this.#requirePort(target, portalGroup);
    this.#ports.delete(key);
    const ends = [...owner.sessions].map((record) =>
      this.#end(record, "the target was removed")
    );
    await Promise.all(ends);
    await this.#services.ports.remove(owner.port);
  }

  /** The target port of a target in a portal group, or undefined. */
  port(target: string, portalGroup: string): TargetPort | undefined {
    return this.#ports.get(portKey(target, portalGroup))?.port;
  }

  /** All sessions, by number. */
  sessions(): IscsiSessionInfo[] {
    return this.#records()
      .map(describeSession)
      .sort((one, other) => one.id - other.id);
  }

  /** Asks initiators to log out. @returns how many were asked */
  requestLogout(matches: (session: IscsiSessionInfo) => boolean): number {
    const chosen = this.#choose(matches);
    for (const record of chosen) record.session.requestLogout();
    return chosen.length;
  }

  /** Drops sessions. @returns how many were dropped */
  terminate(matches: (session: IscsiSessionInfo) => boolean): number {
    const chosen = this.#choose(matches);
    for (const record of chosen) {
      record.session.drop("terminated by the administrator");
    }
    return chosen.length;
  }

  /** Serves a connection that came in through a portal group. */
  accept(portalGroup: string, accepted: AcceptedConnection): void {
    if (this.#connections.size >= CONNECTIONS_MAX) {
      this.#services.host.log.warn("Too many connections", {
        limit: CONNECTIONS_MAX,
        initiator: accepted.peerAddress,
      });
      return accepted.stream.close();
    }
    const record = this.#connect(portalGroup, accepted);
    this.#connections.add(record);
    record.finished = this.#serve(record);
    this.#stopTicking ??= this.#tickLater();
  }

  /** Ends all connections and removes all ports. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopTicking?.();
    this.#stopTicking = null;
    for (const { request } of [...this.#ports.values()]) {
      await this.removePort(request.target, request.portalGroup);
    }
    const all = [...this.#connections];
    for (const { connection, pump } of all) {
      connection.close("the target is shut down");
      pump.close();
    }
    await Promise.all(all.map((record) => record.finished));
  }

  // Discovery has to tell the port that the system chose.
  #tellPort(portalGroup: string, portal: Portal, port: number): void {
    const group = this.#groups.get(portalGroup);
    if (group === undefined || portal.port === port) return;
    const portals = group.portals.map((each) =>
      each.address === portal.address && each.port === portal.port
        ? { ...each, port }
        : each
    );
    this.#groups.set(portalGroup, { ...group, portals });
  }

  #connect(
    portalGroup: string,
    accepted: AcceptedConnection,
  ): ConnectionRecord {
    const { host, hashes } = this.#services;
    const login = new LoginEngine({
      directory: this.#directory(portalGroup),
      peerAddress: accepted.peerAddress,
      entropy: host.entropy,
      hashes,
      log: host.log,
    });
    const output = new Output(this.#sendBuffers);
    const connection: IscsiConnection = new IscsiConnection({
      clock: host.clock,
      output,
      wakeOutput: () => record.pump.wakeOutput(),
      openSession: (outcome) => this.#openSession(record, outcome),
      sendTargets: (outcome, value) =>
        this.#sendTargets(record, outcome, value),
    }, login);
    const pump = new Pump(accepted.stream, connection, {
      receiveBuffers: this.#receiveBuffers,
      turns: this.#turns,
      defect: (error) =>
        host.log.error("A connection met a defect", {
          initiator: accepted.peerAddress,
          error: error instanceof Error ? error.stack : String(error),
        }),
    });
    const record: ConnectionRecord = {
      accepted,
      portalGroup,
      connection,
      pump,
      record: null,
      finished: Promise.resolve(),
    };
    return record;
  }

  async #serve(record: ConnectionRecord): Promise<void> {
    const reason = await record.pump.run();
    const session = record.record;
    this.#services.host.log.debug("Connection ended", {
      initiator: session?.outcome.initiatorName ??
        record.accepted.peerAddress,
      reason,
    });
    if (session !== null) {
      await session.session.nexus?.nexusLost();
      // Not before: its successor has to wait for the end of its tasks.
      session.owner.sessions.delete(session);
    }
    this.#connections.delete(record);
  }

  // Session reinstatement (RFC 7143 6.3.5), then the new session.
  async #openSession(
    connection: ConnectionRecord,
    outcome: LoginOutcome,
  ): Promise<OpenedSession | { status: LoginStatus }> {
    const owner = this.#ports
      .get(portKey(outcome.target?.name ?? "", connection.portalGroup));
    if (owner === undefined) return { status: LOGIN_STATUS.TARGET_REMOVED };
    if (!owner.port.online) return { status: LOGIN_STATUS.SERVICE_UNAVAILABLE };
    // Another login of the same initiator port may have come in meanwhile.
    while (true) {
      const old = [...owner.sessions].find((each) =>
        each.outcome.initiatorName === outcome.initiatorName &&
        each.outcome.isidHex === outcome.isidHex
      );
      if (old === undefined) break;
      await this.#end(old, "taken over by a new login");
    }
    return this.#startSession(connection, outcome, owner);
  }

  #startSession(
    connection: ConnectionRecord,
    outcome: LoginOutcome,
    owner: IscsiPort,
  ): OpenedSession | { status: LoginStatus } {
    const session = new IscsiSession(
      {
        output: connection.connection.output,
        heldBuffers: this.#heldBuffers,
        wakeOutput: () => connection.pump.wakeOutput(),
        sendTargets: (value) => this.#sendTargets(connection, outcome, value),
        coldReset: () => this.#coldReset(owner.request.target),
      },
      outcome.parameters,
      outcome.connectionId,
      outcome.expCmdSn,
      outcome.statSn,
    );
    const name = `${outcome.initiatorName},i,0x${outcome.isidHex}`;
    const nexus = owner.port.connect(
      name,
      iscsiTransportId(name),
      session,
      () => new TaskContext(),
    );
    if (nexus === null) return { status: LOGIN_STATUS.OUT_OF_RESOURCES };
    session.attach(nexus);
    const record = {
      id: this.#nextId++,
      tsih: this.#takeTsih(),
      outcome,
      connection,
      session,
      owner,
    };
    connection.record = record;
    owner.sessions.add(record);
    this.#services.host.log.info("Session opened", {
      initiator: outcome.initiatorName,
      target: owner.request.target,
      address: connection.accepted.peerAddress,
    });
    return { session, tsih: record.tsih };
  }

  // TSIHs are unique among all sessions, and never zero.
  #takeTsih(): number {
    const used = new Set(this.#records().map((record) => record.tsih));
    do {
      this.#nextTsih = this.#nextTsih % 0xffff + 1;
    } while (used.has(this.#nextTsih));
    return this.#nextTsih;
  }

  async #end(record: SessionRecord, reason: string): Promise<void> {
    record.connection.connection.close(reason);
    record.connection.pump.close();
    await record.connection.finished;
  }

  #endSessions(key: string, reason: string): void {
    for (const record of this.#ports.get(key)?.sessions ?? []) {
      record.session.drop(reason);
    }
  }

  #coldReset(target: string): void {
    for (const record of this.#records()) {
      if (record.owner.request.target === target) {
        record.session.drop("target cold reset");
      }
    }
  }

  #records(): SessionRecord[] {
    return [...this.#connections]
      .map((connection) => connection.record)
      .filter((record) => record !== null);
  }

  #choose(matches: (session: IscsiSessionInfo) => boolean): SessionRecord[] {
    return this.#records().filter((record) => matches(describeSession(record)));
  }

  #requirePort(target: string, portalGroup: string): IscsiPort {
    const owner = this.#ports.get(portKey(target, portalGroup));
    if (owner === undefined) {
      throw new ManagementError("port-not-found", "can't find target");
    }
    return owner;
  }

  #directory(portalGroup: string): Directory {
    const entries = () =>
      [...this.#ports.values()]
        .filter((each) => each.request.portalGroup === portalGroup)
        .map((each) => this.#entryOf(each));
    return {
      portalGroup: () => this.#groups.get(portalGroup),
      target: (name) => entries().find((entry) => entry.name === name),
      targets: entries,
      sessionExists: (tsih, initiatorName, isidHex) =>
        this.#records().some((record) =>
          record.tsih === tsih && record.outcome.isidHex === isidHex &&
          record.outcome.initiatorName === initiatorName
        ),
    };
  }

  #entryOf({ request, access }: IscsiPort): TargetEntry {
    return {
      name: request.target,
      portalGroupTag: request.tag,
      authGroup: access.authGroup,
      alias: access.alias,
      redirect: access.redirect,
      portalGroups: access.portalGroups
        .map((name) => this.#groups.get(name))
        .filter((group) => group !== undefined),
    };
  }

  #sendTargets(
    { portalGroup, accepted }: ConnectionRecord,
    outcome: LoginOutcome,
    value: string,
  ): readonly TextPair[] | undefined {
    return sendTargets(this.#directory(portalGroup), {
      initiatorName: outcome.initiatorName,
      peerAddress: accepted.peerAddress,
      localAddress: accepted.localAddress,
      proof: outcome.proof,
      sessionTarget: outcome.target?.name,
    }, value);
  }

  // Timers of all connections: one tick a second while there are any.
  #tickLater(): () => void {
    return this.#services.host.clock.after(TICK_MS, () => {
      this.#stopTicking = null;
      const nowMs = this.#services.host.clock.nowMs();
      for (const record of this.#connections) this.#tick(record, nowMs);
      if (this.#connections.size > 0) this.#stopTicking = this.#tickLater();
    });
  }

  #tick(record: ConnectionRecord, nowMs: number): void {
    const { connection, pump } = record;
    // Ticks, not time: after a halt nobody has had a chance to answer.
    const silentSeconds = ++connection.silentTicks;
    const { loginTimeoutSeconds, pingTimeoutSeconds } = this.#settings;
    if (connection.inLogin || connection.session === null) {
      const sinceSeconds = (nowMs - connection.openedMs) / 1000;
      if (loginTimeoutSeconds > 0 && sinceSeconds >= loginTimeoutSeconds) {
        this.#giveUp(record, "login timed out");
      }
    } else if (connection.closing !== null) {
      // It was told to go and does not take its last bytes.
      if (silentSeconds >= PING_AFTER_SECONDS) pump.close();
    } else if (pingTimeoutSeconds === 0) {
      return;
    } else if (silentSeconds >= pingTimeoutSeconds) {
      this.#giveUp(record, `no answer to pings for ${pingTimeoutSeconds} s`);
    } else if (silentSeconds >= PING_AFTER_SECONDS) {
      connection.session.ping();
    }
  }

  #giveUp({ connection, pump, accepted }: ConnectionRecord, reason: string) {
    this.#services.host.log.warn("Connection dropped", {
      initiator: accepted.peerAddress,
      reason,
    });
    connection.close(reason);
    pump.close();
  }
}

function portKey(target: string, portalGroup: string): string {
  return `${portalGroup}\n${target}`;
}

function portDetails(request: IscsiPortRequest): Map<string, string> {
  const details = new Map([
    ["cfiscsi_state", "1"],
    ["cfiscsi_target", request.target],
    ["cfiscsi_portal_group_tag", String(request.tag)],
  ]);
  if (request.access.alias !== undefined) {
    details.set("cfiscsi_target_alias", request.access.alias);
  }
  return details.set("ctld_portal_group_name", request.portalGroup);
}

function describeSession(record: SessionRecord): IscsiSessionInfo {
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
  };
}

/** TransportID of an iSCSI initiator port (SPC-5 7.6.4.6, format 01b). */
export function iscsiTransportId(name: string): Uint8Array {
  const { bytes } = scsiNameDesignator(name, ASSOCIATION.PORT);
  const id = new Uint8Array(4 + bytes.length);
  const view = new DataView(id.buffer);
  view.setUint8(0, 0x45);
  view.setUint16(2, bytes.length);
  id.set(bytes, 4);
  return id;
}
