/**
 * Routes of the control API for who may use a LUN: its reservations, and what
 * an initiator sees of it.
 *
 * @module
 */

import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { Daemon } from "../daemon/daemon.ts";
import { describeReservations } from "./describe_reservations.ts";
import { explainLun } from "./explain.ts";
import { findLun, json, pathId, refused } from "./respond.ts";
import { EXPLANATION, RESERVATIONS } from "./schemas.ts";

/** Adds them. */
export function addReservationRoutes(api: OpenAPIHono, daemon: Daemon): void {
  const { target } = daemon;
  api.openapi(
    createRoute({
      method: "get",
      path: "/v1/luns/{id}/reservations",
      summary: "Registrations, reservation and RESERVE of a LUN",
      request: { params: pathId },
      responses: { 200: json("All of them", RESERVATIONS), 404: refused },
    }),
    (context) => {
      const unit = findLun(target, context.req.valid("param").id);
      return context.json(describeReservations(unit), 200);
    },
  );
  api.openapi(
    createRoute({
      method: "get",
      path: "/v1/luns/{id}/explain",
      summary: "Why an initiator sees a LUN or not, and what refuses commands",
      request: {
        params: pathId,
        query: z.object({
          initiator: z.string().min(1).openapi({
            description: "Name of an initiator, or number of a local one",
          }),
          address: z.string().min(1).optional(),
        }),
      },
      responses: {
        200: json("Port by port", EXPLANATION),
        400: refused,
        404: refused,
      },
    }),
    async (context) => {
      await daemon.ioctl();
      const unit = findLun(target, context.req.valid("param").id);
      const query = context.req.valid("query");
      const place = { target, iscsi: daemon.iscsiIfLoaded };
      return context.json(explainLun(place, unit, query), 200);
    },
  );
}
