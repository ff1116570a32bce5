/**
 * Additional header segments of SCSI commands (RFC 7143 11.2.2): the rest of
 * a CDB that is longer than the basic header has room for.
 *
 * @module
 */

import { padded } from "./pdu.ts";
import { CDB_IN_HEADER_LENGTH } from "./scsi.ts";

/** AHSLength counts from the byte behind the type. */
const AhsAt = { LENGTH: 0, TYPE: 2, RESERVED: 3, CDB: 4 } as const;
const EXTENDED_CDB = 0x01;

/**
 * Bytes of a whole CDB that goes on in the segments.
 *
 * @param start where the segments begin
 * @param lengthBytes bytes of all segments; a multiple of four
 * @returns 0: they are anything else than one extended CDB
 */
export function extendedCdbLength(
  view: DataView,
  start: number,
  lengthBytes: number,
): number {
  if (lengthBytes <= AhsAt.CDB) return 0;
  if (view.getUint8(start + AhsAt.TYPE) !== EXTENDED_CDB) return 0;
  const end = AhsAt.RESERVED + view.getUint16(start + AhsAt.LENGTH);
  return end > AhsAt.CDB && padded(end) === lengthBytes
    ? CDB_IN_HEADER_LENGTH + end - AhsAt.CDB
    : 0;
}

/** Copies what follows the first 16 bytes of a CDB of `cdbLength` bytes. */
export function copyExtendedCdb(
  view: DataView,
  start: number,
  cdb: DataView,
  cdbLength: number,
): void {
  for (let byte = CDB_IN_HEADER_LENGTH; byte < cdbLength; byte += 1) {
    const at = start + AhsAt.CDB + byte - CDB_IN_HEADER_LENGTH;
    cdb.setUint8(byte, view.getUint8(at));
  }
}
