/**
 * What all routes of the control API share: answers and refusals.
 *
 * @module
 */

import { z } from "@hono/zod-openapi";
import { HTTPException } from "hono/http-exception";
import { ManagementError, type ManagementErrorCode } from "../../mod.ts";
import { PROBLEM } from "./schemas.ts";

/** Status of a refusal. */
type RefusalStatus = 400 | 404 | 409 | 413 | 500;

const STATUS_OF_CODE: Readonly<
  Partial<Record<ManagementErrorCode, RefusalStatus>>
> = {
  "backend-not-found": 404,
  "frontend-not-found": 404,
  "lun-in-use": 409,
  "lun-not-found": 404,
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

/** The number in a path such as `/v1/luns/{id}`. */
export const pathId: z.ZodObject<{ id: z.ZodCoercedNumber }> = z.object({
  id: z.coerce.number().int().min(0).openapi({
    param: { name: "id", in: "path" },
  }),
});

interface InvalidRequest {
  readonly success: boolean;
  readonly error?: {
    readonly issues: readonly {
      readonly path: readonly PropertyKey[];
      readonly message: string;
    }[];
  };
}

/** Names the field of a request that is wrong. */
export function refuseInvalid(result: InvalidRequest): Response | undefined {
  const [issue] = result.error?.issues ?? [];
  if (result.success || issue === undefined) return undefined;
  const field = issue.path.map(String).join(".");
  return Response.json({
    code: "request",
    message: `Invalid field "${field}": ${issue.message}`,
    field,
  }, { status: 400 });
}

/** What an error is answered with. */
export function problemOf(error: Error): {
  body: { code: string; message: string };
  status: RefusalStatus;
} {
  const { message } = error;
  if (error instanceof HTTPException) {
    return { body: { code: "request", message }, status: 400 };
  }
  if (!(error instanceof ManagementError)) {
    return { body: { code: "internal", message }, status: 500 };
  }
  const { code } = error;
  return { body: { code, message }, status: STATUS_OF_CODE[code] ?? 400 };
}
