/**
 * What the link has done, over all its connections.
 *
 * @module
 */

import type { ChannelCounters, PeerChannel } from "./channel.ts";
import type { LinkFigures } from "./peer_link.ts";

/** Adds up what connections that have ended did. */
export class FigureKeeper {
  /** Times that the link came up. */
  connections = 0;
  /** Connections that were refused. */
  refusals = 0;
  #framesSent = 0;
  #framesReceived = 0;
  #bytesSent = 0;
  #bytesReceived = 0;

  /** A connection has ended. */
  add(counters: ChannelCounters): void {
    this.#framesSent += counters.framesSent;
    this.#framesReceived += counters.framesReceived;
    this.#bytesSent += counters.bytesSent;
    this.#bytesReceived += counters.bytesReceived;
  }

  /** All of it, with the connection that is up. */
  read(channel: PeerChannel | null): LinkFigures {
    const now = channel?.counters;
    return {
      framesSent: this.#framesSent + (now?.framesSent ?? 0),
      framesReceived: this.#framesReceived + (now?.framesReceived ?? 0),
      bytesSent: this.#bytesSent + (now?.bytesSent ?? 0),
      bytesReceived: this.#bytesReceived + (now?.bytesReceived ?? 0),
      connections: this.connections,
      refusals: this.refusals,
      roundTripMs: channel?.roundTripMs ?? null,
    };
  }
}
