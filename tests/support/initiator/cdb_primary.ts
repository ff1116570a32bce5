/**
 * CDBs of all devices (SPC-4 6), a function each.
 *
 * @module
 */

import { makeCdb } from "./cdb.ts";

/** TEST UNIT READY. */
export function testUnitReady(): Uint8Array {
  return makeCdb(6, 0x00);
}

/** REQUEST SENSE. */
export function requestSense(
  allocationLength = 252,
  descriptor = false,
): Uint8Array {
  return makeCdb(6, 0x03, (view) => {
    view.setUint8(1, descriptor ? 1 : 0);
    view.setUint8(4, allocationLength);
  });
}

/** INQUIRY of the standard data. */
export function inquiry(allocationLength = 255): Uint8Array {
  return makeCdb(6, 0x12, (view) => view.setUint16(3, allocationLength));
}

/** INQUIRY of a vital product data page. */
export function inquiryVpd(page: number, allocationLength = 1024): Uint8Array {
  return makeCdb(6, 0x12, (view) => {
    view.setUint8(1, 1);
    view.setUint8(2, page);
    view.setUint16(3, allocationLength);
  });
}

/** Which page MODE SENSE reads, and how. */
export interface ModeSenseFields {
  /** Page code; 3Fh is all of them. */
  readonly page: number;
  /** Subpage code. */
  readonly subpage?: number;
  /** 0 current, 1 changeable, 2 default, 3 saved. */
  readonly control?: number;
  /** Leave out block descriptors (DBD). */
  readonly noBlockDescriptors?: boolean;
  /** Long LBAs accepted; MODE SENSE (10) only. */
  readonly longLba?: boolean;
  /** Most bytes to return. */
  readonly allocationLength?: number;
}

function modeSense(view: DataView, fields: ModeSenseFields): void {
  const { page, subpage = 0, control = 0 } = fields;
  view.setUint8(
    1,
    (fields.noBlockDescriptors === true ? 0x08 : 0) |
      (fields.longLba === true ? 0x10 : 0),
  );
  view.setUint8(2, control << 6 | page);
  view.setUint8(3, subpage);
}

/** MODE SENSE (6). */
export function modeSense6(fields: ModeSenseFields): Uint8Array {
  return makeCdb(6, 0x1a, (view) => {
    modeSense(view, fields);
    view.setUint8(4, fields.allocationLength ?? 255);
  });
}

/** MODE SENSE (10). */
export function modeSense10(fields: ModeSenseFields): Uint8Array {
  return makeCdb(10, 0x5a, (view) => {
    modeSense(view, fields);
    view.setUint16(7, fields.allocationLength ?? 1024);
  });
}

/** MODE SELECT (6). */
export function modeSelect6(
  parameterLength: number,
  savePages = false,
  pageFormat = true,
): Uint8Array {
  return makeCdb(6, 0x15, (view) => {
    view.setUint8(1, (pageFormat ? 0x10 : 0) | (savePages ? 1 : 0));
    view.setUint8(4, parameterLength);
  });
}

/** MODE SELECT (10). */
export function modeSelect10(
  parameterLength: number,
  savePages = false,
  pageFormat = true,
): Uint8Array {
  return makeCdb(10, 0x55, (view) => {
    view.setUint8(1, (pageFormat ? 0x10 : 0) | (savePages ? 1 : 0));
    view.setUint16(7, parameterLength);
  });
}

/** LOG SENSE of cumulative values. */
export function logSense(
  page: number,
  subpage = 0,
  allocationLength = 1024,
): Uint8Array {
  return makeCdb(10, 0x4d, (view) => {
    view.setUint8(2, 0x40 | page);
    view.setUint8(3, subpage);
    view.setUint16(7, allocationLength);
  });
}

/** REPORT LUNS. */
export function reportLuns(
  selectReport = 0,
  allocationLength = 16384,
): Uint8Array {
  return makeCdb(12, 0xa0, (view) => {
    view.setUint8(2, selectReport);
    view.setUint32(6, allocationLength);
  });
}

/** REPORT TARGET PORT GROUPS. */
export function reportTargetPortGroups(
  allocationLength = 4096,
  extendedHeader = false,
): Uint8Array {
  return makeCdb(12, 0xa3, (view) => {
    view.setUint8(1, 0x0a | (extendedHeader ? 0x20 : 0));
    view.setUint32(6, allocationLength);
  });
}

/** SET TARGET PORT GROUPS. */
export function setTargetPortGroups(parameterLength: number): Uint8Array {
  return makeCdb(12, 0xa4, (view) => {
    view.setUint8(1, 0x0a);
    view.setUint32(6, parameterLength);
  });
}

/** Which operation codes are asked for. */
export interface SupportedOpcodes {
  /** 0 all, 1 one code, 2 one code with service action, 3 either. */
  readonly options?: number;
  /** Operation code. */
  readonly opcode?: number;
  /** Service action. */
  readonly serviceAction?: number;
  /** Ask for the timeouts descriptors (RCTD). */
  readonly timeouts?: boolean;
  /** Most bytes to return. */
  readonly allocationLength?: number;
}

/** REPORT SUPPORTED OPERATION CODES. */
export function reportSupportedOperationCodes(
  fields: SupportedOpcodes = {},
): Uint8Array {
  return makeCdb(12, 0xa3, (view) => {
    view.setUint8(1, 0x0c);
    const timeouts = fields.timeouts === true ? 0x80 : 0;
    view.setUint8(2, timeouts | (fields.options ?? 0));
    view.setUint8(3, fields.opcode ?? 0);
    view.setUint16(4, fields.serviceAction ?? 0);
    view.setUint32(6, fields.allocationLength ?? 65535);
  });
}

/** REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS. */
export function reportSupportedTaskManagement(
  allocationLength = 16,
): Uint8Array {
  return makeCdb(12, 0xa3, (view) => {
    view.setUint8(1, 0x0d);
    view.setUint32(6, allocationLength);
  });
}

/** REPORT TIMESTAMP. */
export function reportTimestamp(allocationLength = 12): Uint8Array {
  return makeCdb(12, 0xa3, (view) => {
    view.setUint8(1, 0x0f);
    view.setUint32(6, allocationLength);
  });
}

/** READ BUFFER (10). */
export function readBuffer(
  mode: number,
  bufferId: number,
  offset: number,
  allocationLength: number,
): Uint8Array {
  return makeCdb(10, 0x3c, (view) => {
    // The lengths have 24 bits: the later line writes over the byte between.
    view.setUint32(5, allocationLength);
    view.setUint32(2, (bufferId << 24 | offset & 0xffffff) >>> 0);
    view.setUint8(1, mode);
  });
}

/** WRITE BUFFER. */
export function writeBuffer(
  mode: number,
  bufferId: number,
  offset: number,
  parameterLength: number,
): Uint8Array {
  const cdb = readBuffer(mode, bufferId, offset, parameterLength);
  cdb[0] = 0x3b;
  return cdb;
}

/** SEND DIAGNOSTIC, the self test. */
export function sendDiagnostic(selfTest = true): Uint8Array {
  return makeCdb(6, 0x1d, (view) => view.setUint8(1, selfTest ? 0x04 : 0));
}
