/**
 * Routes of the control API for a pair of nodes.
 *
 * @module
 */

import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import type { HaStatus } from "../../mod.ts";
import type { Daemon } from "../daemon/daemon.ts";
import { HA, HA_ROLE } from "./ha_schemas.ts";
import { findLun, json, jsonBody, refused } from "./respond.ts";

/** Adds them. */
export function addHaRoutes(api: OpenAPIHono, daemon: Daemon): void {
  api.openapi(
    createRoute({
      method: "get",
      path: "/v1/ha",
      summary: "The pair of nodes that this one is part of",
      responses: {
        200: json("The node; null: it stands alone", HA.nullable()),
      },
    }),
    (context) => {
      const status = daemon.pair.control?.status();
      return context.json(status === undefined ? null : plain(status), 200);
    },
  );
  api.openapi(
    createRoute({
      method: "put",
      path: "/v1/ha/role",
      summary: "Give the node, or one of its LUNs, a role",
      request: jsonBody(HA_ROLE),
      responses: {
        200: json("The role is taken, or given up", HA),
        400: refused,
        404: refused,
        409: refused,
      },
    }),
    async (context) => {
      const { role, lun, peerFenced = false } = context.req.valid("json");
      const control = daemon.pair.require();
      if (lun !== undefined) findLun(daemon.target, lun);
      await control.setRole({
        ...{ role, peerFenced },
        ...lun === undefined ? {} : { lun },
      });
      return context.json(plain(control.status()), 200);
    },
  );
}

// Times are fractions of milliseconds, and lists belong to the plugin.
function plain(status: HaStatus): HaStatus {
  const { link } = status;
  return {
    ...status,
    link: { ...link, silenceMs: Math.round(link.silenceMs) },
  };
}
