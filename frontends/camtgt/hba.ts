/**
 * An emulated HBA in target mode: one target port with its world wide names,
 * its queues of ATIOs and INOTs, and the initiators that are logged in.
 *
 * @module
 */

import {
  BufferPool,
  type Designator,
  DESIGNATOR_TYPE,
  type EventHub,
  fcTransportId,
  type Host,
  type Nexus,
  PORT_TYPE,
  sasTransportId,
  spiTransportId,
  type TargetPort,
} from "../../core/mod.ts";
import { CamNexus } from "./cam_nexus.ts";
import { type Exchange, newExchange } from "./exchange.ts";
import { FrameLink, type WireStream } from "./frame_link.ts";
import {
  CONNECTIONS_WAITING_MAX,
  LOGIN_MS_MAX,
  OUTPUT_BYTES_MAX,
  SEGMENT_BYTES,
  WASTE_MAX,
} from "./limits.ts";
import type { HbaOptions } from "./options.ts";
import { FRAME, type Frame, LOGIN_REASON } from "./wire/frame.ts";
import {
  decodeLogin,
  encodeLogin,
  type LoginPayload,
} from "./wire/payloads.ts";
import { wwnBytes, wwnText } from "./world_wide_names.ts";

/** What an HBA is made with. */
export interface HbaParts {
  /** The machine. */
  readonly host: Host;
  /** Hears of logins and logouts. */
  readonly events: EventHub;
  /** Its target port. */
  readonly port: TargetPort;
  /** Its limits and ways. */
  readonly options: HbaOptions;
  /** What its initiators are called; absent: by their world wide names. */
  readonly initiatorPort?: (wwpn: bigint) => InitiatorName;
}

/** What the core knows an initiator by. */
export interface InitiatorName {
  /** Its name. */
  readonly name: string;
  /** Its TransportID (SPC-5 7.6.4). */
  readonly transportId: Uint8Array;
}

/** What an HBA has counted. */
export interface HbaUsage {
  /** Initiators that are logged in. */
  readonly logins: number;
  /** Connections, those that have not logged in among them. */
  readonly connections: number;
  /** ATIOs in use. */
  readonly atios: number;
  /** INOTs in use. */
  readonly inots: number;
  /** CTIOs that have moved data. */
  readonly ctiosMoved: number;
  /** CTIOs that failed (port status BAD1h in CTL). */
  readonly ctiosFailed: number;
  /** Bytes of Data-In that wait to be acknowledged. */
  readonly heldBytes: number;
  /** Bytes that were sent and not taken yet. */
  readonly outputBytes: number;
}

const SECOND_MS = 1000;
let lastSession = 0;

/** One HBA. */
export class Hba {
  /** Its target port. */
  readonly port: TargetPort;
  /** Its limits and ways. */
  readonly options: HbaOptions;
  readonly #parts: HbaParts;
  readonly #pool: BufferPool = new BufferPool();
  readonly #connections: Set<HbaConnection> = new Set();
  readonly #logins: Map<string, HbaConnection> = new Map();
  #atios = 0;
  #inots = 0;
  #ctiosMoved = 0;
  #ctiosFailed = 0;

  /** An HBA to which nobody is connected. */
  constructor(parts: HbaParts) {
    this.#parts = parts;
    this.port = parts.port;
    this.options = parts.options;
  }

  /** What is in use. */
  get usage(): HbaUsage {
    const all = [...this.#connections];
    return {
      logins: this.#logins.size,
      connections: all.length,
      atios: this.#atios,
      inots: this.#inots,
      ctiosMoved: this.#ctiosMoved,
      ctiosFailed: this.#ctiosFailed,
      heldBytes: all.reduce((sum, { heldBytes }) => sum + heldBytes, 0),
      outputBytes: all.reduce((sum, { link }) => sum + link.outputBytes, 0),
    };
  }

  /** Serves a connection until it ends. */
  async serve(stream: WireStream, address: string): Promise<void> {
    if (!this.port.online) return stream.close();
    this.#makeRoom();
    const connection = new HbaConnection(this, this.#parts, stream, address);
    this.#connections.add(connection);
    try {
      await connection.run();
    } finally {
      this.#connections.delete(connection);
    }
  }

  /** Logs everybody out; resolves when their commands have ended. */
  async logOutAll(reason: string): Promise<void> {
    const all = [...this.#connections];
    await Promise.all(all.map((connection) => connection.logOut(reason)));
  }

  /** The path is lost: nothing more can be sent. */
  async cut(reason: string): Promise<void> {
    const all = [...this.#connections];
    for (const connection of all) connection.cut(reason);
    await Promise.all(all.map((connection) => connection.ended));
  }

  /** An initiator logs in; a login of the same name ends before. */
  async logIn(
    connection: HbaConnection,
    { wwpn, dataLengthMax }: LoginPayload,
  ): Promise<CamNexus | number> {
    const { name, transportId } = this.#initiatorPort(wwpn);
    // It is in its place until its commands have ended.
    for (;;) {
      const earlier = this.#logins.get(name);
      if (earlier === undefined) break;
      await earlier.logOut("another login has its name");
    }
    if (connection.link.closed) return LOGIN_REASON.PROTOCOL;
    if (!this.port.online) return LOGIN_REASON.OFFLINE;
    if (this.#logins.size >= this.options.logins) return LOGIN_REASON.FULL;
    const transport = this.#transport(connection, dataLengthMax);
    const nexus = this.port
      .connect(name, transportId, transport, newExchange);
    if (nexus === null) return LOGIN_REASON.FULL;
    transport.begin(nexus);
    connection.nexus = nexus;
    this.#logins.set(name, connection);
    return transport;
  }

  /** A login has ended. */
  loggedOut(connection: HbaConnection, name: string): void {
    if (this.#logins.get(name) === connection) this.#logins.delete(name);
  }

  /** What the port says of itself. */
  get login(): LoginPayload {
    const { targetDesignator, portDesignator } = this.port;
    return {
      wwnn: nameOf(targetDesignator),
      wwpn: nameOf(portDesignator),
      dataLengthMax: SEGMENT_BYTES,
      commandsMax: this.options.atios,
      functionsMax: this.options.inots,
    };
  }

  #transport(connection: HbaConnection, dataLengthMax: number): CamNexus {
    const { atios, inots, maxio, move_ms, autosense } = this.options;
    return new CamNexus({
      clock: this.#parts.host.clock,
      pool: this.#pool,
      maxIoBytes: maxio,
      segmentBytes: Math.min(SEGMENT_BYTES, dataLengthMax),
      moveMs: move_ms,
      autosense,
      send: (header, payload) => connection.link.send(header, payload),
      ctioEnded: (failed) => {
        if (failed) this.#ctiosFailed += 1;
        else this.#ctiosMoved += 1;
      },
      takeAtio: () => {
        if (this.#atios >= atios) return false;
        this.#atios += 1;
        return true;
      },
      giveAtio: () => this.#atios -= 1,
      takeInot: () => {
        if (this.#inots >= inots) return false;
        this.#inots += 1;
        return true;
      },
      giveInot: () => this.#inots -= 1,
    });
  }

  #initiatorPort(wwpn: bigint): InitiatorName {
    return this.#parts.initiatorPort?.(wwpn) ??
      { name: wwnText(wwpn), transportId: this.#transportId(wwpn) };
  }

  #transportId(wwpn: bigint): Uint8Array {
    switch (this.port.description.type) {
      case PORT_TYPE.FC:
        return fcTransportId(wwnBytes(wwpn));
      case PORT_TYPE.SAS:
        return sasTransportId(wwnBytes(wwpn));
      default:
        // A parallel bus knows addresses, not names.
        return spiTransportId(Number(wwpn & 0xffffn), this.port.number);
    }
  }

  // Whoever connects and says nothing keeps nobody out.
  #makeRoom(): void {
    const waiting = [...this.#connections].filter(({ nexus, link }) =>
      nexus === null && !link.closed
    );
    if (waiting.length < CONNECTIONS_WAITING_MAX) return;
    waiting[0]?.cut("others have come since");
  }
}

/** One connection to an HBA. */
export class HbaConnection {
  /** Its wire. */
  readonly link: FrameLink;
  /** Its nexus; null before the login. */
  nexus: Nexus<Exchange> | null = null;
  readonly #hba: Hba;
  readonly #parts: HbaParts;
  readonly #address: string;
  readonly #session: number = ++lastSession;
  readonly #ending: PromiseWithResolvers<void> = Promise.withResolvers();
  #transport: CamNexus | null = null;
  #wasted = 0;
  #wastedSinceMs = 0;

  /** A connection that has not logged in. */
  constructor(
    hba: Hba,
    parts: HbaParts,
    stream: WireStream,
    address: string,
  ) {
    this.#hba = hba;
    this.#parts = parts;
    this.#address = address;
    this.link = new FrameLink(stream, parts.host.clock, {
      frame: (frame) => this.#frame(frame),
      closed: () => {},
      outputBytesMax: OUTPUT_BYTES_MAX,
    });
  }

  /** Resolves when it is gone, and its commands with it. */
  get ended(): Promise<void> {
    return this.#ending.promise;
  }

  /** Bytes of Data-In that wait to be acknowledged. */
  get heldBytes(): number {
    return this.#transport?.heldBytes ?? 0;
  }

  /** Serves it until it ends. */
  async run(): Promise<void> {
    const { clock } = this.#parts.host;
    const cancel = clock.after(LOGIN_MS_MAX, () => {
      if (this.nexus === null) this.cut("nobody has logged in");
    });
    try {
      await this.link.run();
      await this.#end();
    } finally {
      cancel();
      this.#ending.resolve();
    }
  }

  /** Logs it out. */
  async logOut(reason: string): Promise<void> {
    this.link.send({ type: FRAME.LOGOUT });
    await Promise.race([this.link.finish(reason), this.ended]);
    await this.ended;
  }

  /** Ends it without a word. */
  cut(reason: string): void {
    this.link.close(reason);
  }

  #frame(frame: Frame): void | Promise<void> {
    if (this.#transport === null) return this.#logIn(frame);
    if (frame.type === FRAME.LOGOUT) return this.#loggedOut();
    const cost = this.#transport.frame(frame);
    if (typeof cost === "string") throw new RangeError(cost);
    if (cost > 0) return this.#waste(cost);
  }

  // Whoever does what costs others is not read until the next second.
  #waste(cost: number): void | Promise<void> {
    const { clock } = this.#parts.host;
    const nowMs = clock.nowMs();
    if (nowMs - this.#wastedSinceMs >= SECOND_MS) {
      this.#wastedSinceMs = nowMs;
      this.#wasted = 0;
    }
    this.#wasted += cost;
    if (this.#wasted <= WASTE_MAX) return;
    const leftMs = this.#wastedSinceMs + SECOND_MS - nowMs;
    return new Promise((resolve) => void clock.after(leftMs, resolve));
  }

  async #logIn(frame: Frame): Promise<void> {
    const login = frame.type === FRAME.LOGIN
      ? decodeLogin(frame.payload)
      : null;
    const transport = login === null || login.wwpn === 0n
      ? LOGIN_REASON.PROTOCOL
      : await this.#hba.logIn(this, login);
    if (typeof transport === "number") {
      this.link.send({ type: FRAME.LOGIN_REJECT, code: transport });
      return await this.link.finish("the login was refused");
    }
    this.#transport = transport;
    this.link.send(
      { type: FRAME.LOGIN_ACCEPT },
      encodeLogin(this.#hba.login),
    );
    this.#tell("session-opened");
  }

  async #loggedOut(): Promise<void> {
    await this.#end();
    this.link.send({ type: FRAME.LOGOUT_ACCEPT });
    await this.link.finish("the initiator has logged out");
  }

  async #end(): Promise<void> {
    const { nexus } = this;
    const transport = this.#transport;
    if (nexus === null) return;
    this.nexus = null;
    await transport?.end();
    this.#hba.loggedOut(this, nexus.initiator.name);
    this.#tell("session-closed", nexus.initiator.name);
  }

  #tell(
    type: "session-opened" | "session-closed",
    initiator: string = this.nexus?.initiator.name ?? "",
  ): void {
    const { port } = this.#hba;
    this.#parts.events.emit({
      type,
      session: this.#session,
      port: port.number,
      initiator,
      address: this.#address,
      target: wwnText(this.#hba.login.wwpn),
    });
  }
}

// Ports of other kinds have names, too: those are no world wide ones.
function nameOf(designator: Designator | null): bigint {
  return designator?.type === DESIGNATOR_TYPE.NAA
    ? BigInt(`0x${designator.bytes.toHex()}`)
    : 0n;
}
