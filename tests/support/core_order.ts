/**
 * The law of ordering once more, as plainly as possible, to hold the core's
 * task set against: the table in words, and when one task waits for another.
 *
 * @module
 */

import {
  ATTRIBUTE,
  ORDER,
  type ScsiTask,
  SERIALIZATION,
  type SerializationClass,
} from "../../core/mod.ts";
import type { OrderingRules } from "../../core/task_set.ts";

/** The classes by the names that the table uses. */
export const CLASSES: Readonly<Record<string, SerializationClass>> = {
  TUR: SERIALIZATION.TEST_UNIT_READY,
  READ: SERIALIZATION.READ,
  WRITE: SERIALIZATION.WRITE,
  UNMAP: SERIALIZATION.UNMAP,
  SYNC: SERIALIZATION.SYNCHRONIZE,
  MD_SNS: SERIALIZATION.MODE_SENSE,
  MD_SEL: SERIALIZATION.MODE_SELECT,
  RQ_SNS: SERIALIZATION.REQUEST_SENSE,
  INQ: SERIALIZATION.INQUIRY,
  RD_CAP: SERIALIZATION.READ_CAPACITY,
  RES: SERIALIZATION.RESERVE,
  LOG_SNS: SERIALIZATION.LOG_SENSE,
  FORMAT: SERIALIZATION.FORMAT,
  START: SERIALIZATION.START_STOP,
};

/** The words of the table and what the core calls them. */
export const ORDERS: Readonly<Record<string, number>> = {
  pass: ORDER.PASS,
  BLOCK: ORDER.BLOCK,
  OB: ORDER.BLOCK_UNLESS_UNRESTRICTED,
  EXT: ORDER.EXTENT,
  OE: ORDER.EXTENT_UNLESS_UNRESTRICTED,
  SEQ: ORDER.SEQUENTIAL,
};

// For each newer command the older ones of the table, by what they do to it:
// what is not named passes.
const WAITS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  TUR: { BLOCK: "MD_SNS MD_SEL RES START" },
  READ: {
    SEQ: "READ",
    EXT: "WRITE",
    OE: "UNMAP",
    BLOCK: "MD_SNS MD_SEL RES FORMAT START",
  },
  WRITE: {
    EXT: "READ WRITE",
    OE: "UNMAP",
    BLOCK: "MD_SNS MD_SEL RES FORMAT START",
  },
  UNMAP: { OB: "READ WRITE", BLOCK: "MD_SNS MD_SEL RES FORMAT START" },
  SYNC: { OB: "WRITE", BLOCK: "MD_SNS MD_SEL RES FORMAT START" },
  MD_SNS: {
    BLOCK: "TUR READ WRITE UNMAP SYNC MD_SEL RES FORMAT START",
  },
  MD_SEL: {
    BLOCK: "TUR READ WRITE UNMAP SYNC MD_SNS MD_SEL RES LOG_SNS FORMAT START",
  },
  RQ_SNS: {
    BLOCK:
      "TUR READ WRITE UNMAP SYNC MD_SNS MD_SEL RQ_SNS INQ RD_CAP RES LOG_SNS " +
      "START",
  },
  INQ: {},
  RD_CAP: { BLOCK: "RES FORMAT START" },
  RES: {
    BLOCK: "TUR READ WRITE UNMAP SYNC MD_SNS MD_SEL RQ_SNS RES LOG_SNS " +
      "FORMAT START",
  },
  LOG_SNS: { BLOCK: "RES FORMAT START" },
  FORMAT: { BLOCK: Object.keys(CLASSES).join(" ") },
  START: {
    BLOCK: "TUR READ WRITE UNMAP SYNC MD_SNS MD_SEL RQ_SNS INQ RES LOG_SNS " +
      "FORMAT START",
  },
};

const NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(CLASSES).map(([name, code]) => [code, name]),
);

/** The cell for a newer and an older class, in the words of the table. */
export function cellOf(newer: string, older: string): string {
  const found = Object.entries(WAITS[newer] ?? {})
    .find(([, names]) => names.split(" ").includes(older));
  return found?.[0] ?? "pass";
}

/** Whether a newer task has to wait for an older one that is still there. */
export function mustWait(
  newer: ScsiTask,
  older: ScsiTask,
  rules: OrderingRules,
): boolean {
  const { ORDERED, HEAD_OF_QUEUE } = ATTRIBUTE;
  const together = newer.nexus === older.nexus || !rules.separateTaskSets;
  if (newer.attribute === HEAD_OF_QUEUE) return false;
  if (together && newer.attribute === ORDERED) return true;
  if (together && older.attribute === ORDERED) return true;
  if (together && older.attribute === HEAD_OF_QUEUE) return true;
  if (newer.row === null || older.row === null) return false;
  const name = NAMES.get(newer.row.serialization) ?? "";
  const olderName = NAMES.get(older.row.serialization) ?? "";
  const cell = cellOf(name, olderName);
  if (rules.unrestrictedReordering && cell.startsWith("O")) return false;
  if (cell === "OB" || cell === "BLOCK") return true;
  if (cell === "pass") return false;
  if (cell === "SEQ") return continues(newer, older, rules);
  return collides(newer, older, rules);
}

function continues(
  newer: ScsiTask,
  older: ScsiTask,
  rules: OrderingRules,
): boolean {
  const blocks = blocksOf(older);
  return rules.serseq !== "off" && !older.sequentialDone && blocks.size > 0 &&
    older.lba + older.blockCount === newer.lba;
}

function collides(
  newer: ScsiTask,
  older: ScsiTask,
  rules: OrderingRules,
): boolean {
  const unmaps = older.row?.serialization === SERIALIZATION.UNMAP;
  if (unmaps && older.ranges === null) return true;
  const blocks = blocksOf(older);
  const reaches = rules.serseq === "on" && !older.sequentialDone && !unmaps;
  if (reaches && blocks.size > 0) blocks.add(older.lba + older.blockCount);
  return [...blocksOf(newer)].some((block) => blocks.has(block));
}

/** Every block that a task touches, one by one. */
function blocksOf(task: ScsiTask): Set<number> {
  const ranges = task.ranges ?? [task];
  const blocks = new Set<number>();
  for (const { lba, blockCount } of ranges) {
    for (let at = 0; at < blockCount; at += 1) blocks.add(lba + at);
  }
  return blocks;
}
