/**
 * TCP ports of 127.0.0.1 for tests.
 *
 * @module
 */

import { DeadlineError } from "./deadline.ts";

/** A port that nobody listens on now. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return (listener.addr as Deno.NetAddr).port;
}

/** Where systems take no ports for connections that they open. */
const LASTING_PORTS = { min: 10_000, count: 20_000 };

/**
 * A port that nobody listens on now, and that no connection is given while the
 * daemon that has it is being restarted.
 */
export function lastingPort(): number {
  for (;;) {
    const { min, count } = LASTING_PORTS;
    const port = min + Math.floor(Math.random() * count);
    try {
      using _listener = Deno.listen({ hostname: "127.0.0.1", port });
      return port;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
}

const RETRY_MS = 10;

/**
 * Waits until a port accepts connections.
 *
 * @param port port of 127.0.0.1
 * @param timeoutMs how long to wait at most
 * @param gaveUp says that nobody will listen any more
 * @param what says what was expected, for the error
 */
export async function waitForPort(
  port: number,
  timeoutMs: number,
  gaveUp: () => boolean,
  what: () => string,
): Promise<void> {
  const start = performance.now();
  while (!await accepts(port)) {
    if (gaveUp() || performance.now() - start > timeoutMs) {
      throw new DeadlineError(`Waited in vain for ${what()}`);
    }
    // A refused connection tells nothing about when to come back.
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

async function accepts(port: number): Promise<boolean> {
  try {
    using _connection = await Deno.connect({ hostname: "127.0.0.1", port });
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionRefused) return false;
    throw error;
  }
}
