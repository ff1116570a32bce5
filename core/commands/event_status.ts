/**
 * GET EVENT STATUS NOTIFICATION (MMC-6 6.6): what has happened to the medium.
 *
 * @module
 */

import { reply } from "../data_transfer.ts";
import { FOR } from "../device_type.ts";
import type { LogicalUnit } from "../logical_unit.ts";
import { MEDIA_EVENT } from "../media_event.ts";
import type { MaybePromise } from "../ports/block_store.ts";
import { type Completion, invalidFieldInCdb } from "../sense.ts";
import { SERIALIZATION } from "../serialization.ts";
import type { ScsiTask } from "../task.ts";
import { type CommandDefinition, FLAG, PATTERN } from "./command_row.ts";

/** The command. */
export const EVENT_STATUS_COMMANDS: readonly CommandDefinition[] = [{
  name: "GET EVENT STATUS NOTIFICATION",
  opcode: 0x4a,
  deviceTypes: FOR.CD,
  usage: "01 0000 ff 0000 ffff 07",
  serialization: SERIALIZATION.READ_CAPACITY,
  direction: "in",
  flags: FLAG.NO_MEDIUM | FLAG.PERSISTENT,
  pattern: PATTERN.NONE,
  execute: getEventStatus,
}];

const POLLED = 0x01;
/** NOTIFICATION CLASS codes. */
const CLASS = { OPERATIONAL_CHANGE: 1, MEDIA: 4, DEVICE_BUSY: 6 } as const;
/** What we tell of, the most urgent first. */
const CLASSES: readonly number[] = [
  CLASS.OPERATIONAL_CHANGE,
  CLASS.MEDIA,
  CLASS.DEVICE_BUSY,
];
const SUPPORTED = CLASSES.reduce((set, each) => set | 1 << each, 0);
/** NEA: no event is available. */
const NO_EVENT_AVAILABLE = 0x80;
const HEADER_LENGTH = 4;
const EVENT_LENGTH = 4;
/** MEDIA STATUS bits. */
const MEDIA_PRESENT = 0x02;
const TRAY_OPEN = 0x01;

function getEventStatus(
  task: ScsiTask,
  unit: LogicalUnit,
): MaybePromise<Completion> {
  // Without POLLED the command would wait for an event.
  if ((task.cdb.getUint8(1) & POLLED) === 0) return invalidFieldInCdb(1, 0);
  const told = classToTell(task);
  const length = HEADER_LENGTH + (told === undefined ? 0 : EVENT_LENGTH);
  const allocationLength = task.cdb.getUint16(7);
  return reply(task, length, allocationLength, (view) => {
    view.setUint16(0, length - 2);
    view.setUint8(2, told ?? NO_EVENT_AVAILABLE);
    view.setUint8(3, SUPPORTED);
    if (told !== CLASS.MEDIA) return;
    view.setUint8(HEADER_LENGTH, task.itl?.mediaEvent ?? 0);
    view.setUint8(HEADER_LENGTH + 1, mediaStatus(unit));
    // An event is told once, and only to those who have room for it.
    if (task.itl === null || allocationLength <= HEADER_LENGTH) return;
    task.itl.mediaEvent = MEDIA_EVENT.NO_CHANGE;
  });
}

// The class with an event, else the first that was asked for: its descriptor
// says that nothing has changed, which is all that the other classes ever say.
function classToTell({ cdb, itl }: ScsiTask): number | undefined {
  const asked = CLASSES.filter((each) => (cdb.getUint8(4) >> each & 1) !== 0);
  const changed = itl !== null && itl.mediaEvent !== MEDIA_EVENT.NO_CHANGE;
  return changed && asked.includes(CLASS.MEDIA) ? CLASS.MEDIA : asked[0];
}

function mediaStatus(unit: LogicalUnit): number {
  if (unit.ejected) return TRAY_OPEN;
  return unit.hasMedium ? MEDIA_PRESENT : 0;
}
