/**
 * Routes of the control API for iSCSI sessions.
 *
 * @module
 */

import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { IscsiSessionInfo } from "../../mod.ts";
import type { Daemon } from "../daemon/daemon.ts";
import { describeSession } from "./describe.ts";
import type { ChooseSessionsBody } from "./resources.ts";
import { json, jsonBody, refused } from "./respond.ts";
import { CHOOSE_SESSIONS, CHOSEN_SESSIONS, SESSION } from "./schemas.ts";

/** Adds them. */
export function addSessionRoutes(api: OpenAPIHono, daemon: Daemon): void {
  api.openapi(
    createRoute({
      method: "get",
      path: "/v1/iscsi/sessions",
      summary: "All iSCSI sessions",
      responses: { 200: json("Sessions by number", z.array(SESSION)) },
    }),
    (context) => {
      const sessions = daemon.iscsiIfLoaded?.sessions() ?? [];
      return context.json(sessions.map(describeSession), 200);
    },
  );
  for (const [word, summary] of Object.entries(ENDINGS)) {
    api.openapi(
      createRoute({
        method: "post",
        path: `/v1/iscsi/sessions/${word}`,
        summary,
        request: jsonBody(CHOOSE_SESSIONS),
        responses: { 200: json("Done", CHOSEN_SESSIONS), 400: refused },
      }),
      (context) => {
        const matches = matcher(context.req.valid("json"));
        const service = daemon.iscsiIfLoaded;
        const count = word === "logout"
          ? service?.requestLogout(matches)
          : service?.terminate(matches);
        return context.json({ count: count ?? 0 }, 200);
      },
    );
  }
}

const ENDINGS: Readonly<Record<string, string>> = {
  logout: "Ask initiators to log out",
  terminate: "Drop sessions",
};

function matcher(
  chosen: ChooseSessionsBody,
): (session: IscsiSessionInfo) => boolean {
  return ({ id, initiator, initiatorAddress }) =>
    chosen.all === true || id === chosen.id ||
    initiator === chosen.initiator || initiatorAddress === chosen.address;
}
