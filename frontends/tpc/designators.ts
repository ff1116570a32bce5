/**
 * Finds the unit that a CSCD descriptor names, among those that a copy may
 * touch.
 *
 * @module
 */

import type { Designator, LogicalUnit } from "../../core/mod.ts";
import type { Cscd } from "./parameter_list.ts";

/** Bytes of a designator that a CSCD descriptor has room for. */
const DESIGNATOR_ROOM = 20;

/** The units with the designator of a CSCD descriptor: best there is one. */
export function unitsNamed(
  cscd: Cscd,
  units: readonly LogicalUnit[],
): LogicalUnit[] {
  if (!cscd.present || cscd.length === 0) return [];
  return units.filter(({ identity }) =>
    identity.designators.some((each) => isNamed(each, cscd))
  );
}

function isNamed(designator: Designator, cscd: Cscd): boolean {
  return designator.codeSet === cscd.codeSet &&
    designator.type === cscd.type &&
    designator.association === cscd.association &&
    isSame(designator.bytes, cscd);
}

// A longer one is named by as much of it as there is room for.
function isSame(bytes: Uint8Array, cscd: Cscd): boolean {
  const length = Math.min(bytes.length, DESIGNATOR_ROOM);
  if (cscd.length !== bytes.length && cscd.length !== length) return false;
  if (cscd.bytes.length < length) return false;
  for (let at = 0; at < length; at += 1) {
    if (bytes[at] !== cscd.bytes[at]) return false;
  }
  return true;
}
