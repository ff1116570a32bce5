/**
 * Option tables: data that parses, checks, types and explains itself.
 *
 * A table names each option, its kind, its default and one line of help. LUNs,
 * ports and plugins take their options as text (`-o name=value`,
 * `option name value`) and get a typed value back, or a sentence that says
 * which value is wrong and what would be right.
 *
 * @module
 */

import { ManagementError } from "./management_error.ts";

/** One option: how its text becomes a value. */
export interface OptionSpec<T> {
  /** Kind of value, as help shows it: `size`, `on|off`, `text`. */
  readonly kind: string;
  /** Value when the option is not given. */
  readonly fallback: T;
  /** One line for people. */
  readonly help: string;
  /** The value, or undefined when the text is not one. */
  parse(text: string): T | undefined;
  /** What a right value looks like, for the error message. */
  readonly expected: string;
}

/** A table with one row for each field of `Values`. */
export type OptionTable<Values> = {
  readonly [Name in keyof Values]-?: OptionSpec<Values[Name]>;
};

/** Text of options as they were given, in order. */
export type RawOptions = ReadonlyMap<string, string>;

/** An option whose text is not a value of its kind. */
export class OptionProblem {
  /** Name of the option. */
  readonly name: string;
  /** A whole sentence: option, value, and what would be right. */
  readonly message: string;

  /** Builds the sentence from its parts. */
  constructor(name: string, value: string, expected: string) {
    this.name = name;
    this.message =
      `Invalid value "${value}" for option "${name}": expected ${expected}`;
  }
}

const SIZE_EXPONENTS: Readonly<Record<string, number>> = {
  b: 0,
  k: 10,
  m: 20,
  g: 30,
  t: 40,
  p: 50,
  e: 60,
};

/**
 * Parses a number of bytes with an optional suffix b, k, m, g, t, p, e (powers
 * of 1024, any case).
 *
 * @returns the bytes, or undefined when the text is no size below 2^53
 */
export function parseSize(text: string): number | undefined {
  const match = /^(\d+)([bkmgtpe]?)$/i.exec(text.trim());
  if (match === null) return undefined;
  const suffix = (match[2] ?? "").toLowerCase();
  const exponent = suffix === "" ? 0 : SIZE_EXPONENTS[suffix] ?? 0;
  const bytes = Number(match[1]) * 2 ** exponent;
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** Any text of at most `lengthMax` characters. */
export function textOption(
  fallback: string,
  help: string,
  lengthMax = 255,
): OptionSpec<string> {
  return {
    kind: "text",
    fallback,
    help,
    expected: `at most ${lengthMax} characters`,
    parse: (text) => text.length <= lengthMax ? text : undefined,
  };
}

/** Text that may be absent. */
export function optionalTextOption(
  help: string,
  lengthMax = 255,
): OptionSpec<string | undefined> {
  return { ...textOption("", help, lengthMax), fallback: undefined };
}

/** A size in bytes, with suffix. */
export function sizeOption(fallback: number, help: string): OptionSpec<number> {
  return {
    kind: "size",
    fallback,
    help,
    expected: "a number of bytes, or one with b, k, m, g, t, p or e",
    parse: parseSize,
  };
}

/** A size that may be absent. */
export function optionalSizeOption(
  help: string,
): OptionSpec<number | undefined> {
  return { ...sizeOption(0, help), fallback: undefined };
}

/** `on` or `off`. */
export function flagOption(
  fallback: boolean,
  help: string,
): OptionSpec<boolean> {
  return { ...optionalFlagOption(help), fallback, parse: parseFlag };
}

/** `on`, `off`, or absent: then the default depends on other things. */
export function optionalFlagOption(
  help: string,
): OptionSpec<boolean | undefined> {
  return {
    kind: "on|off",
    fallback: undefined,
    help,
    expected: `"on" or "off"`,
    parse: parseFlag,
  };
}

/** A whole number within limits. */
export function integerOption(
  fallback: number,
  limits: { readonly min: number; readonly max: number },
  help: string,
): OptionSpec<number> {
  return {
    kind: "number",
    fallback,
    help,
    expected: `a whole number from ${limits.min} to ${limits.max}`,
    parse: (text) => {
      const value = parseSize(text);
      if (value === undefined) return undefined;
      return value >= limits.min && value <= limits.max ? value : undefined;
    },
  };
}

/** A whole number within limits, which may be absent. */
export function optionalIntegerOption(
  limits: { readonly min: number; readonly max: number },
  help: string,
): OptionSpec<number | undefined> {
  return { ...integerOption(0, limits, help), fallback: undefined };
}

/** One of a few words. */
export function choiceOption<T extends string, F extends T | undefined>(
  choices: readonly T[],
  fallback: F,
  help: string,
): OptionSpec<T | F> {
  return {
    kind: choices.join("|"),
    fallback,
    help,
    expected: `one of ${choices.map((choice) => `"${choice}"`).join(", ")}`,
    parse: (text) => choices.find((choice) => choice === text),
  };
}

/**
 * Types the options that a table knows; others are left to other tables.
 *
 * @returns the values, defaults filled in, or the first problem
 */
export function parseOptions<Values>(
  table: OptionTable<Values>,
  raw: RawOptions,
): Values | OptionProblem {
  const values: Partial<Values> = {};
  for (const name in table) {
    const spec = table[name];
    const text = raw.get(name);
    if (text === undefined) {
      values[name] = spec.fallback;
      continue;
    }
    const value = spec.parse(text);
    if (value === undefined) {
      return new OptionProblem(name, text, spec.expected);
    }
    values[name] = value;
  }
  return values as Values;
}

/** As `parseOptions`, for requests of operators: throws a `ManagementError`. */
export function typeOptions<Values>(
  table: OptionTable<Values>,
  raw: RawOptions,
): Values {
  const values = parseOptions(table, raw);
  if (values instanceof OptionProblem) {
    throw new ManagementError("option", values.message);
  }
  return values;
}

/** Help for a table: one aligned line an option, defaults named. */
export function describeOptions<Values>(table: OptionTable<Values>): string {
  const rows = Object.entries<OptionSpec<unknown>>(table);
  const width = Math.max(0, ...rows.map(([name]) => name.length));
  return rows.map(([name, spec]) => {
    const fallback = spec.fallback === undefined
      ? ""
      : ` (default ${printed(spec.fallback)})`;
    return `${name.padEnd(width)}  ${spec.kind}: ${spec.help}${fallback}`;
  }).join("\n");
}

function parseFlag(text: string): boolean | undefined {
  if (text === "on") return true;
  return text === "off" ? false : undefined;
}

function printed(value: unknown): string {
  if (typeof value === "boolean") return value ? "on" : "off";
  return value === "" ? "none" : String(value);
}
