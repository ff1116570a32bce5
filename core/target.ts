/**
 * A target: everything of one node, as one value. Several can live in one
 * process.
 *
 * @module
 */

import { BufferPool } from "./buffer_pool.ts";
import { COORDINATION, CoordinatorPlace } from "./coordination.ts";
import type { CommandTable } from "./commands/command_table.ts";
import { InquiryFlags } from "./commands/inquiry_flags.ts";
import { coreCommandTable } from "./commands/mod.ts";
import { VpdPages } from "./commands/vpd_pages.ts";
import { Dispatcher } from "./dispatcher.ts";
import { EventHub } from "./events.ts";
import { LunObservers } from "./lun_observer.ts";
import { LunRegistry } from "./lun_registry.ts";
import { type FindPlugin, PluginHost } from "./plugin_host.ts";
import { PortRegistry } from "./port_registry.ts";
import type { Host } from "./ports/host.ts";
import type { Tracing } from "./tracing/tracing.ts";

/** What a target is made with. */
export interface TargetOptions {
  /** The machine it runs on. */
  readonly host: Host;
  /** Where plugins come from. */
  readonly findPlugin: FindPlugin;
  /** Names of plugins that are loaded with the first LUN; absent: none. */
  readonly companions?: readonly string[];
}

/** A SCSI target. */
export class Target implements AsyncDisposable {
  /** The machine it runs on. */
  readonly host: Host;
  /** Commands it knows. */
  readonly commands: CommandTable;
  /** VPD pages it has. */
  readonly vpdPages: VpdPages;
  /** Bits of standard INQUIRY data that plugins have added. */
  readonly inquiryFlags: InquiryFlags = new InquiryFlags();
  /** Who hears of logical units. */
  readonly observers: LunObservers = new LunObservers();
  /** Its plugins. */
  readonly plugins: PluginHost;
  /** Its logical units. */
  readonly luns: LunRegistry;
  /** Its ports. */
  readonly ports: PortRegistry;
  /** Buffers for data that cannot move at once. */
  readonly buffers: BufferPool = new BufferPool();
  /** What happens in it. */
  readonly events: EventHub;
  readonly #dispatcher: Dispatcher;

  /** Made by {@linkcode createTarget}. */
  constructor(options: TargetOptions) {
    this.host = options.host;
    this.events = new EventHub(options.host.clock);
    this.vpdPages = new VpdPages();
    this.commands = coreCommandTable({
      pages: this.vpdPages,
      flags: this.inquiryFlags,
    });
    this.#dispatcher = new Dispatcher(
      this.host,
      this.commands,
      this.events,
      this.observers,
    );
    const dispatcher = this.#dispatcher;
    const { host, events, observers } = this;
    const { findPlugin, companions } = options;
    const place = new CoordinatorPlace();
    this.plugins = new PluginHost(this, findPlugin, companions);
    this.luns = new LunRegistry({
      host,
      plugins: this.plugins,
      dispatcher,
      events,
      place,
      observers,
    });
    this.ports = new PortRegistry(this.luns, {
      dispatcher,
      buffers: this.buffers,
      events,
      place,
    }, host.state);
    this.luns.attach(this.ports);
    const { luns, ports } = this;
    this.plugins.provide(COORDINATION, {
      luns,
      ports,
      install: (coordinator) => place.install(coordinator, luns, ports),
    });
  }

  /** Defects met so far: commands that ended by an assertion or exception. */
  get defects(): number {
    return this.#dispatcher.defects;
  }

  /** The switch of tracing. */
  get tracing(): Tracing {
    return this.#dispatcher.tracing;
  }

  /** Ends all nexuses, closes all stores, unloads all plugins. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const port of this.ports.all()) await this.ports.remove(port);
    await this.luns.closeAll();
    await this.plugins.unloadAll();
    this.tracing.stop();
    this.events.close();
  }
}

/** Makes a target without ports and logical units. */
export function createTarget(options: TargetOptions): Target {
  return new Target(options);
}
