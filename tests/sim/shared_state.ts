/**
 * What both nodes share, as a small model of its own: persistent reservations
 * (Write Exclusive, Registrants Only, kept over a loss of power) and one saved
 * mode page. The checker knows it as the only truth. PRGENERATION is not in it:
 * a power on makes it 0 (SPC-5 6.15.2).
 *
 * @module
 */

/** A command on shared state, or one that it lets through. */
export type SharedOp =
  /** REGISTER AND IGNORE EXISTING KEY; 0 unregisters. */
  | { readonly kind: "register"; readonly by: string; readonly key: number }
  /** RESERVE, with the key that `by` has, or 9. */
  | { readonly kind: "reserve"; readonly by: string; readonly own?: number }
  /** RELEASE. */
  | { readonly kind: "release"; readonly by: string; readonly own?: number }
  /** PREEMPT. */
  | {
    readonly kind: "preempt";
    readonly by: string;
    readonly key: number;
    readonly own?: number;
  }
  /** MODE SELECT. */
  | { readonly kind: "select"; readonly by: string; readonly value: number }
  /** READ FULL STATUS. */
  | { readonly kind: "look"; readonly by: string }
  /** MODE SENSE. */
  | { readonly kind: "sense"; readonly by: string }
  /** WRITE: it changes nothing here, but may be kept out. */
  | { readonly kind: "write"; readonly by: string };

/** Shared state. */
export interface SharedState {
  /** Keys by nexus. */
  readonly keys: Readonly<Record<string, number>>;
  /** Who holds the reservation. */
  readonly holder: string | null;
  /** Value in the mode page. */
  readonly mode: number;
}

/** REPORT COUNT of the informational exceptions page, as it begins. */
const MODE_DEFAULT = 1;

/** What a unit begins with. */
export const FRESH_STATE: SharedState = Object.freeze({
  keys: Object.freeze({}),
  holder: null,
  mode: MODE_DEFAULT,
});

/** What a command leaves behind, and what it answers. */
export interface SharedOutcome {
  /** Afterwards; the same object: nothing has changed. */
  readonly state: SharedState;
  /** The answer, as text. */
  readonly answer: string;
}

/** Ended GOOD without data. */
export const GOOD = "good";
/** RESERVATION CONFLICT. */
export const CONFLICT = "conflict";
/** ILLEGAL REQUEST. */
export const ILLEGAL = "illegal";

/** Carries a command out. */
export function applyShared(state: SharedState, op: SharedOp): SharedOutcome {
  switch (op.kind) {
    case "register":
      return register(state, op.by, op.key);
    case "reserve":
      return reserve(state, op);
    case "release":
      return release(state, op);
    case "preempt":
      return preempt(state, op);
    case "select":
      return select(state, op);
    case "look":
      return { state, answer: reservationsText(state) };
    case "sense":
      return { state, answer: `m${state.mode}` };
    case "write":
      return { state, answer: isKeptOut(state, op.by) ? CONFLICT : GOOD };
  }
}

/** The same text for the same state. */
export function textOf(state: SharedState): string {
  return `${reservationsText(state)} m${state.mode}`;
}

/** The same for reservations alone. */
export function reservationsText(
  { keys, holder }: Omit<SharedState, "mode">,
): string {
  let text = "";
  for (const by of Object.keys(keys).sort()) text += `${by}=${keys[by]},`;
  return `${text} ${holder ?? "-"}`;
}

function isKeptOut({ holder, keys }: SharedState, by: string): boolean {
  return holder !== null && !(by in keys);
}

function select(
  state: SharedState,
  { by, value }: Extract<SharedOp, { kind: "select" }>,
): SharedOutcome {
  if (isKeptOut(state, by)) return { state, answer: CONFLICT };
  if (state.mode === value) return { state, answer: GOOD };
  return { state: { ...state, mode: value }, answer: GOOD };
}

function register(state: SharedState, by: string, key: number): SharedOutcome {
  if ((state.keys[by] ?? 0) === key) return { state, answer: GOOD };
  const others = without(state.keys, (name) => name === by);
  const isHolder = state.holder === by;
  return {
    state: {
      ...state,
      keys: key === 0 ? others : { ...others, [by]: key },
      holder: key === 0 && isHolder ? null : state.holder,
    },
    answer: GOOD,
  };
}

function presentsKey(
  { keys }: SharedState,
  { by, own }: { readonly by: string; readonly own?: number },
): boolean {
  return keys[by] !== undefined && keys[by] === own;
}

function reserve(
  state: SharedState,
  op: Extract<SharedOp, { kind: "reserve" }>,
): SharedOutcome {
  if (!presentsKey(state, op)) return { state, answer: CONFLICT };
  if (state.holder === op.by) return { state, answer: GOOD };
  if (state.holder !== null) return { state, answer: CONFLICT };
  return { state: { ...state, holder: op.by }, answer: GOOD };
}

function release(
  state: SharedState,
  op: Extract<SharedOp, { kind: "release" }>,
): SharedOutcome {
  if (!presentsKey(state, op)) return { state, answer: CONFLICT };
  if (state.holder !== op.by) return { state, answer: GOOD };
  return { state: { ...state, holder: null }, answer: GOOD };
}

function preempt(
  state: SharedState,
  op: Extract<SharedOp, { kind: "preempt" }>,
): SharedOutcome {
  const { by, key } = op;
  if (!presentsKey(state, op)) return { state, answer: CONFLICT };
  const isVictim = (name: string) => state.keys[name] === key;
  if (!Object.keys(state.keys).some(isVictim)) {
    return { state, answer: CONFLICT };
  }
  const takes = state.holder !== null && isVictim(state.holder);
  const isGone = (name: string) => isVictim(name) && (name !== by || !takes);
  const keys = without(state.keys, isGone);
  const holder = takes ? by : state.holder;
  return {
    state: { ...state, keys, holder },
    answer: GOOD,
  };
}

function without(
  keys: Readonly<Record<string, number>>,
  isGone: (name: string) => boolean,
): Record<string, number> {
  return Object.fromEntries(
    Object.entries(keys).filter(([name]) => !isGone(name)),
  );
}
