/**
 * Target ports: where initiators meet logical units.
 *
 * @module
 */

import { CommandTally } from "./command_counters.ts";
import { type InitiatorPort, InitiatorTable } from "./initiator_port.ts";
import type { LogicalUnit } from "./logical_unit.ts";
import { Nexus, type NexusServices } from "./nexus.ts";
import {
  ASSOCIATION,
  type Designator,
  naaDesignator,
  PROTOCOL,
} from "./ports/designator.ts";
import type { Coordinator } from "./ports/coordinator.ts";
import type { Transport } from "./ports/transport.ts";
import { UNIT_ATTENTION } from "./unit_attention.ts";

/** Kinds of port, as bits (`port_type` of the port list). */
export const PORT_TYPE = {
  FC: 0x01,
  SCSI: 0x02,
  IOCTL: 0x04,
  INTERNAL: 0x08,
  ISCSI: 0x10,
  SAS: 0x20,
} as const;

/** Entries that a LUN map can have. */
export const LUN_MAP_LENGTH = 1024;

/** Where the initiators of a port find it. */
export interface PortReach {
  /** Name of its target. */
  readonly target: string;
  /** Target portal group tag. */
  readonly tag: number;
  /** `ADDRESS:PORT`, an IPv6 address in brackets; without wildcards. */
  readonly portals: readonly string[];
}

/** What a frontend says of a port that it makes. */
export interface PortDescription {
  /** Frontend that it belongs to: `iscsi`. */
  readonly frontend: string;
  /** Name of the port. */
  readonly name: string;
  /** One of {@linkcode PORT_TYPE}. */
  readonly type: number;
  /** Physical port number, as lists show it. */
  readonly physicalPort: number;
  /** Virtual port number, as lists show it. */
  readonly virtualPort: number;
  /** Wanted port number; undefined: the lowest free one. */
  readonly number?: number;
  /** What an operator calls it, restart after restart; undefined: nothing. */
  readonly lastingName?: string;
  /** Designator of this target port (SPC-5 7.7.6.1), if it has a name. */
  readonly portDesignator?: Designator;
  /** Designator of the target device, if it has a name. */
  readonly targetDesignator?: Designator;
  /** It is a port of another node, shown here by its number there. */
  readonly remote?: boolean;
  /** Where initiators find it, now; absent: not by an address. */
  readonly reach?: () => PortReach;
  /** Further facts for lists, in order. */
  readonly details?: ReadonlyMap<string, string>;
  /** Called when the port goes on or off line. */
  onlineChanged?(online: boolean): void;
}

/** World wide names: 64-bit NAA identifiers. */
export interface WorldWideNames {
  /** Node name: of the target device. */
  readonly wwnn?: bigint | undefined;
  /** Port name. */
  readonly wwpn?: bigint | undefined;
}

/** Finds logical units by their number in the target. */
export interface UnitDirectory {
  /** The unit, or undefined. */
  get(number: number): LogicalUnit | undefined;
  /** All numbers in ascending order. */
  numbers(): Iterable<number>;
}

/** The ports of a target, as each of them sees the others. */
export interface PortDirectory {
  /** All ports by number. */
  all(): TargetPort[];
  /** Gives a port the same number after a restart. */
  keepNumber(port: TargetPort): void;
}

/** A target port: its description, LUN map, initiators and nexuses. */
export class TargetPort {
  /** Its number: the RELATIVE TARGET PORT IDENTIFIER. */
  readonly number: number;
  /** What its frontend said. */
  readonly description: PortDescription;
  /** Task management functions that were asked for, by their names. */
  readonly functions: Map<string, number> = new Map();
  /** Its name (SPC-5 7.7.6.1); null: it has none. */
  portDesignator: Designator | null;
  /** Name of the target device; null: it has none. */
  targetDesignator: Designator | null;
  /** It is a port of another node: its initiators hear from that one. */
  readonly remote: boolean;
  readonly #units: UnitDirectory;
  readonly #services: NexusServices;
  readonly #directory: PortDirectory;
  readonly #initiators: InitiatorTable = new InitiatorTable();
  readonly #nexuses: Set<Nexus> = new Set();
  /** Counters of nexuses that are gone. */
  readonly #past: CommandTally = new CommandTally();
  #map: Map<number, number> | null = null;
  #online = false;

  /** Made by the port registry. */
  constructor(
    number: number,
    description: PortDescription,
    units: UnitDirectory,
    services: NexusServices,
    directory: PortDirectory,
  ) {
    this.number = number;
    this.description = description;
    this.portDesignator = description.portDesignator ?? null;
    this.targetDesignator = description.targetDesignator ?? null;
    this.remote = description.remote ?? false;
    this.#units = units;
    this.#services = services;
    this.#directory = directory;
  }

  /** The other node. */
  get coordinator(): Coordinator {
    return this.#services.place.current;
  }

  /** All ports of the target, this one among them, by number. */
  siblings(): TargetPort[] {
    return this.#directory.all();
  }

  /** Has the same number after a restart; throws when that fails. */
  keepNumber(): void {
    this.#directory.keepNumber(this);
  }

  /** Counters of the commands of all its nexuses, past ones too. */
  get statistics(): CommandTally {
    const all = new CommandTally();
    all.add(this.#past);
    for (const nexus of this.#nexuses) all.add(nexus.statistics);
    return all;
  }

  /** Whether it accepts commands. */
  get online(): boolean {
    return this.#online;
  }

  /** Turns the port on or off; initiators of its units hear of it. */
  setOnline(online: boolean): void {
    if (online === this.#online) return;
    this.#online = online;
    const type = online ? "port-online" : "port-offline";
    this.#services.events.emit({ type, port: this.number });
    this.description.onlineChanged?.(online);
    this.coordinator.portChanged(this);
    this.#inquiryDataChanged();
  }

  /** Names the port as a Fibre Channel port is named: by NAA. */
  setWorldWideNames(names: WorldWideNames): void {
    const { type } = this.description;
    const protocol = type === PORT_TYPE.SAS
      ? PROTOCOL.SAS
      : type === PORT_TYPE.FC
      ? PROTOCOL.FC
      : PROTOCOL.SPI;
    const { wwnn, wwpn } = names;
    if (wwnn !== undefined) {
      this.targetDesignator = naaDesignator(
        wwnn,
        ASSOCIATION.TARGET,
        protocol,
      );
    }
    if (wwpn !== undefined) {
      this.portDesignator = naaDesignator(wwpn, ASSOCIATION.PORT, protocol);
    }
    this.coordinator.portChanged(this);
    this.#inquiryDataChanged();
  }

  /** Initiators with a session now. */
  get initiators(): Iterable<InitiatorPort> {
    return this.#initiators.present();
  }

  /** Initiators that it remembers, with a session or without. */
  get knownInitiators(): Iterable<InitiatorPort> {
    return this.#initiators.known();
  }

  /** Nexuses that exist now. */
  get nexuses(): Iterable<Nexus> {
    return this.#nexuses;
  }

  /**
   * Makes a nexus for an initiator port.
   *
   * @returns null when the initiator table is full
   */
  connect<Context>(
    initiatorName: string,
    transportId: Uint8Array,
    transport: Transport<Context>,
    makeContext: () => Context,
  ): Nexus<Context> | null {
    const initiator = this.#initiators.enter(
      initiatorName,
      transportId,
      this.number,
    );
    if (initiator === null) return null;
    const nexus = new Nexus(
      this,
      initiator,
      transport,
      makeContext,
      this.#services,
    );
    this.#nexuses.add(nexus);
    this.coordinator.nexusMade(nexus);
    return nexus;
  }

  /**
   * Makes a nexus that acts in the name of another one, at another port maybe:
   * reservations judge it as that one.
   */
  connectFor<Context>(
    asker: Nexus,
    transport: Transport<Context>,
    makeContext: () => Context,
  ): Nexus<Context> {
    const nexus = new Nexus(
      this,
      asker.initiator,
      transport,
      makeContext,
      this.#services,
      asker,
    );
    this.#nexuses.add(nexus);
    return nexus;
  }

  /** Forgets a nexus; called when it is lost. */
  disconnect(nexus: Nexus): void {
    if (!this.#nexuses.delete(nexus)) return;
    this.coordinator.nexusLost(nexus);
    this.#past.add(nexus.statistics);
    if (nexus.actsFor === null) this.#initiators.leave(nexus.initiator);
  }

  /** The unit at a LUN of this port, or null. */
  unitAt(visibleLun: number): LogicalUnit | null {
    const number = this.#map === null
      ? visibleLun
      : this.#map.get(visibleLun) ?? -1;
    const unit = this.#units.get(number);
    return unit === undefined || unit.removing ? null : unit;
  }

  /** All units of the target, visible here or not. */
  *allUnits(): Iterable<LogicalUnit> {
    for (const number of this.#units.numbers()) {
      const unit = this.#units.get(number);
      if (unit !== undefined) yield unit;
    }
  }

  /** LUNs of this port with a unit behind them, ascending. */
  visibleLuns(): number[] {
    const all = this.#map === null
      ? [...this.#units.numbers()]
      : [...this.#map.keys()].sort((a, b) => a - b);
    return all.filter((lun) => this.unitAt(lun) !== null);
  }

  /** Whether any LUN of this port leads to the unit. */
  maps(unit: LogicalUnit): boolean {
    if (this.#map === null) return this.#units.get(unit.number) === unit;
    for (const number of this.#map.values()) {
      if (number === unit.number) return true;
    }
    return false;
  }

  /** Entries of the LUN map (visible, unit); null: every unit is visible. */
  get lunMap(): ReadonlyMap<number, number> | null {
    return this.#map;
  }

  /** Replaces the whole map; null makes every unit visible by its number. */
  setLunMap(map: ReadonlyMap<number, number> | null): void {
    this.#map = map === null ? null : new Map(map);
    this.coordinator.portChanged(this);
    for (const nexus of this.#nexuses) {
      for (const itl of [...nexus.itls]) {
        if (this.unitAt(itl.visibleLun) !== itl.unit) {
          nexus.forget(itl.visibleLun);
        }
      }
    }
    this.reportLunsChanged();
  }

  /**
   * Sets or, with undefined, removes one entry of the map. The first entry
   * set makes a map in which there is nothing else.
   */
  mapLun(visibleLun: number, unitNumber: number | undefined): void {
    if (this.#map === null && unitNumber === undefined) return;
    const map = new Map(this.#map ?? []);
    if (unitNumber === undefined) map.delete(visibleLun);
    else map.set(visibleLun, unitNumber);
    this.setLunMap(map);
  }

  #inquiryDataChanged(): void {
    for (const unit of this.allUnits()) {
      if (!this.maps(unit)) continue;
      unit.raiseHere(UNIT_ATTENTION.INQUIRY_DATA_CHANGED);
    }
  }

  /** Tells every nexus that REPORTED LUNS DATA HAS CHANGED. */
  reportLunsChanged(except?: LogicalUnit): void {
    for (const nexus of this.#nexuses) {
      nexus.wellKnownPending |= UNIT_ATTENTION.LUNS_CHANGED;
      for (const itl of nexus.itls) {
        if (itl.unit !== except) itl.owe(UNIT_ATTENTION.LUNS_CHANGED);
      }
    }
  }
}
