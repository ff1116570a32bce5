/**
 * The emulated HBAs of one target.
 *
 * @module
 */

import {
  type EventHub,
  type Host,
  ManagementError,
  type PluginPorts,
  PORT_TYPE,
  type PortDriver,
  type RawOptions,
  type TargetPort,
  typeOptions,
} from "../../core/mod.ts";
import {
  addressText,
  isLocal,
  type WireAddress,
  wireAddress,
} from "./address.ts";
import type { WireStream } from "./frame_link.ts";
import { Hba, type HbaUsage } from "./hba.ts";
import { CamInitiator, type CamInitiatorOptions } from "./initiator.ts";
import {
  type HbaOptions,
  hbaOptions,
  PORT_OPTIONS,
  refuseUnknown,
  REMOVE_OPTIONS,
} from "./options.ts";
import { simulatedWire } from "./simulated.ts";
import { namesOfPort } from "./world_wide_names.ts";

/** Serves a wire at a place; see `socket_adapter.ts`. */
export type ListenWire = (
  address: WireAddress,
  accept: (stream: WireStream, peer: string) => void,
) => { readonly address: WireAddress; close(): void };

/** What the service works with. */
export interface CamtgtParts {
  /** The machine. */
  readonly host: Host;
  /** The target ports. */
  readonly ports: PluginPorts;
  /** Hears of logins. */
  readonly events: EventHub;
  /** Serves sockets. */
  readonly listen: ListenWire;
  /** Whether somebody else serves a place. */
  readonly isServed: (address: WireAddress) => Promise<boolean>;
  /** Options of the plugin: defaults of its ports. */
  readonly defaults: HbaOptions;
}

interface Record {
  readonly hba: Hba;
  readonly listen: WireAddress | null;
  served: ReturnType<ListenWire> | null;
}

const TYPES = {
  fc: PORT_TYPE.FC,
  sas: PORT_TYPE.SAS,
  scsi: PORT_TYPE.SCSI,
} as const;

/** Makes HBAs and takes them away. */
export class CamtgtService implements PortDriver, AsyncDisposable {
  /** Name of the frontend. */
  readonly name = "camtgt";
  readonly #parts: CamtgtParts;
  readonly #records: Map<TargetPort, Record> = new Map();
  readonly #connections: Set<Promise<void>> = new Set();

  /** There is no HBA yet. */
  constructor(parts: CamtgtParts) {
    this.#parts = parts;
  }

  /** All ports, by number. */
  ports(): TargetPort[] {
    return [...this.#records.keys()].sort((a, b) => a.number - b.number);
  }

  /** What the HBA of a port has in use. */
  usage(port: TargetPort): HbaUsage {
    return this.#require(port).hba.usage;
  }

  /** Where the wire of a port is served now; null: nowhere. */
  address(port: TargetPort): WireAddress | null {
    return this.#require(port).served?.address ?? null;
  }

  /** Makes an HBA, its port off line. */
  async create(raw: RawOptions): Promise<TargetPort> {
    refuseUnknown(raw);
    const options = hbaOptions(raw, this.#parts.defaults);
    const { pp, vp, wwnn, wwpn } = typeOptions(PORT_OPTIONS, raw);
    const physicalPort = pp ?? this.#nextPhysicalPort();
    const virtualPort = vp ?? 0;
    const listen = this.#listenOf(options, physicalPort);
    await this.#refuseServed(listen);
    this.#refuseTaken(physicalPort, virtualPort);
    const place = `${physicalPort}.${virtualPort}`;
    const names = namesOfPort(place, { wwnn, wwpn }, this.#parts.host);
    const port = this.#parts.ports.register({
      frontend: this.name,
      name: this.name,
      type: TYPES[options.transport],
      physicalPort,
      virtualPort,
      lastingName: place,
      details: detailsOf(options, listen),
      onlineChanged: (online) => this.#turn(port, online),
    });
    port.setWorldWideNames(names);
    const hba = new Hba({ ...this.#parts, port, options });
    this.#records.set(port, { hba, listen, served: null });
    return port;
  }

  /** Removes the port with number `port_id`; its commands end first. */
  async remove(raw: RawOptions): Promise<void> {
    const { port_id: number } = typeOptions(REMOVE_OPTIONS, raw);
    if (number === undefined) {
      throw new ManagementError(
        "request",
        "Missing required argument: port_id",
      );
    }
    const port = this.ports().find((each) => each.number === number);
    if (port === undefined) {
      throw new ManagementError("port-not-found", `cannot find port ${number}`);
    }
    await this.#remove(port);
  }

  /**
   * The path to an HBA is lost, as when its card is pulled out: nobody hears
   * another word, all its commands end, and its port is gone.
   */
  async pull(port: TargetPort): Promise<void> {
    const { hba } = this.#require(port);
    this.#parts.host.log.warn("An HBA is gone", { port: port.number });
    const cut = hba.cut("the path is lost");
    await this.#remove(port);
    await cut;
  }

  /**
   * Connects an initiator by a wire in this process; rejects when the port
   * refuses its login.
   */
  async connect(
    port: TargetPort,
    options: CamInitiatorOptions,
  ): Promise<CamInitiator> {
    const [near, far] = simulatedWire();
    this.accept(port, far, "simulated");
    return await CamInitiator.logIn(near, this.#parts.host.clock, options);
  }

  /** Serves a stream as a connection to a port, until it ends. */
  accept(port: TargetPort, stream: WireStream, address: string): void {
    const served = this.#require(port).hba.serve(stream, address);
    const ended = served.catch((error: unknown) => {
      const text = error instanceof Error ? error.stack : String(error);
      this.#parts.host.log.error("A connection met a defect", { error: text });
    }).finally(() => this.#connections.delete(ended));
    this.#connections.add(ended);
  }

  /** Removes all HBAs. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const port of this.ports()) await this.#remove(port);
  }

  async #remove(port: TargetPort): Promise<void> {
    const record = this.#require(port);
    this.#close(record);
    await this.#parts.ports.remove(port);
    this.#records.delete(port);
    await Promise.all([...this.#connections]);
  }

  // Off line nobody gets in, and whoever was in is out.
  #turn(port: TargetPort, online: boolean): void {
    const record = this.#records.get(port);
    if (record === undefined) return;
    if (!online) {
      this.#close(record);
      void record.hba.logOutAll("the port is off line");
      return;
    }
    if (record.listen === null) return;
    try {
      record.served = this.#parts.listen(
        record.listen,
        (stream, peer) => this.accept(port, stream, peer),
      );
    } catch (error) {
      this.#parts.host.log.error("A port has no wire", {
        port: port.number,
        error: error instanceof Error ? error.message : String(error),
      });
    }
  }

  #close(record: Record): void {
    record.served?.close();
    record.served = null;
  }

  #listenOf({ listen, insecure }: HbaOptions, pp: number): WireAddress | null {
    if (listen === undefined) return null;
    const address = wireAddress(listen, pp);
    if (insecure || isLocal(address)) return address;
    throw new ManagementError(
      "option",
      `${addressText(address)} can be reached from other machines, and ` +
        `whoever gets there can use every LUN of the port: say insecure=on ` +
        `if that is meant`,
    );
  }

  // A socket that another serves would be taken from it.
  async #refuseServed(listen: WireAddress | null): Promise<void> {
    if (listen === null) return;
    const place = addressText(listen);
    const isOurs = [...this.#records.values()].some((other) =>
      other.listen !== null && addressText(other.listen) === place
    );
    const isAny = listen.transport === "tcp" && listen.port === 0;
    if (!isAny && (isOurs || await this.#parts.isServed(listen))) {
      throw new ManagementError(
        "port-exists",
        `${place} is served already: choose another place`,
      );
    }
  }

  #refuseTaken(physicalPort: number, virtualPort: number): void {
    const taken = this.ports().find(({ description }) =>
      description.physicalPort === physicalPort &&
      description.virtualPort === virtualPort
    );
    if (taken === undefined) return;
    throw new ManagementError(
      "port-exists",
      `port ${taken.number} already exists`,
    );
  }

  #nextPhysicalPort(): number {
    const taken = this.ports().map((port) => port.description.physicalPort);
    return Math.max(-1, ...taken) + 1;
  }

  #require(port: TargetPort): Record {
    const record = this.#records.get(port);
    if (record !== undefined) return record;
    throw new ManagementError(
      "port-not-found",
      `cannot find port ${port.number}`,
    );
  }
}

function detailsOf(
  options: HbaOptions,
  listen: WireAddress | null,
): Map<string, string> {
  return new Map([
    ["camtgt_wire", listen === null ? "simulated" : addressText(listen)],
    ["camtgt_atios", String(options.atios)],
    ["camtgt_inots", String(options.inots)],
    ["camtgt_maxio", String(options.maxio)],
    ["camtgt_autosense", options.autosense ? "on" : "off"],
  ]);
}
