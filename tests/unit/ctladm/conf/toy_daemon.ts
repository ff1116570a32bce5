/**
 * A daemon that only remembers: it takes the steps of a plan, and fails when
 * one of them could not be done by a real one.
 *
 * @module
 */

import { assert, fail } from "@std/assert";
import {
  type Configuration,
  isDummy,
  type Lun,
  type PortalGroup,
  type Settings,
} from "../../../../ctladm/conf/model.ts";
import type {
  ModifyLun,
  PortAccess,
  PortKey,
  Step,
} from "../../../../ctladm/conf/steps.ts";
import type { AssignedTags } from "../../../../ctladm/conf/tags.ts";

/** A port as it stands. */
export interface ToyPort {
  /** Tag, of an iSCSI port. */
  readonly tag: number | undefined;
  /** How logins are judged, on an iSCSI port. */
  access: PortAccess | undefined;
  /** What initiators see. */
  readonly map: Map<number, string>;
}

/** All that a daemon has; comparable with `assertEquals`. */
export interface ToyState {
  /** Settings. */
  settings: Partial<Settings>;
  /** Plugins with their options, as texts. */
  readonly plugins: Map<string, string>;
  /** LUNs, without what has effect at creation only. */
  readonly luns: Map<string, Partial<Lun>>;
  /** Ports by text. */
  readonly ports: Map<string, ToyPort>;
  /** Groups and tags by name. */
  readonly groups: Map<string, { tag: number; portalGroup: PortalGroup }>;
  /** Sockets by group, place and settings. */
  readonly sockets: Set<string>;
  /** iSNS servers that know of us. */
  readonly isns: Set<string>;
}

/** A daemon that was just started. */
export function toyState(): ToyState {
  return {
    settings: {},
    plugins: new Map(),
    luns: new Map(),
    ports: new Map(),
    groups: new Map(),
    sockets: new Set(),
    isns: new Set(),
  };
}

/** What the daemon shall have, worked out without any plan. */
export function toyStateOf(
  configuration: Configuration,
  tags: AssignedTags,
): ToyState {
  const state = toyState();
  const { debug, maxproc, pidfile, timeoutSeconds } = configuration;
  state.settings = { debug, maxproc, pidfile, timeoutSeconds };
  configuration.plugins.forEach(({ options }, name) =>
    state.plugins.set(name, JSON.stringify([...options].sort()))
  );
  configuration.luns.forEach((lun, name) => state.luns.set(name, living(lun)));
  for (const group of configuration.portalGroups.values()) {
    if (group.redirect !== undefined) addGroup(state, group, tags);
  }
  for (const target of configuration.targets.values()) {
    const map = new Map(target.luns);
    if (target.port !== undefined) {
      const key = { target: target.name, physicalPort: target.port };
      const port = { tag: undefined, access: undefined, map };
      state.ports.set(portText(key), port);
    }
    if (target.portalGroups.length > 0) {
      const { servers } = configuration.isns;
      servers.forEach(({ text }) => state.isns.add(text));
    }
    for (const { portalGroup: name, authGroup } of target.portalGroups) {
      const group = configuration.portalGroups.get(name);
      assert(group !== undefined);
      const tag = addGroup(state, group, tags);
      if (isDummy(group)) continue;
      const access = {
        authGroup: authGroup ?? target.authGroup,
        alias: target.alias,
        redirect: target.redirect,
        movedPermanently: target.movedPermanently,
        portalGroups: target.portalGroups.map((link) => link.portalGroup),
      };
      const key = { target: target.name, portalGroup: name };
      state.ports.set(portText(key), { tag, access, map: new Map(map) });
    }
  }
  return state;
}

/** Takes steps in order. */
export function take(state: ToyState, steps: readonly Step[]): ToyState {
  for (const step of steps) takeStep(state, step);
  return state;
}

function takeStep(state: ToyState, step: Step): void {
  switch (step.kind) {
    case "update-settings":
      state.settings = { ...state.settings, ...step.changes };
      return;
    case "load-plugin": {
      const { name, options } = step.plugin;
      state.plugins.set(name, JSON.stringify([...options].sort()));
      return;
    }
    case "unload-plugin":
      assert(state.plugins.delete(step.name));
      return;
    case "register-isns":
      state.isns.add(step.server.text);
      return;
    case "deregister-isns":
      assert(state.isns.delete(step.server.text));
      return;
    case "set-portal-group":
      state.groups.set(step.portalGroup.name, {
        tag: step.tag,
        portalGroup: step.portalGroup,
      });
      return;
    case "remove-portal-group":
      assert(!inUse(state, step.name), `${step.name} in use`);
      assert(state.groups.delete(step.name));
      return;
    case "open-portal":
      return openSocket(state, step.portalGroup, socketText(step));
    case "close-portal":
      return closeSocket(state, step);
    default:
      return takePortStep(state, step);
  }
}

type StepOf<Kind extends Step["kind"]> = Extract<Step, { kind: Kind }>;
type PortStep = Exclude<
  Step,
  StepOf<
    | "update-settings"
    | "register-isns"
    | "deregister-isns"
    | "set-portal-group"
    | "remove-portal-group"
    | "open-portal"
    | "close-portal"
  >
>;

function takePortStep(state: ToyState, step: PortStep): void {
  switch (step.kind) {
    case "create-lun":
      assert(!state.luns.has(step.lun.name), `${step.lun.name} exists`);
      state.luns.set(step.lun.name, living(step.lun));
      return;
    case "modify-lun":
      return modifyLun(state, step);
    case "remove-lun":
      assert(!isMapped(state, step.name), `${step.name} is mapped`);
      assert(state.luns.delete(step.name));
      return;
    case "create-port":
      assert(state.groups.get(step.port.portalGroup)?.tag === step.tag);
      return addPort(state, step.port, step.lunMap, step.tag, step.access);
    case "attach-port":
      assert(!isAttached(state, step.port), `${portText(step.port)} is taken`);
      return addPort(state, step.port, step.lunMap);
    case "remove-port":
    case "detach-port":
      assert(state.ports.delete(portText(step.port)));
      return;
    case "map-lun":
      assert(state.luns.has(step.lun), `${step.lun} is missing`);
      portOf(state, step.port).map.set(step.number, step.lun);
      return;
    case "unmap-lun":
      assert(portOf(state, step.port).map.delete(step.number));
      return;
    case "update-port-access":
      portOf(state, step.port).access = step.access;
      return;
  }
}

function living(lun: Lun): Partial<Lun> {
  const { ctlLun: _ctlLun, deviceType: _deviceType, ...rest } = lun;
  return rest;
}

function addGroup(
  { groups }: ToyState,
  portalGroup: PortalGroup,
  tags: AssignedTags,
): number {
  const tag = tags.get(portalGroup.name);
  assert(tag !== undefined);
  groups.set(portalGroup.name, { tag, portalGroup });
  return tag;
}

function modifyLun(
  { luns }: ToyState,
  { lun, sizeChanged, optionsChanged }: ModifyLun,
): void {
  const old = luns.get(lun.name) ?? fail(`${lun.name} is missing`);
  assert(sizeChanged === (old.sizeBytes !== lun.sizeBytes));
  assert(sizeChanged || optionsChanged.length > 0);
  const { sizeBytes, options } = lun;
  luns.set(lun.name, { ...old, sizeBytes, options });
}

function addPort(
  { ports, luns }: ToyState,
  key: PortKey,
  lunMap: ReadonlyMap<number, string>,
  tag?: number,
  access?: PortAccess,
): void {
  const text = portText(key);
  assert(!ports.has(text), `${text} exists`);
  for (const lun of lunMap.values()) assert(luns.has(lun), `${lun} is missing`);
  ports.set(text, { tag, access, map: new Map(lunMap) });
}

function portOf({ ports }: ToyState, key: PortKey): ToyPort {
  return ports.get(portText(key)) ?? fail(`${portText(key)} is missing`);
}

function isMapped({ ports }: ToyState, name: string): boolean {
  return [...ports.values()].some(({ map }) =>
    [...map.values()].includes(name)
  );
}

function isAttached({ ports }: ToyState, key: PortKey): boolean {
  const suffix = portText(key).replace(key.target, "");
  return [...ports.keys()].some((text) => text.endsWith(suffix));
}

function inUse({ ports, sockets }: ToyState, group: string): boolean {
  return [...ports.keys()].some((text) => text.endsWith(` ${group}`)) ||
    [...sockets].some((text) => text.startsWith(`${group} `));
}

function openSocket(
  { groups, sockets }: ToyState,
  group: string,
  text: string,
): void {
  assert(groups.has(group), `${group} is unknown`);
  const place = placeOf(text);
  const taken = [...sockets].some((each) => placeOf(each) === place);
  assert(!taken, `${place} is taken`);
  sockets.add(text);
}

function closeSocket(
  { sockets }: ToyState,
  { portalGroup, listen }: StepOf<"close-portal">,
): void {
  const start = `${portalGroup} ${listen.address} ${listen.port} `;
  const open = [...sockets].filter((text) => text.startsWith(start));
  assert(open.length === 1, `${start}is not open`);
  open.forEach((text) => sockets.delete(text));
}

function socketText(
  { portalGroup, listen, dscp, pcp }: Omit<StepOf<"open-portal">, "kind">,
): string {
  return `${portalGroup} ${listen.address} ${listen.port} ${dscp} ${pcp}`;
}

/** Group, address and port of a socket. */
function placeOf(socket: string): string {
  return socket.split(" ").slice(0, 3).join(" ");
}

function portText(key: PortKey): string {
  if ("portalGroup" in key) return `${key.target} ${key.portalGroup}`;
  const { driver, physicalPort, virtualPort } = key.physicalPort;
  return `${key.target} ${driver}/${physicalPort}/${virtualPort}`;
}

/** Adds the sockets that a configuration asks for. */
export function withSockets(
  state: ToyState,
): ToyState {
  for (const { portalGroup } of state.groups.values()) {
    if (portalGroup.foreign) continue;
    for (const listen of portalGroup.listen) {
      const { name, dscp, pcp } = portalGroup;
      state.sockets.add(socketText({ portalGroup: name, listen, dscp, pcp }));
    }
  }
  return state;
}
