/**
 * Vital product data pages (SPC-5 7.7, SBC-4 6.6).
 *
 * @module
 */

import { reply } from "../data_transfer.ts";
import { DEVICE_TYPE, FOR, maskOfDeviceType } from "../device_type.ts";
import { putText } from "../identity.ts";
import type { LogicalUnit } from "../logical_unit.ts";
import type { MaybePromise } from "../ports/block_store.ts";
import { type Completion, invalidFieldInCdb } from "../sense.ts";
import type { ScsiTask } from "../task.ts";
import { LUN_REPORT_LUNS } from "../wire/lun_address.ts";
import { SENSE_LENGTH_MAX } from "../wire/sense_data.ts";
import { setUint64 } from "./cdb.ts";
import {
  deviceIdentification,
  deviceIdentificationLength,
  scsiPorts,
  scsiPortsLength,
  wellKnownDesignators,
} from "./vpd_designators.ts";
import { encrypts, erasesBlocks } from "./sanitize.ts";
import { compareAndWriteBlocksMax } from "./verify.ts";
import { atomicBlocksMax } from "./whole_writes.ts";

/** What a page is built from. */
export interface VpdContext {
  /** The unit that is asked. */
  readonly unit: LogicalUnit;
  /** The command that asks. */
  readonly task: ScsiTask;
}

/** One page; plugins register their own. */
export interface VpdPage {
  /** PAGE CODE. */
  readonly code: number;
  /** Device types that have it: bits of `FOR`. */
  readonly deviceTypes: number;
  /** Bytes after the four of the header. */
  length(context: VpdContext): number;
  /** Writes them; `body` is zero and begins after the header. */
  write(body: DataView, context: VpdContext): void;
}

const HEADER_LENGTH = 4;
const NO_UNIT = 0x7f;
const DEVICE_IDENTIFICATION = 0x83;
const SERIAL_LENGTH = 16;
const UNLIMITED = 0xffffffff;

/** The pages of a target. */
export class VpdPages {
  readonly #pages: Map<number, VpdPage> = new Map();

  /** The pages that every target has, and those of plugins. */
  constructor() {
    for (const page of CORE_PAGES) this.add(page);
  }

  /** Adds a page; the result takes it out again. */
  add(page: VpdPage): Disposable {
    if (page.code === 0 || this.#pages.has(page.code)) {
      throw new TypeError(
        `Cannot add VPD page ${page.code.toString(16)}h: it exists already`,
      );
    }
    this.#pages.set(page.code, page);
    return { [Symbol.dispose]: () => this.#pages.delete(page.code) };
  }

  /** Answers an INQUIRY for a page. */
  reply(
    task: ScsiTask,
    unit: LogicalUnit | null,
    code: number,
    allocationLength: number,
  ): MaybePromise<Completion> {
    if (task.visibleLun === LUN_REPORT_LUNS && code !== 0) {
      return replyWellKnown(task, code, allocationLength);
    }
    if (code === 0) return this.#replySupported(task, unit, allocationLength);
    const page = this.#pages.get(code);
    if (unit === null || page === undefined || !has(unit, page)) {
      return invalidFieldInCdb(2);
    }
    const context = { unit, task };
    const length = page.length(context);
    const total = HEADER_LENGTH + length;
    return reply(task, total, allocationLength, (view) => {
      writeHeader(view, unit.deviceType, code, length);
      const at = view.byteOffset + HEADER_LENGTH;
      page.write(new DataView(view.buffer, at, length), context);
    });
  }

  // Supported VPD pages (SPC-5 7.7.16).
  #replySupported(
    task: ScsiTask,
    unit: LogicalUnit | null,
    allocationLength: number,
  ): MaybePromise<Completion> {
    const without = task.visibleLun === LUN_REPORT_LUNS
      ? [0, DEVICE_IDENTIFICATION]
      : [0];
    const codes = unit === null ? without : [0, ...this.#codesOf(unit)];
    const total = HEADER_LENGTH + codes.length;
    return reply(task, total, allocationLength, (view) => {
      writeHeader(view, peripheralOf(task, unit), 0, codes.length);
      codes.forEach((each, index) =>
        view.setUint8(HEADER_LENGTH + index, each)
      );
    });
  }

  #codesOf(unit: LogicalUnit): number[] {
    return [...this.#pages.values()]
      .filter((page) => has(unit, page))
      .map((page) => page.code)
      .sort((a, b) => a - b);
  }
}

function has(unit: LogicalUnit, page: VpdPage): boolean {
  return (page.deviceTypes & maskOfDeviceType(unit.deviceType)) !== 0;
}

// The well-known logical unit has the names of its port and target alone.
function replyWellKnown(
  task: ScsiTask,
  code: number,
  allocationLength: number,
): MaybePromise<Completion> {
  if (code !== DEVICE_IDENTIFICATION) return invalidFieldInCdb(2);
  const designators = wellKnownDesignators(task.nexus.port);
  const total = HEADER_LENGTH + designators.length;
  return reply(task, total, allocationLength, (view) => {
    writeHeader(view, DEVICE_TYPE.WELL_KNOWN, code, designators.length);
    designators.forEach((byte, at) => view.setUint8(HEADER_LENGTH + at, byte));
  });
}

function peripheralOf(task: ScsiTask, unit: LogicalUnit | null): number {
  if (unit !== null) return unit.deviceType;
  return task.visibleLun === LUN_REPORT_LUNS ? DEVICE_TYPE.WELL_KNOWN : NO_UNIT;
}

function writeHeader(
  view: DataView,
  peripheral: number,
  code: number,
  length: number,
): void {
  view.setUint8(0, peripheral);
  view.setUint8(1, code);
  view.setUint16(2, length);
}

const CORE_PAGES: readonly VpdPage[] = [
  {
    code: 0x80, // Unit Serial Number (SPC-5 7.7.19)
    deviceTypes: FOR.ALL,
    length: () => SERIAL_LENGTH,
    write: (body, { unit }) =>
      putText(body, 0, SERIAL_LENGTH, unit.identity.serial),
  },
  {
    code: DEVICE_IDENTIFICATION, // Device Identification (SPC-5 7.7.6)
    deviceTypes: FOR.ALL,
    length: deviceIdentificationLength,
    write: deviceIdentification,
  },
  {
    code: 0x86, // Extended INQUIRY Data (SPC-5 7.7.7)
    deviceTypes: FOR.ALL,
    length: () => 60,
    write: extendedInquiry,
  },
  {
    code: 0x87, // Mode Page Policy (SPC-5 7.7.12): all pages are shared
    deviceTypes: FOR.ALL,
    length: () => 4,
    write: (body) => body.setUint16(0, 0x3fff),
  },
  {
    code: 0x88, // SCSI Ports (SPC-5 7.7.14)
    deviceTypes: FOR.ALL,
    length: scsiPortsLength,
    write: scsiPorts,
  },
  {
    code: 0x92, // SCSI Feature Sets (SPC-5 7.7.15)
    deviceTypes: FOR.ALL,
    length: ({ unit }) => 4 + 2 * featureSetsOf(unit).length,
    write: (body, { unit }) =>
      featureSetsOf(unit).forEach((code, index) =>
        body.setUint16(4 + 2 * index, code)
      ),
  },
  {
    code: 0xb0, // Block Limits (SBC-4 6.6.4)
    deviceTypes: FOR.DISK,
    length: () => 60,
    write: blockLimits,
  },
  {
    code: 0xb1, // Block Device Characteristics (SBC-4 6.6.2)
    deviceTypes: FOR.DISK,
    length: () => 60,
    write: blockDeviceCharacteristics,
  },
  {
    code: 0xb2, // Logical Block Provisioning (SBC-4 6.6.6)
    deviceTypes: FOR.DISK,
    length: () => 4,
    write: logicalBlockProvisioning,
  },
];

function extendedInquiry(body: DataView, { unit }: VpdContext): void {
  // GROUP_SUP, PRIOR_SUP, HEADSUP, ORDSUP, SIMPSUP; V_SUP; LUICLR; RTD_SUP.
  body.setUint8(1, 0x1f);
  // A pair writes through, and neither node may have the store open.
  const isVolatile = !unit.writesThrough &&
    (unit.store?.capabilities.volatileCache ?? false);
  body.setUint8(2, isVolatile ? 0x01 : 0);
  body.setUint8(3, 0x01);
  body.setUint8(4, 0x08);
  body.setUint16(6, unit.selfTests.completionMinutes);
  // MAXIMUM SUPPORTED SENSE DATA LENGTH.
  body.setUint8(9, SENSE_LENGTH_MAX);
}

/** Codes of feature sets (SFS). */
const FEATURE_SET = {
  DISCOVERY_2016: 0x0001,
  SBC_BASE_2016: 0x0101,
  SBC_BASE_2010: 0x0102,
  BASIC_PROVISIONING_2016: 0x0103,
} as const;

function featureSetsOf(unit: LogicalUnit): number[] {
  const sets: number[] = [FEATURE_SET.DISCOVERY_2016];
  if (unit.deviceType !== DEVICE_TYPE.DISK) return sets;
  sets.push(FEATURE_SET.SBC_BASE_2016, FEATURE_SET.SBC_BASE_2010);
  if (unit.unmapSupported) sets.push(FEATURE_SET.BASIC_PROVISIONING_2016);
  return sets;
}

function blockLimits(body: DataView, { unit }: VpdContext): void {
  const { geometry, options } = unit;
  const writeSameMax = options.write_same_max_lba;
  // WSNZ: a WRITE SAME to the end of the medium would exceed the limit.
  const notZero = geometry.blockCount > (writeSameMax ?? Infinity);
  body.setUint8(0, notZero ? 0x01 : 0);
  body.setUint8(1, compareAndWriteBlocksMax(unit));
  body.setUint32(4, UNLIMITED);
  body.setUint32(8, geometry.optimalTransferBlocks);
  if (unit.unmapSupported) unmapLimits(body, unit);
  // 0: no limit is told.
  setUint64(body, 32, writeSameMax ?? 0);
  // Any alignment and any granularity; no atomic boundary.
  body.setUint32(40, atomicBlocksMax(unit));
}

function unmapLimits(body: DataView, unit: LogicalUnit): void {
  const { geometry, options } = unit;
  body.setUint32(16, options.unmap_max_lba);
  body.setUint32(20, options.unmap_max_descr);
  if (geometry.unmapGranularityExponent === 0) return;
  body.setUint32(24, 2 ** geometry.unmapGranularityExponent);
  // UGAVALID.
  body.setUint32(28, 0x80000000 + geometry.unmapAlignmentLba);
}

function blockDeviceCharacteristics(
  body: DataView,
  { unit }: VpdContext,
): void {
  body.setUint16(0, unit.options.rpm);
  // WABEREQ and WACEREQ: blocks read without error after an erase.
  const erases = (erasesBlocks(unit) ? 0x40 : 0) | (encrypts(unit) ? 0x10 : 0);
  body.setUint8(3, erases | (unit.options.formfactor & 0x0f));
  // RBWZ, FUAB, VBULS.
  body.setUint8(4, 0x0b);
}

function logicalBlockProvisioning(body: DataView, { unit }: VpdContext): void {
  body.setUint8(0, 11);
  if (!unit.unmapSupported) return;
  // LBPU, LBPWS, LBPWS10, LBPRZ 001b; ANC_SUP where the store anchors.
  const anchor = unit.store?.capabilities.anchor ? 0x02 : 0;
  body.setUint8(1, 0xe4 | anchor);
  body.setUint8(2, PROVISIONING_TYPES[unit.options.provisioning_type] ?? 0);
}

const PROVISIONING_TYPES: Readonly<Record<string, number>> = {
  resource: 1,
  thin: 2,
};
