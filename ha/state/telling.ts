/**
 * Those who wait until the other node knows of an entry of theirs.
 *
 * @module
 */

interface Waiting {
  /** The change that they wait for; Infinity: it has no number yet. */
  sequence: number;
  readonly told: PromiseWithResolvers<boolean>;
}

/** The waiting of one group. */
export class Telling {
  #waiting: Waiting[] = [];

  /** Resolves with whether the other node knows of what is told next. */
  wait(): Promise<boolean> {
    const last = this.#waiting.at(-1);
    // Whatever one turn changes is told together.
    if (last?.sequence === Infinity) return last.told.promise;
    const told = Promise.withResolvers<boolean>();
    this.#waiting.push({ sequence: Infinity, told });
    return told.promise;
  }

  /** All that has changed has its number. */
  numbered(sequence: number): void {
    const last = this.#waiting.at(-1);
    if (last?.sequence === Infinity) last.sequence = sequence;
  }

  /** The other node knows of all changes up to a number. */
  confirmed(sequence: number): void {
    this.#end((each) => each.sequence <= sequence, true);
  }

  /** Nobody waits any more, whether the other node knows or not. */
  end(known: boolean): void {
    this.#end(() => true, known);
  }

  #end(concerned: (each: Waiting) => boolean, known: boolean): void {
    const ended = this.#waiting.filter(concerned);
    if (ended.length === 0) return;
    this.#waiting = this.#waiting.filter((each) => !concerned(each));
    for (const { told } of ended) told.resolve(known);
  }
}
