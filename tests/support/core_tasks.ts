/**
 * Tasks without a target that runs them, for tests of a task set alone.
 *
 * @module
 */

import {
  ATTRIBUTE,
  type CommandDefinition,
  type CommandRow,
  commandRowOf,
  type Nexus,
  ScsiTask,
  type SerializationClass,
} from "../../core/mod.ts";
import { TestTarget } from "./core_target.ts";

/** What a bare task is like. */
export interface TaskWish {
  /** Its serialization class; undefined: it has no row. */
  readonly of?: SerializationClass | undefined;
  /** First block. */
  readonly lba?: number;
  /** Blocks. */
  readonly blocks?: number;
  /** Task attribute. */
  readonly attribute?: number;
  /** Tag; default: one after the other. */
  readonly tag?: number;
  /** Which of its nexuses it comes over. */
  readonly nexus?: Nexus;
}

/** A row that does nothing, of a serialization class. */
export function rowOf(serialization: SerializationClass): CommandRow {
  const definition: CommandDefinition = {
    name: `class ${serialization}`,
    opcode: 0xc0,
    deviceTypes: 7,
    usage: "00 00 00 00 07",
    serialization,
    direction: "none",
    flags: 0,
    pattern: 0,
    execute: () => 0,
  };
  return commandRowOf(definition);
}

/** Makes tasks of a few nexuses. */
export class TaskMaker {
  /** The nexuses. */
  readonly nexuses: readonly Nexus[];
  readonly #rows: Map<SerializationClass, CommandRow> = new Map();
  #nextTag = 1;

  /** Makes its nexuses, too. */
  constructor(nexusCount = 2) {
    const test = new TestTarget();
    this.nexuses = Array.from(
      { length: nexusCount },
      (_, index) => test.connect(`n${index}`).nexus as Nexus,
    );
  }

  /** A fresh task. */
  make(wish: TaskWish): ScsiTask {
    const nexus = wish.nexus ?? this.nexuses[0];
    if (nexus === undefined) throw new TypeError("There is no nexus");
    const task = new ScsiTask(nexus, undefined);
    task.row = wish.of === undefined ? null : this.#row(wish.of);
    task.lba = wish.lba ?? 0;
    task.blockCount = wish.blocks ?? 0;
    task.attribute = wish.attribute ?? ATTRIBUTE.SIMPLE;
    task.tag = wish.tag ?? this.#nextTag++;
    return task;
  }

  #row(serialization: SerializationClass): CommandRow {
    const known = this.#rows.get(serialization);
    if (known !== undefined) return known;
    const row = rowOf(serialization);
    this.#rows.set(serialization, row);
    return row;
  }
}
