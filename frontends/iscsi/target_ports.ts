/**
 * Portal groups and target ports: what logins and discovery look up.
 *
 * @module
 */

import {
  ASSOCIATION,
  ManagementError,
  type PluginPorts,
  PORT_TYPE,
  PROTOCOL,
  scsiNameDesignator,
  type TargetPort,
} from "../../core/mod.ts";
import type {
  Directory,
  Portal,
  PortalGroup,
  RemotePortals,
  TargetEntry,
} from "./access.ts";
import type { IscsiPortRequest } from "./api_types.ts";
import {
  foreseeLogin,
  type LoginCandidate,
  type LoginOutlook,
} from "./login_outlook.ts";
import type { PortRecord } from "./records.ts";

/** Portal groups by name, and ports by target and portal group. */
export class TargetPorts {
  readonly #registry: PluginPorts;
  readonly #groups: Map<string, PortalGroup> = new Map();
  readonly #ports: Map<string, PortRecord> = new Map();
  #nextVirtualPort = 1;

  /** No group and no port. */
  constructor(registry: PluginPorts) {
    this.#registry = registry;
  }

  /** Makes a portal group known, or changes it for new logins. */
  setGroup(group: PortalGroup): void {
    this.#groups.set(group.name, group);
  }

  /** Forgets a portal group. */
  removeGroup(name: string): void {
    this.#groups.delete(name);
  }

  /** The portal group with a tag, or undefined. */
  groupOf(tag: number): PortalGroup | undefined {
    return [...this.#groups.values()].find((group) => group.tag === tag);
  }

  /** Discovery has to tell the port that the system chose for a portal. */
  tellPort(groupName: string, portal: Portal, port: number): void {
    const group = this.#groups.get(groupName);
    if (group === undefined || portal.port === port) return;
    const portals = group.portals.map((each) =>
      each.address === portal.address && each.port === portal.port
        ? { ...each, port }
        : each
    );
    this.#groups.set(groupName, { ...group, portals });
  }

  /**
   * Makes a target port, off line, with every LUN visible.
   *
   * @param wentOffline called each time the port goes off line
   */
  create(
    request: IscsiPortRequest,
    wentOffline: (owner: PortRecord) => void,
  ): TargetPort {
    const { target, portalGroup, tag, access } = request;
    const key = portKey(target, portalGroup);
    if (this.#ports.has(key)) {
      throw new ManagementError(
        "port-exists",
        `target "${target}" for portal group tag ${tag} already exists`,
      );
    }
    const port = this.#registry.register({
      frontend: "iscsi",
      name: "iscsi",
      type: PORT_TYPE.ISCSI,
      physicalPort: tag,
      virtualPort: this.#nextVirtualPort++,
      // The tag of a portal group can change with its place in ctl.conf.
      lastingName: `${portalGroup}/${target}`,
      portDesignator: scsiNameDesignator(
        `${target},t,0x${tag.toString(16).padStart(4, "0")}`,
        ASSOCIATION.PORT,
        PROTOCOL.ISCSI,
      ),
      targetDesignator: scsiNameDesignator(
        target,
        ASSOCIATION.TARGET,
        PROTOCOL.ISCSI,
      ),
      details: portDetails(request),
      reach: () => ({ target, tag, portals: this.#portalsOf(portalGroup) }),
      onlineChanged: (online) => {
        if (!online) wentOffline(record);
      },
    });
    const record = { request, access, port, sessions: new Set<never>() };
    this.#ports.set(key, record);
    return port;
  }

  /** Forgets a port; who asks for it afterwards does not find it. */
  take(target: string, portalGroup: string): PortRecord {
    const record = this.require(target, portalGroup);
    this.#ports.delete(portKey(target, portalGroup));
    return record;
  }

  /** The port of a target in a portal group, or undefined. */
  find(target: string, portalGroup: string): PortRecord | undefined {
    return this.#ports.get(portKey(target, portalGroup));
  }

  /** The port of a target in a portal group. */
  require(target: string, portalGroup: string): PortRecord {
    const record = this.find(target, portalGroup);
    if (record === undefined) throw notFound();
    return record;
  }

  /** The port of a target with a portal group tag. */
  requireTag(target: string, tag: number): PortRecord {
    const record = this.all().find(({ request }) =>
      request.target === target && request.tag === tag
    );
    if (record === undefined) throw notFound();
    return record;
  }

  /** All ports. */
  all(): PortRecord[] {
    return [...this.#ports.values()];
  }

  /** How a login to a port would end; undefined: it is none of these. */
  foreseeLogin(
    port: TargetPort,
    candidate: LoginCandidate,
  ): LoginOutlook | undefined {
    const record = this.all().find((each) => each.port === port);
    if (record === undefined) return undefined;
    const { target, portalGroup } = record.request;
    const directory = this.directory(portalGroup, () => undefined);
    return foreseeLogin(directory, target, candidate);
  }

  /** What logins through a portal group look up. */
  directory(
    portalGroup: string,
    liveSession: Directory["liveSession"],
  ): Directory {
    const entries = () =>
      this.all()
        .filter((each) => each.request.portalGroup === portalGroup)
        .map((each) => this.#entryOf(each));
    return {
      portalGroup: () => this.#groups.get(portalGroup),
      target: (name) => {
        const record = this.find(name, portalGroup);
        return record && this.#entryOf(record);
      },
      targets: entries,
      liveSession,
    };
  }

  // A wildcard says nothing to another node's initiators.
  #portalsOf(portalGroup: string): string[] {
    const portals = this.#groups.get(portalGroup)?.portals ?? [];
    return portals.filter(({ wildcard }) => !wildcard)
      .map(({ address, port }) =>
        address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`
      );
  }

  // Where another node shows the same target (RFC 7143 appendix C).
  #elsewhere(target: string): RemotePortals[] {
    return this.#registry.all().flatMap((port) => {
      const reach = port.remote ? port.description.reach?.() : undefined;
      return reach?.target === target ? [reach] : [];
    });
  }

  #entryOf({ request, access }: PortRecord): TargetEntry {
    return {
      name: request.target,
      portalGroupTag: request.tag,
      authGroup: access.authGroup,
      alias: access.alias,
      redirect: access.redirect,
      movedPermanently: access.movedPermanently,
      portalGroups: access.portalGroups
        .map((name) => this.#groups.get(name))
        .filter((group) => group !== undefined),
      elsewhere: () => this.#elsewhere(request.target),
    };
  }
}

function notFound(): ManagementError {
  return new ManagementError("port-not-found", "can't find target");
}

function portKey(target: string, portalGroup: string): string {
  return `${portalGroup}\n${target}`;
}

function portDetails(request: IscsiPortRequest): Map<string, string> {
  const details = new Map([
    ["cfiscsi_state", "1"],
    ["cfiscsi_target", request.target],
    ["cfiscsi_portal_group_tag", String(request.tag)],
  ]);
  if (request.access.alias !== undefined) {
    details.set("cfiscsi_target_alias", request.access.alias);
  }
  return details.set("ctld_portal_group_name", request.portalGroup);
}
