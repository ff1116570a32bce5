/**
 * What one plugin has registered: handed out as a {@linkcode Registrar},
 * taken back as a whole.
 *
 * @module
 */

import type { CommandTable } from "./commands/command_table.ts";
import type { InquiryFlags } from "./commands/inquiry_flags.ts";
import type { VpdPages } from "./commands/vpd_pages.ts";
import type { EventHub } from "./events.ts";
import type { CoordinatorPlace } from "./coordination.ts";
import type { LogicalUnit } from "./logical_unit.ts";
import type { LunObserver, LunObservers } from "./lun_observer.ts";
import { PLUGIN_WAIT_MS, type PluginPorts, type Registrar } from "./plugin.ts";
import { within } from "./plugin_checks.ts";
import type { PortRegistry } from "./port_registry.ts";
import type { BackendDriver } from "./ports/backend_driver.ts";
import type { Host, Log } from "./ports/host.ts";
import type { PortDriver } from "./ports/port_driver.ts";
import type { EntryTeller, SharedEntries } from "./ports/shared_entries.ts";
import type { ServiceToken } from "./service.ts";
import type { PortDescription, TargetPort } from "./target_port.ts";

/** Where plugins register. */
export interface RegistrationPlaces {
  /** The machine. */
  readonly host: Host;
  /** The command table. */
  readonly commands: CommandTable;
  /** The VPD pages. */
  readonly vpdPages: VpdPages;
  /** Bits of standard INQUIRY data. */
  readonly inquiryFlags: InquiryFlags;
  /** Who hears of logical units. */
  readonly observers: LunObservers;
  /** The target ports. */
  readonly ports: PortRegistry;
  /** What happens in the target. */
  readonly events: EventHub;
  /** Where the coordinator stands. */
  readonly place: CoordinatorPlace;
  /** Kinds of store by name. */
  readonly backends: Map<string, BackendDriver>;
  /** Frontends with ports that come and go, by name. */
  readonly portDrivers: Map<string, PortDriver>;
  /** Services by their tokens. */
  readonly services: Map<ServiceToken<unknown>, unknown>;
}

/** The registrations of one plugin. */
export class PluginRegistration {
  /** What the plugin gets: functions that can be taken apart. */
  readonly registrar: Registrar;
  /** Kinds of store that it offers. */
  readonly backends: BackendDriver[] = [];
  /** Port drivers that it offers. */
  readonly portDrivers: PortDriver[] = [];
  /** Services that it provides. */
  readonly services: ServiceToken<unknown>[] = [];
  readonly #plugin: string;
  readonly #places: RegistrationPlaces;
  readonly #all: Disposable[] = [];
  readonly #ports: Set<TargetPort> = new Set();
  #takenBack = false;

  /** Nothing is registered yet. */
  constructor(plugin: string, places: RegistrationPlaces) {
    this.#plugin = plugin;
    this.#places = places;
    this.registrar = {
      host: places.host,
      ports: this.#portsOf(places.ports),
      events: places.events,
      backend: (driver) => this.#backend(driver),
      portDriver: (driver) => this.#portDriver(driver),
      command: (command) => this.#add(() => places.commands.add(command)),
      vpdPage: (page) => this.#add(() => places.vpdPages.add(page)),
      inquiryFlag: (flag) => this.#add(() => places.inquiryFlags.add(flag)),
      lunObserver: (observer) => this.#observe(observer),
      share: (entries) => this.#share(entries),
      provide: (token, service) => this.#provide(token, service),
    };
  }

  /**
   * Takes everything back; the plugin can register nothing any more. Resolves
   * when the nexuses of its ports are gone, too.
   */
  async takeBack(): Promise<void> {
    this.#takenBack = true;
    for (const each of this.#all.reverse()) each[Symbol.dispose]();
    this.#all.length = 0;
    for (const port of this.#ports) await this.#removePort(port);
  }

  #portsOf(ports: PortRegistry): PluginPorts {
    return {
      all: () => ports.all(),
      get: (number) => ports.get(number),
      register: (description) => this.#addPort(description),
      remove: (port) => this.#removePort(port),
    };
  }

  #backend<Options>(driver: BackendDriver<Options>): void {
    const { name } = driver;
    expectMembers("backend", driver, ["identityOf", "open"]);
    const what = `Backend "${name}"`;
    this.#claim(this.#places.backends, name, driver as BackendDriver, what);
    this.backends.push(driver as BackendDriver);
  }

  #portDriver(driver: PortDriver): void {
    const { name } = driver;
    expectMembers("frontend", driver, ["create", "remove"]);
    this.#claim(this.#places.portDrivers, name, driver, `Frontend "${name}"`);
    this.portDrivers.push(driver);
  }

  #provide<T>(token: ServiceToken<T>, service: T): void {
    const what = `Service "${token.name}"`;
    this.#claim(this.#places.services, token, service, what);
    this.services.push(token);
  }

  #add(work: () => Disposable): void {
    if (this.#takenBack) {
      throw new TypeError(
        `Cannot register anything: plugin "${this.#plugin}" is not loaded`,
      );
    }
    this.#all.push(work());
  }

  #claim<Key, Value>(
    table: Map<Key, Value>,
    key: Key,
    value: Value,
    what: string,
  ): void {
    this.#add(() => {
      if (table.has(key)) throw new TypeError(`${what} is registered already`);
      table.set(key, value);
      return { [Symbol.dispose]: () => table.delete(key) };
    });
  }

  #addPort(description: PortDescription): TargetPort {
    const places = this.#places;
    let port: TargetPort | undefined;
    this.#add(() => {
      port = places.ports.register(this.#contained(description));
      return { [Symbol.dispose]: () => {} };
    });
    if (port === undefined) throw new TypeError("No port was made");
    this.#ports.add(port);
    return port;
  }

  async #removePort(port: TargetPort): Promise<void> {
    this.#ports.delete(port);
    if (this.#places.ports.get(port.number) !== port) return;
    await this.#places.ports.remove(port);
  }

  // What a plugin throws here must not keep a port from going off line.
  #contained(description: PortDescription): PortDescription {
    if (description.onlineChanged === undefined) return description;
    return {
      ...description,
      onlineChanged: (online) =>
        this.#contain(
          "onlineChanged",
          () => description.onlineChanged?.(online),
        ),
    };
  }

  #observe(observer: LunObserver): void {
    const tell = (name: keyof LunObserver, call: () => void) =>
      this.#contain(name, call);
    this.#add(() =>
      this.#places.observers.add({
        unitAdded: (unit) =>
          tell("unitAdded", () => observer.unitAdded?.(unit)),
        unitChanged: (unit) =>
          tell("unitChanged", () => observer.unitChanged?.(unit)),
        unitRemoved: (unit) =>
          tell("unitRemoved", () => observer.unitRemoved?.(unit)),
        storeEnding: (unit) => this.#storeEnding(observer, unit),
        unitReset: (unit) =>
          tell("unitReset", () => observer.unitReset?.(unit)),
        nexusLost: (nexus) =>
          tell("nexusLost", () => observer.nexusLost?.(nexus)),
      })
    );
  }

  #share(entries: SharedEntries): EntryTeller {
    let teller: EntryTeller | undefined;
    this.#add(() => teller = this.#places.place.share(entries));
    if (teller === undefined) throw new TypeError("Nothing is shared");
    return teller;
  }

  async #storeEnding(observer: LunObserver, unit: LogicalUnit): Promise<void> {
    if (observer.storeEnding === undefined) return;
    const { clock } = this.registrar.host;
    const seconds = PLUGIN_WAIT_MS / 1000;
    const late = () => new TypeError(`it takes more than ${seconds} seconds`);
    try {
      const ending = Promise.resolve(observer.storeEnding(unit));
      await within(clock, PLUGIN_WAIT_MS, ending, late);
    } catch (error) {
      this.#note("storeEnding", error);
    }
  }

  #contain(where: string, call: () => void): void {
    try {
      call();
    } catch (error) {
      this.#note(where, error);
    }
  }

  #note(where: string, error: unknown): void {
    noteFailure(this.registrar.host.log, this.#plugin, where, error);
  }
}

/** Logs what a plugin has thrown where nobody waits for it. */
export function noteFailure(
  log: Log,
  plugin: string,
  where: string,
  error: unknown,
): void {
  log.error("A plugin failed", {
    plugin,
    where,
    error: error instanceof Error ? error.stack : String(error),
  });
}

function expectMembers(
  what: string,
  value: object & { readonly name: string },
  methods: readonly string[],
): void {
  if (typeof value.name !== "string" || value.name === "") {
    throw new TypeError(`Cannot register a ${what} without a name`);
  }
  const members = new Map<string, unknown>(
    methods.map((name) => [name, Reflect.get(value, name)]),
  );
  for (const [name, member] of members) {
    if (typeof member === "function") continue;
    throw new TypeError(
      `Cannot register ${what} "${value.name}": it has no method "${name}"`,
    );
  }
}
