/**
 * Turns what ctl.conf says about access into what the iSCSI frontend asks.
 *
 * @module
 */

import type { AuthGroup, IscsiPortAccess, PortalGroup } from "../../mod.ts";
import { matchesPrefix } from "../conf/inet.ts";
import type {
  AuthGroup as ConfiguredAuthGroup,
  PortalGroup as ConfiguredPortalGroup,
} from "../conf/model.ts";
import type { PortAccess } from "../conf/steps.ts";

const ANY_ADDRESS: ReadonlySet<string> = new Set(["0.0.0.0", "::"]);

/** An auth group as logins are judged by it. */
export function authGroupOf(group: ConfiguredAuthGroup): AuthGroup {
  const { initiatorPortals } = group;
  return {
    type: group.type,
    credentials: group.credentials,
    initiatorNames: group.initiatorNames,
    admitsAddress: (address) =>
      initiatorPortals.length === 0 ||
      initiatorPortals.some((prefix) => matchesPrefix(address, prefix)),
  };
}

/** A portal group as discovery tells it. */
export function portalGroupOf(
  group: ConfiguredPortalGroup,
  tag: number,
): PortalGroup {
  return {
    name: group.name,
    tag,
    discoveryAuthGroup: authGroupOf(group.discoveryAuthGroup),
    discoveryFilter: group.discoveryFilter,
    redirect: group.redirect,
    movedPermanently: group.movedPermanently,
    portals: group.listen.map(({ address, port }) => ({
      address,
      port,
      wildcard: !group.foreign && ANY_ADDRESS.has(address),
    })),
  };
}

/** What logins through a port are judged by. */
export function portAccessOf(access: PortAccess): IscsiPortAccess {
  return {
    authGroup: authGroupOf(access.authGroup),
    alias: access.alias,
    redirect: access.redirect,
    movedPermanently: access.movedPermanently,
    portalGroups: access.portalGroups,
  };
}
