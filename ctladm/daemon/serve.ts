/**
 * Runs a daemon as a program: control socket, signals, end.
 *
 * @module
 */

import { createApi } from "../api/server.ts";
import { serveOnSocket } from "../api/socket_adapter.ts";
import { onSignal, processId, processorMs } from "../host/process_adapter.ts";
import { VERSION } from "../version.ts";
import type { Configuration } from "../conf/model.ts";
import type { Daemon } from "./daemon.ts";
import { LocalSockets } from "./local_sockets.ts";

/** What a running daemon needs beside itself. */
export interface ServeOptions {
  /** The daemon. */
  readonly daemon: Daemon;
  /** Path of the control socket. */
  readonly socketPath: string;
  /** Milliseconds of a clock that moves forward. */
  readonly nowMs: () => number;
  /** Called on SIGHUP, when the call before has ended. */
  readonly reload?: () => Promise<void>;
  /** Puts a configuration of ctladm in force. @returns what failed */
  readonly applyConfiguration?: (wanted: Configuration) => Promise<string[]>;
}

/** A daemon that is being served. */
export interface ServedDaemon {
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
    applyConfiguration: options.applyConfiguration,
    shutdown: () => askToEnd("asked by ctladm"),
  });
  const sockets = new LocalSockets(daemon, options.socketPath, serveOnSocket);
  (await daemon.ioctl()).observe(sockets);
  const served = await serveOnSocket(
    options.socketPath,
    (request) => api.fetch(request),
  );
  let reloading: Promise<void> | undefined;
  const stopListening = [
    onSignal("SIGTERM", () => askToEnd("SIGTERM")),
    onSignal("SIGINT", () => askToEnd("SIGINT")),
    onSignal("SIGHUP", () => {
      reloading = Promise.resolve(reloading).then(options.reload);
    }),
  ];
  return {
    ending,
    end: async () => {
      for (const stop of stopListening) stop();
      await daemon[Symbol.asyncDispose]();
      await served.close();
    },
  };
}
