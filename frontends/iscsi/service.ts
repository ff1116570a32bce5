/**
 * The iSCSI service of a target: its portal groups, target ports, connections
 * and sessions. Programs get it by the token `ISCSI`.
 *
 * @module
 */

import {
  BufferPool,
  type EventHub,
  type Host,
  iscsiTransportId,
  type PluginPorts,
  type TargetPort,
} from "../../core/mod.ts";
import type { Directory, Portal, PortalGroup } from "./access.ts";
import { Admission } from "./admission.ts";
import type {
  AcceptedConnection,
  IscsiPortAccess,
  IscsiPortRequest,
  IscsiSessionInfo,
  IscsiUsage,
} from "./api_types.ts";
import { Arrivals } from "./arrivals.ts";
import type { ChapHashes } from "./chap.ts";
import { IscsiConnection, type OpenedSession } from "./connection.ts";
import { sendTargets } from "./discovery.ts";
import { IsnsClient, type IsnsExchange } from "./isns_client.ts";
import { LoginEngine, type LoginOutcome } from "./login.ts";
import { LoginGuard } from "./login_guard.ts";
import type { LoginCandidate, LoginOutlook } from "./login_outlook.ts";
import { Output, SendBuffers } from "./output.ts";
import { Pump } from "./pump.ts";
import { ReceiveBuffers } from "./receive_buffers.ts";
import {
  type ConnectionRecord,
  describeSession,
  type PortRecord,
  sessionEvent,
  type SessionRecord,
} from "./records.ts";
import { IscsiSession } from "./session.ts";
import { TargetPorts } from "./target_ports.ts";
import { TaskContext } from "./task_context.ts";
import { Turns } from "./turns.ts";
import { count, usageOf } from "./usage.ts";
import { type IscsiSettings, Watchdog } from "./watchdog.ts";
import { LOGIN_STATUS, type LoginStatus } from "./wire/login.ts";
import type { TextPair } from "./wire/text_keys.ts";

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

/**
 * Milliseconds that a login waits for the tasks of the session whose place it
 * takes. Shorter than initiators wait for the login: then they hear why.
 */
export const REINSTATEMENT_WAIT_MS = 10_000;

/** What the service works with. */
export interface IscsiServices {
  /** The machine. */
  readonly host: Host;
  /** The target ports. */
  readonly ports: PluginPorts;
  /** Hears of sessions. */
  readonly events: EventHub;
  /** Opens sockets. */
  readonly listen: Listen;
  /** Hashes for CHAP. */
  readonly hashes: ChapHashes;
  /** Talks to iSNS servers. */
  readonly exchangeIsns: IsnsExchange;
  /** Name of this host; empty: unknown. */
  readonly hostName: () => string;
}

/** Portal groups, ports, connections and sessions of one target. */
export class IscsiService implements AsyncDisposable {
  /** Registrations with iSNS servers. */
  readonly isns: IsnsClient;
  readonly #services: IscsiServices;
  readonly #targetPorts: TargetPorts;
  readonly #connections: Set<ConnectionRecord> = new Set();
  readonly #watchdog: Watchdog;
  readonly #arrivals: Arrivals = new Arrivals();
  readonly #sendBuffers: SendBuffers = new SendBuffers();
  readonly #receiveBuffers: ReceiveBuffers = new ReceiveBuffers();
  readonly #heldBuffers: BufferPool = new BufferPool();
  readonly #turns: Turns;
  readonly #guard: LoginGuard;
  readonly #admission: Admission;
  readonly #loginsRefused: Map<number, number> = new Map();
  #nextId = 1;
  #nextTsih = 1;

  /** A service without portals and ports. */
  constructor(services: IscsiServices) {
    this.#services = services;
    this.#targetPorts = new TargetPorts(services.ports);
    const { host, exchangeIsns, hostName } = services;
    const { clock, log } = host;
    this.#watchdog = new Watchdog(
      host,
      this.#connections,
      () => this.#arrivals.second(),
    );
    this.#turns = new Turns(clock);
    this.#guard = new LoginGuard(clock);
    this.#admission = new Admission(log);
    this.isns = new IsnsClient({
      clock,
      log,
      exchange: exchangeIsns,
      hostName,
    });
  }

  /** Changes settings; they hold for connections that exist, too. */
  setSettings(settings: IscsiSettings): void {
    this.#watchdog.settings = settings;
  }

  /** Makes a portal group known, or changes it for new logins. */
  setPortalGroup(group: PortalGroup): void {
    this.#targetPorts.setGroup(group);
  }

  /** Forgets a portal group. */
  removePortalGroup(name: string): void {
    this.#targetPorts.removeGroup(name);
  }

  /** Listens for connections to a portal group. Throws what the system says. */
  openPortal(portalGroup: string, portal: Portal): OpenPortal {
    const open = this.#services.listen(
      portal,
      (accepted) => this.accept(portalGroup, accepted),
    );
    this.#targetPorts.tellPort(portalGroup, portal, open.portal.port);
    return open;
  }

  /** Makes a target port, off line, with every LUN visible. */
  createPort(request: IscsiPortRequest): TargetPort {
    return this.#targetPorts.create(request, ({ sessions }) => {
      for (const record of sessions) {
        record.session.drop("the port went off line");
      }
    });
  }

  /** Changes what new logins through a port are judged by. */
  setPortAccess(
    target: string,
    portalGroup: string,
    access: IscsiPortAccess,
  ): void {
    this.#targetPorts.require(target, portalGroup).access = access;
  }

  /** Ends all sessions of a port and removes it. */
  async removePort(target: string, portalGroup: string): Promise<void> {
    const owner = this.#targetPorts.take(target, portalGroup);
    const ends = [...owner.sessions].map((record) =>
      this.#end(record, "the target was removed")
    );
    await Promise.all(ends);
    await this.#services.ports.remove(owner.port);
  }

  /** Removes the port of a target with a portal group tag. */
  async removePortOf(target: string, tag: number): Promise<void> {
    const { request } = this.#targetPorts.requireTag(target, tag);
    await this.removePort(request.target, request.portalGroup);
  }

  /** Name of the portal group with a tag, or undefined. */
  portalGroupOf(tag: number): string | undefined {
    return this.#targetPorts.groupOf(tag)?.name;
  }

  /** The target port of a target in a portal group, or undefined. */
  port(target: string, portalGroup: string): TargetPort | undefined {
    return this.#targetPorts.find(target, portalGroup)?.port;
  }

  /** How a login to a port would end; undefined: it is not an iSCSI port. */
  foreseeLogin(
    port: TargetPort,
    who: LoginCandidate,
  ): LoginOutlook | undefined {
    return this.#targetPorts.foreseeLogin(port, who);
  }

  /** All sessions, by number. */
  sessions(): IscsiSessionInfo[] {
    return this.#records()
      .map(describeSession)
      .sort((one, other) => one.id - other.id);
  }

  /** What it holds now, and whom it has refused so far. */
  usage(): IscsiUsage {
    return usageOf(
      this.#connections,
      this.#admission.refused,
      this.#loginsRefused,
    );
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
    const { admitted, oldestLogin } = this.#admission
      .judge(accepted.peerAddress, this.#connections);
    if (!admitted) return accepted.stream.close();
    // Who connects and says nothing must not keep others from logging in.
    oldestLogin?.connection.close("too many logins at once");
    oldestLogin?.pump.close();
    const record = this.#connect(portalGroup, accepted);
    this.#connections.add(record);
    const wait = this.#arrivals.admit();
    record.finished = wait === null
      ? this.#serve(record)
      : wait.then(() => this.#serve(record));
    this.#watchdog.wake();
  }

  /** Ends all connections and removes all ports. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#watchdog.stop();
    await this.isns.deregisterAll();
    for (const { request } of this.#targetPorts.all()) {
      await this.removePort(request.target, request.portalGroup);
    }
    const all = [...this.#connections];
    for (const { connection, pump } of all) {
      connection.close("the target is shut down");
      pump.close();
    }
    this.#arrivals.end();
    await Promise.all(all.map((record) => record.finished));
  }

  #connect(
    portalGroup: string,
    accepted: AcceptedConnection,
  ): ConnectionRecord {
    const { host, hashes } = this.#services;
    const login = new LoginEngine({
      directory: this.#directory(portalGroup),
      peerAddress: accepted.peerAddress,
      guard: this.#guard,
      entropy: host.entropy,
      hashes,
      log: host.log,
    });
    const output = new Output(this.#sendBuffers);
    const connection: IscsiConnection = new IscsiConnection({
      clock: host.clock,
      output,
      wakeOutput: () => record.pump.wakeOutput(),
      loginRefused: (status) => count(this.#loginsRefused, status),
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
      session.lost = true;
      this.#services.events.emit(sessionEvent("session-closed", session));
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
    const owner = this.#targetPorts
      .find(outcome.target?.name ?? "", connection.portalGroup);
    if (owner === undefined) return { status: LOGIN_STATUS.TARGET_REMOVED };
    if (!owner.port.online) return { status: LOGIN_STATUS.SERVICE_UNAVAILABLE };
    if (outcome.tsih !== 0) return this.#reinstate(connection, outcome, owner);
    // Another login of the same initiator port may have come in meanwhile.
    while (true) {
      const old = [...owner.sessions].find((each) =>
        each.outcome.initiatorName === outcome.initiatorName &&
        each.outcome.isidHex === outcome.isidHex
      );
      if (old === undefined) break;
      if (await this.#endsInTime(old)) continue;
      this.#services.host.log.warn("A new login waits for a store", {
        initiator: outcome.initiatorName,
        target: owner.request.target,
      });
      return { status: LOGIN_STATUS.SERVICE_UNAVAILABLE };
    }
    return this.#startSession(connection, outcome, owner);
  }

  // Connection reinstatement (RFC 7143 6.3.4): the tasks of the old connection
  // end, all else of the session goes on.
  async #reinstate(
    connection: ConnectionRecord,
    outcome: LoginOutcome,
    owner: PortRecord,
  ): Promise<OpenedSession | { status: LoginStatus }> {
    const old = [...owner.sessions].find(({ tsih }) => tsih === outcome.tsih);
    const nexus = old?.session.nexus ?? null;
    if (old === undefined || nexus === null || old.lost) {
      return { status: LOGIN_STATUS.SESSION_DOES_NOT_EXIST };
    }
    const session = this.#makeSession(connection, outcome, owner);
    session.attach(nexus);
    // The end of the old connection is not the session's any more.
    old.connection.record = null;
    owner.sessions.delete(old);
    this.#remember({ ...old, outcome, connection, session });
    await this.#end(old, "taken over by another connection");
    await nexus.handOver(session);
    return { session, tsih: old.tsih };
  }

  #makeSession(
    connection: ConnectionRecord,
    outcome: LoginOutcome,
    owner: PortRecord,
  ): IscsiSession {
    return new IscsiSession(
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
  }

  #remember(record: SessionRecord): void {
    record.connection.record = record;
    record.owner.sessions.add(record);
  }

  #startSession(
    connection: ConnectionRecord,
    outcome: LoginOutcome,
    owner: PortRecord,
  ): OpenedSession | { status: LoginStatus } {
    const session = this.#makeSession(connection, outcome, owner);
    const name = `${outcome.initiatorName},i,0x${outcome.isidHex}`;
    const nexus = owner.port.connect(
      name,
      iscsiTransportId(name),
      session,
      () => new TaskContext(),
    );
    if (nexus === null) return { status: LOGIN_STATUS.OUT_OF_RESOURCES };
    session.attach(nexus);
    const tsih = this.#takeTsih();
    const id = this.#nextId++;
    const parts = { id, tsih, outcome, connection, session, owner };
    const record = { ...parts, lost: false };
    this.#remember(record);
    const event = sessionEvent("session-opened", record);
    this.#services.events.emit(event);
    const { initiator, target, address } = event;
    const fields = { initiator, target, address };
    this.#services.host.log.info("Session opened", fields);
    return { session, tsih };
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

  // A session may begin when the tasks of the one before it cannot touch data
  // any more. A store that hangs must not let logins hang: they are refused,
  // and the initiator tries again.
  async #endsInTime(old: SessionRecord): Promise<boolean> {
    const late = Promise.withResolvers<boolean>();
    const cancel = this.#services.host.clock
      .after(REINSTATEMENT_WAIT_MS, () => late.resolve(false));
    const ended = this.#end(old, "taken over by a new login");
    const inTime = await Promise.race([ended.then(() => true), late.promise]);
    cancel();
    return inTime;
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

  #directory(portalGroup: string): Directory {
    return this.#targetPorts.directory(
      portalGroup,
      (tsih, initiatorName, isidHex) => {
        const record = this.#records().find((each) =>
          each.tsih === tsih && each.outcome.isidHex === isidHex &&
          each.outcome.initiatorName === initiatorName &&
          each.owner.request.portalGroup === portalGroup
        );
        return record && {
          connectionId: record.outcome.connectionId,
          target: record.owner.request.target,
          parameters: record.outcome.parameters,
        };
      },
    );
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
}
