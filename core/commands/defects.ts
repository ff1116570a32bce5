/**
 * READ DEFECT DATA (SBC-4 5.22, 5.23): a store hides its defects, so that the
 * lists are empty.
 *
 * @module
 */

import { reply } from "../data_transfer.ts";
import { FOR } from "../device_type.ts";
import type { MaybePromise } from "../ports/block_store.ts";
import { type Completion, invalidFieldInCdb } from "../sense.ts";
import { SERIALIZATION } from "../serialization.ts";
import type { ScsiTask } from "../task.ts";
import { type CommandDefinition, FLAG, PATTERN } from "./command_row.ts";

const READ_DEFECT_DATA = {
  deviceTypes: FOR.DISK,
  serialization: SERIALIZATION.MODE_SENSE,
  direction: "in",
  flags: FLAG.WRITE_EXCLUSIVE,
  pattern: PATTERN.NONE,
} as const;

/** The READ DEFECT DATA commands. */
export const DEFECT_COMMANDS: readonly CommandDefinition[] = [
  {
    ...READ_DEFECT_DATA,
    name: "READ DEFECT DATA(10)",
    opcode: 0x37,
    usage: "00 1f 00000000 ffff 07",
    execute: (task) =>
      replyEmptyList(task, {
        listsAt: 2,
        headerLength: 4,
        allocationLength: task.cdb.getUint16(7),
      }),
  },
  {
    ...READ_DEFECT_DATA,
    name: "READ DEFECT DATA(12)",
    opcode: 0xb7,
    usage: "1f ffffffff ffffffff 00 07",
    execute: (task) =>
      replyEmptyList(task, {
        listsAt: 1,
        headerLength: 8,
        allocationLength: task.cdb.getUint32(6),
      }),
  },
];

/** What differs between the two commands. */
interface DefectForm {
  /** Byte of the CDB with REQ_PLIST, REQ_GLIST and DEFECT LIST FORMAT. */
  readonly listsAt: number;
  /** Bytes of the reply: a header without descriptors. */
  readonly headerLength: number;
  /** ALLOCATION LENGTH. */
  readonly allocationLength: number;
}

/** Largest DEFECT LIST FORMAT that the standard describes (SBC-4 6.2.2). */
export const DEFECT_FORMAT_MAX = 5;

function replyEmptyList(
  task: ScsiTask,
  { listsAt, headerLength, allocationLength }: DefectForm,
): MaybePromise<Completion> {
  const lists = task.cdb.getUint8(listsAt) & 0x1f;
  if ((lists & 0x07) > DEFECT_FORMAT_MAX) return invalidFieldInCdb(listsAt, 2);
  return reply(task, headerLength, allocationLength, (view) => {
    // PLISTV and GLISTV: the lists that were asked for are here.
    view.setUint8(1, lists);
  });
}
