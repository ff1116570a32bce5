/**
 * Patience with a connection that sends PDUs for nothing: commands beyond the
 * window, requests that have to be rejected. Each costs little; thousands a
 * second would cost other sessions their time.
 *
 * @module
 */

/** PDUs that one connection may send for nothing in a second. */
export const WASTED_PDUS_MAX = 256;

/** The patience with one connection. */
export class Patience {
  #wasted = 0;
  #renewal: PromiseWithResolvers<void> | null = null;

  /** A PDU was for nothing, or cost as much as so many. */
  waste(count = 1): void {
    this.#wasted += count;
  }

  /** It is at its end: nothing more is received in this second. */
  get exhausted(): boolean {
    return this.#wasted >= WASTED_PDUS_MAX;
  }

  /** Resolves when there is patience again. */
  renewal(): Promise<void> {
    this.#renewal ??= Promise.withResolvers();
    return this.#renewal.promise;
  }

  /** A new second has begun, or the connection ends. */
  renew(): void {
    this.#wasted = 0;
    this.#renewal?.resolve();
    this.#renewal = null;
  }
}
