/**
 * Who may do what on a reserved logical unit, of both kinds of reservation.
 *
 * @module
 */

import { FLAG } from "./commands/command_row.ts";
import type { NexusName } from "./initiator_port.ts";
import type { Nexus } from "./nexus.ts";
import { PersistentReservations } from "./persistent_reservations.ts";

/** Who sends a command, as far as reservations go: a nexus is one. */
export interface Sender {
  /** Name of the nexus. */
  readonly initiator: NexusName;
  /** The nexus in whose name it acts; null, or absent: in its own. */
  readonly actsFor?: Nexus | null;
}

/** The reservations of one logical unit. */
export class Reservations {
  /** Persistent reservations (SPC-5 5.14). */
  readonly persistent: PersistentReservations;
  /** Holder of a RESERVE (SPC-2 7.21); null: nobody. */
  holder: Nexus | null = null;

  /** Begins with those that were kept; without a RESERVE. */
  constructor(
    persistent: PersistentReservations = new PersistentReservations(),
  ) {
    this.persistent = persistent;
  }

  /** Whether anything is reserved: if not, nothing can conflict. */
  get inForce(): boolean {
    return this.holder !== null || this.persistent.type !== 0;
  }

  /** Whether a command with these flags of its row conflicts. */
  conflicts(nexus: Sender, flags: number): boolean {
    const { holder, persistent } = this;
    if (holder !== null && holder !== nexus && holder !== nexus.actsFor) {
      if ((flags & FLAG.RESERVED) === 0) return true;
    }
    if (persistent.type === 0 || (flags & FLAG.PERSISTENT) !== 0) return false;
    if ((flags & FLAG.WRITE_EXCLUSIVE) !== 0 && persistent.writeExclusive) {
      return false;
    }
    return !persistent.admits(nexus.initiator);
  }

  /**
   * Drops the RESERVE of a nexus that is lost or reset.
   *
   * @returns whether it had one
   */
  dropHolder(nexus: Nexus): boolean {
    if (this.holder !== nexus) return false;
    this.holder = null;
    return true;
  }
}
