/**
 * A logical unit: a store with its SCSI state.
 *
 * @module
 */

import { CommandTally } from "./command_counters.ts";
import { PATTERN } from "./commands/command_row.ts";
import { DataBuffers } from "./data_buffers.ts";
import { DeviceClock } from "./device_clock.ts";
import { DEVICE_TYPE, hasBlocks } from "./device_type.ts";
import type { UnitIdentity } from "./identity.ts";
import { InformationalExceptions } from "./informational_exceptions.ts";
import { Injections } from "./injections.ts";
import type { LunOptions } from "./lun_options.ts";
import type { MediumOperation } from "./medium_operation.ts";
import { ModePages } from "./mode_pages.ts";
import { MEDIA_EVENT } from "./media_event.ts";
import type { NexusName } from "./initiator_port.ts";
import type { ItlNexus, Nexus } from "./nexus.ts";
import type { RawOptions } from "./options.ts";
import type { PersistentReservations } from "./persistent_reservations.ts";
import type { BackendDriver } from "./ports/backend_driver.ts";
import type { BlockStore } from "./ports/block_store.ts";
import { ACCESS, type Coordinator, SHARED } from "./ports/coordinator.ts";
import type { Clock, Log } from "./ports/host.ts";
import { RateLimits } from "./rate_limits.ts";
import { Reservations } from "./reservations.ts";
import type { SavedPage } from "./saved_pages.ts";
import { SelfTests } from "./self_test.ts";
import { type Completion, type Sense, thresholdReached } from "./sense.ts";
import { SERIALIZATION } from "./serialization.ts";
import type { BlockRange, ScsiTask } from "./task.ts";
import {
  type OrderingRules,
  type SequentialMode,
  TaskSet,
} from "./task_set.ts";
import { type ThresholdPlace, ThresholdWatch } from "./thresholds.ts";
import { senseOfCondition, UNIT_ATTENTION } from "./unit_attention.ts";
import { UnitLog } from "./unit_log.ts";
import type { UnitState } from "./unit_state.ts";

/** The shape of a unit: that of its store, with its options applied. */
export interface UnitGeometry {
  /** Bytes of a block. */
  readonly blockLength: number;
  /** Blocks; 0 without a medium. */
  readonly blockCount: number;
  /** 2^n blocks make a physical block. */
  readonly physicalBlockExponent: number;
  /** Lowest LBA that begins a physical block. */
  readonly lowestAlignedLba: number;
  /** 2^n blocks are the unit of UNMAP. */
  readonly unmapGranularityExponent: number;
  /** Lowest LBA that begins such a unit. */
  readonly unmapAlignmentLba: number;
  /** OPTIMAL TRANSFER LENGTH in blocks; 0: none. */
  readonly optimalTransferBlocks: number;
}

/** Everything a unit is made of. */
export interface UnitParts {
  /** Number in the target. */
  readonly number: number;
  /** Peripheral device type. */
  readonly deviceType: number;
  /** Driver of its store. */
  readonly driver: BackendDriver;
  /** Its store; null: no medium. */
  readonly store: BlockStore | null;
  /** Names. */
  readonly identity: UnitIdentity;
  /** Generic options, typed. */
  readonly options: LunOptions;
  /** All options as they were given. */
  readonly rawOptions: RawOptions;
  /** Block length when there is no store to ask. */
  readonly blockLength: number;
  /** Time, for work in slices. */
  readonly clock: Clock;
  /** Log lines of what goes on without a command. */
  readonly log: Log;
  /** What it keeps over restarts. */
  readonly state: UnitState;
  /** Persistent reservations that it has kept. */
  readonly persistent: PersistentReservations;
  /** Mode pages that it has kept. */
  readonly savedPages: readonly SavedPage[];
  /** The other node. */
  readonly coordinator: Coordinator;
  /** Told of an exception in work that no command waits for. */
  readonly noteDefect: (work: string, error: unknown) => void;
  /** Told that a threshold of thin provisioning was reached. */
  readonly noteThreshold: () => void;
}

const NO_GEOMETRY: UnitGeometry = {
  blockLength: 0,
  blockCount: 0,
  physicalBlockExponent: 0,
  lowestAlignedLba: 0,
  unmapGranularityExponent: 0,
  unmapAlignmentLba: 0,
  optimalTransferBlocks: 0,
};

/**
 * Hears of commands that are about to change blocks, in the turn in which they
 * begin. It must not throw.
 *
 * @param range the blocks; null: any of the unit
 * @returns null, or nothing: the command may begin; else resolves when it may,
 *   with null, or with how it has to end instead
 */
export type WriteWatcher = (
  range: BlockRange | null,
) => Promise<Completion | null> | null | void;

/** Behind every COMMAND PRIORITY there is. */
const NO_PRIORITY = 16;

/** A logical unit. All its state changes in one event loop. */
export class LogicalUnit implements ThresholdPlace {
  /** Number in the target. */
  readonly number: number;
  /** Peripheral device type. */
  readonly deviceType: number;
  /** Driver of its store. */
  readonly driver: BackendDriver;
  /** Names. */
  identity: UnitIdentity;
  /** Time, for work in slices. */
  readonly clock: Clock;
  /** Log lines of what goes on without a command. */
  readonly hostLog: Log;
  /** What it keeps over restarts. */
  readonly state: UnitState;
  /** Its tasks. */
  readonly taskSet: TaskSet;
  /** Tasks that need not wait any more and are about to run. */
  readonly ready: ScsiTask[] = [];
  /** Reservations of both kinds. */
  readonly reservations: Reservations;
  /** Nexuses that have talked to it. */
  readonly itls: Set<ItlNexus> = new Set();
  /** Counters of its commands. */
  readonly statistics: CommandTally = new CommandTally();
  /** Errors and delays that an operator has injected. */
  readonly injections: Injections = new Injections(() =>
    this.#lookForTrouble()
  );
  /** Informational exceptions (mode page 1Ch). */
  readonly exceptions: InformationalExceptions;
  readonly #thresholds: ThresholdWatch;
  /** Operations and bytes that it does in a second at most. */
  readonly limits: RateLimits;
  /** What LOG SELECT can change. */
  readonly log: UnitLog;
  /** Self-tests. */
  readonly selfTests: SelfTests;
  /** The time that it tells. */
  readonly deviceClock: DeviceClock;
  /** Buffers of WRITE BUFFER. */
  readonly buffers: DataBuffers = new DataBuffers();

  /** Generic options, typed. */
  options: LunOptions;
  /** All options as they were given. */
  rawOptions: RawOptions;
  /** The store; null: no medium. */
  store: BlockStore | null = null;
  /** Options that its store is opened with. */
  storeOptions: RawOptions;
  /** Size in bytes that its store is opened with; undefined: its own. */
  sizeWish: number | undefined;
  /** Its shape. */
  geometry: UnitGeometry = NO_GEOMETRY;
  /** Mode pages. */
  modePages: ModePages;
  /** The other node. */
  coordinator: Coordinator;
  /** A format or sanitize that runs or has failed; null: none. */
  operation: MediumOperation | null = null;
  /** START STOP UNIT has stopped it. */
  stopped = false;
  /** The medium was ejected. */
  ejected = false;
  /** It is being removed and takes no new commands. */
  removing = false;
  /** When the last format or sanitize ended, by the clock. */
  operationEndedMs: number = -Infinity;
  /** Blocks that commands have unmapped. */
  unmappedBlocks = 0;
  /** Unit attentions that its nexuses have heard. */
  attentionsReported = 0;
  /** Tasks are being taken from `ready`. */
  draining = false;
  /** How many of `ready` have been taken. */
  readyTaken = 0;
  /** Milliseconds without any task, summed up to `idleSinceMs`. */
  idleMs = 0;
  /** When the last task ended, by the clock. */
  idleSinceMs: number;
  /**
   * Commands are delayed, watched, or may not end as they would: something is
   * injected or limited, an exception has to be reported, or another node has
   * a say.
   */
  disturbed = false;
  /** Commands do not simply run here: its access state is another one. */
  away = false;
  /** Writes are durable when they end, whatever initiators wish. */
  writesThrough = false;
  /** What would change what both nodes know cannot be done now. */
  frozen = false;
  /** Another node has still to learn of changes. */
  #unsettled = false;
  /** Tasks of another node have their places among its own. */
  #hosting = false;
  #access: number = ACCESS.OPTIMIZED;
  readonly #watchers: Set<WriteWatcher> = new Set();
  readonly #attentionSenses: Map<number, Sense> = new Map();
  readonly #noteThreshold: () => void;

  // What follows is derived by `refresh`: kept, because every command asks.

  /** Writes are refused. */
  readOnly = false;
  /** The medium can be taken out. */
  removable = false;
  /** UNMAP and its kin are offered. */
  unmapSupported = false;
  /** There is something to read. */
  hasMedium = false;
  /** How sequential reads wait for each other. */
  serseq: SequentialMode = "off";

  /** Puts a unit together; `ready` tasks are handed to the dispatcher. */
  constructor(parts: UnitParts, runReady: (unit: LogicalUnit) => void) {
    this.number = parts.number;
    this.deviceType = parts.deviceType;
    this.driver = parts.driver;
    this.identity = parts.identity;
    this.coordinator = parts.coordinator;
    this.clock = parts.clock;
    this.hostLog = parts.log;
    this.#noteThreshold = parts.noteThreshold;
    this.state = parts.state;
    this.reservations = new Reservations(parts.persistent);
    this.log = new UnitLog(parts.state);
    this.selfTests = new SelfTests(this, parts);
    this.deviceClock = new DeviceClock(parts.clock);
    this.idleSinceMs = parts.clock.nowMs();
    this.options = parts.options;
    this.rawOptions = parts.rawOptions;
    this.storeOptions = parts.rawOptions;
    this.geometry = { ...NO_GEOMETRY, blockLength: parts.blockLength };
    this.modePages = this.#buildModePages(parts.savedPages);
    this.exceptions = new InformationalExceptions(
      parts.clock,
      () => this.modePages,
      {
        raise: () => this.raise(UNIT_ATTENTION.INFORMATIONAL_EXCEPTION),
        clear: () => this.clear(UNIT_ATTENTION.INFORMATIONAL_EXCEPTION),
        changed: () => this.#lookForTrouble(),
      },
    );
    this.#thresholds = new ThresholdWatch(parts.clock, this);
    this.limits = new RateLimits(parts.clock);
    this.#followLimits();
    this.taskSet = new TaskSet(
      orderingRules(this),
      (task) => this.#enqueue(task),
      () => runReady(this),
    );
    this.setStore(parts.store);
  }

  /**
   * Gives it another store, or none. Mode pages follow the store, but keep
   * what initiators have changed.
   */
  setStore(store: BlockStore | null): void {
    this.store = store;
    this.refresh();
    if (store !== null) this.modePages = this.#buildModePages(this.modePages);
    this.#thresholds.begin();
  }

  /**
   * A medium was put in, or another one; its nexuses hear of it.
   *
   * @param except a nexus that has asked for it and knows
   */
  load(except?: Nexus): void {
    this.ejected = false;
    this.changed(SHARED.CONDITION);
    this.raise(UNIT_ATTENTION.MEDIUM_CHANGED, except);
    for (const itl of this.itls) itl.mediaEvent = MEDIA_EVENT.NEW_MEDIA;
  }

  /** START STOP UNIT starts or stops it. */
  setStopped(stopped: boolean): void {
    if (stopped === this.stopped) return;
    this.stopped = stopped;
    this.changed(SHARED.CONDITION);
  }

  /** The medium is out. */
  eject(): void {
    if (this.hasMedium && !this.ejected) this.mediumGone();
    this.ejected = true;
    this.changed(SHARED.CONDITION);
  }

  /** There is no medium any more; its nexuses hear of that if they ask. */
  mediumGone(): void {
    for (const itl of this.itls) itl.mediaEvent = MEDIA_EVENT.MEDIA_REMOVAL;
  }

  /** Gives it other options. Mode pages keep what initiators have set. */
  setOptions(options: LunOptions, rawOptions: RawOptions): void {
    this.options = options;
    this.rawOptions = rawOptions;
    this.#followLimits();
    this.refresh();
    if (this.hasMedium) this.#renewModePages();
    this.#thresholds.begin();
  }

  /** Takes the store's size and the options into account again. */
  refresh(): void {
    const { store, options } = this;
    const isCd = this.deviceType === DEVICE_TYPE.CD;
    this.geometry = store === null
      ? { ...NO_GEOMETRY, blockLength: this.geometry.blockLength }
      : geometryOf(store, options);
    this.readOnly = (store?.capabilities.readOnly ?? false) ||
      (options.readonly ?? isCd);
    this.removable = options.removable ?? isCd;
    this.unmapSupported = (options.unmap ?? true) &&
      (store?.capabilities.unmap ?? "none") !== "none";
    this.hasMedium = store !== null || !hasBlocks(this.deviceType);
    this.serseq = options.serseq ??
      (store?.capabilities.readAhead ? "soft" : "off");
  }

  /** The nexuses of this unit but one. */
  *otherItls(nexus: Nexus | null): Iterable<ItlNexus> {
    for (const itl of this.itls) if (itl.nexus !== nexus) yield itl;
  }

  /** Raises a unit attention for all nexuses, or all but one. */
  raise(condition: number, except: Nexus | null = null): void {
    this.raiseHere(condition, except?.initiator.nexusId);
    this.coordinator.attention(this, condition, {
      except: except?.initiator.nexusId,
    });
  }

  /** The same for nexuses of this node alone. */
  raiseHere(condition: number, except?: string): void {
    for (const itl of this.itls) {
      if (itl.nexus.initiator.nexusId !== except) itl.owe(condition);
    }
  }

  /** Raises a unit attention for one nexus, wherever its initiator is. */
  tell({ nexusId }: NexusName, condition: number): void {
    this.tellHere(nexusId, condition);
    this.coordinator.attention(this, condition, { only: nexusId });
  }

  /** The same, if it is a nexus of this node. */
  tellHere(nexusId: string, condition: number): void {
    for (const itl of this.itls) {
      if (itl.nexus.initiator.nexusId === nexusId) itl.owe(condition);
    }
  }

  /** How it is reached by way of this node: one of `ACCESS`. */
  get access(): number {
    return this.#access;
  }

  /** Puts it into an access state; tasks that are under way go on. */
  setAccess(access: number): void {
    this.#access = access;
    this.away = access !== ACCESS.OPTIMIZED;
    this.#lookForTrouble();
  }

  /** A nexus holds no RESERVE any longer. */
  dropHolder(nexus: Nexus): void {
    if (this.reservations.dropHolder(nexus)) this.changed(SHARED.RESERVE);
  }

  /** A nexus prevents the removal of the medium, or does so no longer. */
  setPreventsRemoval(itl: ItlNexus, prevents: boolean): void {
    if (itl.preventsRemoval === prevents) return;
    itl.preventsRemoval = prevents;
    this.changed(SHARED.PREVENT);
  }

  /** Something of `SHARED` has changed. */
  changed(shared: number): void {
    this.coordinator.changed(this, shared);
  }

  /** Whether commands have to wait until another node knows what they did. */
  setUnsettled(unsettled: boolean): void {
    this.#unsettled = unsettled;
    this.#lookForTrouble();
  }

  /** Whether the other node could not learn of a change now. */
  setFrozen(frozen: boolean): void {
    this.frozen = frozen;
    this.#lookForTrouble();
  }

  /** Whether tasks that another node runs have their places here. */
  setHosting(hosting: boolean): void {
    this.#hosting = hosting;
    this.#lookForTrouble();
  }

  /** Writes are to be durable when they end (WCE is zero and stays so). */
  setWritesThrough(through: boolean): void {
    if (through === this.writesThrough) return;
    this.writesThrough = through;
    this.#renewModePages();
  }

  /** Takes a unit attention back, wherever it is still pending. */
  clear(condition: number): void {
    for (const itl of this.itls) itl.pending &= ~condition;
  }

  /** Sense data of a unit attention, with what this unit says beside. */
  attentionSense(condition: number): Sense {
    return this.#attentionSenses.get(condition) ?? senseOfCondition(condition);
  }

  /** How a command ends that has done its work; null: GOOD. */
  takeTrouble(task: ScsiTask): Sense | null {
    return this.injections.takeError(task) ?? this.exceptions.takeReport(task);
  }

  /** Nothing happens by itself any more: the unit is gone. */
  end(): void {
    this.exceptions.end();
    this.#thresholds.end();
    this.limits.end();
  }

  /** See `ThresholdPlace`: every nexus hears of it. */
  thresholdReached(descriptorAt: number): void {
    const condition = UNIT_ATTENTION.THRESHOLD_REACHED;
    this.#attentionSenses.set(condition, thresholdReached(descriptorAt));
    this.raise(condition);
    this.#noteThreshold();
  }

  /** See `ThresholdPlace`: nobody needs to hear of it any more. */
  thresholdsLeft(): void {
    this.clear(UNIT_ATTENTION.THRESHOLD_REACHED);
  }

  /** Hears of writes from now on; the result ends it. */
  watch(watcher: WriteWatcher): Disposable {
    this.#watchers.add(watcher);
    this.#lookForTrouble();
    return {
      [Symbol.dispose]: () => {
        this.#watchers.delete(watcher);
        this.#lookForTrouble();
      },
    };
  }

  /**
   * A command begins: whoever watches hears of it if it changes blocks.
   *
   * @returns null when it may begin; else see `WriteWatcher`
   */
  tellWatchers(task: ScsiTask): Promise<Completion | null> | null {
    const { row } = task;
    if (this.#watchers.size === 0 || row === null) return null;
    if ((row.pattern & PATTERN.WRITE) === 0) return null;
    if (row.serialization === SERIALIZATION.SYNCHRONIZE) return null;
    const range = row.range === undefined ? null : task;
    let waits: Promise<Completion | null>[] | null = null;
    for (const each of [...this.#watchers]) {
      const wait = each(range);
      if (wait instanceof Promise) (waits ??= []).push(wait);
    }
    return waits === null ? null : firstRefusal(waits);
  }

  #lookForTrouble(): void {
    this.disturbed = this.injections.active || this.exceptions.due ||
      this.limits.active || this.#watchers.size > 0 || this.away ||
      this.frozen || this.#unsettled || this.#hosting;
  }

  #followLimits(): void {
    this.limits.change(this.options);
    this.#lookForTrouble();
  }

  // Those that may run go by their priority, then by their age (SAM-5 8.7).
  #enqueue(task: ScsiTask): void {
    const { ready } = this;
    const rank = this.#rankOf(task);
    let at = ready.length;
    while (at > this.readyTaken && this.#rankOf(ready[at - 1]) > rank) at -= 1;
    if (at === ready.length) ready.push(task);
    else ready.splice(at, 0, task);
  }

  #rankOf(task: ScsiTask | undefined): number {
    return task?.priority || this.modePages.settings.initialPriority ||
      NO_PRIORITY;
  }

  // Options are the default values of mode pages.
  #renewModePages(): void {
    const before = this.modePages;
    this.modePages = this.#buildModePages(before);
    if (this.modePages.equals(before)) return;
    this.changed(SHARED.MODE_PAGES);
    this.raise(UNIT_ATTENTION.MODE_PARAMETERS_CHANGED);
  }

  #buildModePages(before: ModePages | readonly SavedPage[]): ModePages {
    const facts = {
      deviceType: this.deviceType,
      blockLength: this.geometry.blockLength,
      blockCount: this.geometry.blockCount,
      volatileCache: !this.writesThrough &&
        (this.store?.capabilities.volatileCache ?? false),
      options: this.options,
    };
    return new ModePages(facts, before);
  }
}

async function firstRefusal(
  waits: readonly Promise<Completion | null>[],
): Promise<Completion | null> {
  const outcomes = await Promise.all(waits);
  return outcomes.find((outcome) => outcome !== null) ?? null;
}

function orderingRules(unit: LogicalUnit): OrderingRules {
  return {
    get serseq() {
      return unit.serseq;
    },
    get unrestrictedReordering() {
      return unit.modePages.settings.unrestrictedReordering;
    },
    get separateTaskSets() {
      return unit.modePages.settings.separateTaskSets;
    },
  };
}

function geometryOf(store: BlockStore, options: LunOptions): UnitGeometry {
  const own = store.geometry;
  const { pblocksize, pblockoffset, ublocksize, ublockoffset } = options;
  const physical = unitOf(pblocksize, pblockoffset, {
    exponent: own.physicalBlockExponent,
    lowestLba: own.lowestAlignedLba,
  }, own.blockLength);
  const unmap = unitOf(ublocksize, ublockoffset, {
    exponent: own.unmapGranularityExponent,
    lowestLba: own.unmapAlignmentLba,
  }, own.blockLength);
  return {
    blockLength: own.blockLength,
    // As it is now: no command may use an old one while the store shrinks.
    get blockCount() {
      return own.blockCount;
    },
    physicalBlockExponent: physical.exponent,
    lowestAlignedLba: physical.lowestLba,
    unmapGranularityExponent: unmap.exponent,
    unmapAlignmentLba: unmap.lowestLba,
    optimalTransferBlocks: own.optimalTransferBlocks,
  };
}

/** 2^exponent blocks, the first such unit beginning at an LBA. */
interface AlignedUnit {
  readonly exponent: number;
  readonly lowestLba: number;
}

// What the options say, if they fit to the block length, else what the store
// says. An offset is how far into a unit the first block lies.
function unitOf(
  sizeBytes: number | undefined,
  offsetBytes: number | undefined,
  own: AlignedUnit,
  blockLength: number,
): AlignedUnit {
  if (sizeBytes === undefined && offsetBytes === undefined) return own;
  const blocks = (sizeBytes ?? blockLength * 2 ** own.exponent) / blockLength;
  const exponent = Math.log2(blocks);
  const lowestLba = (blocks - (offsetBytes ?? 0) / blockLength) % blocks;
  const fits = Number.isInteger(exponent) && exponent >= 0 &&
    Number.isInteger(lowestLba) && lowestLba >= 0;
  return fits ? { exponent, lowestLba } : own;
}
