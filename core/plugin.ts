/**
 * Plugins: one frozen value each, loaded when first needed.
 *
 * @module
 */

import type { CommandDefinition } from "./commands/command_row.ts";
import type { VpdPage } from "./commands/vpd_pages.ts";
import type { EventHub } from "./events.ts";
import type { OptionTable } from "./options.ts";
import type { PortRegistry } from "./port_registry.ts";
import type { BackendDriver } from "./ports/backend_driver.ts";
import type { MaybePromise } from "./ports/block_store.ts";
import type { Host } from "./ports/host.ts";
import type { PortDriver } from "./ports/port_driver.ts";
import type { Services, ServiceToken, ServiceTokens } from "./service.ts";

/** Version of this contract. A plugin made for another is refused. */
export const PLUGIN_API = 1;

/** What a plugin may do to the target that loads it. */
export interface Registrar {
  /** The machine: clock, entropy, log, kept state. */
  readonly host: Host;
  /** The target ports: a frontend makes its own there. */
  readonly ports: PortRegistry;
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
  /** Registers everything; the result is disposed of at unload. */
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
