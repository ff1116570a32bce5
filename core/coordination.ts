/**
 * The coordinator of a target that stands alone, and the place where it stands
 * and can be exchanged.
 *
 * @module
 */

import type { LogicalUnit } from "./logical_unit.ts";
import type { LunRegistry } from "./lun_registry.ts";
import type { PortRegistry } from "./port_registry.ts";
import type { BlockStore } from "./ports/block_store.ts";
import {
  ACCESS,
  type Coordination,
  type Coordinator,
  type TargetPortGroup,
} from "./ports/coordinator.ts";
import {
  ENTRY_NAME_MAX,
  type EntryTeller,
  type SharedEntries,
} from "./ports/shared_entries.ts";
import { STATUS } from "./sense.ts";
import { defineService, type ServiceToken } from "./service.ts";
import type { TargetPort } from "./target_port.ts";

/** The service of the core by which a coordinator comes in. */
export const COORDINATION: ServiceToken<Coordination> = defineService(
  "coordination",
);

/** TARGET PORT GROUP of every port of a target that stands alone. */
export const ONLY_GROUP = 1;
/** STATUS CODE: states change without a command. */
export const STATUS_IMPLICIT = 2;

/** No other node: every unit is served here, and nobody has to be told. */
export const STANDALONE: Coordinator = Object.freeze({
  explicit: false,
  groupOf: () => ONLY_GROUP,
  groups: (
    _unit: LogicalUnit,
    ports: readonly TargetPort[],
  ): TargetPortGroup[] => [{
    number: ONLY_GROUP,
    access: ACCESS.OPTIMIZED,
    statusCode: STATUS_IMPLICIT,
    ports,
  }],
  hides: () => false,
  opensStore: () => true,
  guard: (_number: number, store: BlockStore) => store,
  unitAdded: (unit: LogicalUnit) => unit.setAccess(ACCESS.OPTIMIZED),
  unitChanged() {},
  unitRemoved() {},
  portChanged() {},
  portRemoved() {},
  nexusMade() {},
  nexusLost() {},
  changed() {},
  attention() {},
  settled: () => null,
  sharesEntries: false,
  entryChanged: () => null,
  entriesAdded() {},
  isShared: () => false,
  execute: () => STATUS.BUSY,
  manage: () => null,
});

/** Holds the coordinator that is in place. */
export class CoordinatorPlace {
  #current: Coordinator = STANDALONE;
  readonly #entries: Map<string, SharedEntries> = new Map();

  /** The one in place. */
  get current(): Coordinator {
    return this.#current;
  }

  /** Entries of plugins, by their names. */
  get entries(): ReadonlyMap<string, SharedEntries> {
    return this.#entries;
  }

  /**
   * A plugin shares its entries from now on, until the teller is disposed of.
   * Throws a `TypeError` when their name is taken.
   */
  share(entries: SharedEntries): EntryTeller & Disposable {
    const { name } = entries;
    if (this.#entries.has(name)) {
      throw new TypeError(`Entries "${name}" are shared already`);
    }
    if (name === "" || name.length > ENTRY_NAME_MAX) {
      throw new TypeError(`Cannot share entries named "${name}"`);
    }
    this.#entries.set(name, entries);
    this.#current.entriesAdded(entries);
    const current = () =>
      this.#entries.get(name) === entries ? this.#current : STANDALONE;
    return {
      get active() {
        return current().sharesEntries;
      },
      tell: (unit, key) => current().entryChanged(unit, entries, key),
      [Symbol.dispose]: () => {
        if (this.#entries.get(name) === entries) this.#entries.delete(name);
      },
    };
  }

  /** Exchanges it; units, ports and initiators that are there are told of. */
  install(
    coordinator: Coordinator,
    luns: LunRegistry,
    ports: PortRegistry,
  ): Disposable {
    if (this.#current !== STANDALONE) {
      throw new TypeError("A coordinator is in place already");
    }
    this.#put(coordinator, luns, ports);
    return { [Symbol.dispose]: () => this.#put(STANDALONE, luns, ports) };
  }

  #put(
    coordinator: Coordinator,
    luns: LunRegistry,
    ports: PortRegistry,
  ): void {
    this.#current = coordinator;
    for (const port of ports.all()) {
      coordinator.portChanged(port);
      for (const nexus of port.nexuses) coordinator.nexusMade(nexus);
    }
    for (const unit of luns.all()) {
      unit.coordinator = coordinator;
      coordinator.unitAdded(unit);
    }
  }
}
