/**
 * The permissions of Deno that ctld needs for one configuration, and the
 * `deno run` line that grants them and no others.
 *
 * @module
 */

import {
  DEVICE_TYPE,
  ManagementError,
  readHaSettings,
  wireAddress,
} from "../mod.ts";
import { type ApiAddress, apiAddressText } from "./api/bearer.ts";
import { desiredState } from "./conf/desired_state.ts";
import type { SocketAddress } from "./conf/inet.ts";
import type { Configuration, Lun, PhysicalPort } from "./conf/model.ts";
import { assignTags } from "./conf/tags.ts";
import { DAEMON_FLAGS } from "./daemon_flags.ts";

/** Where ctld finds and keeps things when nothing says otherwise. */
export const CTLD_DEFAULTS: {
  readonly file: string;
  readonly state: string;
} = Object.freeze({
  file: "/etc/ctl.conf",
  state: "/var/lib/dtl",
});

/** Kinds of permissions, in the order in which a line shows them. */
export const PERMISSION_KINDS = [
  "net",
  "read",
  "write",
  "env",
  "sys",
  "run",
  "import",
  "ffi",
] as const;

/** A kind of permission: `--allow-read` and its kin. */
export type PermissionKind = typeof PERMISSION_KINDS[number];

/** One entry of one flag. */
export interface Permission {
  /** The flag. */
  readonly kind: PermissionKind;
  /** The entry: a path, a place, a name. */
  readonly value: string;
  /** What needs it. */
  readonly why: string;
}

/** Where ctld runs. */
export interface DaemonPlaces {
  /** Its program. */
  readonly program: string;
  /** Control socket. */
  readonly socket: string;
  /** State directory. */
  readonly state: string;
  /** The C library for `--native`; undefined: it is not used. */
  readonly libc: string | undefined;
}

/** What ctld is to be run with. */
export interface PermissionRequest extends DaemonPlaces {
  /** What it serves. */
  readonly configuration: Configuration;
  /** Its file. */
  readonly file: string;
  /** Files that it includes. */
  readonly included: readonly string[];
  /** The configuration is in UCL. */
  readonly isUcl: boolean;
  /** Where the control API listens beside its socket; undefined: nowhere. */
  readonly api: ApiAddress | undefined;
  /** File that the log goes to, too; undefined: to none. */
  readonly logFile: string | undefined;
  /** Where a path leads, links resolved; undefined: nowhere yet. */
  readonly realPath: (path: string) => string | undefined;
}

/** What is needed, and what no list of permissions can say. */
export interface PermissionAnswer {
  /** Entries, each once. */
  readonly permissions: readonly Permission[];
  /** Sentences for people. */
  readonly notes: readonly string[];
}

/** What one part needs. */
interface Part {
  readonly permissions: readonly Permission[];
  readonly notes?: readonly string[];
}

/** What is added to the path of a socket while it is made. */
const MADE_FOLDER = ".new";
const MADE_SOCKET = ".new/s";

/** Names that `--allow-sys` has for what may be left out, and why. */
export const OPTIONAL_SYS: ReadonlyMap<string, string> = new Map([
  ["statfs", "thresholds and log pages tell no free space without it"],
  ["hostname", "iSNS servers are told no host name without it"],
]);

/** One of {@linkcode OPTIONAL_SYS}. */
export function sysPermission(name: string): Permission {
  return allow("sys", name, OPTIONAL_SYS.get(name) ?? "");
}

/** A permission that was not granted, in words. */
export function missingText({ kind, value, why }: Permission): string {
  return `--allow-${kind}=${value} is not granted: ${why}`;
}

/** The permissions that ctld needs to serve a configuration. */
export function permissionsOf(request: PermissionRequest): PermissionAnswer {
  const parts = [
    programPart(request),
    ...[...request.configuration.luns.values()]
      .map((lun) => lunPart(lun, request)),
    ...[...request.configuration.plugins.keys()]
      .filter((name) => !BUILT_IN.has(name))
      .map((name) => pluginPart(name, `plugin "${name}"`)),
    ...camtgtParts(request.configuration),
    ...haParts(request.configuration),
    ...notesOfTargets(request.configuration),
  ];
  const permissions = new Map<string, Permission>();
  for (const each of parts.flatMap((part) => part.permissions)) {
    const key = `${each.kind} ${each.value}`;
    if (!permissions.has(key)) permissions.set(key, each);
  }
  return {
    permissions: [...permissions.values()],
    notes: [...new Set(parts.flatMap(({ notes = [] }) => notes))],
  };
}

/** The flags of `deno run` that grant permissions: one for each kind. */
export function flagsOf(permissions: readonly Permission[]): string[] {
  return PERMISSION_KINDS.flatMap((kind) => {
    const values = permissions.filter((each) => each.kind === kind)
      .map(({ value }) => value);
    const list = [...new Set(values)].join(",");
    return list === "" ? [] : [`--allow-${kind}=${list}`];
  });
}

/** Flags beside permissions: nothing is asked for, nothing is downloaded. */
export const RUN_FLAGS: readonly string[] = Object.freeze([
  ...DAEMON_FLAGS,
  "--quiet",
  "--frozen",
  "--cached-only",
  "--no-prompt",
]);

/** Words behind `deno` that run ctld with these permissions. */
export function runWords(
  request: PermissionRequest,
  permissions: readonly Permission[],
): string[] {
  return [
    "run",
    ...RUN_FLAGS,
    ...flagsOf(permissions),
    request.program,
    ...request.libc === undefined ? [] : ["--native"],
    ...request.isUcl ? ["-u"] : [],
    ...request.api === undefined ? [] : ["--api", apiAddressText(request.api)],
    ...request.logFile === undefined ? [] : ["--log", request.logFile],
    "-f",
    request.file,
  ];
}

/** Variables that a line sets, so that the daemon is where it says. */
export function runVariables(
  { socket, state }: DaemonPlaces,
): Readonly<Record<string, string>> {
  return { CTL_SOCKET: socket, DTL_STATE_DIR: state };
}

/** The line that runs ctld, for a shell. */
export function runLine(
  request: PermissionRequest,
  permissions: readonly Permission[],
): string {
  const variables = Object.entries(runVariables(request))
    .map(([name, value]) => `${name}=${quoted(value)}`);
  const words = runWords(request, permissions).map(quoted);
  return [...variables, "deno", ...words].join(" ");
}

function quoted(word: string): string {
  return /^[\w@%+=:,./[\]-]+$/.test(word) && !/^[^=]*\[/.test(word)
    ? word
    : `'${word.replaceAll("'", `'\\''`)}'`;
}

function programPart(request: PermissionRequest): Part {
  const { configuration, file, included, socket, state, libc, logFile, api } =
    request;
  const { portals, isnsServers } = desiredState(
    configuration,
    assignTags(configuration, new Map()),
  );
  const servers = [...isnsServers.values()];
  const listens = [...portals.values()].map(({ listen }) => listen);
  return {
    permissions: [
      ...listens.map((place) => net(place, "a portal")),
      ...servers.map((place) => net(place, "an iSNS server")),
      ...unixSocket(socket, "the control socket"),
      ...api === undefined
        ? []
        : [allow("net", apiAddressText(api), "the control API (--api)")],
      ...[file, ...included]
        .map((each) => allow("read", each, "the configuration")),
      ...both(state, "the state directory"),
      ...both(configuration.pidfile, "the pid file"),
      ...logFile === undefined ? [] : [allow("write", logFile, "the log")],
      allow("env", "CTL_SOCKET", "the path of the control socket"),
      allow("env", "DTL_STATE_DIR", "the path of the state directory"),
      ...servers.length === 0 ? [] : [sysPermission("hostname")],
      ...libc === undefined ? [] : [allow("ffi", libc, "--native")],
    ],
    notes: [
      'A local port that "ctladm port -c" makes needs net (unix:), read and ' +
      "write for its socket and the folder in which that is made; so does " +
      "whatever a reload or ctladm adds: run this again then",
    ],
  };
}

/** Whether a daemon with this configuration starts programs of its own. */
export function startsPrograms({ ha }: Configuration): boolean {
  return ha !== undefined &&
    readHaSettings(ha.options).fencer.kind === "command";
}

/** The link, the arbiter, and what fences the peer. */
function haParts({ ha }: Configuration): Part[] {
  if (ha === undefined) return [];
  const { place, identity, arbiter, fencer } = readHaSettings(ha.options);
  const link = place === null ? [] : [net(
    { ...place, family: place.address.includes(":") ? 6 : 4 },
    `the link to the peer (${place.listens ? "listen" : "connect"})`,
  )];
  const files = identity === null
    ? []
    : [identity.keyFile, identity.certificateFile];
  const urls = arbiter.kind === "etcd" ? arbiter.urls : [];
  const [program] = fencer.kind === "command" ? fencer.words : [];
  return [{
    permissions: [
      ...link,
      ...files.map((file) => allow("read", file, "identity on the link")),
      ...urls.map((url) => allow("net", hostOf(url), "the arbiter")),
      ...program === undefined ? [] : [allow("run", program, "the fencer")],
    ],
  }];
}

/** Host and port of a URL, as flags name them. */
function hostOf(url: string): string {
  const { hostname, port, protocol } = new URL(url);
  return `${hostname}:${port || (protocol === "https:" ? 443 : 80)}`;
}

function net(
  { address, port, family }: Omit<SocketAddress, "text">,
  why: string,
): Permission {
  const host = family === 6 ? `[${address}]` : address;
  return allow("net", `${host}:${port}`, why);
}

/** A socket is made in a folder of its own, and then moved. */
function unixSocket(path: string, why: string): Permission[] {
  return [
    allow("net", `unix:${path}`, why),
    allow("net", `unix:${path}${MADE_SOCKET}`, why),
    ...both(path, why),
    ...both(path + MADE_FOLDER, why),
  ];
}

function both(path: string, why: string): Permission[] {
  return [allow("read", path, why), allow("write", path, why)];
}

function allow(kind: PermissionKind, value: string, why: string): Permission {
  return { kind, value, why };
}

/** Frontend whose ports are made when targets name them. */
const CAMTGT_DRIVER = "camtgt";
const BUILT_IN: ReadonlySet<string> = new Set([
  ...["block", "camtgt", "ioctl", "iscsi", "ramdisk"],
]);

function lunPart(lun: Lun, { libc, realPath }: PermissionRequest): Part {
  if (!BUILT_IN.has(lun.backend)) {
    return pluginPart(lun.backend, `lun "${lun.name}"`);
  }
  const hasBlocks = lun.deviceType === DEVICE_TYPE.DISK ||
    lun.deviceType === DEVICE_TYPE.CD;
  const path = lun.options.get("file") ?? lun.path;
  if (lun.backend !== "block" || !hasBlocks || path === undefined) {
    return { permissions: [] };
  }
  const why = `lun "${lun.name}"`;
  // The runtime asks for the path behind links, too, when it opens a file.
  const files = [...new Set([path, realPath(path) ?? path])].flatMap((each) =>
    isReadOnly(lun) ? [allow("read", each, why)] : both(each, why)
  );
  const permissions = [...files, sysPermission("statfs")];
  if (path.startsWith("/dev/")) {
    return libc === undefined ? refusedDevice(lun, path) : { permissions };
  }
  return {
    permissions,
    notes: path.includes(",")
      ? [`${path} has a comma: no flag of Deno can name it, grant its folder`]
      : path.startsWith("/")
      ? []
      : [
        `${path} is not absolute: it is looked for from the working ` +
        "directory of ctld, and then below /dev",
      ],
  };
}

function isReadOnly({ options, deviceType }: Lun): boolean {
  const told = options.get("readonly");
  return told === undefined ? deviceType === DEVICE_TYPE.CD : told === "on";
}

/** Without the C library a device opens with all permissions alone. */
function refusedDevice({ name }: Lun, path: string): Part {
  const note = `lun "${name}": ${path} opens only with --allow-all (-A) ` +
    "instead of all these flags, or with --native";
  return { permissions: [], notes: [note] };
}

function pluginPart(module: string, why: string): Part {
  const note = `${why}: what the plugin ${module} itself needs is not known; ` +
    "it has the permissions of ctld";
  if (/^https?:/.test(module)) {
    const host = allow("import", new URL(module).host, why);
    return { permissions: [host], notes: [note] };
  }
  const path = module.startsWith("file:") ? new URL(module).pathname : module;
  const files = path.includes("/") ? [allow("read", path, why)] : [];
  return { permissions: files, notes: [note] };
}

/** Wires of the HBAs that targets name. */
function camtgtParts({ targets, plugins }: Configuration): Part[] {
  const listen = plugins.get(CAMTGT_DRIVER)?.options.get("listen");
  if (listen === undefined) return [];
  return [...targets.values()].flatMap(({ port }) =>
    port?.driver === CAMTGT_DRIVER ? [wirePart(listen, port)] : []
  );
}

function wirePart(listen: string, { text, physicalPort }: PhysicalPort): Part {
  const why = `the wire of port ${text}`;
  try {
    const address = wireAddress(listen, physicalPort);
    return {
      permissions: address.transport === "unix"
        ? unixSocket(address.path, why)
        : [allow("net", hostText(address), why)],
    };
  } catch (error) {
    if (!(error instanceof ManagementError)) throw error;
    return { permissions: [], notes: [`${why}: ${error.message}`] };
  }
}

function hostText({ hostname, port }: {
  readonly hostname: string;
  readonly port: number;
}): string {
  return hostname.includes(":")
    ? `[${hostname}]:${port}`
    : `${hostname}:${port}`;
}

function notesOfTargets({ targets }: Configuration): Part[] {
  return [...targets.values()].flatMap(({ name, port }) =>
    port === undefined || port.driver === CAMTGT_DRIVER ? [] : [{
      permissions: [],
      notes: [`target "${name}": port ${port.text} is not there at the start`],
    }]
  );
}
