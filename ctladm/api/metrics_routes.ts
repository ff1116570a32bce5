/**
 * Routes of the control API that are asked again and again: what Prometheus
 * scrapes, and what `ctladm top` shows.
 *
 * @module
 */

import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { Slices } from "../../mod.ts";
import { EXPOSITION_TYPE, renderFamilies } from "../metrics/exposition.ts";
import { allFamilies } from "../metrics/families.ts";
import {
  describeLunActivity,
  describeSessionActivity,
  LATENCY_LIMITS_US,
} from "./activity.ts";
import { json } from "./respond.ts";
import { ACTIVITY } from "./schemas.ts";
import type { ApiOptions } from "./server.ts";

/** Adds them. */
export function addMetricsRoutes(api: OpenAPIHono, options: ApiOptions): void {
  const { daemon, version } = options;
  api.openapi(
    createRoute({
      method: "get",
      path: "/metrics",
      summary: "Metrics in the text format of Prometheus",
      responses: {
        200: {
          description: "All of them",
          content: { [EXPOSITION_TYPE]: { schema: z.string() } },
        },
      },
    }),
    async (context) => {
      const families = allFamilies(daemon.target, daemon.iscsiIfLoaded, {
        version,
        uptimeMs: options.uptimeMs(),
        cpuMs: options.cpuMs(),
        residentBytes: options.residentBytes(),
      });
      const { clock } = daemon.target.host;
      const text = await renderFamilies(families, new Slices(clock));
      return context.text(text, 200, { "content-type": EXPOSITION_TYPE });
    },
  );
  api.openapi(
    createRoute({
      method: "get",
      path: "/v1/activity",
      summary: "What goes on at LUNs and in sessions",
      responses: { 200: json("All of it", ACTIVITY) },
    }),
    (context) =>
      context.json({
        uptimeMs: options.uptimeMs(),
        cpuMs: options.cpuMs(),
        residentBytes: options.residentBytes(),
        latencyLimitsUs: [...LATENCY_LIMITS_US],
        luns: daemon.target.luns.all().map(describeLunActivity),
        sessions: (daemon.iscsiIfLoaded?.sessions() ?? [])
          .map(describeSessionActivity),
      }, 200),
  );
}
