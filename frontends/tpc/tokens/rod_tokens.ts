/**
 * ROD tokens of a target: what they are made of, who may use them, and when
 * they end.
 *
 * @module
 */

import {
  type BlockRange,
  CANNOT_SHARE,
  type Completion,
  DESIGNATOR_TYPE,
  type EntryTeller,
  type LogicalUnit,
  type LunObserver,
  type Nexus,
  type ScsiTask,
  type SharedEntries,
  STATUS,
} from "../../../core/mod.ts";
import { mayTouch } from "../access.ts";
import type { CopyManager } from "../copy_manager.ts";
import { InnerInitiator } from "../inner_initiator.ts";
import type { CopyOperation } from "../operations.ts";
import { askToRead, capture, hasSnapshots, takeImage } from "./capture.ts";
import { ChangeWatches, type MayChange } from "./change_watches.ts";
import { completionOf } from "./completion.ts";
import { KeptImages } from "./kept_images.ts";
import { PartingGuards } from "./parting_guards.ts";
import {
  nameOfToken,
  ROD_TYPE,
  type RodTokenFields,
  rodTypeOf,
} from "./rod_token.ts";
import {
  isPointInTime,
  SharedTokens,
  type TokenKeeper,
} from "./shared_tokens.ts";
import { PLAIN_COST } from "./token_cost.ts";
import { costOfImage, TokenImage } from "./token_image.ts";
import {
  blocksOf,
  type PopulateParameters,
  TOKEN_TIMEOUT_S,
  unsupportedRodType,
} from "./token_parameters.ts";
import {
  INSUFFICIENT_RESOURCES_TO_CREATE_ROD,
  INSUFFICIENT_RESOURCES_TO_CREATE_ROD_TOKEN,
  TOKEN_REVOKED,
  TOKEN_UNKNOWN,
} from "./token_sense.ts";
import { type RodToken, type TokenData, TokenTable } from "./token_table.ts";
import { TokenWatch } from "./token_watch.ts";

/** Milliseconds that making a token may wait for writes that are under way. */
export const CAPTURE_MS = 700;

/** What POPULATE TOKEN has come to: data are held, or are the unit's own. */
interface Held {
  readonly rodType: number;
  readonly data: TokenData | null;
  /** Tells of changes of its blocks; null: nobody wants to know. */
  readonly watch: TokenWatch | null;
}

/** Lets a set of entries be known to another node. */
export type Share = (entries: SharedEntries) => EntryTeller;

/** The ROD tokens of one target. */
export class RodTokens implements LunObserver, AsyncDisposable, TokenKeeper {
  /** The copy manager. */
  readonly manager: CopyManager;
  readonly #table: TokenTable;
  readonly #watches: ChangeWatches = new ChangeWatches();
  readonly #images: KeptImages;
  readonly #teller: EntryTeller;
  readonly #parting: PartingGuards;

  /** No token. */
  constructor(manager: CopyManager, share: Share) {
    this.manager = manager;
    const { clock, entropy } = manager.host;
    this.#table = new TokenTable(clock, entropy, {
      changed: (token) => void this.#tell(token),
      dropped: (token) => this.#dropped(token),
    });
    const tell = (token: RodToken) => this.#tell(token);
    this.#parting = new PartingGuards(clock, this.#watches, tell);
    this.#teller = share(new SharedTokens(this.#table, this));
    this.#images = new KeptImages(clock, () => this.#revokeErased());
  }

  /** Tokens, those unused longest first. */
  all(): RodToken[] {
    return this.#table.all();
  }

  /** Makes a token for an operation. @returns it, or how the command ends */
  async make(
    operation: CopyOperation,
    parameters: PopulateParameters,
  ): Promise<RodToken | Completion> {
    const held = await this.#hold(operation, parameters);
    if (typeof held === "number" || "key" in held) return held;
    const { unit, asker, signal } = operation;
    const { rodType, data, watch } = held;
    if (signal.aborted) {
      data?.release();
      return STATUS.TASK_ABORTED;
    }
    const { ranges, timeoutS } = parameters;
    const isImage = rodType === ROD_TYPE.POINT_IN_TIME;
    const token = this.#table.create({
      fields: fieldsOf(unit, asker, rodType, ranges),
      ...{ unit, ranges, owner: asker.initiator.nexusId },
      timeoutMs: 1000 * (timeoutS || TOKEN_TIMEOUT_S.DEFAULT),
      cost: isImage ? costOfImage(unit, ranges) : PLAIN_COST,
    });
    if (token === null) {
      data?.release();
      return INSUFFICIENT_RESOURCES_TO_CREATE_ROD_TOKEN;
    }
    if (data !== null) this.#attach(token, data, watch);
    // The command ends when its result is told, and that comes later.
    this.#tell(token);
    return token;
  }

  /**
   * The token with these bytes, if the nexus may use it at a unit.
   *
   * @returns the token, or why not
   */
  find(
    bytes: Uint8Array,
    asker: Nexus,
    receiver: LogicalUnit,
  ): RodToken | Completion {
    const token = this.#table.find(bytes);
    // Whoever may not read the unit does not learn that there is a token.
    if (token === undefined || !mayTouch(token.unit, asker, receiver)) {
      return TOKEN_UNKNOWN;
    }
    this.#revokeIfLost(token);
    return token.revoked ? TOKEN_REVOKED : token;
  }

  /** How a read of what the token was made of would end now. */
  async checkAccess(
    { unit }: RodToken,
    operation: CopyOperation,
  ): Promise<Completion> {
    return await this.#withInner(
      operation,
      operation.background,
      async (inner) => completionOf(await askToRead(inner, unit)),
    );
  }

  /** An operation uses a token from now on; it stops when the token is gone. */
  acquire(token: RodToken, operation: CopyOperation): Disposable & {
    deleted: boolean;
  } {
    const user = { tokenGone: () => operation.stop() };
    this.#table.acquire(token, user);
    const table = this.#table;
    return {
      deleted: false,
      [Symbol.dispose]() {
        table.release(token, user, this.deleted);
      },
    };
  }

  /** Why a token that was in use is of no use any more; null: it is. */
  loss(token: RodToken): Completion | null {
    this.#revokeIfLost(token);
    if (token.revoked) return TOKEN_REVOKED;
    return this.#table.has(token) ? null : TOKEN_UNKNOWN;
  }

  /** See `LunObserver`: its tokens are of no use any more. */
  unitRemoved(unit: LogicalUnit): void {
    this.#table.forgetUnit(unit);
  }

  /** See `LunObserver`: who knows what its blocks are now. */
  unitChanged(unit: LogicalUnit): void {
    this.#watches.changed(unit, null);
  }

  /** See `LunObserver`: what was kept of its store goes before the store. */
  async storeEnding(unit: LogicalUnit): Promise<void> {
    for (const token of this.#table.ofUnit(unit)) {
      if (!(token.data instanceof TokenImage)) continue;
      // The other node opens it, and makes another image.
      if (unit.away) this.#table.beginFollowing(token);
      else this.#table.revoke(token);
    }
    await this.#images.closed(unit);
  }

  /** See `TokenKeeper`. */
  async adopt(token: RodToken, current: boolean): Promise<void> {
    const { unit, ranges, bytes, revoked } = token;
    if (revoked || !isPointInTime(token)) return;
    const end = Math.max(...ranges.map((each) => each.lba + each.blockCount));
    if (!current || end > unit.geometry.blockCount) {
      return this.#table.revoke(token);
    }
    const watch = this.#watch(unit, ranges);
    const image = rodTypeOf(bytes) === ROD_TYPE.POINT_IN_TIME
      ? await takeImage(unit, ranges)
      : null;
    if (!(image instanceof TokenImage)) {
      return this.#attach(token, watch, watch);
    }
    this.#images.add(image, unit);
    image.watch = watch;
    this.#attach(token, image, watch);
  }

  /** All tokens are gone, and what was kept for them. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#table.end();
    this.#parting.end();
    this.#images.end();
    await this.#images.closed();
  }

  #revokeErased(): void {
    for (const token of this.#table.all()) this.#revokeIfLost(token);
  }

  // There was no room for its data, or they were erased.
  #revokeIfLost(token: RodToken): void {
    const { data } = token;
    if (!(data instanceof TokenImage)) return;
    if (data.isLost || this.#images.isErased(data)) this.#table.revoke(token);
  }

  #attach(token: RodToken, data: TokenData, watch: TokenWatch | null): void {
    this.#table.attach(token, data);
    if (watch === null) return;
    watch.whenTouched = () => this.#touched(token);
    if (!watch.changed) return;
    this.#table.noteTouched(token);
    this.#blocksChange(token);
  }

  // First the other node hears that it cannot have the data of the token from
  // its blocks any more: until it has, none of them changes.
  #touched(token: RodToken): MayChange {
    this.#table.noteTouched(token);
    const told = this.#tell(token);
    if (told !== null) return this.#changeWhenTold(token, told);
    this.#blocksChange(token);
    return null;
  }

  async #changeWhenTold(
    token: RodToken,
    told: Promise<boolean>,
  ): Promise<Completion | null> {
    if (!await told) return STATUS.BUSY;
    this.#blocksChange(token);
    return null;
  }

  // An image keeps what they were.
  #blocksChange(token: RodToken): void {
    const { data } = token;
    if (data instanceof TokenImage) data.watch?.[Symbol.dispose]();
    else this.#table.revoke(token);
  }

  // It was given up before its time: the other node may not know that yet.
  #dropped(token: RodToken): void {
    const told = this.#tell(token);
    const isWanted = token.whole && isPointInTime(token) &&
      !token.unit.removing;
    if (told !== null && isWanted) void this.#parting.add(token, told);
  }

  #tell(token: RodToken): Promise<boolean> | null {
    return this.#teller.tell(token.unit, nameOfToken(token.bytes));
  }

  #watch(unit: LogicalUnit, ranges: readonly BlockRange[]): TokenWatch {
    return new TokenWatch(this.#watches, unit, ranges);
  }

  async #hold(
    operation: CopyOperation,
    { ranges, rodType, immediate }: PopulateParameters,
  ): Promise<Held | Completion> {
    if (rodType === ROD_TYPE.ACCESS_UPON_REFERENCE) {
      return { rodType, data: null, watch: null };
    }
    return await this.#withInner(
      operation,
      immediate,
      (inner) => this.#catch(inner, operation, ranges, rodType),
    );
  }

  /** Has commands of an operation done, in a limited time if somebody waits. */
  async #withInner<Result>(
    operation: CopyOperation,
    unlimited: boolean,
    work: (inner: InnerInitiator) => Promise<Result | Completion>,
  ): Promise<Result | Completion> {
    const { clock } = this.manager.host;
    const { asker, signal } = operation;
    if (signal.aborted) return STATUS.TASK_ABORTED;
    const inner = new InnerInitiator(this.manager.port, asker, clock);
    let late = false;
    const stop = () => void inner.disconnect();
    const cancel = unlimited ? () => {} : clock.after(CAPTURE_MS, () => {
      late = true;
      stop();
    });
    signal.addEventListener("abort", stop, { once: true });
    try {
      const result = await work(inner);
      return late && result === STATUS.TASK_ABORTED ? STATUS.BUSY : result;
    } finally {
      cancel();
      signal.removeEventListener("abort", stop);
      operation.commands += inner.commands;
      await inner.disconnect();
    }
  }

  // A snapshot where one can be had, else a watch.
  async #catch(
    inner: InnerInitiator,
    operation: CopyOperation,
    ranges: readonly BlockRange[],
    rodType: number | null,
  ): Promise<Held | Completion> {
    const { unit } = operation;
    let held: Held | Completion | null = null;
    const watch = () => {
      const data = this.#watch(unit, ranges);
      const rodType = ROD_TYPE.POINT_IN_TIME_CHANGE_VULNERABLE;
      return { rodType, data, watch: data };
    };
    const result = await capture(inner, unit, ranges, async (_, task) => {
      held = rodType === ROD_TYPE.POINT_IN_TIME_CHANGE_VULNERABLE
        ? watch()
        : await this.#takeImage(operation, ranges, task, rodType) ?? watch();
      return STATUS.GOOD;
    });
    return held ?? completionOf(result);
  }

  // null: no snapshot can be had, and none need be.
  async #takeImage(
    { unit, asker }: CopyOperation,
    ranges: readonly BlockRange[],
    task: ScsiTask,
    rodType: number | null,
  ): Promise<Held | Completion | null> {
    const { nexusId } = asker.initiator;
    const room = this.#table.makeRoom(nexusId, costOfImage(unit, ranges));
    const image = room || !hasSnapshots(unit)
      ? await takeImage(unit, ranges, task)
      : null;
    if (image instanceof TokenImage) {
      this.#images.add(image, unit);
      // The other node has no image: it could make one as long as the blocks
      // are what they were.
      const watch = this.#teller.active ? this.#watch(unit, ranges) : null;
      image.watch = watch;
      return { rodType: ROD_TYPE.POINT_IN_TIME, data: image, watch };
    }
    if (image === STATUS.TASK_ABORTED) return image;
    if (rodType !== ROD_TYPE.POINT_IN_TIME) return null;
    return image === CANNOT_SHARE
      ? unsupportedRodType()
      : INSUFFICIENT_RESOURCES_TO_CREATE_ROD;
  }
}

function fieldsOf(
  unit: LogicalUnit,
  asker: Nexus,
  rodType: number,
  ranges: readonly BlockRange[],
): Omit<RodTokenFields, "number"> {
  const { geometry, identity } = unit;
  const { NAA, EUI64 } = DESIGNATOR_TYPE;
  const named = (type: number) =>
    identity.designators.find((each) => each.type === type);
  return {
    rodType,
    deviceType: unit.deviceType,
    creator: named(NAA) ?? named(EUI64) ?? null,
    byteCount: blocksOf(ranges) * geometry.blockLength,
    blockLength: geometry.blockLength,
    physicalBlockExponent: geometry.physicalBlockExponent,
    lowestAlignedLba: geometry.lowestAlignedLba,
    thin: unit.unmapSupported,
    targetDevice: asker.port.targetDesignator,
  };
}
