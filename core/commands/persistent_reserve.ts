/**
 * PERSISTENT RESERVE IN and OUT (SPC-5 6.16, 6.17).
 *
 * @module
 */

import { reply, withParameters } from "../data_transfer.ts";
import { FOR } from "../device_type.ts";
import type { InitiatorPort } from "../initiator_port.ts";
import type { LogicalUnit } from "../logical_unit.ts";
import {
  checkScopeAndType,
  type PersistentReservations,
  type ReserveOutcome,
  type ReserveOutRequest,
} from "../persistent_reservations.ts";
import type { MaybePromise } from "../ports/block_store.ts";
import {
  type Completion,
  invalidFieldInCdb,
  invalidFieldInParameterList,
  STATUS,
} from "../sense.ts";
import { SERIALIZATION } from "../serialization.ts";
import type { ScsiTask } from "../task.ts";
import { abortTasksOf } from "../task_functions.ts";
import { type CommandDefinition, FLAG, PATTERN } from "./command_row.ts";

const OPCODE_IN = 0x5e;
const OPCODE_OUT = 0x5f;

const ACTION = { REGISTER: 0, RESERVE: 1, RELEASE: 2, ABORT: 5, IGNORE: 6 };

/** PARAMETER LIST LENGTH that PERSISTENT RESERVE OUT must have. */
const PARAMETER_LIST_LENGTH = 24;

const ROW = {
  deviceTypes: FOR.ALL,
  flags: FLAG.RESERVED | FLAG.NO_MEDIUM | FLAG.STANDBY | FLAG.PERSISTENT,
  pattern: PATTERN.NONE,
} as const;

type Action = (
  persistent: PersistentReservations,
  request: ReserveOutRequest,
  unit: LogicalUnit,
) => ReserveOutcome;

/** The persistent reservation commands. */
export const PERSISTENT_RESERVE_COMMANDS: readonly CommandDefinition[] = [
  reserveIn("READ KEYS", 0x00, SERIALIZATION.RESERVE, readKeys),
  reserveIn("READ RESERVATION", 0x01, SERIALIZATION.RESERVE, readReservation),
  reserveIn("REPORT CAPABILITIES", 0x02, SERIALIZATION.INQUIRY, capabilities),
  reserveIn("READ FULL STATUS", 0x03, SERIALIZATION.INQUIRY, readFullStatus),
  reserveOut(
    "REGISTER",
    0x00,
    (persistent, request) => persistent.register(request, false),
  ),
  reserveOut(
    "RESERVE",
    0x01,
    (persistent, request) => persistent.reserve(request),
  ),
  reserveOut("RELEASE", 0x02, (persistent, request, unit) =>
    persistent.release(
      request,
      !unit.modePages.settings.noAttentionOnRelease,
    )),
  reserveOut("CLEAR", 0x03, (persistent, request) => persistent.clear(request)),
  reserveOut(
    "PREEMPT",
    0x04,
    (persistent, request) => persistent.preempt(request),
  ),
  reserveOut(
    "PREEMPT AND ABORT",
    0x05,
    (persistent, request) => persistent.preempt(request),
  ),
  reserveOut(
    "REGISTER AND IGNORE EXISTING KEY",
    0x06,
    (persistent, request) => persistent.register(request, true),
  ),
];

// PREEMPT AND ABORT must not wait for the tasks that it is to abort: an
// initiator that hangs may never end them. It waits for reservations alone.
function serializationOf(
  serviceAction: number,
): CommandDefinition["serialization"] {
  return serviceAction === ACTION.ABORT
    ? SERIALIZATION.READ_CAPACITY
    : SERIALIZATION.RESERVE;
}

function reserveIn(
  name: string,
  serviceAction: number,
  serialization: CommandDefinition["serialization"],
  execute: CommandDefinition["execute"],
): CommandDefinition {
  const code = serviceAction.toString(16).padStart(2, "0");
  return {
    ...ROW,
    name: `PERSISTENT RESERVE IN: ${name}`,
    opcode: OPCODE_IN,
    serviceAction,
    usage: `${code} 0000000000 ffff 07`,
    serialization,
    direction: "in",
    execute,
  };
}

function reserveOut(
  name: string,
  serviceAction: number,
  action: Action,
): CommandDefinition {
  const code = serviceAction.toString(16).padStart(2, "0");
  return {
    ...ROW,
    name: `PERSISTENT RESERVE OUT: ${name}`,
    opcode: OPCODE_OUT,
    serviceAction,
    usage: `${code} ff 0000 ffffffff 07`,
    serialization: serializationOf(serviceAction),
    direction: "out",
    execute: (task, unit) =>
      persistentReserveOut(task, unit, serviceAction, action),
  };
}

function persistentReserveOut(
  task: ScsiTask,
  unit: LogicalUnit,
  serviceAction: number,
  action: Action,
): MaybePromise<Completion> {
  const { cdb } = task;
  const scope = cdb.getUint8(2) >> 4;
  const type = cdb.getUint8(2) & 0x0f;
  const reserving = serviceAction === ACTION.RESERVE ||
    serviceAction === ACTION.RELEASE;
  const wrong = reserving ? checkScopeAndType(scope, type) : null;
  if (wrong !== null) return wrong;
  if (cdb.getUint32(5) !== PARAMETER_LIST_LENGTH) return invalidFieldInCdb(5);
  return withParameters(task, PARAMETER_LIST_LENGTH, (list) => {
    const registers = serviceAction === ACTION.REGISTER ||
      serviceAction === ACTION.IGNORE;
    const refused = registers ? checkRegisterFlags(list) : null;
    if (refused !== null) return refused;
    const outcome = action(unit.reservations.persistent, {
      initiator: task.nexus.initiator,
      key: list.getBigUint64(0),
      actionKey: list.getBigUint64(8),
      scope,
      type,
    }, unit);
    return carryOut(task, unit, outcome, serviceAction === ACTION.ABORT);
  });
}

// APTPL, ALL_TG_PT, SPEC_I_PT: not offered, as REPORT CAPABILITIES says.
function checkRegisterFlags(list: DataView): Completion | null {
  const flags = list.getUint8(20);
  for (const bit of [3, 2, 0]) {
    if ((flags >> bit & 1) !== 0) return invalidFieldInParameterList(20, bit);
  }
  return null;
}

function carryOut(
  task: ScsiTask,
  unit: LogicalUnit,
  outcome: ReserveOutcome,
  abort: boolean,
): MaybePromise<Completion> {
  for (const { initiator, condition } of outcome.attentions) {
    for (const itl of unit.itls) {
      if (itl.nexus.initiator === initiator) itl.pending |= condition;
    }
  }
  if (!abort || outcome.completion !== STATUS.GOOD) return outcome.completion;
  return abortTasks(task, unit, new Set(outcome.removed));
}

// PREEMPT AND ABORT ends when the tasks of those it removed have ended.
async function abortTasks(
  task: ScsiTask,
  unit: LogicalUnit,
  removed: ReadonlySet<InitiatorPort>,
): Promise<Completion> {
  const victims = abortTasksOf(
    unit,
    (each) => each !== task && removed.has(each.nexus.initiator),
  );
  await task.nexus.abortTasks(victims);
  return STATUS.GOOD;
}

function readKeys(
  task: ScsiTask,
  unit: LogicalUnit,
): MaybePromise<Completion> {
  const { persistent } = unit.reservations;
  const keys = [...persistent.registrants.values()];
  return replyIn(
    task,
    persistent,
    8 * keys.length,
    (body) => keys.forEach((key, index) => body.setBigUint64(8 * index, key)),
  );
}

function readReservation(
  task: ScsiTask,
  unit: LogicalUnit,
): MaybePromise<Completion> {
  const { persistent } = unit.reservations;
  const length = persistent.type === 0 ? 0 : 16;
  return replyIn(task, persistent, length, (body) => {
    if (length === 0) return;
    body.setBigUint64(0, persistent.holderKey);
    body.setUint8(13, persistent.type);
  });
}

function capabilities(task: ScsiTask): MaybePromise<Completion> {
  return reply(task, 8, task.cdb.getUint16(7), (view) => {
    view.setUint16(0, 8);
    // CRH; TMV with ALLOW COMMANDS 101b; all six types.
    view.setUint8(2, 0x10);
    view.setUint8(3, 0xd0);
    view.setUint16(4, 0xea01);
  });
}

const STATUS_DESCRIPTOR = 24;

function readFullStatus(
  task: ScsiTask,
  unit: LogicalUnit,
): MaybePromise<Completion> {
  const { persistent } = unit.reservations;
  const rows = [...persistent.registrants];
  const length = rows.reduce(
    (sum, [{ transportId }]) => sum + STATUS_DESCRIPTOR + transportId.length,
    0,
  );
  return replyIn(task, persistent, length, (body) => {
    let at = 0;
    for (const [initiator, key] of rows) {
      at += writeFullStatus(body, at, initiator, key, persistent);
    }
  });
}

function writeFullStatus(
  body: DataView,
  at: number,
  initiator: InitiatorPort,
  key: bigint,
  persistent: PersistentReservations,
): number {
  const holds = persistent.isHolder(initiator);
  body.setBigUint64(at, key);
  body.setUint8(at + 12, holds ? 0x01 : 0);
  body.setUint8(at + 13, holds ? persistent.type : 0);
  body.setUint16(at + 18, initiator.relativeTargetPort);
  body.setUint32(at + 20, initiator.transportId.length);
  initiator.transportId.forEach((byte, index) =>
    body.setUint8(at + STATUS_DESCRIPTOR + index, byte)
  );
  return STATUS_DESCRIPTOR + initiator.transportId.length;
}

// All but REPORT CAPABILITIES begin with PRGENERATION and a length.
function replyIn(
  task: ScsiTask,
  persistent: PersistentReservations,
  length: number,
  write: (body: DataView) => void,
): MaybePromise<Completion> {
  return reply(task, 8 + length, task.cdb.getUint16(7), (view) => {
    view.setUint32(0, persistent.generation);
    view.setUint32(4, length);
    write(new DataView(view.buffer, view.byteOffset + 8, length));
  });
}
