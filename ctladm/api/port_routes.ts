/**
 * Routes of the control API for target ports.
 *
 * @module
 */

import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { ManagementError, type TargetPort } from "../../mod.ts";
import type { Daemon } from "../daemon/daemon.ts";
import { describePort } from "./describe.ts";
import { json, jsonBody, pathId, refused } from "./respond.ts";
import { CHANGE_PORT, MAP_LUN, PORT, PORT_REQUEST } from "./schemas.ts";

/** Adds them. */
export function addPortRoutes(api: OpenAPIHono, daemon: Daemon): void {
  api.openapi(
    createRoute({
      method: "get",
      path: "/v1/ports",
      summary: "All target ports",
      responses: { 200: json("Ports by number", z.array(PORT)) },
    }),
    async (context) => {
      await daemon.ioctl();
      return context.json(daemon.target.ports.all().map(describePort), 200);
    },
  );
  addPortRequests(api, daemon);
  addChange(api, daemon);
  addLunMap(api, daemon);
}

function addPortRequests(api: OpenAPIHono, daemon: Daemon): void {
  const { plugins } = daemon.target;
  api.openapi(
    createRoute({
      method: "post",
      path: "/v1/ports",
      summary: "Make a port of a frontend",
      request: jsonBody(PORT_REQUEST),
      responses: {
        201: json("Made", PORT),
        400: refused,
        404: refused,
        409: refused,
      },
    }),
    async (context) => {
      const { driver, options = {} } = context.req.valid("json");
      await daemon.ioctl();
      const port = await (await plugins.portDriver(driver))
        .create(new Map(Object.entries(options)));
      return context.json(describePort(port), 201);
    },
  );
  api.openapi(
    createRoute({
      method: "post",
      path: "/v1/ports/remove",
      summary: "Remove the port of a frontend that the options name",
      request: jsonBody(PORT_REQUEST),
      responses: {
        204: { description: "Removed" },
        400: refused,
        404: refused,
      },
    }),
    async (context) => {
      const { driver, options = {} } = context.req.valid("json");
      await daemon.ioctl();
      await (await plugins.portDriver(driver))
        .remove(new Map(Object.entries(options)));
      return context.body(null, 204);
    },
  );
}

function addChange(api: OpenAPIHono, daemon: Daemon): void {
  api.openapi(
    createRoute({
      method: "patch",
      path: "/v1/ports/{id}",
      summary: "Turn a port on or off, or name it",
      request: { params: pathId, ...jsonBody(CHANGE_PORT) },
      responses: {
        200: json("Changed", PORT),
        400: refused,
        404: refused,
      },
    }),
    async (context) => {
      const port = await findPort(daemon, context.req.valid("param").id);
      const { online, wwnn, wwpn } = context.req.valid("json");
      if (wwnn !== undefined || wwpn !== undefined) {
        port.setWorldWideNames({ wwnn: name(wwnn), wwpn: name(wwpn) });
      }
      if (online !== undefined) port.setOnline(online);
      return context.json(describePort(port), 200);
    },
  );
}

function addLunMap(api: OpenAPIHono, daemon: Daemon): void {
  api.openapi(
    createRoute({
      method: "patch",
      path: "/v1/ports/{id}/lun-map",
      summary: "Change one entry of the LUN map, drop the map, or empty it",
      request: { params: pathId, ...jsonBody(MAP_LUN) },
      responses: {
        200: json("Changed", PORT),
        400: refused,
        404: refused,
      },
    }),
    async (context) => {
      const port = await findPort(daemon, context.req.valid("param").id);
      const { lun, unit } = context.req.valid("json");
      if (unit !== undefined && daemon.target.luns.get(unit) === undefined) {
        throw new ManagementError(
          "lun-not-found",
          `LUN ${unit} does not exist`,
        );
      }
      if (lun !== undefined) port.mapLun(lun, unit);
      else port.setLunMap(unit === undefined ? null : new Map());
      return context.json(describePort(port), 200);
    },
  );
}

function name(text: string | undefined): bigint | undefined {
  return text === undefined
    ? undefined
    : BigInt(`0x${text.replace(/^0x/i, "")}`);
}

async function findPort(daemon: Daemon, id: number): Promise<TargetPort> {
  await daemon.ioctl();
  const port = daemon.target.ports.get(id);
  if (port === undefined) {
    throw new ManagementError("port-not-found", `port ${id} does not exist`);
  }
  return port;
}
