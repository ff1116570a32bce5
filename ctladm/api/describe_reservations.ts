/**
 * Describes the reservations of a LUN in the words of the control API.
 *
 * @module
 */

import {
  type LogicalUnit,
  nameOfTransportId,
  type NexusName,
} from "../../mod.ts";
import type {
  RegistrationResource,
  ReservationsResource,
} from "./resources.ts";

/** Types of persistent reservation (SPC-5 6.16.2) in words. */
const TYPE_TEXTS: Readonly<Record<number, string>> = {
  1: "write exclusive",
  3: "exclusive access",
  5: "write exclusive, registrants only",
  6: "exclusive access, registrants only",
  7: "write exclusive, all registrants",
  8: "exclusive access, all registrants",
};

/** Reservations of both kinds. */
export function describeReservations(unit: LogicalUnit): ReservationsResource {
  const { persistent, holder } = unit.reservations;
  const { type } = persistent;
  return {
    lun: unit.number,
    generation: persistent.generation,
    persists: persistent.persists,
    type: type === 0
      ? null
      : { code: type, name: TYPE_TEXTS[type] ?? `type ${type}` },
    registrations: persistent.registrations.map(({ nexus, key }) => ({
      port: nexus.relativeTargetPort,
      initiator: initiatorName(unit, nexus),
      key: keyText(key),
      holder: persistent.isHolder(nexus),
    })),
    reserve: holder === null
      ? null
      : { port: holder.port.number, initiator: holder.initiator.name },
  };
}

/** Registrations for persistent reservations. */
export function describeRegistrations(
  unit: LogicalUnit,
): RegistrationResource[] {
  return unit.reservations.persistent.registrations
    .map(({ nexus, key }) => ({
      lun: unit.number,
      port: nexus.relativeTargetPort,
      initiator: initiatorName(unit, nexus),
      key: keyText(key),
    }));
}

function keyText(key: bigint): string {
  return `0x${key.toString(16)}`;
}

// Who has never logged in has the name that its TransportID holds.
function initiatorName(unit: LogicalUnit, name: NexusName): string {
  for (const { nexus } of unit.itls) {
    if (nexus.initiator.nexusId === name.nexusId) return nexus.initiator.name;
  }
  return nameOfTransportId(name.transportId);
}
