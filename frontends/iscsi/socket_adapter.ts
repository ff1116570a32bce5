/**
 * TCP sockets of the iSCSI frontend.
 *
 * @module
 */

import type { Portal } from "./access.ts";
import type { AcceptedConnection } from "./api_types.ts";
import type { OpenPortal } from "./service.ts";

/** Prefix of IPv4 peers on a socket that takes both. */
const MAPPED = "::ffff:";
/** Milliseconds before the next try when no connection can be accepted. */
const RETRY_MS = 100;

/** Listens on a portal and hands over every connection. */
export function listenTcp(
  portal: Portal,
  accept: (connection: AcceptedConnection) => void,
): OpenPortal {
  const listener = Deno.listen({
    hostname: portal.address,
    port: portal.port,
  });
  const port = listener.addr.port;
  acceptAll(listener, accept);
  return {
    portal: { ...portal, port },
    close: () => listener.close(),
  };
}

async function acceptAll(
  listener: Deno.TcpListener,
  accept: (connection: AcceptedConnection) => void,
): Promise<void> {
  while (true) {
    let connection: Deno.TcpConn;
    try {
      connection = await listener.accept();
    } catch (error) {
      // Closing the portal ends the wait. Anything else passes: a peer gave
      // up before it was accepted, or no file descriptor is free just now.
      if (error instanceof Deno.errors.BadResource) return;
      if (error instanceof Deno.errors.Interrupted) return;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      continue;
    }
    // Replies leave in batches already: waiting for more would only cost.
    connection.setNoDelay(true);
    connection.setKeepAlive(true);
    accept({
      stream: connection,
      localAddress: plainAddress(connection.localAddr.hostname),
      localPort: connection.localAddr.port,
      peerAddress: plainAddress(connection.remoteAddr.hostname),
    });
  }
}

// Rules and lists know IPv4 addresses by their own form.
function plainAddress(address: string): string {
  return address.startsWith(MAPPED) ? address.slice(MAPPED.length) : address;
}
