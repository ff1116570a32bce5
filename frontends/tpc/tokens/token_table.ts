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
  nameOfToken,
  ROD_TOKEN_LENGTH,
  type RodTokenFields,
  rodTokenNumberOf,
} from "./rod_token.ts";
import {
  ALL_MAX,
  fits,
  NOTHING,
  OWN_MAX,
  sum,
  type TokenCost,
} from "./token_cost.ts";

/** Numbers of tokens: those of another node are to be far below. */
const NUMBER_MAX: number = 2 ** 48;

/** Milliseconds that a token lives longer than its timeout says. */
const GRACE_MS = 1000;

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
export interface RodToken extends Omit<TokenWish, "fields"> {
  /** All of its bytes. */
  readonly bytes: Uint8Array;
  /** What holds its data; null: its unit does. */
  readonly data: TokenData | null;
  /** Its data are not what they were: it is of no use. */
  readonly revoked: boolean;
  /** None of its blocks has changed. */
  readonly whole: boolean;
  /** The other node serves its unit, and has told of it. */
  readonly followed: boolean;
}

/** A token as the other node has told it. */
export interface FollowedToken {
  /** All of its bytes. */
  readonly bytes: Uint8Array;
  /** The unit that it was made by. */
  readonly unit: LogicalUnit;
  /** Blocks that it stands for, in order. */
  readonly ranges: readonly BlockRange[];
  /** Who has asked for it. */
  readonly owner: unknown;
  /** Milliseconds that it lives unused. */
  readonly timeoutMs: number;
  /** What it costs. */
  readonly cost: TokenCost;
  /** Milliseconds since it was used last. */
  readonly unusedMs: number;
  /** It is not needed any more once nobody uses it. */
  readonly deleted: boolean;
  /** None of its blocks has changed. */
  readonly whole: boolean;
}

/** How a token stands, for the other node. */
export interface TokenStanding {
  /** Milliseconds since it was used last. */
  readonly unusedMs: number;
  /** It is not needed any more once nobody uses it. */
  readonly deleted: boolean;
}

/** Hears of tokens that were not followed. */
export interface TokenListener {
  /** A token was used, was revoked, or is at its end. */
  changed(token: RodToken): void;
  /** It was given up before its end; its data are still held. */
  dropped(token: RodToken): void;
}

class Entry implements RodToken {
  readonly unit: LogicalUnit;
  readonly ranges: readonly BlockRange[];
  readonly owner: unknown;
  readonly timeoutMs: number;
  readonly cost: TokenCost;
  readonly bytes: Uint8Array;
  data: TokenData | null = null;
  revoked = false;
  whole = true;
  followed = false;
  readonly users: Set<TokenUser> = new Set();
  deleted = false;
  usedMs = 0;

  constructor(wish: Omit<TokenWish, "fields">, bytes: Uint8Array) {
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
  readonly #listener: TokenListener;
  /** By what names them; the one unused longest comes first. */
  readonly #tokens: Map<string, Entry> = new Map();
  readonly #costOf: Map<unknown, TokenCost> = new Map();
  #cost: TokenCost = NOTHING;
  #nextNumber = 1;
  /** No token ends before. */
  #wakeMs = Infinity;
  #cancelTimer: (() => void) | null = null;

  /** A table without tokens. */
  constructor(
    clock: Clock,
    entropy: Entropy,
    listener: TokenListener = { changed() {}, dropped() {} },
  ) {
    this.#clock = clock;
    this.#entropy = entropy;
    this.#listener = listener;
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
    this.#tokens.set(nameOfToken(bytes), entry);
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
      if (entry.owner !== owner || entry.followed) continue;
      if (entry.users.size > 0) continue;
      this.#forget(entry);
      if (this.#isRoomFor(owner, cost)) return true;
    }
    return false;
  }

  /** The token with these bytes, or undefined. */
  find(bytes: Uint8Array): RodToken | undefined {
    this.#expire();
    const entry = this.#tokens.get(nameOfToken(bytes));
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
    const isNews = entry.whole;
    entry.revoked = true;
    entry.whole = false;
    cutOff(entry);
    if (isNews) this.#changed(entry);
  }

  /** Blocks of a token are about to change. */
  noteTouched(token: RodToken): void {
    const entry = this.#entryOf(token);
    if (entry !== undefined) entry.whole = false;
  }

  /** An operation uses the token until it gives it back: it stays alive. */
  acquire(token: RodToken, user: TokenUser): void {
    const entry = this.#entryOf(token);
    if (entry === undefined) return;
    entry.users.add(user);
    // The other node counts its life from here on, if nothing more is told.
    entry.usedMs = this.#clock.nowMs();
    this.#changed(entry);
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
    if (entry.followed) return;
    if (entry.deleted) return this.#forget(entry);
    this.#wakeFor(entry);
    this.#changed(entry);
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

  // Tokens of units that the other node serves.

  /** The token with a name, or undefined. */
  named(name: string): RodToken | undefined {
    return this.#tokens.get(name);
  }

  /** Tokens of a unit. */
  ofUnit(unit: LogicalUnit): RodToken[] {
    return [...this.#tokens.values()].filter((each) => each.unit === unit);
  }

  /** How a token stands. */
  standingOf(token: RodToken): TokenStanding {
    const { deleted = false, usedMs = 0 } = this.#entryOf(token) ?? {};
    return { unusedMs: this.#clock.nowMs() - usedMs, deleted };
  }

  /** The other node has told a token; there may be no room for it. */
  follow(told: FollowedToken): void {
    const name = nameOfToken(told.bytes);
    const known = this.#tokens.get(name);
    if (known?.followed === false) return;
    const isSame = known !== undefined && isEqual(known.bytes, told.bytes);
    if (known !== undefined && !isSame) this.#forget(known);
    if (!isSame && !fits(sum(this.#cost, told.cost, 1), ALL_MAX)) return;
    const entry = isSame ? known : new Entry(told, told.bytes.slice());
    if (!isSame) this.#count(entry, 1);
    entry.followed = true;
    entry.deleted = told.deleted;
    entry.usedMs = this.#clock.nowMs() - told.unusedMs;
    this.#tokens.set(name, entry);
    // Whoever serves its unit here one day must not give its number again.
    const number = rodTokenNumberOf(told.bytes);
    if (number < NUMBER_MAX) {
      this.#nextNumber = Math.max(this.#nextNumber, number + 1);
    }
    if (!told.whole) this.revoke(entry);
  }

  /** The other node serves the unit of a token from now on. */
  beginFollowing(token: RodToken): void {
    const entry = this.#entryOf(token);
    if (entry === undefined || entry.followed) return;
    entry.followed = true;
    cutOff(entry);
  }

  /** This node serves its unit: the token is its own. */
  endFollowing(token: RodToken): void {
    const entry = this.#entryOf(token);
    if (entry === undefined || !entry.followed) return;
    entry.followed = false;
    if (entry.deleted && entry.users.size === 0) this.#forget(entry);
    else this.#wakeFor(entry);
  }

  /** All tokens are gone. */
  end(): void {
    for (const entry of [...this.#tokens.values()]) this.#forget(entry);
    this.#wakeMs = Infinity;
    this.#setTimer();
  }

  #entryOf(token: RodToken): Entry | undefined {
    const entry = this.#tokens.get(nameOfToken(token.bytes));
    return entry === token ? entry : undefined;
  }

  #forget(entry: Entry): void {
    this.#tokens.delete(nameOfToken(entry.bytes));
    this.#count(entry, -1);
    const isAtItsEnd = endMs(entry) <= this.#clock.nowMs();
    if (isAtItsEnd) this.#changed(entry);
    else if (!entry.followed) this.#listener.dropped(entry);
    cutOff(entry);
  }

  #changed(entry: Entry): void {
    if (!entry.followed) this.#listener.changed(entry);
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
    const name = nameOfToken(entry.bytes);
    this.#tokens.delete(name);
    this.#tokens.set(name, entry);
  }

  #expire(): void {
    const nowMs = this.#clock.nowMs();
    if (nowMs < this.#wakeMs) return;
    for (const entry of [...this.#tokens.values()]) {
      if (isIdle(entry) && endMs(entry) <= nowMs) this.#forget(entry);
    }
    this.#wakeMs = Infinity;
    for (const entry of this.#tokens.values()) {
      if (isIdle(entry)) {
        this.#wakeMs = Math.min(this.#wakeMs, endMs(entry));
      }
    }
    this.#setTimer();
  }

  #wakeFor(entry: Entry): void {
    const end = endMs(entry);
    if (!isIdle(entry) || end >= this.#wakeMs) return;
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

// The node that serves its unit says when a token is at its end.
function isIdle({ users, followed }: Entry): boolean {
  return users.size === 0 && !followed;
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
