/**
 * Texts as numbers, so that records of a trace need none.
 *
 * @module
 */

/** Texts that are kept; those beyond share a name. */
export const NAMES_MAX = 4096;

/** What texts are called that find no room. */
export const OTHERS = "(others)";

/** The texts of one trace. */
export class Names {
  readonly #texts: string[] = [OTHERS, ""];
  readonly #numbers: Map<string, number> = new Map([[OTHERS, 0], ["", 1]]);

  /** The number of a text. */
  number(text: string): number {
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    if (this.#texts.length >= NAMES_MAX) return 0;
    this.#numbers.set(text, this.#texts.length);
    return this.#texts.push(text) - 1;
  }

  /** The text of a number. */
  text(number: number): string {
    return this.#texts[number] ?? OTHERS;
  }
}
