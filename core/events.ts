/**
 * What happens in a target, as a stream that programs can follow: LUNs and
 * ports come and go, sessions open and close, thresholds are reached.
 *
 * Nothing here is on the way of a command. Whoever listens has a bounded queue
 * of its own: one that does not take its events loses the oldest, is told how
 * many, and holds up nobody.
 *
 * @module
 */

import { ManagementError } from "./management_error.ts";
import type { Clock } from "./ports/host.ts";

/** Events that wait for one listener at the most. */
export const EVENTS_WAITING_MAX = 256;
/** Listeners that a target has at the most. */
export const EVENT_LISTENERS_MAX = 64;

/** What has happened to a LUN. */
export interface LunEvent {
  /** What it was. */
  readonly type:
    | "lun-created"
    | "lun-changed"
    | "lun-removed"
    | "threshold-reached";
  /** LUN number in the target. */
  readonly lun: number;
}

/** What has happened to a target port. */
export interface PortEvent {
  /** What it was. */
  readonly type:
    | "port-added"
    | "port-removed"
    | "port-online"
    | "port-offline";
  /** Number of the port. */
  readonly port: number;
}

/** A session has begun or ended. */
export interface SessionEvent {
  /** Which of them. */
  readonly type: "session-opened" | "session-closed";
  /** Number of the session. */
  readonly session: number;
  /** Number of the target port. */
  readonly port: number;
  /** Name of the initiator. */
  readonly initiator: string;
  /** Address of the initiator. */
  readonly address: string;
  /** Name of the target. */
  readonly target: string;
}

/** A command, or work behind it, met a defect of the target. */
export interface DefectEvent {
  /** What it was. */
  readonly type: "defect";
  /** Name of the command or of the work. */
  readonly command: string;
  /** LUN that it was for. */
  readonly lun: number;
}

/** What a node of a pair hears of the other one. */
export interface PeerEvent {
  /** What it was. */
  readonly type: "peer-up" | "peer-silent" | "peer-heard" | "peer-down";
  /** Why, or where the peer is. */
  readonly reason: string;
}

/** A node of a pair serves its LUNs, or one of them, in another way. */
export interface RoleEvent {
  /** What it was. */
  readonly type: "role-changed";
  /** LUN that has a role of its own; absent: all others. */
  readonly lun?: number;
  /** What the node is now: `primary`, `transitioning`. */
  readonly serving: string;
  /** Epoch of the role. */
  readonly epoch: number;
  /** Why. */
  readonly reason: string;
}

/** Something that has happened. */
export type TargetEvent =
  | LunEvent
  | PortEvent
  | SessionEvent
  | DefectEvent
  | PeerEvent
  | RoleEvent;

/** Events are missing here: the listener was too slow. */
export interface MissedEvents {
  /** What it was. */
  readonly type: "missed";
  /** How many are missing. */
  readonly count: number;
}

/** An event with its place in the stream. */
export type EventRecord = (TargetEvent | MissedEvents) & {
  /** Number, from 1, without gaps but for what was missed. */
  readonly id: number;
  /** Milliseconds since 1970. */
  readonly atMs: number;
};

/** One listener: takes events in their order until it is disposed of. */
export class EventSubscription implements Disposable {
  readonly #end: (subscription: EventSubscription) => void;
  readonly #waiting: EventRecord[] = [];
  #missed = 0;
  #ended = false;
  #wake: (() => void) | null = null;

  /** Made by {@linkcode EventHub.subscribe}. */
  constructor(end: (subscription: EventSubscription) => void) {
    this.#end = end;
  }

  /** The next event; null: there will be no more. One call at a time. */
  async next(): Promise<EventRecord | null> {
    while (!this.#ended && this.#waiting.length === 0) {
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    const missed = this.#takeMissed();
    return missed ?? this.#waiting.shift() ?? null;
  }

  /** An event happened; called by the hub. */
  offer(event: EventRecord): void {
    if (this.#waiting.length === EVENTS_WAITING_MAX) {
      this.#waiting.shift();
      this.#missed += 1;
    }
    this.#waiting.push(event);
    this.#wake?.();
  }

  /** Listens no more; what waits can still be taken. */
  [Symbol.dispose](): void {
    this.#ended = true;
    this.#end(this);
    this.#wake?.();
  }

  // It stands where the last of the missing events stood.
  #takeMissed(): EventRecord | undefined {
    const [first] = this.#waiting;
    if (this.#missed === 0 || first === undefined) return undefined;
    const count = this.#missed;
    this.#missed = 0;
    return { id: first.id - 1, atMs: first.atMs, type: "missed", count };
  }
}

/** The events of one target. */
export class EventHub {
  readonly #clock: Clock;
  readonly #subscriptions: Set<EventSubscription> = new Set();
  readonly #witnesses: Set<(event: TargetEvent) => void> = new Set();
  #lastId = 0;
  #closed = false;

  /** A hub to which nobody listens. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Listens from now on.
   *
   * @throws {ManagementError} when too many listen already
   */
  subscribe(): EventSubscription {
    if (this.#subscriptions.size === EVENT_LISTENERS_MAX) {
      throw new ManagementError(
        "event-limit",
        `Cannot follow the events: ${EVENT_LISTENERS_MAX} programs do ` +
          `already, which is the limit`,
      );
    }
    const subscription = new EventSubscription((ended) => {
      this.#subscriptions.delete(ended);
    });
    this.#subscriptions.add(subscription);
    if (this.#closed) subscription[Symbol.dispose]();
    return subscription;
  }

  /**
   * Is told of each event before whatever caused it goes on. For what cannot
   * wait alone: everybody else subscribes.
   */
  witness(tell: (event: TargetEvent) => void): Disposable {
    this.#witnesses.add(tell);
    return { [Symbol.dispose]: () => void this.#witnesses.delete(tell) };
  }

  /** Something has happened. */
  emit(event: TargetEvent): void {
    for (const tell of this.#witnesses) tell(event);
    const id = ++this.#lastId;
    if (this.#subscriptions.size === 0) return;
    const record = { id, atMs: this.#clock.wallClockMs(), ...event };
    for (const each of this.#subscriptions) each.offer(record);
  }

  /** The target is gone: every listener comes to the end of its stream. */
  close(): void {
    this.#closed = true;
    for (const each of this.#subscriptions) each[Symbol.dispose]();
  }
}
