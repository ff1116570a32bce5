/**
 * The iSCSI service of a target: its portal groups, target ports, connections
 * and sessions. Programs get it by the token `ISCSI`.
 *
 * @module
 */

import {
  BufferPool,
  type Host,
  iscsiTransportId,
  type PortRegistry,
  type TargetPort,
} from "../../core/mod.ts";
import type { Directory, Portal, PortalGroup } from "./access.ts";
import { Admission } from "./admission.ts";
import type { ChapHashes } from "./chap.ts";
import { IscsiConnection, type OpenedSession } from "./connection.ts";
import { sendTargets } from "./discovery.ts";
import { LoginEngine, type LoginOutcome } from "./login.ts";
import { Output, SendBuffers } from "./output.ts";
import { Pump } from "./pump.ts";
import { ReceiveBuffers } from "./receive_buffers.ts";
import {
  type AcceptedConnection,
  type ConnectionRecord,
  describeSession,
  type IscsiPortAccess,
  type IscsiPortRequest,
  type IscsiSessionInfo,
  type PortRecord,
  type SessionRecord,
} from "./records.ts";
import { IscsiSession } from "./session.ts";
import { TargetPorts } from "./target_ports.ts";
import { TaskContext } from "./task_context.ts";
import { Turns } from "./turns.ts";
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

/** Connections at once; more are closed as soon as they come. */
export const CONNECTIONS_MAX = 2048;
/** Connections whose login is not over; the oldest makes room for a new one. */
export const LOGINS_MAX = 1024;

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

/** Portal groups, ports, connections and sessions of one target. */
export class IscsiService implements AsyncDisposable {
  readonly #services: IscsiServices;
  readonly #targetPorts: TargetPorts;
  readonly #connections: Set<ConnectionRecord> = new Set();
  readonly #watchdog: Watchdog;
  readonly #admission: Admission = new Admission();
  readonly #sendBuffers: SendBuffers = new SendBuffers();
  readonly #receiveBuffers: ReceiveBuffers = new ReceiveBuffers();
  readonly #heldBuffers: BufferPool = new BufferPool();
  readonly #turns: Turns;
  #nextId = 1;
  #nextTsih = 1;

  /** A service without portals and ports. */
  constructor(services: IscsiServices) {
    this.#services = services;
    this.#targetPorts = new TargetPorts(services.ports);
    this.#watchdog = new Watchdog(
      services.host,
      this.#connections,
      () => this.#admission.second(),
    );
    this.#turns = new Turns(services.host.clock);
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

  /** The target port of a target in a portal group, or undefined. */
  port(target: string, portalGroup: string): TargetPort | undefined {
    return this.#targetPorts.find(target, portalGroup)?.port;
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
    this.#limitLogins();
    const record = this.#connect(portalGroup, accepted);
    this.#connections.add(record);
    const wait = this.#admission.admit();
    record.finished = wait === null
      ? this.#serve(record)
      : wait.then(() => this.#serve(record));
    this.#watchdog.wake();
  }

  // Who connects and says nothing must not keep others from logging in.
  #limitLogins(): void {
    if (this.#connections.size < LOGINS_MAX) return;
    const waiting = [...this.#connections]
      .filter(({ connection }) =>
        connection.inLogin && connection.closing === null
      );
    const [oldest] = waiting;
    if (waiting.length < LOGINS_MAX || oldest === undefined) return;
    oldest.connection.close("too many logins at once");
    oldest.pump.close();
  }

  /** Ends all connections and removes all ports. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#watchdog.stop();
    for (const { request } of this.#targetPorts.all()) {
      await this.removePort(request.target, request.portalGroup);
    }
    const all = [...this.#connections];
    for (const { connection, pump } of all) {
      connection.close("the target is shut down");
      pump.close();
    }
    this.#admission.end();
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
    const owner = this.#targetPorts
      .find(outcome.target?.name ?? "", connection.portalGroup);
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
    owner: PortRecord,
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
      (tsih, initiatorName, isidHex) =>
        this.#records().some((record) =>
          record.tsih === tsih && record.outcome.isidHex === isidHex &&
          record.outcome.initiatorName === initiatorName
        ),
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
