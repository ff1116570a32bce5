/**
 * SET TARGET PORT GROUPS (SPC-5 6.45): an initiator says through which node it
 * wants to reach a LUN.
 *
 * @module
 */

import {
  ACCESS,
  type CommandDefinition,
  type Completion,
  FLAG,
  FOR,
  invalidFieldInParameterList,
  type LogicalUnit,
  PARAMETER_LIST_LENGTH_ERROR,
  PATTERN,
  SERIALIZATION,
  SET_TARGET_PORT_GROUPS_COMMAND_FAILED,
  STATUS,
  withParameters,
} from "../core/mod.ts";

/** Its SERVICE ACTION. */
export const SET_GROUPS = 0x0a;

const HEADER_LENGTH = 4;
const DESCRIPTOR_LENGTH = 4;
const At = { ACCESS: 0, GROUP: 2 } as const;
const ACCESS_MASK = 0x0f;
const GROUPS = [2, 3] as const;

/** What the command needs of its node. */
export interface GroupSetter {
  /** Initiators may set access states. */
  readonly explicit: boolean;
  /** TARGET PORT GROUP of the node's own ports. */
  readonly ownGroup: number;
  /** Orders a role; false: it cannot be had now. */
  setGroups(unit: LogicalUnit, role: "primary" | "secondary"): boolean;
}

/** The command, for a node. */
export function setTargetPortGroups(node: GroupSetter): CommandDefinition {
  return {
    name: "SET TARGET PORT GROUPS",
    opcode: 0xa4,
    serviceAction: SET_GROUPS,
    deviceTypes: FOR.ALL,
    usage: "0a 00000000 ffffffff 00 07",
    serialization: SERIALIZATION.INQUIRY,
    direction: "out",
    flags: FLAG.NO_MEDIUM | FLAG.STANDBY | FLAG.RESERVED,
    pattern: PATTERN.NONE,
    supported: () => node.explicit,
    execute: (task, unit) => {
      const length = task.cdb.getUint32(6);
      if (length === 0) return STATUS.GOOD;
      if (!node.explicit || length % DESCRIPTOR_LENGTH !== 0) {
        return PARAMETER_LIST_LENGTH_ERROR;
      }
      return withParameters(task, length, (list) => set(node, unit, list));
    },
  };
}

function set(
  node: GroupSetter,
  unit: LogicalUnit,
  list: DataView,
): Completion {
  let role: "primary" | "secondary" | null = null;
  for (
    let at = HEADER_LENGTH;
    at < list.byteLength;
    at += DESCRIPTOR_LENGTH
  ) {
    const access = list.getUint8(at + At.ACCESS) & ACCESS_MASK;
    const group = list.getUint16(at + At.GROUP);
    if (!GROUPS.some((each) => each === group)) {
      return invalidFieldInParameterList(at + At.GROUP);
    }
    const isActive = access === ACCESS.OPTIMIZED;
    // Unavailable and transitioning are nothing that could be asked for.
    if (!isActive && access > ACCESS.STANDBY) {
      return invalidFieldInParameterList(at + At.ACCESS, 3);
    }
    const wanted = isActive === (group === node.ownGroup)
      ? "primary"
      : "secondary";
    // One of the two groups is active/optimized, and one alone.
    if (role !== null && role !== wanted) {
      return invalidFieldInParameterList(at + At.ACCESS, 3);
    }
    role = wanted;
  }
  if (role === null || node.setGroups(unit, role)) return STATUS.GOOD;
  return SET_TARGET_PORT_GROUPS_COMMAND_FAILED;
}
