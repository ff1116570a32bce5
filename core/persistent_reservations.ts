/**
 * Persistent reservations of one logical unit (SPC-5 5.14) as a pure state
 * machine: a request goes in, an outcome comes out that says how the command
 * ends and whom it concerns. Commands carry the outcome out.
 *
 * @module
 */

import type { InitiatorPort } from "./initiator_port.ts";
import {
  type Completion,
  INSUFFICIENT_REGISTRATION_RESOURCES,
  INVALID_RELEASE_OF_PERSISTENT_RESERVATION,
  invalidFieldInCdb,
  invalidFieldInParameterList,
  STATUS,
} from "./sense.ts";
import { UNIT_ATTENTION } from "./unit_attention.ts";

/** Types of persistent reservation (SPC-5 6.16.2). */
export const RESERVATION_TYPE = {
  WRITE_EXCLUSIVE: 1,
  EXCLUSIVE_ACCESS: 3,
  WRITE_EXCLUSIVE_REGISTRANTS_ONLY: 5,
  EXCLUSIVE_ACCESS_REGISTRANTS_ONLY: 6,
  WRITE_EXCLUSIVE_ALL_REGISTRANTS: 7,
  EXCLUSIVE_ACCESS_ALL_REGISTRANTS: 8,
} as const;

/** Registrations that one logical unit keeps. */
export const REGISTRANTS_MAX = 2048;

const TYPES: ReadonlySet<number> = new Set(Object.values(RESERVATION_TYPE));

/** A PERSISTENT RESERVE OUT, its CDB and parameter list taken apart. */
export interface ReserveOutRequest {
  /** Who asks. */
  readonly initiator: InitiatorPort;
  /** RESERVATION KEY. */
  readonly key: bigint;
  /** SERVICE ACTION RESERVATION KEY. */
  readonly actionKey: bigint;
  /** SCOPE. */
  readonly scope: number;
  /** TYPE. */
  readonly type: number;
}

/** A unit attention for one registrant. */
export interface Attention {
  /** For whom. */
  readonly initiator: InitiatorPort;
  /** One of `UNIT_ATTENTION`. */
  readonly condition: number;
}

/** How a request ended, and what follows from it. */
export interface ReserveOutcome {
  /** Status or sense of the command. */
  readonly completion: Completion;
  /** Unit attentions to raise. */
  readonly attentions: readonly Attention[];
  /** Registrants that were removed by somebody else. */
  readonly removed: readonly InitiatorPort[];
}

const GOOD: ReserveOutcome = {
  completion: STATUS.GOOD,
  attentions: [],
  removed: [],
};
const CONFLICT: ReserveOutcome = {
  completion: STATUS.RESERVATION_CONFLICT,
  attentions: [],
  removed: [],
};
const ACTION_KEY_FIELD = 8;

/** Keys, holder, type and generation of one logical unit. */
export class PersistentReservations {
  readonly #keys: Map<InitiatorPort, bigint> = new Map();
  #type = 0;
  #holder: InitiatorPort | null = null;
  #generation = 0;

  /** PRGENERATION. */
  get generation(): number {
    return this.#generation;
  }

  /** TYPE of the reservation; 0: none. */
  get type(): number {
    return this.#type;
  }

  /** Registrants and their keys, in the order they registered. */
  get registrants(): ReadonlyMap<InitiatorPort, bigint> {
    return this.#keys;
  }

  /** Key of the holder; 0 when all registrants hold it (SPC-5 5.14.10). */
  get holderKey(): bigint {
    if (this.#holder === null) return 0n;
    return this.#keys.get(this.#holder) ?? 0n;
  }

  /** Whether an initiator holds the reservation. */
  isHolder(initiator: InitiatorPort): boolean {
    if (this.#type === 0) return false;
    if (this.#forAllRegistrants) return this.#keys.has(initiator);
    return this.#holder === initiator;
  }

  /** Whether an initiator is registered. */
  isRegistered(initiator: InitiatorPort): boolean {
    return this.#keys.has(initiator);
  }

  /** Whether the reservation is a write exclusive one. */
  get writeExclusive(): boolean {
    return this.#type === RESERVATION_TYPE.WRITE_EXCLUSIVE ||
      this.#type === RESERVATION_TYPE.WRITE_EXCLUSIVE_REGISTRANTS_ONLY ||
      this.#type === RESERVATION_TYPE.WRITE_EXCLUSIVE_ALL_REGISTRANTS;
  }

  /** Whether an initiator has full access under the reservation. */
  admits(initiator: InitiatorPort): boolean {
    if (this.#type === 0) return true;
    if (this.#type <= RESERVATION_TYPE.EXCLUSIVE_ACCESS) {
      return this.#holder === initiator;
    }
    return this.#keys.has(initiator);
  }

  /** REGISTER, or with `ignoreKey` REGISTER AND IGNORE EXISTING KEY. */
  register(request: ReserveOutRequest, ignoreKey: boolean): ReserveOutcome {
    const { initiator, actionKey } = request;
    const known = this.#keys.get(initiator);
    if (!ignoreKey && request.key !== (known ?? 0n)) return CONFLICT;
    if (actionKey === 0n) {
      return known === undefined ? GOOD : this.#unregister(initiator);
    }
    if (known === undefined && this.#keys.size >= REGISTRANTS_MAX) {
      return refused(INSUFFICIENT_REGISTRATION_RESOURCES);
    }
    this.#keys.set(initiator, actionKey);
    this.#advance();
    return GOOD;
  }

  /** RESERVE. */
  reserve(request: ReserveOutRequest): ReserveOutcome {
    if (!this.#presentsKey(request)) return CONFLICT;
    if (this.#type === 0) {
      this.#hold(request.initiator, request.type);
      return GOOD;
    }
    const same = this.#type === request.type &&
      this.isHolder(request.initiator);
    return same ? GOOD : CONFLICT;
  }

  /** RELEASE. */
  release(request: ReserveOutRequest, attention: boolean): ReserveOutcome {
    if (!this.#presentsKey(request)) return CONFLICT;
    if (!this.isHolder(request.initiator)) return GOOD;
    if (request.type !== this.#type) {
      return refused(INVALID_RELEASE_OF_PERSISTENT_RESERVATION);
    }
    const shared = this.#type > RESERVATION_TYPE.EXCLUSIVE_ACCESS;
    this.#drop();
    return shared && attention ? this.#released(request.initiator) : GOOD;
  }

  /** CLEAR. */
  clear(request: ReserveOutRequest): ReserveOutcome {
    if (!this.#presentsKey(request)) return CONFLICT;
    const others = this.#others(request.initiator);
    this.#keys.clear();
    this.#drop();
    this.#advance();
    return {
      completion: STATUS.GOOD,
      attentions: others.map(reservationPreempted),
      removed: [],
    };
  }

  /** PREEMPT; PREEMPT AND ABORT differs in what its command then does. */
  preempt(request: ReserveOutRequest): ReserveOutcome {
    if (!this.#presentsKey(request)) return CONFLICT;
    const { actionKey } = request;
    if (actionKey === 0n) {
      return this.#forAllRegistrants
        ? this.#preemptHolder(request, this.#others(request.initiator))
        : refused(invalidFieldInParameterList(ACTION_KEY_FIELD));
    }
    if (this.#type === 0 || this.#forAllRegistrants) {
      return request.key === actionKey
        ? refused(invalidFieldInParameterList(ACTION_KEY_FIELD))
        : this.#preemptRegistrants(request);
    }
    return actionKey === this.holderKey
      ? this.#preemptHolder(request, this.#othersWithKey(request))
      : this.#preemptRegistrants(request);
  }

  get #forAllRegistrants(): boolean {
    return this.#type >= RESERVATION_TYPE.WRITE_EXCLUSIVE_ALL_REGISTRANTS;
  }

  #presentsKey(request: ReserveOutRequest): boolean {
    return this.#keys.get(request.initiator) === request.key;
  }

  #advance(): void {
    this.#generation = (this.#generation + 1) >>> 0;
  }

  #hold(initiator: InitiatorPort, type: number): void {
    this.#type = type;
    this.#holder = this.#forAllRegistrants ? null : initiator;
  }

  #drop(): void {
    this.#type = 0;
    this.#holder = null;
  }

  #others(initiator: InitiatorPort): InitiatorPort[] {
    return [...this.#keys.keys()].filter((other) => other !== initiator);
  }

  #othersWithKey(request: ReserveOutRequest): InitiatorPort[] {
    return this.#others(request.initiator)
      .filter((other) => this.#keys.get(other) === request.actionKey);
  }

  #released(except: InitiatorPort): ReserveOutcome {
    return {
      completion: STATUS.GOOD,
      attentions: this.#others(except).map(reservationReleased),
      removed: [],
    };
  }

  #unregister(initiator: InitiatorPort): ReserveOutcome {
    const type = this.#type;
    const held = this.#holder === initiator;
    this.#keys.delete(initiator);
    this.#advance();
    if (this.#forAllRegistrants) {
      if (this.#keys.size === 0) this.#drop();
      return GOOD;
    }
    if (!held) return GOOD;
    this.#drop();
    return type > RESERVATION_TYPE.EXCLUSIVE_ACCESS
      ? this.#released(initiator)
      : GOOD;
  }

  #preemptRegistrants(request: ReserveOutRequest): ReserveOutcome {
    const removed = this.#othersWithKey(request);
    if (removed.length === 0) return CONFLICT;
    for (const each of removed) this.#keys.delete(each);
    this.#advance();
    return {
      completion: STATUS.GOOD,
      attentions: removed.map(registrationPreempted),
      removed,
    };
  }

  #preemptHolder(
    request: ReserveOutRequest,
    removed: InitiatorPort[],
  ): ReserveOutcome {
    const wrong = checkScopeAndType(request.scope, request.type);
    if (wrong !== null) return refused(wrong);
    const typeBefore = this.#type;
    const attentions = removed.map(registrationPreempted);
    for (const each of removed) this.#keys.delete(each);
    this.#hold(request.initiator, request.type);
    this.#advance();
    if (tellsRegistrants(typeBefore) && typeBefore !== request.type) {
      const left = this.#others(request.initiator);
      attentions.push(...left.map(reservationReleased));
    }
    return { completion: STATUS.GOOD, attentions, removed };
  }
}

/**
 * Checks SCOPE and TYPE of byte 2 of the CDB.
 *
 * @returns the sense of what is wrong, or null
 */
export function checkScopeAndType(
  scope: number,
  type: number,
): Completion | null {
  if (scope !== 0) return invalidFieldInCdb(2, 4);
  return TYPES.has(type) ? null : invalidFieldInCdb(2, 0);
}

function tellsRegistrants(type: number): boolean {
  return type === RESERVATION_TYPE.WRITE_EXCLUSIVE_REGISTRANTS_ONLY ||
    type === RESERVATION_TYPE.EXCLUSIVE_ACCESS_REGISTRANTS_ONLY;
}

function refused(completion: Completion): ReserveOutcome {
  return { completion, attentions: [], removed: [] };
}

function registrationPreempted(initiator: InitiatorPort): Attention {
  return { initiator, condition: UNIT_ATTENTION.REGISTRATIONS_PREEMPTED };
}

function reservationPreempted(initiator: InitiatorPort): Attention {
  return { initiator, condition: UNIT_ATTENTION.RESERVATIONS_PREEMPTED };
}

function reservationReleased(initiator: InitiatorPort): Attention {
  return { initiator, condition: UNIT_ATTENTION.RESERVATIONS_RELEASED };
}
