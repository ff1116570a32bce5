/**
 * Turns what ctl.conf says about targets into what iSNS servers are told.
 *
 * @module
 */

import type { IsnsPortalGroup, IsnsRegistration } from "../../mod.ts";
import type { IsnsRegistration as Configured } from "../conf/desired_state.ts";
import type { SocketAddress } from "../conf/inet.ts";

/** The port that the system chose for a portal; undefined: none is open. */
export type PortOfPortal = (
  portalGroup: string,
  listen: SocketAddress,
) => number | undefined;

/** What the servers are told. */
export function isnsRegistrationOf(
  configured: Configured,
  portOf: PortOfPortal,
): IsnsRegistration {
  const groups = new Map<string, IsnsPortalGroup>();
  for (const { portalGroup, tag } of configured.portalGroups) {
    const { name, listen } = portalGroup;
    const portals = listen.map((place) => ({
      address: place.address,
      port: portOf(name, place) ?? place.port,
    }));
    groups.set(name, { tag, portals });
  }
  return {
    periodSeconds: configured.periodSeconds,
    portalGroups: [...groups.values()],
    targets: configured.targets.map(([name = "", alias, ...names]) => ({
      name,
      alias,
      portalGroups: names
        .map((each) => groups.get(each ?? ""))
        .filter((group) => group !== undefined),
    })),
  };
}
