/**
 * What a daemon tells Prometheus of its LUNs, ports, sessions and itself.
 *
 * @module
 */

import {
  type CommandTally,
  COPIES,
  HA_CONTROL,
  type IscsiService,
  type LogicalUnit,
  OUTCOME,
  SENSE_KEY,
  type Target,
} from "../../mod.ts";
import { blockedTasks } from "../api/activity.ts";
import { describePort } from "../api/describe.ts";
import { copyFamilies } from "./copy_families.ts";
import {
  counter,
  type Family,
  gauge,
  histogramSamples,
  type Labels,
  type Sample,
} from "./exposition.ts";
import { haFamilies } from "./ha_families.ts";
import { opcodeLabel, outcomeLabels } from "./outcomes.ts";

/** The process, as Prometheus wants to know it. */
export interface ProcessFacts {
  /** Version of DTL. */
  readonly version: string;
  /** Milliseconds since the daemon started. */
  readonly uptimeMs: number;
  /** Milliseconds of processor time that it has used. */
  readonly cpuMs: number;
  /** Bytes of memory that it has resident. */
  readonly residentBytes: number;
}

/** Somebody whose commands are counted. */
interface Counted {
  readonly labels: Labels;
  readonly tally: CommandTally;
}

/** All families. */
export function allFamilies(
  target: Target,
  iscsi: IscsiService | null,
  facts: ProcessFacts,
): Family[] {
  return [
    ...lunFamilies(target.luns.all()),
    ...portFamilies(target),
    ...sessionFamilies(iscsi),
    ...haFamilies(target.plugins.service(HA_CONTROL)?.status()),
    ...copyFamilies(target.plugins.service(COPIES) ?? null),
    ...memoryFamilies(target, iscsi),
    ...processFamilies(target, facts),
  ];
}

function lunFamilies(units: readonly LogicalUnit[]): Family[] {
  const each = (value: (unit: LogicalUnit) => number): Iterable<Sample> =>
    units.values()
      .map((unit) => ({ labels: { lun: unit.number }, value: value(unit) }));
  const counted = units.map(({ number, statistics }) => ({
    labels: { lun: number },
    tally: statistics,
  }));
  return [
    gauge(
      "dtl_lun_info",
      "What a LUN is",
      units.map(({ number, driver, identity }) => ({
        labels: { lun: number, backend: driver.name, serial: identity.serial },
        value: 1,
      })),
    ),
    gauge(
      "dtl_lun_size_bytes",
      "Size of a LUN",
      each(({ geometry }) => geometry.blockCount * geometry.blockLength),
    ),
    gauge("dtl_lun_tasks", "Tasks under way", units.flatMap(taskSamples)),
    ...commandFamilies("dtl_lun", counted),
    counter(
      "dtl_lun_reservation_conflicts_total",
      "Commands that ended RESERVATION CONFLICT",
      each(({ statistics }) =>
        statistics.total().outcomes[OUTCOME.RESERVATION_CONFLICT] ?? 0
      ),
    ),
    counter(
      "dtl_lun_compare_and_write_miscompares_total",
      "COMPARE AND WRITE commands that found other data",
      each(({ statistics }) =>
        statistics.read(COMPARE_AND_WRITE).outcomes[SENSE_KEY.MISCOMPARE] ?? 0
      ),
    ),
    counter(
      "dtl_lun_unmapped_blocks_total",
      "Blocks that commands have unmapped",
      each((unit) => unit.unmappedBlocks),
    ),
    counter(
      "dtl_lun_unit_attentions_total",
      "Unit attentions that initiators have heard",
      each((unit) => unit.attentionsReported),
    ),
  ];
}

const COMPARE_AND_WRITE = 0x89;

function taskSamples(unit: LogicalUnit): Sample[] {
  const { number: lun, taskSet } = unit;
  const blocked = blockedTasks(unit);
  return [
    { labels: { lun, state: "blocked" }, value: blocked },
    { labels: { lun, state: "running" }, value: taskSet.size - blocked },
  ];
}

function portFamilies(target: Target): Family[] {
  const ports = target.ports.all().map((port) => ({
    port,
    labels: { port: port.number, target: describePort(port).target ?? "" },
    tally: port.statistics,
  }));
  return [
    gauge(
      "dtl_port_online",
      "Whether a port accepts commands",
      ports.map(({ port, labels }) => ({
        labels: { ...labels, frontend: port.description.frontend },
        value: port.online ? 1 : 0,
      })),
    ),
    gauge(
      "dtl_port_nexuses",
      "Initiators with a session",
      ports.map(({ port, labels }) => ({
        labels,
        value: [...port.nexuses].length,
      })),
    ),
    ...commandFamilies("dtl_port", ports),
    counter(
      "dtl_port_task_management_functions_total",
      "Task management functions that were asked for",
      ports.flatMap(({ port, labels }) =>
        [...port.functions].map(([name, value]) => ({
          labels: { ...labels, function: wordOf(name) },
          value,
        }))
      ),
    ),
  ];
}

/** Families of commands, by operation code. */
function commandFamilies(
  prefix: string,
  counted: readonly Counted[],
): Family[] {
  // Read when they are rendered, so that a large target can do it in slices.
  const rows = () =>
    counted.values().flatMap(({ labels, tally }) =>
      tally.opcodes().values().map((opcode) => ({
        labels: { ...labels, opcode: opcodeLabel(opcode) },
        counts: tally.read(opcode),
      }))
    );
  return [
    counter(
      `${prefix}_commands_total`,
      "Commands that have ended, by operation code and status",
      rows().flatMap(({ labels, counts }) =>
        [...counts.outcomes.entries()].filter(([, value]) => value > 0)
          .map(([outcome, value]) => ({
            labels: { ...labels, ...outcomeLabels(outcome) },
            value,
          }))
      ),
    ),
    counter(
      `${prefix}_transferred_bytes_total`,
      "Bytes moved, seen from initiators",
      rows().flatMap(({ labels, counts: { bytesIn, bytesOut } }) =>
        directionSamples(labels, bytesIn, bytesOut)
      ),
    ),
    {
      name: `${prefix}_command_duration_seconds`,
      type: "histogram",
      help: "Time from the arrival of a command to its end",
      samples: rows().flatMap(({ labels, counts }) =>
        histogramSamples(labels, counts)
      ),
    },
  ];
}

function sessionFamilies(iscsi: IscsiService | null): Family[] {
  const sessions = (iscsi?.sessions() ?? []).map((session) => ({
    labels: {
      session: session.id,
      initiator: session.initiator,
      target: session.target,
    },
    tasks: session.tasks,
    statistics: session.statistics,
  }));
  return [
    gauge("dtl_iscsi_sessions", "iSCSI sessions", [
      { labels: {}, value: sessions.length },
    ]),
    gauge(
      "dtl_iscsi_session_tasks",
      "Tasks of a session under way",
      sessions.map(({ labels, tasks }) => ({ labels, value: tasks })),
    ),
    counter(
      "dtl_iscsi_session_commands_total",
      "Commands of a session that have ended",
      sessions.values().map(({ labels, statistics }) => ({
        labels,
        value: statistics?.total().commands ?? 0,
      })),
    ),
    counter(
      "dtl_iscsi_session_transferred_bytes_total",
      "Bytes moved by a session, seen from its initiator",
      sessions.values().flatMap(({ labels, statistics }) => {
        const { bytesIn = 0, bytesOut = 0 } = statistics?.total() ?? {};
        return directionSamples(labels, bytesIn, bytesOut);
      }),
    ),
  ];
}

function memoryFamilies(
  target: Target,
  iscsi: IscsiService | null,
): Family[] {
  const usage = iscsi?.usage();
  const usedBytes = target.ports.all()
    .flatMap((port) => [...port.nexuses])
    .reduce((sum, { buffers }) => sum + buffers.usedBytes, 0);
  return [
    gauge("dtl_buffer_bytes", "Buffers for data that cannot move at once", [
      { labels: { state: "used" }, value: usedBytes },
      { labels: { state: "idle" }, value: target.buffers.idleBytes },
    ]),
    gauge("dtl_iscsi_bytes", "Bytes that iSCSI connections hold", [
      { labels: { buffer: "held" }, value: usage?.heldBytes ?? 0 },
      { labels: { buffer: "output" }, value: usage?.outputBytes ?? 0 },
      { labels: { buffer: "receive" }, value: usage?.receiveBytes ?? 0 },
    ]),
    gauge("dtl_iscsi_connections", "iSCSI connections", [
      { labels: { state: "login" }, value: usage?.logins ?? 0 },
      {
        labels: { state: "open" },
        value: (usage?.connections ?? 0) - (usage?.logins ?? 0),
      },
    ]),
    counter(
      "dtl_iscsi_connections_refused_total",
      "Connections closed because there were too many",
      [...usage?.connectionsRefused ?? []].map(([excess, value]) => ({
        labels: { excess: wordOf(excess) },
        value,
      })),
    ),
    counter(
      "dtl_iscsi_logins_refused_total",
      "Logins refused or sent on, by status class and detail (RFC 7143)",
      [...usage?.loginsRefused ?? []].map(([status, value]) => ({
        labels: { status: status.toString(16).padStart(4, "0") },
        value,
      })),
    ),
  ];
}

function processFamilies(target: Target, facts: ProcessFacts): Family[] {
  const one = (value: number): Sample[] => [{ labels: {}, value }];
  const startedMs = target.host.clock.wallClockMs() - facts.uptimeMs;
  return [
    gauge("dtl_build_info", "Version of DTL", [
      { labels: { version: facts.version }, value: 1 },
    ]),
    counter(
      "dtl_defects_total",
      "Commands that ended by a defect of DTL",
      one(target.defects),
    ),
    counter(
      "process_cpu_seconds_total",
      "Processor time that the daemon has used",
      one(facts.cpuMs / 1000),
    ),
    gauge(
      "process_resident_memory_bytes",
      "Memory that the daemon has resident",
      one(facts.residentBytes),
    ),
    gauge(
      "process_start_time_seconds",
      "When the daemon was started, since 1970",
      one(startedMs / 1000),
    ),
  ];
}

function directionSamples(
  labels: Labels,
  bytesIn: number,
  bytesOut: number,
): Sample[] {
  return [
    { labels: { ...labels, direction: "in" }, value: bytesIn },
    { labels: { ...labels, direction: "out" }, value: bytesOut },
  ];
}

function wordOf(text: string): string {
  return text.toLowerCase().replaceAll(" ", "_");
}
