/**
 * Local ports: target ports whose initiators are programs on this machine.
 *
 * @module
 */

import {
  type Host,
  LocalInitiator,
  ManagementError,
  optionalIntegerOption,
  type OptionTable,
  type PluginPorts,
  PORT_TYPE,
  type PortDriver,
  type RawOptions,
  spiTransportId,
  type TargetPort,
  typeOptions,
} from "../../core/mod.ts";

/** Number of the port that always exists, as in CTL. */
const DEFAULT_PORT = 1;

/** Initiator numbers that a local port has. */
export const IOCTL_INITIATORS_MAX = 2048;

/** Options of a new port. */
interface IoctlPortOptions {
  readonly pp: number | undefined;
  readonly vp: number | undefined;
}

const LIMITS = { min: 0, max: 0xffff };

const PORT_OPTIONS: OptionTable<IoctlPortOptions> = {
  pp: optionalIntegerOption(LIMITS, "physical port; default: the next one"),
  vp: optionalIntegerOption(LIMITS, "virtual port; default: 0"),
};

const REMOVE_OPTIONS: OptionTable<{ readonly port_id: number | undefined }> = {
  port_id: optionalIntegerOption(LIMITS, "number of the port to remove"),
};

/** Hears of the local ports that operators make: each has its own socket. */
export interface IoctlObserver {
  /** A port was made; when this throws, it is taken back. */
  added(port: TargetPort): Promise<void>;
  /** A port was removed. */
  removed(port: TargetPort): Promise<void>;
}

/** The local ports of one target. */
export class IoctlService implements PortDriver, AsyncDisposable {
  /** Name of the frontend. */
  readonly name = "ioctl";
  /** Number of the port 0.0; nodes of a pair number theirs differently. */
  readonly defaultPort: number;
  readonly #host: Host;
  readonly #registry: PluginPorts;
  readonly #initiators: Map<TargetPort, Map<number, LocalInitiator>> =
    new Map();
  #observer: IoctlObserver | null = null;

  /** Makes the port 0.0, on line. */
  constructor(host: Host, registry: PluginPorts) {
    this.#host = host;
    this.#registry = registry;
    this.defaultPort = this.#add(0, 0, DEFAULT_PORT).number;
  }

  /** All ports, by number. */
  ports(): TargetPort[] {
    return [...this.#initiators.keys()].sort((a, b) => a.number - b.number);
  }

  /** Names who hears of ports that come and go from now on. */
  observe(observer: IoctlObserver): void {
    this.#observer = observer;
  }

  /** Makes a port, on line. */
  async create(raw: RawOptions): Promise<TargetPort> {
    const { pp, vp } = typeOptions(PORT_OPTIONS, raw);
    const physicalPort = pp ?? this.#nextPhysicalPort();
    const virtualPort = vp ?? 0;
    const taken = this.ports().find(({ description }) =>
      description.physicalPort === physicalPort &&
      description.virtualPort === virtualPort
    );
    if (taken !== undefined) {
      throw new ManagementError(
        "port-exists",
        `port ${taken.number} already exists`,
      );
    }
    const port = this.#add(physicalPort, virtualPort);
    try {
      await this.#observer?.added(port);
      return port;
    } catch (error) {
      await this.#remove(port);
      throw error;
    }
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
    const port = this.#require(number);
    if (number === this.defaultPort) {
      throw new ManagementError(
        "request",
        "cannot destroy default ioctl port",
      );
    }
    await this.#remove(port);
  }

  /**
   * The initiator with a number at a port: an I_T nexus that lasts as long as
   * the port does.
   */
  initiator(portNumber: number, initiator: number): LocalInitiator {
    const port = this.#require(portNumber);
    if (!port.online) {
      throw new ManagementError(
        "port-offline",
        `Operation not permitted: port ${portNumber} is off line`,
      );
    }
    if (initiator >= IOCTL_INITIATORS_MAX) {
      throw new ManagementError(
        "request",
        `Invalid initiator ${initiator}: ${IOCTL_INITIATORS_MAX - 1} is the ` +
          `largest number`,
      );
    }
    const known = this.#initiators.get(port)?.get(initiator);
    return known ?? this.#connect(port, initiator);
  }

  /** Removes all ports. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const port of this.ports()) await this.#remove(port);
  }

  #add(
    physicalPort: number,
    virtualPort: number,
    number?: number,
  ): TargetPort {
    const port = this.#registry.register({
      frontend: this.name,
      name: this.name,
      type: PORT_TYPE.IOCTL,
      physicalPort,
      virtualPort,
      ...number === undefined ? {} : { number },
    });
    this.#initiators.set(port, new Map());
    port.setOnline(true);
    return port;
  }

  async #remove(port: TargetPort): Promise<void> {
    this.#initiators.delete(port);
    await this.#observer?.removed(port);
    await this.#registry.remove(port);
  }

  #connect(port: TargetPort, number: number): LocalInitiator {
    const { physicalPort, virtualPort } = port.description;
    const initiator = new LocalInitiator({
      port,
      name: `ioctl${physicalPort}.${virtualPort},i,${number}`,
      transportId: spiTransportId(number, port.number),
      clock: this.#host.clock,
    });
    this.#initiators.get(port)?.set(number, initiator);
    return initiator;
  }

  #nextPhysicalPort(): number {
    const taken = this.ports().map((port) => port.description.physicalPort);
    return Math.max(-1, ...taken) + 1;
  }

  #require(number: number): TargetPort {
    const port = this.ports().find((each) => each.number === number);
    if (port === undefined) {
      throw new ManagementError("port-not-found", `cannot find port ${number}`);
    }
    return port;
  }
}
