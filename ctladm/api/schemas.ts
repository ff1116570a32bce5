/**
 * The resources of the control API as data: the server checks requests by
 * them, and OpenAPI is generated from them.
 *
 * @module
 */

import { z } from "@hono/zod-openapi";
import type {
  CountersResource,
  CreateLunBody,
  DaemonResource,
  ItemStatistics,
  LunChangedResource,
  LunResource,
  ModifyLunBody,
  PortResource,
  ProblemResource,
  SessionResource,
  StatisticsResource,
} from "./resources.ts";

const pairs = z.array(z.tuple([z.string(), z.string()]));
const options = z.record(z.string(), z.string());
const count = z.number().int().min(0);

/** A logical unit. */
export const LUN: z.ZodType<LunResource> = z.object({
  id: count,
  backend: z.string().openapi({ example: "ramdisk" }),
  deviceType: count.openapi({ description: "Peripheral device type" }),
  sizeBlocks: count,
  blockLength: count.openapi({ description: "Bytes of a block" }),
  serialNumber: z.string(),
  deviceId: z.string(),
  naa: z.string().nullable().openapi({ description: "NAA, hexadecimal" }),
  medium: z.boolean().openapi({ description: "There is a medium" }),
  readOnly: z.boolean(),
  details: pairs.openapi({
    description: "Facts of the backend, then the options",
  }),
}).openapi("Lun");

/** A target port. */
export const PORT: z.ZodType<PortResource> = z.object({
  id: count,
  frontend: z.string(),
  type: count,
  online: z.boolean(),
  name: z.string(),
  physicalPort: z.number().int(),
  virtualPort: z.number().int(),
  target: z.string().nullable(),
  port: z.string().nullable(),
  lunMap: z.array(z.object({ lun: count, unit: count })).nullable()
    .openapi({ description: "null: every LUN is visible" }),
  initiators: z.array(z.object({ id: count, name: z.string() })),
  details: pairs,
}).openapi("Port");

const digest = z.enum(["None", "CRC32C"]);

/** An iSCSI session. */
export const SESSION: z.ZodType<SessionResource> = z.object({
  id: count,
  initiator: z.string(),
  initiatorAddress: z.string(),
  initiatorAlias: z.string(),
  target: z.string(),
  targetAlias: z.string(),
  portalGroupTag: count,
  headerDigest: digest,
  dataDigest: digest,
  maxRecvDataSegmentLength: count,
  maxSendDataSegmentLength: count,
  maxBurstLength: count,
  firstBurstLength: count,
  immediateData: z.boolean(),
}).openapi("IscsiSession");

const counters: z.ZodType<CountersResource> = z.object({
  bytes: z.number(),
  operations: z.number(),
  dmas: z.number(),
  timeMs: z.number(),
  dmaTimeMs: z.number(),
}).openapi("Counters");

const item: z.ZodType<ItemStatistics> = z.object({
  id: count,
  none: counters,
  read: counters,
  write: counters,
}).openapi("ItemStatistics");

/** Counters of everything. */
export const STATISTICS: z.ZodType<StatisticsResource> = z.object({
  uptimeMs: z.number(),
  cpuMs: z.number(),
  luns: z.array(item),
  ports: z.array(item),
}).openapi("Statistics");

/** A LUN to make. */
export const CREATE_LUN: z.ZodType<CreateLunBody> = z.object({
  backend: z.string().min(1).openapi({ example: "ramdisk" }),
  number: count.optional(),
  deviceType: count.max(31).optional(),
  sizeBytes: count.optional(),
  blockLength: z.number().int().min(1).optional(),
  serial: z.string().optional(),
  deviceId: z.string().optional(),
  options: options.optional(),
}).strict().openapi("CreateLun");

/** A change of a LUN. */
export const MODIFY_LUN: z.ZodType<ModifyLunBody> = z.object({
  backend: z.string().optional().openapi({
    description: "Refused unless the LUN has this backend",
  }),
  sizeBytes: count.optional().openapi({
    description: "0: the size of what lies below",
  }),
  options: options.optional().openapi({
    description: "All options anew; without it the LUN loses its options",
  }),
}).strict().openapi("ModifyLun");

/** A LUN was made or changed. */
export const LUN_CHANGED: z.ZodType<LunChangedResource> = z.object({
  lun: LUN,
  warning: z.string().optional(),
}).openapi("LunChanged");

/** Why a request was refused. */
export const PROBLEM: z.ZodType<ProblemResource> = z.object({
  code: z.string().openapi({ example: "lun-not-found" }),
  message: z.string(),
  field: z.string().optional().openapi({
    description: "Path of the field that is wrong",
  }),
}).openapi("Problem");

/** The daemon itself. */
export const DAEMON: z.ZodType<DaemonResource> = z.object({
  pid: count,
  version: z.string(),
  uptimeMs: z.number(),
  plugins: z.array(z.string()),
  defects: count,
}).openapi("Daemon");
