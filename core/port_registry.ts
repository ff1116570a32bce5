/**
 * The target ports of a target.
 *
 * @module
 */

import { ManagementError } from "./management_error.ts";
import type { NexusServices } from "./nexus.ts";
import {
  type PortDescription,
  TargetPort,
  type UnitDirectory,
} from "./target_port.ts";

/** Ports that a target can have. */
export const PORTS_MAX = 1024;

/**
 * Numbers below this one are kept for ports that frontends ask for by number,
 * as they have them in CTL: 0 camsim, 1 ioctl, 2 tpc.
 */
export const FIRST_FREE_PORT = 3;

/** Ports by number. */
export class PortRegistry {
  readonly #units: UnitDirectory;
  readonly #services: NexusServices;
  readonly #ports: Map<number, TargetPort> = new Map();

  /** A registry for the units of a target. */
  constructor(units: UnitDirectory, services: NexusServices) {
    this.#units = units;
    this.#services = services;
  }

  /** Makes a port, off line, with every unit visible. */
  register(description: PortDescription): TargetPort {
    const number = description.number ?? this.#lowestFree();
    if (this.#ports.has(number)) {
      throw new ManagementError("port-exists", `port ${number} already exists`);
    }
    const port = new TargetPort(
      number,
      description,
      this.#units,
      this.#services,
      this,
    );
    this.#ports.set(number, port);
    return port;
  }

  /** Ends all nexuses of a port and forgets it. */
  async remove(port: TargetPort): Promise<void> {
    port.setOnline(false);
    this.#ports.delete(port.number);
    await Promise.all([...port.nexuses].map((nexus) => nexus.nexusLost()));
  }

  /** The port with a number, or undefined. */
  get(number: number): TargetPort | undefined {
    return this.#ports.get(number);
  }

  /** All ports by number. */
  all(): TargetPort[] {
    return [...this.#ports.values()].sort((a, b) => a.number - b.number);
  }

  #lowestFree(): number {
    for (let number = FIRST_FREE_PORT; number < PORTS_MAX; number += 1) {
      if (!this.#ports.has(number)) return number;
    }
    throw new ManagementError(
      "port-limit",
      `Cannot make another port: ${PORTS_MAX} exist, which is the limit`,
    );
  }
}
