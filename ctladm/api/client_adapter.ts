/**
 * Reaches a daemon through its control socket.
 *
 * @module
 */

import type { ApiConnection } from "../surroundings.ts";
import { ApiClient, ApiError } from "./client.ts";

/** A client of the daemon whose control socket is at a path. */
export function connectApi(path: string): ApiConnection {
  const http = Deno.createHttpClient({ proxy: { transport: "unix", path } });
  const client = new ApiClient(async (request) => {
    try {
      return await fetch(request, { client: http });
    } catch (error) {
      throw new ApiError("unreachable", unreachable(path, error));
    }
  });
  return { client, [Symbol.dispose]: () => http.close() };
}

function unreachable(path: string, error: unknown): string {
  const reason = error instanceof Error ? reasonOf(error) : String(error);
  return `error opening ${path}: ${reason}. Is a daemon running? Start one ` +
    `with "deno task ctld" or "deno task start", or set CTL_SOCKET`;
}

function reasonOf(error: Error): string {
  const text = `${error.message} ${error.cause ?? ""}`;
  if (/No such file/.test(text)) return "No such file or directory";
  if (/refused/i.test(text)) return "Connection refused";
  if (/denied/i.test(text)) return "Permission denied";
  return error.message;
}
