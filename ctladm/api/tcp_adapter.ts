/**
 * The TCP port of the control API, on a loopback address.
 *
 * @module
 */

import { ManagementError } from "../../mod.ts";
import { type ApiAddress, apiAddressText, type Handle } from "./bearer.ts";
import { endServer, type ServedApi } from "./socket_adapter.ts";

/** The API, being served on a TCP port. */
export interface ServedTcpApi extends ServedApi {
  /** Its URL, with the port that the system chose. */
  readonly url: string;
}

/** Serves requests on a TCP port; a `ManagementError` when it is taken. */
export function serveOnTcp(
  { address, port }: ApiAddress,
  handle: Handle,
): ServedTcpApi {
  try {
    const server = Deno.serve(
      { hostname: address, port, onListen: () => {} },
      handle,
    );
    return {
      url: `http://${apiAddressText({ address, port: server.addr.port })}`,
      close: () => endServer(server),
    };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ManagementError(
      "request",
      `Cannot serve the control API on ${address}, port ${port}: ${reason}. ` +
        `Choose another port with --api`,
    );
  }
}
