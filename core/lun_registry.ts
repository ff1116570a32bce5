/**
 * The logical units of a target: made, changed and removed.
 *
 * @module
 */

import { closeBy, identityBy } from "./backend_calls.ts";
import type { CoordinatorPlace } from "./coordination.ts";
import { DEVICE_TYPE, hasBlocks, maskOfDeviceType } from "./device_type.ts";
import type { Dispatcher } from "./dispatcher.ts";
import type { EventHub } from "./events.ts";
import { buildIdentity, generateNaa, NAA_NAME } from "./identity.ts";
import { readKeptReservations } from "./kept_reservations.ts";
import { LogicalUnit } from "./logical_unit.ts";
import type { LunObservers } from "./lun_observer.ts";
import {
  DEVICE_ID_LENGTH_MAX,
  LUN_OPTIONS,
  type LunOptions,
  SERIAL_LENGTH_MAX,
} from "./lun_options.ts";
import { mustReopen, openStore, resizeStore } from "./lun_store.ts";
import { ManagementError } from "./management_error.ts";
import { resumeOperation } from "./medium_operation.ts";
import { type RawOptions, typeOptions } from "./options.ts";
import type { PluginHost } from "./plugin_host.ts";
import type { PortRegistry } from "./port_registry.ts";
import type { BackendDriver } from "./ports/backend_driver.ts";
import { type BlockStore, OK } from "./ports/block_store.ts";
import { SHARED } from "./ports/coordinator.ts";
import type { Host } from "./ports/host.ts";
import { ABORT, type ScsiTask } from "./task.ts";
import { readSavedPages } from "./saved_pages.ts";
import type { UnitDirectory } from "./target_port.ts";
import { WAIT } from "./tracing/trace_events.ts";
import { UNIT_ATTENTION } from "./unit_attention.ts";
import { UnitState, unitStateName } from "./unit_state.ts";

/** Logical units that a target can have. */
export const LUNS_MAX = 4096;

/** A LUN to make. */
export interface CreateLunRequest {
  /** Name of the backend. */
  readonly backend: string;
  /** Wanted number; undefined: the lowest free one. */
  readonly number?: number | undefined;
  /** Peripheral device type: 0, 3 or 5. */
  readonly deviceType?: number | undefined;
  /** Size in bytes; undefined: the size of what lies below. */
  readonly sizeBytes?: number | undefined;
  /** Bytes of a block; undefined: the backend's default. */
  readonly blockLength?: number | undefined;
  /** Serial number of at most 16 characters. */
  readonly serial?: string | undefined;
  /** Device id of at most 64 characters. */
  readonly deviceId?: string | undefined;
  /** Options, generic ones and those of the backend. */
  readonly options?: RawOptions;
}

/** A change of a LUN. */
export interface ModifyLunRequest {
  /** New size in bytes; 0: take the size of what lies below. */
  readonly sizeBytes?: number | undefined;
  /** The new options: they replace all the old ones; undefined: keep those. */
  readonly options?: RawOptions | undefined;
}

/** A LUN was made or changed. */
export interface LunOutcome {
  /** The LUN. */
  readonly unit: LogicalUnit;
  /** What an operator should know. */
  readonly warning?: string;
}

/** What the registry works with. */
export interface LunServices {
  /** The machine. */
  readonly host: Host;
  /** Finds backends. */
  readonly plugins: PluginHost;
  /** Runs and aborts tasks. */
  readonly dispatcher: Dispatcher;
  /** Hears of LUNs. */
  readonly events: EventHub;
  /** Plugins that hear of them, too. */
  readonly observers: LunObservers;
  /** Knows of another node. */
  readonly place: CoordinatorPlace;
}

/** A change of a LUN, its options typed. */
interface ParsedModification {
  readonly sizeBytes: number | undefined;
  readonly options: LunOptions;
  readonly raw: RawOptions;
}

const NO_OPTIONS: RawOptions = new Map();
/** Milliseconds between two looks at tasks that are to end. */
const DRAIN_LOOK_MS = 2;

/** Units by number. */
export class LunRegistry implements UnitDirectory {
  readonly #services: LunServices;
  readonly #units: Map<number, LogicalUnit> = new Map();
  readonly #claimed: Set<number> = new Set();
  readonly #identityKeys: Map<LogicalUnit, string> = new Map();
  readonly #takenKeys: Set<string> = new Set();
  #ports: PortRegistry | null = null;

  /** A registry without units. */
  constructor(services: LunServices) {
    this.#services = services;
  }

  /** Names the ports whose initiators hear of changes. */
  attach(ports: PortRegistry): void {
    this.#ports = ports;
  }

  /** The unit with a number, or undefined. */
  get(number: number): LogicalUnit | undefined {
    return this.#units.get(number);
  }

  /** Numbers of all units, ascending. */
  numbers(): number[] {
    return [...this.#units.keys()].sort((a, b) => a - b);
  }

  /** All units by number. */
  all(): LogicalUnit[] {
    return [...this.#units.values()].sort((a, b) => a.number - b.number);
  }

  /**
   * Makes the names of units that are about to be made, and keeps all of them
   * at once where the store can: one by one, each waits for the disk. Only
   * those with a name in ctl.conf are known beforehand.
   */
  nameAhead(optionsOfUnits: Iterable<RawOptions>): void {
    const { state, entropy } = this.#services.host;
    if (state.writeAll === undefined) return;
    const names = new Map<string, Uint8Array>();
    for (const options of optionsOfUnits) {
      const name = options.get("ctld_name");
      const isNamed = options.has("naa") || options.has("eui");
      if (name === undefined || isNamed) continue;
      const place = unitStateName(`name:${name}`, NAA_NAME);
      if (state.read(place) !== undefined) continue;
      names.set(place, generateNaa(entropy));
    }
    if (names.size > 0) state.writeAll(names);
  }

  /** Makes a unit. Throws a `ManagementError` and changes nothing else. */
  async create(request: CreateLunRequest): Promise<LunOutcome> {
    checkRequest(request);
    const driver = await this.#services.plugins.backend(request.backend);
    const number = this.#claim(request.number);
    try {
      if (this.#units.size === 0) await this.#services.plugins.loadCompanions();
      return await this.#create(request, driver, number);
    } finally {
      this.#claimed.delete(number);
    }
  }

  /** Changes a unit; initiators keep their sessions. */
  async modify(
    number: number,
    request: ModifyLunRequest,
  ): Promise<LunOutcome> {
    const unit = this.#require(number);
    const { sizeBytes } = request;
    const raw = request.options ?? unit.rawOptions;
    if (sizeBytes !== undefined && unit.frozen) {
      throw new ManagementError(
        "pair",
        `The size of LUN ${number} cannot change while the other node ` +
          "would not learn of it",
      );
    }
    const options = typeOptions(LUN_OPTIONS, raw);
    const own = typeOptions(unit.driver.options, raw);
    const before = unit.geometry.blockCount;
    const { driver } = unit;
    // Options that are given anew may leave out where its medium is.
    if (identityBy(driver, own) !== undefined) unit.storeOptions = raw;
    const opens = unit.coordinator.opensStore({
      ...{ number, driver, options: unit.storeOptions },
    });
    if (sizeBytes !== undefined) unit.sizeWish = sizeBytes || undefined;
    const warning = opens && mustReopen(unit, own, options, raw)
      ? await this.#reopen(unit, own, { options, raw, sizeBytes })
      : await resizeStore(unit, sizeBytes);
    unit.setOptions(options, raw);
    if (unit.geometry.blockCount !== before) {
      unit.changed(SHARED.CAPACITY);
      unit.raise(UNIT_ATTENTION.CAPACITY_CHANGED);
    }
    unit.coordinator.unitChanged(unit);
    this.#services.observers.unitChanged(unit);
    this.#services.events.emit({ type: "lun-changed", lun: number });
    return warning === undefined ? { unit } : { unit, warning };
  }

  /** Removes a unit: its tasks end, its store is closed. */
  async remove(number: number): Promise<void> {
    const unit = this.#require(number);
    unit.removing = true;
    unit.end();
    this.#units.delete(number);
    unit.coordinator.unitRemoved(unit);
    this.#services.observers.unitRemoved(unit);
    for (const itl of [...unit.itls]) itl.nexus.forget(itl.visibleLun);
    this.#announce(unit);
    this.#services.events.emit({ type: "lun-removed", lun: number });
    await this.#endWork(unit);
    await this.#close(unit, unit.store);
    this.#forgetIdentity(unit);
  }

  /** Closes every store; for the end of the target. */
  async closeAll(): Promise<void> {
    for (const unit of this.all()) {
      unit.removing = true;
      unit.end();
      this.#services.observers.unitRemoved(unit);
      await this.#endWork(unit);
      await this.#close(unit, unit.store);
    }
    this.#units.clear();
  }

  async #create(
    request: CreateLunRequest,
    driver: BackendDriver,
    number: number,
  ): Promise<LunOutcome> {
    const raw = request.options ?? NO_OPTIONS;
    const own = typeOptions(driver.options, raw);
    const key = this.#identityKey(driver, own, raw, number);
    this.#takenKeys.add(key);
    try {
      const { unit, warning } = await this.#make(request, driver, number, key);
      this.#identityKeys.set(unit, key);
      this.#services.observers.unitAdded(unit);
      this.#announce(unit);
      this.#services.events.emit({ type: "lun-created", lun: number });
      return warning === undefined ? { unit } : { unit, warning };
    } catch (error) {
      this.#takenKeys.delete(key);
      throw error;
    }
  }

  async #make(
    request: CreateLunRequest,
    driver: BackendDriver,
    number: number,
    key: string,
  ): Promise<{ unit: LogicalUnit; warning: string | undefined }> {
    const raw = request.options ?? NO_OPTIONS;
    const options = typeOptions(LUN_OPTIONS, raw);
    const own = typeOptions(driver.options, raw);
    const deviceType = request.deviceType ?? DEVICE_TYPE.DISK;
    const { host } = this.#services;
    const state = new UnitState(host.state, key, host.log);
    const persistent = readKeptReservations(state);
    const savedPages = readSavedPages(state);
    const identity = buildIdentity({
      deviceType,
      options,
      serial: request.serial ?? numbered("MYSERIAL", number),
      deviceId: request.deviceId ?? numbered("MYDEVID", number),
      state,
    }, host.entropy);
    const { sizeBytes, blockLength } = request;
    const coordinator = this.#services.place.current;
    const mayWrite = coordinator.mayWrite?.(number);
    const wish = { deviceType, sizeBytes, blockLength, mayWrite };
    const opens = coordinator.opensStore({ number, driver, options: raw });
    const outcome = opens
      ? await openStore(driver, own, options, wish)
      : { store: null };
    const unit = new LogicalUnit({
      number,
      deviceType,
      driver,
      store: this.#guarded(number, outcome.store),
      identity,
      options,
      rawOptions: raw,
      blockLength: blockLength ?? (hasBlocks(deviceType) ? 512 : 0),
      clock: host.clock,
      log: host.log,
      state,
      persistent,
      savedPages,
      coordinator,
      noteDefect: (work, error) =>
        this.#services.dispatcher.noteDefect(work, number, error),
      noteThreshold: () =>
        this.#services.events.emit({ type: "threshold-reached", lun: number }),
    }, (ready) => this.#services.dispatcher.runReady(ready));
    unit.sizeWish = sizeBytes;
    this.#units.set(number, unit);
    unit.coordinator = this.#services.place.current;
    unit.coordinator.unitAdded(unit);
    resumeOperation(unit);
    return { unit, warning: outcome.warning };
  }

  /**
   * Opens the store of a unit that has none, because another node has served
   * it. Throws a `ManagementError` when that fails.
   */
  async openStore(unit: LogicalUnit): Promise<void> {
    if (unit.store !== null || unit.removing) return;
    const own = typeOptions(unit.driver.options, unit.storeOptions);
    const opened = await openStore(unit.driver, own, unit.options, {
      deviceType: unit.deviceType,
      sizeBytes: unit.sizeWish,
      blockLength: unit.geometry.blockLength || undefined,
      mayWrite: unit.coordinator.mayWrite?.(unit.number),
    });
    if (unit.removing) return await this.#close(unit, opened.store);
    unit.setStore(this.#guarded(unit.number, opened.store));
  }

  /** This node serves a unit: an operation that was begun goes on here. */
  resume(unit: LogicalUnit): void {
    if (unit.operation === null) resumeOperation(unit);
  }

  /** It does not: the operation of a unit rests, and goes on elsewhere. */
  async pause(unit: LogicalUnit): Promise<void> {
    const { operation } = unit;
    if (operation === null) return;
    await operation.stop();
    if (unit.operation === operation) unit.operation = null;
    if (!unit.away) this.resume(unit);
  }

  /**
   * Closes the store of a unit that another node is to serve: tasks that do
   * not end within `patienceMs` are ended with BUSY, and the store has made
   * durable all that it was given.
   */
  async closeStore(unit: LogicalUnit, patienceMs: number): Promise<void> {
    const store = await this.settleStore(unit, patienceMs);
    if (store === null) return;
    unit.setStore(null);
    await this.#close(unit, store);
  }

  /** The same, but that the store stays open. @returns the store */
  async settleStore(
    unit: LogicalUnit,
    patienceMs: number,
  ): Promise<BlockStore | null> {
    await this.drain(unit, patienceMs);
    const { store } = unit;
    if (store?.capabilities.volatileCache && !unit.readOnly) {
      const flushed = await store.flush();
      if (flushed !== OK) this.#noteLost(unit, flushed.message);
    }
    return store;
  }

  /** Waits until no task of a unit runs here; see `closeStore`. */
  async drain(unit: LogicalUnit, patienceMs: number): Promise<void> {
    const { clock } = this.#services.host;
    const endMs = clock.nowMs() + patienceMs;
    while (unit.taskSet.size > 0 && clock.nowMs() < endMs) {
      await new Promise<void>((done) => clock.after(DRAIN_LOOK_MS, done));
    }
    await this.#endTasks(unit, ABORT.TO_BE_RETRIED);
    await this.pause(unit);
    await unit.selfTests.end();
  }

  async #reopen(
    unit: LogicalUnit,
    own: unknown,
    request: ParsedModification,
  ): Promise<string | undefined> {
    const opened = await openStore(unit.driver, own, request.options, {
      deviceType: unit.deviceType,
      sizeBytes: request.sizeBytes || undefined,
      blockLength: unit.geometry.blockLength || undefined,
      mayWrite: unit.coordinator.mayWrite?.(unit.number),
    });
    // Commands find no medium until those under way have left the old store.
    const old = unit.store;
    unit.setStore(null);
    if (old !== null) await this.#endWork(unit);
    await this.#close(unit, old);
    if (unit.removing) {
      await this.#close(unit, opened.store);
      throw notFound(unit.number);
    }
    unit.setOptions(request.options, request.raw);
    unit.setStore(this.#guarded(unit.number, opened.store));
    resumeOperation(unit);
    if (unit.removable && opened.store !== null) unit.load();
    else unit.mediumGone();
    return opened.warning;
  }

  async #close(unit: LogicalUnit, store: BlockStore | null): Promise<void> {
    await closeBy(unit.driver, store, this.#services.host.log);
  }

  // Ends all that uses the store: tasks, and what has outlived its task, be it
  // a plugin's.
  async #endWork(unit: LogicalUnit): Promise<void> {
    await this.#endTasks(unit);
    await unit.operation?.stop();
    await unit.selfTests.end();
    await this.#services.observers.storeEnding(unit);
  }

  async #endTasks(
    unit: LogicalUnit,
    how: number = ABORT.WITH_STATUS,
  ): Promise<void> {
    const tasks: ScsiTask[] = [];
    for (let at = unit.taskSet.oldest; at !== null; at = at.newer) {
      tasks.push(at);
    }
    const victims = tasks.map((task) => ({ task, how }));
    const { dispatcher } = this.#services;
    const { tracing } = dispatcher;
    const wait = tracing.acquire(WAIT.LUN_DRAIN, null, unit.number);
    await new Promise<void>((resolve) => dispatcher.abort(victims, resolve));
    wait?.release();
  }

  #guarded(number: number, store: BlockStore | null): BlockStore | null {
    const { current } = this.#services.place;
    return store === null ? null : current.guard(number, store);
  }

  #noteLost(unit: LogicalUnit, reason: string): void {
    this.#services.host.log.error("A store was closed that could not flush", {
      lun: unit.number,
      reason,
    });
  }

  #claim(wanted: number | undefined): number {
    const number = wanted ?? this.#lowestFree();
    if (number >= LUNS_MAX) {
      throw new ManagementError(
        "lun-limit",
        `LUN ${number} is too big: ${LUNS_MAX - 1} is the largest number`,
      );
    }
    if (this.#units.has(number) || this.#claimed.has(number)) {
      throw new ManagementError("lun-in-use", `LUN ID ${number} is in use`);
    }
    this.#claimed.add(number);
    return number;
  }

  #lowestFree(): number {
    let number = 0;
    while (this.#units.has(number) || this.#claimed.has(number)) number += 1;
    return number;
  }

  #require(number: number): LogicalUnit {
    const unit = this.#units.get(number);
    if (unit === undefined) throw notFound(number);
    return unit;
  }

  // The name that a generated identity hangs on: what the administrator calls
  // the LUN, else what lies below it, else its number.
  #identityKey(
    driver: BackendDriver,
    own: unknown,
    raw: RawOptions,
    number: number,
  ): string {
    const name = raw.get("ctld_name");
    const below = identityBy(driver, own);
    const key = name !== undefined
      ? `name:${name}`
      : below !== undefined
      ? `${driver.name}:${below}`
      : `number:${number}`;
    const taken = this.#takenKeys;
    if (!taken.has(key)) return key;
    let copy = 2;
    while (taken.has(`${key}#${copy}`)) copy += 1;
    return `${key}#${copy}`;
  }

  #forgetIdentity(unit: LogicalUnit): void {
    const key = this.#identityKeys.get(unit);
    if (key === undefined) return;
    this.#identityKeys.delete(unit);
    this.#takenKeys.delete(key);
    // The next unit with this number holds other data: another disk.
    if (key.startsWith("number:")) {
      unit.state.clear();
    }
  }

  // Every other unit tells that the inventory has changed.
  #announce(unit: LogicalUnit): void {
    for (const port of this.#ports?.all() ?? []) {
      const sees = port.lunMap === null ||
        [...port.lunMap.values()].includes(unit.number);
      if (sees) port.reportLunsChanged(unit);
    }
  }
}

function notFound(number: number): ManagementError {
  return new ManagementError("lun-not-found", `LUN ${number} does not exist`);
}

function numbered(text: string, number: number): string {
  return `${text}${String(number).padStart(4, "0")}`;
}

function checkRequest(request: CreateLunRequest): void {
  const deviceType = request.deviceType ?? DEVICE_TYPE.DISK;
  if (maskOfDeviceType(deviceType) === 0) {
    throw new ManagementError(
      "device-type",
      `Device type ${deviceType} is not supported: 0, 3 and 5 are`,
    );
  }
  checkLength("serial number", request.serial, SERIAL_LENGTH_MAX);
  checkLength("device id", request.deviceId, DEVICE_ID_LENGTH_MAX);
}

function checkLength(
  what: string,
  text: string | undefined,
  limit: number,
): void {
  if (text === undefined || text.length <= limit) return;
  throw new ManagementError(
    "option",
    `The ${what} "${text}" has ${text.length} characters: ${limit} is the ` +
      `limit`,
  );
}
