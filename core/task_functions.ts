/**
 * What the task management functions do (SAM-5 clause 7, 6.3).
 *
 * A function is answered only when the last task it aborted has ended: from
 * then on no data of theirs can reach a store or an initiator.
 *
 * @module
 */

import type { Dispatcher, Victim } from "./dispatcher.ts";
import type { LogicalUnit } from "./logical_unit.ts";
import type { ItlNexus, Nexus } from "./nexus.ts";
import { QUEUE_ERROR } from "./control_page.ts";
import { SHARED } from "./ports/coordinator.ts";
import { type Sense, tellsOverlap } from "./sense.ts";
import { ABORT, type ScsiTask } from "./task.ts";
import {
  TASK_MANAGEMENT,
  type TaskManagementFunction,
  type TaskManagementRequest,
  type TaskManagementResponse,
} from "./task_management.ts";
import { WAIT } from "./tracing/trace_events.ts";
import { firstCondition } from "./unit_attention.ts";
import { UNIT_ATTENTION } from "./unit_attention.ts";
import { manageWellKnown } from "./well_known_unit.ts";
import { LUN_REPORT_LUNS } from "./wire/lun_address.ts";

interface Call {
  readonly dispatcher: Dispatcher;
  readonly nexus: Nexus;
  readonly request: TaskManagementRequest;
  /** LUN number in the target; -1: the function is not for one unit. */
  readonly lun: number;
  readonly answer: (response: TaskManagementResponse) => void;
}

type UnitFunction = (call: Call, unit: LogicalUnit, itl: ItlNexus) => void;
type NexusFunction = (call: Call) => void;

const UNIT_FUNCTIONS: Readonly<
  Partial<Record<TaskManagementFunction, UnitFunction>>
> = {
  [TASK_MANAGEMENT.ABORT_TASK]: abortTask,
  [TASK_MANAGEMENT.ABORT_TASK_SET]: abortTaskSet,
  [TASK_MANAGEMENT.CLEAR_TASK_SET]: clearTaskSet,
  [TASK_MANAGEMENT.LOGICAL_UNIT_RESET]: resetUnit,
  [TASK_MANAGEMENT.QUERY_TASK]: queryTask,
  [TASK_MANAGEMENT.QUERY_TASK_SET]: queryTaskSet,
  [TASK_MANAGEMENT.QUERY_ASYNCHRONOUS_EVENT]: queryAsynchronousEvent,
};

const NEXUS_FUNCTIONS: Readonly<
  Partial<Record<TaskManagementFunction, NexusFunction>>
> = {
  [TASK_MANAGEMENT.TARGET_RESET]: (call) =>
    resetTarget(call, UNIT_ATTENTION.TARGET_RESET),
  [TASK_MANAGEMENT.BUS_RESET]: (call) =>
    resetTarget(call, UNIT_ATTENTION.BUS_RESET),
  [TASK_MANAGEMENT.I_T_NEXUS_RESET]: resetNexus,
};

/** Executes a function and answers it, now or when its victims have ended. */
export function executeFunction(
  dispatcher: Dispatcher,
  nexus: Nexus,
  request: TaskManagementRequest,
): void {
  const answer = (response: TaskManagementResponse) => {
    dispatcher.answerFunction(nexus, request, response);
  };
  const call = { dispatcher, nexus, request, answer, lun: -1 };
  const ofNexus = NEXUS_FUNCTIONS[request.function];
  if (ofNexus !== undefined) return ofNexus(call);
  const ofUnit = UNIT_FUNCTIONS[request.function];
  if (ofUnit === undefined) return answer("FUNCTION NOT SUPPORTED");
  if (request.visibleLun === LUN_REPORT_LUNS) {
    return manageWellKnown(dispatcher, nexus, request);
  }
  const itl = nexus.itl(request.visibleLun);
  if (itl === null) return answer("INCORRECT LOGICAL UNIT NUMBER");
  const { unit } = itl;
  const ofLun = { ...call, lun: unit.number };
  const elsewhere = unit.coordinator.manage(nexus, request, unit);
  if (elsewhere === null) return ofUnit(ofLun, unit, itl);
  // What it does to the unit is done where that is served; those of its tasks
  // that are here end here.
  const victims = victimsOf(unit, (task) => howFor(task, nexus, unit));
  abortAndAnswer(ofLun, victims, [elsewhere]);
}

/** Ends the tasks of a lost nexus and drops what it holds (SAM-5 6.3.4). */
export function loseNexus(
  dispatcher: Dispatcher,
  nexus: Nexus,
): Promise<void> {
  const victims = abandon(dispatcher, nexus);
  return new Promise((resolve) => dispatcher.abort(victims, resolve));
}

/** Ends the tasks of a nexus silently, and leaves what it holds. */
export function endTasksOf(
  dispatcher: Dispatcher,
  nexus: Nexus,
): Promise<void> {
  const victims = ownTasks(dispatcher, nexus);
  return new Promise((resolve) => dispatcher.abort(victims, resolve));
}

/**
 * Tasks to be aborted for another nexus' sake, told as the control mode page
 * says: by TASK ABORTED (TAS 1), or by a unit attention (SAM-5 5.6).
 */
export function abortTasksOf(
  unit: LogicalUnit,
  belongs: (task: ScsiTask) => boolean,
): Victim[] {
  const victims = victimsOf(
    unit,
    (task) => belongs(task) ? howForOthers(unit) : ABORT.NONE,
  );
  tellCleared(victims);
  return victims;
}

/**
 * The tasks that an error takes with it: after an overlap those of its nexus
 * (SAM-5 5.10), otherwise those that QERR names (SPC-5 7.5.10).
 */
export function victimsOfError(
  failed: ScsiTask,
  unit: LogicalUnit,
  sense: Sense,
): Victim[] {
  const { queueError, separateTaskSets } = unit.modePages.settings;
  const overlap = tellsOverlap(sense);
  if (queueError === QUEUE_ERROR.GO_ON && !overlap) return [];
  const all = queueError === QUEUE_ERROR.ABORT_ALL && !separateTaskSets;
  const { nexus } = failed;
  const victims = victimsOf(unit, (task) => {
    if (task === failed) return ABORT.NONE;
    return all ? howFor(task, nexus, unit) : silentIfOwn(task, nexus);
  });
  tellCleared(victims.filter(({ task }) => task.nexus !== nexus));
  return victims;
}

function abortTask(call: Call, unit: LogicalUnit): void {
  const { nexus, request } = call;
  abortAndAnswer(
    call,
    victimsOf(
      unit,
      (task) =>
        task.nexus === nexus && task.tag === request.tag
          ? ABORT.SILENT
          : ABORT.NONE,
    ),
  );
}

function abortTaskSet(call: Call, unit: LogicalUnit): void {
  abortAndAnswer(
    call,
    victimsOf(unit, (task) => silentIfOwn(task, call.nexus)),
  );
}

// A task set of one nexus holds its own tasks alone (TST 001b).
function clearTaskSet(call: Call, unit: LogicalUnit): void {
  const { nexus } = call;
  if (unit.modePages.settings.separateTaskSets) return abortTaskSet(call, unit);
  const victims = victimsOf(unit, (task) => howFor(task, nexus, unit));
  tellCleared(victims.filter(({ task }) => task.nexus !== nexus));
  abortAndAnswer(call, victims);
}

function resetUnit(call: Call, unit: LogicalUnit): void {
  const victims = reset(unit, call, UNIT_ATTENTION.UNIT_RESET);
  abortAndAnswer(call, victims, [...cutOff([unit]), ...settling([unit])]);
}

function resetTarget(call: Call, condition: number): void {
  const { port } = call.nexus;
  const units = new Set(
    port.visibleLuns().map((lun) => port.unitAt(lun)),
  );
  const victims: Victim[] = [];
  for (const nexus of port.nexuses) {
    nexus.wellKnownPending |= condition;
  }
  const known = [...units].filter((unit) => unit !== null);
  for (const unit of known) {
    victims.push(...reset(unit, call, condition));
  }
  const operations = [
    ...cutOff(known),
    ...settling(known),
    ...elsewhere(call),
  ];
  abortAndAnswer(call, victims, operations);
}

// What of a function is the business of the other node.
function elsewhere({ nexus, request }: Call): Promise<void>[] {
  const done = nexus.port.coordinator.manage(nexus, request, null);
  return done === null ? [] : [done];
}

// The other node is to know what has changed before the function is answered.
function settling(units: readonly LogicalUnit[]): Promise<unknown>[] {
  return units.map((unit) => unit.coordinator.settled(unit))
    .filter((settled) => settled !== null);
}

function resetNexus(call: Call): void {
  const victims = abandon(call.dispatcher, call.nexus);
  call.nexus.wellKnownPending |= UNIT_ATTENTION.NEXUS_LOSS;
  for (const itl of call.nexus.itls) {
    itl.owe(UNIT_ATTENTION.NEXUS_LOSS);
  }
  const units = [...call.nexus.port.allUnits()];
  abortAndAnswer(call, victims, [...settling(units), ...elsewhere(call)]);
}

function queryTask(call: Call, unit: LogicalUnit): void {
  const { nexus, request } = call;
  answerQuery(
    call,
    unit,
    (task) => task.nexus === nexus && task.tag === request.tag,
  );
}

function queryTaskSet(call: Call, unit: LogicalUnit): void {
  answerQuery(call, unit, (task) => task.nexus === call.nexus);
}

function queryAsynchronousEvent(
  call: Call,
  unit: LogicalUnit,
  { pending }: ItlNexus,
): void {
  if (pending === 0) return call.answer("FUNCTION COMPLETE");
  const first = firstCondition(pending);
  const { key, asc, ascq } = unit.attentionSense(first);
  const many = pending === first ? 0x10 : 0x20;
  call.request.additionalResponse = (key | many) << 16 | asc << 8 | ascq;
  call.answer("FUNCTION SUCCEEDED");
}

function answerQuery(
  call: Call,
  unit: LogicalUnit,
  wanted: (task: ScsiTask) => boolean,
): void {
  for (const task of tasksOf(unit)) {
    if (!wanted(task) || task.abort !== ABORT.NONE) continue;
    call.request.tasksFound = 1;
    return call.answer("FUNCTION SUCCEEDED");
  }
  call.answer("FUNCTION COMPLETE");
}

function abortAndAnswer(
  call: Call,
  victims: readonly Victim[],
  operations: readonly Promise<unknown>[] = [],
): void {
  const { dispatcher, nexus, request, lun } = call;
  request.tasksFound = victims.length;
  const wait = dispatcher.tracing.acquire(WAIT.TASK_MANAGEMENT, nexus, lun);
  const done = () => {
    wait?.release();
    call.answer("FUNCTION COMPLETE");
  };
  dispatcher.abort(victims, () => {
    if (operations.length === 0) return done();
    Promise.all(operations).then(done);
  });
}

// Resets cut off what runs without a task, where the standard has it so.
function cutOff(units: readonly LogicalUnit[]): Promise<void>[] {
  return units.map((unit) => unit.operation?.reset() ?? null)
    .filter((stopped) => stopped !== null);
}

// A logical unit reset condition (SAM-5 6.3.3), by whatever brought it.
function reset(
  unit: LogicalUnit,
  { nexus, dispatcher }: Call,
  condition: number,
): Victim[] {
  // TAS as it is, not as it will be once saved pages are in force.
  const victims = victimsOf(unit, (task) => howFor(task, nexus, unit));
  // Another node serves it, and does the rest.
  if (unit.away) return victims;
  unit.reservations.holder = null;
  for (const itl of unit.itls) {
    itl.preventsRemoval = false;
    itl.storedSense = null;
  }
  unit.modePages.restoreSaved();
  unit.changed(SHARED.RESERVE | SHARED.PREVENT | SHARED.MODE_PAGES);
  unit.selfTests.interrupt();
  unit.raise(condition);
  dispatcher.observers.unitReset(unit);
  return victims;
}

// All that a nexus has under way ends, and what it holds is dropped.
function abandon(dispatcher: Dispatcher, nexus: Nexus): Victim[] {
  const victims = ownTasks(dispatcher, nexus);
  for (const unit of nexus.port.allUnits()) dropHoldings(nexus, unit);
  dispatcher.observers.nexusLost(nexus);
  return victims;
}

function ownTasks(dispatcher: Dispatcher, nexus: Nexus): Victim[] {
  const victims: Victim[] = dispatcher.tasksWithoutUnit
    .filter((task) => task.nexus === nexus)
    .map((task) => ({ task, how: ABORT.SILENT }));
  // It may have tasks on units that it no longer sees.
  for (const unit of nexus.port.allUnits()) {
    victims.push(...victimsOf(unit, (task) => silentIfOwn(task, nexus)));
  }
  return victims;
}

function dropHoldings(nexus: Nexus, unit: LogicalUnit): void {
  unit.dropHolder(nexus);
  for (const itl of unit.itls) {
    if (itl.nexus !== nexus) continue;
    unit.setPreventsRemoval(itl, false);
    itl.storedSense = null;
  }
}

function silentIfOwn(task: ScsiTask, nexus: Nexus): number {
  return task.nexus === nexus ? ABORT.SILENT : ABORT.NONE;
}

// The nexus that asked knows.
function howFor(task: ScsiTask, nexus: Nexus, unit: LogicalUnit): number {
  return task.nexus === nexus ? ABORT.SILENT : howForOthers(unit);
}

// TAS: with status, or without.
function howForOthers(unit: LogicalUnit): number {
  return unit.modePages.settings.taskAbortedStatus
    ? ABORT.WITH_STATUS
    : ABORT.SILENT;
}

// COMMANDS CLEARED BY ANOTHER INITIATOR, for those who see no status.
function tellCleared(victims: readonly Victim[]): void {
  for (const { task, how } of victims) {
    if (how !== ABORT.SILENT || task.abort !== ABORT.NONE) continue;
    task.itl?.unit
      .tell(task.nexus.initiator, UNIT_ATTENTION.COMMANDS_CLEARED);
  }
}

function victimsOf(
  unit: LogicalUnit,
  howOf: (task: ScsiTask) => number,
): Victim[] {
  const victims: Victim[] = [];
  for (const task of tasksOf(unit)) {
    const how = howOf(task);
    if (how !== ABORT.NONE) victims.push({ task, how });
  }
  return victims;
}

function* tasksOf(unit: LogicalUnit): Iterable<ScsiTask> {
  for (let task = unit.taskSet.oldest; task !== null; task = task.newer) {
    yield task;
  }
}
