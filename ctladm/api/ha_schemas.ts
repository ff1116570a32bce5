/**
 * A pair of nodes as data: what `ctladm ha` shows, and what it orders.
 *
 * @module
 */

import { z } from "@hono/zod-openapi";
import type {
  HaFailover,
  HaLinkStatus,
  HaLunStatus,
  HaStatus,
  PeerPort,
} from "../../mod.ts";

/** An order for a role. */
export interface HaRoleBody {
  /** What the node is to be. */
  readonly role: "primary" | "secondary";
  /** For one LUN alone. */
  readonly lun?: number | undefined;
  /** The operator vouches that the peer is off. */
  readonly peerFenced?: boolean | undefined;
}

const count = z.number().int().min(0);
const role = z.enum(["primary", "secondary"]);
const serving = z.enum([
  "primary",
  "secondary",
  "transitioning",
  "unavailable",
]);

const link: z.ZodType<HaLinkStatus> = z.object({
  state: z.enum(["none", "idle", "connecting", "handshaking", "up"]),
  configured: z.string().openapi({ example: "connect 192.0.2.1:999" }),
  insecure: z.boolean(),
  sinceMs: z.number().nullable().openapi({
    description: "When it changed last, milliseconds since 1970",
  }),
  lastReason: z.string().nullable(),
  silenceMs: z.number(),
  queuedBytes: count,
  figures: z.object({
    framesSent: count,
    framesReceived: count,
    bytesSent: count,
    bytesReceived: count,
    connections: count,
    refusals: count,
    roundTripMs: z.number().nullable(),
  }),
});

const lun: z.ZodType<HaLunStatus> = z.object({
  lun: count,
  wanted: role,
  serving,
  peer: serving.nullable(),
  ownRole: z.boolean(),
  lag: count.openapi({ description: "Changes that the peer lacks" }),
});

const peerPort: z.ZodType<PeerPort> = z.object({
  number: count.openapi({ description: "Relative target port identifier" }),
  name: z.string(),
  target: z.string(),
  tag: count.openapi({ description: "Target portal group tag" }),
  portals: z.array(z.string()),
});

const failover: z.ZodType<HaFailover> = z.object({
  atMs: z.number(),
  durationMs: z.number().nullable().openapi({
    description: "null: it goes on",
  }),
  reason: z.string(),
});

/** A node of a pair. */
export const HA: z.ZodType<HaStatus> = z.object({
  id: z.union([z.literal(1), z.literal(2)]),
  mode: z.enum(["standby", "shared", "proxy"]),
  wanted: role,
  serving,
  peer: serving.nullable(),
  epoch: count,
  solo: z.boolean(),
  synchronized: z.boolean(),
  lag: count,
  arbiter: z.string(),
  arbiterState: z.string(),
  fencer: z.string(),
  link,
  luns: z.array(lun),
  peerPorts: z.array(peerPort),
  failover: failover.nullable(),
}).openapi("HaNode");

/** An order for a role. */
export const HA_ROLE: z.ZodType<HaRoleBody> = z.object({
  role,
  lun: count.optional(),
  peerFenced: z.boolean().optional().openapi({
    description: "The operator vouches that the peer is off",
  }),
}).strict().openapi("HaRole");
