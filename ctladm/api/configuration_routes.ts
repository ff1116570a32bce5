/**
 * Routes of the control API for the configuration as a whole.
 *
 * @module
 */

import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import { ManagementError } from "../../mod.ts";
import type { Parsed } from "../conf/parser.ts";
import { parseSource } from "../conf/source.ts";
import { changeWords } from "../daemon/change_words.ts";
import type { Daemon } from "../daemon/daemon.ts";
import { touchedPorts } from "../daemon/touched_sessions.ts";
import type {
  ConfigurationBody,
  ConfigurationPlanResource,
  TouchedSessionResource,
} from "./resources.ts";
import { json, jsonBody, refused } from "./respond.ts";
import {
  CONFIGURATION,
  CONFIGURATION_APPLIED,
  CONFIGURATION_PLAN,
} from "./schemas.ts";
import type { ApiOptions } from "./server.ts";

/** Adds them. */
export function addConfigurationRoutes(
  api: OpenAPIHono,
  { daemon, applyConfiguration }: ApiOptions,
): void {
  const apply = applyConfiguration ??
    (async (wanted) =>
      (await daemon.apply(wanted)).map(({ reason }) => reason));
  api.openapi(
    createRoute({
      method: "post",
      path: "/v1/configuration/plan",
      summary: "What a configuration would change; nothing is changed",
      request: jsonBody(CONFIGURATION),
      responses: { 200: json("The plan", CONFIGURATION_PLAN), 400: refused },
    }),
    async (context) => {
      const parsed = parseBody(context.req.valid("json"));
      return context.json(await planOf(daemon, parsed), 200);
    },
  );
  api.openapi(
    createRoute({
      method: "post",
      path: "/v1/configuration",
      summary: "Put a configuration in force, changing only what differs",
      request: jsonBody(CONFIGURATION),
      responses: {
        200: json("What was changed, and what failed", CONFIGURATION_APPLIED),
        400: refused,
      },
    }),
    async (context) => {
      const parsed = parseBody(context.req.valid("json"));
      const plan = await planOf(daemon, parsed);
      const failures = await apply(parsed.configuration);
      return context.json({ ...plan, failures }, 200);
    },
  );
}

function parseBody(
  { text, syntax, path, includes = {} }: ConfigurationBody,
): Parsed {
  const isUcl = syntax === "ucl";
  const { outcome } = parseSource({ path, isUcl }, text, (included) => {
    const found = Object.hasOwn(includes, included)
      ? includes[included]
      : undefined;
    return found === undefined
      ? { problem: `${included} was not sent along`, isMissing: true }
      : { text: found };
  });
  if (!("error" in outcome)) return outcome;
  throw new ManagementError("request", `${path}: ${outcome.error}`);
}

async function planOf(
  daemon: Daemon,
  { configuration, warnings }: Parsed,
): Promise<ConfigurationPlanResource> {
  const { steps, before } = await daemon.plan(configuration);
  const iscsi = daemon.iscsiIfLoaded;
  const sessions = iscsi?.sessions() ?? [];
  const touched = touchedPorts(steps, before).flatMap(
    ({ port: key, ends, notices }): TouchedSessionResource[] => {
      const number = iscsi?.port(key.target, key.portalGroup)?.number;
      return sessions.filter(({ port }) => port === number).map((session) => ({
        id: session.id,
        initiator: session.initiator,
        initiatorAddress: session.initiatorAddress,
        target: session.target,
        ends,
        notices: [...notices],
      }));
    },
  );
  return {
    changes: changeWords(steps, before),
    sessions: touched.sort((one, other) => one.id - other.id),
    warnings: [...warnings],
  };
}
