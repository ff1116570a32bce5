/**
 * A target with its iSCSI frontend on streams in memory: a portal group for a
 * hostile initiator and one for a decent one, who has a LUN of its own.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { plugin as ramdisk } from "../../backends/ramdisk/mod.ts";
import {
  createTarget,
  type Nexus,
  type Target,
  type TargetPort,
} from "../../core/mod.ts";
import type { AuthGroup } from "../../frontends/iscsi/access.ts";
import { CHAP_HASHES } from "../../frontends/iscsi/hash_adapter.ts";
import { PENDING_BYTES_MAX } from "../../frontends/iscsi/output.ts";
import { IscsiService } from "../../frontends/iscsi/service.ts";
import { IMMEDIATE_TASKS_MAX } from "../../frontends/iscsi/session.ts";
import { WINDOW_SIZE } from "../../frontends/iscsi/task_window.ts";
import { ControlledDriver, pluginOf } from "../support/core_driver.ts";
import { settle } from "../support/core_target.ts";
import {
  type ByteStream,
  Connection,
  memoryStreamPair,
  openSession,
  read10,
  type Session,
  testUnitReady,
  write10,
} from "../support/initiator/mod.ts";
import { type MemoryHost, memoryHost } from "../support/memory_host.ts";
import { BLOCK_COUNT, BLOCK_LENGTH } from "./command_plan.ts";
import { LimitedStream } from "./limited_stream.ts";
import { watched } from "./watched_connections.ts";

/** Name of the target that the hostile initiator sees. */
export const HOSTILE_TARGET = "iqn.2026-01.test.dtl:target";
/** Secret of the CHAP user `joe`. */
export const SECRET = "topsecret123";
const DECENT_TARGET = "iqn.2026-01.test.dtl:decent";
const BLOCKS = 8;
const TURNS = 100;
const TURNS_MAX = 2_000_000;

/** A group that lets everybody in. */
export const EVERYBODY: AuthGroup = {
  type: "none",
  credentials: new Map([["joe", { user: "joe", secret: SECRET }]]),
  initiatorNames: new Set(),
  admitsAddress: () => true,
};

/** Bytes that a connection may have ready to send: answers to one batch. */
const PENDING_BYTES_LIMIT = 2 * PENDING_BYTES_MAX;

/** What an administrator may do. */
export type Administration =
  | "logout"
  | "terminate"
  | "offline"
  | "map"
  | "unmap";

/** Both ends of a connection. */
export interface Line {
  /** The initiator's. */
  readonly connection: Connection;
  /** The target's. */
  readonly stream: LimitedStream;
}

/** The rig. */
export class IscsiRig {
  /** The machine. */
  readonly host: MemoryHost = memoryHost();
  /** The target. */
  readonly target: Target;
  readonly #driver: ControlledDriver = new ControlledDriver();
  readonly #service: IscsiService;
  #decent: Session | undefined;
  #pattern = 1;

  /** A target without LUNs. */
  constructor() {
    const plugins = new Map([
      ["ramdisk", Promise.resolve(ramdisk)],
      ["controlled", Promise.resolve(pluginOf(this.#driver))],
    ]);
    const { host } = this;
    this.target = createTarget({
      host,
      findPlugin: (name) => plugins.get(name),
    });
    this.#service = new IscsiService({
      host,
      ports: this.target.ports,
      events: this.target.events,
      listen: () => {
        throw new TypeError("No portal is opened");
      },
      hashes: CHAP_HASHES,
      exchangeIsns: () => Promise.reject(new Error("no network")),
      hostName: () => "",
    });
  }

  /** A target with its LUNs; `access` is what hostile logins are judged by. */
  static async create(access: Partial<AuthGroup> = {}): Promise<IscsiRig> {
    watched.begin();
    const rig = new IscsiRig();
    await rig.#addLuns();
    rig.#addPort(HOSTILE_TARGET, "hostile", [[0, 0], [1, 2], [2, 3]], access);
    rig.#addPort(DECENT_TARGET, "decent", [[0, 1]], {});
    await rig.#beginDecent();
    return rig;
  }

  /** Opens a connection that nothing has been sent on. */
  connect(pieceBytesMax: number = Infinity): Line {
    const [there, here] = memoryStreamPair();
    const stream = new LimitedStream(there, pieceBytesMax);
    this.accept(stream, "hostile");
    return { connection: new Connection(here), stream };
  }

  /** Lets the service have a stream. */
  accept(stream: ByteStream, portalGroup: string): void {
    this.#service.accept(portalGroup, {
      stream,
      localAddress: "192.0.2.1",
      localPort: 3260,
      peerAddress: "192.0.2.7",
    });
  }

  /** Moves time, so that timers of the service run. */
  wait(ms: number): void {
    this.host.clock.advance(ms);
  }

  /**
   * A second goes by in which nobody is dropped for being silent: only those
   * that had to wait for it go on.
   */
  second(): void {
    const never = { loginTimeoutSeconds: 0, pingTimeoutSeconds: 0 };
    this.#service.setSettings(never);
    this.wait(1000);
  }

  /** An administrator does something to the hostile sessions. */
  administer(what: Administration): void {
    const isHostile = ({ target }: { readonly target: string }) =>
      target === HOSTILE_TARGET;
    switch (what) {
      case "logout":
        this.#service.requestLogout(isHostile);
        break;
      case "terminate":
        this.#service.terminate(isHostile);
        break;
      case "offline":
        this.#hostilePort().setOnline(false);
        break;
      case "map":
        this.#hostilePort().mapLun(7, 3);
        break;
      case "unmap":
        this.#hostilePort().mapLun(2, undefined);
    }
  }

  /** Makes the asynchronous store wait, or lets it go on. */
  holdStore(holding: boolean): void {
    for (const store of this.#driver.stores) {
      if (holding) store.holding = true;
      else store.answerAll();
    }
  }

  /** What holds at any time: nothing was thrown, and memory is bounded. */
  checkNow(): void {
    assertEquals(watched.exceptions, [], "exceptions of connections");
    assertEquals(this.target.defects, 0, "defects");
    const pending = watched.pendingBytesMax;
    const isBounded = pending <= PENDING_BYTES_LIMIT;
    assert(isBounded, `${pending} bytes are ready to send`);
    for (const nexus of this.#hostileNexuses()) {
      const most = WINDOW_SIZE + IMMEDIATE_TASKS_MAX;
      assert(nexus.taskCount <= most, `${nexus.taskCount} tasks at once`);
    }
  }

  /** The decent session still works, and its data are its own. */
  async checkDecent(): Promise<void> {
    const session = this.#requireDecent();
    const cdb = read10(0, BLOCKS);
    const expected = this.#data();
    const { data } = await session.command(0, cdb, { read: expected.length });
    assertEquals(data.toHex(), expected.toHex(), "data of the decent session");
    this.#pattern = this.#pattern % 255 + 1;
    await this.#write();
  }

  /** After the hostile ones have left: nothing of theirs is left. */
  async finish(): Promise<void> {
    this.holdStore(false);
    for (let turn = 0; turn < TURNS_MAX && this.#hasRest(); turn += TURNS) {
      await settle(TURNS);
    }
    assert(!this.#hasRest(), "something of a connection is left");
    await this.checkDecent();
    await this.#requireDecent()[Symbol.asyncDispose]();
    await this.#service[Symbol.asyncDispose]();
    await this.target[Symbol.asyncDispose]();
    this.checkNow();
    const errors = this.host.log.lines
      .filter(({ text }) => text.startsWith("error:"));
    assertEquals(errors, [], "errors in the log");
  }

  async #addLuns(): Promise<void> {
    const sizeBytes = BLOCK_COUNT * BLOCK_LENGTH;
    const { luns } = this.target;
    const options = new Map([["capacity", "1m"]]);
    await luns.create({ backend: "ramdisk", sizeBytes, options });
    await luns.create({ backend: "ramdisk", sizeBytes, options });
    await luns.create({ backend: "ramdisk", deviceType: 3 });
    await luns.create({ backend: "controlled", sizeBytes });
  }

  #addPort(
    target: string,
    portalGroup: string,
    map: readonly (readonly [number, number])[],
    access: Partial<AuthGroup>,
  ): void {
    const tag = portalGroup === "hostile" ? 1 : 2;
    const authGroup = { ...EVERYBODY, ...access };
    this.#service.setPortalGroup({
      name: portalGroup,
      tag,
      discoveryAuthGroup: EVERYBODY,
      discoveryFilter: "none",
      portals: [{ address: "192.0.2.1", port: 3260, wildcard: false }],
    });
    const port = this.#service.createPort({
      target,
      portalGroup,
      tag,
      access: { authGroup, portalGroups: [portalGroup] },
    });
    port.setLunMap(new Map(map));
    port.setOnline(true);
  }

  async #beginDecent(): Promise<void> {
    const [there, here] = memoryStreamPair();
    this.accept(there, "decent");
    this.#decent = await openSession({
      connection: new Connection(here),
      targetName: DECENT_TARGET,
    });
    let status = 1;
    while (status !== 0) {
      ({ status } = await this.#decent.command(0, testUnitReady()));
    }
    await this.#write();
  }

  #data(): Uint8Array {
    return new Uint8Array(BLOCKS * BLOCK_LENGTH).fill(this.#pattern);
  }

  async #write(): Promise<void> {
    const session = this.#requireDecent();
    const { status } = await session.command(0, write10(0, BLOCKS), {
      write: this.#data(),
    });
    assertEquals(status, 0, "a write of the decent session");
  }

  #requireDecent(): Session {
    assert(this.#decent !== undefined, "the decent session was not begun");
    return this.#decent;
  }

  #hostilePort(): TargetPort {
    const port = this.#service.port(HOSTILE_TARGET, "hostile");
    assert(port !== undefined, "the hostile port exists");
    return port;
  }

  #hostileNexuses(): Nexus[] {
    return this.#service.port(HOSTILE_TARGET, "hostile") === undefined
      ? []
      : [...this.#hostilePort().nexuses];
  }

  #hasRest(): boolean {
    return this.#hostileNexuses().length > 0 ||
      this.target.luns.all().some((unit) => unit.taskSet.size > 0);
  }
}
