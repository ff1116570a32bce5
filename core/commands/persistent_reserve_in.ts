/**
 * PERSISTENT RESERVE IN (SPC-5 6.16).
 *
 * @module
 */

import { reply } from "../data_transfer.ts";
import type { LogicalUnit } from "../logical_unit.ts";
import type {
  PersistentReservations,
  Registration,
} from "../persistent_reservations.ts";
import type { MaybePromise } from "../ports/block_store.ts";
import { type Completion, STATUS } from "../sense.ts";
import { SERIALIZATION } from "../serialization.ts";
import type { ScsiTask } from "../task.ts";
import type { CommandDefinition } from "./command_row.ts";
import { PERSISTENT_RESERVE_ROW } from "./persistent_reserve_row.ts";

const OPCODE = 0x5e;

/** Bits of REPORT CAPABILITIES (SPC-5 6.16.4). */
const CAPABILITY = {
  /** CRH: RESERVE of a registrant is GOOD without effect. */
  COMPATIBLE_RESERVATION_HANDLING: 0x10,
  /** SIP_C: SPEC_I_PT. */
  SPECIFY_INITIATOR_PORTS: 0x08,
  /** ATP_C: ALL_TG_PT. */
  ALL_TARGET_PORTS: 0x04,
  /** PTPL_C: APTPL. */
  PERSIST_THROUGH_POWER_LOSS: 0x01,
  /** TMV: the type mask is valid. */
  TYPE_MASK_VALID: 0x80,
  /** ALLOW COMMANDS 101b. */
  ALLOW_COMMANDS: 0x50,
  /** PTPL_A: the last registration asked for APTPL. */
  PERSIST_ACTIVATED: 0x01,
} as const;
/** PERSISTENT RESERVATION TYPE MASK: all six types. */
const ALL_TYPES = 0xea01;

/** The service actions of PERSISTENT RESERVE IN. */
export const PERSISTENT_RESERVE_IN_COMMANDS: readonly CommandDefinition[] = [
  reserveIn("READ KEYS", 0x00, SERIALIZATION.RESERVE, readKeys),
  reserveIn("READ RESERVATION", 0x01, SERIALIZATION.RESERVE, readReservation),
  reserveIn("REPORT CAPABILITIES", 0x02, SERIALIZATION.INQUIRY, capabilities),
  reserveIn("READ FULL STATUS", 0x03, SERIALIZATION.INQUIRY, readFullStatus),
];

function reserveIn(
  name: string,
  serviceAction: number,
  serialization: CommandDefinition["serialization"],
  execute: CommandDefinition["execute"],
): CommandDefinition {
  const code = serviceAction.toString(16).padStart(2, "0");
  return {
    ...PERSISTENT_RESERVE_ROW,
    name: `PERSISTENT RESERVE IN: ${name}`,
    opcode: OPCODE,
    serviceAction,
    usage: `${code} 0000000000 ffff 07`,
    serialization,
    direction: "in",
    // The two kinds of reservation exclude each other (SPC-2 5.5.1).
    execute: (task, unit) =>
      unit.reservations.holder === null
        ? execute(task, unit)
        : STATUS.RESERVATION_CONFLICT,
  };
}

function readKeys(
  task: ScsiTask,
  unit: LogicalUnit,
): MaybePromise<Completion> {
  const { persistent } = unit.reservations;
  const keys = persistent.registrations.map(({ key }) => key);
  return replyIn(
    task,
    persistent,
    8 * keys.length,
    (body) => keys.forEach((key, index) => body.setBigUint64(8 * index, key)),
  );
}

function readReservation(
  task: ScsiTask,
  unit: LogicalUnit,
): MaybePromise<Completion> {
  const { persistent } = unit.reservations;
  const length = persistent.type === 0 ? 0 : 16;
  return replyIn(task, persistent, length, (body) => {
    if (length === 0) return;
    body.setBigUint64(0, persistent.holderKey);
    body.setUint8(13, persistent.type);
  });
}

function capabilities(
  task: ScsiTask,
  unit: LogicalUnit,
): MaybePromise<Completion> {
  const { persists } = unit.reservations.persistent;
  return reply(task, 8, task.cdb.getUint16(7), (view) => {
    view.setUint16(0, 8);
    view.setUint8(
      2,
      CAPABILITY.COMPATIBLE_RESERVATION_HANDLING |
        CAPABILITY.SPECIFY_INITIATOR_PORTS | CAPABILITY.ALL_TARGET_PORTS |
        CAPABILITY.PERSIST_THROUGH_POWER_LOSS,
    );
    view.setUint8(
      3,
      CAPABILITY.TYPE_MASK_VALID | CAPABILITY.ALLOW_COMMANDS |
        (persists ? CAPABILITY.PERSIST_ACTIVATED : 0),
    );
    view.setUint16(4, ALL_TYPES);
  });
}

const STATUS_DESCRIPTOR = 24;

function readFullStatus(
  task: ScsiTask,
  unit: LogicalUnit,
): MaybePromise<Completion> {
  const { persistent } = unit.reservations;
  const rows = persistent.registrations;
  const length = rows.reduce(
    (sum, { nexus }) => sum + STATUS_DESCRIPTOR + nexus.transportId.length,
    0,
  );
  return replyIn(task, persistent, length, (body) => {
    let at = 0;
    for (const row of rows) at += writeFullStatus(body, at, row, persistent);
  });
}

function writeFullStatus(
  body: DataView,
  at: number,
  { nexus, key }: Registration,
  persistent: PersistentReservations,
): number {
  const { transportId, relativeTargetPort } = nexus;
  const holds = persistent.isHolder(nexus);
  body.setBigUint64(at, key);
  body.setUint8(at + 12, holds ? 0x01 : 0);
  body.setUint8(at + 13, holds ? persistent.type : 0);
  body.setUint16(at + 18, relativeTargetPort);
  body.setUint32(at + 20, transportId.length);
  transportId.forEach((byte, index) =>
    body.setUint8(at + STATUS_DESCRIPTOR + index, byte)
  );
  return STATUS_DESCRIPTOR + transportId.length;
}

// All but REPORT CAPABILITIES begin with PRGENERATION and a length.
function replyIn(
  task: ScsiTask,
  persistent: PersistentReservations,
  length: number,
  write: (body: DataView) => void,
): MaybePromise<Completion> {
  return reply(task, 8 + length, task.cdb.getUint16(7), (view) => {
    view.setUint32(0, persistent.generation);
    view.setUint32(4, length);
    write(new DataView(view.buffer, view.byteOffset + 8, length));
  });
}
