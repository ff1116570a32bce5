/**
 * LOG SENSE (SPC-5 6.11, 7.3).
 *
 * @module
 */

import { reply } from "../data_transfer.ts";
import { DEVICE_TYPE, FOR, maskOfDeviceType } from "../device_type.ts";
import type { LogicalUnit } from "../logical_unit.ts";
import type { MaybePromise, StoreUsage } from "../ports/block_store.ts";
import { type Completion, invalidFieldInCdb } from "../sense.ts";
import { SERIALIZATION } from "../serialization.ts";
import {
  encodeSelfTestResult,
  SELF_TEST_RESULT_LENGTH,
  SELF_TEST_RESULTS_MAX,
} from "../self_test_results.ts";
import type { ScsiTask } from "../task.ts";
import { CLIENT_PARAMETERS } from "../unit_log.ts";
import { setUint64 } from "./cdb.ts";
import { type CommandDefinition, FLAG, PATTERN } from "./command_row.ts";
import { withKeptState } from "./kept_state.ts";

/** The LOG SENSE command. */
export const LOG_COMMANDS: readonly CommandDefinition[] = [{
  name: "LOG SENSE",
  opcode: 0x4d,
  deviceTypes: FOR.ALL,
  // SP, but not PPC, which is obsolete.
  usage: "01 ff ff 00 ffff ffff 07",
  serialization: SERIALIZATION.LOG_SENSE,
  direction: "in",
  flags: FLAG.NO_MEDIUM | FLAG.STANDBY | FLAG.PERSISTENT,
  pattern: PATTERN.NONE,
  execute: (task, unit) => withKeptState(() => logSense(task, unit)),
}];

/** One log parameter (SPC-5 7.3.2.2). */
export interface LogParameter {
  /** PARAMETER CODE. */
  readonly code: number;
  /** Parameter control byte. */
  readonly control: number;
  /** Its value. */
  readonly bytes: Uint8Array;
}

/** One log page. */
export interface LogPage {
  /** PAGE CODE. */
  readonly code: number;
  /** Device types that have it: bits of `FOR`. */
  readonly deviceTypes: number;
  /** Its parameters are kept over restarts: DS is zero. */
  readonly saved?: boolean;
  /** Its parameters, in the order of their codes. */
  parameters(unit: LogicalUnit): MaybePromise<readonly LogParameter[]>;
  /** Resets what can be reset of it; absent: nothing can. */
  readonly reset?: (unit: LogicalUnit) => void;
}

/** Application Client: the page whose parameters LOG SELECT may carry. */
export const CLIENT_PAGE = 0x0f;

/** Parameter data are binary and come in a list. */
const LBIN_AND_LIST = 0x03;
/** DU: the target does not update them itself. */
const DISABLE_UPDATE = 0x80;
const SP = 0x01;
const HEADER_LENGTH = 4;
const PARAMETER_HEADER = 4;
const ALL_SUBPAGES = 0xff;
const SUBPAGE_FORMAT = 0x40;
const UNKNOWN_TEMPERATURE = 0xff;
const THRESHOLD_EXPONENT = 11;

// In the order of their codes, as the list of pages has them.
const PAGES: readonly LogPage[] = [
  {
    code: 0x0c, // Logical Block Provisioning (SBC-4 6.4.5)
    deviceTypes: FOR.DISK,
    parameters: provisioning,
  },
  {
    code: 0x0d, // Temperature (SPC-5 7.3.21)
    deviceTypes: FOR.DISK,
    parameters: (unit) => [
      temperature(0x0000, unit.options.temperature),
      temperature(0x0001, unit.options.reftemperature),
    ],
  },
  {
    code: CLIENT_PAGE, // Application Client (SPC-5 7.3.3)
    deviceTypes: FOR.ALL,
    saved: true,
    parameters: clientParameters,
    reset: (unit) => unit.log.resetClientParameters(),
  },
  {
    code: 0x10, // Self-Test Results (SPC-5 7.3.19)
    deviceTypes: FOR.ALL,
    saved: true,
    parameters: selfTestResults,
    reset: (unit) => unit.selfTests.results.reset(),
  },
  {
    code: 0x19, // General Statistics and Performance (SPC-5 7.3.9)
    deviceTypes: FOR.ALL,
    parameters: statistics,
    reset: (unit) => unit.log.resetAccesses(unit),
  },
  {
    code: 0x2f, // Informational Exceptions (SPC-5 7.3.11): none
    deviceTypes: FOR.ALL,
    parameters: (unit) => [{
      code: 0x0000,
      control: LBIN_AND_LIST,
      bytes: Uint8Array.of(0, 0, degrees(unit.options.temperature), 0),
    }],
  },
];

function logSense(
  task: ScsiTask,
  unit: LogicalUnit,
): MaybePromise<Completion> {
  const code = task.cdb.getUint8(2) & 0x3f;
  const subcode = task.cdb.getUint8(3);
  const save = (task.cdb.getUint8(1) & SP) !== 0;
  if (code === 0 && (subcode === 0 || subcode === ALL_SUBPAGES)) {
    if (save) unit.log.save();
    return replyList(task, unit, subcode);
  }
  const page = logPagesOf(unit).find((each) => each.code === code);
  if (page === undefined || subcode !== 0) return invalidFieldInCdb(2, 5);
  if (save) unit.log.save();
  const parameters = page.parameters(unit);
  return parameters instanceof Promise
    ? parameters.then((list) => replyFrom(task, page, list))
    : replyFrom(task, page, parameters);
}

/** The log pages that a unit has, but for the lists of pages. */
export function logPagesOf(unit: LogicalUnit): LogPage[] {
  return PAGES.filter((page) => offers(unit, page));
}

// PARAMETER POINTER: where in the page the answer begins (SPC-5 6.11).
function replyFrom(
  task: ScsiTask,
  page: LogPage,
  parameters: readonly LogParameter[],
): MaybePromise<Completion> {
  const pointer = task.cdb.getUint16(5);
  const left = parameters.filter((each) => each.code >= pointer);
  return left.length === 0 && pointer > 0
    ? invalidFieldInCdb(5)
    : replyPage(task, page, left);
}

function offers(unit: LogicalUnit, page: LogPage): boolean {
  if ((page.deviceTypes & maskOfDeviceType(unit.deviceType)) === 0) {
    return false;
  }
  return page.code !== 0x0c || unit.store?.usage !== undefined;
}

function replyList(
  task: ScsiTask,
  unit: LogicalUnit,
  subcode: number,
): MaybePromise<Completion> {
  const codes = [0, ...logPagesOf(unit).map((page) => page.code)];
  const pairs = subcode === ALL_SUBPAGES;
  // The list of subpages names itself, too.
  const entries = pairs ? codes.length + 1 : codes.length;
  const length = HEADER_LENGTH + entries * (pairs ? 2 : 1);
  return reply(task, length, task.cdb.getUint16(7), (view) => {
    view.setUint8(0, pairs ? SUBPAGE_FORMAT : 0);
    view.setUint8(1, subcode);
    view.setUint16(2, length - HEADER_LENGTH);
    if (!pairs) {
      codes.forEach((code, index) =>
        view.setUint8(HEADER_LENGTH + index, code)
      );
      return;
    }
    view.setUint8(HEADER_LENGTH + 3, ALL_SUBPAGES);
    codes.slice(1).forEach((code, index) =>
      view.setUint8(HEADER_LENGTH + 4 + 2 * index, code)
    );
  });
}

function replyPage(
  task: ScsiTask,
  page: LogPage,
  parameters: readonly LogParameter[],
): MaybePromise<Completion> {
  const body = parameters.reduce(
    (sum, each) => sum + PARAMETER_HEADER + each.bytes.length,
    0,
  );
  return reply(
    task,
    HEADER_LENGTH + body,
    task.cdb.getUint16(7),
    (view) => {
      // DS: the parameters are not saved.
      view.setUint8(0, (page.saved === true ? 0 : 0x80) | page.code);
      view.setUint16(2, body);
      let at = HEADER_LENGTH;
      for (const { code: parameter, control, bytes } of parameters) {
        view.setUint16(at, parameter);
        view.setUint8(at + 2, control);
        view.setUint8(at + 3, bytes.length);
        at += PARAMETER_HEADER;
        new Uint8Array(view.buffer, view.byteOffset + at).set(bytes);
        at += bytes.length;
      }
    },
  );
}

function temperature(code: number, text: string | undefined): LogParameter {
  return {
    code,
    control: LBIN_AND_LIST,
    bytes: Uint8Array.of(0, degrees(text)),
  };
}

function degrees(text: string | undefined): number {
  const value = Number(text ?? "none");
  return value >= 0 && value < UNKNOWN_TEMPERATURE
    ? Math.round(value)
    : UNKNOWN_TEMPERATURE;
}

/** Scope of a provisioning parameter: this unit, or the pool it shares. */
const SCOPE = { UNIT: 0x01, POOL: 0x02 } as const;

async function provisioning(unit: LogicalUnit): Promise<LogParameter[]> {
  const usage: StoreUsage = await unit.store?.usage?.() ?? {};
  const { blockLength } = unit.geometry;
  const rows: [number, number | undefined, number][] = [
    [0x0001, usage.available, SCOPE.POOL],
    [0x0002, usage.used, SCOPE.UNIT],
    [0x00f1, usage.poolAvailable, SCOPE.POOL],
    [0x00f2, usage.poolUsed, SCOPE.POOL],
  ];
  return rows.flatMap(([code, bytes, scope]) => {
    if (bytes === undefined) return [];
    const body = new DataView(new ArrayBuffer(8));
    const blocks = Math.floor(bytes / (blockLength || 512));
    const count = Math.floor(blocks / 2 ** THRESHOLD_EXPONENT);
    body.setUint32(0, Math.min(count, 0xffffffff));
    body.setUint8(4, scope);
    return [{
      code,
      control: LBIN_AND_LIST,
      bytes: new Uint8Array(body.buffer),
    }];
  });
}

function clientParameters(unit: LogicalUnit): LogParameter[] {
  return Array.from({ length: CLIENT_PARAMETERS }, (_, code) => ({
    code,
    control: DISABLE_UPDATE | LBIN_AND_LIST,
    bytes: unit.log.clientParameter(code),
  }));
}

function selfTestResults(unit: LogicalUnit): LogParameter[] {
  const results = unit.selfTests.results.all;
  return Array.from({ length: SELF_TEST_RESULTS_MAX }, (_, index) => {
    const bytes = new Uint8Array(SELF_TEST_RESULT_LENGTH);
    const result = results[index];
    if (result !== undefined) {
      encodeSelfTestResult(new DataView(bytes.buffer), 0, result);
    }
    return { code: index + 1, control: LBIN_AND_LIST, bytes };
  });
}

function statistics(unit: LogicalUnit): LogParameter[] {
  const { read, written, idleMs } = unit.log.accesses(unit);
  const { blockLength } = unit.geometry;
  const perBlock = unit.deviceType === DEVICE_TYPE.PROCESSOR
    ? 1
    : blockLength || 1;
  const counters = new DataView(new ArrayBuffer(64));
  setUint64(counters, 0, read.operations);
  setUint64(counters, 8, written.operations);
  setUint64(counters, 16, Math.floor(written.bytes / perBlock));
  setUint64(counters, 24, Math.floor(read.bytes / perBlock));
  setUint64(counters, 32, Math.floor(read.timeMs));
  setUint64(counters, 40, Math.floor(written.timeMs));
  const idle = new DataView(new ArrayBuffer(8));
  setUint64(idle, 0, Math.floor(idleMs));
  const interval = new DataView(new ArrayBuffer(8));
  // Times are counted in units of 10^-3 seconds.
  interval.setUint32(0, 3);
  interval.setUint32(4, 1);
  return [counters, idle, interval].map((view, index) => ({
    code: index + 1,
    control: LBIN_AND_LIST,
    bytes: new Uint8Array(view.buffer),
  }));
}
