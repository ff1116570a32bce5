/**
 * The control API of the daemon: JSON over HTTP on a Unix socket.
 *
 * @module
 */

import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { HTTPException } from "hono/http-exception";
import { ManagementError, type ManagementErrorCode } from "../../mod.ts";
import type { Daemon } from "../daemon/daemon.ts";
import {
  describeLun,
  describePort,
  describeSession,
  describeStatistics,
} from "./describe.ts";
import type { LunChangedResource } from "./resources.ts";
import {
  CREATE_LUN,
  DAEMON,
  LUN,
  LUN_CHANGED,
  MODIFY_LUN,
  PORT,
  PROBLEM,
  SESSION,
  STATISTICS,
} from "./schemas.ts";

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
  /** Ends the daemon, after the answer has been sent. */
  readonly shutdown: () => void;
}

const STATUS_OF_CODE: Readonly<Partial<Record<ManagementErrorCode, number>>> = {
  "backend-not-found": 404,
  "lun-in-use": 409,
  "lun-not-found": 404,
  "port-exists": 409,
  "port-not-found": 404,
};

const lunId = z.object({
  id: z.coerce.number().int().min(0).openapi({
    param: { name: "id", in: "path" },
  }),
});

const refused = {
  description: "Refused; nothing was changed",
  content: { "application/json": { schema: PROBLEM } },
};

/** The API as a function from request to response. */
export function createApi(options: ApiOptions): OpenAPIHono {
  const api = new OpenAPIHono({ defaultHook: refuseInvalid });
  api.onError((error, context) => {
    const problem = problemOf(error);
    return context.json(problem.body, problem.status);
  });
  api.notFound((context) =>
    context.json({ code: "request", message: "No such resource" }, 404)
  );
  addLuns(api, options.daemon);
  addPorts(api, options.daemon);
  addSessions(api, options.daemon);
  addDaemon(api, options);
  api.doc("/v1/openapi.json", {
    openapi: "3.0.0",
    info: { title: "DTL control API", version: options.version },
  });
  return api;
}

interface InvalidRequest {
  readonly success: boolean;
  readonly error?: {
    readonly issues: readonly {
      readonly path: readonly PropertyKey[];
      readonly message: string;
    }[];
  };
}

function refuseInvalid(result: InvalidRequest): Response | undefined {
  const [issue] = result.error?.issues ?? [];
  if (result.success || issue === undefined) return undefined;
  const field = issue.path.map(String).join(".");
  return Response.json({
    code: "request",
    message: `Invalid field "${field}": ${issue.message}`,
    field,
  }, { status: 400 });
}

function problemOf(
  error: Error,
): { body: { code: string; message: string }; status: 400 | 404 | 409 | 500 } {
  if (error instanceof HTTPException) {
    return { body: { code: "request", message: error.message }, status: 400 };
  }
  if (!(error instanceof ManagementError)) {
    const body = { code: "internal", message: error.message };
    return { body, status: 500 };
  }
  const status = STATUS_OF_CODE[error.code];
  return {
    body: { code: error.code, message: error.message },
    status: status === 404 || status === 409 ? status : 400,
  };
}

function json<Schema>(description: string, schema: Schema): {
  description: string;
  content: { "application/json": { schema: Schema } };
} {
  return { description, content: { "application/json": { schema } } };
}

function addLuns(api: OpenAPIHono, { target }: Daemon): void {
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
      request: {
        body: {
          required: true,
          content: { "application/json": { schema: CREATE_LUN } },
        },
      },
      responses: { 201: json("Made", LUN_CHANGED), 400: refused },
    }),
    async (context) => {
      const body = context.req.valid("json");
      const options = new Map(Object.entries(body.options ?? {}));
      const outcome = await target.luns.create({ ...body, options });
      return context.json(changed(outcome), 201);
    },
  );
  addOneLun(api, target);
}

function addOneLun(api: OpenAPIHono, target: Daemon["target"]): void {
  api.openapi(
    createRoute({
      method: "patch",
      path: "/v1/luns/{id}",
      summary: "Change size and options of a LUN",
      request: {
        params: lunId,
        body: {
          required: true,
          content: { "application/json": { schema: MODIFY_LUN } },
        },
      },
      responses: { 200: json("Changed", LUN_CHANGED), 404: refused },
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
  api.openapi(
    createRoute({
      method: "delete",
      path: "/v1/luns/{id}",
      summary: "Remove a LUN",
      request: {
        params: lunId,
        query: z.object({ backend: z.string().optional() }),
      },
      responses: { 204: { description: "Removed" }, 404: refused },
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
  target: Daemon["target"],
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

function addPorts(api: OpenAPIHono, { target }: Daemon): void {
  api.openapi(
    createRoute({
      method: "get",
      path: "/v1/ports",
      summary: "All target ports",
      responses: { 200: json("Ports by number", z.array(PORT)) },
    }),
    (context) => context.json(target.ports.all().map(describePort), 200),
  );
}

function addSessions(api: OpenAPIHono, daemon: Daemon): void {
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
}

function addDaemon(api: OpenAPIHono, options: ApiOptions): void {
  const { target } = options.daemon;
  api.openapi(
    createRoute({
      method: "get",
      path: "/v1/statistics",
      summary: "Counters of all LUNs and ports",
      responses: { 200: json("Counters", STATISTICS) },
    }),
    (context) =>
      context.json(
        describeStatistics(target, {
          uptimeMs: options.uptimeMs(),
          cpuMs: options.cpuMs(),
        }),
        200,
      ),
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
        plugins: target.plugins.names,
        defects: target.defects,
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
}

function changed(
  outcome: { unit: Parameters<typeof describeLun>[0]; warning?: string },
): LunChangedResource {
  const lun = describeLun(outcome.unit);
  const { warning } = outcome;
  return warning === undefined ? { lun } : { lun, warning };
}
