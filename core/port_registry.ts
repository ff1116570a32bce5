/**
 * The target ports of a target.
 *
 * @module
 */

import { ManagementError } from "./management_error.ts";
import type { NexusServices } from "./nexus.ts";
import type { StateStore } from "./ports/host.ts";
import {
  type PortDescription,
  TargetPort,
  type UnitDirectory,
} from "./target_port.ts";

/** Ports that a target can have. */
export const PORTS_MAX = 1024;

/**
 * Numbers below this one are kept for ports that frontends ask for by number,
 * as they have them in CTL, whose fourth port is the first with a free number.
 */
export const FIRST_FREE_PORT = 3;

const KEPT_PREFIX = "port/";

/** The numbers that the ports of a node have. */
export interface PortNumbers {
  /** The first of them. */
  readonly first: number;
  /** How many there are. */
  readonly count: number;
}

/**
 * Ports by number. A number that something durable hangs on is kept: the port
 * of that name has it again after a restart, whatever the order then is.
 */
export class PortRegistry {
  readonly #units: UnitDirectory;
  readonly #services: NexusServices;
  readonly #state: StateStore;
  readonly #ports: Map<number, TargetPort> = new Map();
  readonly #kept: Map<string, number> = new Map();
  #numbers: PortNumbers = { first: 0, count: PORTS_MAX };

  /** A registry for the units of a target. */
  constructor(
    units: UnitDirectory,
    services: NexusServices,
    state: StateStore,
  ) {
    this.#units = units;
    this.#services = services;
    this.#state = state;
    for (const name of state.names(KEPT_PREFIX)) {
      const [high = 0, low = 0] = state.read(name) ?? [];
      this.#kept.set(name, high << 8 | low);
    }
  }

  /** The numbers that ports of this node have. */
  get numbers(): PortNumbers {
    return this.#numbers;
  }

  /**
   * Has the ports of this node numbered by a range of its own: no two nodes
   * may have the same. Throws a `ManagementError` where a port exists already.
   */
  setNumbers(numbers: PortNumbers): void {
    const last = numbers.first + numbers.count - 1;
    const outside = this.all().find(({ number, remote }) =>
      !remote && (number < numbers.first || number > last)
    );
    if (outside !== undefined) {
      throw new ManagementError(
        "port-exists",
        `Ports cannot be numbered from ${numbers.first} to ${last}: ` +
          `port ${outside.number} exists`,
      );
    }
    this.#numbers = numbers;
  }

  /** Makes a port, off line, with every unit visible. */
  register(description: PortDescription): TargetPort {
    const number = this.#numberFor(description);
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
    port.coordinator.portChanged(port);
    this.#services.events.emit({ type: "port-added", port: number });
    return port;
  }

  /** Ends all nexuses of a port and forgets it. */
  async remove(port: TargetPort): Promise<void> {
    port.setOnline(false);
    this.#ports.delete(port.number);
    await Promise.all([...port.nexuses].map((nexus) => nexus.nexusLost()));
    port.coordinator.portRemoved(port);
    const { number } = port;
    this.#services.events.emit({ type: "port-removed", port: number });
  }

  /**
   * Sees to it that a port has the same number after a restart; a port
   * without a name of its own cannot be known again. Throws a
   * `ManagementError` when the state cannot be written.
   */
  keepNumber(port: TargetPort): void {
    const name = keptName(port.description);
    if (name === undefined || this.#kept.get(name) === port.number) return;
    this.#state.write(name, Uint8Array.of(port.number >> 8, port.number));
    this.#kept.set(name, port.number);
    this.#dropOthers(name, port.number);
  }

  /** The port with a number, or undefined. */
  get(number: number): TargetPort | undefined {
    return this.#ports.get(number);
  }

  /** All ports by number. */
  all(): TargetPort[] {
    return [...this.#ports.values()].sort((a, b) => a.number - b.number);
  }

  // When all numbers are kept, somebody has to lose one.
  #dropOthers(name: string, number: number): void {
    for (const [other, its] of [...this.#kept]) {
      if (other === name || its !== number) continue;
      this.#state.remove(other);
      this.#kept.delete(other);
    }
  }

  // Ports of another node have their numbers there; wanted ones count from
  // the first of this node.
  #numberFor(description: PortDescription): number {
    const { number, remote } = description;
    if (number === undefined) return this.#freeNumber(description);
    return remote ? number : this.#numbers.first + number;
  }

  #freeNumber(description: PortDescription): number {
    const { first, count } = this.#numbers;
    const kept = this.#kept.get(keptName(description) ?? "");
    if (
      kept !== undefined && kept >= first && kept < first + count &&
      !this.#ports.has(kept)
    ) return kept;
    const others = new Set(this.#kept.values());
    return this.#lowestFree(others) ?? this.#lowestFree(new Set()) ??
      noNumber();
  }

  #lowestFree(avoided: ReadonlySet<number>): number | undefined {
    const { first, count } = this.#numbers;
    const end = first + count;
    for (let number = first + FIRST_FREE_PORT; number < end; number += 1) {
      if (!this.#ports.has(number) && !avoided.has(number)) return number;
    }
    return undefined;
  }
}

function keptName(description: PortDescription): string | undefined {
  const { frontend, lastingName } = description;
  return lastingName === undefined
    ? undefined
    : `${KEPT_PREFIX}${frontend}/${lastingName}`;
}

function noNumber(): never {
  throw new ManagementError(
    "port-limit",
    `Cannot make another port: ${PORTS_MAX} exist, which is the limit`,
  );
}
