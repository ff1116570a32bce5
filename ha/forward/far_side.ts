/**
 * Commands of the other node's initiators that we serve: they go the way of
 * all commands, over nexuses of remote ports.
 *
 * @module
 */

import {
  ABORT,
  ASYMMETRIC_ACCESS_STATE_TRANSITION,
  BufferPool,
  type CommandRow,
  type Completion,
  type LogicalUnit,
  type MaybePromise,
  type Nexus,
  type PluginPorts,
  type Sense,
  STATUS,
  type TaskManagementRequest,
} from "../../core/mod.ts";
import { type Channel, malformed } from "./channel.ts";
import { FarNexus } from "./far_nexus.ts";
import { FarPlaces } from "./far_places.ts";
import { FarContext, type FarTask } from "./far_task.ts";
import { HELD_BYTES_MAX, NEXUSES_MAX, TASKS_MAX } from "./limits.ts";
import { Slabs } from "./slabs.ts";
import { type CommandFrame, copyCdbOf } from "./wire/command.ts";
import { KIND } from "./wire/kinds.ts";
import type { NexusFrame } from "./wire/nexus.ts";
import { newOutcomeFrame, type OutcomeFrame } from "./wire/outcome.ts";
import type { PieceFrame } from "./wire/transfer.ts";

/** What the far side is made with. */
export interface FarOptions {
  /** Sends frames. */
  readonly channel: Channel;
  /** The target ports, remote ones among them. */
  readonly ports: Pick<PluginPorts, "get">;
  /** Milliseconds of the clock. */
  readonly nowMs: () => number;
  /** Silence of the link from which on the other node is not served. */
  readonly silentMs: number;
  /** A function has been executed. */
  readonly executed: (request: TaskManagementRequest) => void;
}

// Filled and sent in one go.
const outcome = newOutcomeFrame();
const NO_BYTES = new Uint8Array(0);

/** The commands of the other node. */
export class FarSide {
  readonly #options: FarOptions;
  readonly #slabs: Slabs = new Slabs();
  readonly #held: BufferPool = new BufferPool();
  readonly #places: FarPlaces;
  readonly #nexuses: Map<number, FarNexus> = new Map();
  /** Tasks of links that have ended. */
  readonly #ending: Set<FarTask> = new Set();
  #tasks: (FarTask | undefined)[] = [];
  #taskCount = 0;
  #incarnation = 0;
  #instance = "";

  /** A side without initiators. */
  constructor(options: FarOptions) {
    this.#options = options;
    this.#places = new FarPlaces(options.channel);
  }

  /** Tasks of the other node that are under way, and places that are kept. */
  get taskCount(): number {
    return this.#taskCount + this.#ending.size;
  }

  /** Slabs that hold Data-In which have not been sent. */
  get slabsInUse(): number {
    return this.#slabs.inUse;
  }

  /** Initiators that the other node has told of. */
  get nexusCount(): number {
    return this.#nexuses.size;
  }

  /** Keeps the place of a task that the other node is to run. */
  keepPlace(
    task: FarTask,
    row: CommandRow,
    unit: LogicalUnit,
  ): MaybePromise<Completion> {
    if (unit.away) return ASYMMETRIC_ACCESS_STATE_TRANSITION;
    if (!this.#isHere(task.context)) return STATUS.TASK_ABORTED;
    return this.#places.keep(task, row, unit);
  }

  /** The link is up, with a peer of this name for its run. */
  linkUp(instance: string): void {
    this.#incarnation += 1;
    if (instance !== this.#instance) this.peerGone();
    this.#instance = instance;
    this.#places.linkUp();
    for (const nexus of this.#nexuses.values()) {
      nexus.told = false;
      nexus.renewWindow();
    }
  }

  /**
   * The link has ended: all tasks of the other node end, but writes that it
   * was granted keep their places until it says that they are over, or is
   * known to be unable to write.
   */
  linkDown(): void {
    const tasks = this.#tasks.filter((task) => task !== undefined);
    this.#tasks = [];
    this.#taskCount = 0;
    this.#incarnation += 1;
    this.#places.linkDown();
    for (const task of tasks) this.#ending.add(task);
    for (const task of tasks) this.#abort(task);
    for (const nexus of this.#nexuses.values()) nexus.wakeWaiting();
    this.#places.stopHosting();
  }

  /** The link takes more again. */
  linkDrained(): void {
    for (const nexus of this.#nexuses.values()) nexus.wakeWaiting();
  }

  /** The other node cannot write any more. */
  peerFenced(): void {
    this.#places.releaseAll();
  }

  /** The process that was the other node is no more. */
  peerGone(): void {
    this.#places.releaseAll();
    for (const nexus of this.#nexuses.values()) void nexus.nexus?.nexusLost();
    this.#nexuses.clear();
  }

  // Frames of the other node.

  /** RESUME: granted tasks that are still running there. */
  resumed(running: readonly number[]): void {
    if (running.length > TASKS_MAX) malformed("a RESUME of too many tasks");
    this.#places.releaseOthers(new Set(running));
  }

  /** RESUMED: who has not been told of is gone. */
  allTold(): void {
    for (const [id, { told }] of [...this.#nexuses]) {
      if (!told) this.nexusLost(id);
    }
    if (this.#ending.size === 0) this.#tellSettled();
  }

  /** NEXUS. */
  nexusCame(frame: NexusFrame): void {
    const known = this.#nexuses.get(frame.nexus);
    if (known !== undefined && isSame(known.frame, frame)) {
      known.told = true;
      return;
    }
    if (known !== undefined) malformed("one number for two initiators");
    if (this.#nexuses.size === NEXUSES_MAX) malformed("too many initiators");
    const nexus = new FarNexus(frame, {
      channel: this.#options.channel,
      slabs: this.#slabs,
      isHere: (context) => this.#isHere(context),
      answered: (task) => this.#answered(task),
      ended: (task, silent) => this.#ended(task, silent),
      executed: this.#options.executed,
    });
    this.#nexuses.set(frame.nexus, nexus);
  }

  /** NEXUS_LOST. */
  nexusLost(id: number): void {
    const nexus = this.#nexuses.get(id);
    if (nexus === undefined) malformed("the loss of an unknown initiator");
    this.#nexuses.delete(id);
    void nexus.nexus?.nexusLost();
  }

  /** The nexus of an initiator; null: its port is not there. */
  connected(id: number): Nexus<FarContext> | null {
    return this.#connect(this.#known(id));
  }

  /** COMMAND; `first` is valid during this call. */
  command(frame: CommandFrame, view: DataView, first: Uint8Array): void {
    const { task: id, expectedOut } = frame;
    if (id >= TASKS_MAX || this.#tasks[id] !== undefined) {
      malformed("a task with the number of another one");
    }
    if (first.length > expectedOut) malformed("more Data-Out than expected");
    const far = this.#known(frame.nexus);
    const nexus = this.#connect(far);
    const refusal = this.#refusal(frame, nexus, far);
    if (refusal !== null || nexus === null) {
      return this.#refuse(id, refusal ?? STATUS.BUSY);
    }
    const task = nexus.takeTask();
    this.#fill(task, frame, view, first);
    this.#tasks[id] = task;
    this.#taskCount += 1;
    nexus.commandReceived(task);
    if (task.context.active) this.#keep(task, far, first);
  }

  /** ABORT. */
  aborted(id: number): void {
    const task = this.#tasks[id];
    // It may have crossed with the end of the command.
    if (task !== undefined) this.#abort(task);
  }

  /** CREDIT. */
  credited(nexus: number, bytes: number): void {
    // Its initiator may be gone meanwhile.
    if (this.#nexuses.get(nexus)?.credit(bytes) === false) {
      malformed("more credit than Data-In");
    }
  }

  /** DATA_OUT. */
  dataOut(frame: PieceFrame, data: Uint8Array): void {
    const task = this.#tasks[frame.task];
    const wait = task?.context.wait ?? null;
    // The command may have ended, or may not want them any more.
    if (task === undefined || wait === null) return;
    if (frame.offset !== wait.offset || wait.offset + data.length > wait.end) {
      malformed("Data-Out that nobody wants");
    }
    if (this.#isStale()) {
      return this.#noDataOut(task, ASYMMETRIC_ACCESS_STATE_TRANSITION);
    }
    wait.into.set(data, wait.at);
    wait.offset += data.length;
    wait.at += data.length;
    if (wait.offset < wait.end) return;
    task.context.wait = null;
    wait.resolve(true);
  }

  /** NO_DATA_OUT. */
  noDataOut(frame: OutcomeFrame): void {
    const task = this.#tasks[frame.task];
    if (task !== undefined) this.#noDataOut(task, frame.sense);
  }

  /** FINISH. */
  finished(frame: OutcomeFrame): void {
    const task = this.#tasks[frame.task];
    if (task === undefined) return this.#places.finishKept(frame);
    if (!task.context.granted) malformed("the end of a task that it has not");
    this.#forget(task);
    this.#places.finish(task, frame);
  }

  #known(id: number): FarNexus {
    return this.#nexuses.get(id) ??
      malformed("a command of an unknown initiator");
  }

  #connect(far: FarNexus): Nexus<FarContext> | null {
    const port = this.#options.ports.get(far.frame.port);
    if (port === undefined || !port.remote) return null;
    if (far.nexus?.port === port) return far.nexus;
    const { name, transportId, actsFor } = far.frame;
    const newContext = () => new FarContext(far);
    if (actsFor === null) {
      far.nexus = port.connect(name, transportId, far, newContext);
      return far.nexus;
    }
    const asker = this.#askerOf(far.frame, actsFor);
    far.nexus = asker && port.connectFor(asker, far, newContext);
    return far.nexus;
  }

  // The initiator that has asked for a copy, at whichever node: judged is what
  // it may do, not what the copy manager may.
  #askerOf(frame: NexusFrame, number: number): Nexus | null {
    const port = this.#options.ports.get(number);
    if (port === undefined) return null;
    if (port.remote) {
      const isAsker = (other: NexusFrame) =>
        other.port === number && other.actsFor === null &&
        isSameInitiator(other, frame);
      const far = [...this.#nexuses.values()]
        .find((each) => isAsker(each.frame));
      return far === undefined ? null : this.#connect(far);
    }
    for (const nexus of port.nexuses) {
      const isOwn = nexus.actsFor === null;
      if (isOwn && isSameInitiator(nexus.initiator, frame)) return nexus;
    }
    return null;
  }

  #refusal(
    frame: CommandFrame,
    nexus: Nexus<FarContext> | null,
    far: FarNexus,
  ): Completion | null {
    if (this.#isStale()) return ASYMMETRIC_ACCESS_STATE_TRANSITION;
    if (nexus === null) return STATUS.BUSY;
    if (far.heldBytes > HELD_BYTES_MAX) return STATUS.BUSY;
    const unit = nexus.itl(frame.visibleLun)?.unit;
    if (unit === undefined) return null;
    // Its map and ours differ for a moment.
    if (unit.number !== frame.unit) return STATUS.BUSY;
    if (unit.away) return ASYMMETRIC_ACCESS_STATE_TRANSITION;
    if (frame.grant) this.#places.host(unit);
    return null;
  }

  // We have stood still for so long that the other node may have given us up:
  // its commands were answered, and must not be carried out any more.
  #isStale(): boolean {
    return this.#options.channel.silenceMs >= this.#options.silentMs;
  }

  #fill(
    task: FarTask,
    frame: CommandFrame,
    view: DataView,
    first: Uint8Array,
  ): void {
    task.context.reset(frame.task, this.#incarnation);
    copyCdbOf(view, task.cdb);
    task.cdbLength = frame.cdbLength;
    task.arrivedMs = this.#options.nowMs();
    task.visibleLun = frame.visibleLun;
    task.tag = frame.tag;
    task.attribute = frame.attribute;
    task.priority = frame.priority;
    task.placeholder = frame.grant;
    task.expectedDataInLength = frame.expectedIn;
    task.expectedDataOutLength = frame.expectedOut;
    task.immediate = first;
    task.immediateAt = 0;
    task.immediateLength = first.length;
  }

  // The task goes on after this frame: the link's buffer does not.
  #keep(task: FarTask, far: FarNexus, first: Uint8Array): void {
    const { context } = task;
    if (context.takenLength >= first.length) {
      task.immediate = NO_BYTES;
      task.immediateLength = 0;
      return;
    }
    const held = this.#held.take(first.length);
    held.set(first);
    context.held = held;
    far.heldBytes += held.length;
    task.immediate = held;
  }

  #noDataOut(task: FarTask, sense: Sense | null): void {
    const { wait } = task.context;
    task.transportSense ??= sense;
    task.context.wait = null;
    wait?.resolve(false);
  }

  #abort(task: FarTask): void {
    void task.nexus.abortTasks([{ task, how: ABORT.SILENT }]);
  }

  #isHere(context: FarContext): boolean {
    return context.incarnation === this.#incarnation;
  }

  // The other node may use its number again as soon as it hears of it.
  #answered(task: FarTask): void {
    task.context.statusSent = true;
    this.#forget(task);
  }

  #ended(task: FarTask, silent: boolean): void {
    const { context } = task;
    this.#giveBack(task);
    if (context.statusSent) return;
    if (!this.#isHere(context)) return this.#oldEnded(task);
    if (context.granted) return;
    this.#forget(task);
    outcome.task = context.id;
    outcome.status = task.status;
    outcome.silent = silent;
    outcome.transferLength = task.transferLength;
    outcome.movedLength = task.movedLength;
    outcome.sense = task.sense;
    this.#options.channel.sendOutcome(KIND.COMPLETE, outcome);
  }

  #oldEnded(task: FarTask): void {
    this.#ending.delete(task);
    if (this.#ending.size === 0) this.#tellSettled();
  }

  #tellSettled(): void {
    this.#options.channel.send(KIND.SETTLED, NO_BYTES);
  }

  #forget({ context: { id } }: FarTask): void {
    this.#tasks[id] = undefined;
    this.#taskCount -= 1;
  }

  #giveBack({ context }: FarTask): void {
    const { held } = context;
    if (held === null) return;
    context.held = null;
    this.#held.give(held);
    context.owner.heldBytes -= held.length;
  }

  #refuse(id: number, completion: Completion): void {
    const isStatus = typeof completion === "number";
    outcome.task = id;
    outcome.status = isStatus ? completion : STATUS.CHECK_CONDITION;
    outcome.silent = false;
    outcome.transferLength = outcome.movedLength = 0;
    outcome.sense = isStatus ? null : completion;
    this.#options.channel.sendOutcome(KIND.COMPLETE, outcome);
  }
}

function isSame(one: NexusFrame, other: NexusFrame): boolean {
  return one.port === other.port && one.actsFor === other.actsFor &&
    isSameInitiator(one, other);
}

/** An initiator port by its names. */
type Named = Pick<NexusFrame, "name" | "transportId">;

function isSameInitiator(one: Named, other: Named): boolean {
  return one.name === other.name &&
    one.transportId.length === other.transportId.length &&
    one.transportId.every((byte, at) => byte === other.transportId[at]);
}
