/**
 * New connections, a limited number a second: logins cost far more than
 * commands, and a storm of them must leave time for sessions that exist.
 *
 * @module
 */

/** New connections that are served in a second; more wait for the next one. */
export const NEW_CONNECTIONS_MAX = 100;

/** Who is served now, and who waits. */
export class Arrivals {
  readonly #waiting: (() => void)[] = [];
  #served = 0;

  /** @returns what a new connection waits for, or null: it is served at once */
  admit(): Promise<void> | null {
    if (this.#served < NEW_CONNECTIONS_MAX) {
      this.#served += 1;
      return null;
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** A new second has begun: the first of those who wait are served. */
  second(): void {
    const next = this.#waiting.splice(0, NEW_CONNECTIONS_MAX);
    this.#served = next.length;
    for (const serve of next) serve();
  }

  /** Lets all go on: they find their connections closed. */
  end(): void {
    for (const serve of this.#waiting.splice(0)) serve();
  }
}
