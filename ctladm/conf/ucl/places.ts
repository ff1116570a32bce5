/**
 * From UCL to statements: where a form runs, and how it hands a statement to
 * the tables that the classic syntax uses too, so that both say the same.
 *
 * @module
 */

import type { Warnings } from "../draft.ts";
import { WORD_LENGTH_MAX } from "../limits.ts";
import { type Block, notSupported, type Problem } from "../statement.ts";
import type { Position, UclEntry, UclObject } from "./tree.ts";

/** A refusal, and the key that it is about. */
export interface Fault {
  /** Where the key stands. */
  readonly at: Position;
  /** The key. */
  readonly near: string;
  /** Why. */
  readonly text: string;
}

/** What became of a part of the file: a fault, or nothing. */
export type Outcome = Fault | undefined;

/** An object that is being read. */
export interface Place {
  /** The statements that it may make. */
  readonly block: Block;
  /** How messages call it: `lun "x"`. */
  readonly where: string;
  /** Where warnings go. */
  readonly warnings: Warnings;
}

/** Makes statements of an entry. */
export type Form = (place: Place, entry: UclEntry) => Outcome;

/** Forms by key. */
export type Forms = ReadonlyMap<string, Form>;

/** Makes a table of forms. */
export function formTable(rows: Readonly<Record<string, Form>>): Forms {
  return new Map(Object.entries(rows));
}

/** Reads all entries of an object. CTL passes over unknown keys: so do we. */
export function readObject(
  place: Place,
  { entries }: UclObject,
  forms: Forms,
): Outcome {
  return first(entries, (entry) => {
    const form = forms.get(entry.key);
    if (form !== undefined) return form(place, entry);
    place.warnings.add(`unknown key "${entry.key}" in ${place.where}`);
    return undefined;
  });
}

/** The first fault among some things, which are then left alone. */
export function first<Item>(
  items: Iterable<Item>,
  read: (item: Item) => Outcome,
): Outcome {
  for (const item of items) {
    const fault = read(item);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

/** Makes a statement. */
export function state(
  place: Place,
  entry: UclEntry,
  keyword: string,
  words: readonly string[],
): Outcome {
  const { block, where } = place;
  const found = block.find(keyword);
  const text = wordsProblem(where, entry.key, words) ??
    (found?.unsupported === undefined
      ? found?.store?.(words)
      : notSupported(keyword, found.unsupported));
  return text === undefined ? undefined : refuse(entry, text);
}

/** Opens a block by its name, reads it, and checks it as a whole. */
export function stateBlock(
  place: Place,
  entry: UclEntry,
  { keyword, name, read }: {
    /** Keyword that opens it. */
    readonly keyword: string;
    /** Its name; absent: it has none. */
    readonly name?: string;
    /** Reads what it says. */
    readonly read: (block: Block) => Outcome;
  },
): Outcome {
  const words = name === undefined ? [] : [name];
  const problem = wordsProblem(place.where, entry.key, words);
  if (problem !== undefined) return refuse(entry, problem);
  const block = place.block.find(keyword)?.open?.(name ?? "");
  if (block === undefined) return undefined;
  if (typeof block === "string") return refuse(entry, block);
  const fault = read(block);
  if (fault !== undefined) return fault;
  const text = block.close();
  return text === undefined ? undefined : refuse(entry, text);
}

/** Refuses an entry. */
export function refuse({ at, key }: UclEntry, text: string): Fault {
  return { at, near: key, text };
}

/** Refuses a value of the wrong type. */
export function refuseType(
  { where }: Place,
  entry: UclEntry,
  wanted: "a string" | "an integer" | "an object" | "a boolean",
): Fault {
  return refuse(entry, `"${entry.key}" property in ${where} is not ${wanted}`);
}

/** What no word of the classic syntax can be, no text of UCL may be either. */
function wordsProblem(
  where: string,
  key: string,
  words: readonly string[],
): Problem {
  for (const word of words) {
    const fault = wordProblem(word);
    if (fault === undefined) continue;
    return `"${key}" property in ${where} ${fault}`;
  }
  return undefined;
}

function wordProblem(word: string): Problem {
  if (word === "") return "is empty";
  // A NUL ends a value on the wire: no name may hold one.
  if (word.includes("\0")) return "holds a NUL character";
  return word.length > WORD_LENGTH_MAX
    ? `is longer than ${WORD_LENGTH_MAX} characters`
    : undefined;
}
