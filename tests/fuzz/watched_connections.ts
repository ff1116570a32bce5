/**
 * Watches all iSCSI connections of this process: the pump takes an exception
 * for the end of its stream, and so nobody would see it.
 *
 * @module
 */

import { IscsiConnection } from "../../frontends/iscsi/connection.ts";

/** What was seen since the last beginning. */
class Watch {
  #exceptions: string[] = [];
  #pendingBytesMax = 0;

  /** Stacks of all that was thrown. */
  get exceptions(): readonly string[] {
    return this.#exceptions;
  }

  /** Most bytes that a connection had ready to send. */
  get pendingBytesMax(): number {
    return this.#pendingBytesMax;
  }

  /** Forgets what was seen. */
  begin(): void {
    this.#exceptions = [];
    this.#pendingBytesMax = 0;
  }

  /** Does some work of a connection, and looks at it. */
  look<T>(connection: IscsiConnection, work: () => T): T {
    try {
      const result = work();
      const { pendingBytes } = connection.output;
      this.#pendingBytesMax = Math.max(this.#pendingBytesMax, pendingBytes);
      connection.busy?.catch((error) => this.#note(error));
      return result;
    } catch (error) {
      this.#note(error);
      throw error;
    }
  }

  #note(error: unknown): void {
    const told = error instanceof Error ? error.stack : undefined;
    this.#exceptions.push(told ?? String(error));
  }
}

/** The watch. */
export const watched: Watch = new Watch();

const { prototype } = IscsiConnection;
const { receive, outputDrained } = prototype;
prototype.receive = function (...words): number {
  return watched.look(this, () => receive.apply(this, words));
};
prototype.outputDrained = function (): void {
  watched.look(this, () => outputDrained.apply(this));
};
