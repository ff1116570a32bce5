/**
 * Commands by which initiators find out what there is: REPORT LUNS, REQUEST
 * SENSE, REPORT TARGET PORT GROUPS (SPC-5 6.32, 6.38, 6.36).
 *
 * @module
 */

import { reply } from "../data_transfer.ts";
import { FOR } from "../device_type.ts";
import { clearLunsChanged, takeAttention } from "../judgement.ts";
import type { LogicalUnit } from "../logical_unit.ts";
import type { ItlNexus } from "../nexus.ts";
import type { MaybePromise } from "../ports/block_store.ts";
import type { TargetPortGroup } from "../ports/coordinator.ts";
import {
  type Completion,
  invalidFieldInCdb,
  LOGICAL_UNIT_NOT_SUPPORTED,
  NO_ADDITIONAL_SENSE,
  type Sense,
} from "../sense.ts";
import { SERIALIZATION } from "../serialization.ts";
import type { ScsiTask } from "../task.ts";
import { firstCondition } from "../unit_attention.ts";
import { takeWellKnownAttention } from "../well_known_unit.ts";
import {
  encodeLun,
  LUN_FIELD_LENGTH,
  LUN_REPORT_LUNS,
} from "../wire/lun_address.ts";
import { encodeSense, SENSE_LENGTH_MAX } from "../wire/sense_data.ts";
import { type CommandDefinition, FLAG, PATTERN } from "./command_row.ts";
import { portsOf } from "./vpd_designators.ts";

const ANYTIME = FLAG.RESERVED | FLAG.AHEAD_OF_ATTENTION | FLAG.NO_MEDIUM |
  FLAG.STANDBY | FLAG.UNAVAILABLE | FLAG.PERSISTENT | FLAG.RUN_HERE;

/** The commands of discovery. */
export const DISCOVERY_COMMANDS: readonly CommandDefinition[] = [
  {
    name: "REQUEST SENSE",
    opcode: 0x03,
    deviceTypes: FOR.ALL,
    usage: "01 00 00 ff 07",
    serialization: SERIALIZATION.REQUEST_SENSE,
    direction: "in",
    flags: ANYTIME,
    pattern: PATTERN.NONE,
    execute: (task) => requestSense(task, pendingSense(task.itl)),
    executeWithoutUnit: (task) =>
      requestSense(task, LOGICAL_UNIT_NOT_SUPPORTED),
    executeOnWellKnown: (task) =>
      requestSense(
        task,
        takeWellKnownAttention(task.nexus) ?? NO_ADDITIONAL_SENSE,
      ),
  },
  {
    name: "REPORT LUNS",
    opcode: 0xa0,
    deviceTypes: FOR.ALL,
    usage: "00 ff 000000 ffffffff 00 07",
    serialization: SERIALIZATION.INQUIRY,
    direction: "in",
    flags: ANYTIME,
    pattern: PATTERN.NONE,
    execute: reportLuns,
    executeWithoutUnit: reportLuns,
    executeOnWellKnown: reportLuns,
  },
  {
    name: "REPORT TARGET PORT GROUPS",
    opcode: 0xa3,
    serviceAction: 0x0a,
    deviceTypes: FOR.ALL,
    usage: "ea 00000000 ffffffff 00 07",
    serialization: SERIALIZATION.INQUIRY,
    direction: "in",
    flags: FLAG.NO_MEDIUM | FLAG.STANDBY | FLAG.UNAVAILABLE | FLAG.PERSISTENT,
    pattern: PATTERN.NONE,
    execute: reportTargetPortGroups,
  },
];

const DESC = 0x01;

// What the last command left, else a unit attention, else an informational
// exception, else nothing.
function pendingSense(itl: ItlNexus | null): Sense {
  if (itl === null) return NO_ADDITIONAL_SENSE;
  const { storedSense, unit } = itl;
  itl.storedSense = null;
  if (unit.coordinator.hides(unit)) return LOGICAL_UNIT_NOT_SUPPORTED;
  if (storedSense !== null) return storedSense;
  if (itl.pending !== 0) {
    unit.attentionsReported += 1;
    return takeAttention(itl, firstCondition(itl.pending));
  }
  const { operation, selfTests, exceptions } = unit;
  return operation?.sense ?? selfTests.inProgress ?? exceptions.onRequest ??
    NO_ADDITIONAL_SENSE;
}

function requestSense(
  task: ScsiTask,
  sense: Sense,
): MaybePromise<Completion> {
  const descriptor = (task.cdb.getUint8(1) & DESC) !== 0;
  const scratch = new DataView(new ArrayBuffer(SENSE_LENGTH_MAX));
  const length = encodeSense(scratch, 0, sense, descriptor);
  return reply(task, length, task.cdb.getUint8(4), (view) => {
    encodeSense(view, 0, sense, descriptor);
  });
}

/** What the values of SELECT REPORT list (SPC-5 6.36). */
interface Selection {
  readonly units: boolean;
  readonly wellKnown: boolean;
}

const SELECTIONS: ReadonlyMap<number, Selection> = new Map([
  [0x00, { units: true, wellKnown: false }],
  [0x01, { units: false, wellKnown: true }],
  [0x02, { units: true, wellKnown: true }],
  // Administrative and conglomerate units, which we do not have; at 11h
  // those, too, that are neither.
  [0x10, { units: false, wellKnown: false }],
  [0x11, { units: true, wellKnown: false }],
  [0x12, { units: false, wellKnown: false }],
]);

function reportLuns(task: ScsiTask): MaybePromise<Completion> {
  const selection = SELECTIONS.get(task.cdb.getUint8(2));
  const allocationLength = task.cdb.getUint32(6);
  if (selection === undefined) return invalidFieldInCdb(2);
  if (allocationLength < 16) return invalidFieldInCdb(6);
  if (task.itl !== null || task.visibleLun === LUN_REPORT_LUNS) {
    clearLunsChanged(task.nexus);
  }
  const luns = [
    ...(selection.units ? task.nexus.port.visibleLuns() : []),
    ...(selection.wellKnown ? [LUN_REPORT_LUNS] : []),
  ];
  const length = 8 + luns.length * LUN_FIELD_LENGTH;
  return reply(task, length, allocationLength, (view) => {
    view.setUint32(0, length - 8);
    luns.forEach((lun, index) =>
      encodeLun(view, 8 + index * LUN_FIELD_LENGTH, lun)
    );
  });
}

/** PARAMETER DATA FORMAT of byte 1. */
const PARAMETER_FORMAT = { LENGTH_ONLY: 0, EXTENDED: 1 } as const;
const STATES_SUPPORTED = 0x8f;
const At = { ACCESS: 0, SUPPORTED: 1, GROUP: 2, STATUS_CODE: 5, PORTS: 7 };
const GROUP_HEADER = 8;
const PORT_LENGTH = 4;
/** A group counts its ports in one byte. */
const PORTS_PER_GROUP_MAX = 255;

function reportTargetPortGroups(
  task: ScsiTask,
  unit: LogicalUnit,
): MaybePromise<Completion> {
  const format = task.cdb.getUint8(1) >> 5;
  if (format > PARAMETER_FORMAT.EXTENDED) return invalidFieldInCdb(1, 7);
  const groups = unit.coordinator.groups(unit, portsOf(unit, task.nexus.port));
  const header = format === PARAMETER_FORMAT.EXTENDED ? 8 : 4;
  const length = groups.reduce((sum, each) => sum + groupLength(each), header);
  return reply(task, length, task.cdb.getUint32(6), (view) => {
    view.setUint32(0, length - 4);
    if (format === PARAMETER_FORMAT.EXTENDED) view.setUint8(4, 0x10);
    groups.reduce((at, each) => at + putGroup(view, at, each), header);
  });
}

function groupLength({ ports }: TargetPortGroup): number {
  const count = Math.min(ports.length, PORTS_PER_GROUP_MAX);
  return GROUP_HEADER + PORT_LENGTH * count;
}

function putGroup(view: DataView, at: number, group: TargetPortGroup): number {
  const ports = group.ports.slice(0, PORTS_PER_GROUP_MAX);
  view.setUint8(at + At.ACCESS, group.access);
  view.setUint8(at + At.SUPPORTED, STATES_SUPPORTED);
  view.setUint16(at + At.GROUP, group.number);
  view.setUint8(at + At.STATUS_CODE, group.statusCode);
  view.setUint8(at + At.PORTS, ports.length);
  ports.forEach((port, index) =>
    view.setUint16(at + GROUP_HEADER + PORT_LENGTH * index + 2, port.number)
  );
  return groupLength(group);
}
