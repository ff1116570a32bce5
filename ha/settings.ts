/**
 * How a node is configured: a table of options, and what only all of them
 * together can tell.
 *
 * @module
 */

import {
  choiceOption,
  flagOption,
  integerOption,
  ManagementError,
  optionalTextOption,
  OptionProblem,
  type OptionSpec,
  type OptionTable,
  parseOptions,
  type RawOptions,
  textOption,
} from "../core/mod.ts";
import {
  DEFAULT_TIMING,
  type HaMode,
  type HaRole,
  type LinkTiming,
  type NodeId,
} from "./link/peer_hello.ts";
import { isLoopback, type LinkPlace, parsePlace } from "./link/place.ts";

/** Who decides which node is primary. */
export type ArbiterSettings =
  | { readonly kind: "static" }
  | {
    readonly kind: "etcd";
    /** Base addresses of its members. */
    readonly urls: readonly string[];
    /** Name of the pair, by which its keys begin. */
    readonly cluster: string;
    /** Milliseconds of the lease. */
    readonly leaseMs: number;
  };

/** What keeps the other node off the stores. */
export type FencerSettings =
  | { readonly kind: "none" }
  | { readonly kind: "lock" }
  | { readonly kind: "lease" }
  | {
    readonly kind: "command";
    /** Program and its words. */
    readonly words: readonly string[];
  };

/** Files of the node's identity, and the peer's. */
export interface LinkIdentity {
  /** File of the private key, in PEM. */
  readonly keyFile: string;
  /** File of the certificate, in PEM. */
  readonly certificateFile: string;
  /** SHA-256 of the peer's certificate: 64 hexadecimal digits. */
  readonly peerFingerprint: string;
}

/** How a node is configured. */
export interface HaSettings {
  /** Number of the node. */
  readonly id: NodeId;
  /** How the nodes share their LUNs. */
  readonly mode: HaMode;
  /** What the node is to be. */
  readonly role: HaRole;
  /** Where the link is; null: there is none. */
  readonly place: LinkPlace | null;
  /** Null: the link is not encrypted, or there is none. */
  readonly identity: LinkIdentity | null;
  /** When the peer is given up. */
  readonly timing: LinkTiming;
  /** Who decides. */
  readonly arbiter: ArbiterSettings;
  /** What keeps the other node off. */
  readonly fencer: FencerSettings;
  /** Initiators may set access states. */
  readonly explicitAlua: boolean;
  /** RAM LUNs are taken, in `proxy` mode: for tests. */
  readonly allowRamdisk: boolean;
  /** A defect ends the process, so that the peer takes over. */
  readonly exitsOnDefect: boolean;
}

/** The options, typed one by one. */
export interface HaOptions {
  /** Number of this node; it has to be there. */
  readonly "id": NodeId | undefined;
  /** How the nodes share their LUNs. */
  readonly "mode": HaMode;
  /** What the node is; by its number where nothing is said. */
  readonly "role": HaRole | undefined;
  /** Where the link is. */
  readonly "peer": LinkPlace | undefined;
  /** File of the private key. */
  readonly "key": string | undefined;
  /** File of the certificate. */
  readonly "certificate": string | undefined;
  /** SHA-256 of the peer's certificate. */
  readonly "peer-fingerprint": string | undefined;
  /** The link is not encrypted. */
  readonly "insecure": boolean;
  /** Milliseconds between heartbeats. */
  readonly "heartbeat-ms": number;
  /** Milliseconds to silence. */
  readonly "silent-ms": number;
  /** Milliseconds to death. */
  readonly "dead-ms": number;
  /** Who decides on roles. */
  readonly "arbiter": "static" | "etcd";
  /** Members of etcd. */
  readonly "etcd": readonly string[];
  /** Name of the pair at the arbiter. */
  readonly "cluster": string;
  /** Milliseconds of a lease. */
  readonly "lease-ms": number;
  /** What keeps the other node off. */
  readonly "fencer": "none" | "lock" | "lease" | "command";
  /** Program that does, and its words. */
  readonly "fence-command": readonly string[];
  /** Initiators may set access states. */
  readonly "explicit-alua": boolean;
  /** LUNs in memory are taken. */
  readonly "allow-ramdisk": boolean;
  /** What a defect does. */
  readonly "defect": "contain" | "exit";
}

const MODES: readonly HaMode[] = ["standby", "shared", "proxy"];
const ROLES: readonly HaRole[] = ["primary", "secondary"];
const TIME = { min: 20, max: 600_000 };
const URLS_MAX = 9;

const NODE_ID: OptionSpec<NodeId | undefined> = {
  ...{ kind: "1|2", fallback: undefined, help: "number of this node" },
  ...{ expected: "1 or 2", parse: parseId },
};

const MODE: OptionSpec<HaMode> = {
  ...choiceOption(MODES, "standby", "how the nodes share their LUNs"),
  // As kern.cam.ctl.ha_mode has them.
  parse: (text) =>
    MODES.find((mode, index) => [mode, `${index}`].includes(text)),
};

const ROLE: OptionSpec<HaRole | undefined> = {
  ...choiceOption(ROLES, undefined, "what this node is (node 1: primary)"),
  parse: (text) =>
    ROLES.find((role, index) => [role, `${index}`].includes(text)),
};

const PEER: OptionSpec<LinkPlace | undefined> = {
  ...{ kind: "place", fallback: undefined, help: "where the link is" },
  expected: '"listen ADDRESS:PORT" or "connect ADDRESS:PORT"',
  parse: parsePlace,
};

const FINGERPRINT: OptionSpec<string | undefined> = {
  ...{ kind: "fingerprint", fallback: undefined },
  help: "SHA-256 of the peer's certificate, as its ha-init has printed it",
  expected: "64 hexadecimal digits",
  parse: parseFingerprint,
};

const ETCD: OptionSpec<readonly string[]> = {
  ...{ kind: "URLs", fallback: [], help: "members of etcd" },
  expected: `URLs of http or https, at most ${URLS_MAX}, with spaces between`,
  parse: parseUrls,
};

const FENCE_COMMAND: OptionSpec<readonly string[]> = {
  ...{ kind: "command", fallback: [], help: "program that fences the peer" },
  expected: "a program and its words, with spaces between",
  parse: (text) => wordsOf(text),
};

// etcd counts in seconds; a node is in doubt for the last of them.
const LEASE: OptionSpec<number> = {
  ...{ kind: "milliseconds", fallback: 3000 },
  help: "milliseconds of the arbiter's lease",
  expected: "whole seconds from 2000 to 600000 milliseconds",
  parse: (text) => {
    const ms = /^[0-9]{4,6}$/.test(text) ? Number(text) : 0;
    return ms % 1000 === 0 && ms >= 2000 && ms <= 600_000 ? ms : undefined;
  },
};

/** The options of the plugin `ha`, and the words of `ha { … }` in ctl.conf. */
export const HA_OPTIONS: OptionTable<HaOptions> = {
  "id": NODE_ID,
  "mode": MODE,
  "role": ROLE,
  "peer": PEER,
  "key": optionalTextOption("file of the private key, in PEM", 4096),
  "certificate": optionalTextOption("file of the certificate, in PEM", 4096),
  "peer-fingerprint": FINGERPRINT,
  "insecure": flagOption(false, "no encryption, on loopback alone"),
  "heartbeat-ms": integerOption(
    DEFAULT_TIMING.heartbeatMs,
    TIME,
    "milliseconds between heartbeats",
  ),
  "silent-ms": integerOption(
    DEFAULT_TIMING.silentMs,
    TIME,
    "milliseconds without an answer after which the secondary stops",
  ),
  "dead-ms": integerOption(
    DEFAULT_TIMING.deadMs,
    TIME,
    "milliseconds without a byte after which the peer counts as dead",
  ),
  "arbiter": choiceOption(
    ["static", "etcd"],
    "static",
    "who decides which node is primary",
  ),
  "etcd": ETCD,
  "cluster": textOption("dtl", "name of the pair at the arbiter", 64),
  "lease-ms": LEASE,
  "fencer": choiceOption(
    ["none", "lock", "lease", "command"],
    "none",
    "what keeps the other node off the stores",
  ),
  "fence-command": FENCE_COMMAND,
  "explicit-alua": flagOption(false, "initiators may set access states"),
  "allow-ramdisk": flagOption(false, "RAM LUNs in proxy mode, for tests"),
  "defect": choiceOption(
    ["contain", "exit"],
    "contain",
    "whether a defect ends one command, or the daemon",
  ),
};

/** What is wrong with one option; undefined: nothing. */
export function haOptionProblem(
  name: string,
  value: string,
): string | undefined {
  const typed = parseOptions(HA_OPTIONS, new Map([[name, value]]));
  return typed instanceof OptionProblem ? typed.message : undefined;
}

/** What does not fit together; undefined: all does. */
export function haProblem(raw: RawOptions): string | undefined {
  const options = parseOptions(HA_OPTIONS, raw);
  if (options instanceof OptionProblem) return options.message;
  const settings = haSettings(options);
  return typeof settings === "string" ? settings : undefined;
}

/**
 * Puts the options together.
 *
 * @returns the settings, or a sentence that says what does not fit
 */
export function haSettings(options: HaOptions): HaSettings | string {
  const { id } = options;
  if (id === undefined) return 'missing "id": 1 or 2';
  const timing = timingOf(options);
  if (typeof timing === "string") return timing;
  const identity = identityOf(options);
  if (typeof identity === "string") return identity;
  const { mode, peer, role } = options;
  const arbiter = arbiterOf(options);
  if (typeof arbiter === "string") return arbiter;
  const fencer = fencerOf(options);
  if (typeof fencer === "string") return fencer;
  if (options["allow-ramdisk"] && mode !== "proxy") {
    return `"allow-ramdisk" is for mode proxy alone, not for ${mode}`;
  }
  return {
    ...{ id, mode, timing, identity, arbiter, fencer },
    role: role ?? (id === 1 ? "primary" : "secondary"),
    place: peer ?? null,
    explicitAlua: options["explicit-alua"],
    allowRamdisk: options["allow-ramdisk"],
    exitsOnDefect: options.defect === "exit",
  };
}

/**
 * The settings of options as text.
 *
 * @throws {ManagementError} when one is wrong, or they do not fit together
 */
export function readHaSettings(raw: RawOptions): HaSettings {
  for (const name of raw.keys()) {
    if (Object.hasOwn(HA_OPTIONS, name)) continue;
    throw new ManagementError("option", `ha has no option "${name}"`);
  }
  const options = parseOptions(HA_OPTIONS, raw);
  const settings = options instanceof OptionProblem
    ? options.message
    : haSettings(options);
  if (typeof settings !== "string") return settings;
  throw new ManagementError("option", `ha: ${settings}`);
}

/** A fingerprint in our form; undefined when it is none. */
export function parseFingerprint(text: string): string | undefined {
  const digits = text.replace(/^sha256:/i, "").replaceAll(":", "");
  return /^[0-9a-f]{64}$/i.test(digits) ? digits.toLowerCase() : undefined;
}

function parseId(text: string): NodeId | undefined {
  return text === "1" ? 1 : text === "2" ? 2 : undefined;
}

function parseUrls(text: string): readonly string[] | undefined {
  const urls = wordsOf(text);
  return urls.length <= URLS_MAX && urls.every(isHttp) ? urls : undefined;
}

function isHttp(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol);
}

function wordsOf(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== "");
}

function timingOf(options: HaOptions): LinkTiming | string {
  const heartbeatMs = options["heartbeat-ms"];
  const silentMs = options["silent-ms"];
  const deadMs = options["dead-ms"];
  if (silentMs < heartbeatMs * 2) {
    return `"silent-ms" ${silentMs} is less than twice "heartbeat-ms" ` +
      `${heartbeatMs}`;
  }
  return deadMs > silentMs
    ? { heartbeatMs, silentMs, deadMs }
    : `"dead-ms" ${deadMs} is not more than "silent-ms" ${silentMs}`;
}

function identityOf(options: HaOptions): LinkIdentity | null | string {
  const { peer, insecure, key, certificate } = options;
  const fingerprint = options["peer-fingerprint"];
  if (insecure) {
    if (peer !== undefined && !isLoopback(peer.address)) {
      return `"insecure" is for loopback addresses alone, not for ` +
        peer.address;
    }
    return key === undefined && certificate === undefined &&
        fingerprint === undefined
      ? null
      : '"insecure" and keys or fingerprints exclude each other';
  }
  if (peer === undefined) return null;
  const given = { key, certificate, "peer-fingerprint": fingerprint };
  for (const [name, value] of Object.entries(given)) {
    if (value !== undefined) continue;
    return `missing "${name}": "ctladm ha-init" makes what the link needs`;
  }
  return {
    keyFile: key ?? "",
    certificateFile: certificate ?? "",
    peerFingerprint: fingerprint ?? "",
  };
}

function arbiterOf(options: HaOptions): ArbiterSettings | string {
  const { arbiter: kind, etcd: urls, cluster } = options;
  if (kind === "etcd") {
    if (urls.length === 0) return '"arbiter etcd" needs "etcd URL"';
    return { kind, urls, cluster, leaseMs: options["lease-ms"] };
  }
  return urls.length === 0 ? { kind } : '"etcd URL" needs "arbiter etcd"';
}

function fencerOf(options: HaOptions): FencerSettings | string {
  const { fencer: kind, mode, arbiter } = options;
  const words = options["fence-command"];
  if (kind === "command") {
    return words.length > 0
      ? { kind, words }
      : '"fencer command" needs "fence-command"';
  }
  if (words.length > 0) return '"fence-command" needs "fencer command"';
  if (kind === "lock" && mode === "shared") {
    return '"fencer lock" is not for mode shared: both nodes open the stores';
  }
  return kind === "lease" && arbiter === "static"
    ? '"fencer lease" needs "arbiter etcd"'
    : { kind };
}
