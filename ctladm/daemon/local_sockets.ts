/**
 * The sockets of the local ports that operators make: one each, beside the
 * control socket. They answer SCSI commands and task management, nothing else.
 *
 * @module
 */

import type { IoctlObserver, TargetPort } from "../../mod.ts";
import { createLocalApi } from "../api/server.ts";
import type { ServedApi } from "../api/socket_adapter.ts";
import type { Daemon } from "./daemon.ts";

/** Serves requests on a Unix socket. */
export type ServeSocket = (
  path: string,
  handle: (request: Request) => Response | Promise<Response>,
) => Promise<ServedApi>;

const SUFFIX = ".sock";

/** Path of a port's socket: `/var/run/ctl101.102.sock` for port 101.102. */
export function localSocketPath(
  controlSocket: string,
  port: TargetPort,
): string {
  const stem = controlSocket.endsWith(SUFFIX)
    ? controlSocket.slice(0, -SUFFIX.length)
    : controlSocket;
  const { physicalPort, virtualPort } = port.description;
  return `${stem}${physicalPort}.${virtualPort}${SUFFIX}`;
}

/** Opens and closes the sockets as the ports come and go. */
export class LocalSockets implements IoctlObserver {
  readonly #daemon: Daemon;
  readonly #controlSocket: string;
  readonly #serve: ServeSocket;
  readonly #served: Map<TargetPort, ServedApi> = new Map();

  /** Sockets beside a control socket. */
  constructor(daemon: Daemon, controlSocket: string, serve: ServeSocket) {
    this.#daemon = daemon;
    this.#controlSocket = controlSocket;
    this.#serve = serve;
  }

  async added(port: TargetPort): Promise<void> {
    const api = createLocalApi(this.#daemon, port.number);
    const path = localSocketPath(this.#controlSocket, port);
    const served = await this.#serve(path, (request) => api.fetch(request));
    this.#served.set(port, served);
  }

  async removed(port: TargetPort): Promise<void> {
    const served = this.#served.get(port);
    this.#served.delete(port);
    await served?.close();
  }
}
