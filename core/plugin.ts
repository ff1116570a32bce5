/**
 * Plugins: one frozen value each, loaded when first needed.
 *
 * @module
 */

import type { CommandDefinition } from "./commands/command_row.ts";
import type { InquiryFlag } from "./commands/inquiry_flags.ts";
import type { VpdPage } from "./commands/vpd_pages.ts";
import type { EventHub } from "./events.ts";
import type { LunObserver } from "./lun_observer.ts";
import type { OptionTable } from "./options.ts";
import type { PortRegistry } from "./port_registry.ts";
import type { BackendDriver } from "./ports/backend_driver.ts";
import type { MaybePromise } from "./ports/block_store.ts";
import type { Host } from "./ports/host.ts";
import type { PortDriver } from "./ports/port_driver.ts";
import type { EntryTeller, SharedEntries } from "./ports/shared_entries.ts";
import type { Services, ServiceToken, ServiceTokens } from "./service.ts";

/**
 * Version of this contract: of {@linkcode Plugin}, {@linkcode Registrar} and of
 * all that can be reached from them. It grows by one when a plugin that works
 * with the old version may not work with the new one; what is added so that
 * old plugins need not know of it leaves it as it is. A plugin made for another
 * version is refused when it is loaded.
 */
export const PLUGIN_API = 1;

/**
 * Milliseconds that a plugin may take to be imported and set up, and to be
 * taken out again.
 */
export const PLUGIN_WAIT_MS = 10_000;

/** The target ports, as a plugin sees them. */
export type PluginPorts = Pick<
  PortRegistry,
  "all" | "get" | "register" | "remove"
>;

/**
 * What a plugin may do to the target that loads it. All of it is taken back
 * when `setup` fails and when the plugin is unloaded; from then on every call
 * throws. A name or code that is taken already makes a call throw, and the
 * plugin be refused.
 */
export interface Registrar {
  /** The machine: clock, entropy, log, kept state. */
  readonly host: Host;
  /** The target ports: a frontend makes its own there. */
  readonly ports: PluginPorts;
  /** What happens in the target: a frontend tells of its sessions. */
  readonly events: EventHub;
  /** Offers a kind of store. */
  backend<Options>(driver: BackendDriver<Options>): void;
  /** Offers ports that operators make and remove. */
  portDriver(driver: PortDriver): void;
  /** Adds a command to the table. */
  command(definition: CommandDefinition): void;
  /** Adds a VPD page. */
  vpdPage(page: VpdPage): void;
  /** Sets bits of standard INQUIRY data. */
  inquiryFlag(flag: InquiryFlag): void;
  /** Hears of logical units, and of what ends work on them. */
  lunObserver(observer: LunObserver): void;
  /** Shares what it keeps with logical units with another node, if one is. */
  share(entries: SharedEntries): EntryTeller;
  /** Offers a service to plugins and programs. */
  provide<T>(token: ServiceToken<T>, service: T): void;
}

/** A plugin: its `mod.ts` exports one such value named `plugin`. */
export interface Plugin<
  Required extends ServiceTokens = ServiceTokens,
  Optional extends ServiceTokens = ServiceTokens,
  Options = unknown,
> {
  /** Name in messages, `ctladm load` and `unload`. */
  readonly name: string;
  /** {@linkcode PLUGIN_API} of the time it was written. */
  readonly api: number;
  /** Options given at load. */
  readonly options: OptionTable<Options>;
  /** Services without which it cannot work. */
  readonly requires: Required;
  /** Services that it uses when they are there. */
  readonly optional: Optional;
  /**
   * Registers everything; the result is disposed of at unload. What it throws
   * is told to the operator. It may take {@linkcode PLUGIN_WAIT_MS}.
   */
  setup(
    register: Registrar,
    services: Services<Required, Optional>,
    options: Options,
  ): MaybePromise<AsyncDisposable>;
}

/** Types a plugin value by its own tokens and options, and freezes it. */
export function definePlugin<
  Required extends ServiceTokens,
  Optional extends ServiceTokens,
  Options,
>(
  plugin: Plugin<Required, Optional, Options>,
): Plugin<Required, Optional, Options> {
  return Object.freeze(plugin);
}
