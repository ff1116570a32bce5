/**
 * Routes of the control API for copies between LUNs.
 *
 * @module
 */

import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { COPIES, type CopyRecord, type Target } from "../../mod.ts";
import type { CopyResource } from "./copy_resources.ts";
import { json } from "./respond.ts";

const count = z.number().int().min(0);

const COPY: z.ZodType<CopyResource> = z.object({
  number: count,
  kind: z.enum([
    "EXTENDED COPY(LID1)",
    "EXTENDED COPY(LID4)",
    "POPULATE TOKEN",
    "WRITE USING TOKEN",
  ]),
  lun: count.openapi({ description: "The LUN that was asked" }),
  port: count,
  initiator: z.string(),
  listId: count,
  state: z.enum(["running", "completed", "failed", "aborted"]),
  background: z.boolean(),
  route: z.string().openapi({ description: "From where to where" }),
  how: z.string().openapi({ description: "shared, copied, or both" }),
  bytes: count,
  totalBytes: count.nullable(),
  percent: z.number().nullable(),
  segments: count,
  runMs: z.number(),
  heldMs: z.number().nullable().openapi({
    description: "Milliseconds since it has ended; null: it runs",
  }),
}).openapi("Copy");

/** Adds them. */
export function addCopyRoutes(api: OpenAPIHono, target: Target): void {
  api.openapi(
    createRoute({
      method: "get",
      path: "/v1/copies",
      summary: "Copies that run, and those whose results are held",
      responses: {
        200: json("In the order of their beginning", z.array(COPY)),
      },
    }),
    (context) => {
      const copies = target.plugins.service(COPIES)?.list() ?? [];
      return context.json(copies.map(describeCopy), 200);
    },
  );
}

function describeCopy(record: CopyRecord): CopyResource {
  const { bytes, totalBytes } = record;
  const percent = totalBytes === null || totalBytes === 0
    ? null
    : Math.floor(100 * bytes / totalBytes);
  return { ...record, percent };
}
