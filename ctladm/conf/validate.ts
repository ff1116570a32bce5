/**
 * The end of a file: names become what they name, defaults are filled in, and
 * what only the whole file can tell is told.
 *
 * @module
 */

import type {
  AuthGroupDraft,
  ConfigurationDraft,
  LunDraft,
  PortalGroupDraft,
  TargetDraft,
} from "./draft.ts";
import { createDraft } from "./draft.ts";
import { blocksizeOf } from "./luns.ts";
import {
  assignedPortalGroups,
  type AuthGroup,
  type Configuration,
  DEFAULT_AUTH_GROUP,
  DEFAULT_PORTAL_GROUP,
  DEFAULT_SETTINGS,
  type Lun,
  type PortalGroup,
  type PortalGroupLink,
  PREDEFINED_AUTH_GROUPS,
  type Settings,
  type Target,
} from "./model.ts";

/**
 * Makes a configuration of all that was read.
 *
 * @returns the configuration, and the warnings of the file and of this check
 */
export function finish(
  draft: ConfigurationDraft,
): { configuration: Configuration; warnings: readonly string[] } {
  const configuration = resolve(draft);
  warnOfTargets(draft);
  warnOfPortalGroups(draft, configuration);
  warnOfPlaces(draft, configuration);
  warnOfAuthGroups(draft);
  warnOfRoles(draft);
  return { configuration, warnings: draft.warnings.list() };
}

/**
 * The configuration of a file that says nothing: what to reload to end all
 * that an earlier one started.
 *
 * @param settings what stays as it is
 */
export function emptyConfiguration(
  settings: Settings = DEFAULT_SETTINGS,
): Configuration {
  const { debug, maxproc, pidfile, timeoutSeconds } = settings;
  return {
    ...finish(createDraft()).configuration,
    debug,
    maxproc,
    pidfile,
    timeoutSeconds,
  };
}

function resolve(draft: ConfigurationDraft): Configuration {
  const authGroups = mapValues(draft.authGroups, resolveAuthGroup);
  return {
    debug: draft.debug,
    maxproc: draft.maxproc,
    pidfile: draft.pidfile ?? DEFAULT_SETTINGS.pidfile,
    timeoutSeconds: draft.timeoutSeconds,
    isns: {
      servers: [...draft.isnsServers.values()],
      periodSeconds: draft.isnsPeriodSeconds,
      timeoutSeconds: draft.isnsTimeoutSeconds,
    },
    plugins: draft.plugins,
    ha: draft.ha,
    authGroups,
    portalGroups: mapValues(
      draft.portalGroups,
      (group) => resolvePortalGroup(group, authGroups),
    ),
    luns: mapValues(draft.luns, resolveLun),
    targets: mapValues(
      draft.targets,
      (target) => resolveTarget(target, authGroups),
    ),
  };
}

function resolveAuthGroup(
  { label: _label, warnings: _warnings, ...group }: AuthGroupDraft,
): AuthGroup {
  return group;
}

function resolvePortalGroup(
  { root: _root, ...group }: PortalGroupDraft,
  authGroups: ReadonlyMap<string, AuthGroup>,
): PortalGroup {
  return {
    ...group,
    discoveryAuthGroup: named(authGroups, group.discoveryAuthGroup),
    discoveryFilter: group.discoveryFilter ?? "none",
    listen: [...group.listen.values()],
  };
}

function resolveLun(draft: LunDraft): Lun {
  const { given: _given, scsiName, ...lun } = draft;
  const options = new Map(draft.options);
  if (scsiName !== undefined && !options.has("scsiname")) {
    options.set("scsiname", scsiName);
  }
  return { ...lun, blocksize: blocksizeOf(draft), options };
}

function resolveTarget(
  target: TargetDraft,
  authGroups: ReadonlyMap<string, AuthGroup>,
): Target {
  const { name, alias, privateAuth, port, redirect, luns } = target;
  return {
    name,
    alias,
    authGroup: privateAuth === undefined
      ? named(authGroups, target.authGroup)
      : resolveAuthGroup(privateAuth),
    portalGroups: resolveLinks(target, authGroups),
    port,
    redirect,
    movedPermanently: target.movedPermanently,
    luns: new Map([...luns].sort(([a], [b]) => a - b)),
  };
}

function resolveLinks(
  { portalGroups, port }: TargetDraft,
  authGroups: ReadonlyMap<string, AuthGroup>,
): readonly PortalGroupLink[] {
  if (portalGroups.size === 0 && port === undefined) {
    return [{ portalGroup: DEFAULT_PORTAL_GROUP, authGroup: undefined }];
  }
  return [...portalGroups].map(([portalGroup, authGroup]) => ({
    portalGroup,
    authGroup: authGroup === undefined
      ? undefined
      : named(authGroups, authGroup),
  }));
}

/** The statements checked that the name is there; `default` always is. */
function named(
  authGroups: ReadonlyMap<string, AuthGroup>,
  name: string = DEFAULT_AUTH_GROUP,
): AuthGroup {
  const group = authGroups.get(name);
  if (group === undefined) throw new Error(`Cannot find auth-group "${name}"`);
  return group;
}

function warnOfTargets({ targets, warnings }: ConfigurationDraft): void {
  for (const { label, luns, redirect } of targets.values()) {
    if (luns.size > 0 || redirect !== undefined) continue;
    warnings.add(`no LUNs defined for ${label}`);
  }
}

function warnOfPortalGroups(
  { warnings }: ConfigurationDraft,
  configuration: Configuration,
): void {
  const assigned = assignedPortalGroups(configuration);
  const byTag = new Map<number, string>();
  for (const { name, tag } of configuration.portalGroups.values()) {
    if (!assigned.has(name) && name !== DEFAULT_PORTAL_GROUP) {
      warnings.add(`portal-group "${name}" not assigned to any target`);
    }
    if (tag === undefined) continue;
    const other = byTag.get(tag);
    if (other === undefined) byTag.set(tag, name);
    else {
      warnings.add(
        `portal-groups "${other}" and "${name}" have the same tag ${tag}`,
      );
    }
  }
}

/** Two groups cannot have the same socket. */
function warnOfPlaces(
  { warnings }: ConfigurationDraft,
  configuration: Configuration,
): void {
  const assigned = assignedPortalGroups(configuration);
  const byPlace = new Map<string, string>();
  for (const { name, foreign, listen } of configuration.portalGroups.values()) {
    if (foreign || !assigned.has(name)) continue;
    for (const { address, port, text } of listen) {
      const place = `${address} ${port}`;
      const other = byPlace.get(place);
      if (other === undefined) byPlace.set(place, name);
      else if (port !== 0) {
        warnings.add(
          `portal-groups "${other}" and "${name}" both listen on ${text}`,
        );
      }
    }
  }
}

function warnOfAuthGroups(
  { authGroups, portalGroups, targets, warnings }: ConfigurationDraft,
): void {
  const used = new Set<string | undefined>(Object.keys(PREDEFINED_AUTH_GROUPS));
  for (const group of portalGroups.values()) used.add(group.discoveryAuthGroup);
  for (const target of targets.values()) {
    used.add(target.authGroup);
    for (const name of target.portalGroups.values()) used.add(name);
  }
  for (const name of authGroups.keys()) {
    if (used.has(name)) continue;
    warnings.add(`auth-group "${name}" not assigned to any target`);
  }
}

function warnOfRoles({ ha, luns, warnings }: ConfigurationDraft): void {
  if (ha !== undefined) return;
  for (const { name, options } of luns.values()) {
    if (!options.has("ha_role")) continue;
    warnings.add(`ha_role of lun "${name}" is of no effect without "ha"`);
  }
}

function mapValues<From, To>(
  map: ReadonlyMap<string, From>,
  convert: (value: From) => To,
): ReadonlyMap<string, To> {
  return new Map([...map].map(([name, value]) => [name, convert(value)]));
}
