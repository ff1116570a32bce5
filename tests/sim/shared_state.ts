/**
 * What both nodes share, as a small model of its own: persistent reservations
 * and one mode page. The checker knows it as the only truth.
 *
 * @module
 */

/** A command on shared state. */
export type SharedOp =
  /** REGISTER AND IGNORE EXISTING KEY; 0 unregisters. */
  | { readonly kind: "register"; readonly by: string; readonly key: number }
  /** RESERVE. */
  | { readonly kind: "reserve"; readonly by: string }
  /** RELEASE. */
  | { readonly kind: "release"; readonly by: string }
  /** PREEMPT. */
  | { readonly kind: "preempt"; readonly by: string; readonly key: number }
  /** MODE SELECT. */
  | { readonly kind: "select"; readonly by: string; readonly value: number }
  /** READ FULL STATUS and MODE SENSE at once. */
  | { readonly kind: "look"; readonly by: string }
  /** Both nodes have lost what is not kept over a restart. */
  | { readonly kind: "forget" };

/** Shared state. */
export interface SharedState {
  /** PRGENERATION. */
  readonly generation: number;
  /** Keys by initiator. */
  readonly keys: Readonly<Record<string, number>>;
  /** Who holds the reservation. */
  readonly holder: string | null;
  /** Value in the mode page; not saved. */
  readonly mode: number;
}

/** What a unit begins with. */
export const FRESH_STATE: SharedState = Object.freeze({
  generation: 0,
  keys: Object.freeze({}),
  holder: null,
  mode: 0,
});

/** What a command leaves behind, and what it answers. */
export interface SharedOutcome {
  /** Afterwards; the same object: nothing has changed. */
  readonly state: SharedState;
  /** The answer, as text. */
  readonly answer: string;
}

/** Carries a command out. */
export function applyShared(state: SharedState, op: SharedOp): SharedOutcome {
  switch (op.kind) {
    case "register":
      return register(state, op.by, op.key);
    case "reserve":
      return reserve(state, op.by);
    case "release":
      return release(state, op.by);
    case "preempt":
      return preempt(state, op.by, op.key);
    case "select":
      return { state: { ...state, mode: op.value }, answer: "good" };
    case "look":
      return { state, answer: textOf(state) };
    case "forget":
      return { state: { ...state, mode: 0 }, answer: "" };
  }
}

/** The same text for the same state. */
export function textOf(
  { generation, keys, holder, mode }: SharedState,
): string {
  const list = Object.entries(keys).sort(([one], [other]) =>
    one < other ? -1 : 1
  );
  return `g${generation} ${list.map(([by, key]) => `${by}=${key}`).join(",")}` +
    ` ${holder ?? "-"} m${mode}`;
}

const CONFLICT = "conflict";

function register(state: SharedState, by: string, key: number): SharedOutcome {
  const others = without(state.keys, (name) => name === by);
  const isHolder = state.holder === by;
  return {
    state: {
      ...state,
      generation: state.generation + 1,
      keys: key === 0 ? others : { ...others, [by]: key },
      holder: key === 0 && isHolder ? null : state.holder,
    },
    answer: "good",
  };
}

function reserve(state: SharedState, by: string): SharedOutcome {
  const isFree = state.holder === null || state.holder === by;
  if (!(by in state.keys) || !isFree) return { state, answer: CONFLICT };
  return { state: { ...state, holder: by }, answer: "good" };
}

function release(state: SharedState, by: string): SharedOutcome {
  if (!(by in state.keys)) return { state, answer: CONFLICT };
  if (state.holder !== by) return { state, answer: "good" };
  return { state: { ...state, holder: null }, answer: "good" };
}

function preempt(state: SharedState, by: string, key: number): SharedOutcome {
  const isVictim = (name: string) => state.keys[name] === key;
  const isKnown = Object.keys(state.keys).some(isVictim);
  if (!(by in state.keys) || !isKnown) return { state, answer: CONFLICT };
  const takes = state.holder !== null && isVictim(state.holder);
  return {
    state: {
      ...state,
      generation: state.generation + 1,
      keys: without(state.keys, (name) => name !== by && isVictim(name)),
      holder: takes ? by : state.holder,
    },
    answer: "good",
  };
}

/** Keys without those of some initiators. */
export function without(
  keys: Readonly<Record<string, number>>,
  isGone: (name: string) => boolean,
): Record<string, number> {
  return Object.fromEntries(
    Object.entries(keys).filter(([name]) => !isGone(name)),
  );
}
