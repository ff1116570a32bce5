/**
 * What a configuration says, typed and checked, whichever syntax it was
 * written in. Values are never changed: a reload makes a new one.
 *
 * @module
 */

import type { AddressPrefix, SocketAddress } from "./inet.ts";

/** Settings of the daemon as a whole. */
export interface Settings {
  /** Log level; 0 is quiet. */
  readonly debug: number;
  /** Logins at the same time; 0 is no limit. */
  readonly maxproc: number;
  /** Path of the pid file. */
  readonly pidfile: string;
  /** Longest login in seconds; 0 is no limit. */
  readonly timeoutSeconds: number;
}

/** Registration with iSNS servers. */
export interface IsnsSettings {
  /** Servers, in the order of the file. */
  readonly servers: readonly SocketAddress[];
  /** How long a registration is valid, in seconds. */
  readonly periodSeconds: number;
  /** Longest wait for a server, in seconds. */
  readonly timeoutSeconds: number;
}

/**
 * How initiators prove themselves. `unknown` is a group without type and
 * credentials: it refuses every login.
 */
export type AuthType = "unknown" | "none" | "deny" | "chap" | "chap-mutual";

/** One side of a CHAP exchange. */
export interface ChapIdentity {
  /** CHAP name. */
  readonly user: string;
  /** CHAP secret. */
  readonly secret: string;
}

/** What one initiator may log in with. */
export interface Credentials extends ChapIdentity {
  /** What the target answers with, when it is asked. */
  readonly mutual: ChapIdentity | undefined;
}

/** Who may log in, and how. */
export interface AuthGroup {
  /** Name in the file; undefined for the private group of a target. */
  readonly name: string | undefined;
  /** How initiators prove themselves. */
  readonly type: AuthType;
  /** Credentials by user. */
  readonly credentials: ReadonlyMap<string, Credentials>;
  /** Initiators that are allowed; when empty, all are. */
  readonly initiatorNames: ReadonlySet<string>;
  /** Addresses that are allowed; when empty, all are. */
  readonly initiatorPortals: readonly AddressPrefix[];
}

/** Which targets a discovery session is told about. */
export type DiscoveryFilter =
  | "none"
  | "portal"
  | "portal-name"
  | "portal-name-auth";

/** Addresses under which targets are reached. */
export interface PortalGroup {
  /** Name in the file. */
  readonly name: string;
  /** Who may discover. */
  readonly discoveryAuthGroup: AuthGroup;
  /** Which targets discovery tells. */
  readonly discoveryFilter: DiscoveryFilter;
  /** The portals are another host's: told in discovery, not listened on. */
  readonly foreign: boolean;
  /** Places to listen on, each once. */
  readonly listen: readonly SocketAddress[];
  /** Name of an offload driver. */
  readonly offload: string | undefined;
  /** Options of the ports, as text. */
  readonly options: ReadonlyMap<string, string>;
  /** Address to which every normal login is sent on. */
  readonly redirect: string | undefined;
  /** Whether it is to be remembered there. */
  readonly movedPermanently: boolean;
  /** Tag that the file asks for; undefined leaves it to us. */
  readonly tag: number | undefined;
  /** Differentiated services code point of the sockets, 0 to 63. */
  readonly dscp: number | undefined;
  /** VLAN priority of the sockets, 0 to 7. */
  readonly pcp: number | undefined;
}

/** A logical unit of the daemon; targets show it under numbers of theirs. */
export interface Lun {
  /** Name in the file, or `target,lun,number`. */
  readonly name: string;
  /** Kind of store: `block`, `ramdisk`, or that of a plugin. */
  readonly backend: string;
  /** File or device behind it. */
  readonly path: string | undefined;
  /** Size in bytes; undefined takes the size of what is behind it. */
  readonly sizeBytes: number | undefined;
  /** Bytes of a block. */
  readonly blocksize: number;
  /** Peripheral device type (SPC-4 6.6.2), 0 to 15. */
  readonly deviceType: number;
  /** CTL LUN number that the file asks for. */
  readonly ctlLun: number | undefined;
  /** Device identification; undefined leaves it to the core. */
  readonly deviceId: string | undefined;
  /** Serial number; undefined leaves it to the core. */
  readonly serial: string | undefined;
  /** Options as text, for the backend and the core. */
  readonly options: ReadonlyMap<string, string>;
}

/** A plugin that is to be loaded. */
export interface PluginWish {
  /** Name of a built-in one, path or URL of its module. */
  readonly name: string;
  /** Options as text. */
  readonly options: ReadonlyMap<string, string>;
}

/** The pair of nodes that this one is part of. */
export interface HaWish {
  /** Options of the plugin `ha`, as text. */
  readonly options: ReadonlyMap<string, string>;
}

/** A port of other hardware or drivers that a target uses: `isp0`. */
export interface PhysicalPort {
  /** The port as it was written. */
  readonly text: string;
  /** Driver and unit in lower case: `isp0`, `ioctl`. */
  readonly driver: string;
  /** Number of the physical port. */
  readonly physicalPort: number;
  /** Number of the virtual port. */
  readonly virtualPort: number;
}

/** A target seen through a portal group. */
export interface PortalGroupLink {
  /** Name of the portal group. */
  readonly portalGroup: string;
  /** Who may log in this way; undefined leaves it to the target. */
  readonly authGroup: AuthGroup | undefined;
}

/** An iSCSI target. */
export interface Target {
  /** iSCSI name in lower case. */
  readonly name: string;
  /** Words for people. */
  readonly alias: string | undefined;
  /** Who may log in, unless a link says otherwise. */
  readonly authGroup: AuthGroup;
  /** Ways in, in the order of the file. */
  readonly portalGroups: readonly PortalGroupLink[];
  /** Physical port of this target. */
  readonly port: PhysicalPort | undefined;
  /** Address to which logins are sent on after authentication. */
  readonly redirect: string | undefined;
  /** Whether it is to be remembered there. */
  readonly movedPermanently: boolean;
  /** Names of LUNs by the number that initiators see. */
  readonly luns: ReadonlyMap<number, string>;
}

/** A whole file, checked. Maps are by name; predefined groups come first. */
export interface Configuration extends Settings {
  /** Registration with iSNS servers. */
  readonly isns: IsnsSettings;
  /** Plugins, in the order of the file. */
  readonly plugins: ReadonlyMap<string, PluginWish>;
  /** The pair that this node is part of; undefined: it stands alone. */
  readonly ha: HaWish | undefined;
  /** Named groups of initiators. */
  readonly authGroups: ReadonlyMap<string, AuthGroup>;
  /** Groups of portals. */
  readonly portalGroups: ReadonlyMap<string, PortalGroup>;
  /** Logical units, those written inside targets too. */
  readonly luns: ReadonlyMap<string, Lun>;
  /** Targets. */
  readonly targets: ReadonlyMap<string, Target>;
}

/** Settings of a file that says nothing. */
export const DEFAULT_SETTINGS: Settings = Object.freeze({
  debug: 0,
  maxproc: 30,
  pidfile: "/var/run/ctld.pid",
  timeoutSeconds: 60,
});

/** iSNS settings of a file that says nothing. */
export const DEFAULT_ISNS: IsnsSettings = Object.freeze({
  servers: [],
  periodSeconds: 900,
  timeoutSeconds: 5,
});

/** The auth-group of who names none. */
export const DEFAULT_AUTH_GROUP = "default";

/** Types of the predefined auth-groups; `default` may be defined anew. */
export const PREDEFINED_AUTH_GROUPS: Readonly<Record<string, AuthType>> = Object
  .freeze({
    [DEFAULT_AUTH_GROUP]: "deny",
    "no-authentication": "none",
    "no-access": "deny",
  });

/** The portal-group of a target that names neither group nor port. */
export const DEFAULT_PORTAL_GROUP = "default";

/** Where the predefined portal-group listens. */
export const DEFAULT_LISTEN: readonly SocketAddress[] = Object.freeze([
  { text: "0.0.0.0:3260", address: "0.0.0.0", port: 3260, family: 4 },
  { text: "[::]:3260", address: "::", port: 3260, family: 6 },
]);

/** Names of the portal groups that have work: a target, or a redirection. */
export function assignedPortalGroups(
  { targets, portalGroups }: Configuration,
): ReadonlySet<string> {
  const assigned = new Set<string>();
  for (const { redirect, name } of portalGroups.values()) {
    if (redirect !== undefined) assigned.add(name);
  }
  for (const target of targets.values()) {
    for (const link of target.portalGroups) assigned.add(link.portalGroup);
  }
  return assigned;
}

/** Tells whether a group has no portals here: its ports are not real then. */
export function isDummy(group: PortalGroup): boolean {
  return group.foreign || group.listen.length === 0;
}
