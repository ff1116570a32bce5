/**
 * CDBs of reservations: RESERVE and RELEASE (SPC-2 7), PERSISTENT RESERVE IN
 * and OUT with its parameter list (SPC-4 6.15, 6.16).
 *
 * @module
 */

import { makeCdb } from "./cdb.ts";

/** RESERVE (6). */
export function reserve6(): Uint8Array {
  return makeCdb(6, 0x16);
}

/** RELEASE (6). */
export function release6(): Uint8Array {
  return makeCdb(6, 0x17);
}

/** RESERVE (10). */
export function reserve10(): Uint8Array {
  return makeCdb(10, 0x56);
}

/** RELEASE (10). */
export function release10(): Uint8Array {
  return makeCdb(10, 0x57);
}

/** Service actions of PERSISTENT RESERVE IN. */
export const PR_IN = {
  READ_KEYS: 0,
  READ_RESERVATION: 1,
  REPORT_CAPABILITIES: 2,
  READ_FULL_STATUS: 3,
} as const;

/** Service actions of PERSISTENT RESERVE OUT. */
export const PR_OUT = {
  REGISTER: 0,
  RESERVE: 1,
  RELEASE: 2,
  CLEAR: 3,
  PREEMPT: 4,
  PREEMPT_AND_ABORT: 5,
  REGISTER_AND_IGNORE: 6,
  REGISTER_AND_MOVE: 7,
} as const;

/** Types of persistent reservations. */
export const PR_TYPE = {
  WRITE_EXCLUSIVE: 1,
  EXCLUSIVE_ACCESS: 3,
  WRITE_EXCLUSIVE_REGISTRANTS: 5,
  EXCLUSIVE_ACCESS_REGISTRANTS: 6,
  WRITE_EXCLUSIVE_ALL: 7,
  EXCLUSIVE_ACCESS_ALL: 8,
} as const;

/** PERSISTENT RESERVE IN. */
export function persistentReserveIn(
  serviceAction: number,
  allocationLength = 4096,
): Uint8Array {
  return makeCdb(10, 0x5e, (view) => {
    view.setUint8(1, serviceAction);
    view.setUint16(7, allocationLength);
  });
}

/** PERSISTENT RESERVE OUT. */
export function persistentReserveOut(
  serviceAction: number,
  type = 0,
  parameterLength = 24,
): Uint8Array {
  return makeCdb(10, 0x5f, (view) => {
    view.setUint8(1, serviceAction);
    view.setUint8(2, type);
    view.setUint32(5, parameterLength);
  });
}

/** Parameter list of PERSISTENT RESERVE OUT. */
export interface PersistentReserveList {
  /** Key that the nexus is registered with. */
  readonly key?: bigint;
  /** Key to register, or to preempt. */
  readonly actionKey?: bigint;
  /** Keep registrations over a loss of power (APTPL). */
  readonly persist?: boolean;
  /** Register on all target ports (ALL_TG_PT). */
  readonly allPorts?: boolean;
  /** TransportIDs to register (SPEC_I_PT). */
  readonly transportIds?: Uint8Array;
}

/** Encodes the parameter list. */
export function persistentReserveList(
  list: PersistentReserveList,
): Uint8Array {
  const { transportIds } = list;
  const extra = transportIds === undefined ? 0 : 4 + transportIds.length;
  const bytes = new Uint8Array(24 + extra);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, list.key ?? 0n);
  view.setBigUint64(8, list.actionKey ?? 0n);
  view.setUint8(
    20,
    (list.persist === true ? 0x01 : 0) | (list.allPorts === true ? 0x04 : 0) |
      (transportIds === undefined ? 0 : 0x08),
  );
  if (transportIds !== undefined) {
    view.setUint32(24, transportIds.length);
    bytes.set(transportIds, 28);
  }
  return bytes;
}

/** TransportID of an iSCSI initiator port (SPC-4 7.6.4.6). */
export function iscsiTransportId(
  initiatorName: string,
  isid: Uint8Array,
): Uint8Array {
  const name = `${initiatorName},i,0x${isid.toHex()}\0`;
  const length = Math.max(20, Math.ceil(name.length / 4) * 4);
  const bytes = new Uint8Array(4 + length);
  bytes[0] = 0x45;
  new DataView(bytes.buffer).setUint16(2, length);
  bytes.set(new TextEncoder().encode(name), 4);
  return bytes;
}
