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
/** Bits in each word of a set of steps. */
const SET_BITS = 16;

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
  /** Its bit among those of the steps of its kind. */
  readonly at: number;
  /** Of commands that nobody knows about and that are alike: the same text. */
  readonly text: string;
  readonly isLook: boolean;
}

/** Which steps are done, a bit each. */
type StepSet = Uint16Array;

/** How far a search has come, by one way. */
interface Position {
  readonly state: SharedState;
  readonly known: StepSet;
  readonly unknown: StepSet;
  /** Commands with an answer that have taken effect. */
  readonly count: number;
  /** When the last of those was called. */
  readonly latestMs: number;
}

/**
 * By the number of commands that nobody knows about and that are taken to have
 * been done, fewest first; among those what was answered first. Where it has
 * been with less of the former done, it could do all that it can do now: there
 * it has found nothing.
 */
class Search {
  readonly #known: readonly Step[];
  readonly #unknown: readonly Step[];
  /** By state and commands with an answer that are done: the others. */
  readonly #seen: Map<string, StepSet[]> = new Map();
  #positions = 0;
  #deepest: Position | null = null;

  constructor(entries: readonly HistoryEntry[]) {
    this.#known = entries.filter(({ answer }) => answer !== null)
      .sort((one, other) => one.toMs - other.toMs).map(stepOf);
    this.#unknown = entries.filter(({ answer }) => answer === null)
      .sort((one, other) => one.fromMs - other.fromMs).map(stepOf);
  }

  get explanation(): string {
    const { state = FRESH_STATE, known = null } = this.#deepest ?? {};
    const left = this.#known
      .filter(({ at }) => known === null || !has(known, at));
    const texts = left.slice(0, 2).map(({ text, answer, fromMs }) =>
      `${text} at ${fromMs.toFixed(1)} was answered "${answer}"`
    );
    return "no order of the commands explains the answers; in state" +
      ` "${textOf(state)}" ${texts.join(", ")}`;
  }

  run(): boolean | typeof TOO_LONG {
    let level: Position[] = [{
      ...{ state: FRESH_STATE, count: 0, latestMs: 0 },
      known: emptySet(this.#known.length),
      unknown: emptySet(this.#unknown.length),
    }];
    while (level.length > 0) {
      const next: Position[] = [];
      for (let at; (at = level.pop()) !== undefined;) {
        if (at.count === this.#known.length) return true;
        this.#positions += 1;
        if (this.#positions > POSITIONS_MAX) return TOO_LONG;
        if (this.#isNew(at)) this.#goOn(at, level, next);
      }
      level = next.reverse();
    }
    return false;
  }

  #goOn(at: Position, level: Position[], next: Position[]): void {
    if (at.count > (this.#deepest?.count ?? -1)) this.#deepest = at;
    const isOpen = (step: Step) => !has(at.known, step.at);
    const firstEndMs = this.#known.find(isOpen)?.toMs ?? Infinity;
    const ways: Position[] = [];
    for (const step of this.#known) {
      if (!isOpen(step) || step.fromMs > firstEndMs) continue;
      const { state, answer } = applyShared(at.state, step.op);
      if (answer !== step.answer) continue;
      const known = withStep(at.known, step.at);
      const latestMs = Math.max(at.latestMs, step.fromMs);
      const way = { ...at, state, known, count: at.count + 1, latestMs };
      // What never changes anything and fits now need not be tried later, if
      // nothing was over before it.
      if (step.isLook && !this.#forfeits(at, latestMs)) {
        return void level.push(way);
      }
      ways.push(way);
    }
    level.push(...ways.reverse());
    this.#tryUnknown(at, firstEndMs, next);
  }

  // Whether something that may have been done is too late behind a call.
  #forfeits({ unknown, latestMs }: Position, calledMs: number): boolean {
    return this.#unknown.some(({ at, toMs }) =>
      !has(unknown, at) && toMs >= latestMs && toMs < calledMs
    );
  }

  // Of commands that are alike the one that was called first stands for all.
  #tryUnknown(at: Position, firstEndMs: number, next: Position[]): void {
    const alike = new Set<string>();
    for (const step of this.#unknown) {
      if (step.fromMs > firstEndMs) break;
      if (has(at.unknown, step.at) || step.toMs < at.latestMs) continue;
      if (alike.has(step.text)) continue;
      alike.add(step.text);
      const { state } = applyShared(at.state, step.op);
      if (state === at.state) continue;
      next.push({ ...at, state, unknown: withStep(at.unknown, step.at) });
    }
  }

  #isNew({ state, known, unknown }: Position): boolean {
    const key = textOf(state) + String.fromCharCode(...known);
    const before = this.#seen.get(key) ?? [];
    if (before.some((set) => isWithin(set, unknown))) return false;
    before.push(unknown);
    this.#seen.set(key, before);
    return true;
  }
}

function emptySet(steps: number): StepSet {
  return new Uint16Array(Math.ceil(steps / SET_BITS));
}

function has(set: StepSet, at: number): boolean {
  return ((set[Math.floor(at / SET_BITS)] ?? 0) >> at % SET_BITS & 1) === 1;
}

function withStep(set: StepSet, at: number): StepSet {
  const more = set.slice();
  const word = Math.floor(at / SET_BITS);
  more[word] = (more[word] ?? 0) | 1 << at % SET_BITS;
  return more;
}

function isWithin(one: StepSet, other: StepSet): boolean {
  return one.every((word, at) => (word & ~(other[at] ?? 0)) === 0);
}

function stepOf(entry: HistoryEntry, at: number): Step {
  return {
    ...entry,
    at,
    text: JSON.stringify(entry.op),
    isLook: LOOKS.has(entry.op.kind),
  };
}
