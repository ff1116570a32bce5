/**
 * Copy operations: those that run, and the results of those that have ended,
 * kept until they are asked for (SPC-5 5.18.4).
 *
 * All kinds of operation share one namespace: a LIST IDENTIFIER is one of a
 * nexus at the unit that received the command.
 *
 * @module
 */

import {
  type Clock,
  type Completion,
  invalidFieldInParameterList,
  type LogicalUnit,
  type LunObserver,
  type Nexus,
  STATUS,
} from "../../core/mod.ts";
import { INSUFFICIENT_RESOURCES } from "./sense.ts";

/** Operations that run at once in a target at the most. */
export const RUNNING_MAX = 255;

/** Operations that one nexus has running at once at the most. */
export const RUNNING_PER_NEXUS_MAX = 64;

/** Results that are kept for one nexus at the most: the oldest makes room. */
export const HELD_PER_NEXUS_MAX = 64;

/** Results that are kept in a target at the most. */
export const HELD_MAX = 1024;

/** Milliseconds that a result is kept. */
export const HELD_MS = 60_000;

/** Milliseconds between two looks at what has grown too old. */
export const HOUSEKEEPING_MS = 1000;

/** The command that began an operation. */
export type CopyKind =
  | "EXTENDED COPY(LID1)"
  | "EXTENDED COPY(LID4)"
  | "POPULATE TOKEN"
  | "WRITE USING TOKEN";

/** Where an operation stands. */
export type CopyState = "running" | "completed" | "failed" | "aborted";

/** Who has asked for an operation: a nexus is one. */
export interface CopyAsker {
  /** Its initiator port. */
  readonly initiator: {
    /** Name of the nexus. */
    readonly nexusId: string;
    /** Name of the initiator port. */
    readonly name: string;
  };
  /** Its target port. */
  readonly port: { readonly number: number };
}

/** What a command says of the operation that it begins. */
export interface OperationRequest<Asker extends CopyAsker = Nexus> {
  /** The unit that received the command. */
  readonly unit: LogicalUnit;
  /** The nexus that sent it. */
  readonly asker: Asker;
  /** LIST IDENTIFIER. */
  readonly listId: number;
  /** The command. */
  readonly kind: CopyKind;
  /** It goes on after the command has ended (IMMED). */
  readonly background?: boolean;
  /** Nobody can ask for it (LIST ID USAGE 11b): it is not kept. */
  readonly anonymous?: boolean;
}

/** One copy operation. */
export class CopyOperation<Asker extends CopyAsker = Nexus> {
  /** Number in the target, for lists of operators. */
  readonly number: number;
  /** The unit that received the command. */
  readonly unit: LogicalUnit;
  /** The nexus that sent it. */
  readonly asker: Asker;
  /** LIST IDENTIFIER. */
  readonly listId: number;
  /** The command. */
  readonly kind: CopyKind;
  /** It goes on after the command has ended. */
  readonly background: boolean;
  /** Nobody can ask for it. */
  readonly anonymous: boolean;
  /** When it began, by the clock. */
  readonly startedMs: number;
  /** When it ended; undefined: it runs. */
  endedMs: number | undefined;
  /** Where it stands. */
  state: CopyState = "running";
  /** How it ended: the completion of a foreground command. */
  completion: Completion = STATUS.GOOD;
  /** Segments that are done. */
  segments = 0;
  /** Bytes that are done. */
  bytes = 0;
  /** Bytes that are to be done; undefined: not known yet. */
  totalBytes: number | undefined;
  /** Blocks that are done, in those of the destination. */
  blocks = 0;
  /** Commands to units that have ended. */
  commands = 0;
  /** Where data come from and go to, in words, for lists. */
  route = "";
  /** How data were moved, in words, for lists. */
  how = "";
  /** It ended well, but before the end of what was asked for. */
  partlyDone = false;
  /** Its result can be told to nobody: it is forgotten with its end. */
  forsaken = false;
  /** ROD token that it has made; null: none. */
  token: Uint8Array | null = null;
  /** The other node has done it: it is known by the name of its initiator. */
  taken = false;
  /**
   * Resolves with whether another node knows that it has begun; null: nobody
   * has to.
   */
  begun: Promise<boolean> | null = null;
  /** Its result takes the place of one that another node may know. */
  replaces = false;
  readonly #stop: AbortController = new AbortController();

  /** Made by {@linkcode CopyOperations.begin}. */
  constructor(
    number: number,
    request: OperationRequest<Asker>,
    nowMs: number,
  ) {
    this.number = number;
    this.unit = request.unit;
    this.asker = request.asker;
    this.listId = request.listId;
    this.kind = request.kind;
    this.background = request.background ?? false;
    this.anonymous = request.anonymous ?? false;
    this.startedMs = nowMs;
  }

  /** Goes off when the operation is to stop. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** Asks it to stop; it has ended when its `state` says so. */
  stop(): void {
    this.#stop.abort();
  }
}

/** An operation, whoever has asked for it. */
export type AnyOperation = CopyOperation<CopyAsker>;

/** Tells another node of an operation: see `EntryTeller.tell`. */
export type TellOperation = (
  operation: AnyOperation,
) => Promise<boolean> | null;

/** The copy operations of one target. */
export class CopyOperations implements LunObserver, Disposable {
  readonly #clock: Clock;
  /** Tells another node of what has changed. */
  tell: TellOperation = () => null;
  readonly #all: Set<AnyOperation> = new Set();
  readonly #expired: (nowMs: number) => void;
  #cancel: () => void;
  #lastNumber = 0;

  /**
   * No operation.
   *
   * @param expired called every {@linkcode HOUSEKEEPING_MS}, for what else
   *                grows old
   */
  constructor(clock: Clock, expired: (nowMs: number) => void = () => {}) {
    this.#clock = clock;
    this.#expired = expired;
    this.#cancel = this.#keepHouse();
  }

  /** All of them, in the order in which they began. */
  all(): AnyOperation[] {
    return [...this.#all];
  }

  /**
   * Begins an operation: an ended one with the same identifier makes room.
   *
   * @returns how the command ends when it cannot begin
   */
  begin(request: OperationRequest): CopyOperation | Completion {
    const { unit, asker, listId } = request;
    const known = request.anonymous ? null : this.find(unit, asker, listId);
    if (known?.state === "running") return invalidFieldInParameterList(0);
    const running = this.all().filter(({ state }) => state === "running");
    const own = running.filter((each) => sameNexus(each.asker, asker));
    if (
      running.length >= RUNNING_MAX || own.length >= RUNNING_PER_NEXUS_MAX
    ) {
      return INSUFFICIENT_RESOURCES;
    }
    if (known !== null) this.forget(known);
    const number = ++this.#lastNumber;
    const operation = new CopyOperation(number, request, this.#clock.nowMs());
    this.#all.add(operation);
    operation.begun = this.#tell(operation);
    operation.replaces = known !== null;
    return operation;
  }

  /**
   * The operation with an identifier, or null. One that the other node has
   * done is found by its initiator, whichever way that comes: the port that it
   * was asked for may be gone with that node.
   */
  find(
    unit: LogicalUnit,
    asker: CopyAsker,
    listId: number,
  ): AnyOperation | null {
    const named = this.all().filter((each) =>
      each.listId === listId && each.unit === unit && !each.anonymous
    );
    return named.find((each) => sameNexus(each.asker, asker)) ??
      named.findLast((each) => each.taken && sameDevice(each.asker, asker)) ??
      null;
  }

  /** The operation with a number, or undefined. */
  numbered(number: number): AnyOperation | undefined {
    return this.all().find((each) => each.number === number);
  }

  /** Keeps the result of an operation that the other node has done. */
  take(
    request: OperationRequest<CopyAsker>,
    { runMs, heldMs }: { readonly runMs: number; readonly heldMs: number },
  ): AnyOperation {
    const endedMs = this.#clock.nowMs() - heldMs;
    const number = ++this.#lastNumber;
    const operation = new CopyOperation(number, request, endedMs - runMs);
    operation.taken = true;
    operation.endedMs = endedMs;
    operation.state = "completed";
    this.#all.add(operation);
    this.#makeRoom(operation);
    return operation;
  }

  /**
   * An operation has ended: its result is kept for a while.
   *
   * @returns see `EntryTeller.tell`
   */
  end(
    operation: AnyOperation,
    state: Exclude<CopyState, "running">,
    completion: Completion,
  ): Promise<boolean> | null {
    operation.state = state;
    operation.completion = completion;
    operation.endedMs = this.#clock.nowMs();
    if (operation.anonymous || operation.forsaken) {
      this.forget(operation);
      return null;
    }
    this.#makeRoom(operation);
    return this.#tell(operation);
  }

  /** Forgets a result: it was told, or cannot be told any more. */
  forget(operation: AnyOperation): void {
    if (this.#all.delete(operation)) void this.#tell(operation);
  }

  /** Another node serves a unit: what runs on it ends, results are its own. */
  leave(unit: LogicalUnit): void {
    this.#drop((each) => each.unit === unit);
  }

  /** See `LunObserver`: what runs on it ends, its results are gone. */
  unitRemoved(unit: LogicalUnit): void {
    this.#drop((each) => each.unit === unit);
  }

  /** See `LunObserver`. */
  unitReset(unit: LogicalUnit): void {
    this.#drop((each) => each.unit === unit);
  }

  /** See `LunObserver`. */
  nexusLost(nexus: Nexus): void {
    this.#drop((each) => each.asker === nexus);
  }

  /** Stops all operations and keeps house no longer. */
  [Symbol.dispose](): void {
    this.#cancel();
    this.#drop(() => true);
  }

  #tell(operation: AnyOperation): Promise<boolean> | null {
    return operation.anonymous ? null : this.tell(operation);
  }

  #drop(concerned: (operation: AnyOperation) => boolean): void {
    for (const each of this.all().filter(concerned)) {
      each.forsaken = true;
      if (each.state === "running") each.stop();
      else this.forget(each);
    }
  }

  #makeRoom(operation: AnyOperation): void {
    const held = this.all().filter(({ state }) => state !== "running");
    const own = held.filter(({ asker }) => sameNexus(asker, operation.asker));
    const [oldestOwn] = own;
    const [oldest] = held;
    if (own.length > HELD_PER_NEXUS_MAX && oldestOwn) this.forget(oldestOwn);
    else if (held.length > HELD_MAX && oldest) this.forget(oldest);
  }

  #keepHouse(): () => void {
    return this.#clock.after(HOUSEKEEPING_MS, () => {
      const nowMs = this.#clock.nowMs();
      for (const each of this.all()) {
        if (nowMs - (each.endedMs ?? nowMs) >= HELD_MS) this.forget(each);
      }
      this.#expired(nowMs);
      this.#cancel = this.#keepHouse();
    });
  }
}

/** Whether two nexuses are one initiator at one port, session after session. */
export function sameNexus(one: CopyAsker, other: CopyAsker): boolean {
  return one.initiator.nexusId === other.initiator.nexusId;
}

// An iSCSI initiator has another port name on each of its paths.
function sameDevice(one: CopyAsker, other: CopyAsker): boolean {
  return deviceOf(one.initiator.name) === deviceOf(other.initiator.name);
}

function deviceOf(name: string): string {
  return name.replace(/,i,0x[0-9a-f]+$/i, "");
}
