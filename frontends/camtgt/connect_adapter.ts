/**
 * Connects initiators by sockets.
 *
 * @module
 */

import { parseAddress } from "./address.ts";
import { CamInitiator, type CamInitiatorOptions } from "./initiator.ts";
import { connectWire } from "./socket_adapter.ts";
import type { Clock } from "../../core/mod.ts";

/**
 * Logs in at a port that is served at `unix:/path` or `address:port`; rejects
 * when nobody is there, or the port refuses.
 */
export async function connectCamInitiator(
  address: string,
  clock: Clock,
  options: CamInitiatorOptions,
): Promise<CamInitiator> {
  const stream = await connectWire(parseAddress(address));
  return await CamInitiator.logIn(stream, clock, options);
}
