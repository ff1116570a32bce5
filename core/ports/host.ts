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

/**
 * Bytes that must be the same after a restart, by name. What changes is
 * durable when a call returns; a call that cannot do it throws a
 * `ManagementError` with code `state`, and nothing has changed.
 */
export interface StateStore {
  /** The bytes under a name, or undefined. */
  read(name: string): Uint8Array | undefined;
  /** Puts bytes under a name, in place of those that were there. */
  write(name: string, value: Uint8Array): void;
  /** The same for many at once, all or none; a store may not offer it. */
  writeAll?(values: ReadonlyMap<string, Uint8Array>): void;
  /** Forgets a name, if there is one. */
  remove(name: string): void;
  /** All names that begin with `prefix`, in order. */
  names(prefix: string): string[];
  /** Leaves no copy of what was replaced or removed: keys, for example. */
  purge(): void;
}

/** The machine, as the core sees it. */
export interface Host {
  /** Time. */
  readonly clock: Clock;
  /** Randomness. */
  readonly entropy: Entropy;
  /** Log lines. */
  readonly log: Log;
  /** What outlives a restart. */
  readonly state: StateStore;
}
