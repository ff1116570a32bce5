/**
 * Our initiators' commands that the other node serves: sent there whole, or
 * only to take their place there and then run here.
 *
 * What goes with a command is copied at once, straight out of the receive
 * buffer of its transport; frames of one turn of the event loop leave together.
 *
 * @module
 */

import {
  ABORT,
  assert,
  ASYMMETRIC_ACCESS_STATE_TRANSITION,
  type CommandRow,
  type Completion,
  ENDS_LATER,
  type LogicalUnit,
  type MaybePromise,
  type Nexus,
  type ScsiTask,
  STATUS,
} from "../../core/mod.ts";
import { type Channel, malformed } from "./channel.ts";
import { NEXUSES_MAX, PIECE_BYTES, TASKS_MAX } from "./limits.ts";
import { NearData } from "./near_data.ts";
import { NearGrants } from "./near_grants.ts";
import { type NearNexus, NearTask, PHASE } from "./near_task.ts";
import { newCommandFrame } from "./wire/command.ts";
import { KIND } from "./wire/kinds.ts";
import { encodeNexus, encodeResume } from "./wire/nexus.ts";
import type { OutcomeFrame } from "./wire/outcome.ts";
import type { DataInFrame, PieceFrame } from "./wire/transfer.ts";

// Filled and sent in one go.
const command = newCommandFrame();
const NO_BYTES = new Uint8Array(0);

/** The commands of one node that the other one serves. */
export class NearSide {
  readonly #channel: Channel;
  readonly #data: NearData;
  readonly #grants: NearGrants;
  readonly #tasks: NearTask[] = [];
  readonly #free: NearTask[] = [];
  readonly #nexuses: Map<Nexus, NearNexus> = new Map();
  readonly #aborted = (near: NearTask) => this.#abort(near);
  #nextNexus = 1;
  #incarnation = 0;
  #up = false;

  /**
   * A side that sends by a channel, which is not up.
   *
   * @param silentMs silence of the link from which on nothing is begun
   */
  constructor(channel: Channel, silentMs: number) {
    this.#channel = channel;
    const finish = this.#finish.bind(this);
    this.#data = new NearData(channel, (near) => {
      finish(near, near.outcome ?? STATUS.GOOD);
    });
    this.#grants = new NearGrants(channel, silentMs, finish);
  }

  /** Commands that are under way. */
  get taskCount(): number {
    return this.#tasks.length - this.#free.length;
  }

  /** Buffers of Data-Out that are on their way. */
  get buffersInUse(): number {
    return this.#data.buffersInUse;
  }

  /** Whether the other node can be asked. */
  get up(): boolean {
    return this.#up;
  }

  /**
   * Has the other node serve a command.
   *
   * @param grant it only takes its place there, and runs here
   */
  execute(
    task: ScsiTask,
    row: CommandRow,
    unit: LogicalUnit,
    grant: boolean,
  ): Completion | typeof ENDS_LATER {
    if (!this.#up) return ASYMMETRIC_ACCESS_STATE_TRANSITION;
    const nexus = this.#nexusOf(task.nexus);
    const near = nexus === null ? null : this.#takeTask();
    if (near === null || nexus === null) return STATUS.BUSY;
    near.take(task, row, unit, nexus, grant);
    task.wake = near.wake;
    this.#sendCommand(near);
    return ENDS_LATER;
  }

  /** The number of a nexus at the other node, which is told of it. */
  tellNexus(nexus: Nexus): number | null {
    const known = this.#nexusOf(nexus);
    if (known !== null) this.#announce(known);
    return known?.id ?? null;
  }

  /** Whether the other node may know of a nexus. */
  isKnown(nexus: Nexus): boolean {
    return this.#nexuses.has(nexus);
  }

  /** A nexus is gone; its tasks have ended. */
  nexusLost(nexus: Nexus): void {
    const known = this.#nexuses.get(nexus);
    if (known === undefined) return;
    this.#nexuses.delete(nexus);
    if (!this.#up || known.toldOn !== this.#incarnation) return;
    this.#channel.sendNumber(KIND.NEXUS_LOST, known.id);
  }

  /** The link is up: the other node hears what is still running here. */
  linkUp(): void {
    this.#up = true;
    this.#incarnation += 1;
    const running = this.#tasks.filter(({ phase }) => phase === PHASE.GRANTED);
    this.#channel
      .send(KIND.RESUME, encodeResume(running.map(({ id }) => id)));
    for (const nexus of this.#nexuses.values()) {
      nexus.owedBytes = 0;
      nexus.parkedBytes = 0;
      this.#announce(nexus);
    }
    this.#channel.send(KIND.RESUMED, new Uint8Array(0));
  }

  /**
   * The link has ended: what the other node had ends so as to be retried. It
   * may still be carried out, but ahead of all that comes later. What was
   * being aborted ends when it can touch nothing any more: see `settled`.
   */
  linkDown(): void {
    this.#up = false;
    for (const near of [...this.#tasks]) this.#lose(near);
    this.#data.goOn();
  }

  /** Tasks of earlier links, or all of them, can touch nothing any more. */
  settled(): void {
    for (const near of this.#tasks) {
      if (near.phase === PHASE.LOST) this.#finish(near, STATUS.TASK_ABORTED);
    }
  }

  /** The link takes more again. */
  linkDrained(): void {
    this.#data.goOn();
  }

  /**
   * The other node may have given us up: commands that it has granted start
   * no further access to a store, and end so as to be retried.
   */
  stopGranted(): void {
    for (const near of this.#tasks) this.#grants.stop(near);
  }

  // Frames of the other node.

  /** DATA_IN. */
  dataIn(frame: DataInFrame, data: Uint8Array): void {
    this.#data.dataIn(this.#require(frame.task), frame, data);
  }

  /** WANT. */
  wanted(frame: PieceFrame): void {
    const near = this.#require(frame.task);
    if (near.task?.abort === ABORT.NONE) this.#data.wanted(near, frame);
  }

  /** COMPLETE. */
  completed(frame: OutcomeFrame): void {
    const near = this.#require(frame.task);
    const { task } = near;
    if (task === null) return;
    task.transferLength = frame.transferLength;
    if (task.expectedDataOutLength > 0) {
      task.movedLength = Math.min(
        frame.movedLength,
        task.expectedDataOutLength,
      );
      task.moveCount = 1;
    }
    if (frame.silent && task.abort === ABORT.NONE) task.abort = ABORT.SILENT;
    near.outcome = frame.sense ?? frame.status;
    if (near.supplying) this.#stopTransfer(task);
    if (task.abort !== ABORT.NONE) this.#data.drop(near);
    if (near.parked.length === 0) this.#finish(near, near.outcome);
  }

  /** GRANT. */
  granted(id: number): void {
    const near = this.#require(id);
    if (!near.grant) malformed("a GRANT for a command that it has to run");
    this.#grants.run(near);
  }

  /** REVOKE; it may have crossed with the end of the command. */
  revoked(id: number, silent: boolean): void {
    const { task, phase } = this.#tasks[id] ?? {};
    if (task === undefined || task === null || phase !== PHASE.GRANTED) return;
    const how = silent ? ABORT.SILENT : ABORT.WITH_STATUS;
    void task.nexus.abortTasks([{ task, how }]);
  }

  #sendCommand(near: NearTask): void {
    const { task, nexus, unit } = near;
    if (task === null || nexus === null || unit === null) return;
    this.#announce(nexus);
    command.task = near.id;
    command.nexus = nexus.id;
    command.visibleLun = task.visibleLun;
    command.unit = unit.number;
    command.tag = task.tag;
    command.attribute = task.attribute;
    command.priority = task.priority;
    command.cdbLength = task.cdbLength;
    command.grant = near.grant;
    command.expectedIn = task.expectedDataInLength;
    command.expectedOut = task.expectedDataOutLength;
    const first = firstDataOut(near, task);
    near.sentLength = first?.length ?? 0;
    this.#channel.sendCommand(command, task.cdb, first);
    if (near.sentLength === task.expectedDataOutLength) letGoOf(task);
  }

  #abort(near: NearTask): void {
    const { task } = near;
    if (task === null || near.phase > PHASE.SENT) return;
    this.#data.drop(near);
    if (near.outcome !== null || near.endsWithData) {
      return this.#finish(near, near.outcome ?? STATUS.TASK_ABORTED);
    }
    if (near.abortAsked) return;
    near.abortAsked = true;
    this.#channel.sendNumber(KIND.ABORT, near.id);
  }

  // What the other node has ended goes on to its end without it.
  #lose(near: NearTask): void {
    const { task, phase } = near;
    if (task === null || phase > PHASE.SENT) return;
    if (near.outcome !== null || near.endsWithData) {
      return this.#data.orphan(near);
    }
    this.#data.drop(near);
    this.#stopTransfer(task);
    if (phase === PHASE.SENT && task.abort !== ABORT.NONE) {
      near.phase = PHASE.LOST;
      return;
    }
    this.#finish(near, ASYMMETRIC_ACCESS_STATE_TRANSITION);
  }

  #stopTransfer(task: ScsiTask): void {
    task.nexus.transport.abortTransfer(task);
    task.nexus.buffers.giveUp(task);
  }

  #finish(near: NearTask, completion: MaybePromise<Completion>): void {
    const { task } = near;
    near.free();
    this.#free.push(near);
    if (task === null) return;
    task.wake = null;
    task.nexus.executed(task, completion);
  }

  #takeTask(): NearTask | null {
    const free = this.#free.pop();
    if (free !== undefined) return free;
    if (this.#tasks.length === TASKS_MAX) return null;
    const near = new NearTask(this.#tasks.length, this.#aborted);
    this.#tasks.push(near);
    return near;
  }

  #require(id: number): NearTask {
    const near = this.#tasks[id];
    if (near === undefined || near.phase !== PHASE.SENT) {
      malformed("a frame for a command that it does not have");
    }
    return near;
  }

  #nexusOf(nexus: Nexus): NearNexus | null {
    const known = this.#nexuses.get(nexus);
    if (known !== undefined) return known;
    if (this.#nexuses.size === NEXUSES_MAX) return null;
    const id = this.#nextNexus++;
    const fresh = { id, nexus, toldOn: -1, owedBytes: 0, parkedBytes: 0 };
    this.#nexuses.set(nexus, fresh);
    return fresh;
  }

  #announce(known: NearNexus): void {
    if (known.toldOn === this.#incarnation) return;
    known.toldOn = this.#incarnation;
    const { initiator, port, actsFor } = known.nexus;
    assert(port.number < 2 ** 16, "a port has a two-byte number");
    // In whose name it acts has to be known first; at its own node it is.
    if (actsFor !== null && !actsFor.port.remote) this.tellNexus(actsFor);
    const body = encodeNexus({
      nexus: known.id,
      port: port.number,
      transportId: initiator.transportId,
      name: initiator.name,
      actsFor: actsFor?.port.number ?? null,
    });
    this.#channel.send(KIND.NEXUS, body);
  }
}

// Its transport need not keep its Data-Out: the other node has all of them.
function letGoOf(task: ScsiTask): void {
  task.immediate = NO_BYTES;
  task.immediateAt = 0;
}

// What came with the command.
function firstDataOut(
  near: NearTask,
  { immediate, immediateAt, immediateLength }: ScsiTask,
): Uint8Array | undefined {
  if (immediateLength === 0 || near.grant) return undefined;
  const length = Math.min(immediateLength, PIECE_BYTES);
  return immediate.subarray(immediateAt, immediateAt + length);
}
