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
  /** When it was over; Infinity: nobody knows. */
  readonly toMs: number;
  /** The answer; null: it may have been done, or not. */
  readonly answer: string | null;
}

/** Positions that are looked at before the search is given up. */
const POSITIONS_MAX = 300_000;

/** What is wrong with a history; null: nothing. */
export function judgeHistory(entries: readonly HistoryEntry[]): string | null {
  const search = new Search([...entries].sort(byCall));
  const outcome = search.run();
  if (outcome === "too long") return null;
  return outcome ? null : search.explanation;
}

function byCall(one: HistoryEntry, other: HistoryEntry): number {
  return one.fromMs - other.fromMs;
}

const LOOKS: ReadonlySet<SharedOp["kind"]> = new Set([
  ...["look", "sense", "write"] as const,
]);

interface Candidate {
  readonly index: number;
  readonly next: SharedState;
  readonly answered: boolean;
  readonly isLook: boolean;
}

class Search {
  readonly #entries: readonly HistoryEntry[];
  readonly #done: boolean[];
  readonly #seen: Set<string> = new Set();
  #positions = 0;
  #deepest = -1;
  #stuck = "";

  constructor(entries: readonly HistoryEntry[]) {
    this.#entries = entries;
    this.#done = entries.map(() => false);
  }

  get explanation(): string {
    return `no order of the commands explains the answers; ${this.#stuck}`;
  }

  run(): boolean | "too long" {
    const found = this.#go(FRESH_STATE, 0);
    return this.#positions > POSITIONS_MAX ? "too long" : found;
  }

  /** @param count commands with an answer that have taken effect */
  #go(state: SharedState, count: number): boolean {
    const firstEndMs = this.#firstEndMs();
    if (firstEndMs === Infinity) return true;
    const key = this.#done.map(Number).join("") + textOf(state);
    if (this.#seen.has(key)) return false;
    this.#seen.add(key);
    this.#positions += 1;
    if (this.#positions > POSITIONS_MAX) return true;
    this.#note(state, count);
    const candidates = this.#candidates(state, firstEndMs);
    // What never changes anything and fits now need not be tried later.
    const look = candidates.find(({ isLook }) => isLook);
    if (look !== undefined) return this.#take(look, count);
    return candidates.some((candidate) => this.#take(candidate, count));
  }

  #take({ index, next, answered }: Candidate, count: number): boolean {
    this.#done[index] = true;
    if (this.#go(next, count + Number(answered))) return true;
    this.#done[index] = false;
    return false;
  }

  // Of unanswered commands that are alike the earliest stands for all.
  #candidates(state: SharedState, firstEndMs: number): Candidate[] {
    const candidates: Candidate[] = [];
    const alike = new Set<string>();
    for (const [index, entry] of this.#entries.entries()) {
      if (entry.fromMs > firstEndMs) break;
      if (this.#done[index]) continue;
      const { state: next, answer } = applyShared(state, entry.op);
      const answered = entry.answer !== null;
      if (answered) {
        if (answer !== entry.answer) continue;
      } else {
        const text = JSON.stringify(entry.op);
        if (next === state || alike.has(text)) continue;
        alike.add(text);
      }
      const isLook = answered && LOOKS.has(entry.op.kind);
      candidates.push({ index, next, answered, isLook });
    }
    return candidates;
  }

  #firstEndMs(): number {
    let first = Infinity;
    for (const [index, { answer, toMs }] of this.#entries.entries()) {
      if (!this.#done[index] && answer !== null) first = Math.min(first, toMs);
    }
    return first;
  }

  #note(state: SharedState, count: number): void {
    if (count <= this.#deepest) return;
    this.#deepest = count;
    const left = this.#entries.filter((entry, index) =>
      !this.#done[index] && entry.answer !== null
    ).slice(0, 2).map(({ op, answer, fromMs }) =>
      `${JSON.stringify(op)} at ${fromMs.toFixed(1)} was answered "${answer}"`
    );
    this.#stuck = `in state "${textOf(state)}" ${left.join(", ")}`;
  }
}
