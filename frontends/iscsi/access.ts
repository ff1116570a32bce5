/**
 * Who may log in to what: the policy that the daemon fills from its
 * configuration. Every value is read at login time, so that a reload counts
 * for the next login and leaves sessions alone.
 *
 * @module
 */

import type { SessionParameters } from "./parameters.ts";

/**
 * How initiators prove themselves. `unknown` is a group without type and
 * credentials: it refuses, as `deny` does.
 */
export type AuthType = "unknown" | "none" | "deny" | "chap" | "chap-mutual";

/** A name and its secret. */
export interface ChapIdentity {
  /** CHAP name. */
  readonly user: string;
  /** CHAP secret. */
  readonly secret: string;
}

/** What an initiator may log in with. */
export interface Credentials extends ChapIdentity {
  /** What the target answers with when the initiator wants a proof. */
  readonly mutual?: ChapIdentity | undefined;
}

/** Who may log in, and how. */
export interface AuthGroup {
  /** How initiators prove themselves. */
  readonly type: AuthType;
  /** Credentials by user. */
  readonly credentials: ReadonlyMap<string, Credentials>;
  /** Initiators that are allowed; when empty, all are. */
  readonly initiatorNames: ReadonlySet<string>;
  /** Whether initiators at this address are allowed. */
  admitsAddress(address: string): boolean;
}

/** Which targets a discovery session is told about; each adds to the last. */
export type DiscoveryFilter =
  | "none"
  | "portal"
  | "portal-name"
  | "portal-name-auth";

/** A place where targets are reached. */
export interface Portal {
  /** Address, an IPv6 one without brackets, or a host name. */
  readonly address: string;
  /** TCP port. */
  readonly port: number;
  /**
   * Any address of this host: told as the one that the initiator used. A
   * group whose portals are another host's has none such.
   */
  readonly wildcard: boolean;
}

/** Places that have their targets and rules in common. */
export interface PortalGroup {
  /** Name in the configuration. */
  readonly name: string;
  /** Portal group tag (RFC 7143 4.4.1). */
  readonly tag: number;
  /** Who may discover. */
  readonly discoveryAuthGroup: AuthGroup;
  /** Which targets discovery tells. */
  readonly discoveryFilter: DiscoveryFilter;
  /** Address to which every login is sent on, before it says who it is. */
  readonly redirect?: string | undefined;
  /** Whether initiators shall remember it. */
  readonly movedPermanently?: boolean | undefined;
  /** Its places. */
  readonly portals: readonly Portal[];
}

/** A target as it is seen through one portal group. */
export interface TargetEntry {
  /** iSCSI name in lower case. */
  readonly name: string;
  /** Words for people. */
  readonly alias?: string | undefined;
  /** Tag of the portal group through which it is seen. */
  readonly portalGroupTag: number;
  /** Who may log in this way. */
  readonly authGroup: AuthGroup;
  /** Address to which logins are sent on, once they proved themselves. */
  readonly redirect?: string | undefined;
  /** Whether initiators shall remember it. */
  readonly movedPermanently?: boolean | undefined;
  /** All groups through which it is reached. */
  readonly portalGroups: readonly PortalGroup[];
  /** Portals of another node that shows it, too. */
  readonly elsewhere?: () => readonly RemotePortals[];
}

/** Portals of a portal group of another node. */
export interface RemotePortals {
  /** Target portal group tag. */
  readonly tag: number;
  /** `ADDRESS:PORT`. */
  readonly portals: readonly string[];
}

/** A session that a login may want to take up again. */
export interface LiveSession {
  /** CID of its connection. */
  readonly connectionId: number;
  /** Name of its target. */
  readonly target: string;
  /** Values that were agreed on. */
  readonly parameters: SessionParameters;
}

/** What the login asks about the portal group of its connection. */
export interface Directory {
  /** The group itself; undefined when a reload took it away. */
  portalGroup(): PortalGroup | undefined;
  /** The target of exactly this name, if this group has it. */
  target(name: string): TargetEntry | undefined;
  /** Targets of this group. */
  targets(): Iterable<TargetEntry>;
  /**
   * The session of a handle, if it is alive (RFC 7143 11.12.6).
   *
   * @param isidHex twelve lower-case hex digits
   */
  liveSession(
    tsih: number,
    initiatorName: string,
    isidHex: string,
  ): LiveSession | undefined;
}

/** Whether a group allows an initiator of this name. */
export function admitsName(group: AuthGroup, initiatorName: string): boolean {
  return group.initiatorNames.size === 0 ||
    group.initiatorNames.has(initiatorName);
}
