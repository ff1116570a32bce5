/**
 * Options as getopt(3) reads them: `-b ramdisk`, `-bramdisk`, `-vx`, `--`.
 * FreeBSD's tools take nothing else, so neither do their clones.
 *
 * @module
 */

/** Options that were given, in order, and the words behind them. */
export interface Options {
  /** Letter and value; "" for options without one. */
  readonly given: readonly (readonly [letter: string, value: string])[];
  /** Words that are no options. */
  readonly rest: readonly string[];
  /** What getopt would complain about. */
  readonly problems: readonly string[];
}

/**
 * How many of the words behind an option and its value belong to it, too; they
 * become further values of its letter.
 */
export type TakesMore = (letter: string, behind: readonly string[]) => number;

const NO_MORE: TakesMore = () => 0;

/**
 * Reads options.
 *
 * @param letters the letters known; a colon behind one says it takes a value
 */
export function getopt(
  words: readonly string[],
  letters: string,
  takesMore: TakesMore = NO_MORE,
): Options {
  const given: [string, string][] = [];
  const problems: string[] = [];
  let index = 0;
  for (; index < words.length; index += 1) {
    const word = words[index] ?? "";
    if (word === "--") {
      index += 1;
      break;
    }
    if (!word.startsWith("-") || word === "-") break;
    const before = given.length;
    const taken = readWord(word, words[index + 1], letters, given, problems);
    if (taken) index += 1;
    if (given.length === before) continue;
    const [letter = ""] = given.at(-1) ?? [];
    for (let more = takesMore(letter, words.slice(index + 1)); more > 0;) {
      index += 1;
      more -= 1;
      given.push([letter, words[index] ?? ""]);
    }
  }
  return { given, rest: words.slice(index), problems };
}

/** Values of one letter, in order. */
export function valuesOf(options: Options, letter: string): string[] {
  return options.given
    .filter(([each]) => each === letter)
    .map(([, value]) => value);
}

/** The last value of a letter, or undefined. */
export function valueOf(options: Options, letter: string): string | undefined {
  return valuesOf(options, letter).at(-1);
}

/** Whether a letter was given. */
export function has(options: Options, letter: string): boolean {
  return options.given.some(([each]) => each === letter);
}

// Reads one word of letters. @returns whether it used the next word, too
function readWord(
  word: string,
  next: string | undefined,
  letters: string,
  given: [string, string][],
  problems: string[],
): boolean {
  for (let at = 1; at < word.length; at += 1) {
    const letter = word.charAt(at);
    const known = letters.indexOf(letter);
    if (known < 0 || letter === ":") {
      problems.push(`illegal option -- ${letter}`);
      continue;
    }
    if (letters.charAt(known + 1) !== ":") {
      given.push([letter, ""]);
      continue;
    }
    const attached = word.slice(at + 1);
    if (attached !== "") given.push([letter, attached]);
    else if (next !== undefined) given.push([letter, next]);
    else problems.push(`option requires an argument -- ${letter}`);
    return attached === "";
  }
  return false;
}
