/**
 * MODE SELECT (SPC-5 6.12, 6.13).
 *
 * @module
 */

import { withParameters } from "../data_transfer.ts";
import { FOR } from "../device_type.ts";
import type { LogicalUnit } from "../logical_unit.ts";
import { wrongValue } from "../mode_page_values.ts";
import type { ModePage, PageValues } from "../mode_pages.ts";
import type { MaybePromise } from "../ports/block_store.ts";
import { SHARED } from "../ports/coordinator.ts";
import { keepSavedPages, type SavedPage } from "../saved_pages.ts";
import {
  type Completion,
  INTERNAL_TARGET_FAILURE,
  invalidFieldInCdb,
  invalidFieldInParameterList,
  PARAMETER_LIST_LENGTH_ERROR,
  type Sense,
  STATUS,
} from "../sense.ts";
import { SERIALIZATION } from "../serialization.ts";
import type { ScsiTask } from "../task.ts";
import { UNIT_ATTENTION } from "../unit_attention.ts";
import { type CommandDefinition, FLAG, PATTERN } from "./command_row.ts";
import { flush } from "./medium.ts";
import { MODE_HEADER_10, MODE_HEADER_6 } from "./mode_sense.ts";

const MODE_SELECT = {
  deviceTypes: FOR.ALL,
  serialization: SERIALIZATION.MODE_SELECT,
  direction: "out",
  flags: FLAG.NO_MEDIUM | FLAG.STANDBY,
  pattern: PATTERN.NONE,
} as const;

/** The MODE SELECT commands. */
export const MODE_SELECT_COMMANDS: readonly CommandDefinition[] = [
  {
    ...MODE_SELECT,
    name: "MODE SELECT(6)",
    opcode: 0x15,
    usage: "13 00 00 ff 07",
    execute: (task, unit) =>
      modeSelect(task, unit, task.cdb.getUint8(4), MODE_HEADER_6),
  },
  {
    ...MODE_SELECT,
    name: "MODE SELECT(10)",
    opcode: 0x55,
    usage: "13 0000000000 ffff 07",
    execute: (task, unit) =>
      modeSelect(task, unit, task.cdb.getUint16(7), MODE_HEADER_10),
  },
];

const SP = 0x01;
const RTD = 0x02;
const INFORMATIONAL_EXCEPTIONS = 0x1c;
const SUBPAGE_FORMAT = 0x40;
const PAGE_CODE = 0x3f;

/** A page and the values that a parameter list wants it to have. */
interface PageChange extends PageValues {
  /** Bytes of the page in the list. */
  readonly length: number;
}

function modeSelect(
  task: ScsiTask,
  unit: LogicalUnit,
  listLength: number,
  headerLength: number,
): MaybePromise<Completion> {
  if ((task.cdb.getUint8(1) & RTD) !== 0) {
    if (listLength !== 0) return invalidFieldInCdb(1, 1);
    return save(task, unit, []) ?? apply(task, unit, () => {
      const changed = unit.modePages.restoreDefaults();
      unit.exceptions.pageSelected(task);
      return changed;
    });
  }
  // No page is no error (SPC-5 6.12); SP saves those in force.
  if (listLength === 0) {
    return save(task, unit, unit.modePages.toSave([])) ?? STATUS.GOOD;
  }
  return withParameters(task, listLength, (list) => {
    const changes = decodeList(list, unit, headerLength);
    if (!Array.isArray(changes)) return changes;
    return save(task, unit, unit.modePages.toSave(changes)) ??
      apply(task, unit, () => putInForce(task, unit, changes));
  });
}

// What is to be saved is durable before anything changes: with a state
// database that cannot be written the pages stay as they are.
function save(
  task: ScsiTask,
  unit: LogicalUnit,
  pages: readonly SavedPage[],
): Sense | null {
  if ((task.cdb.getUint8(1) & SP) === 0) return null;
  if (!keepSavedPages(unit.state, pages)) return INTERNAL_TARGET_FAILURE;
  unit.modePages.setSaved(pages);
  unit.changed(SHARED.MODE_PAGES);
  return null;
}

function putInForce(
  task: ScsiTask,
  unit: LogicalUnit,
  changes: readonly PageChange[],
): boolean {
  const changed = changes
    .map(({ page, values }) => unit.modePages.change(page, values))
    .includes(true);
  // A test of exceptions begins anew whenever its page is sent.
  const tests = changes.some(({ page }) =>
    page.code === INFORMATIONAL_EXCEPTIONS && page.subcode === 0
  );
  if (tests) unit.exceptions.pageSelected(task);
  return changed;
}

// Pages are shared: the other nexuses learn of a change (SPC-5 5.11).
function apply(
  task: ScsiTask,
  unit: LogicalUnit,
  change: () => boolean,
): MaybePromise<Completion> {
  const cachedBefore = unit.modePages.settings.writeCacheEnabled;
  if (!change()) return STATUS.GOOD;
  unit.changed(SHARED.MODE_PAGES);
  unit.raise(UNIT_ATTENTION.MODE_PARAMETERS_CHANGED, task.nexus);
  const cached = unit.modePages.settings.writeCacheEnabled;
  // From now on GOOD means durable: so must what was written before.
  return cachedBefore && !cached && unit.store !== null
    ? flush(task, unit)
    : STATUS.GOOD;
}

// Nothing is changed before the whole list has been found right.
function decodeList(
  list: DataView,
  unit: LogicalUnit,
  headerLength: number,
): PageChange[] | Sense {
  if (list.byteLength < headerLength) return PARAMETER_LIST_LENGTH_ERROR;
  const descriptors = headerLength === MODE_HEADER_6
    ? list.getUint8(3)
    : list.getUint16(6);
  let at = headerLength + descriptors;
  if (list.byteLength < at) return PARAMETER_LIST_LENGTH_ERROR;
  const changes: PageChange[] = [];
  while (at < list.byteLength) {
    const change = decodePage(list, at, unit);
    if ("key" in change) return change;
    changes.push(change);
    at += change.length;
  }
  return changes;
}

function decodePage(
  list: DataView,
  at: number,
  unit: LogicalUnit,
): PageChange | Sense {
  const left = list.byteLength - at;
  const long = (list.getUint8(at) & SUBPAGE_FORMAT) !== 0;
  if (left < (long ? 4 : 2)) return PARAMETER_LIST_LENGTH_ERROR;
  const code = list.getUint8(at) & PAGE_CODE;
  const page = unit.modePages.find(code, long ? list.getUint8(at + 1) : 0);
  if (page === undefined || !page.selectable) {
    return invalidFieldInParameterList(at);
  }
  const length = page.current.length;
  const lengthField = long ? at + 2 : at + 1;
  const told = long ? list.getUint16(lengthField) : list.getUint8(lengthField);
  if (told !== length - page.headerLength) {
    return invalidFieldInParameterList(lengthField);
  }
  if (left < length) return PARAMETER_LIST_LENGTH_ERROR;
  return decodeBody(list, at, page);
}

function decodeBody(
  list: DataView,
  at: number,
  page: ModePage,
): PageChange | Sense {
  const length = page.current.length;
  const values = page.current.slice();
  for (let byte = page.headerLength; byte < length; byte += 1) {
    const wanted = list.getUint8(at + byte);
    const wrong = (wanted ^ (page.current[byte] ?? 0)) &
      ~(page.changeable[byte] ?? 0) & 0xff;
    if (wrong !== 0) {
      return invalidFieldInParameterList(at + byte, 31 - Math.clz32(wrong));
    }
    values[byte] = wanted;
  }
  const field = wrongValue(page.code, page.subcode, values);
  return field === null
    ? { page, values, length }
    : invalidFieldInParameterList(at + field.byte, field.bit);
}
