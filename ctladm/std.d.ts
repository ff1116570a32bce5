/**
 * Types of the functions that we use from the standard library, which reaches
 * us as the npm package `deno-std` without declarations. deno.json maps the
 * `@std/…` names to it; a function that is missing here does not compile.
 */

declare module "@std/assert" {
  /** Fails when the two differ, deeply. */
  export function assertEquals<T>(actual: T, expected: T, msg?: string): void;
  /** Fails when the two are the same, deeply. */
  export function assertNotEquals<T>(
    actual: T,
    expected: T,
    msg?: string,
  ): void;
  /** Fails unless the expression is truthy. */
  export function assert(expr: unknown, msg?: string): asserts expr;
  /** Fails unless both are the same value. */
  export function assertStrictEquals<T>(
    actual: unknown,
    expected: T,
    msg?: string,
  ): asserts actual is T;
  /** Fails unless the text contains the part. */
  export function assertStringIncludes(
    actual: string,
    expected: string,
    msg?: string,
  ): void;
  /** Fails unless the text matches. */
  export function assertMatch(
    actual: string,
    expected: RegExp,
    msg?: string,
  ): void;
  /** Fails unless the value is an instance of the class. */
  export function assertInstanceOf<T>(
    actual: unknown,
    expectedType: abstract new (...args: never[]) => T,
    msg?: string,
  ): asserts actual is T;
  /** Fails unless the value is there. */
  export function assertExists<T>(
    actual: T,
    msg?: string,
  ): asserts actual is NonNullable<T>;
  /** Fails unless the function throws. */
  export function assertThrows(fn: () => unknown, msg?: string): unknown;
  /** Fails unless the promise is rejected. */
  export function assertRejects(
    fn: () => PromiseLike<unknown>,
    msg?: string,
  ): Promise<unknown>;
  /** Fails unless the promise is rejected with an error of the class. */
  export function assertRejects<E extends Error>(
    fn: () => PromiseLike<unknown>,
    ErrorClass: abstract new (...args: never[]) => E,
    msgIncludes?: string,
    msg?: string,
  ): Promise<E>;
  /** Fails always. */
  export function fail(msg?: string): never;
}

declare module "@std/cli/parse-args" {
  /** How {@linkcode parseArgs} reads its words. */
  export interface ParseOptions {
    /** Options that take no value. */
    boolean?: readonly string[];
    /** Options whose value stays text. */
    string?: readonly string[];
    /** Options that may come more than once. */
    collect?: readonly string[];
    /** Other names of an option. */
    alias?: Readonly<Record<string, string | readonly string[]>>;
    /** Values of options that are not given. */
    default?: Readonly<Record<string, unknown>>;
    /** Stop at the first word that is no option. */
    stopEarly?: boolean;
    /** Called for each word that names no known option. */
    unknown?: (arg: string, key?: string, value?: unknown) => unknown;
  }
  /** Reads options from the words of a command line. */
  export function parseArgs(
    args: readonly string[],
    options?: ParseOptions,
  ): Record<string, unknown> & { _: (string | number)[] };
}

declare module "@std/fmt/bytes" {
  /** Writes a number of bytes for people. */
  export function format(
    num: number,
    options?: { binary?: boolean; minimumFractionDigits?: number },
  ): string;
}

declare module "@std/streams" {
  /** Collects a stream of bytes. */
  export function toBytes(
    stream: ReadableStream<Uint8Array>,
  ): Promise<Uint8Array>;
  /** Collects a stream of text. */
  export function toText(stream: ReadableStream): Promise<string>;
  /** Cuts a stream of text into lines. */
  export class TextLineStream extends TransformStream<string, string> {
    constructor(options?: { allowCR?: boolean });
  }
}
