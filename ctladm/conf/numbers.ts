/**
 * Numbers of the configuration: decimal, with a binary suffix.
 *
 * @module
 */

const SUFFIXES = "kmgtpe";

/**
 * Parses a number with an optional suffix K, M, G, T, P or E of any case
 * (powers of 1024).
 *
 * @param max highest number that is taken
 * @returns the number, or undefined when the text is none or is too high
 */
export function parseNumber(
  text: string,
  max: number = Number.MAX_SAFE_INTEGER,
): number | undefined {
  const match = /^(\d{1,19})([kmgtpe]?)$/i.exec(text);
  if (match === null) return undefined;
  const [, digits = "", suffix = ""] = match;
  const power = suffix === "" ? 0 : SUFFIXES.indexOf(suffix.toLowerCase()) + 1;
  const value = Number(digits) * 1024 ** power;
  return value <= max ? value : undefined;
}

/** The sentence for a text that is no number, or too high a one. */
export function invalidNumber(text: string): string {
  return `invalid numeric value "${text}"`;
}
