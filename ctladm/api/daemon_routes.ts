/**
 * Routes of the control API for the daemon itself, its plugins and counters.
 *
 * @module
 */

import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import { describeStatistics } from "./describe.ts";
import { json, jsonBody, refused } from "./respond.ts";
import { DAEMON, LOAD_PLUGIN, STATISTICS } from "./schemas.ts";
import type { ApiOptions } from "./server.ts";

/** Adds them. */
export function addDaemonRoutes(api: OpenAPIHono, options: ApiOptions): void {
  const { daemon } = options;
  api.openapi(
    createRoute({
      method: "get",
      path: "/v1/statistics",
      summary: "Counters of all LUNs and ports",
      responses: { 200: json("Counters", STATISTICS) },
    }),
    async (context) => {
      await daemon.ioctl();
      const uptimeMs = options.uptimeMs();
      const cpuMs = options.cpuMs();
      const { target } = daemon;
      return context.json(describeStatistics(target, { uptimeMs, cpuMs }), 200);
    },
  );
  api.openapi(
    createRoute({
      method: "get",
      path: "/v1/daemon",
      summary: "The daemon itself",
      responses: { 200: json("The daemon", DAEMON) },
    }),
    (context) =>
      context.json({
        pid: options.pid,
        version: options.version,
        uptimeMs: options.uptimeMs(),
        plugins: daemon.target.plugins.names,
        defects: daemon.target.defects,
      }, 200),
  );
  api.openapi(
    createRoute({
      method: "post",
      path: "/v1/daemon/shutdown",
      summary: "End the daemon as SIGTERM does",
      responses: { 202: { description: "It is ending" } },
    }),
    (context) => {
      options.shutdown();
      return context.body(null, 202);
    },
  );
  addPlugins(api, options);
}

function addPlugins(api: OpenAPIHono, { daemon }: ApiOptions): void {
  const { plugins } = daemon.target;
  api.openapi(
    createRoute({
      method: "post",
      path: "/v1/plugins/load",
      summary: "Load a plugin by its name, path or URL",
      request: jsonBody(LOAD_PLUGIN),
      responses: { 204: { description: "It is loaded" }, 400: refused },
    }),
    async (context) => {
      const { name, options = {} } = context.req.valid("json");
      await plugins.load(name, new Map(Object.entries(options)));
      return context.body(null, 204);
    },
  );
  api.openapi(
    createRoute({
      method: "post",
      path: "/v1/plugins/unload",
      summary: "Take a plugin out again",
      request: jsonBody(LOAD_PLUGIN),
      responses: { 204: { description: "It is gone" }, 400: refused },
    }),
    async (context) => {
      await plugins.unload(context.req.valid("json").name);
      return context.body(null, 204);
    },
  );
}
