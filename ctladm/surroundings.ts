/**
 * What a client program runs in.
 *
 * @module
 */

import type { ApiClient } from "./api/client.ts";

/** A client, and the connections that it keeps open. */
export interface ApiConnection extends Disposable {
  /** Asks the daemon. */
  readonly client: ApiClient;
}

/** What a client program runs in. */
export interface Surroundings {
  /** Prints on standard output; a newline is added. */
  readonly print: (text: string) => void;
  /** Prints on standard error; a newline is added. */
  readonly printError: (text: string) => void;
  /** Connects to the daemon; without a path, to where it usually is. */
  readonly connect: (path?: string) => ApiConnection;
  /** Waits, milliseconds. */
  readonly pause: (ms: number) => Promise<void>;
}
