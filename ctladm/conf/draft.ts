/**
 * A configuration while it is being read: what the statements so far said.
 *
 * Names stay names here, because the predefined `default` groups may still be
 * defined anew; {@link ./validate.ts} resolves them when the file has ended.
 *
 * @module
 */

import type { AddressPrefix, SocketAddress } from "./inet.ts";
import { oneLine } from "./lexer.ts";
import { NAME_LENGTH_MAX, WARNINGS_MAX } from "./limits.ts";
import {
  type AuthType,
  type Credentials,
  DEFAULT_ISNS,
  DEFAULT_LISTEN,
  DEFAULT_PORTAL_GROUP,
  DEFAULT_SETTINGS,
  type DiscoveryFilter,
  type PhysicalPort,
  PREDEFINED_AUTH_GROUPS,
} from "./model.ts";

/** Sentences about what is allowed but looks wrong. */
export class Warnings {
  readonly #texts: string[] = [];
  #omitted = 0;

  /** Adds a sentence, or counts it when there are too many. */
  add(text: string): void {
    if (this.#texts.length < WARNINGS_MAX) this.#texts.push(oneLine(text));
    else this.#omitted++;
  }

  /** The sentences in the order of the file. */
  list(): readonly string[] {
    if (this.#omitted === 0) return [...this.#texts];
    return [...this.#texts, `${this.#omitted} further warnings left out`];
  }
}

/** An auth-group so far. */
export interface AuthGroupDraft {
  /** Name; undefined for the private group of a target. */
  readonly name: string | undefined;
  /** How messages call it. */
  readonly label: string;
  /** Where warnings go. */
  readonly warnings: Warnings;
  /** How initiators prove themselves. */
  type: AuthType;
  /** Credentials by user. */
  readonly credentials: Map<string, Credentials>;
  /** Initiators that are allowed. */
  readonly initiatorNames: Set<string>;
  /** Addresses that are allowed. */
  readonly initiatorPortals: AddressPrefix[];
}

/** A portal-group so far. */
export interface PortalGroupDraft {
  /** The file that it stands in. */
  readonly root: ConfigurationDraft;
  /** Name. */
  readonly name: string;
  /** Name of the group that judges discovery. */
  discoveryAuthGroup: string | undefined;
  /** Which targets discovery tells. */
  discoveryFilter: DiscoveryFilter | undefined;
  /** The portals are another host's. */
  foreign: boolean;
  /** Places to listen on, by address and port. */
  readonly listen: Map<string, SocketAddress>;
  /** Name of an offload driver. */
  offload: string | undefined;
  /** Options of the ports. */
  readonly options: Map<string, string>;
  /** Address to which logins are sent on. */
  redirect: string | undefined;
  /** Whether initiators shall remember it. */
  movedPermanently: boolean;
  /** Tag that the file asks for. */
  tag: number | undefined;
  /** Code point of the sockets. */
  dscp: number | undefined;
  /** VLAN priority of the sockets. */
  pcp: number | undefined;
}

/** A lun so far. */
export interface LunDraft {
  /** Name, or `target,lun,number`. */
  readonly name: string;
  /** SCSI name unless an option gives one. */
  readonly scsiName: string | undefined;
  /** Keywords that were there. */
  readonly given: Set<string>;
  /** Kind of store. */
  backend: string;
  /** File or device. */
  path: string | undefined;
  /** Size in bytes. */
  sizeBytes: number | undefined;
  /** Bytes of a block. */
  blocksize: number | undefined;
  /** Peripheral device type. */
  deviceType: number;
  /** CTL LUN number. */
  ctlLun: number | undefined;
  /** Device identification. */
  deviceId: string | undefined;
  /** Serial number. */
  serial: string | undefined;
  /** Options as text. */
  readonly options: Map<string, string>;
}

/** A target so far. */
export interface TargetDraft {
  /** The file that it stands in. */
  readonly root: ConfigurationDraft;
  /** iSCSI name in lower case. */
  readonly name: string;
  /** How messages call it. */
  readonly label: string;
  /** Words for people. */
  alias: string | undefined;
  /** Name of the group that it uses. */
  authGroup: string | undefined;
  /** The group that it has for itself. */
  privateAuth: AuthGroupDraft | undefined;
  /** Auth-group, if any, by portal-group. */
  readonly portalGroups: Map<string, string | undefined>;
  /** Physical port. */
  port: PhysicalPort | undefined;
  /** Address to which logins are sent on. */
  redirect: string | undefined;
  /** Whether initiators shall remember it. */
  movedPermanently: boolean;
  /** Names of LUNs by number. */
  readonly luns: Map<number, string>;
}

/** A plugin so far. */
export interface PluginDraft {
  /** Name, path or URL. */
  readonly name: string;
  /** Options as text. */
  readonly options: Map<string, string>;
}

/** The pair of nodes so far. */
export interface HaDraft {
  /** Options as text. */
  readonly options: Map<string, string>;
}

/** A whole file so far. */
export interface ConfigurationDraft {
  /** Log level. */
  debug: number;
  /** Logins at the same time. */
  maxproc: number;
  /** Path of the pid file; undefined until it is given. */
  pidfile: string | undefined;
  /** Longest login. */
  timeoutSeconds: number;
  /** iSNS servers by their text. */
  readonly isnsServers: Map<string, SocketAddress>;
  /** How long a registration is valid. */
  isnsPeriodSeconds: number;
  /** Longest wait for an iSNS server. */
  isnsTimeoutSeconds: number;
  /** Plugins. */
  readonly plugins: Map<string, PluginDraft>;
  /** The pair of nodes; undefined until it is given. */
  ha: HaDraft | undefined;
  /** Named groups of initiators. */
  readonly authGroups: Map<string, AuthGroupDraft>;
  /** Groups of portals. */
  readonly portalGroups: Map<string, PortalGroupDraft>;
  /** Predefined groups, `kind name`, that the file may still define. */
  readonly redefinable: Set<string>;
  /** Logical units. */
  readonly luns: Map<string, LunDraft>;
  /** Targets. */
  readonly targets: Map<string, TargetDraft>;
  /** Physical ports that a target has taken. */
  readonly physicalPorts: Set<string>;
  /** Where warnings go. */
  readonly warnings: Warnings;
}

/** A file of which nothing was read: the predefined groups are there. */
export function createDraft(): ConfigurationDraft {
  const draft: ConfigurationDraft = {
    ...DEFAULT_SETTINGS,
    pidfile: undefined,
    isnsServers: new Map(),
    isnsPeriodSeconds: DEFAULT_ISNS.periodSeconds,
    isnsTimeoutSeconds: DEFAULT_ISNS.timeoutSeconds,
    plugins: new Map(),
    ha: undefined,
    authGroups: new Map(),
    portalGroups: new Map(),
    redefinable: new Set(["auth-group default", "portal-group default"]),
    luns: new Map(),
    targets: new Map(),
    physicalPorts: new Set(),
    warnings: new Warnings(),
  };
  addPredefinedGroups(draft);
  return draft;
}

/** An auth-group of which nothing was read. */
export function createAuthGroupDraft(
  name: string | undefined,
  label: string,
  warnings: Warnings,
): AuthGroupDraft {
  return {
    name,
    label,
    warnings,
    type: "unknown",
    credentials: new Map(),
    initiatorNames: new Set(),
    initiatorPortals: [],
  };
}

/** A portal-group of which nothing was read. */
export function createPortalGroupDraft(
  root: ConfigurationDraft,
  name: string,
): PortalGroupDraft {
  return {
    root,
    name,
    discoveryAuthGroup: undefined,
    discoveryFilter: undefined,
    foreign: false,
    listen: new Map(),
    offload: undefined,
    options: new Map(),
    redirect: undefined,
    movedPermanently: false,
    tag: undefined,
    dscp: undefined,
    pcp: undefined,
  };
}

/**
 * Claims a name for a group or lun that is about to be defined.
 *
 * @param kind keyword that defines it
 * @param taken those that there are
 * @returns why it may not be defined
 */
export function claimName(
  kind: "auth-group" | "portal-group" | "lun",
  name: string,
  taken: ReadonlyMap<string, unknown>,
  root: ConfigurationDraft,
): string | undefined {
  if (name.length > NAME_LENGTH_MAX) {
    return `overlong name for ${kind} "${
      name.slice(0, NAME_LENGTH_MAX)
    }..."; ` +
      `max length allowed is ${NAME_LENGTH_MAX} characters`;
  }
  const isRedefined = root.redefinable.delete(`${kind} ${name}`);
  return taken.has(name) && !isRedefined
    ? `duplicated ${kind} "${name}"`
    : undefined;
}

/** Adds an option; each name once. */
export function addOption(
  options: Map<string, string>,
  name: string,
  value: string,
  label: string,
): string | undefined {
  if (options.has(name)) return `duplicated option "${name}" for ${label}`;
  options.set(name, value);
  return undefined;
}

function addPredefinedGroups(draft: ConfigurationDraft): void {
  const { authGroups, portalGroups, warnings } = draft;
  for (const [name, type] of Object.entries(PREDEFINED_AUTH_GROUPS)) {
    const label = `auth-group "${name}"`;
    const group = createAuthGroupDraft(name, label, warnings);
    authGroups.set(name, { ...group, type });
  }
  const group = createPortalGroupDraft(draft, DEFAULT_PORTAL_GROUP);
  for (const place of DEFAULT_LISTEN) group.listen.set(place.text, place);
  portalGroups.set(group.name, group);
}

/** Stores whether initiators shall remember where they are sent on to. */
export function storeRedirectKind(
  draft: { movedPermanently: boolean },
  how: string | undefined,
  label: string,
): string | undefined {
  if (how !== undefined && how !== "permanent" && how !== "temporary") {
    return `invalid redirection "${how}" for ${label}; ` +
      `should be "temporary" or "permanent"`;
  }
  draft.movedPermanently = how === "permanent";
  return undefined;
}
