/**
 * The port between a target and a second node that serves the same logical
 * units. A target that stands alone has `STANDALONE`, and knows no difference:
 * nothing in the core asks whether there is another node.
 *
 * @module
 */

import type { CommandRow } from "../commands/command_row.ts";
import type { LogicalUnit } from "../logical_unit.ts";
import type { LunRegistry } from "../lun_registry.ts";
import type { Nexus } from "../nexus.ts";
import type { RawOptions } from "../options.ts";
import type { PortRegistry } from "../port_registry.ts";
import type { Completion } from "../sense.ts";
import type { TargetPort } from "../target_port.ts";
import type { ScsiTask } from "../task.ts";
import type { TaskManagementRequest } from "../task_management.ts";
import type { BackendDriver, MayWrite } from "./backend_driver.ts";
import type { BlockStore, MaybePromise } from "./block_store.ts";
import type { SharedEntries } from "./shared_entries.ts";

/** Asymmetric access states by their codes (SPC-5 6.36). */
export const ACCESS = {
  OPTIMIZED: 0x0,
  NONOPTIMIZED: 0x1,
  STANDBY: 0x2,
  UNAVAILABLE: 0x3,
  OFFLINE: 0xe,
  TRANSITIONING: 0xf,
} as const;

/** What of a unit both nodes have to know alike, as bits of a set. */
export const SHARED = {
  /** Persistent reservations. */
  PERSISTENT: 0x01,
  /** The holder of a RESERVE. */
  RESERVE: 0x02,
  /** Mode pages, in force and saved. */
  MODE_PAGES: 0x04,
  /** Who prevents the removal of the medium. */
  PREVENT: 0x08,
  /** Stopped, ejected; the time that it tells. */
  CONDITION: 0x10,
  /** What initiators have asked it to keep, beyond the above. */
  KEPT: 0x20,
  /** Its capacity. */
  CAPACITY: 0x40,
} as const;

/**
 * That a coordinator ends a task by `Nexus.executed`, once; so a command that
 * the other node carries out costs no promise.
 */
export const ENDS_LATER: unique symbol = Symbol("ends later");

/** How a task ends that a coordinator was given. */
export type AwayEnding = MaybePromise<Completion> | typeof ENDS_LATER;

/** For whom a unit attention is. */
export interface AttentionScope {
  /** `nexusId` of the only nexus that hears of it. */
  readonly only?: string;
  /** `nexusId` of the one that knows. */
  readonly except?: string | undefined;
}

/** A target port group (SPC-5 6.36). */
export interface TargetPortGroup {
  /** TARGET PORT GROUP. */
  readonly number: number;
  /** ASYMMETRIC ACCESS STATE: one of {@linkcode ACCESS}. */
  readonly access: number;
  /** STATUS CODE: 0 none, 1 by command, 2 implicitly. */
  readonly statusCode: number;
  /** Its ports on line that lead to the unit. */
  readonly ports: readonly TargetPort[];
}

/** The other node, as far as the core goes. */
export interface Coordinator {
  /** Initiators may set access states (TPGS 11b). */
  readonly explicit: boolean;
  /** TARGET PORT GROUP of a port. */
  groupOf(port: TargetPort): number;
  /** The groups through which a unit is reached; `ports` lead to it. */
  groups(unit: LogicalUnit, ports: readonly TargetPort[]): TargetPortGroup[];
  /**
   * The unit cannot be reached by way of this node at all: INQUIRY says that
   * no device is connected (SPC-5 6.7.2, PERIPHERAL QUALIFIER 001b).
   */
  hides(unit: LogicalUnit): boolean;

  /**
   * A unit is about to be made: whether its store is to be opened now. Throws
   * a `ManagementError` when such a unit cannot be served by two nodes.
   */
  opensStore(request: StoreRequest): boolean;
  /**
   * What the store of a unit has to ask before each write; undefined, or no
   * such member: nothing.
   */
  mayWrite?(number: number): MayWrite | undefined;
  /** Stands between a unit and the store that was opened for it. */
  guard(number: number, store: BlockStore): BlockStore;
  /** A unit was made: its access state is to be set. */
  unitAdded(unit: LogicalUnit): void;
  /** It has other options. */
  unitChanged(unit: LogicalUnit): void;
  /** It is gone. */
  unitRemoved(unit: LogicalUnit): void;
  /** A port was made, or what it says of itself has changed. */
  portChanged(port: TargetPort): void;
  /** It is gone. */
  portRemoved(port: TargetPort): void;
  /** An initiator has come. */
  nexusMade(nexus: Nexus): void;
  /** It is gone; its tasks here have ended. */
  nexusLost(nexus: Nexus): void;

  /**
   * Something of {@linkcode SHARED} has changed. Whatever ends from now on
   * waits for `settled`.
   */
  changed(unit: LogicalUnit, shared: number): void;
  /** A unit attention was established, for nexuses of both nodes. */
  attention(
    unit: LogicalUnit,
    condition: number,
    scope: AttentionScope,
  ): void;
  /**
   * Null when the other node knows all that has changed; else resolves when
   * it does, with null, or with how a command has to end instead.
   */
  settled(unit: LogicalUnit): Promise<Completion | null> | null;

  /** Whether another node has to know the entries of plugins. */
  readonly sharesEntries: boolean;
  /** An entry of a plugin has changed: see `EntryTeller.tell`. */
  entryChanged(
    unit: LogicalUnit,
    entries: SharedEntries,
    key: string,
  ): Promise<boolean> | null;
  /** A plugin with entries has come; the other node may have told some. */
  entriesAdded(entries: SharedEntries): void;

  /**
   * A command changes what both nodes know: while a unit is frozen, because
   * the other node would not learn of it, it ends with BUSY instead.
   */
  isShared(row: CommandRow): boolean;
  /** Runs a placeholder, or a task of a unit that is `away`. */
  execute(
    task: ScsiTask,
    row: CommandRow,
    unit: LogicalUnit,
  ): AwayEnding;
  /**
   * Has the other node do what a task management function asks for, where
   * it is its business.
   *
   * @returns null when it is not; else resolves when it is done there
   */
  manage(
    nexus: Nexus,
    request: TaskManagementRequest,
    unit: LogicalUnit | null,
  ): Promise<void> | null;
}

/** The LUN whose store may be opened. */
export interface StoreRequest {
  /** Its number. */
  readonly number: number;
  /** Its driver. */
  readonly driver: BackendDriver;
  /** Its options as they were given. */
  readonly options: RawOptions;
}

/** What a plugin that is a coordinator works with. */
export interface Coordination {
  /** The logical units. */
  readonly luns: LunRegistry;
  /** The target ports. */
  readonly ports: PortRegistry;
  /** Entries of plugins, by their names. */
  readonly entries: ReadonlyMap<string, SharedEntries>;
  /**
   * Puts a coordinator in place, for as long as the result is not disposed
   * of. Throws a `TypeError` where there is one already.
   */
  install(coordinator: Coordinator): Disposable;
}
