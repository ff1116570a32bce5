/**
 * TransportIDs (SPC-5 7.6.4).
 *
 * @module
 */

import { ASSOCIATION, scsiNameDesignator } from "./designator.ts";

/** TransportID of an iSCSI initiator port (SPC-5 7.6.4.6, format 01b). */
export function iscsiTransportId(name: string): Uint8Array {
  const { bytes } = scsiNameDesignator(name, ASSOCIATION.PORT);
  const id = new Uint8Array(4 + bytes.length);
  const view = new DataView(id.buffer);
  view.setUint8(0, 0x45);
  view.setUint16(2, bytes.length);
  id.set(bytes, 4);
  return id;
}

/** Bytes of every TransportID but that of iSCSI. */
const FIXED_LENGTH = 24;

/**
 * TransportID of an initiator that has a number and no name: the form of
 * parallel SCSI (SPC-5 7.6.4.3).
 */
export function numberedTransportId(
  initiator: number,
  relativeTargetPort: number,
): Uint8Array {
  const id = new Uint8Array(FIXED_LENGTH);
  const view = new DataView(id.buffer);
  view.setUint8(0, 0x01);
  view.setUint16(2, initiator);
  view.setUint16(6, relativeTargetPort);
  return id;
}
