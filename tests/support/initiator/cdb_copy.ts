/**
 * CDBs of third-party copy (SPC-4 6.4, 6.17): extended copy and the commands
 * with ROD tokens.
 *
 * @module
 */

import { makeCdb } from "./cdb.ts";

function thirdParty(
  opcode: number,
  serviceAction: number,
  listIdentifier: number,
  length: number,
): Uint8Array {
  return makeCdb(16, opcode, (view) => {
    view.setUint8(1, serviceAction);
    view.setUint32(6, listIdentifier);
    view.setUint32(10, length);
  });
}

/** EXTENDED COPY (LID1). */
export function extendedCopy(parameterLength: number): Uint8Array {
  return thirdParty(0x83, 0x00, 0, parameterLength);
}

/** EXTENDED COPY (LID4). */
export function extendedCopyLid4(parameterLength: number): Uint8Array {
  return thirdParty(0x83, 0x01, 0, parameterLength);
}

/** POPULATE TOKEN. */
export function populateToken(
  listIdentifier: number,
  parameterLength: number,
): Uint8Array {
  return thirdParty(0x83, 0x10, listIdentifier, parameterLength);
}

/** WRITE USING TOKEN. */
export function writeUsingToken(
  listIdentifier: number,
  parameterLength: number,
): Uint8Array {
  return thirdParty(0x83, 0x11, listIdentifier, parameterLength);
}

/** COPY OPERATION ABORT. */
export function copyOperationAbort(listIdentifier: number): Uint8Array {
  return makeCdb(16, 0x83, (view) => {
    view.setUint8(1, 0x1c);
    view.setUint32(2, listIdentifier);
  });
}

/** Service actions of RECEIVE COPY RESULTS with a one-byte list identifier. */
export const RECEIVE_COPY = {
  STATUS: 0,
  DATA: 1,
  PARAMETERS: 3,
  FAILED_SEGMENT_DETAILS: 4,
} as const;

/** RECEIVE COPY RESULTS (LID1). */
export function receiveCopyResults(
  serviceAction: number,
  listIdentifier = 0,
  allocationLength = 1024,
): Uint8Array {
  return makeCdb(16, 0x84, (view) => {
    view.setUint8(1, serviceAction);
    view.setUint8(2, listIdentifier);
    view.setUint32(10, allocationLength);
  });
}

/** RECEIVE COPY STATUS (LID4). */
export function receiveCopyStatus(
  listIdentifier: number,
  allocationLength = 1024,
): Uint8Array {
  return makeCdb(16, 0x84, (view) => {
    view.setUint8(1, 0x05);
    view.setUint32(2, listIdentifier);
    view.setUint32(10, allocationLength);
  });
}

/** RECEIVE ROD TOKEN INFORMATION. */
export function receiveRodTokenInformation(
  listIdentifier: number,
  allocationLength = 1024,
): Uint8Array {
  return makeCdb(16, 0x84, (view) => {
    view.setUint8(1, 0x07);
    view.setUint32(2, listIdentifier);
    view.setUint32(10, allocationLength);
  });
}

/** REPORT ALL ROD TOKENS. */
export function reportAllRodTokens(allocationLength = 1024): Uint8Array {
  return makeCdb(16, 0x84, (view) => {
    view.setUint8(1, 0x08);
    view.setUint32(10, allocationLength);
  });
}
