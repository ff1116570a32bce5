/**
 * A target with LUNs of every kind, and two initiators that send it whatever
 * a plan says.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import {
  ATTRIBUTE,
  ManagementError,
  STATUS,
  TASK_MANAGEMENT,
} from "../../core/mod.ts";
import { settle, TestTarget } from "../support/core_target.ts";
import {
  type CommandResult,
  LocalInitiator,
  SILENT,
} from "../support/local_initiator.ts";
import {
  BLOCK_COUNT,
  BLOCK_LENGTH,
  buildCommand,
  buildData,
  type CommandPlan,
} from "./command_plan.ts";

/** LUNs that exist, and one that does not. */
export const LUNS_TRIED = 8;

/** Something that an initiator does. */
export type Step =
  | CommandStep
  | FunctionStep
  | { readonly kind: "hold"; readonly by: number }
  | { readonly kind: "resume"; readonly by: number }
  | { readonly kind: "leave"; readonly by: number }
  | { readonly kind: "room"; readonly by: number; readonly bytes: number }
  | { readonly kind: "answer"; readonly holding: boolean }
  | UnitStep
  | { readonly kind: "wait"; readonly ms: number };

/** It sends a command. */
export interface CommandStep {
  readonly kind: "command";
  /** Which initiator. */
  readonly by: number;
  readonly lun: number;
  readonly plan: CommandPlan;
  readonly attribute: number;
  /** Part of the data that comes with the command, in eighths. */
  readonly immediate: number;
}

/** It asks for a task management function. */
export interface FunctionStep {
  readonly kind: "function";
  readonly by: number;
  readonly lun: number;
  readonly what: number;
  /** How many commands ago the task was sent that is meant. */
  readonly back: number;
}

/** An administrator changes a unit. */
export interface UnitStep {
  readonly kind: "unit";
  readonly lun: number;
  /** Blocks that it gets; 0: it is removed. */
  readonly blocks: number;
}

interface Sent {
  readonly step: CommandStep;
  result: CommandResult | null;
}

const FUNCTIONS = Object.values(TASK_MANAGEMENT);
const STATUSES: ReadonlySet<number> = new Set(Object.values(STATUS));
const TURNS = 200;
const TURNS_MAX = 200_000;

/** The rig. */
export class CoreRig {
  readonly #test: TestTarget = new TestTarget();
  readonly #initiators: LocalInitiator[] = [];
  readonly #sent: Sent[] = [];
  readonly #asked: Set<FunctionStep | UnitStep> = new Set();
  readonly #errors: unknown[] = [];

  /** A target with its LUNs, and two initiators. */
  static async create(): Promise<CoreRig> {
    const rig = new CoreRig();
    await rig.#addLuns();
    rig.#connect(0);
    rig.#connect(1);
    return rig;
  }

  /** Does one step. */
  take(step: Step): void {
    switch (step.kind) {
      case "command":
        return this.#send(step);
      case "function":
        return this.#ask(step);
      case "hold":
        return this.#initiator(step.by).hold();
      case "resume":
        return this.#initiator(step.by).resume();
      case "leave":
        return this.#leave(step.by);
      case "room":
        this.#initiator(step.by).roomBytes = step.bytes;
        return;
      case "unit":
        this.#change(step);
        return;
      case "answer":
        return this.#holdStore(step.holding);
      case "wait":
        return this.#test.host.clock.advance(step.ms);
    }
  }

  /** Lets all go on, and looks at how everything ended. */
  async finish(): Promise<void> {
    this.#holdStore(false);
    for (const initiator of this.#initiators) initiator.resume();
    await this.#allEnded();
    for (const sent of this.#sent) checkResult(sent);
    await this.#test.end();
    this.#test.checkRules();
  }

  async #addLuns(): Promise<void> {
    const sizeBytes = BLOCK_COUNT * BLOCK_LENGTH;
    const add = (options: Record<string, string>, more = {}) =>
      this.#test.addLun({ sizeBytes, options, ...more });
    await add({});
    await add({ readonly: "on" });
    await add({ removable: "on", capacity: "64k" });
    await add({}, { deviceType: 3, sizeBytes: undefined });
    await add({}, { deviceType: 5, blockLength: 2048 });
    await add({ cache: "on", unmaps: "native", extents: "on" }, {
      backend: "controlled",
    });
    await add({ opens: "missing", path: "/gone", removable: "on" }, {
      backend: "controlled",
    });
  }

  #connect(index: number): void {
    this.#initiators[index] = this.#test.connect(`fuzz${index}`);
  }

  // Functions of a nexus that is lost are answered to nobody.
  #leave(index: number): void {
    this.#initiator(index).disconnect();
    for (const step of this.#asked) {
      if (step.kind === "function" && step.by === index) {
        this.#asked.delete(step);
      }
    }
    this.#connect(index);
  }

  #initiator(index: number): LocalInitiator {
    const initiator = this.#initiators[index];
    assert(initiator !== undefined, "the plan names an initiator");
    return initiator;
  }

  #send(step: CommandStep): void {
    const command = buildCommand(step.plan);
    const data = buildData(step.plan, command);
    const sent: Sent = { step, result: null };
    this.#sent.push(sent);
    const { cdb, direction, expectedLength } = command;
    this.#initiator(step.by).command(step.lun, cdb, {
      read: direction === "in" ? expectedLength : 0,
      write: data,
      expectedOut: direction === "out" ? expectedLength : 0,
      immediate: Math.floor(data.length * step.immediate / 8),
      attribute: step.attribute,
    }).then((result) => sent.result = result);
  }

  #ask(step: FunctionStep): void {
    const { by, lun, what, back } = step;
    const initiator = this.#initiator(by);
    const tag = Math.max(1, initiator.nextTag - 1 - back);
    const name = FUNCTIONS[what % FUNCTIONS.length];
    assert(name !== undefined);
    this.#asked.add(step);
    initiator.manage(name, lun, tag).then(() => this.#asked.delete(step));
  }

  async #change(step: UnitStep): Promise<void> {
    const { luns } = this.#test.target;
    const sizeBytes = step.blocks * BLOCK_LENGTH;
    this.#asked.add(step);
    try {
      if (step.blocks === 0) await luns.remove(step.lun);
      else await luns.modify(step.lun, { sizeBytes });
    } catch (error) {
      if (!(error instanceof ManagementError)) this.#errors.push(error);
    }
    this.#asked.delete(step);
  }

  #holdStore(holding: boolean): void {
    for (const store of this.#test.driver.stores) {
      if (holding) store.holding = true;
      else store.answerAll();
    }
  }

  async #allEnded(): Promise<void> {
    const commands = () => this.#sent.filter(({ result }) => result === null);
    const left = () => [
      ...commands().map(({ step }) => step),
      ...this.#asked,
    ];
    for (let turn = 0; turn < TURNS_MAX && left().length > 0; turn += TURNS) {
      await settle(TURNS);
    }
    assertEquals(left(), [], "nothing is left without an end");
    assertEquals(this.#errors, [], "changes of units fail properly");
  }
}

function checkResult({ step, result }: Sent): void {
  if (result === null || result.status === SILENT) return;
  const { status, sense, data } = result;
  assert(STATUSES.has(status), `status ${status} is no status`);
  const isChecked = status === STATUS.CHECK_CONDITION;
  assertEquals(sense !== "", isChecked, "sense with CHECK CONDITION alone");
  const { expectedLength, direction } = buildCommand(step.plan);
  const most = direction === "in" ? expectedLength : 0;
  assert(data.length <= most, "more data than the initiator expects");
}

/** Task attributes, the simple one most often. */
export const ATTRIBUTES: readonly number[] = [
  ...Array(12).fill(ATTRIBUTE.SIMPLE),
  ATTRIBUTE.ORDERED,
  ATTRIBUTE.HEAD_OF_QUEUE,
  ATTRIBUTE.ACA,
  ATTRIBUTE.UNTAGGED,
];
