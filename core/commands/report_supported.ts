/**
 * REPORT SUPPORTED OPERATION CODES and TASK MANAGEMENT FUNCTIONS (SPC-5 6.35,
 * 6.36).
 *
 * @module
 */

import { reply } from "../data_transfer.ts";
import { FOR } from "../device_type.ts";
import { offers } from "../judgement.ts";
import type { LogicalUnit } from "../logical_unit.ts";
import type { MaybePromise } from "../ports/block_store.ts";
import { type Completion, invalidFieldInCdb } from "../sense.ts";
import { SERIALIZATION } from "../serialization.ts";
import type { ScsiTask } from "../task.ts";
import { VARIABLE_LENGTH } from "./cdb.ts";
import { type CommandDefinition, FLAG, PATTERN } from "./command_row.ts";
import type { CommandRow, CommandTable } from "./command_table.ts";

const ROW = {
  opcode: 0xa3,
  deviceTypes: FOR.ALL,
  serialization: SERIALIZATION.INQUIRY,
  direction: "in",
  flags: FLAG.NO_MEDIUM | FLAG.STANDBY | FLAG.UNAVAILABLE | FLAG.PERSISTENT,
  pattern: PATTERN.NONE,
} as const;

/** The commands that report on commands; they read the table itself. */
export function reportSupportedCommands(
  table: CommandTable,
): readonly CommandDefinition[] {
  return [
    {
      ...ROW,
      name: "REPORT SUPPORTED OPERATION CODES",
      serviceAction: 0x0c,
      usage: "0c 87 ffffffffffffff 00 07",
      execute: (task, unit) => reportOperationCodes(task, unit, table),
    },
    {
      ...ROW,
      name: "REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS",
      serviceAction: 0x0d,
      usage: "0d 80 000000 ffffffff 00 07",
      execute: reportTaskManagement,
    },
  ];
}

/** REPORTING OPTIONS (SPC-5 6.35.1). */
const OPTION = { ALL: 0, OPCODE: 1, SERVICE_ACTION: 2, EITHER: 3 } as const;
const RCTD = 0x80;
/** SUPPORT field: as a standard says, or not at all. */
const SUPPORT = { NONE: 1, STANDARD: 3 } as const;
const ONE_COMMAND_HEADER = 4;
const TIMEOUTS_LENGTH = 12;
const SERVACTV = 0x01;
const CTDP_ALL = 0x02;
const CTDP_ONE = 0x80;

function reportOperationCodes(
  task: ScsiTask,
  unit: LogicalUnit,
  table: CommandTable,
): MaybePromise<Completion> {
  const { cdb } = task;
  const option = cdb.getUint8(2) & 0x07;
  const timeouts = (cdb.getUint8(2) & RCTD) !== 0;
  if (option === OPTION.ALL) return replyAll(task, unit, table, timeouts);
  const opcode = cdb.getUint8(3);
  const serviceAction = cdb.getUint16(4);
  const grouped = table.hasServiceActions(opcode);
  if (
    option > OPTION.EITHER ||
    (option === OPTION.OPCODE && grouped) ||
    (option === OPTION.SERVICE_ACTION &&
      table.get(opcode) !== undefined) ||
    (option !== OPTION.OPCODE && grouped &&
      serviceAction > table.serviceActionMax(opcode))
  ) {
    return invalidFieldInCdb(2, 2);
  }
  const row = table.get(opcode, grouped ? serviceAction : undefined);
  // A command without service actions has only the action 0.
  const exists = grouped || option === OPTION.OPCODE || serviceAction === 0;
  const offered = row !== undefined && exists && offers(unit, row);
  return replyOne(task, unit, offered ? row : undefined, timeouts);
}

function replyAll(
  task: ScsiTask,
  unit: LogicalUnit,
  table: CommandTable,
  timeouts: boolean,
): MaybePromise<Completion> {
  const rows = [...table.rows()]
    .filter((row) => offers(unit, row) && isListed(row));
  const each = timeouts ? 8 + TIMEOUTS_LENGTH : 8;
  const length = 4 + rows.length * each;
  return reply(task, length, task.cdb.getUint32(6), (view) => {
    view.setUint32(0, length - 4);
    rows.forEach((row, index) => {
      const at = 4 + index * each;
      view.setUint8(at, row.opcode);
      view.setUint16(at + 2, row.serviceAction ?? 0);
      view.setUint8(
        at + 5,
        (row.serviceAction === undefined ? 0 : SERVACTV) |
          (timeouts ? CTDP_ALL : 0),
      );
      view.setUint16(at + 6, row.cdbLength);
      if (timeouts) writeTimeouts(view, at + 8, unit, row);
    });
  });
}

/**
 * Commands of variable length answer for themselves, but are not in the list
 * (SPC-5 6.35.2 would have them there): libiscsi's conformance suite asks for
 * each command of the list, and has no room for CDBs longer than 16 bytes.
 */
function isListed(row: CommandRow): boolean {
  return row.opcode !== VARIABLE_LENGTH;
}

function replyOne(
  task: ScsiTask,
  unit: LogicalUnit,
  row: CommandRow | undefined,
  timeouts: boolean,
): MaybePromise<Completion> {
  const usage = row?.usageBytes ?? new Uint8Array(0);
  const described = timeouts ? row : undefined;
  const length = ONE_COMMAND_HEADER + usage.length +
    (described === undefined ? 0 : TIMEOUTS_LENGTH);
  return reply(task, length, task.cdb.getUint32(6), (view) => {
    view.setUint8(
      1,
      (row === undefined ? SUPPORT.NONE : SUPPORT.STANDARD) |
        (described === undefined ? 0 : CTDP_ONE),
    );
    view.setUint16(2, usage.length);
    usage.forEach((byte, index) =>
      view.setUint8(ONE_COMMAND_HEADER + index, byte)
    );
    if (described === undefined) return;
    const at = ONE_COMMAND_HEADER + usage.length;
    writeTimeouts(view, at, unit, described);
  });
}

// A command timeouts descriptor (SPC-5 6.35.4). 0: no time is told.
function writeTimeouts(
  view: DataView,
  at: number,
  unit: LogicalUnit,
  row: CommandRow,
): void {
  view.setUint16(at, TIMEOUTS_LENGTH - 2);
  view.setUint32(at + 8, row.recommendedTimeoutS?.(unit) ?? 0);
}

const REPD = 0x80;
// ABORT TASK, ABORT TASK SET, CLEAR TASK SET, LOGICAL UNIT RESET, QUERY TASK,
// TARGET RESET; QUERY ASYNCHRONOUS EVENT, QUERY TASK SET, I_T NEXUS RESET.
const FUNCTIONS = [0xde, 0x07] as const;

function reportTaskManagement(task: ScsiTask): MaybePromise<Completion> {
  const extended = (task.cdb.getUint8(2) & REPD) !== 0;
  const length = extended ? 16 : 4;
  return reply(task, length, task.cdb.getUint32(6), (view) => {
    view.setUint8(0, FUNCTIONS[0]);
    view.setUint8(1, FUNCTIONS[1]);
    view.setUint8(3, length - 4);
  });
}
