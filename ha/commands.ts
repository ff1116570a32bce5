/**
 * Which commands a node answers by itself, whatever its role, and which change
 * what both nodes know.
 *
 * @module
 */

import { type CommandRow, FLAG, type ScsiTask } from "../core/mod.ts";
import { SET_GROUPS } from "./set_target_port_groups.ts";

/** Pages that a node makes of what it knows itself (SPC-5 7.7). */
const OWN_PAGES_END = 0xb0;
const OPCODE = {
  INQUIRY: 0x12,
  MAINTENANCE_IN: 0xa3,
  MAINTENANCE_OUT: 0xa4,
} as const;
const EVPD = 0x01;
/** What changes that which both nodes know. */
const SHARED_OPCODES: ReadonlySet<number> = new Set([
  ...[0x15, 0x55], // MODE SELECT
  ...[0x16, 0x56, 0x17, 0x57], // RESERVE, RELEASE
  ...[0x1b, 0x1e], // START STOP UNIT, PREVENT ALLOW MEDIUM REMOVAL
  ...[0x4c, 0x5f], // LOG SELECT, PERSISTENT RESERVE OUT
  ...[0x04, 0x48], // FORMAT UNIT, SANITIZE
]);
/** REPORT TARGET PORT GROUPS, REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS. */
const LOCAL_ACTIONS: ReadonlySet<number> = new Set([0x0a, 0x0d]);

/** It says the same through both nodes, from what both know. */
export function isLocal({ cdb }: ScsiTask, row: CommandRow): boolean {
  if ((row.flags & FLAG.RUN_HERE) !== 0) return true;
  if (row.opcode === OPCODE.INQUIRY) {
    return (cdb.getUint8(1) & EVPD) === 0 || cdb.getUint8(2) < OWN_PAGES_END;
  }
  const { serviceAction = 0 } = row;
  if (row.opcode === OPCODE.MAINTENANCE_OUT) {
    return serviceAction === SET_GROUPS;
  }
  return row.opcode === OPCODE.MAINTENANCE_IN &&
    LOCAL_ACTIONS.has(serviceAction);
}

/** It changes what both nodes know. */
export function isShared({ opcode, serviceAction }: CommandRow): boolean {
  return SHARED_OPCODES.has(opcode) ||
    (opcode === OPCODE.MAINTENANCE_OUT && serviceAction !== SET_GROUPS);
}
