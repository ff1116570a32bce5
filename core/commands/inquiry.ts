/**
 * INQUIRY (SPC-5 6.7).
 *
 * @module
 */

import { reply } from "../data_transfer.ts";
import { DEVICE_TYPE, FOR } from "../device_type.ts";
import { putText } from "../identity.ts";
import type { LogicalUnit } from "../logical_unit.ts";
import type { MaybePromise } from "../ports/block_store.ts";
import { type Completion, invalidFieldInCdb } from "../sense.ts";
import { SERIALIZATION } from "../serialization.ts";
import { PORT_TYPE, type TargetPort } from "../target_port.ts";
import type { ScsiTask } from "../task.ts";
import { LUN_REPORT_LUNS } from "../wire/lun_address.ts";
import { type CommandDefinition, FLAG, PATTERN } from "./command_row.ts";
import type { InquiryFlags } from "./inquiry_flags.ts";
import type { VpdPages } from "./vpd_pages.ts";

/** Bytes of standard INQUIRY data. */
const INQUIRY_LENGTH = 96;

const At = {
  PERIPHERAL: 0,
  RMB: 1,
  VERSION: 2,
  FORMAT: 3,
  ADDITIONAL_LENGTH: 4,
  TPGS: 5,
  MULTIP: 6,
  CMDQUE: 7,
  VENDOR: 8,
  PRODUCT: 16,
  REVISION: 32,
  CLOCKING: 56,
  DESCRIPTORS: 58,
} as const;

const EVPD = 0x01;
const NO_UNIT = 0x7f;
// SPC-4: clients refuse versions that they do not know yet, and what a later
// standard adds is told by the version descriptors.
const VERSION_SPC4 = 0x06;
const HISUP_AND_FORMAT_2 = 0x12;
const TPGS_IMPLICIT = 0x10;
const TPGS_BOTH = 0x30;
/** PERIPHERAL QUALIFIER 001b: no device is connected (SPC-5 6.7.2). */
const NOT_CONNECTED = 0x20;
const MULTIP = 0x10;
const CMDQUE = 0x02;

/** Version descriptors (SPC-5 6.7.5). */
const VERSION_DESCRIPTOR = {
  SAM6: 0x00c0,
  SPC5: 0x05c0,
  SPC4: 0x0460,
  SBC4: 0x0600,
  SBC3: 0x04c0,
  MMC6: 0x04e0,
} as const;

const TRANSPORT_VERSION: Readonly<Record<number, number>> = {
  [PORT_TYPE.FC]: 0x0917,
  [PORT_TYPE.SCSI]: 0x0b56,
  [PORT_TYPE.IOCTL]: 0x0b56,
  [PORT_TYPE.INTERNAL]: 0x0b56,
  [PORT_TYPE.ISCSI]: 0x0960,
  [PORT_TYPE.SAS]: 0x0be0,
};

/** Ports that describe themselves as parallel SCSI. */
const PARALLEL = PORT_TYPE.SCSI | PORT_TYPE.IOCTL | PORT_TYPE.INTERNAL;

/** What INQUIRY tells beside its own: plugins may add to it. */
export interface InquiryData {
  /** VPD pages. */
  readonly pages: VpdPages;
  /** Bits of standard INQUIRY data. */
  readonly flags: InquiryFlags;
}

/** The INQUIRY command. */
export function inquiryCommand(data: InquiryData): CommandDefinition {
  return {
    name: "INQUIRY",
    opcode: 0x12,
    deviceTypes: FOR.ALL,
    usage: "e1 ff ffff 07",
    serialization: SERIALIZATION.INQUIRY,
    direction: "in",
    flags: FLAG.RESERVED | FLAG.AHEAD_OF_ATTENTION | FLAG.NO_MEDIUM |
      FLAG.STANDBY | FLAG.UNAVAILABLE | FLAG.PERSISTENT,
    pattern: PATTERN.NONE,
    execute: (task, unit) => inquiry(task, unit, data),
    executeWithoutUnit: (task) => inquiry(task, null, data),
    executeOnWellKnown: (task) => inquiry(task, null, data),
  };
}

function inquiry(
  task: ScsiTask,
  unit: LogicalUnit | null,
  { pages, flags }: InquiryData,
): MaybePromise<Completion> {
  const { cdb } = task;
  const page = cdb.getUint8(2);
  const allocationLength = cdb.getUint16(3);
  if ((cdb.getUint8(1) & EVPD) !== 0) {
    return pages.reply(task, unit, page, allocationLength);
  }
  if (page !== 0) return invalidFieldInCdb(2);
  return reply(task, INQUIRY_LENGTH, allocationLength, (view) => {
    describeCommon(view, task.nexus.port);
    if (unit !== null) {
      describeUnit(view, unit);
      flags.apply(view, unit.deviceType);
    } else if (task.visibleLun === LUN_REPORT_LUNS) describeWellKnown(view);
    else describeNoUnit(view);
  });
}

function describeCommon(view: DataView, port: TargetPort): void {
  const { type } = port.description;
  const parallel = (type & PARALLEL) !== 0;
  view.setUint8(At.VERSION, VERSION_SPC4);
  view.setUint8(At.FORMAT, HISUP_AND_FORMAT_2);
  view.setUint8(At.ADDITIONAL_LENGTH, INQUIRY_LENGTH - 5);
  const { explicit } = port.coordinator;
  view.setUint8(At.TPGS, explicit ? TPGS_BOTH : TPGS_IMPLICIT);
  // ADDR16; WBUS16 and SYNC; clocking, QAS and IUS.
  view.setUint8(At.MULTIP, MULTIP | (parallel ? 0x01 : 0));
  view.setUint8(At.CMDQUE, CMDQUE | (parallel ? 0x30 : 0));
  view.setUint8(At.CLOCKING, parallel ? 0x0f : 0);
  view.setUint16(At.DESCRIPTORS, VERSION_DESCRIPTOR.SAM6);
  view.setUint16(At.DESCRIPTORS + 2, VERSION_DESCRIPTOR.SPC5);
  view.setUint16(At.DESCRIPTORS + 4, TRANSPORT_VERSION[type] ?? 0);
  view.setUint16(At.DESCRIPTORS + 8, VERSION_DESCRIPTOR.SPC4);
}

function describeUnit(view: DataView, unit: LogicalUnit): void {
  const { identity, deviceType } = unit;
  const hidden = unit.coordinator.hides(unit);
  view.setUint8(At.PERIPHERAL, (hidden ? NOT_CONNECTED : 0) | deviceType);
  view.setUint8(At.RMB, unit.removable ? 0x80 : 0);
  putText(view, At.VENDOR, 8, identity.vendor);
  putText(view, At.PRODUCT, 16, identity.product);
  putText(view, At.REVISION, 4, identity.revision);
  const standard = deviceType === DEVICE_TYPE.DISK
    ? VERSION_DESCRIPTOR.SBC4
    : deviceType === DEVICE_TYPE.CD
    ? VERSION_DESCRIPTOR.MMC6
    : 0;
  view.setUint16(At.DESCRIPTORS + 6, standard);
  if (deviceType !== DEVICE_TYPE.DISK) return;
  view.setUint16(At.DESCRIPTORS + 10, VERSION_DESCRIPTOR.SBC3);
}

function describeWellKnown(view: DataView): void {
  view.setUint8(At.PERIPHERAL, DEVICE_TYPE.WELL_KNOWN);
  view.setUint8(At.TPGS, 0);
  putText(view, At.VENDOR, 8, "FREEBSD");
  putText(view, At.PRODUCT, 16, "REPORT LUNS");
  putText(view, At.REVISION, 4, "0001");
}

function describeNoUnit(view: DataView): void {
  view.setUint8(At.PERIPHERAL, NO_UNIT);
  view.setUint8(At.TPGS, 0);
  putText(view, At.VENDOR, 8, "FREEBSD");
  putText(view, At.PRODUCT, 16, "CTLDISK");
  putText(view, At.REVISION, 4, "0001");
  view.setUint16(At.DESCRIPTORS + 6, VERSION_DESCRIPTOR.SBC4);
}
