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
import { LocalInitiator } from "./local_initiator.ts";
import { LunRegistry } from "./lun_registry.ts";
import { type FindPlugin, PluginHost } from "./plugin_host.ts";
import { PortRegistry } from "./port_registry.ts";
import type { Host } from "./ports/host.ts";
import { fcTransportId } from "./ports/transport_id.ts";
import { ScsiClient } from "./scsi_client.ts";
import { PORT_TYPE, type TargetPort } from "./target_port.ts";
import type { Tracing } from "./tracing/tracing.ts";

/** Frontend and number of the port for programs that embed a target. */
const INTERNAL_FRONTEND = "camsim";
const INTERNAL_PORT = 0;

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
  /** Where the coordinator stands. */
  readonly place: CoordinatorPlace = new CoordinatorPlace();
  readonly #dispatcher: Dispatcher;
  readonly #clients: Map<string, ScsiClient> = new Map();

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
    const { host, events, observers, place } = this;
    const { findPlugin, companions } = options;
    this.plugins = new PluginHost(this, findPlugin, companions);
    this.luns = new LunRegistry({
      host,
      plugins: this.plugins,
      dispatcher,
      events,
      observers,
      place,
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
      entries: place.entries,
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

  /**
   * An initiator in this process, for a program that uses its own units. All
   * units are seen by their numbers. Asked for by the same name again, it is
   * the same one, until it is disposed of.
   *
   * @throws {ManagementError} when there are too many
   */
  initiator(name = "local"): ScsiClient {
    const known = this.#clients.get(name);
    if (known !== undefined) return known;
    const initiator = new LocalInitiator({
      port: this.#internalPort(),
      name: `${INTERNAL_FRONTEND},i,${name}`,
      transportId: fcTransportId(portNameOf(name)),
      clock: this.host.clock,
    });
    const forget = () => void this.#clients.delete(name);
    const client = new ScsiClient(initiator, forget);
    this.#clients.set(name, client);
    return client;
  }

  // In CTL it is a port of the host's own SCSI stack, with number 0.
  #internalPort(): TargetPort {
    const known = this.ports.get(INTERNAL_PORT);
    if (known !== undefined) return known;
    const port = this.ports.register({
      frontend: INTERNAL_FRONTEND,
      name: INTERNAL_FRONTEND,
      type: PORT_TYPE.INTERNAL,
      physicalPort: 0,
      virtualPort: 0,
      number: INTERNAL_PORT,
      lastingName: INTERNAL_FRONTEND,
    });
    port.setOnline(true);
    return port;
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

/**
 * The port name of an initiator in this process: the same for the same name,
 * restart after restart, so that its reservations stay its own (FNV-1a, in a
 * locally assigned NAA).
 */
function portNameOf(name: string): Uint8Array {
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(name)) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  }
  const bytes = new Uint8Array(8);
  const locallyAssigned = 3n << 60n | BigInt.asUintN(60, hash);
  new DataView(bytes.buffer).setBigUint64(0, locallyAssigned);
  return bytes;
}

/** Makes a target without ports and logical units. */
export function createTarget(options: TargetOptions): Target {
  return new Target(options);
}
