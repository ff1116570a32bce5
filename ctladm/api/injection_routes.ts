/**
 * Routes of the control API for errors and delays that an operator injects.
 *
 * @module
 */

import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import {
  type Injection,
  INJECTION_PATTERN,
  type Injections,
  ManagementError,
  type Target,
} from "../../mod.ts";
import type {
  InjectionBody,
  InjectionPattern,
  InjectionResource,
} from "./resources.ts";
import {
  findLun,
  json,
  jsonBody,
  pathId,
  pathNumber,
  refused,
} from "./respond.ts";
import { DELAY, INJECT, INJECTED, INJECTIONS } from "./schemas.ts";

const BITS: Readonly<Record<InjectionPattern, number>> = {
  read: INJECTION_PATTERN.READ,
  write: INJECTION_PATTERN.WRITE,
  readcap: INJECTION_PATTERN.READ_CAPACITY,
  tur: INJECTION_PATTERN.TEST_UNIT_READY,
  any: INJECTION_PATTERN.ANY,
};

/** Adds them. */
export function addInjectionRoutes(api: OpenAPIHono, target: Target): void {
  addList(api, target);
  addInject(api, target);
  addDelete(api, target);
  addDelay(api, target);
}

function addList(api: OpenAPIHono, target: Target): void {
  api.openapi(
    createRoute({
      method: "get",
      path: "/v1/luns/{id}/injections",
      summary: "Errors and delays that are injected into a LUN",
      request: { params: pathId },
      responses: { 200: json("All of them", INJECTIONS), 404: refused },
    }),
    (context) => {
      const { id } = context.req.valid("param");
      const { errors, delays } = findLun(target, id).injections;
      const described = errors.map(describeInjection);
      return context.json({ errors: described, delays: [...delays] }, 200);
    },
  );
}

function addInject(api: OpenAPIHono, target: Target): void {
  api.openapi(
    createRoute({
      method: "post",
      path: "/v1/luns/{id}/injections",
      summary: "Inject an error into commands of a LUN",
      request: { params: pathId, ...jsonBody(INJECT) },
      responses: {
        201: json("It waits for a command", INJECTED),
        400: refused,
        404: refused,
      },
    }),
    (context) => {
      const { id } = context.req.valid("param");
      const { injections } = findLun(target, id);
      const serial = inject(injections, context.req.valid("json"));
      return context.json({ serial }, 201);
    },
  );
}

function addDelete(api: OpenAPIHono, target: Target): void {
  api.openapi(
    createRoute({
      method: "delete",
      path: "/v1/luns/{id}/injections/{serial}",
      summary: "Delete an injected error",
      request: {
        params: pathId.extend({ serial: pathNumber("serial") }),
      },
      responses: { 204: { description: "Deleted" }, 404: refused },
    }),
    (context) => {
      const { id, serial } = context.req.valid("param");
      if (!findLun(target, id).injections.delete(serial)) {
        throw new ManagementError(
          "injection-not-found",
          `Invalid argument: LUN ${id} has no injected error ${serial}`,
        );
      }
      return context.body(null, 204);
    },
  );
}

function addDelay(api: OpenAPIHono, target: Target): void {
  api.openapi(
    createRoute({
      method: "put",
      path: "/v1/luns/{id}/delay",
      summary: "Delay commands of a LUN, or no longer",
      request: { params: pathId, ...jsonBody(DELAY) },
      responses: {
        204: { description: "In force" },
        400: refused,
        404: refused,
      },
    }),
    (context) => {
      const { id } = context.req.valid("param");
      const { location, seconds, continuous = false } = context.req
        .valid("json");
      const { injections } = findLun(target, id);
      injections.delay({ location, seconds, continuous });
      return context.body(null, 204);
    },
  );
}

function inject(injections: Injections, body: InjectionBody): number {
  const { kind, patterns, range, sense, continuous = false } = body;
  return injections.add({
    kind,
    pattern: patterns.reduce((bits, word) => bits | BITS[word], 0),
    range: range && { lba: range.lba, blockCount: range.blocks },
    senseData: sense === undefined ? undefined : Uint8Array.fromHex(sense),
    continuous,
  });
}

function describeInjection(injection: Injection): InjectionResource {
  const { serial, kind, range, senseData, continuous } = injection;
  return {
    serial,
    kind,
    patterns: patternsOf(injection.pattern),
    ...range && { range: { lba: range.lba, blocks: range.blockCount } },
    ...senseData && { sense: senseData.toHex() },
    continuous,
  };
}

function patternsOf(pattern: number): InjectionPattern[] {
  if (pattern === BITS.any) return ["any"];
  const words: InjectionPattern[] = ["read", "write", "readcap", "tur"];
  return words.filter((word) => (pattern & BITS[word]) !== 0);
}
