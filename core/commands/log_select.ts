/**
 * LOG SELECT (SPC-5 6.9).
 *
 * @module
 */

import { withParameters } from "../data_transfer.ts";
import { FOR } from "../device_type.ts";
import type { LogicalUnit } from "../logical_unit.ts";
import type { MaybePromise } from "../ports/block_store.ts";
import { SHARED } from "../ports/coordinator.ts";
import {
  type Completion,
  invalidFieldInCdb,
  invalidFieldInParameterList,
  PARAMETER_LIST_LENGTH_ERROR,
  type Sense,
  STATUS,
} from "../sense.ts";
import { SERIALIZATION } from "../serialization.ts";
import type { ScsiTask } from "../task.ts";
import { UNIT_ATTENTION } from "../unit_attention.ts";
import { CLIENT_PARAMETER_LENGTH, CLIENT_PARAMETERS } from "../unit_log.ts";
import { type CommandDefinition, FLAG, PATTERN } from "./command_row.ts";
import { withKeptState } from "./kept_state.ts";
import { CLIENT_PAGE, type LogPage, logPagesOf } from "./log_sense.ts";

/** The LOG SELECT command. */
export const LOG_SELECT_COMMANDS: readonly CommandDefinition[] = [{
  name: "LOG SELECT",
  opcode: 0x4c,
  deviceTypes: FOR.ALL,
  usage: "03 ff ff 000000 ffff 07",
  serialization: SERIALIZATION.MODE_SELECT,
  direction: "out",
  flags: FLAG.NO_MEDIUM | FLAG.STANDBY,
  pattern: PATTERN.NONE,
  execute: logSelect,
}];

const PCR = 0x02;
const SP = 0x01;
const PAGE_CODE = 0x3f;
const SUBPAGE_FORMAT = 0x40;
const ALL_SUBPAGES = 0xff;
const PAGE_HEADER = 4;
const PARAMETER_HEADER = 4;
/** TSD, ETC and TMC: what our parameters have not. */
const CONTROL_REFUSED = 0x3c;

/** A parameter of application clients, and the value it shall get. */
interface ParameterChange {
  readonly code: number;
  readonly bytes: Uint8Array;
}

function logSelect(
  task: ScsiTask,
  unit: LogicalUnit,
): MaybePromise<Completion> {
  const { cdb } = task;
  const listLength = cdb.getUint16(7);
  const reset = (cdb.getUint8(1) & PCR) !== 0;
  if (listLength === 0) return selectPages(task, unit, reset);
  if (reset) return invalidFieldInCdb(1, 1);
  // The pages are named in the list.
  if ((cdb.getUint8(2) & PAGE_CODE) !== 0) return invalidFieldInCdb(2, 5);
  if (cdb.getUint8(3) !== 0) return invalidFieldInCdb(3);
  return withParameters(task, listLength, (list) => {
    const changes = decodeList(list, unit);
    if (!Array.isArray(changes)) return changes;
    return apply(task, unit, () => {
      for (const { code, bytes } of changes) {
        unit.log.setClientParameter(code, bytes);
      }
      return changes.length > 0;
    });
  });
}

// Without a list PCR resets. So would PC, but only values that all our
// parameters, being lists, have not (SPC-5 6.9).
function selectPages(
  task: ScsiTask,
  unit: LogicalUnit,
  reset: boolean,
): MaybePromise<Completion> {
  const code = task.cdb.getUint8(2) & PAGE_CODE;
  const subcode = task.cdb.getUint8(3);
  if (subcode !== 0 && subcode !== ALL_SUBPAGES) return invalidFieldInCdb(3);
  const pages = logPagesOf(unit)
    .filter((page) => code === 0 || page.code === code);
  if (pages.length === 0) return invalidFieldInCdb(2, 5);
  return apply(task, unit, () => reset && resetPages(pages, unit));
}

function resetPages(pages: readonly LogPage[], unit: LogicalUnit): boolean {
  const resettable = pages.filter((page) => page.reset !== undefined);
  for (const page of resettable) page.reset?.(unit);
  return resettable.length > 0;
}

// Log parameters are shared: the other nexuses learn of a change.
function apply(
  task: ScsiTask,
  unit: LogicalUnit,
  change: () => boolean,
): MaybePromise<Completion> {
  return withKeptState(() => {
    if (change()) {
      unit.changed(SHARED.KEPT);
      unit.raise(UNIT_ATTENTION.LOG_PARAMETERS_CHANGED, task.nexus);
    }
    if ((task.cdb.getUint8(1) & SP) !== 0) {
      unit.log.save();
      unit.changed(SHARED.KEPT);
    }
    return STATUS.GOOD;
  });
}

// Nothing is changed before the whole list has been found right.
function decodeList(
  list: DataView,
  unit: LogicalUnit,
): ParameterChange[] | Sense {
  const changes: ParameterChange[] = [];
  let last = -1;
  for (let at = 0; at < list.byteLength;) {
    if (list.byteLength - at < PAGE_HEADER) return PARAMETER_LIST_LENGTH_ERROR;
    const code = list.getUint8(at) & PAGE_CODE;
    const wrong = checkPage(list, at, unit, last);
    if (wrong !== null) return wrong;
    const start = at + PAGE_HEADER;
    const end = start + list.getUint16(at + 2);
    if (list.byteLength < end) return PARAMETER_LIST_LENGTH_ERROR;
    const page = decodeParameters(list, start, end);
    if (!Array.isArray(page)) return page;
    changes.push(...page);
    last = code;
    at = end;
  }
  return changes;
}

// Pages come in the order of their codes, and only one can be changed.
function checkPage(
  list: DataView,
  at: number,
  unit: LogicalUnit,
  last: number,
): Sense | null {
  const first = list.getUint8(at);
  const code = first & PAGE_CODE;
  const known = logPagesOf(unit).some((page) => page.code === code);
  if (!known || code <= last) return invalidFieldInParameterList(at, 5);
  if ((first & SUBPAGE_FORMAT) !== 0) return invalidFieldInParameterList(at, 6);
  if (list.getUint8(at + 1) !== 0) return invalidFieldInParameterList(at + 1);
  const empty = list.getUint16(at + 2) === 0;
  return code === CLIENT_PAGE || empty
    ? null
    : invalidFieldInParameterList(at + PAGE_HEADER);
}

function decodeParameters(
  list: DataView,
  start: number,
  end: number,
): ParameterChange[] | Sense {
  const changes: ParameterChange[] = [];
  const length = PARAMETER_HEADER + CLIENT_PARAMETER_LENGTH;
  let last = -1;
  for (let at = start; at < end; at += length) {
    if (end - at < PARAMETER_HEADER) return PARAMETER_LIST_LENGTH_ERROR;
    const code = list.getUint16(at);
    if (code >= CLIENT_PARAMETERS || code <= last) {
      return invalidFieldInParameterList(at);
    }
    const refused = list.getUint8(at + 2) & CONTROL_REFUSED;
    if (refused !== 0) {
      return invalidFieldInParameterList(at + 2, 31 - Math.clz32(refused));
    }
    if (list.getUint8(at + 3) !== CLIENT_PARAMETER_LENGTH) {
      return invalidFieldInParameterList(at + 3);
    }
    if (end - at < length) return PARAMETER_LIST_LENGTH_ERROR;
    const from = list.byteOffset + at + PARAMETER_HEADER;
    const bytes = new Uint8Array(list.buffer, from, CLIENT_PARAMETER_LENGTH);
    changes.push({ code, bytes: bytes.slice() });
    last = code;
  }
  return changes;
}
