/**
 * The plan of a reload: the steps from what runs to what a new file wants, so
 * that nothing is disturbed that did not change.
 *
 * Steps come in this order, which lets each one succeed on its own: settings;
 * a pair entered; iSNS servers that are dropped; ports removed; map entries removed; LUNs
 * removed; plugins unloaded, then loaded; LUNs modified, created; portal
 * groups; ports created; map entries and access of ports that stay; sockets
 * closed, then opened; the pair changed, started or left; iSNS registration.
 *
 * @module
 */

import { type DesiredState, desiredState, NOTHING } from "./desired_state.ts";
import { stateInForce } from "./in_force.ts";
import { sameValue } from "./equal.ts";
import type { Configuration, Lun, Settings } from "./model.ts";
import type { LunMap, ModifyLun, PortKey, Step } from "./steps.ts";
import { type AssignedTags, assignTags } from "./tags.ts";

/** What a daemon runs. */
export interface Running {
  /** What is there. */
  readonly state: DesiredState;
  /** Tags of its portal groups. */
  readonly tags: AssignedTags;
}

/** What a daemon runs that was just started. */
export const NOTHING_RUNS: Running = Object.freeze({
  state: NOTHING,
  tags: new Map(),
});

/** What a reload does, and what it leads to. */
export interface ReloadPlan {
  /** Steps in order. */
  readonly steps: readonly Step[];
  /** What runs afterwards, if no step fails. */
  readonly after: Running;
}

/** Two states of the same things. */
interface Change {
  readonly before: DesiredState;
  readonly after: DesiredState;
  /** Names of LUNs that cannot become what is wanted, nor stay. */
  readonly lunsRemoved: ReadonlySet<string>;
}

/** Tells whether two things are the same one, perhaps with other settings. */
type IsSame<Value> = (before: Value, after: Value) => boolean;

/** What cannot change while a LUN lives. */
const FIXED_LUN_FIELDS = [
  "backend",
  "blocksize",
  "deviceId",
  "path",
  "serial",
] as const satisfies (keyof Lun)[];

/**
 * Plans the way from what runs to what a configuration wants.
 *
 * @param running what runs
 * @param wanted what shall run; an empty configuration ends everything
 */
export function planReload(
  running: Running,
  wanted: Configuration,
): ReloadPlan {
  const { state: before } = running;
  const tags = assignTags(wanted, running.tags);
  const after = desiredState(wanted, tags);
  const lunsRemoved = removedLuns(before.luns, after.luns);
  const steps = planSteps({ before, after, lunsRemoved });
  return { steps, after: { state: after, tags } };
}

/**
 * What runs after a plan of which some steps failed: the next plan has them
 * once more.
 */
export function runningAfter(
  running: Running,
  { steps, after }: ReloadPlan,
  failed: ReadonlySet<Step>,
): Running {
  if (failed.size === 0) return after;
  const done = steps.filter((step) => !failed.has(step));
  const told = ![...failed].some(({ kind }) => kind === "register-isns");
  const registration = told ? after.state.isnsRegistration : undefined;
  const state = stateInForce(running.state, done, registration);
  return { state, tags: after.tags };
}

function planSteps(change: Change): readonly Step[] {
  return [
    ...settingsSteps(change),
    ...haEntrance(change),
    ...isnsDeregistrations(change),
    ...portRemovals(change),
    ...lunUnmappings(change),
    ...lunRemovals(change),
    ...pluginSteps(change),
    ...lunSteps(change),
    ...portalGroupSteps(change),
    ...portCreations(change),
    ...lunMappings(change),
    ...accessSteps(change),
    ...portalSteps(change),
    ...haSteps(change),
    ...isnsRegistrations(change),
  ];
}

function settingsSteps({ before, after }: Change): Step[] {
  const changed = Object.entries(after.settings).filter(([name, value]) =>
    before.settings[name as keyof Settings] !== value
  );
  if (changed.length === 0) return [];
  const changes: Partial<Settings> = Object.fromEntries(changed);
  return [{ kind: "update-settings", changes }];
}

/** Whatever is made in a pair is made as its role wants it. */
function haEntrance({ before, after }: Change): Step[] {
  if (after.ha === undefined || before.ha !== undefined) return [];
  return [{ kind: "load-ha", options: after.ha.options }];
}

function haSteps({ before, after }: Change): Step[] {
  if (after.ha === undefined) {
    return before.ha === undefined ? [] : [{ kind: "unload-ha" }];
  }
  const { options } = after.ha;
  const old = before.ha?.options ?? options;
  const optionsChanged = differentOptions(old, options);
  const steps: Step[] = optionsChanged.length === 0
    ? []
    : [{ kind: "configure-ha", options, optionsChanged }];
  return before.ha?.isStarted ? steps : [...steps, { kind: "start-ha" }];
}

function differentOptions(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): string[] {
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names].filter((name) => before.get(name) !== after.get(name));
}

function isnsDeregistrations({ before, after }: Change): Step[] {
  return missing(before.isnsServers, after.isnsServers)
    .map((server) => ({ kind: "deregister-isns", server }));
}

function isnsRegistrations({ before, after }: Change): Step[] {
  const isKnown = sameValue(before.isnsRegistration, after.isnsRegistration);
  return missing(after.isnsServers, before.isnsServers, () => isKnown)
    .map((server) => ({ kind: "register-isns", server }));
}

function portRemovals({ before, after }: Change): Step[] {
  const ports = missing(before.ports, after.ports, sameTag);
  const physical = missing(before.physicalPorts, after.physicalPorts);
  return [
    ...ports.map(({ port }): Step => ({ kind: "remove-port", port })),
    ...physical.map(({ port }): Step => ({ kind: "detach-port", port })),
  ];
}

function portCreations({ before, after }: Change): Step[] {
  return [
    ...missing(after.ports, before.ports, sameTag),
    ...missing(after.physicalPorts, before.physicalPorts),
  ];
}

function accessSteps({ before, after }: Change): Step[] {
  return kept(before.ports, after.ports, sameTag)
    .filter(([old, { access }]) => !sameValue(old.access, access))
    .map(([, { port, access }]) => ({
      kind: "update-port-access",
      port,
      access,
    }));
}

/** A number whose LUN goes is freed first; another LUN just takes its place. */
function lunUnmappings(change: Change): Step[] {
  return keptMaps(change).flatMap(({ port, old, now }) =>
    [...old]
      .filter(([number, lun]) =>
        !now.has(number) || change.lunsRemoved.has(lun)
      )
      .map(([number]): Step => ({ kind: "unmap-lun", port, number }))
  );
}

function lunMappings(change: Change): Step[] {
  return keptMaps(change).flatMap(({ port, old, now }) =>
    [...now]
      .filter(([number, lun]) =>
        old.get(number) !== lun || change.lunsRemoved.has(lun)
      )
      .map(([number, lun]): Step => ({ kind: "map-lun", port, number, lun }))
  );
}

function keptMaps(
  { before, after }: Change,
): { port: PortKey; old: LunMap; now: LunMap }[] {
  return [
    ...kept(before.ports, after.ports, sameTag),
    ...kept(before.physicalPorts, after.physicalPorts),
  ].map(([old, now]) => ({ port: now.port, old: old.lunMap, now: now.lunMap }));
}

function lunRemovals({ lunsRemoved }: Change): Step[] {
  return [...lunsRemoved].map((name) => ({ kind: "remove-lun", name }));
}

/** The last loaded may need the ones before it: it goes first. */
function pluginSteps({ before, after }: Change): Step[] {
  const unloaded = missing(before.plugins, after.plugins).reverse()
    .map(({ name }): Step => ({ kind: "unload-plugin", name }));
  const loaded = missing(after.plugins, before.plugins, sameValue)
    .map((plugin): Step => ({ kind: "load-plugin", plugin }));
  return [...unloaded, ...loaded];
}

function lunSteps({ before, after }: Change): Step[] {
  const modified = kept(before.luns, after.luns, isSameLun)
    .map(([old, now]) => modifyLun(old, now))
    .filter(({ sizeChanged, optionsChanged }) =>
      sizeChanged || optionsChanged.length > 0
    );
  const created = missing(after.luns, before.luns, isSameLun)
    .sort(numberedFirst)
    .map((lun): Step => ({ kind: "create-lun", lun }));
  return [...modified, ...created];
}

/** Else a LUN without a number of its own might take that of another. */
function numberedFirst(a: Lun, b: Lun): number {
  return Number(a.ctlLun === undefined) - Number(b.ctlLun === undefined);
}

function modifyLun(old: Lun, lun: Lun): ModifyLun {
  return {
    kind: "modify-lun",
    lun,
    sizeChanged: old.sizeBytes !== lun.sizeBytes,
    optionsChanged: differentOptions(old.options, lun.options),
  };
}

function removedLuns(
  before: ReadonlyMap<string, Lun>,
  after: ReadonlyMap<string, Lun>,
): ReadonlySet<string> {
  return new Set(missing(before, after, isSameLun).map(({ name }) => name));
}

function portalGroupSteps({ before, after }: Change): Step[] {
  return missing(after.portalGroups, before.portalGroups, sameValue);
}

/** An address may move from one group to another: it is freed first. */
function portalSteps({ before, after }: Change): Step[] {
  const closed = missing(before.portals, after.portals);
  const forgotten = missing(before.portalGroups, after.portalGroups);
  return [
    ...closed.map(({ portalGroup, listen }): Step => ({
      kind: "close-portal",
      portalGroup,
      listen,
    })),
    ...forgotten.map(({ portalGroup: { name } }): Step => ({
      kind: "remove-portal-group",
      name,
    })),
    ...missing(after.portals, before.portals),
  ];
}

/** The values of one map that the other has not, or not the same. */
function missing<Value>(
  from: ReadonlyMap<string, Value>,
  other: ReadonlyMap<string, Value>,
  isSame: IsSame<Value> = sameAlways,
): Value[] {
  return [...from].filter(([key, value]) => {
    const counterpart = other.get(key);
    return counterpart === undefined || !isSame(value, counterpart);
  }).map(([, value]) => value);
}

/** Pairs of values that both maps have and that are the same thing. */
function kept<Value>(
  before: ReadonlyMap<string, Value>,
  after: ReadonlyMap<string, Value>,
  isSame: IsSame<Value> = sameAlways,
): [Value, Value][] {
  const pairs: [Value, Value][] = [];
  for (const [key, value] of before) {
    const counterpart = after.get(key);
    if (counterpart === undefined || !isSame(value, counterpart)) continue;
    pairs.push([value, counterpart]);
  }
  return pairs;
}

function isSameLun(before: Lun, after: Lun): boolean {
  return FIXED_LUN_FIELDS.every((field) => before[field] === after[field]);
}

/** A port cannot change its tag: initiators know it by that. */
function sameTag(
  before: { readonly tag: number },
  after: { readonly tag: number },
): boolean {
  return before.tag === after.tag;
}

function sameAlways(): boolean {
  return true;
}
