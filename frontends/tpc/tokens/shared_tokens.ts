/**
 * The ROD tokens of a target, as the nodes of a pair tell them each other.
 *
 * @module
 */

import type { LogicalUnit, SharedEntries } from "../../../core/mod.ts";
import { decodeToldToken, encodeToldToken } from "../wire/told_token.ts";
import { nameOfToken, ROD_TYPE, rodTypeOf } from "./rod_token.ts";
import { PLAIN_COST } from "./token_cost.ts";
import { costOfImage } from "./token_image.ts";
import type { RodToken, TokenTable } from "./token_table.ts";

/** What becomes of tokens when the role of their unit changes. */
export interface TokenKeeper {
  /**
   * This node is about to serve the unit of a token.
   *
   * @param current its blocks are those of the time when it was made
   */
  adopt(token: RodToken, current: boolean): Promise<void>;
}

/** Whether the data of a token are those of the time when it was made. */
export function isPointInTime({ bytes }: RodToken): boolean {
  return rodTypeOf(bytes) !== ROD_TYPE.ACCESS_UPON_REFERENCE;
}

/** The tokens of a table. */
export class SharedTokens implements SharedEntries {
  /** See `SharedEntries`. */
  readonly name = "rod-tokens";
  readonly #table: TokenTable;
  readonly #keeper: TokenKeeper;

  /** The tokens of a table; who keeps their data is told of roles. */
  constructor(table: TokenTable, keeper: TokenKeeper) {
    this.#table = table;
    this.#keeper = keeper;
  }

  /** See `SharedEntries`. */
  keys(unit: LogicalUnit): string[] {
    return this.#table.ofUnit(unit).map(({ bytes }) => nameOfToken(bytes));
  }

  /** See `SharedEntries`. */
  read(unit: LogicalUnit, key: string): Uint8Array | null {
    const token = this.#table.named(key);
    if (token === undefined || token.unit !== unit) return null;
    const { bytes, ranges, timeoutMs, whole, owner } = token;
    return encodeToldToken({
      ...{ bytes, ranges, timeoutMs, whole, owner: String(owner) },
      ...this.#table.standingOf(token),
    });
  }

  /** See `SharedEntries`. */
  put(
    unit: LogicalUnit,
    key: string,
    bytes: Uint8Array | null,
  ): string | null {
    if (bytes === null) {
      const token = this.#table.named(key);
      if (token?.followed) this.#table.forget(token);
      return null;
    }
    const told = decodeToldToken(bytes);
    if (typeof told === "string") return told;
    if (nameOfToken(told.bytes) !== key) return "another token than it says";
    const rodType = rodTypeOf(told.bytes);
    const cost = rodType === ROD_TYPE.POINT_IN_TIME
      ? costOfImage(unit, told.ranges)
      : PLAIN_COST;
    this.#table.follow({ ...told, unit, cost });
    return null;
  }

  /** See `SharedEntries`. */
  clear(unit: LogicalUnit): void {
    for (const token of this.#table.ofUnit(unit)) {
      if (token.followed) this.#table.forget(token);
    }
  }

  /** See `SharedEntries`. */
  async adopt(unit: LogicalUnit, current: boolean): Promise<void> {
    for (const token of this.#table.ofUnit(unit)) {
      if (!token.followed) continue;
      await this.#keeper.adopt(token, current);
      this.#table.endFollowing(token);
    }
  }

  /** See `SharedEntries`. */
  release(unit: LogicalUnit): void {
    for (const token of this.#table.ofUnit(unit)) {
      this.#table.beginFollowing(token);
    }
  }
}
