/**
 * Bare words of UCL: numbers with suffixes, times, booleans, and all the rest,
 * which is text.
 *
 * @module
 */

import type { UclScalar } from "./tree.ts";

const BOOLEAN = /^(?:true|false|yes|no|on|off)$/i;
const HEX = /^-?0x[0-9a-f]{1,16}$/i;
const NUMBER =
  /^(-?(?:\d{1,20}(?:\.\d{0,20})?|\.\d{1,20})(?:e[+-]?\d{1,3})?)([a-z]{0,3})$/i;

/** Powers of 1000, and of 1024 behind a `b`. */
const MULTIPLIERS: ReadonlyMap<string, number> = new Map([
  ["", 1],
  ["k", 1000],
  ["m", 1000 ** 2],
  ["g", 1000 ** 3],
  ["kb", 1024],
  ["mb", 1024 ** 2],
  ["gb", 1024 ** 3],
]);

const DAY_SECONDS = 86_400;

/** Units of time in seconds. */
const TIME_UNITS: ReadonlyMap<string, number> = new Map([
  ["ms", 0.001],
  ["s", 1],
  ["min", 60],
  ["h", 3600],
  ["d", DAY_SECONDS],
  ["w", 7 * DAY_SECONDS],
  ["y", 365 * DAY_SECONDS],
]);

/** What a bare word is. */
export function scalarOf(text: string): UclScalar {
  if (BOOLEAN.test(text)) return { kind: "boolean", text };
  if (text === "null") return { kind: "null", text };
  if (HEX.test(text)) return integer(text, hexValue(text));
  return numberOf(text) ?? { kind: "string", text };
}

function hexValue(text: string): number {
  return text.startsWith("-") ? -Number(text.slice(1)) : Number(text);
}

function numberOf(text: string): UclScalar | undefined {
  const [, number = "", suffix = ""] = NUMBER.exec(text) ?? [];
  if (number === "") return undefined;
  const unit = suffix.toLowerCase();
  const seconds = TIME_UNITS.get(unit);
  if (seconds !== undefined) {
    return { kind: "time", text, seconds: Number(number) * seconds };
  }
  const multiplier = MULTIPLIERS.get(unit);
  if (multiplier === undefined) return undefined;
  const value = Number(number) * multiplier;
  const isWhole = /^-?\d+$/.test(number) ||
    (suffix !== "" && Number.isInteger(value));
  return isWhole ? integer(text, value) : { kind: "float", text };
}

function integer(text: string, value: number): UclScalar {
  const digits = Number.isSafeInteger(value) ? String(value) : text;
  return { kind: "integer", text, digits };
}
