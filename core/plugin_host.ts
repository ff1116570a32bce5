/**
 * Loads plugins when they are first needed, and takes them out again.
 *
 * @module
 */

import type { CommandTable } from "./commands/command_table.ts";
import type { InquiryFlags } from "./commands/inquiry_flags.ts";
import type { VpdPages } from "./commands/vpd_pages.ts";
import type { CoordinatorPlace } from "./coordination.ts";
import type { EventHub } from "./events.ts";
import type { LunObservers } from "./lun_observer.ts";
import type { LunRegistry } from "./lun_registry.ts";
import { ManagementError } from "./management_error.ts";
import { OptionProblem, parseOptions, type RawOptions } from "./options.ts";
import { type Plugin, PLUGIN_WAIT_MS } from "./plugin.ts";
import { instanceProblem, pluginProblem, within } from "./plugin_checks.ts";
import { noteFailure, PluginRegistration } from "./plugin_registration.ts";
import type { PortRegistry } from "./port_registry.ts";
import type { BackendDriver } from "./ports/backend_driver.ts";
import type { Host } from "./ports/host.ts";
import type { PortDriver } from "./ports/port_driver.ts";
import type { ServiceToken } from "./service.ts";

/**
 * Finds a plugin by its name, path or URL.
 *
 * @returns undefined when there is none of that name
 */
export type FindPlugin = (name: string) => Promise<Plugin> | undefined;

/** What a plugin may add to. */
export interface Extensible {
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
  /** What happens. */
  readonly events: EventHub;
  /** Where the coordinator stands. */
  readonly place: CoordinatorPlace;
  /** The logical units, which hold on to backends. */
  readonly luns: LunRegistry;
}

interface Loaded {
  readonly instance: AsyncDisposable;
  readonly registered: PluginRegistration;
  readonly needs: readonly ServiceToken<unknown>[];
  readonly options: RawOptions;
}

const NO_OPTIONS: RawOptions = new Map();

/** The plugins of a target. */
export class PluginHost {
  readonly #target: Extensible;
  readonly #find: FindPlugin;
  readonly #companions: readonly string[];
  readonly #loaded: Map<string, Loaded> = new Map();
  readonly #loading: Map<string, Promise<void>> = new Map();
  readonly #services: Map<ServiceToken<unknown>, unknown> = new Map();
  readonly #backends: Map<string, BackendDriver> = new Map();
  readonly #portDrivers: Map<string, PortDriver> = new Map();

  /** A host without plugins. */
  constructor(
    target: Extensible,
    find: FindPlugin,
    companions: readonly string[] = [],
  ) {
    this.#target = target;
    this.#find = find;
    this.#companions = companions;
  }

  /** Names of the plugins that are loaded, in the order of loading. */
  get names(): string[] {
    return [...this.#loaded.keys()];
  }

  /**
   * Loads a plugin by name, path or URL, or the plugin that is given. Loaded
   * already is fine, but not with other options.
   */
  async load(
    plugin: string | Plugin,
    options: RawOptions = NO_OPTIONS,
  ): Promise<void> {
    const isName = typeof plugin === "string";
    const name = isName ? plugin : plugin.name;
    const find = isName ? this.#find : () => Promise.resolve(plugin);
    const known = await this.#loadIfKnown(name, options, find);
    if (!known) throw refusal(name, "there is none");
    const loaded = this.#loaded.get(name)?.options ?? options;
    if (options.size > 0 && !sameOptions(loaded, options)) {
      throw refusal(name, "it is loaded already, with other options");
    }
  }

  /** Whether a plugin is loaded with these options. */
  has(name: string, options: RawOptions): boolean {
    const loaded = this.#loaded.get(name);
    return loaded !== undefined && sameOptions(loaded.options, options);
  }

  /** Takes a plugin out: refused while another, or a LUN, needs it. */
  async unload(name: string): Promise<void> {
    const loaded = this.#loaded.get(name);
    if (loaded === undefined) {
      throw new ManagementError("plugin", `Plugin "${name}" is not loaded`);
    }
    const user = this.#userOf(loaded);
    if (user !== undefined) {
      throw new ManagementError(
        "plugin",
        `Cannot unload plugin "${name}": ${user} uses it`,
      );
    }
    this.#loaded.delete(name);
    await this.#dispose(name, loaded.instance);
    await this.#takeBack(name, loaded.registered);
  }

  /**
   * Loads the plugins that come with the first LUN, unless they are there.
   * What cannot be loaded is logged: a LUN does without it.
   */
  async loadCompanions(): Promise<void> {
    for (const name of this.#companions) {
      try {
        await this.load(name);
      } catch (error) {
        const reason = reasonOf(error);
        this.#target.host.log.warn("A plugin is missing", { reason });
      }
    }
  }

  /** Takes all plugins out, the last loaded first. */
  async unloadAll(): Promise<void> {
    for (const name of this.names.reverse()) await this.unload(name);
  }

  /** Offers a service of the target itself to plugins. */
  provide<T>(token: ServiceToken<T>, service: T): void {
    this.#services.set(token, service);
  }

  /** A service, or undefined when nobody provides it. */
  service<T>(token: ServiceToken<T>): T | undefined {
    return this.#services.get(token) as T | undefined;
  }

  /**
   * The driver of a kind of store; loads the plugin of that name. A plugin
   * with one kind of store alone is a name of that, too: its path or URL.
   */
  async backend(name: string): Promise<BackendDriver> {
    if (!this.#backends.has(name)) await this.#loadIfKnown(name, NO_OPTIONS);
    const driver = this.#backends.get(name) ??
      only(this.#loaded.get(name)?.registered.backends);
    if (driver === undefined) {
      throw new ManagementError(
        "backend-not-found",
        `Backend "${name}" not found.`,
      );
    }
    return driver;
  }

  /** The driver of a frontend's ports, found as `backend` finds its. */
  async portDriver(name: string): Promise<PortDriver> {
    if (!this.#portDrivers.has(name)) await this.#loadIfKnown(name, NO_OPTIONS);
    const driver = this.#portDrivers.get(name) ??
      only(this.#loaded.get(name)?.registered.portDrivers);
    if (driver === undefined) {
      throw new ManagementError(
        "frontend-not-found",
        `Frontend "${name}" not found.`,
      );
    }
    return driver;
  }

  /** Loads a plugin. @returns false when there is none of that name */
  async #loadIfKnown(
    name: string,
    options: RawOptions,
    find: FindPlugin = this.#find,
  ): Promise<boolean> {
    if (this.#loaded.has(name)) return true;
    const running = this.#loading.get(name);
    if (running !== undefined) return await running.then(() => true);
    const finding = find(name);
    if (finding === undefined) return false;
    const loading = this.#load(name, finding, options);
    this.#loading.set(name, loading);
    try {
      await loading;
    } finally {
      this.#loading.delete(name);
    }
    return true;
  }

  async #load(
    name: string,
    finding: Promise<Plugin>,
    options: RawOptions,
  ): Promise<void> {
    const plugin = await this.#within(finding, "import").catch((error) => {
      throw refusal(name, reasonOf(error));
    });
    const problem = pluginProblem(plugin);
    if (problem !== undefined) throw refusal(name, problem);
    this.#loaded.set(name, await this.#setUp(name, plugin, options));
    this.#target.host.log.debug("Plugin loaded", { plugin: name });
  }

  async #setUp(
    name: string,
    plugin: Plugin,
    options: RawOptions,
  ): Promise<Loaded> {
    const values = parseOptions(plugin.options, options);
    if (values instanceof OptionProblem) throw refusal(name, values.message);
    const services = this.#servicesFor(name, plugin);
    const registered = this.#registration(name);
    const { registrar } = registered;
    const setup = async () => await plugin.setup(registrar, services, values);
    const instance = setup();
    try {
      const problem = instanceProblem(await this.#within(instance, "setup"));
      if (problem !== undefined) throw new TypeError(problem);
    } catch (error) {
      await this.#takeBack(name, registered);
      // Should it come after all, it goes again.
      instance.then((late) => this.#dispose(name, late), () => {});
      throw refusal(name, reasonOf(error));
    }
    const needs = Object.values(plugin.requires);
    return { instance: await instance, registered, needs, options };
  }

  #within<T>(work: Promise<T>, what: string): Promise<T> {
    const { clock } = this.#target.host;
    return within(clock, PLUGIN_WAIT_MS, work, () =>
      new TypeError(
        `its ${what} has not ended after ${PLUGIN_WAIT_MS / 1000} seconds`,
      ));
  }

  async #dispose(name: string, instance: AsyncDisposable): Promise<void> {
    if (instanceProblem(instance) !== undefined) return;
    await this.#contain(
      name,
      async () => await instance[Symbol.asyncDispose](),
    );
  }

  async #takeBack(
    name: string,
    registered: PluginRegistration,
  ): Promise<void> {
    await this.#contain(name, () => registered.takeBack());
  }

  // What a plugin gets wrong at its end keeps nobody else from ending.
  async #contain(name: string, ending: () => Promise<void>): Promise<void> {
    try {
      await this.#within(ending(), "end");
    } catch (error) {
      noteFailure(this.#target.host.log, name, "end", error);
    }
  }

  #registration(name: string): PluginRegistration {
    const { host, commands, vpdPages, ports, events } = this.#target;
    const { inquiryFlags, observers, place } = this.#target;
    return new PluginRegistration(name, {
      host,
      commands,
      vpdPages,
      inquiryFlags,
      observers,
      ports,
      events,
      place,
      backends: this.#backends,
      portDrivers: this.#portDrivers,
      services: this.#services,
    });
  }

  #servicesFor(name: string, plugin: Plugin): Record<string, unknown> {
    const services: Record<string, unknown> = {};
    for (const [local, token] of Object.entries(plugin.requires)) {
      services[local] = this.#services.get(token);
      if (services[local] === undefined) {
        throw refusal(
          name,
          `it needs service "${token.name}", and nobody ` +
            `provides it`,
        );
      }
    }
    for (const [local, token] of Object.entries(plugin.optional)) {
      services[local] = this.#services.get(token);
    }
    return services;
  }

  #userOf({ registered }: Loaded): string | undefined {
    const { services, backends } = registered;
    for (const [name, { needs }] of this.#loaded) {
      if (needs.some((token) => services.includes(token))) {
        return `plugin "${name}"`;
      }
    }
    const unit = this.#target.luns.all()
      .find(({ driver }) => backends.includes(driver));
    return unit && `LUN ${unit.number}`;
  }
}

function only<Item>(items: readonly Item[] = []): Item | undefined {
  return items.length === 1 ? items[0] : undefined;
}

function sameOptions(one: RawOptions, other: RawOptions): boolean {
  return one.size === other.size &&
    [...one].every(([name, value]) => other.get(name) === value);
}

function refusal(name: string, reason: string): ManagementError {
  return new ManagementError(
    "plugin",
    `Cannot load plugin "${name}": ${reason}`,
  );
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
