/**
 * PERSISTENT RESERVE OUT (SPC-5 6.17).
 *
 * @module
 */

import { PARAMETER_LIST_LENGTH_MAX, withParameters } from "../data_transfer.ts";
import { changeDurably } from "../kept_reservations.ts";
import { nexusName } from "../initiator_port.ts";
import type { LogicalUnit } from "../logical_unit.ts";
import {
  checkScopeAndType,
  type PersistentReservations,
  type ReserveOutcome,
  type ReserveOutRequest,
} from "../persistent_reservations.ts";
import type { MaybePromise } from "../ports/block_store.ts";
import { SHARED } from "../ports/coordinator.ts";
import {
  type Completion,
  invalidFieldInParameterList,
  PARAMETER_LIST_LENGTH_ERROR,
  type Sense,
  STATUS,
} from "../sense.ts";
import { SERIALIZATION } from "../serialization.ts";
import type { ScsiTask } from "../task.ts";
import { abortTasksOf } from "../task_functions.ts";
import { WAIT } from "../tracing/trace_events.ts";
import type { CommandDefinition } from "./command_row.ts";
import { PERSISTENT_RESERVE_ROW } from "./persistent_reserve_row.ts";
import {
  BASIC_LIST_LENGTH,
  destinationNexus,
  otherPorts,
  specifiedNexuses,
} from "./reserve_parameters.ts";

const OPCODE = 0x5f;

const ACTION = {
  REGISTER: 0,
  RESERVE: 1,
  RELEASE: 2,
  CLEAR: 3,
  PREEMPT: 4,
  PREEMPT_AND_ABORT: 5,
  REGISTER_AND_IGNORE: 6,
  REGISTER_AND_MOVE: 7,
} as const;

type ActionCode = typeof ACTION[keyof typeof ACTION];

/** Flags of byte 20, and of byte 17 in REGISTER AND MOVE. */
const LIST_FLAG = {
  SPEC_I_PT: 0x08,
  ALL_TG_PT: 0x04,
  UNREG: 0x02,
  APTPL: 0x01,
} as const;

/** A PERSISTENT RESERVE OUT that has its parameter list. */
interface Call {
  readonly task: ScsiTask;
  readonly unit: LogicalUnit;
  readonly list: DataView;
  readonly request: ReserveOutRequest;
}

/** Does what a service action asks for, or says what is wrong with it. */
type Action = (
  persistent: PersistentReservations,
  call: Call,
) => ReserveOutcome | Sense;

const ACTIONS: Readonly<Record<ActionCode, readonly [string, Action]>> = {
  [ACTION.REGISTER]: ["REGISTER", register],
  [ACTION.RESERVE]: [
    "RESERVE",
    (persistent, { request }) => persistent.reserve(request),
  ],
  [ACTION.RELEASE]: [
    "RELEASE",
    (persistent, { request, unit }) =>
      persistent.release(
        request,
        !unit.modePages.settings.noAttentionOnRelease,
      ),
  ],
  [ACTION.CLEAR]: [
    "CLEAR",
    (persistent, { request }) => persistent.clear(request),
  ],
  [ACTION.PREEMPT]: [
    "PREEMPT",
    (persistent, { request }) => persistent.preempt(request),
  ],
  [ACTION.PREEMPT_AND_ABORT]: [
    "PREEMPT AND ABORT",
    (persistent, { request }) => persistent.preempt(request),
  ],
  [ACTION.REGISTER_AND_IGNORE]: [
    "REGISTER AND IGNORE EXISTING KEY",
    registerAndIgnore,
  ],
  [ACTION.REGISTER_AND_MOVE]: ["REGISTER AND MOVE", registerAndMove],
};

/** The service actions of PERSISTENT RESERVE OUT. */
export const PERSISTENT_RESERVE_OUT_COMMANDS: readonly CommandDefinition[] =
  Object.values(ACTION).map(reserveOut);

function reserveOut(serviceAction: ActionCode): CommandDefinition {
  const code = serviceAction.toString(16).padStart(2, "0");
  const [name, action] = ACTIONS[serviceAction];
  return {
    ...PERSISTENT_RESERVE_ROW,
    name: `PERSISTENT RESERVE OUT: ${name}`,
    opcode: OPCODE,
    serviceAction,
    usage: `${code} ff 0000 ffffffff 07`,
    serialization: serializationOf(serviceAction),
    direction: "out",
    execute: (task, unit) =>
      persistentReserveOut(task, unit, serviceAction, action),
  };
}

// PREEMPT AND ABORT must not wait for the tasks that it is to abort: an
// initiator that hangs may never end them. It waits for reservations alone.
function serializationOf(
  serviceAction: ActionCode,
): CommandDefinition["serialization"] {
  return serviceAction === ACTION.PREEMPT_AND_ABORT
    ? SERIALIZATION.READ_CAPACITY
    : SERIALIZATION.RESERVE;
}

function persistentReserveOut(
  task: ScsiTask,
  unit: LogicalUnit,
  serviceAction: ActionCode,
  action: Action,
): MaybePromise<Completion> {
  // The two kinds of reservation exclude each other (SPC-2 5.5.1).
  if (unit.reservations.holder !== null) return STATUS.RESERVATION_CONFLICT;
  const { cdb } = task;
  const scope = cdb.getUint8(2) >> 4;
  const type = cdb.getUint8(2) & 0x0f;
  const length = cdb.getUint32(5);
  const reserving = serviceAction === ACTION.RESERVE ||
    serviceAction === ACTION.RELEASE;
  const wrong = (reserving ? checkScopeAndType(scope, type) : null) ??
    checkLength(serviceAction, length);
  if (wrong !== null) return wrong;
  return withParameters(task, length, (list) => {
    const refused = checkList(serviceAction, list);
    if (refused !== null) return refused;
    const request = {
      initiator: task.nexus.initiator,
      key: list.getBigUint64(0),
      actionKey: list.getBigUint64(8),
      scope,
      type,
    };
    return execute({ task, unit, list, request }, serviceAction, action);
  });
}

function execute(
  call: Call,
  serviceAction: ActionCode,
  action: Action,
): MaybePromise<Completion> {
  const { task, unit } = call;
  const { persistent } = unit.reservations;
  const ports = task.nexus.port.siblings();
  const { generation, type } = persistent;
  const outcome = changeDurably(persistent, unit.state, ports, () => {
    const done = action(persistent, call);
    return "asc" in done
      ? { completion: done, attentions: [], removed: [] }
      : done;
  });
  if (persistent.generation !== generation || persistent.type !== type) {
    unit.changed(SHARED.PERSISTENT);
  }
  return carryOut(
    task,
    unit,
    outcome,
    serviceAction === ACTION.PREEMPT_AND_ABORT,
  );
}

// SPC-5 6.17.3: 24 bytes, and more only where TransportIDs follow.
function checkLength(serviceAction: ActionCode, length: number): Sense | null {
  const mayBeLonger = serviceAction === ACTION.REGISTER ||
    serviceAction === ACTION.REGISTER_AND_MOVE;
  const longest = mayBeLonger ? PARAMETER_LIST_LENGTH_MAX : BASIC_LIST_LENGTH;
  return length < BASIC_LIST_LENGTH || length > longest
    ? PARAMETER_LIST_LENGTH_ERROR
    : null;
}

// SPEC_I_PT is for REGISTER alone (SPC-5 6.17.3).
function checkList(serviceAction: ActionCode, list: DataView): Sense | null {
  if (serviceAction === ACTION.REGISTER_AND_MOVE) return null;
  const specifies = hasFlag(list, LIST_FLAG.SPEC_I_PT);
  if (serviceAction !== ACTION.REGISTER) {
    return specifies ? invalidFieldInParameterList(20, 3) : null;
  }
  return !specifies && list.byteLength !== BASIC_LIST_LENGTH
    ? PARAMETER_LIST_LENGTH_ERROR
    : null;
}

function hasFlag(list: DataView, flag: number): boolean {
  return (list.getUint8(20) & flag) !== 0;
}

function register(
  persistent: PersistentReservations,
  call: Call,
): ReserveOutcome | Sense {
  const { task, list } = call;
  const scope = scopeOfRegistration(call);
  const ports = [task.nexus.port, ...scope.ports];
  const specified = hasFlag(list, LIST_FLAG.SPEC_I_PT)
    ? specifiedNexuses(list, ports)
    : undefined;
  if (specified !== undefined && !Array.isArray(specified)) return specified;
  return persistent.register({ ...scope.request, specified }, false);
}

function registerAndIgnore(
  persistent: PersistentReservations,
  call: Call,
): ReserveOutcome {
  return persistent.register(scopeOfRegistration(call).request, true);
}

// APTPL and ALL_TG_PT of both kinds of registration.
function scopeOfRegistration({ task, unit, list, request }: Call) {
  const { port, initiator } = task.nexus;
  const ports = hasFlag(list, LIST_FLAG.ALL_TG_PT)
    ? otherPorts(port, unit)
    : [];
  const elsewhere = ports
    .map(({ number }) => nexusName(number, initiator.transportId));
  const persist = hasFlag(list, LIST_FLAG.APTPL);
  return { ports, request: { ...request, persist, elsewhere } };
}

function registerAndMove(
  persistent: PersistentReservations,
  { task, unit, list, request }: Call,
): ReserveOutcome | Sense {
  const destination = destinationNexus(list, task.nexus.port, unit);
  if ("asc" in destination) return destination;
  const flags = list.getUint8(17);
  return persistent.move({
    ...request,
    destination,
    persist: (flags & LIST_FLAG.APTPL) !== 0,
    unregister: (flags & LIST_FLAG.UNREG) !== 0,
  });
}

function carryOut(
  task: ScsiTask,
  unit: LogicalUnit,
  outcome: ReserveOutcome,
  abort: boolean,
): MaybePromise<Completion> {
  for (const { initiator, condition } of outcome.attentions) {
    unit.tell(initiator, condition);
  }
  if (!abort || outcome.completion !== STATUS.GOOD) return outcome.completion;
  const removed = outcome.removed.map(({ nexusId }) => nexusId);
  return abortTasks(task, unit, new Set(removed));
}

// PREEMPT AND ABORT ends when the tasks of those it removed have ended; they
// keep no medium in its place any longer (SPC-5 5.14.11.6).
async function abortTasks(
  task: ScsiTask,
  unit: LogicalUnit,
  removed: ReadonlySet<string>,
): Promise<Completion> {
  for (const itl of unit.itls) {
    if (!removed.has(itl.nexus.initiator.nexusId)) continue;
    unit.setPreventsRemoval(itl, false);
  }
  const victims = abortTasksOf(
    unit,
    (each) => each !== task && removed.has(each.nexus.initiator.nexusId),
  );
  const ended = task.nexus.abortTasks(victims);
  await (task.trace?.during(WAIT.ABORTED_TASKS, ended) ?? ended);
  return STATUS.GOOD;
}
