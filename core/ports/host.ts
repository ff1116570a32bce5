/**
 * What the core needs of the machine it runs on. Tests and the simulator give
 * their own; `mod.ts` composes the real ones.
 *
 * @module
 */

/** Time and turns of the event loop. */
export interface Clock {
  /** Milliseconds of a clock that only moves forward; fractions count. */
  nowMs(): number;
  /** Milliseconds since 1970, for what people and initiators read. */
  wallClockMs(): number;
  /** Resolves in a later turn, after waiting sockets and timers had theirs. */
  nextTurn(): Promise<void>;
  /** Calls back once after `delayMs`; the result cancels it. */
  after(delayMs: number, callback: () => void): () => void;
}

/** Random bytes nobody can predict. */
export interface Entropy {
  /** Fills the buffer with random bytes. */
  fill(into: Uint8Array): void;
}

/** Structured fields of a log line. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Where log lines go. */
export interface Log {
  /** For developers: off unless asked for. */
  debug(message: string, fields?: LogFields): void;
  /** Something an operator may want to know. */
  info(message: string, fields?: LogFields): void;
  /** Something an operator should look at. */
  warn(message: string, fields?: LogFields): void;
  /** Something is broken. */
  error(message: string, fields?: LogFields): void;
}

/** Names that must be the same after a restart (design: kept identities). */
export interface IdentityStore {
  /**
   * The bytes kept under a key; `make` provides them the first time. They are
   * durable before this returns.
   */
  keep(key: string, make: () => Uint8Array): Uint8Array;
  /** Forgets a key, because what it named is gone for good. */
  forget(key: string): void;
}

/** The machine, as the core sees it. */
export interface Host {
  /** Time. */
  readonly clock: Clock;
  /** Randomness. */
  readonly entropy: Entropy;
  /** Log lines. */
  readonly log: Log;
  /** Kept identities. */
  readonly identities: IdentityStore;
}
