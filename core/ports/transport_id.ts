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
