/**
 * What the contract suites are made of: cases that throw when a plugin breaks
 * its contract. They belong to no test runner.
 *
 * @module
 */

/** One case of a suite. */
export interface ContractCase {
  /** What has to hold, in words. */
  readonly name: string;
  /** Throws a {@linkcode ContractBreach} when it does not hold. */
  run(): Promise<void>;
}

/** A plugin has broken its contract. */
export class ContractBreach extends Error {
  /** Name of the class. */
  override readonly name = "ContractBreach";
}

/** Fails with a sentence unless something holds. */
export function expect(holds: boolean, sentence: string): asserts holds {
  if (!holds) throw new ContractBreach(sentence);
}

/** Fails unless two values are the same. */
export function expectSame(
  actual: unknown,
  wanted: unknown,
  what: string,
): void {
  if (Object.is(actual, wanted)) return;
  throw new ContractBreach(
    `${what}: wanted ${String(wanted)}, found ${printed(actual)}`,
  );
}

/** Fails unless two pieces of data are the same. */
export function expectBytes(
  actual: Uint8Array,
  wanted: Uint8Array,
  what: string,
): void {
  expectSame(actual.length, wanted.length, `${what}: bytes`);
  const at = actual.findIndex((byte, index) => byte !== wanted[index]);
  if (at < 0) return;
  throw new ContractBreach(
    `${what}: from byte ${at} on wanted ${hexAt(wanted, at)}, found ` +
      hexAt(actual, at),
  );
}

/** Bytes that differ from place to place and from seed to seed. */
export function patternBytes(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += 1) {
    bytes[at] = (at * 31 + (at >>> 9) * 7 + seed * 101 + 1) & 0xff;
  }
  return bytes;
}

function printed(value: unknown): string {
  return typeof value === "object" && value !== null
    ? JSON.stringify(value)
    : String(value);
}

const SHOWN = 16;

function hexAt(bytes: Uint8Array, at: number): string {
  return bytes.subarray(at, at + SHOWN).toHex();
}
