/**
 * Runs a daemon as a program: control socket, signals, end.
 *
 * @module
 */

import { type ApiAddress, type Handle, requireToken } from "../api/bearer.ts";
import { createApi } from "../api/server.ts";
import { type ServedApi, serveOnSocket } from "../api/socket_adapter.ts";
import { serveOnTcp } from "../api/tcp_adapter.ts";
import {
  onSignal,
  onUncaught,
  processId,
  processorMs,
  residentBytes,
} from "../host/process_adapter.ts";
import { readToken, tokenPath } from "../host/token_adapter.ts";
import { VERSION } from "../version.ts";
import type { Configuration } from "../conf/model.ts";
import type { Daemon } from "./daemon.ts";
import { LocalSockets } from "./local_sockets.ts";

/** The control API on a TCP port. */
export interface TcpApiOptions extends ApiAddress {
  /** Directory of the token file. */
  readonly stateDirectory: string;
}

/** What a running daemon needs beside itself. */
export interface ServeOptions {
  /** The daemon. */
  readonly daemon: Daemon;
  /** Path of the control socket. */
  readonly socketPath: string;
  /** Where the API listens besides, and where its token is; absent: nowhere. */
  readonly api?: TcpApiOptions | undefined;
  /** Milliseconds of a clock that moves forward. */
  readonly nowMs: () => number;
  /** Called on SIGHUP, when the call before has ended. */
  readonly reload?: () => Promise<void>;
  /** Puts a configuration of ctladm in force. @returns what failed */
  readonly applyConfiguration?: (wanted: Configuration) => Promise<string[]>;
}

/** A daemon that is being served. */
export interface ServedDaemon {
  /** Where the TCP port is, in words for people; undefined: there is none. */
  readonly apiNotice: string | undefined;
  /** Resolves with the reason when it is asked to end. */
  readonly ending: Promise<string>;
  /** Ends everything: sessions, stores, the control socket. */
  end(): Promise<void>;
}

/** Serves the control API of a daemon and listens for signals. */
export async function serveDaemon(
  options: ServeOptions,
): Promise<ServedDaemon> {
  const { daemon, nowMs } = options;
  const startedMs = nowMs();
  let askToEnd: (reason: string) => void = () => {};
  const ending = new Promise<string>((resolve) => askToEnd = resolve);
  const api = createApi({
    daemon,
    version: VERSION,
    pid: processId(),
    uptimeMs: () => nowMs() - startedMs,
    cpuMs: processorMs,
    residentBytes,
    applyConfiguration: options.applyConfiguration,
    shutdown: () => askToEnd("asked by ctladm"),
  });
  const sockets = new LocalSockets(daemon, options.socketPath, serveOnSocket);
  (await daemon.ioctl()).observe(sockets);
  const served = await serveOnSocket(
    options.socketPath,
    (request) => api.fetch(request),
  );
  const tcp = await serveTcp(options, served, (request) => api.fetch(request));
  let reloading: Promise<void> | undefined;
  // A plugin's own timers and promises are not the end of everybody.
  const { log } = daemon.target.host;
  const noteUncaught = (error: unknown) =>
    log.error("An error was not caught", {
      error: error instanceof Error ? error.stack : String(error),
    });
  const stopListening = [
    onUncaught(noteUncaught),
    onSignal("SIGTERM", () => askToEnd("SIGTERM")),
    onSignal("SIGINT", () => askToEnd("SIGINT")),
    onSignal("SIGHUP", () => {
      reloading = Promise.resolve(reloading).then(options.reload);
    }),
  ];
  return {
    apiNotice: tcp?.notice,
    ending,
    end: async () => {
      for (const stop of stopListening) stop();
      await daemon[Symbol.asyncDispose]();
      await tcp?.close();
      await served.close();
    },
  };
}

async function serveTcp(
  { api: options }: ServeOptions,
  socket: ServedApi,
  handle: Handle,
): Promise<ServedApi & { notice: string } | undefined> {
  if (options === undefined) return undefined;
  try {
    const path = tokenPath(options.stateDirectory);
    const served = serveOnTcp(options, requireToken(readToken(path), handle));
    const notice = `Control API on ${served.url}, its token in ${path}`;
    return { notice, close: () => served.close() };
  } catch (error) {
    await socket.close();
    throw error;
  }
}
