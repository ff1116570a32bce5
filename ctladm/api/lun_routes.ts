/**
 * Routes of the control API for logical units.
 *
 * @module
 */

import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { ManagementError, type Target } from "../../mod.ts";
import { describeLun } from "./describe.ts";
import type { LunChangedResource } from "./resources.ts";
import { json, jsonBody, pathId, refused } from "./respond.ts";
import { CREATE_LUN, LUN, LUN_CHANGED, MODIFY_LUN } from "./schemas.ts";

/** Adds them. */
export function addLunRoutes(api: OpenAPIHono, target: Target): void {
  api.openapi(
    createRoute({
      method: "get",
      path: "/v1/luns",
      summary: "All LUNs",
      responses: { 200: json("LUNs by number", z.array(LUN)) },
    }),
    (context) => context.json(target.luns.all().map(describeLun), 200),
  );
  api.openapi(
    createRoute({
      method: "post",
      path: "/v1/luns",
      summary: "Make a LUN",
      request: jsonBody(CREATE_LUN),
      responses: {
        201: json("Made", LUN_CHANGED),
        400: refused,
        404: refused,
        409: refused,
      },
    }),
    async (context) => {
      const body = context.req.valid("json");
      const options = new Map(Object.entries(body.options ?? {}));
      const outcome = await target.luns.create({ ...body, options });
      return context.json(changed(outcome), 201);
    },
  );
  addModify(api, target);
  addRemove(api, target);
}

function addModify(api: OpenAPIHono, target: Target): void {
  api.openapi(
    createRoute({
      method: "patch",
      path: "/v1/luns/{id}",
      summary: "Change size and options of a LUN",
      request: { params: pathId, ...jsonBody(MODIFY_LUN) },
      responses: {
        200: json("Changed", LUN_CHANGED),
        400: refused,
        404: refused,
      },
    }),
    async (context) => {
      const { id } = context.req.valid("param");
      const body = context.req.valid("json");
      checkBackend(target, id, body.backend);
      const options = new Map(Object.entries(body.options ?? {}));
      const { sizeBytes } = body;
      const outcome = await target.luns.modify(id, { sizeBytes, options });
      return context.json(changed(outcome), 200);
    },
  );
}

function addRemove(api: OpenAPIHono, target: Target): void {
  api.openapi(
    createRoute({
      method: "delete",
      path: "/v1/luns/{id}",
      summary: "Remove a LUN",
      request: {
        params: pathId,
        query: z.object({ backend: z.string().optional() }),
      },
      responses: {
        204: { description: "Removed" },
        400: refused,
        404: refused,
      },
    }),
    async (context) => {
      const { id } = context.req.valid("param");
      checkBackend(target, id, context.req.valid("query").backend);
      await target.luns.remove(id);
      return context.body(null, 204);
    },
  );
}

// Requests name the backend, as those of ctladm do: a wrong one is a mistake.
function checkBackend(
  target: Target,
  id: number,
  backend: string | undefined,
): void {
  const unit = target.luns.get(id);
  if (unit === undefined || backend === undefined) return;
  if (unit.driver.name !== backend) {
    throw new ManagementError(
      "lun-not-found",
      `LUN ${id} is not managed by the ${backend} backend`,
    );
  }
}

function changed(
  outcome: { unit: Parameters<typeof describeLun>[0]; warning?: string },
): LunChangedResource {
  const lun = describeLun(outcome.unit);
  const { warning } = outcome;
  return warning === undefined ? { lun } : { lun, warning };
}
