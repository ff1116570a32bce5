/**
 * The control API of the daemon: JSON over HTTP on a Unix socket.
 *
 * @module
 */

import { OpenAPIHono } from "@hono/zod-openapi";
import { bodyLimit } from "hono/body-limit";
import type { Daemon } from "../daemon/daemon.ts";
import type { Configuration } from "../conf/model.ts";
import { addConfigurationRoutes } from "./configuration_routes.ts";
import { addCopyRoutes } from "./copy_routes.ts";
import { addDaemonRoutes } from "./daemon_routes.ts";
import { addEventRoutes } from "./event_routes.ts";
import { addHaRoutes } from "./ha_routes.ts";
import { addInjectionRoutes } from "./injection_routes.ts";
import { addInspectionRoutes } from "./inspection_routes.ts";
import { addLocalRoutes, COMMANDS_PATH } from "./local_routes.ts";
import { addLunRoutes } from "./lun_routes.ts";
import { addMetricsRoutes } from "./metrics_routes.ts";
import { addPortRoutes } from "./port_routes.ts";
import {
  BODY_BYTES_MAX,
  refusal,
  refuseInvalid,
  refuseThrown,
  refuseUnrouted,
} from "./respond.ts";
import { addReservationRoutes } from "./reservation_routes.ts";
import { addSessionRoutes } from "./session_routes.ts";
import { addTraceRoutes } from "./trace_routes.ts";

const limitBody = bodyLimit({
  maxSize: BODY_BYTES_MAX,
  onError: () =>
    refusal(413, `The body is too large: ${BODY_BYTES_MAX} bytes is the limit`),
});

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
  /** Bytes of memory that the daemon has resident. */
  readonly residentBytes: () => number;
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
  addMetricsRoutes(api, options);
  addTraceRoutes(api, daemon.target);
  addCopyRoutes(api, daemon.target);
  addInjectionRoutes(api, daemon.target);
  addReservationRoutes(api, daemon);
  addHaRoutes(api, daemon);
  addEventRoutes(api, daemon.target.events);
  addLocalRoutes(api, daemon);
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
  api.onError(refuseThrown);
  // The Data-Out of a command has a limit of its own.
  api.use(
    "*",
    (context, next) =>
      context.req.path === COMMANDS_PATH ? next() : limitBody(context, next),
  );
  api.notFound((context) => refuseUnrouted(context, api.routes));
  return api;
}
