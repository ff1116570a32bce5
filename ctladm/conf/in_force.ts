/**
 * What is in force after a reload, whichever of its steps were done.
 *
 * @module
 */

import {
  type DesiredState,
  iscsiPortKey,
  physicalPortKey,
  portalKey,
} from "./desired_state.ts";
import type { SocketAddress } from "./inet.ts";
import type { Lun, PluginWish } from "./model.ts";
import type {
  AttachPort,
  ClosePortal,
  CreatePort,
  LunMap,
  OpenPortal,
  PortKey,
  SetPortalGroup,
  Step,
} from "./steps.ts";

/**
 * The state that steps lead to. When some steps of a plan failed, that of the
 * others: the next plan then has what failed once more.
 *
 * @param before what held before
 * @param done steps that were done, in their order
 * @param isnsRegistration what all iSNS servers were told; undefined when one
 *                         of them was not
 */
export function stateInForce(
  before: DesiredState,
  done: readonly Step[],
  isnsRegistration: DesiredState["isnsRegistration"],
): DesiredState {
  const state: MutableState = {
    settings: before.settings,
    plugins: new Map(before.plugins),
    ha: before.ha,
    luns: new Map(before.luns),
    portalGroups: new Map(before.portalGroups),
    ports: new Map(before.ports),
    physicalPorts: new Map(before.physicalPorts),
    portals: new Map(before.portals),
    isnsServers: new Map(before.isnsServers),
    isnsRegistration,
  };
  for (const step of done) take(step, state);
  return state;
}

interface MutableState extends DesiredState {
  settings: DesiredState["settings"];
  ha: DesiredState["ha"];
  readonly plugins: Map<string, PluginWish>;
  readonly luns: Map<string, Lun>;
  readonly portalGroups: Map<string, SetPortalGroup>;
  readonly ports: Map<string, CreatePort>;
  readonly physicalPorts: Map<string, AttachPort>;
  readonly portals: Map<string, OpenPortal>;
  readonly isnsServers: Map<string, SocketAddress>;
}

function take(step: Step, state: MutableState): void {
  switch (step.kind) {
    case "update-settings":
      state.settings = { ...state.settings, ...step.changes };
      return;
    case "load-ha":
      state.ha = { options: step.options, isStarted: false };
      return;
    case "start-ha":
      state.ha = state.ha && { ...state.ha, isStarted: true };
      return;
    case "configure-ha":
      state.ha = state.ha && { ...state.ha, options: step.options };
      return;
    case "unload-ha":
      state.ha = undefined;
      return;
    case "register-isns":
      state.isnsServers.set(step.server.text, step.server);
      return;
    case "deregister-isns":
      state.isnsServers.delete(step.server.text);
      return;
    case "load-plugin":
      state.plugins.set(step.plugin.name, step.plugin);
      return;
    case "unload-plugin":
      state.plugins.delete(step.name);
      return;
    case "create-lun":
    case "modify-lun":
      state.luns.set(step.lun.name, step.lun);
      return;
    case "remove-lun":
      state.luns.delete(step.name);
      return;
    case "set-portal-group":
      state.portalGroups.set(step.portalGroup.name, step);
      return;
    case "remove-portal-group":
      state.portalGroups.delete(step.name);
      return;
    case "open-portal":
      state.portals.set(portalKey(step), step);
      return;
    case "close-portal":
      return closePortal(step, state);
    default:
      return takeOnPort(step, state);
  }
}

type StepOf<Kind extends Step["kind"]> = Extract<Step, { kind: Kind }>;

function takeOnPort(
  step: StepOf<
    | "create-port"
    | "remove-port"
    | "attach-port"
    | "detach-port"
    | "map-lun"
    | "unmap-lun"
    | "update-port-access"
  >,
  state: MutableState,
): void {
  switch (step.kind) {
    case "create-port":
      state.ports.set(iscsiPortKey(step.port), visible(step, state.luns));
      return;
    case "attach-port": {
      const key = physicalPortKey(step.port);
      state.physicalPorts.set(key, visible(step, state.luns));
      return;
    }
    case "remove-port":
      state.ports.delete(iscsiPortKey(step.port));
      return;
    case "detach-port":
      state.physicalPorts.delete(physicalPortKey(step.port));
      return;
    case "map-lun":
      return changeMap(step.port, state, (map) => {
        map.set(step.number, step.lun);
      });
    case "unmap-lun":
      return changeMap(step.port, state, (map) => {
        map.delete(step.number);
      });
    case "update-port-access":
      return change(state.ports, iscsiPortKey(step.port), {
        access: step.access,
      });
  }
}

function closePortal(
  { portalGroup, listen }: ClosePortal,
  { portals }: MutableState,
): void {
  for (const [key, portal] of portals) {
    const inGroup = portal.portalGroup === portalGroup;
    if (inGroup && portal.listen.text === listen.text) portals.delete(key);
  }
}

/** A port shows no LUN that could not be made. */
function visible<Port extends { readonly lunMap: LunMap }>(
  port: Port,
  luns: ReadonlyMap<string, Lun>,
): Port {
  const there = [...port.lunMap].filter(([, lun]) => luns.has(lun));
  return { ...port, lunMap: new Map(there) };
}

function changeMap(
  port: PortKey,
  { ports, physicalPorts }: MutableState,
  edit: (map: Map<number, string>) => void,
): void {
  if ("portalGroup" in port) {
    const key = iscsiPortKey(port);
    return change(ports, key, { lunMap: edited(ports.get(key), edit) });
  }
  const key = physicalPortKey(port);
  change(physicalPorts, key, { lunMap: edited(physicalPorts.get(key), edit) });
}

function edited(
  port: { readonly lunMap: LunMap } | undefined,
  edit: (map: Map<number, string>) => void,
): LunMap {
  const map = new Map(port?.lunMap);
  edit(map);
  return map;
}

function change<Value>(
  values: Map<string, Value>,
  key: string,
  changes: Partial<Value>,
): void {
  const value = values.get(key);
  if (value !== undefined) values.set(key, { ...value, ...changes });
}
