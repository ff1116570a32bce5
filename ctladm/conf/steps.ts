/**
 * Steps from one configuration to another: what to do, never how.
 *
 * @module
 */

import type { SocketAddress } from "./inet.ts";
import type {
  AuthGroup,
  Lun,
  PhysicalPort,
  PluginWish,
  PortalGroup,
  Settings,
} from "./model.ts";

/** The port of a target in a portal group. */
export interface IscsiPortKey {
  /** Name of the target. */
  readonly target: string;
  /** Name of the portal group. */
  readonly portalGroup: string;
}

/** The physical port of a target. */
export interface PhysicalPortKey {
  /** Name of the target. */
  readonly target: string;
  /** The port. */
  readonly physicalPort: PhysicalPort;
}

/** A port; `"portalGroup" in key` tells which kind. */
export type PortKey = IscsiPortKey | PhysicalPortKey;

/** Names of LUNs by the number that initiators see; others are invisible. */
export type LunMap = ReadonlyMap<number, string>;

/** By what a login or a discovery through a port is judged. */
export interface PortAccess {
  /** Who may log in. */
  readonly authGroup: AuthGroup;
  /** Words for people. */
  readonly alias: string | undefined;
  /** Address to which logins are sent on after authentication. */
  readonly redirect: string | undefined;
  /** Whether it is to be remembered there. */
  readonly movedPermanently: boolean;
  /** Groups whose addresses discovery tells for this target, in order. */
  readonly portalGroups: readonly string[];
}

/** Changes settings of the daemon. */
export interface UpdateSettings {
  /** Tells steps apart. */
  readonly kind: "update-settings";
  /** Those that change, with their new values. */
  readonly changes: Partial<Settings>;
}

/** Loads a plugin, or loads it again with other options. */
export interface LoadPlugin {
  /** Tells steps apart. */
  readonly kind: "load-plugin";
  /** The plugin. */
  readonly plugin: PluginWish;
}

/** Takes a plugin out that nothing uses any more. */
export interface UnloadPlugin {
  /** Tells steps apart. */
  readonly kind: "unload-plugin";
  /** Its name. */
  readonly name: string;
}

/** Makes the node one of a pair, before it has LUNs and ports. */
export interface LoadHa {
  /** Tells steps apart. */
  readonly kind: "load-ha";
  /** Options as text. */
  readonly options: ReadonlyMap<string, string>;
}

/** Has the node look for its peer, now that all it serves is there. */
export interface StartHa {
  /** Tells steps apart. */
  readonly kind: "start-ha";
}

/** Changes what the node knows of its pair, or its role. */
export interface ConfigureHa {
  /** Tells steps apart. */
  readonly kind: "configure-ha";
  /** Options as text. */
  readonly options: ReadonlyMap<string, string>;
  /** Names of those that differ, are new, or are gone. */
  readonly optionsChanged: readonly string[];
}

/** Has the node stand alone. */
export interface UnloadHa {
  /** Tells steps apart. */
  readonly kind: "unload-ha";
}

/** Takes our registration off an iSNS server. */
export interface DeregisterIsns {
  /** Tells steps apart. */
  readonly kind: "deregister-isns";
  /** The server. */
  readonly server: SocketAddress;
}

/** Ends all sessions of an iSCSI port and removes it. */
export interface RemovePort {
  /** Tells steps apart. */
  readonly kind: "remove-port";
  /** The port. */
  readonly port: IscsiPortKey;
}

/** Takes a physical port, with its map, off a target. */
export interface DetachPort {
  /** Tells steps apart. */
  readonly kind: "detach-port";
  /** The port. */
  readonly port: PhysicalPortKey;
}

/** Makes a LUN invisible on a port that stays. */
export interface UnmapLun {
  /** Tells steps apart. */
  readonly kind: "unmap-lun";
  /** The port. */
  readonly port: PortKey;
  /** Number that initiators saw. */
  readonly number: number;
}

/** Removes a LUN that no port shows any more. */
export interface RemoveLun {
  /** Tells steps apart. */
  readonly kind: "remove-lun";
  /** Name of the LUN. */
  readonly name: string;
}

/** Changes size or options of a LUN in use. */
export interface ModifyLun {
  /** Tells steps apart. */
  readonly kind: "modify-lun";
  /** The LUN as it shall be, with all its options. */
  readonly lun: Lun;
  /** Its size differs; no size means that of what is behind it. */
  readonly sizeChanged: boolean;
  /** Names of the options that differ, are new, or are gone. */
  readonly optionsChanged: readonly string[];
}

/** Creates a LUN. */
export interface CreateLun {
  /** Tells steps apart. */
  readonly kind: "create-lun";
  /** The LUN. */
  readonly lun: Lun;
}

/** Makes a portal group known, or changes it for new logins. */
export interface SetPortalGroup {
  /** Tells steps apart. */
  readonly kind: "set-portal-group";
  /** The group as it shall be. */
  readonly portalGroup: PortalGroup;
  /** Its target portal group tag. */
  readonly tag: number;
}

/** Creates an iSCSI port off line, maps its LUNs, and enables it. */
export interface CreatePort {
  /** Tells steps apart. */
  readonly kind: "create-port";
  /** The port. */
  readonly port: IscsiPortKey;
  /** Tag of its portal group. */
  readonly tag: number;
  /** By what logins are judged. */
  readonly access: PortAccess;
  /** What initiators see. */
  readonly lunMap: LunMap;
}

/** Gives a physical port to a target, maps its LUNs, and enables it. */
export interface AttachPort {
  /** Tells steps apart. */
  readonly kind: "attach-port";
  /** The port; an `ioctl` port is created when it is missing. */
  readonly port: PhysicalPortKey;
  /** World wide name to set, 16 hex digits; undefined leaves the port's. */
  readonly worldWideName: string | undefined;
  /** What initiators see. */
  readonly lunMap: LunMap;
}

/** Makes a LUN visible on a port that stays, in place of another if any. */
export interface MapLun {
  /** Tells steps apart. */
  readonly kind: "map-lun";
  /** The port. */
  readonly port: PortKey;
  /** Number that initiators see. */
  readonly number: number;
  /** Name of the LUN. */
  readonly lun: string;
}

/** Changes by what new logins through a port are judged. */
export interface UpdatePortAccess {
  /** Tells steps apart. */
  readonly kind: "update-port-access";
  /** The port. */
  readonly port: IscsiPortKey;
  /** As it shall be. */
  readonly access: PortAccess;
}

/** Stops listening; sessions go on. */
export interface ClosePortal {
  /** Tells steps apart. */
  readonly kind: "close-portal";
  /** Name of the portal group. */
  readonly portalGroup: string;
  /** Where it listened. */
  readonly listen: SocketAddress;
}

/** Forgets a portal group that has neither ports nor portals. */
export interface RemovePortalGroup {
  /** Tells steps apart. */
  readonly kind: "remove-portal-group";
  /** Name of the portal group. */
  readonly name: string;
}

/** Starts to listen. */
export interface OpenPortal {
  /** Tells steps apart. */
  readonly kind: "open-portal";
  /** Name of the portal group. */
  readonly portalGroup: string;
  /** Where to listen. */
  readonly listen: SocketAddress;
  /** Differentiated services code point of the socket. */
  readonly dscp: number | undefined;
  /** VLAN priority of the socket. */
  readonly pcp: number | undefined;
}

/** Registers all targets with an iSNS server, anew when they were before. */
export interface RegisterIsns {
  /** Tells steps apart. */
  readonly kind: "register-isns";
  /** The server. */
  readonly server: SocketAddress;
}

/** One step; `kind` tells which. */
export type Step =
  | UpdateSettings
  | LoadHa
  | StartHa
  | ConfigureHa
  | UnloadHa
  | LoadPlugin
  | UnloadPlugin
  | DeregisterIsns
  | RemovePort
  | DetachPort
  | UnmapLun
  | RemoveLun
  | ModifyLun
  | CreateLun
  | SetPortalGroup
  | CreatePort
  | AttachPort
  | MapLun
  | UpdatePortAccess
  | ClosePortal
  | RemovePortalGroup
  | OpenPortal
  | RegisterIsns;
