/**
 * Ports of other frontends that ctl.conf gives to a target (`port` in a
 * target).
 *
 * @module
 */

import {
  ManagementError,
  PORT_TYPE,
  type PortDriver,
  type Target,
  type TargetPort,
} from "../../mod.ts";
import { physicalPortKey } from "../conf/desired_state.ts";
import type { PhysicalPort } from "../conf/model.ts";
import type { AttachPort, PhysicalPortKey } from "../conf/steps.ts";

/** A port of a target, and how it is given back. */
interface Attached {
  readonly port: TargetPort;
  readonly giveBack: () => Promise<void>;
}

/** The ports that targets have been given. */
export class PhysicalPorts {
  readonly #target: Target;
  readonly #attached: Map<string, Attached> = new Map();

  /** No port is given to anybody. */
  constructor(target: Target) {
    this.#target = target;
  }

  /** The port that a target was given, or undefined. */
  port(key: PhysicalPortKey): TargetPort | undefined {
    return this.#attached.get(physicalPortKey(key))?.port;
  }

  /**
   * Gives a port to a target: one that is there, else one that its frontend
   * makes. Shows the LUNs of the map, and nothing else, and turns it on.
   */
  async attach(
    { port: key, worldWideName }: AttachPort,
    map: ReadonlyMap<number, number>,
  ): Promise<void> {
    const { physicalPort } = key;
    const attached = this.#take(physicalPort) ?? await this.#make(physicalPort);
    const { port } = attached;
    this.#attached.set(physicalPortKey(key), attached);
    if (worldWideName !== undefined) {
      port.setWorldWideNames({ wwpn: BigInt(`0x${worldWideName}`) });
    }
    port.setLunMap(map);
    port.setOnline(true);
  }

  /** Gives a port back: it is as it was before, or gone. */
  async detach(key: PhysicalPortKey): Promise<void> {
    const name = physicalPortKey(key);
    const attached = this.#attached.get(name);
    if (attached === undefined) throw missing(key.physicalPort);
    this.#attached.delete(name);
    const { port, giveBack } = attached;
    // Its plugin may have gone, and the port with it.
    if (this.#target.ports.get(port.number) === port) await giveBack();
  }

  // iSCSI has portal groups for that.
  #take(wanted: PhysicalPort): Attached | undefined {
    const port = this.#target.ports.all().find(({ description }) =>
      description.type !== PORT_TYPE.ISCSI &&
      description.frontend.toLowerCase() === wanted.driver &&
      description.physicalPort === wanted.physicalPort &&
      description.virtualPort === wanted.virtualPort
    );
    if (port === undefined) return undefined;
    const { lunMap, online } = port;
    const giveBack = () => {
      port.setOnline(online);
      port.setLunMap(lunMap);
      return Promise.resolve();
    };
    return { port, giveBack };
  }

  async #make(wanted: PhysicalPort): Promise<Attached> {
    const { physicalPort: pp, virtualPort: vp } = wanted;
    const driver = await this.#driver(wanted);
    const place = [["pp", String(pp)], ["vp", String(vp)]] as const;
    const port = await driver.create(new Map(place));
    const giveBack = () =>
      driver.remove(new Map([["port_id", String(port.number)]]));
    return { port, giveBack };
  }

  async #driver(wanted: PhysicalPort): Promise<PortDriver> {
    try {
      return await this.#target.plugins.portDriver(wanted.driver);
    } catch (error) {
      const unknown = error instanceof ManagementError &&
        error.code === "frontend-not-found";
      throw unknown ? missing(wanted) : error;
    }
  }
}

function missing({ text }: PhysicalPort): ManagementError {
  return new ManagementError("port-not-found", `port "${text}" does not exist`);
}
