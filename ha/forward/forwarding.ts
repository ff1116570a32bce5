/**
 * Carries commands to the node that serves their unit. Each node is near for
 * its own initiators and far for those of the other one: which of both serves
 * a unit, the access state of the unit says.
 *
 * @module
 */

import {
  ASYMMETRIC_ACCESS_STATE_TRANSITION,
  type AwayEnding,
  type CommandRow,
  type LogicalUnit,
  type Nexus,
  PATTERN,
  type PluginPorts,
  type ScsiTask,
  SERIALIZATION,
  type TaskManagementRequest,
} from "../../core/mod.ts";
import type { FrameListener } from "../link/peer_link.ts";
import { Channel, type ForwardLink, malformed } from "./channel.ts";
import { FarSide } from "./far_side.ts";
import { FarContext, type FarTask } from "./far_task.ts";
import { Functions } from "./functions.ts";
import { NearSide } from "./near_side.ts";
import { decodeCommand, newCommandFrame } from "./wire/command.ts";
import { decodeFunction, decodeRevoke } from "./wire/function.ts";
import { KIND, NUMBER_LENGTH } from "./wire/kinds.ts";
import { decodeNexus, decodeResume } from "./wire/nexus.ts";
import { decodeOutcome, newOutcomeFrame } from "./wire/outcome.ts";
import {
  type DataInFrame,
  decodeCredit,
  decodeDataIn,
  decodeDataOut,
  decodeWant,
  type PieceFrame,
} from "./wire/transfer.ts";

/** What forwarding is made with. */
export interface ForwardingOptions {
  /** The link. */
  readonly link: ForwardLink;
  /** The target ports, remote ones among them. */
  readonly ports: Pick<PluginPorts, "get">;
  /** Milliseconds of the clock. */
  readonly nowMs: () => number;
  /** Commands to the medium run here, and take their places there. */
  readonly shares: boolean;
  /** Milliseconds of silence after which a node does nothing for the other. */
  readonly silentMs: number;
}

// Each frame is worked off before the next is decoded.
const command = newCommandFrame();
const dataIn: DataInFrame = { task: 0, ended: false, transferLength: 0 };
const piece: PieceFrame = { task: 0, offset: 0, length: 0 };
const outcome = newOutcomeFrame();

/** Both sides of one node. */
export class Forwarding {
  readonly #near: NearSide;
  readonly #far: FarSide;
  readonly #functions: Functions;
  readonly #shares: boolean;

  /** Takes the frames of its kinds; the link is not up yet. */
  constructor(options: ForwardingOptions) {
    const { link, ports, nowMs, silentMs } = options;
    const channel = new Channel(link);
    this.#shares = options.shares;
    this.#near = new NearSide(channel, silentMs);
    this.#functions = new Functions(channel);
    const functions = this.#functions;
    const executed = functions.executed.bind(functions);
    this.#far = new FarSide({ channel, ports, nowMs, silentMs, executed });
    for (const [kind, listener] of this.#listeners()) {
      link.receive(kind, listener);
    }
  }

  /** Commands of our initiators that are with the other node. */
  get sentCount(): number {
    return this.#near.taskCount;
  }

  /** Commands of the other node that are here, and places that are kept. */
  get servedCount(): number {
    return this.#far.taskCount;
  }

  /** Whether nothing is under way and no buffer lent, for tests. */
  get isIdle(): boolean {
    return this.#near.taskCount === 0 && this.#near.buffersInUse === 0 &&
      this.#far.taskCount === 0 && this.#far.slabsInUse <= 1 &&
      this.#functions.askedCount === 0;
  }

  /**
   * Runs a task of a unit that the other node serves, or keeps the place of
   * one that the other node runs; see `Coordinator.execute`.
   */
  execute(
    task: ScsiTask,
    row: CommandRow,
    unit: LogicalUnit,
  ): AwayEnding {
    if (isFar(task)) {
      return task.placeholder
        ? this.#far.keepPlace(task, row, unit)
        : ASYMMETRIC_ACCESS_STATE_TRANSITION;
    }
    return this.#near.execute(task, row, unit, this.#shares && isMedia(row));
  }

  /** See `Coordinator.manage`. */
  manage(
    nexus: Nexus,
    request: TaskManagementRequest,
    unit: LogicalUnit | null,
  ): Promise<void> | null {
    if (nexus.port.remote || unit?.away === false || !this.#near.up) {
      return null;
    }
    if (!this.#functions.concernsBoth(request)) return null;
    // What the other node has never heard of holds nothing there.
    if (unit === null && !this.#near.isKnown(nexus)) return null;
    const id = this.#near.tellNexus(nexus);
    return id === null ? null : this.#functions.ask(id, request);
  }

  /** See `Coordinator.nexusLost`. */
  nexusLost(nexus: Nexus): void {
    if (!nexus.port.remote) this.#near.nexusLost(nexus);
  }

  /** The link is up; `instance` names the run of the peer's process. */
  linkUp(instance: string): void {
    this.#far.linkUp(instance);
    this.#near.linkUp();
  }

  /** The link has ended: all that was under way ends so as to be retried. */
  linkDown(): void {
    this.#near.linkDown();
    this.#far.linkDown();
    this.#functions.linkDown();
  }

  /** The link takes more again. */
  linkDrained(): void {
    this.#near.linkDrained();
    this.#far.linkDrained();
  }

  /** The other node cannot write any more: its places are free. */
  peerFenced(): void {
    this.#far.peerFenced();
    this.#near.settled();
  }

  /** The other node's process is no more: its initiators are gone, too. */
  peerGone(): void {
    this.#far.peerGone();
    this.#near.settled();
  }

  /**
   * The other node may have given us up: what it has granted starts no
   * further access to a store.
   */
  stopGranted(): void {
    this.#near.stopGranted();
  }

  *#listeners(): Iterable<[number, FrameListener]> {
    const near = this.#near;
    const far = this.#far;
    const functions = this.#functions;
    yield [KIND.NEXUS, (body) => far.nexusCame(whole(decodeNexus(body)))];
    yield [KIND.NEXUS_LOST, (body) => far.nexusLost(numberIn(body))];
    yield [KIND.COMMAND, (body, data) => {
      expect(decodeCommand(body, command));
      far.command(command, body, data);
    }];
    yield [KIND.DATA_IN, (body, data) => {
      expect(decodeDataIn(body, dataIn));
      near.dataIn(dataIn, data);
    }];
    yield [KIND.CREDIT, (body) => {
      const { nexus, bytes } = whole(decodeCredit(body));
      far.credited(nexus, bytes);
    }];
    yield [KIND.WANT, (body) => {
      expect(decodeWant(body, piece));
      near.wanted(piece);
    }];
    yield [KIND.DATA_OUT, (body, data) => {
      expect(decodeDataOut(body, data.length, piece));
      far.dataOut(piece, data);
    }];
    yield [KIND.NO_DATA_OUT, (body) => {
      expect(decodeOutcome(body, outcome));
      far.noDataOut(outcome);
    }];
    yield [KIND.COMPLETE, (body) => {
      expect(decodeOutcome(body, outcome));
      near.completed(outcome);
    }];
    yield [KIND.ABORT, (body) => far.aborted(numberIn(body))];
    yield [KIND.GRANT, (body) => near.granted(numberIn(body))];
    yield [KIND.FINISH, (body) => {
      expect(decodeOutcome(body, outcome));
      far.finished(outcome);
    }];
    yield [KIND.REVOKE, (body) => {
      const { task, silent } = whole(decodeRevoke(body));
      near.revoked(task, silent);
    }];
    yield [KIND.FUNCTION, (body) => {
      const frame = whole(decodeFunction(body));
      functions.requested(frame, far.connected(frame.nexus));
    }];
    yield [KIND.FUNCTION_DONE, (body) => functions.done(numberIn(body))];
    yield [KIND.SETTLED, (body) => {
      expect(body.byteLength === 0);
      near.settled();
    }];
    yield [KIND.RESUME, (body) => far.resumed(whole(decodeResume(body)))];
    yield [KIND.RESUMED, (body) => {
      expect(body.byteLength === 0);
      far.allTold();
    }];
  }
}

/** Whether a command reads or writes the medium, and nothing else. */
export function isMedia({ serialization, pattern }: CommandRow): boolean {
  switch (serialization) {
    case SERIALIZATION.READ:
    case SERIALIZATION.WRITE:
    case SERIALIZATION.UNMAP:
    case SERIALIZATION.SYNCHRONIZE:
      return (pattern & (PATTERN.READ | PATTERN.WRITE)) !== 0;
    default:
      return false;
  }
}

function isFar(task: ScsiTask): task is FarTask {
  return task.context instanceof FarContext;
}

function expect(decoded: boolean): void {
  if (!decoded) malformed("a frame that cannot be read");
}

function whole<T>(decoded: T | null): T {
  return decoded ?? malformed("a frame that cannot be read");
}

function numberIn(body: DataView): number {
  expect(body.byteLength === NUMBER_LENGTH);
  return body.getUint32(0);
}
