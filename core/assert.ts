/**
 * Assertions that stay on: a false one is a defect of DTL, never of a peer.
 *
 * @module
 */

/** A thing that must not happen has happened. */
export class Defect extends Error {
  /** Names the class in logs. */
  override readonly name: string = "Defect";
}

/** Throws a {@linkcode Defect} unless the condition holds. */
export function assert(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Defect(what);
}
