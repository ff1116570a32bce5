/**
 * Another node, as a test wants it: access states, changes that it learns of
 * when the test says so, commands that it answers.
 *
 * @module
 */

import {
  ACCESS,
  type Completion,
  COORDINATION,
  type Coordinator,
  FLAG,
  type LogicalUnit,
  type MaybePromise,
  type ScsiTask,
  STANDALONE,
  STATUS,
  type TaskManagementRequest,
} from "../../core/mod.ts";
import type { TestTarget } from "./core_target.ts";

/** What a node has been told. */
export interface Told {
  /** `SHARED` bits that changed. */
  readonly changes: number[];
  /** Unit attentions, with whom they are for. */
  readonly attentions: string[];
}

/** A coordinator in the hands of a test. */
export class TestCoordinator implements Told {
  readonly changes: number[] = [];
  readonly attentions: string[] = [];
  /** Changes are known at once. */
  prompt = true;
  /** How commands end whose changes could not be told. */
  refusal: Completion | null = null;
  /** What commands of units that are away end with. */
  answer: (task: ScsiTask) => MaybePromise<Completion> = runHere;
  /** When functions are done at the other node; null: none is its business. */
  elsewhere: Promise<void> | null = null;
  /** Units cannot be reached here at all. */
  hidden = false;
  /** Stores are to be opened. */
  opens = true;
  /** Initiators may set states. */
  explicit = false;
  readonly #settling: Map<LogicalUnit, PromiseWithResolvers<null>> = new Map();
  readonly #test: TestTarget;
  readonly #access: number;

  /** Takes its place in a target. */
  constructor(test: TestTarget, access: number = ACCESS.OPTIMIZED) {
    this.#test = test;
    this.#access = access;
    test.target.plugins.service(COORDINATION)?.install(this.#coordinator());
  }

  /** It knows all that has changed. */
  settle(): void {
    for (const [unit, { resolve }] of [...this.#settling]) {
      this.#settling.delete(unit);
      unit.setUnsettled(false);
      resolve(null);
    }
  }

  #coordinator(): Coordinator {
    const units = () => this.#test.target.luns.all();
    return {
      ...STANDALONE,
      explicit: this.explicit,
      groupOf: (port) => port.number < 3 ? 2 : 3,
      groups: (_unit, ports) => [
        { number: 2, access: this.#access, statusCode: 2, ports },
        { number: 3, access: ACCESS.STANDBY, statusCode: 2, ports: [] },
      ],
      hides: () => this.hidden,
      opensStore: () => this.opens,
      unitAdded: (unit) => unit.setAccess(this.#access),
      changed: (unit, shared) => this.#changed(unit, shared),
      attention: (_unit, condition, { only, except }) => {
        const whom = only ?? (except === undefined ? "all" : `not ${except}`);
        this.attentions.push(`${condition.toString(16)} ${whom}`);
      },
      settled: (unit) => {
        const waiting = this.#settling.get(unit)?.promise ?? null;
        return waiting?.then(() => this.refusal) ?? null;
      },
      execute: (task) => this.answer(task),
      manage: (_nexus, _request: TaskManagementRequest) =>
        units().some(({ away }) => away) ? this.elsewhere : null,
    };
  }

  #changed(unit: LogicalUnit, shared: number): void {
    this.changes.push(shared);
    if (this.prompt || this.#settling.has(unit)) return;
    this.#settling.set(unit, Promise.withResolvers<null>());
    unit.setUnsettled(true);
  }
}

// REQUEST SENSE and its like run; the rest is GOOD.
function runHere(task: ScsiTask): MaybePromise<Completion> {
  const { row, itl } = task;
  if (row === null || itl === null) return STATUS.GOOD;
  return (row.flags & FLAG.RUN_HERE) === 0
    ? STATUS.GOOD
    : row.execute(task, itl.unit);
}
