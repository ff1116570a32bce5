/**
 * The route of the control API that Prometheus scrapes.
 *
 * @module
 */

import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { EXPOSITION_TYPE, renderFamilies } from "../metrics/exposition.ts";
import { allFamilies } from "../metrics/families.ts";
import type { ApiOptions } from "./server.ts";

/** Adds it. */
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
    (context) => {
      const families = allFamilies(daemon.target, daemon.iscsiIfLoaded, {
        version,
        uptimeMs: options.uptimeMs(),
        cpuMs: options.cpuMs(),
        residentBytes: options.residentBytes(),
      });
      const text = renderFamilies(families);
      return context.text(text, 200, { "content-type": EXPOSITION_TYPE });
    },
  );
}
