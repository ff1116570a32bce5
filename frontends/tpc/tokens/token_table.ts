/**
 * The ROD tokens of a target: made, found again by all of their bytes, used,
 * revoked, forgotten. They live in memory and end with the target.
 *
 * @module
 */

import type {
  BlockRange,
  Clock,
  Entropy,
  LogicalUnit,
} from "../../../core/mod.ts";
import {
  encodeRodToken,
  ROD_TOKEN_LENGTH,
  type RodTokenFields,
  rodTokenNumberOf,
} from "./rod_token.ts";

/** Tokens of a target at the most. */
export const TOKENS_MAX = 4096;

/** Tokens that one initiator may have; more cost it those unused longest. */
export const TOKENS_PER_INITIATOR_MAX = 1024;

/** Snapshots that all tokens hold. */
export const SNAPSHOTS_MAX = 4096;

/** Snapshots that the tokens of one initiator hold. */
export const SNAPSHOTS_PER_INITIATOR_MAX = 1024;

/** Bytes in snapshots of all tokens: a MiB is kept by about a KiB of memory. */
export const SNAPSHOT_BYTES_MAX: number = 256 * 2 ** 30;

/** Bytes in snapshots of the tokens of one initiator. */
export const SNAPSHOT_BYTES_PER_INITIATOR_MAX: number = 64 * 2 ** 30;

/** Milliseconds that a token lives longer than its timeout says. */
const GRACE_MS = 1000;

/** What tokens take of what there is. */
export interface TokenCost {
  /** Tokens. */
  readonly tokens: number;
  /** Snapshots. */
  readonly snapshots: number;
  /** Bytes that can be read from them. */
  readonly bytes: number;
}

/** What a token costs that holds no snapshot. */
export const PLAIN_COST: TokenCost = { tokens: 1, snapshots: 0, bytes: 0 };

const ALL_MAX: TokenCost = {
  tokens: TOKENS_MAX,
  snapshots: SNAPSHOTS_MAX,
  bytes: SNAPSHOT_BYTES_MAX,
};
const OWN_MAX: TokenCost = {
  tokens: TOKENS_PER_INITIATOR_MAX,
  snapshots: SNAPSHOTS_PER_INITIATOR_MAX,
  bytes: SNAPSHOT_BYTES_PER_INITIATOR_MAX,
};

/** What holds the data of a token: a snapshot, or a watch over its blocks. */
export interface TokenData {
  /** They are not needed any more. */
  release(): void;
}

/** An operation that uses a token. */
export interface TokenUser {
  /** The token was revoked, or is gone. */
  tokenGone(): void;
}

/** What a token is made of. */
export interface TokenWish {
  /** What it tells; its number is given here. */
  readonly fields: Omit<RodTokenFields, "number">;
  /** The unit that it was made by. */
  readonly unit: LogicalUnit;
  /** Blocks that it stands for, in order. */
  readonly ranges: readonly BlockRange[];
  /** Who has asked for it: equal for the same initiator port. */
  readonly owner: unknown;
  /** Milliseconds that it lives unused. */
  readonly timeoutMs: number;
  /** What it costs. */
  readonly cost: TokenCost;
}

/** A token that is alive, or was revoked. */
export interface RodToken extends TokenWish {
  /** All of its bytes. */
  readonly bytes: Uint8Array;
  /** What holds its data; null: its unit does. */
  readonly data: TokenData | null;
  /** Its data are not what they were: it is of no use. */
  readonly revoked: boolean;
}

const NOTHING: TokenCost = { tokens: 0, snapshots: 0, bytes: 0 };

class Entry implements RodToken {
  readonly fields: TokenWish["fields"];
  readonly unit: LogicalUnit;
  readonly ranges: readonly BlockRange[];
  readonly owner: unknown;
  readonly timeoutMs: number;
  readonly cost: TokenCost;
  readonly bytes: Uint8Array;
  data: TokenData | null = null;
  revoked = false;
  readonly users: Set<TokenUser> = new Set();
  deleted = false;
  usedMs = 0;

  constructor(wish: TokenWish, bytes: Uint8Array) {
    this.fields = wish.fields;
    this.unit = wish.unit;
    this.ranges = wish.ranges;
    this.owner = wish.owner;
    this.timeoutMs = wish.timeoutMs;
    this.cost = wish.cost;
    this.bytes = bytes;
  }
}

/** The tokens of a target. */
export class TokenTable {
  readonly #clock: Clock;
  readonly #entropy: Entropy;
  /** By number; the one unused longest comes first. */
  readonly #tokens: Map<number, Entry> = new Map();
  readonly #costOf: Map<unknown, TokenCost> = new Map();
  #cost: TokenCost = NOTHING;
  #nextNumber = 1;
  /** No token ends before. */
  #wakeMs = Infinity;
  #cancelTimer: (() => void) | null = null;

  /** A table without tokens. */
  constructor(clock: Clock, entropy: Entropy) {
    this.#clock = clock;
    this.#entropy = entropy;
  }

  /** Tokens that are alive, those unused longest first. */
  all(): RodToken[] {
    this.#expire();
    return [...this.#tokens.values()];
  }

  /**
   * Makes a token.
   *
   * @returns null when there is no room for it
   */
  create(wish: TokenWish): RodToken | null {
    if (!this.makeRoom(wish.owner, wish.cost)) return null;
    const number = this.#nextNumber;
    this.#nextNumber += 1;
    const bytes = encodeRodToken(
      { ...wish.fields, number },
      (into) => this.#entropy.fill(into),
    );
    const entry = new Entry(wish, bytes);
    entry.usedMs = this.#clock.nowMs();
    this.#tokens.set(number, entry);
    this.#count(entry, 1);
    this.#wakeFor(entry);
    return entry;
  }

  /**
   * Makes room for a token: those of the same initiator that nobody uses go,
   * the one unused longest first.
   *
   * @returns false when there is none
   */
  makeRoom(owner: unknown, cost: TokenCost): boolean {
    this.#expire();
    if (this.#isRoomFor(owner, cost)) return true;
    if (!fits(cost, OWN_MAX)) return false;
    for (const entry of [...this.#tokens.values()]) {
      if (entry.owner !== owner || entry.users.size > 0) continue;
      this.#forget(entry);
      if (this.#isRoomFor(owner, cost)) return true;
    }
    return false;
  }

  /** The token with these bytes, or undefined. */
  find(bytes: Uint8Array): RodToken | undefined {
    this.#expire();
    const entry = this.#tokens.get(rodTokenNumberOf(bytes));
    if (entry === undefined || !isEqual(entry.bytes, bytes)) return undefined;
    return entry;
  }

  /** Gives a token what holds its data; it is released with the token. */
  attach(token: RodToken, data: TokenData): void {
    const entry = this.#entryOf(token);
    if (entry === undefined || entry.revoked) data.release();
    else entry.data = data;
  }

  /** Whether a token is alive, or was revoked. */
  has(token: RodToken): boolean {
    return this.#entryOf(token) !== undefined;
  }

  /** The data of a token are not what they were. */
  revoke(token: RodToken): void {
    const entry = this.#entryOf(token);
    if (entry === undefined || entry.revoked) return;
    entry.revoked = true;
    cutOff(entry);
  }

  /** An operation uses the token until it gives it back: it stays alive. */
  acquire(token: RodToken, user: TokenUser): void {
    this.#entryOf(token)?.users.add(user);
  }

  /**
   * An operation has ended that used a token.
   *
   * @param deleted the token is not needed any more (DEL_TKN)
   */
  release(token: RodToken, user: TokenUser, deleted: boolean): void {
    const entry = this.#entryOf(token);
    if (entry === undefined) return;
    entry.users.delete(user);
    entry.deleted ||= deleted;
    entry.usedMs = this.#clock.nowMs();
    this.#moveToEnd(entry);
    if (entry.users.size > 0) return;
    if (entry.deleted) this.#forget(entry);
    else this.#wakeFor(entry);
  }

  /** A token is gone, as if it had timed out. */
  forget(token: RodToken): void {
    const entry = this.#entryOf(token);
    if (entry !== undefined) this.#forget(entry);
  }

  /** Tokens of a unit are gone: it was removed. */
  forgetUnit(unit: LogicalUnit): void {
    for (const entry of [...this.#tokens.values()]) {
      if (entry.unit === unit) this.#forget(entry);
    }
  }

  /** All tokens are gone. */
  end(): void {
    for (const entry of [...this.#tokens.values()]) this.#forget(entry);
    this.#wakeMs = Infinity;
    this.#setTimer();
  }

  #entryOf(token: RodToken): Entry | undefined {
    const entry = this.#tokens.get(rodTokenNumberOf(token.bytes));
    return entry === token ? entry : undefined;
  }

  #forget(entry: Entry): void {
    this.#tokens.delete(rodTokenNumberOf(entry.bytes));
    this.#count(entry, -1);
    cutOff(entry);
  }

  #count({ owner, cost }: Entry, sign: 1 | -1): void {
    const own = sum(this.#costOf.get(owner) ?? NOTHING, cost, sign);
    if (own.tokens === 0) this.#costOf.delete(owner);
    else this.#costOf.set(owner, own);
    this.#cost = sum(this.#cost, cost, sign);
  }

  #isRoomFor(owner: unknown, cost: TokenCost): boolean {
    const own = this.#costOf.get(owner) ?? NOTHING;
    return fits(sum(own, cost, 1), OWN_MAX) &&
      fits(sum(this.#cost, cost, 1), ALL_MAX);
  }

  #moveToEnd(entry: Entry): void {
    const number = rodTokenNumberOf(entry.bytes);
    this.#tokens.delete(number);
    this.#tokens.set(number, entry);
  }

  #expire(): void {
    const nowMs = this.#clock.nowMs();
    if (nowMs < this.#wakeMs) return;
    for (const entry of [...this.#tokens.values()]) {
      if (entry.users.size === 0 && endMs(entry) <= nowMs) this.#forget(entry);
    }
    this.#wakeMs = Infinity;
    for (const entry of this.#tokens.values()) {
      if (entry.users.size === 0) {
        this.#wakeMs = Math.min(this.#wakeMs, endMs(entry));
      }
    }
    this.#setTimer();
  }

  #wakeFor(entry: Entry): void {
    const end = endMs(entry);
    if (entry.users.size > 0 || end >= this.#wakeMs) return;
    this.#wakeMs = end;
    this.#setTimer();
  }

  // One timer, for the token that ends first.
  #setTimer(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    if (this.#wakeMs === Infinity) return;
    const waitMs = Math.max(0, this.#wakeMs - this.#clock.nowMs());
    this.#cancelTimer = this.#clock.after(waitMs, () => {
      this.#cancelTimer = null;
      this.#expire();
      // A timer may be early.
      if (this.#cancelTimer === null) this.#setTimer();
    });
  }
}

function sum(one: TokenCost, other: TokenCost, sign: 1 | -1): TokenCost {
  return {
    tokens: one.tokens + sign * other.tokens,
    snapshots: one.snapshots + sign * other.snapshots,
    bytes: one.bytes + sign * other.bytes,
  };
}

function fits(cost: TokenCost, most: TokenCost): boolean {
  return cost.tokens <= most.tokens && cost.snapshots <= most.snapshots &&
    cost.bytes <= most.bytes;
}

function endMs(entry: Entry): number {
  return entry.usedMs + entry.timeoutMs + GRACE_MS;
}

// Whoever uses it hears of that first.
function cutOff(entry: Entry): void {
  const { data } = entry;
  entry.data = null;
  for (const user of [...entry.users]) user.tokenGone();
  data?.release();
}

// All bytes are looked at, wherever the first differs: time tells nothing.
function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  const one = new DataView(a.buffer, a.byteOffset, ROD_TOKEN_LENGTH);
  const other = new DataView(b.buffer, b.byteOffset, ROD_TOKEN_LENGTH);
  let difference = 0;
  for (let at = 0; at < ROD_TOKEN_LENGTH; at += 4) {
    difference |= one.getUint32(at) ^ other.getUint32(at);
  }
  return difference === 0;
}
