/**
 * Loads plugins when they are first needed, and takes them out again.
 *
 * @module
 */

import type { CommandTable } from "./commands/command_table.ts";
import type { VpdPages } from "./commands/vpd_pages.ts";
import type { EventHub } from "./events.ts";
import type { LunRegistry } from "./lun_registry.ts";
import { ManagementError } from "./management_error.ts";
import { OptionProblem, parseOptions, type RawOptions } from "./options.ts";
import { type Plugin, PLUGIN_API, type Registrar } from "./plugin.ts";
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
  /** The target ports. */
  readonly ports: PortRegistry;
  /** What happens. */
  readonly events: EventHub;
  /** The logical units, which hold on to backends. */
  readonly luns: LunRegistry;
}

/** What a plugin has registered. */
interface Registration {
  readonly all: Disposable[];
  readonly services: ServiceToken<unknown>[];
  readonly backends: BackendDriver[];
}

interface Loaded {
  readonly instance: AsyncDisposable;
  readonly registered: Registration;
  readonly needs: readonly ServiceToken<unknown>[];
}

const NO_OPTIONS: RawOptions = new Map();

/** The plugins of a target. */
export class PluginHost {
  readonly #target: Extensible;
  readonly #find: FindPlugin;
  readonly #loaded: Map<string, Loaded> = new Map();
  readonly #loading: Map<string, Promise<void>> = new Map();
  readonly #services: Map<ServiceToken<unknown>, unknown> = new Map();
  readonly #backends: Map<string, BackendDriver> = new Map();
  readonly #portDrivers: Map<string, PortDriver> = new Map();

  /** A host without plugins. */
  constructor(target: Extensible, find: FindPlugin) {
    this.#target = target;
    this.#find = find;
  }

  /** Names of the plugins that are loaded, in the order of loading. */
  get names(): string[] {
    return [...this.#loaded.keys()];
  }

  /** Loads a plugin by name, path or URL; loaded already is fine. */
  async load(name: string, options: RawOptions = NO_OPTIONS): Promise<void> {
    const known = await this.#loadIfKnown(name, options);
    if (!known) throw refusal(name, "there is none");
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
    await loaded.instance[Symbol.asyncDispose]();
    disposeAll(loaded.registered.all);
  }

  /** Takes all plugins out, the last loaded first. */
  async unloadAll(): Promise<void> {
    for (const name of this.names.reverse()) await this.unload(name);
  }

  /** A service, or undefined when nobody provides it. */
  service<T>(token: ServiceToken<T>): T | undefined {
    return this.#services.get(token) as T | undefined;
  }

  /** The driver of a kind of store; loads the plugin of that name. */
  async backend(name: string): Promise<BackendDriver> {
    if (!this.#backends.has(name)) await this.#loadIfKnown(name, NO_OPTIONS);
    const driver = this.#backends.get(name);
    if (driver === undefined) {
      throw new ManagementError(
        "backend-not-found",
        `Backend "${name}" not found.`,
      );
    }
    return driver;
  }

  /** The driver of a frontend's ports; loads the plugin of that name. */
  async portDriver(name: string): Promise<PortDriver> {
    if (!this.#portDrivers.has(name)) await this.#loadIfKnown(name, NO_OPTIONS);
    const driver = this.#portDrivers.get(name);
    if (driver === undefined) {
      throw new ManagementError(
        "frontend-not-found",
        `Frontend "${name}" not found.`,
      );
    }
    return driver;
  }

  /** Loads a plugin. @returns false when there is none of that name */
  async #loadIfKnown(name: string, options: RawOptions): Promise<boolean> {
    if (this.#loaded.has(name)) return true;
    const running = this.#loading.get(name);
    if (running !== undefined) return await running.then(() => true);
    const finding = this.#find(name);
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
    const plugin = await finding.catch((error: unknown) => {
      throw refusal(name, reasonOf(error));
    });
    if (plugin.api !== PLUGIN_API) {
      throw refusal(
        name,
        `it was made for plugin API ${plugin.api}, this is ${PLUGIN_API}`,
      );
    }
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
    const registered: Registration = { all: [], services: [], backends: [] };
    const registrar = this.#registrar(registered);
    try {
      const instance = await plugin.setup(registrar, services, values);
      const needs = Object.values(plugin.requires);
      return { instance, registered, needs };
    } catch (error) {
      disposeAll(registered.all);
      throw refusal(name, reasonOf(error));
    }
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

  #registrar({ all, services, backends }: Registration): Registrar {
    const { host, commands, vpdPages, ports, events } = this.#target;
    return {
      host,
      ports,
      events,
      backend: (driver) => {
        const what = `Backend "${driver.name}"`;
        all.push(claim(this.#backends, driver.name, driver, what));
        backends.push(driver);
      },
      portDriver: (driver) => {
        const what = `Frontend "${driver.name}"`;
        all.push(claim(this.#portDrivers, driver.name, driver, what));
      },
      command: (definition) => {
        all.push(commands.add(definition));
      },
      vpdPage: (page) => {
        all.push(vpdPages.add(page));
      },
      provide: (token, service) => {
        const what = `Service "${token.name}"`;
        all.push(claim(this.#services, token, service, what));
        services.push(token);
      },
    };
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

function claim<Key, Value>(
  table: Map<Key, Value>,
  key: Key,
  value: Value,
  what: string,
): Disposable {
  if (table.has(key)) throw new TypeError(`${what} is registered already`);
  table.set(key, value);
  return { [Symbol.dispose]: () => table.delete(key) };
}

function disposeAll(registered: readonly Disposable[]): void {
  for (const each of [...registered].reverse()) each[Symbol.dispose]();
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
