/**
 * What a UCL text says, before anyone asks what it means: objects, arrays and
 * scalars, each with its place in the text.
 *
 * @module
 */

/** A place in a file. */
export interface Position {
  /** Path of the file. */
  readonly file: string;
  /** Line, from 1. */
  readonly line: number;
  /** Column in UTF-16 units, from 1. */
  readonly column: number;
}

/** A text, quoted or bare. */
export interface UclString {
  /** Tells values apart. */
  readonly kind: "string";
  /** The text, without quotes and escapes. */
  readonly text: string;
}

/** A whole number; its suffix was applied. */
export interface UclInteger {
  /** Tells values apart. */
  readonly kind: "integer";
  /** As it was written. */
  readonly text: string;
  /** Decimal digits; as it was written when there are too many to count. */
  readonly digits: string;
}

/** A time with its unit: `10min`. */
export interface UclTime {
  /** Tells values apart. */
  readonly kind: "time";
  /** As it was written. */
  readonly text: string;
  /** Its length in seconds. */
  readonly seconds: number;
}

/** A bare word that is a boolean, a fraction or null. */
export interface UclWord {
  /** Tells values apart. */
  readonly kind: "boolean" | "float" | "null";
  /** As it was written. */
  readonly text: string;
}

/** A value without parts. */
export type UclScalar = UclString | UclInteger | UclTime | UclWord;

/** Values in brackets. */
export interface UclArray {
  /** Tells values apart. */
  readonly kind: "array";
  /** The values in order. */
  readonly items: readonly UclValue[];
}

/**
 * Keys with values. A key that stands here more than once has all these
 * values, which UCL calls an implicit array.
 */
export interface UclObject {
  /** Tells values apart. */
  readonly kind: "object";
  /** The pairs in order. */
  readonly entries: readonly UclEntry[];
}

/** A key with a value. */
export interface UclEntry {
  /** The key, without quotes. */
  readonly key: string;
  /** Where the key begins. */
  readonly at: Position;
  /** The value. */
  readonly value: UclValue;
}

/** Any value; `kind` tells which. */
export type UclValue = UclScalar | UclArray | UclObject;

/** The values of an array; any other value is the only one. */
export function valuesOf(value: UclValue): readonly UclValue[] {
  return value.kind === "array" ? value.items : [value];
}
