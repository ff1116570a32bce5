/**
 * CDBs that are longer than the basic header has room for (RFC 7143 11.2.2.3).
 *
 * @module
 */

import {
  CDB_LENGTH_MAX,
  INVALID_FIELD_IN_COMMAND_INFORMATION_UNIT,
  invalidFieldInCdb,
  type ScsiTask,
  type Sense,
} from "../../core/mod.ts";
import { copyExtendedCdb, extendedCdbLength } from "./wire/ahs.ts";
import { ahsLengthOf, BHS_LENGTH } from "./wire/pdu.ts";

/** Operation codes of CDBs that may be longer than 16 bytes (SPC-5 4.2). */
const LONG_CDB: ReadonlySet<number> = new Set([0x7e, 0x7f]);
/** Where such a CDB tells how long it is. */
const ADDITIONAL_CDB_LENGTH = 7;

/**
 * Why a command with additional headers is refused, or null. A longer CDB is
 * served; a transfer in both directions is not.
 */
export function senseOfAhs(
  view: DataView,
  start: number,
  cdbAt: number,
): Sense | null {
  const length = ahsLengthOf(view, start);
  if (length === 0) return null;
  const cdbLength = extendedCdbLength(view, start + BHS_LENGTH, length);
  if (cdbLength === 0 || !LONG_CDB.has(view.getUint8(cdbAt))) {
    return INVALID_FIELD_IN_COMMAND_INFORMATION_UNIT;
  }
  return cdbLength > CDB_LENGTH_MAX
    ? invalidFieldInCdb(ADDITIONAL_CDB_LENGTH)
    : null;
}

/** Puts what stands behind the header into the CDB of a task. */
export function fillLongCdb(
  task: ScsiTask,
  view: DataView,
  start: number,
): void {
  const at = start + BHS_LENGTH;
  const length = extendedCdbLength(view, at, ahsLengthOf(view, start));
  if (length === 0 || length > CDB_LENGTH_MAX) return;
  copyExtendedCdb(view, at, task.cdb, length);
  task.cdbLength = length;
}
