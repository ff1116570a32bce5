/**
 * Persistent reservations of one logical unit (SPC-5 5.14) as a pure state
 * machine: a request goes in, an outcome comes out that says how the command
 * ends and whom it concerns. Commands carry the outcome out.
 *
 * @module
 */

import type { NexusName } from "./initiator_port.ts";
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

/** Registrations that one logical unit keeps, with or without APTPL. */
export const REGISTRANTS_MAX = 2048;

const TYPES: ReadonlySet<number> = new Set(Object.values(RESERVATION_TYPE));

/** A PERSISTENT RESERVE OUT, its CDB and parameter list taken apart. */
export interface ReserveOutRequest {
  /** Who asks. */
  readonly initiator: NexusName;
  /** RESERVATION KEY. */
  readonly key: bigint;
  /** SERVICE ACTION RESERVATION KEY. */
  readonly actionKey: bigint;
  /** SCOPE. */
  readonly scope: number;
  /** TYPE. */
  readonly type: number;
}

/** REGISTER or REGISTER AND IGNORE EXISTING KEY. */
export interface RegisterRequest extends ReserveOutRequest {
  /** APTPL: keep all of it over a loss of power. */
  readonly persist?: boolean;
  /** ALL_TG_PT: the nexuses of the initiator at the other target ports. */
  readonly elsewhere?: readonly NexusName[];
  /** SPEC_I_PT: the nexuses to register as well; undefined: the bit is zero. */
  readonly specified?: readonly NexusName[] | undefined;
}

/** REGISTER AND MOVE. */
export interface MoveRequest extends ReserveOutRequest {
  /** APTPL. */
  readonly persist: boolean;
  /** UNREG: the sender is registered no longer. */
  readonly unregister: boolean;
  /** Who holds the reservation from now on. */
  readonly destination: NexusName;
}

/** A nexus and its reservation key. */
export interface Registration {
  /** The nexus. */
  readonly nexus: NexusName;
  /** Its key, not zero. */
  readonly key: bigint;
}

/** All that persistent reservations are, at one moment. */
export interface ReservationsSnapshot {
  /** Registrations in the order they were made. */
  readonly registrations: readonly Registration[];
  /** TYPE of the reservation; 0: none. */
  readonly type: number;
  /** `nexusId` of the holder; null: none, or all registrants. */
  readonly holder: string | null;
  /** PRGENERATION. */
  readonly generation: number;
  /** APTPL of the last registration. */
  readonly persists: boolean;
}

/** A unit attention for one registrant. */
export interface Attention {
  /** For whom. */
  readonly initiator: NexusName;
  /** One of `UNIT_ATTENTION`. */
  readonly condition: number;
}

/** How a request ended, and what follows from it. */
export interface ReserveOutcome {
  /** Status or sense of the command. */
  readonly completion: Completion;
  /** Unit attentions to raise. */
  readonly attentions: readonly Attention[];
  /** Registrants that a PREEMPT has removed. */
  readonly removed: readonly NexusName[];
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
const FULL: ReserveOutcome = refused(INSUFFICIENT_REGISTRATION_RESOURCES);
const ACTION_KEY_FIELD = 8;
const SPEC_I_PT_FIELD = [20, 3] as const;
const MOVE_TRANSPORT_ID_FIELD = 24;

/** Keys, holder, type and generation of one logical unit. */
export class PersistentReservations {
  readonly #registrations: Map<string, Registration> = new Map();
  #type = 0;
  #holder: string | null = null;
  #generation = 0;
  #persists = false;

  /** PRGENERATION. */
  get generation(): number {
    return this.#generation;
  }

  /** TYPE of the reservation; 0: none. */
  get type(): number {
    return this.#type;
  }

  /** Whether a loss of power leaves them as they are (PTPL_A). */
  get persists(): boolean {
    return this.#persists;
  }

  /** Registrations in the order they were made. */
  get registrations(): Registration[] {
    return [...this.#registrations.values()];
  }

  /** Key of the holder; 0 when all registrants hold it (SPC-5 5.14.10). */
  get holderKey(): bigint {
    return this.#keyOf(this.#holder ?? "") ?? 0n;
  }

  /** Whether a nexus holds the reservation. */
  isHolder({ nexusId }: NexusName): boolean {
    if (this.#type === 0) return false;
    if (this.#forAllRegistrants) return this.#registrations.has(nexusId);
    return this.#holder === nexusId;
  }

  /** Whether a nexus is registered. */
  isRegistered({ nexusId }: NexusName): boolean {
    return this.#registrations.has(nexusId);
  }

  /** Whether the reservation is a write exclusive one. */
  get writeExclusive(): boolean {
    return this.#type === RESERVATION_TYPE.WRITE_EXCLUSIVE ||
      this.#type === RESERVATION_TYPE.WRITE_EXCLUSIVE_REGISTRANTS_ONLY ||
      this.#type === RESERVATION_TYPE.WRITE_EXCLUSIVE_ALL_REGISTRANTS;
  }

  /** Whether a nexus has full access under the reservation. */
  admits({ nexusId }: NexusName): boolean {
    if (this.#type === 0) return true;
    if (this.#type <= RESERVATION_TYPE.EXCLUSIVE_ACCESS) {
      return this.#holder === nexusId;
    }
    return this.#registrations.has(nexusId);
  }

  /** All of it, to be put back later by `restore`. */
  snapshot(): ReservationsSnapshot {
    return {
      registrations: this.registrations,
      type: this.#type,
      holder: this.#holder,
      generation: this.#generation,
      persists: this.#persists,
    };
  }

  /** Makes all of it what it was at another moment. */
  restore(snapshot: ReservationsSnapshot): void {
    this.#registrations.clear();
    for (const each of snapshot.registrations) {
      this.#registrations.set(each.nexus.nexusId, each);
    }
    this.#type = snapshot.type;
    this.#holder = snapshot.holder;
    this.#generation = snapshot.generation;
    this.#persists = snapshot.persists;
  }

  /**
   * REGISTER, or with `ignoreKey` REGISTER AND IGNORE EXISTING KEY
   * (SPC-5 5.14.7). All nexuses that it names are registered, or none.
   */
  register(request: RegisterRequest, ignoreKey: boolean): ReserveOutcome {
    const known = this.#keyOf(request.initiator.nexusId);
    if (!ignoreKey && request.key !== (known ?? 0n)) return CONFLICT;
    if (known === undefined && request.actionKey === 0n) return GOOD;
    if (known !== undefined && request.specified !== undefined) {
      return refused(invalidFieldInParameterList(...SPEC_I_PT_FIELD));
    }
    return request.actionKey === 0n
      ? this.#unregister(request)
      : this.#registerAll(request, ignoreKey);
  }

  /** REGISTER AND MOVE (SPC-5 5.14.8). */
  move(request: MoveRequest): ReserveOutcome {
    const { initiator, destination, actionKey } = request;
    if (!this.#presentsKey(request)) return CONFLICT;
    if (this.#type === 0) return refused(invalidFieldInCdb(1, 4));
    if (this.#holder !== initiator.nexusId) return CONFLICT;
    if (actionKey === 0n) {
      return refused(invalidFieldInParameterList(ACTION_KEY_FIELD));
    }
    if (destination.nexusId === initiator.nexusId) {
      return refused(invalidFieldInParameterList(MOVE_TRANSPORT_ID_FIELD));
    }
    const more = this.#newAmong([destination]) - (request.unregister ? 1 : 0);
    if (this.#registrations.size + more > REGISTRANTS_MAX) return FULL;
    if (request.unregister) this.#registrations.delete(initiator.nexusId);
    this.#put(destination, actionKey);
    this.#holder = destination.nexusId;
    this.#persists = request.persist;
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
    this.#registrations.clear();
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
    return this.#holder !== null && actionKey === this.holderKey
      ? this.#preemptHolder(request, this.#othersWithKey(request))
      : this.#preemptRegistrants(request);
  }

  get #forAllRegistrants(): boolean {
    return this.#type >= RESERVATION_TYPE.WRITE_EXCLUSIVE_ALL_REGISTRANTS;
  }

  #presentsKey(request: ReserveOutRequest): boolean {
    return this.#keyOf(request.initiator.nexusId) === request.key;
  }

  #keyOf(nexusId: string): bigint | undefined {
    return this.#registrations.get(nexusId)?.key;
  }

  #advance(): void {
    this.#generation = (this.#generation + 1) >>> 0;
  }

  #put(nexus: NexusName, key: bigint): void {
    this.#registrations.set(nexus.nexusId, { nexus, key });
  }

  #hold(initiator: NexusName, type: number): void {
    this.#type = type;
    this.#holder = this.#forAllRegistrants ? null : initiator.nexusId;
  }

  #drop(): void {
    this.#type = 0;
    this.#holder = null;
  }

  #others({ nexusId }: NexusName): NexusName[] {
    return this.registrations.map(({ nexus }) => nexus)
      .filter((other) => other.nexusId !== nexusId);
  }

  #withKey(key: bigint): NexusName[] {
    return this.registrations.filter((each) => each.key === key)
      .map(({ nexus }) => nexus);
  }

  #othersWithKey({ initiator, actionKey }: ReserveOutRequest): NexusName[] {
    return this.#withKey(actionKey)
      .filter(({ nexusId }) => nexusId !== initiator.nexusId);
  }

  #newAmong(nexuses: readonly NexusName[]): number {
    const ids = new Set(nexuses.map(({ nexusId }) => nexusId));
    return [...ids].filter((id) => !this.#registrations.has(id)).length;
  }

  #remove(nexuses: readonly NexusName[]): void {
    for (const { nexusId } of nexuses) this.#registrations.delete(nexusId);
    this.#advance();
    const gone = this.#forAllRegistrants
      ? this.#registrations.size === 0
      : this.#holder !== null && !this.#registrations.has(this.#holder);
    if (gone) this.#drop();
  }

  #released(except: NexusName): ReserveOutcome {
    return {
      completion: STATUS.GOOD,
      attentions: this.#others(except).map(reservationReleased),
      removed: [],
    };
  }

  // At other ports the initiator may have shown another key (ALL_TG_PT); who
  // is named in the list and registered already stays as it is (SPEC_I_PT).
  #registerAll(request: RegisterRequest, ignoreKey: boolean): ReserveOutcome {
    const { initiator, key, actionKey } = request;
    const { elsewhere = [], specified = [] } = request;
    const conflicts = elsewhere.some(({ nexusId }) => {
      const known = this.#keyOf(nexusId);
      return known !== undefined && known !== key;
    });
    if (conflicts && !ignoreKey) return CONFLICT;
    const unregistered = specified.filter((each) => !this.isRegistered(each));
    const all = [initiator, ...elsewhere, ...unregistered];
    const size = this.#registrations.size + this.#newAmong(all);
    if (size > REGISTRANTS_MAX) return FULL;
    for (const each of all) this.#put(each, actionKey);
    this.#persists = request.persist ?? false;
    this.#advance();
    return GOOD;
  }

  #unregister(request: RegisterRequest): ReserveOutcome {
    const { initiator, elsewhere = [] } = request;
    const key = this.#keyOf(initiator.nexusId);
    const typeBefore = this.#type;
    const same = elsewhere
      .filter(({ nexusId }) => this.#keyOf(nexusId) === key);
    this.#remove([initiator, ...same]);
    this.#persists = request.persist ?? false;
    const released = this.#type === 0 &&
      typeBefore > RESERVATION_TYPE.EXCLUSIVE_ACCESS;
    return released ? this.#released(initiator) : GOOD;
  }

  // Who removes its own registration knows it.
  #preemptRegistrants(request: ReserveOutRequest): ReserveOutcome {
    const removed = this.#withKey(request.actionKey);
    if (removed.length === 0) return CONFLICT;
    const told = this.#othersWithKey(request);
    this.#remove(removed);
    return {
      completion: STATUS.GOOD,
      attentions: told.map(registrationPreempted),
      removed,
    };
  }

  #preemptHolder(
    request: ReserveOutRequest,
    removed: NexusName[],
  ): ReserveOutcome {
    const wrong = checkScopeAndType(request.scope, request.type);
    if (wrong !== null) return refused(wrong);
    const typeBefore = this.#type;
    const attentions = removed.map(registrationPreempted);
    this.#remove(removed);
    this.#hold(request.initiator, request.type);
    if (typeBefore !== request.type) {
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

function refused(completion: Completion): ReserveOutcome {
  return { completion, attentions: [], removed: [] };
}

function registrationPreempted(initiator: NexusName): Attention {
  return { initiator, condition: UNIT_ATTENTION.REGISTRATIONS_PREEMPTED };
}

function reservationPreempted(initiator: NexusName): Attention {
  return { initiator, condition: UNIT_ATTENTION.RESERVATIONS_PREEMPTED };
}

function reservationReleased(initiator: NexusName): Attention {
  return { initiator, condition: UNIT_ATTENTION.RESERVATIONS_RELEASED };
}
