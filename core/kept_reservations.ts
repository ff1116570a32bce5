/**
 * Persistent reservations that outlive a loss of power (APTPL, SPC-5 5.14.5):
 * what a command changes is durable before it ends GOOD, or is not changed.
 *
 * @module
 */

import { nexusName } from "./initiator_port.ts";
import {
  PersistentReservations,
  type ReservationsSnapshot,
  type ReserveOutcome,
} from "./persistent_reservations.ts";
import { INTERNAL_TARGET_FAILURE } from "./sense.ts";
import type { TargetPort } from "./target_port.ts";
import type { UnitState } from "./unit_state.ts";
import {
  decodeKeptReservations,
  encodeKeptReservations,
} from "./wire/kept_reservations.ts";

/** Name under which a unit keeps them. */
export const RESERVATIONS_NAME = "reservations";

/**
 * What a unit has kept, or nothing. PRGENERATION begins at zero
 * (SPC-5 6.16.2).
 */
export function readKeptReservations(state: UnitState): PersistentReservations {
  const persistent = new PersistentReservations();
  const bytes = state.read(RESERVATIONS_NAME);
  if (bytes === undefined) return persistent;
  const kept = decodeKeptReservations(bytes);
  if (kept === null) throw state.notUnderstood(RESERVATIONS_NAME);
  const registrations = kept.registrations.map((each) => ({
    nexus: nexusName(each.relativeTargetPort, each.transportId),
    key: each.key,
  }));
  const holder = registrations[kept.holder ?? -1]?.nexus.nexusId ?? null;
  const { type } = kept;
  persistent.restore({
    registrations,
    type,
    holder,
    generation: 0,
    persists: true,
  });
  return persistent;
}

/**
 * Lets a command change the reservations, and keeps what they are now. When
 * that fails they are what they were, and the command ends HARDWARE ERROR.
 *
 * @param ports all target ports: their numbers have to stay what they are
 */
export function changeDurably(
  persistent: PersistentReservations,
  state: UnitState,
  ports: readonly TargetPort[],
  change: () => ReserveOutcome,
): ReserveOutcome {
  const before = persistent.snapshot();
  const outcome = change();
  const after = persistent.snapshot();
  if (keep(state, ports, before, after)) return outcome;
  persistent.restore(before);
  return { completion: INTERNAL_TARGET_FAILURE, attentions: [], removed: [] };
}

function keep(
  state: UnitState,
  ports: readonly TargetPort[],
  before: ReservationsSnapshot,
  after: ReservationsSnapshot,
): boolean {
  if (after.generation === before.generation && after.type === before.type) {
    return true;
  }
  if (!keeps(after)) {
    return !keeps(before) ||
      state.attempt(() => state.remove(RESERVATIONS_NAME));
  }
  const used = new Set(
    after.registrations.map(({ nexus }) => nexus.relativeTargetPort),
  );
  return state.attempt(() => {
    for (const port of ports) if (used.has(port.number)) port.keepNumber();
    state.write(RESERVATIONS_NAME, encode(after));
  });
}

// Without a registration there is nothing that could be kept.
function keeps({ persists, registrations }: ReservationsSnapshot): boolean {
  return persists && registrations.length > 0;
}

function encode(snapshot: ReservationsSnapshot): Uint8Array {
  const { registrations, type } = snapshot;
  const holder = registrations
    .findIndex(({ nexus }) => nexus.nexusId === snapshot.holder);
  return encodeKeptReservations({
    type,
    holder: holder < 0 ? null : holder,
    registrations: registrations.map(({ nexus, key }) => ({ ...nexus, key })),
  });
}
