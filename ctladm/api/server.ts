/**
 * The control API of the daemon: JSON over HTTP on a Unix socket.
 *
 * @module
 */

import { OpenAPIHono } from "@hono/zod-openapi";
import type { Daemon } from "../daemon/daemon.ts";
import type { Configuration } from "../conf/model.ts";
import { addConfigurationRoutes } from "./configuration_routes.ts";
import { addDaemonRoutes } from "./daemon_routes.ts";
import { addInspectionRoutes } from "./inspection_routes.ts";
import { addLocalRoutes } from "./local_routes.ts";
import { addLunRoutes } from "./lun_routes.ts";
import { addPortRoutes } from "./port_routes.ts";
import { problemOf, refuseInvalid } from "./respond.ts";
import { addSessionRoutes } from "./session_routes.ts";

/** The local port that the control socket serves: `ioctl` 0.0. */
const DEFAULT_LOCAL_PORT = 1;

/** What the API is served with. */
export interface ApiOptions {
  /** The daemon that it manages. */
  readonly daemon: Daemon;
  /** Version of DTL. */
  readonly version: string;
  /** Process id of the daemon. */
  readonly pid: number;
  /** Milliseconds since the daemon started. */
  readonly uptimeMs: () => number;
  /** Milliseconds of processor time that the daemon has used. */
  readonly cpuMs: () => number;
  /**
   * Puts a configuration in force, when there is more to it than the target.
   *
   * @returns what failed, in whole sentences
   */
  readonly applyConfiguration?:
    | ((wanted: Configuration) => Promise<string[]>)
    | undefined;
  /** Ends the daemon, after the answer has been sent. */
  readonly shutdown: () => void;
}

/** The API as a function from request to response. */
export function createApi(options: ApiOptions): OpenAPIHono {
  const api = emptyApi();
  const { daemon } = options;
  addLunRoutes(api, daemon.target);
  addPortRoutes(api, daemon);
  addSessionRoutes(api, daemon);
  addDaemonRoutes(api, options);
  addConfigurationRoutes(api, options);
  addInspectionRoutes(api, daemon);
  addLocalRoutes(api, daemon, DEFAULT_LOCAL_PORT);
  api.doc("/v1/openapi.json", {
    openapi: "3.0.0",
    info: { title: "DTL control API", version: options.version },
  });
  return api;
}

/** What the socket of a local port serves: SCSI, and nothing else. */
export function createLocalApi(
  daemon: Daemon,
  portNumber: number,
): OpenAPIHono {
  const api = emptyApi();
  addLocalRoutes(api, daemon, portNumber);
  return api;
}

function emptyApi(): OpenAPIHono {
  const api = new OpenAPIHono({ defaultHook: refuseInvalid });
  api.onError((error, context) => {
    const problem = problemOf(error);
    return context.json(problem.body, problem.status);
  });
  api.notFound((context) =>
    context.json({ code: "request", message: "No such resource" }, 404)
  );
  return api;
}
