/**
 * A whole target in memory for tests of the core: ramdisk and controlled
 * stores below, initiators in memory above. A test fails at its end when the
 * core has met a defect or broken a rule of its ports.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { plugin as ramdisk } from "../../backends/ramdisk/mod.ts";
import {
  type CreateLunRequest,
  createTarget,
  type FindPlugin,
  type LogicalUnit,
  ManagementError,
  type Plugin,
  PORT_TYPE,
  type PortDescription,
  type Target,
  type TargetPort,
} from "../../core/mod.ts";
import { ControlledDriver, pluginOf } from "./core_driver.ts";
import { LocalInitiator } from "./local_initiator.ts";
import { nameOverWire, type TestNexus, wireInUse } from "./test_nexus.ts";
import { type MemoryHost, memoryHost } from "./memory_host.ts";

/** Options of a LUN, as text. */
export type OptionTexts = Readonly<Record<string, string>>;

/** A LUN to make: as the core wants it, options as a plain object. */
export interface LunWish extends Omit<CreateLunRequest, "options" | "backend"> {
  /** Name of the backend; default `ramdisk`. */
  readonly backend?: string;
  /** Options; a ramdisk keeps what is written unless they say otherwise. */
  readonly options?: OptionTexts;
}

/** Bytes of a LUN when nothing else is said. */
export const LUN_BYTES: number = 2 ** 20;

const ISCSI_PORT: PortDescription = {
  frontend: "test",
  name: "first",
  type: PORT_TYPE.ISCSI,
  physicalPort: 0,
  virtualPort: 0,
};

/** The target and what surrounds it. */
export class TestTarget {
  /** The machine. */
  readonly host: MemoryHost;
  /** Backend `controlled`. */
  readonly driver: ControlledDriver = new ControlledDriver();
  /** Plugins beside `ramdisk` and `controlled`, by name. */
  readonly plugins: Map<string, Promise<Plugin>> = new Map();
  /** The target. */
  readonly target: Target;
  /** Defects that the test plants. */
  plantedDefects = 0;
  readonly #initiators: LocalInitiator[] = [];
  #first: TargetPort | null = null;
  readonly #joined: TestNexus[] = [];

  /**
   * A target without LUNs, on a machine of its own.
   *
   * @param withPort it has a port already
   */
  constructor(host: MemoryHost = memoryHost(), withPort = true) {
    this.host = host;
    this.plugins.set("ramdisk", Promise.resolve(ramdisk));
    this.plugins.set("controlled", Promise.resolve(pluginOf(this.driver)));
    const findPlugin: FindPlugin = (name) => this.plugins.get(name);
    this.target = createTarget({ host: this.host, findPlugin });
    if (withPort) this.#first = this.addPort();
  }

  /** Its first port, on line. */
  get port(): TargetPort {
    if (this.#first === null) throw new TypeError("It has no port");
    return this.#first;
  }

  /** Another port, on line. */
  addPort(more: Partial<PortDescription> = {}): TargetPort {
    const port = this.target.ports.register({ ...ISCSI_PORT, ...more });
    port.setOnline(true);
    return port;
  }

  /** Makes a LUN of one mebibyte, or as wished. */
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

  /** Connects an initiator, which has its unit attentions still ahead. */
  connect(name: string, port: TargetPort = this.port): LocalInitiator {
    const initiator = new LocalInitiator(port, `iqn.${name},i,0x1`);
    this.#initiators.push(initiator);
    return initiator;
  }

  /** Connects an initiator that has heard all unit attentions of its LUNs. */
  async connectReady(
    name: string,
    port: TargetPort = this.port,
  ): Promise<LocalInitiator> {
    const initiator = this.connect(name, port);
    await hearAttentions(initiator);
    return initiator;
  }

  /** Connects an initiator by the wire that the tests go over. */
  join(name: string, port: TargetPort = this.port): TestNexus {
    const nexus = wireInUse().join(this, name, port);
    this.#joined.push(nexus);
    return nexus;
  }

  /** The same, when it has heard all unit attentions of its LUNs. */
  async joinReady(
    name: string,
    port: TargetPort = this.port,
  ): Promise<TestNexus> {
    const nexus = this.join(name, port);
    await hearAttentions(nexus);
    return nexus;
  }

  /** Ends everything, whatever still waits. */
  async end(): Promise<void> {
    for (const store of this.driver.stores) store.answerAll();
    for (const initiator of this.#initiators) initiator.resume();
    for (const nexus of this.#joined) nexus.resume();
    await this.target[Symbol.asyncDispose]();
  }

  /** Fails when the core has met a defect or broken a rule of its ports. */
  checkRules(): void {
    const errors = this.host.log.lines
      .filter(({ text }) => text.startsWith("error:"))
      .map(({ fields }) => String(fields["error"]));
    if (this.plantedDefects === 0) assertEquals(errors, []);
    assertEquals(this.target.defects, this.plantedDefects, "defects");
    const broken = [...this.#initiators, ...this.#joined].flatMap((
      { violations },
    ) => violations);
    assertEquals(broken, [], "rules of the transport port");
  }
}

/** Registers a test with a target that is ended and looked at behind it. */
export function targetTest(
  name: string,
  body: (test: TestTarget) => Promise<void>,
): void {
  const told = nameOverWire(name);
  if (told === null) return;
  Deno.test(told, async () => {
    const test = new TestTarget();
    try {
      await body(test);
    } catch (error) {
      await test.end();
      throw error;
    }
    await test.end();
    test.checkRules();
  });
}

/** From now on nothing can be kept over restarts. */
export function breakState(test: TestTarget): void {
  test.host.state.write = () => {
    throw new ManagementError("state", "The test broke the state");
  };
}

const TEST_UNIT_READY = [0, 0, 0, 0, 0, 0];

/** Sends TEST UNIT READY to each LUN until no unit attention comes. */
export async function hearAttentions(
  initiator: TestNexus,
): Promise<void> {
  for (const lun of initiator.port.visibleLuns()) {
    let sense = "6/";
    while (sense.startsWith("6/")) {
      ({ sense } = await initiator.command(lun, TEST_UNIT_READY));
    }
  }
}

const TURNS_MAX = 2000;

/** Lets all go on that needs no more than its turn; time stands still. */
export async function settle(turns: number = TURNS_MAX): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
}

/** Whether a promise comes without help from outside. */
export async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  return await settled(promise.then(() => true)) ?? false;
}

/** The value of a promise, if it comes without help from outside. */
export async function settled<T>(promise: Promise<T>): Promise<T | undefined> {
  let value: T | undefined;
  promise.then((late) => value = late);
  for (let turn = 0; turn < TURNS_MAX && value === undefined; turn += 1) {
    await Promise.resolve();
  }
  return value;
}
