/**
 * What all routes of the control API share: answers and refusals.
 *
 * @module
 */

import { z } from "@hono/zod-openapi";
import { HTTPException } from "hono/http-exception";
import {
  type LogicalUnit,
  ManagementError,
  type ManagementErrorCode,
  type Target,
} from "../../mod.ts";
import { PROBLEM } from "./schemas.ts";

const STATUS_OF_CODE: Readonly<
  Partial<Record<ManagementErrorCode, number>>
> = {
  "backend-not-found": 404,
  "frontend-not-found": 404,
  "injection-not-found": 404,
  "lun-in-use": 409,
  "lun-not-found": 404,
  "pair": 409,
  "port-exists": 409,
  "port-not-found": 404,
  "port-offline": 409,
};

/** How OpenAPI describes an answer with a body in JSON. */
export interface JsonContent<Schema> {
  /** Words for people. */
  description: string;
  /** The body. */
  content: { "application/json": { schema: Schema } };
}

/** How OpenAPI describes a refusal. */
export const refused: JsonContent<typeof PROBLEM> = {
  description: "Refused; nothing was changed",
  content: { "application/json": { schema: PROBLEM } },
};

/** How OpenAPI describes an answer in JSON. */
export function json<Schema>(
  description: string,
  schema: Schema,
): JsonContent<Schema> {
  return { description, content: { "application/json": { schema } } };
}

/** How OpenAPI describes a body in JSON. */
export function jsonBody<Schema>(schema: Schema): {
  body: {
    required: true;
    content: { "application/json": { schema: Schema } };
  };
} {
  return {
    body: { required: true, content: { "application/json": { schema } } },
  };
}

/** A number in a path. */
export function pathNumber(name: string): z.ZodCoercedNumber {
  // What is coerced could be absent, but for the path that it stands in.
  return z.coerce.number().int().min(0).openapi({
    param: { name, in: "path", required: true },
  });
}

/** The number in a path such as `/v1/luns/{id}`. */
export const pathId: z.ZodObject<{ id: z.ZodCoercedNumber }> = z.object({
  id: pathNumber("id"),
});

/** The LUN with a number; a `ManagementError` when there is none. */
export function findLun(target: Target, id: number): LogicalUnit {
  const unit = target.luns.get(id);
  if (unit !== undefined) return unit;
  throw new ManagementError("lun-not-found", `LUN ${id} does not exist`);
}

/** Bytes that a request in JSON has at the most. */
export const BODY_BYTES_MAX: number = 2 ** 22;

/** A request, as far as refusing it goes. */
interface Asked {
  readonly req: {
    readonly method: string;
    readonly path: string;
    header(name: string): string | undefined;
  };
}

interface InvalidRequest {
  readonly success: boolean;
  readonly target: string;
  readonly error?: {
    readonly issues: readonly {
      readonly path: readonly PropertyKey[];
      readonly message: string;
      /** Fields that nobody knows. */
      readonly keys?: readonly string[];
    }[];
  };
}

const JSON_TYPE = /^application\/([a-z0-9.-]+\+)?json(;|$)/i;

/** Refuses a body that is no JSON, and names the field that is wrong. */
export function refuseInvalid(
  result: InvalidRequest,
  context: Asked,
): Response | undefined {
  if (result.target === "json" && !hasJsonType(context)) {
    return refuseType(context);
  }
  const [issue] = result.error?.issues ?? [];
  if (result.success || issue === undefined) return undefined;
  const unknown = issue.keys?.slice(0, 1) ?? [];
  const field = [...issue.path, ...unknown].map(String).join(".");
  return Response.json({
    code: "request",
    message: `Invalid field "${field}": ${issue.message}`,
    field,
  }, { status: 400 });
}

function hasJsonType({ req }: Asked): boolean {
  return JSON_TYPE.test(req.header("content-type") ?? "");
}

function refuseType({ req }: Asked): Response {
  const type = req.header("content-type");
  const sent = type === undefined ? "none" : `"${type}"`;
  return refusal(
    415,
    `The request needs a body with the content type "application/json": ` +
      `it has ${sent}`,
  );
}

/** A refusal that no route has made. */
export function refusal(
  status: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return Response.json({ code: "request", message }, { status, headers });
}

/** Answers a request that no route takes. */
export function refuseUnrouted(
  { req }: Asked,
  routes: readonly { readonly path: string; readonly method: string }[],
): Response {
  const methods = routes
    .filter(({ method }) => method !== "ALL")
    .filter(({ path }) => patternOf(path).test(req.path))
    .map(({ method }) => method);
  if (methods.length === 0) {
    return refusal(404, `No such resource: ${req.path}`);
  }
  const allow = [...new Set(methods)].join(", ");
  const message = `Method ${req.method} is not for ${req.path}: use ${allow}`;
  return refusal(405, message, { allow });
}

function patternOf(path: string): RegExp {
  const words = path.split("/").map((word) =>
    word.startsWith(":") ? "[^/]+" : word.replaceAll(".", "\\.")
  );
  return new RegExp(`^${words.join("/")}$`);
}

/** Answers a request whose route threw. */
export function refuseThrown(error: Error, context: Asked): Response {
  const { message } = error;
  if (error instanceof HTTPException) {
    return error.status === UNSUPPORTED_MEDIA_TYPE
      ? refuseType(context)
      : refusal(error.status, message);
  }
  if (!(error instanceof ManagementError)) {
    return Response.json({ code: "internal", message }, { status: 500 });
  }
  const { code } = error;
  const status = STATUS_OF_CODE[code] ?? 400;
  return Response.json({ code, message }, { status });
}

const UNSUPPORTED_MEDIA_TYPE = 415;
