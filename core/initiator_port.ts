/**
 * Initiator ports as a target port knows them.
 *
 * @module
 */

import { nameOfTransportId } from "./ports/transport_id.ts";

/** Initiators that one target port remembers. */
export const INITIATORS_PER_PORT_MAX = 2048;

/**
 * The name of an I_T nexus: an initiator port at a target port, whether it
 * has ever logged in or not. Persistent reservations hang on it.
 */
export interface NexusName {
  /** Text that no other nexus of the target has, restart after restart. */
  readonly nexusId: string;
  /** RELATIVE TARGET PORT IDENTIFIER of the target port. */
  readonly relativeTargetPort: number;
  /** TransportID of the initiator port (SPC-5 7.6.4). */
  readonly transportId: Uint8Array;
}

/**
 * One initiator port at one target port, as it has logged in. It outlives the
 * sessions that use it.
 */
export interface InitiatorPort extends NexusName {
  /** Slot in the table of its target port. */
  readonly index: number;
  /** SCSI initiator port name, or another text that names it. */
  readonly name: string;
}

/** Names the nexus of an initiator port and a target port. */
export function nexusName(
  relativeTargetPort: number,
  transportId: Uint8Array,
): NexusName {
  const nexusId = `${relativeTargetPort}/${nameOfTransportId(transportId)}`;
  return { nexusId, relativeTargetPort, transportId };
}

interface Slot {
  initiator: InitiatorPort;
  users: number;
  lastUse: number;
}

/** The initiator table of one target port. */
export class InitiatorTable {
  readonly #slots: Slot[] = [];
  readonly #byName: Map<string, Slot> = new Map();
  #uses = 0;

  /**
   * The slot of a name: its old one, else a new one, else the one least
   * recently used that nobody uses.
   *
   * @returns null when all slots are in use
   */
  enter(
    name: string,
    transportId: Uint8Array,
    relativeTargetPort: number,
  ): InitiatorPort | null {
    const known = this.#byName.get(name);
    if (known !== undefined) return this.#use(known);
    const index = this.#freeIndex();
    if (index === undefined) return null;
    const initiator = Object.freeze({
      ...nexusName(relativeTargetPort, transportId),
      index,
      name,
    });
    const slot = { initiator, users: 0, lastUse: 0 };
    this.#slots[index] = slot;
    this.#byName.set(name, slot);
    return this.#use(slot);
  }

  /** One session of the initiator has ended; its name stays known. */
  leave(initiator: InitiatorPort): void {
    const slot = this.#byName.get(initiator.name);
    if (slot !== undefined) slot.users -= 1;
  }

  /** Initiators with at least one session, by slot. */
  *present(): Iterable<InitiatorPort> {
    for (const slot of this.#slots) if (slot.users > 0) yield slot.initiator;
  }

  /** All initiators that are remembered, by slot. */
  *known(): Iterable<InitiatorPort> {
    for (const { initiator } of this.#slots) yield initiator;
  }

  #use(slot: Slot): InitiatorPort {
    slot.users += 1;
    slot.lastUse = ++this.#uses;
    return slot.initiator;
  }

  #freeIndex(): number | undefined {
    if (this.#slots.length < INITIATORS_PER_PORT_MAX) {
      return this.#slots.length;
    }
    let oldest: Slot | undefined;
    for (const slot of this.#slots) {
      if (slot.users > 0) continue;
      if (oldest === undefined || slot.lastUse < oldest.lastUse) oldest = slot;
    }
    if (oldest !== undefined) this.#byName.delete(oldest.initiator.name);
    return oldest?.initiator.index;
  }
}
