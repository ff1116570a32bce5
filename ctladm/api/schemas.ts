/**
 * The resources of the control API as data: the server checks requests by
 * them, and OpenAPI is generated from them.
 *
 * @module
 */

import { z } from "@hono/zod-openapi";
import { LUN_MAP_LENGTH, TASK_MANAGEMENT } from "../../mod.ts";
import { FILE_LENGTH_MAX } from "../conf/limits.ts";
import type {
  ActivityResource,
  ChangePortBody,
  ChooseSessionsBody,
  ChosenSessionsResource,
  ConfigurationAppliedResource,
  ConfigurationBody,
  ConfigurationPlanResource,
  CountersResource,
  CreateLunBody,
  DaemonResource,
  DelayBody,
  DumpResource,
  EventResource,
  ExplanationResource,
  InjectedResource,
  InjectionBody,
  InjectionResource,
  InjectionsResource,
  ItemStatistics,
  LoadPluginBody,
  LocalFunctionResource,
  LunChangedResource,
  LunResource,
  MapLunBody,
  ModifyLunBody,
  PortRequestBody,
  PortResource,
  ProblemResource,
  RegistrationResource,
  ReservationsResource,
  SessionResource,
  StatisticsResource,
  TaskResource,
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

const commandCounts = {
  commands: z.number(),
  failures: z.number().openapi({
    description: "Commands that ended neither GOOD nor CONDITION MET",
  }),
  bytesIn: z.number(),
  bytesOut: z.number(),
  latencies: z.array(z.number()).openapi({
    description: "Commands by the bucket of their latency",
  }),
};

/** What goes on in the target. */
export const ACTIVITY: z.ZodType<ActivityResource> = z.object({
  uptimeMs: z.number(),
  cpuMs: z.number(),
  residentBytes: count,
  latencyLimitsUs: z.array(z.number()),
  luns: z.array(z.object({
    id: count,
    backend: z.string(),
    tasks: count,
    blocked: count,
    ...commandCounts,
  })),
  sessions: z.array(z.object({
    id: count,
    initiator: z.string(),
    initiatorAddress: z.string(),
    target: z.string(),
    tasks: count,
    ...commandCounts,
  })),
}).openapi("Activity");

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

/** A port to make or to remove. */
export const PORT_REQUEST: z.ZodType<PortRequestBody> = z.object({
  driver: z.string().min(1).openapi({ example: "ioctl" }),
  options: options.optional(),
}).strict().openapi("PortRequest");

const worldWideName = z.string().regex(/^(0x)?[0-9a-f]{1,16}$/i)
  .openapi({ description: "64 bits, hexadecimal" });

/** A change of a port. */
export const CHANGE_PORT: z.ZodType<ChangePortBody> = z.object({
  online: z.boolean().optional(),
  wwnn: worldWideName.optional(),
  wwpn: worldWideName.optional(),
}).strict().openapi("ChangePort");

/** A change of a LUN map. */
export const MAP_LUN: z.ZodType<MapLunBody> = z.object({
  lun: count.max(LUN_MAP_LENGTH - 1).optional().openapi({
    description: "Visible LUN; absent: the whole map",
  }),
  unit: count.optional().openapi({
    description: "LUN of the target; absent: the entry, or the map, goes",
  }),
}).strict().openapi("MapLun");

/** Sessions to end: those that fit any of the fields. */
export const CHOOSE_SESSIONS: z.ZodType<ChooseSessionsBody> = z.object({
  all: z.boolean().optional(),
  id: count.optional(),
  initiator: z.string().optional(),
  address: z.string().optional(),
}).strict().openapi("ChooseSessions");

/** How many sessions were chosen. */
export const CHOSEN_SESSIONS: z.ZodType<ChosenSessionsResource> = z.object({
  count,
}).openapi("ChosenSessions");

const configurationText = z.string().max(FILE_LENGTH_MAX);

/** A configuration to look at or to put in force. */
export const CONFIGURATION: z.ZodType<ConfigurationBody> = z.object({
  text: configurationText,
  syntax: z.enum(["classic", "ucl"]),
  path: z.string().openapi({ example: "/etc/ctl.conf" }),
  includes: z.record(z.string(), configurationText).optional().openapi({
    description: "Texts of the files that it includes, by path",
  }),
}).strict().openapi("Configuration");

const configurationPlan = {
  changes: z.array(z.object({
    action: z.string().openapi({ example: "create" }),
    subject: z.string().openapi({ example: 'lun "disk0"' }),
    detail: z.string(),
  })),
  sessions: z.array(z.object({
    id: count,
    initiator: z.string(),
    initiatorAddress: z.string(),
    target: z.string(),
    ends: z.boolean(),
    notices: z.array(z.string()),
  })),
  warnings: z.array(z.string()),
};

/** What a configuration would change. */
export const CONFIGURATION_PLAN: z.ZodType<ConfigurationPlanResource> = z
  .object(configurationPlan).openapi("ConfigurationPlan");

/** What became of a configuration. */
export const CONFIGURATION_APPLIED: z.ZodType<ConfigurationAppliedResource> = z
  .object({ ...configurationPlan, failures: z.array(z.string()) })
  .openapi("ConfigurationApplied");

/** A plugin to load or to take out. */
export const LOAD_PLUGIN: z.ZodType<LoadPluginBody> = z.object({
  name: z.string().min(1).openapi({ example: "./my_backend.ts" }),
  options: options.optional(),
}).strict().openapi("LoadPlugin");

/** A number with a default, as text of a query. */
type Defaulted = z.ZodDefault<z.ZodCoercedNumber>;

const initiator: Defaulted = z.coerce.number().int().min(0).default(7)
  .openapi({ description: "Number of the initiator" });
const lun: Defaulted = z.coerce.number().int().min(0).default(0);

/** A SCSI command, as the query of its request. */
export const LOCAL_COMMAND: z.ZodObject<{
  cdb: z.ZodString;
  lun: Defaulted;
  initiator: Defaulted;
  in: Defaulted;
  out: Defaulted;
  attribute: Defaulted;
  tag: z.ZodOptional<z.ZodCoercedNumber>;
}> = z.object({
  cdb: z.string().regex(/^([0-9a-f]{2}){1,32}$/i)
    .openapi({ example: "000000000000" }),
  lun,
  initiator,
  in: z.coerce.number().int().min(0).default(0)
    .openapi({ description: "Bytes of Data-In to take at the most" }),
  out: z.coerce.number().int().min(0).default(0)
    .openapi({ description: "Bytes of Data-Out: the length of the body" }),
  attribute: z.coerce.number().int().min(0).max(4).default(1)
    .openapi({ description: "0 untagged, 1 simple, 2 ordered, 3 head, 4 ACA" }),
  tag: z.coerce.number().int().min(0).max(0xffffffff).optional(),
});

/** A task management function. */
export const LOCAL_FUNCTION: z.ZodObject<{
  function: z.ZodEnum<typeof TASK_MANAGEMENT>;
  lun: Defaulted;
  initiator: Defaulted;
  tag: Defaulted;
}, z.core.$strict> = z.object({
  function: z.enum(TASK_MANAGEMENT),
  lun,
  initiator,
  tag: z.coerce.number().int().min(0).max(0xffffffff).default(0),
}).strict().openapi("TaskManagement");

/** The answer to it. */
export const LOCAL_RESPONSE: z.ZodType<LocalFunctionResource> = z.object({
  response: z.string().openapi({ example: "FUNCTION COMPLETE" }),
  tasksFound: count,
}).openapi("TaskManagementResponse");

/** A task under way. */
export const TASK: z.ZodType<TaskResource> = z.object({
  lun: count,
  tag: count,
  initiator: z.string(),
  command: z.string().openapi({ example: "READ(10)" }),
  cdb: z.string().openapi({ description: "Hexadecimal" }),
  flags: z.array(z.string()).openapi({ description: "BLOCKED, RTR, ABORT" }),
  ageMs: z.number(),
}).openapi("Task");

const registration: z.ZodType<RegistrationResource> = z.object({
  lun: count,
  port: count,
  initiator: z.string(),
  key: z.string().openapi({ description: "Hexadecimal", example: "0x123" }),
}).openapi("Registration");

/** Something that has happened. */
export const EVENT: z.ZodType<EventResource> = z.object({
  type: z.string().openapi({ example: "lun-created" }),
  id: count,
  atMs: z.number().openapi({ description: "Milliseconds since 1970" }),
  lun: count.optional(),
  port: count.optional(),
  session: count.optional(),
  initiator: z.string().optional(),
  address: z.string().optional(),
  target: z.string().optional(),
  command: z.string().optional(),
  serving: z.string().optional(),
  epoch: count.optional(),
  reason: z.string().optional(),
  count: count.optional().openapi({ description: "Events that are missing" }),
}).openapi("Event");

const injectionFields = {
  kind: z.enum(["aborted", "mediumerr", "ua", "custom"]),
  patterns: z.array(z.enum(["read", "write", "readcap", "tur", "any"])).min(1),
  range: z.object({ lba: count, blocks: count }).strict().optional(),
  sense: z.string().regex(/^([0-9a-f]{2}){1,252}$/i).optional()
    .openapi({ description: "Sense data for custom, hexadecimal" }),
  continuous: z.boolean().optional().openapi({
    description: "It stays until it is deleted",
  }),
};

/** An error to inject. */
export const INJECT: z.ZodType<InjectionBody> = z.object(injectionFields)
  .strict().openapi("Inject");

/** An error was injected. */
export const INJECTED: z.ZodType<InjectedResource> = z.object({
  serial: count,
}).openapi("Injected");

const injection: z.ZodType<InjectionResource> = z.object({
  serial: count,
  ...injectionFields,
}).openapi("Injection");

/** A delay of commands. */
export const DELAY: z.ZodType<DelayBody> = z.object({
  location: z.enum(["datamove", "done"]),
  seconds: count.openapi({ description: "0: no delay there any more" }),
  continuous: z.boolean().optional().openapi({
    description: "Every command; absent: the next one",
  }),
}).strict().openapi("Delay");

/** All that is injected into a LUN. */
export const INJECTIONS: z.ZodType<InjectionsResource> = z.object({
  errors: z.array(injection),
  delays: z.array(DELAY),
}).openapi("Injections");

/** The reservations of a LUN. */
export const RESERVATIONS: z.ZodType<ReservationsResource> = z.object({
  lun: count,
  generation: count,
  persists: z.boolean().openapi({ description: "APTPL" }),
  type: z.object({ code: count, name: z.string() }).nullable(),
  registrations: z.array(z.object({
    port: count,
    initiator: z.string(),
    key: z.string().openapi({ description: "Hexadecimal" }),
    holder: z.boolean(),
  })),
  reserve: z.object({ port: count, initiator: z.string() }).nullable()
    .openapi({ description: "Holder of a RESERVE (SPC-2)" }),
}).openapi("Reservations");

/** What an initiator sees of a LUN. */
export const EXPLANATION: z.ZodType<ExplanationResource> = z.object({
  lun: count,
  initiator: z.string(),
  ports: z.array(z.object({
    port: count,
    frontend: z.string(),
    name: z.string(),
    online: z.boolean(),
    luns: z.array(count),
    sessions: z.array(z.string()),
    visible: z.boolean(),
    reasons: z.array(z.string()),
    commands: z.array(z.object({
      command: z.string(),
      refusals: z.array(z.object({
        step: z.string(),
        status: count,
        text: z.string(),
      })),
    })),
  })),
}).openapi("Explanation");

/** Everything that `ctladm dumpstructs` shows. */
export const DUMP: z.ZodType<DumpResource> = z.object({
  keys: z.array(registration),
  ports: z.array(PORT),
  plugins: z.array(z.string()),
}).openapi("Dump");

/** The daemon itself. */
export const DAEMON: z.ZodType<DaemonResource> = z.object({
  pid: count,
  version: z.string(),
  uptimeMs: z.number(),
  plugins: z.array(z.string()),
  defects: count,
}).openapi("Daemon");
