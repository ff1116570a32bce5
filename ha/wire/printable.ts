/**
 * Words of a peer on their way into a log.
 *
 * @module
 */

/** The text without what would break a line or move a terminal's cursor. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, "?");
}
