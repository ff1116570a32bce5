/**
 * Whether what was answered fits one order of the commands in which each took
 * effect at one moment between its call and its answer (Wing and Gong).
 *
 * @module
 */

import {
  applyShared,
  FRESH_STATE,
  type SharedOp,
  type SharedState,
  textOf,
} from "./shared_state.ts";

/** A command and its answer. */
export interface HistoryEntry {
  /** What was asked. */
  readonly op: SharedOp;
  /** When. */
  readonly fromMs: number;
  /** When it was over: it takes no effect later. Infinity: nobody knows. */
  readonly toMs: number;
  /** The answer; null: it may have been done, or not. */
  readonly answer: string | null;
}

/** Positions that are looked at before the search is given up. */
const POSITIONS_MAX = 30_000;
/** Bits in each word of a place. */
const PLACE_BITS = 16;

const LOOKS: ReadonlySet<SharedOp["kind"]> = new Set([
  ...["look", "sense", "write"] as const,
]);

/** That a history was too long to be judged. */
export const TOO_LONG = "too long";

/** What is wrong with a history; null: nothing. */
export function judgeHistory(
  entries: readonly HistoryEntry[],
): string | typeof TOO_LONG | null {
  const search = new Search(entries);
  const outcome = search.run();
  if (outcome === TOO_LONG) return TOO_LONG;
  return outcome ? null : search.explanation;
}

interface Step extends HistoryEntry {
  /** Its bit among those of all steps. */
  readonly at: number;
  /** Of commands that nobody knows about and that are alike: the same text. */
  readonly text: string;
  readonly isLook: boolean;
  done: boolean;
}

/** Depth first, what was answered before what may have been done. */
class Search {
  readonly #known: readonly Step[];
  readonly #unknown: readonly Step[];
  readonly #seen: Set<string> = new Set();
  /** One bit a step that is done: the search's place, beside its state. */
  readonly #done: Uint16Array;
  #positions = 0;
  #deepest = -1;
  #stuck: { state: SharedState; left: readonly Step[] } | null = null;

  constructor(entries: readonly HistoryEntry[]) {
    const steps = entries.map(stepOf);
    this.#done = new Uint16Array(Math.ceil(steps.length / PLACE_BITS));
    this.#known = steps.filter(({ answer }) => answer !== null)
      .sort((one, other) => one.toMs - other.toMs);
    this.#unknown = steps.filter(({ answer }) => answer === null)
      .sort((one, other) => one.fromMs - other.fromMs);
  }

  get explanation(): string {
    const state = textOf(this.#stuck?.state ?? FRESH_STATE);
    const texts = this.#stuck?.left.map(({ text, answer, fromMs }) =>
      `${text} at ${fromMs.toFixed(1)} was answered "${answer}"`
    );
    return `no order of the commands explains the answers; in state "${state}"` +
      ` ${texts?.join(", ")}`;
  }

  run(): boolean | typeof TOO_LONG {
    const found = this.#go(FRESH_STATE, 0, 0);
    return this.#positions > POSITIONS_MAX ? TOO_LONG : found;
  }

  /**
   * @param count commands with an answer that have taken effect
   * @param latestMs when the last of those was called
   */
  #go(state: SharedState, count: number, latestMs: number): boolean {
    if (count === this.#known.length) return true;
    this.#positions += 1;
    if (this.#positions > POSITIONS_MAX) return true;
    if (!this.#isNew(state)) return false;
    if (count > this.#deepest) this.#note(state, count);
    const firstEndMs = this.#firstEndMs();
    for (const step of this.#known) {
      if (step.done || step.fromMs > firstEndMs) continue;
      const { state: next, answer } = applyShared(state, step.op);
      if (answer !== step.answer) continue;
      const calledMs = Math.max(latestMs, step.fromMs);
      if (this.#take(step, next, count + 1, calledMs)) return true;
      // What never changes anything and fits now need not be tried later, if
      // nothing was over before it.
      if (step.isLook && !this.#forfeits(latestMs, calledMs)) return false;
    }
    return this.#tryUnknown(state, count, firstEndMs, latestMs);
  }

  // Whether something that may have been done is too late behind a call.
  #forfeits(latestMs: number, calledMs: number): boolean {
    return this.#unknown.some(({ done, toMs }) =>
      !done && toMs >= latestMs && toMs < calledMs
    );
  }

  // Of commands that are alike the one that was called first stands for all.
  #tryUnknown(
    state: SharedState,
    count: number,
    firstEndMs: number,
    latestMs: number,
  ): boolean {
    const alike = new Set<string>();
    for (const step of this.#unknown) {
      if (step.fromMs > firstEndMs) break;
      if (step.done || step.toMs < latestMs || alike.has(step.text)) continue;
      alike.add(step.text);
      const { state: next } = applyShared(state, step.op);
      if (next === state) continue;
      if (this.#take(step, next, count, latestMs)) return true;
    }
    return false;
  }

  #take(
    step: Step,
    next: SharedState,
    count: number,
    latestMs: number,
  ): boolean {
    this.#turn(step);
    if (this.#go(next, count, latestMs)) return true;
    this.#turn(step);
    return false;
  }

  #turn(step: Step): void {
    step.done = !step.done;
    const word = Math.floor(step.at / PLACE_BITS);
    this.#done[word] = (this.#done[word] ?? 0) ^ 1 << step.at % PLACE_BITS;
  }

  #isNew(state: SharedState): boolean {
    const key = textOf(state) + String.fromCharCode(...this.#done);
    if (this.#seen.has(key)) return false;
    this.#seen.add(key);
    return true;
  }

  #firstEndMs(): number {
    return this.#known.find(({ done }) => !done)?.toMs ?? Infinity;
  }

  #note(state: SharedState, count: number): void {
    this.#deepest = count;
    const left = this.#known.filter(({ done }) => !done).slice(0, 2);
    this.#stuck = { state, left };
  }
}

function stepOf(entry: HistoryEntry, at: number): Step {
  return {
    ...entry,
    at,
    text: JSON.stringify(entry.op),
    isLook: LOOKS.has(entry.op.kind),
    done: false,
  };
}
