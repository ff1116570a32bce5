/**
 * A whole target on real sockets in this process, on a clock that stands
 * still until a test moves it. A test fails at its end when the target has met
 * a defect, or has broken a rule that the initiator watches.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import {
  type AuthGroup,
  createTarget,
  ISCSI,
  type IscsiService,
  type LogicalUnit,
  type OpenPortal,
  type Target,
  type TargetPort,
} from "../../mod.ts";
import { ControlledDriver, pluginOf } from "./core_driver.ts";
import type { ControlledStore } from "./core_store.ts";
import type { LunWish } from "./core_target.ts";
import { patternBytes } from "./bytes.ts";
import {
  type CommandOptions,
  openSession,
  type Portal,
  type RunningCommand,
  type Session,
  type SessionOptions,
  testUnitReady,
  write10,
} from "./initiator/mod.ts";
import { type MemoryHost, memoryHost } from "./memory_host.ts";

/** Name of the target that every test has. */
export const TARGET_NAME = "iqn.2026-01.test.dtl:target";
/** Bytes of a ramdisk when nothing else is said. */
export const LUN_BYTES: number = 4 * 2 ** 20;

/** A group that lets everybody log in. */
export const EVERYBODY: AuthGroup = {
  type: "none",
  credentials: new Map(),
  initiatorNames: new Set(),
  admitsAddress: () => true,
};

/** A portal group that listens on one address. */
export interface ListeningGroup {
  /** Its name. */
  readonly name: string;
  /** Where initiators connect. */
  readonly portal: Portal;
}

/** Where a portal group listens. */
export interface ListenWish {
  /** Address; default 127.0.0.1. */
  readonly address?: string;
  /** Discovery tells the address that the initiator used. */
  readonly wildcard?: boolean;
}

/** A target that listens. */
export class SystemTarget {
  /** The machine. */
  readonly host: MemoryHost = memoryHost();
  /** Backend `controlled`: its stores answer when they are told to. */
  readonly driver: ControlledDriver = new ControlledDriver();
  /** The target. */
  readonly target: Target;
  /** Portal groups, the first one first. */
  readonly groups: ListeningGroup[] = [];
  #iscsi: IscsiService | undefined;
  readonly #portals: OpenPortal[] = [];
  readonly #sessions: Session[] = [];

  /** A target without portals; {@linkcode SystemTarget.start} makes one. */
  constructor() {
    const controlled = Promise.resolve(pluginOf(this.driver));
    this.target = createTarget({
      host: this.host,
      findPlugin: (name) => name === "controlled" ? controlled : undefined,
    });
  }

  /** Loads the frontend; one target on one portal, with LUN 0 in memory. */
  async start(): Promise<void> {
    await this.target.plugins.load("iscsi");
    this.#iscsi = this.target.plugins.service(ISCSI);
    this.listen("pg1", 1);
    this.addPort(TARGET_NAME, "pg1");
    await this.addLun();
  }

  /** The iSCSI service. */
  get iscsi(): IscsiService {
    if (this.#iscsi === undefined) throw new TypeError("It was not started");
    return this.#iscsi;
  }

  /** Where the first portal group listens. */
  get portal(): Portal {
    return this.groups[0]?.portal ?? { port: 0 };
  }

  /** Adds a portal group that listens on a free port. */
  listen(name: string, tag: number, wish: ListenWish = {}): ListeningGroup {
    const { address = "127.0.0.1", wildcard = false } = wish;
    const wanted = { address, port: 0, wildcard };
    this.iscsi.setPortalGroup({
      name,
      tag,
      discoveryAuthGroup: EVERYBODY,
      discoveryFilter: "none",
      portals: [wanted],
    });
    const open = this.iscsi.openPortal(name, wanted);
    this.#portals.push(open);
    const { port } = open.portal;
    const group = { name, portal: { hostname: address, port } };
    this.groups.push(group);
    return group;
  }

  /** Shows a target through a portal group. */
  addPort(target: string, portalGroup: string, tag = 1): TargetPort {
    const port = this.iscsi.createPort({
      target,
      portalGroup,
      tag,
      access: { authGroup: EVERYBODY, portalGroups: [portalGroup] },
    });
    port.setOnline(true);
    return port;
  }

  /** Makes a LUN, in memory unless the wish says otherwise. */
  async addLun(wish: LunWish = {}): Promise<LogicalUnit> {
    const { backend = "ramdisk", options = {}, ...rest } = wish;
    const kept = backend === "ramdisk" ? { capacity: "64m" } : {};
    const { unit } = await this.target.luns.create({
      sizeBytes: LUN_BYTES,
      ...rest,
      backend,
      options: new Map(Object.entries({ ...kept, ...options })),
    });
    return unit;
  }

  /** Makes a LUN whose store the test controls. */
  async addControlled(
    options: Readonly<Record<string, string>> = {},
  ): Promise<ControlledStore> {
    await this.addLun({ backend: "controlled", options });
    return this.driver.store;
  }

  /** Opens a session with the first target; the test's end closes it. */
  async open(options: Partial<SessionOptions> = {}): Promise<Session> {
    const session = await openSession({
      portal: this.portal,
      ...options.sessionType === "Discovery" ? {} : { targetName: TARGET_NAME },
      ...options,
    });
    this.#sessions.push(session);
    return session;
  }

  /** Opens a session that has heard the unit attentions of all its LUNs. */
  async openReady(options: Partial<SessionOptions> = {}): Promise<Session> {
    const session = await this.open(options);
    for (const lun of this.target.luns.numbers()) {
      await hearAttentions(session, lun);
    }
    return session;
  }

  /** Ends everything, whatever still waits. */
  async end(): Promise<void> {
    for (const store of this.driver.stores) store.answerAll();
    for (const portal of this.#portals) portal.close();
    try {
      for (const session of this.#sessions) {
        await session[Symbol.asyncDispose]();
      }
    } finally {
      await this.target[Symbol.asyncDispose]();
    }
  }

  /** Fails when the target has met a defect. */
  checkDefects(): void {
    const errors = this.host.log.lines
      .filter(({ text }) => text.startsWith("error:"))
      .map(({ text, fields }) => `${text} ${fields["error"]}`);
    assertEquals(errors, []);
    assertEquals(this.target.defects, 0, "defects");
  }
}

/** Registers a test with a target that is ended and looked at behind it. */
export function systemTest(
  name: string,
  body: (system: SystemTarget) => Promise<void>,
): void {
  Deno.test(name, async () => {
    const system = new SystemTarget();
    await system.start();
    try {
      await body(system);
    } catch (error) {
      await system.end().catch(() => {});
      throw error;
    }
    await system.end();
    system.checkDefects();
  });
}

/** Sends TEST UNIT READY until no unit attention comes. */
export async function hearAttentions(
  session: Session,
  lun: number,
): Promise<void> {
  let sense = "6/";
  while (sense.startsWith("6/")) {
    ({ sense } = await session.command(lun, testUnitReady()));
  }
}

/** A write of one block whose R2T is not answered before the test says so. */
export const HELD_WRITE: CommandOptions = {
  write: patternBytes(512),
  immediateData: false,
  unsolicited: false,
  holdData: true,
};

/** Starts a write to LUN 0 that waits for its data. */
export async function startHeld(
  session: Session,
  lba = 0,
): Promise<RunningCommand> {
  const command = session.start(0, write10(lba, 1), HELD_WRITE);
  await command.nextR2t();
  return command;
}
