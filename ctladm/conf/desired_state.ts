/**
 * What a configuration asks of the daemon, laid out for comparison: the ports,
 * sockets and LUNs that there shall be, each under a key of its own.
 *
 * @module
 */

import type { SocketAddress } from "./inet.ts";
import {
  assignedPortalGroups,
  type Configuration,
  isDummy,
  type Lun,
  type PluginWish,
  type PortalGroup,
  type PortalGroupLink,
  type Settings,
  type Target,
} from "./model.ts";
import { worldWideName } from "./names.ts";
import type {
  AttachPort,
  CreatePort,
  IscsiPortKey,
  OpenPortal,
  PhysicalPortKey,
  PortAccess,
  SetPortalGroup,
} from "./steps.ts";
import type { AssignedTags } from "./tags.ts";

/** What iSNS servers are told; a change of it is worth a new registration. */
export interface IsnsRegistration {
  /** How long it is valid, in seconds. */
  readonly periodSeconds: number;
  /** The groups with their tags and portals. */
  readonly portalGroups: readonly SetPortalGroup[];
  /** Name, alias and portal groups of each target. */
  readonly targets: readonly (readonly (string | undefined)[])[];
}

/** The pair that the node is part of. */
export interface HaState {
  /** Options as text. */
  readonly options: ReadonlyMap<string, string>;
  /** It looks for its peer. */
  readonly isStarted: boolean;
}

/** Everything that there shall be. Keys are opaque. */
export interface DesiredState {
  /** Settings of the daemon; none before the first start. */
  readonly settings: Partial<Settings>;
  /** Plugins by name. */
  readonly plugins: ReadonlyMap<string, PluginWish>;
  /** The pair; undefined: the node stands alone. */
  readonly ha: HaState | undefined;
  /** LUNs by name. */
  readonly luns: ReadonlyMap<string, Lun>;
  /** Portal groups that have work, by name. */
  readonly portalGroups: ReadonlyMap<string, SetPortalGroup>;
  /** Ports of targets in portal groups. */
  readonly ports: ReadonlyMap<string, CreatePort>;
  /** Physical ports of targets. */
  readonly physicalPorts: ReadonlyMap<string, AttachPort>;
  /** Sockets. */
  readonly portals: ReadonlyMap<string, OpenPortal>;
  /** iSNS servers that know of us. */
  readonly isnsServers: ReadonlyMap<string, SocketAddress>;
  /** What they know. */
  readonly isnsRegistration: IsnsRegistration | undefined;
}

/** Before the first start there is nothing. */
export const NOTHING: DesiredState = Object.freeze({
  settings: {},
  plugins: new Map(),
  ha: undefined,
  luns: new Map(),
  portalGroups: new Map(),
  ports: new Map(),
  physicalPorts: new Map(),
  portals: new Map(),
  isnsServers: new Map(),
  isnsRegistration: undefined,
});

/** Lays out what a configuration with these tags asks for. */
export function desiredState(
  configuration: Configuration,
  tags: AssignedTags,
): DesiredState {
  const { debug, maxproc, pidfile, timeoutSeconds } = configuration;
  const portalGroups = workingGroups(configuration, tags);
  const isnsRegistration = registration(configuration, portalGroups);
  const isnsServers = isnsRegistration === undefined
    ? []
    : configuration.isns.servers;
  return {
    settings: { debug, maxproc, pidfile, timeoutSeconds },
    plugins: configuration.plugins,
    ha: configuration.ha && { ...configuration.ha, isStarted: true },
    luns: configuration.luns,
    portalGroups,
    ports: iscsiPorts(configuration, portalGroups),
    physicalPorts: attachedPorts(configuration),
    portals: openPortals(portalGroups),
    isnsServers: new Map(isnsServers.map((server) => [server.text, server])),
    isnsRegistration,
  };
}

function workingGroups(
  configuration: Configuration,
  tags: AssignedTags,
): ReadonlyMap<string, SetPortalGroup> {
  const groups = new Map<string, SetPortalGroup>();
  const assigned = assignedPortalGroups(configuration);
  for (const [name, portalGroup] of configuration.portalGroups) {
    const tag = tags.get(name);
    if (tag === undefined || !assigned.has(name)) continue;
    groups.set(name, { kind: "set-portal-group", portalGroup, tag });
  }
  return groups;
}

function iscsiPorts(
  { targets }: Configuration,
  groups: ReadonlyMap<string, SetPortalGroup>,
): ReadonlyMap<string, CreatePort> {
  const ports = new Map<string, CreatePort>();
  for (const target of targets.values()) {
    for (const link of target.portalGroups) {
      const group = groups.get(link.portalGroup);
      if (group === undefined || isDummy(group.portalGroup)) continue;
      const port = { target: target.name, portalGroup: link.portalGroup };
      ports.set(iscsiPortKey(port), {
        kind: "create-port",
        port,
        tag: group.tag,
        access: accessOf(target, link),
        lunMap: target.luns,
      });
    }
  }
  return ports;
}

function accessOf(target: Target, link: PortalGroupLink): PortAccess {
  return {
    authGroup: link.authGroup ?? target.authGroup,
    alias: target.alias,
    redirect: target.redirect,
    movedPermanently: target.movedPermanently,
    portalGroups: target.portalGroups.map(({ portalGroup }) => portalGroup),
  };
}

function attachedPorts(
  { targets }: Configuration,
): ReadonlyMap<string, AttachPort> {
  const ports = new Map<string, AttachPort>();
  for (const { name, port, luns } of targets.values()) {
    if (port === undefined) continue;
    const key = { target: name, physicalPort: port };
    ports.set(physicalPortKey(key), {
      kind: "attach-port",
      port: key,
      worldWideName: worldWideName(name),
      lunMap: luns,
    });
  }
  return ports;
}

/** A socket is another one when its settings are, for they are set once. */
function openPortals(
  groups: ReadonlyMap<string, SetPortalGroup>,
): ReadonlyMap<string, OpenPortal> {
  const portals = new Map<string, OpenPortal>();
  for (const { portalGroup } of groups.values()) {
    if (portalGroup.foreign) continue;
    for (const listen of portalGroup.listen) {
      const portal = openPortal(portalGroup, listen);
      portals.set(portalKey(portal), portal);
    }
  }
  return portals;
}

function openPortal(
  { name, dscp, pcp }: PortalGroup,
  listen: SocketAddress,
): OpenPortal {
  return { kind: "open-portal", portalGroup: name, listen, dscp, pcp };
}

/** Without a target in a portal group there is nothing to register. */
function registration(
  { isns, targets }: Configuration,
  groups: ReadonlyMap<string, SetPortalGroup>,
): IsnsRegistration | undefined {
  const rows = [...targets.values()].map(({ name, alias, portalGroups }) => [
    name,
    alias,
    ...portalGroups.map(({ portalGroup }) => portalGroup),
  ]);
  if (rows.every((row) => row.length === 2)) return undefined;
  const { periodSeconds } = isns;
  return { periodSeconds, portalGroups: [...groups.values()], targets: rows };
}

/** Key of the port of a target in a portal group. */
export function iscsiPortKey({ target, portalGroup }: IscsiPortKey): string {
  return key(target, portalGroup);
}

/** Key of the physical port of a target. */
export function physicalPortKey(
  { target, physicalPort: port }: PhysicalPortKey,
): string {
  return key(target, port.driver, port.physicalPort, port.virtualPort);
}

/** Key of a socket. */
export function portalKey(
  { portalGroup, listen, dscp, pcp }: OpenPortal,
): string {
  return key(portalGroup, listen.address, listen.port, dscp, pcp);
}

/** Names may hold any character: parts are told apart by their quotes. */
function key(...parts: readonly (string | number | undefined)[]): string {
  return JSON.stringify(parts);
}
