/**
 * `ctladm ha` and `ctladm ha-role`: the pair of nodes that this one is part
 * of.
 *
 * @module
 */

import type { HaRoleBody } from "../api/ha_schemas.ts";
import type { HaLunStatus, HaStatus, PeerPort } from "../../mod.ts";
import { type Command, numberOption, UsageError } from "./command.ts";

const SYSCTL = "--sysctl";
const FENCED = "--peer-fenced";

/** `ctladm ha`. */
export const ha: Command = {
  name: "ha",
  beyondCtl: true,
  // A daemon that is started by hand is no node of the pair.
  leavesAlone: true,
  letters: "",
  longWords: [SYSCTL],
  summary: "show roles, link, epoch, lag and last failover of a pair of nodes",
  synopsis: "ha [--sysctl] [--json]",
  example: "ctladm ha",
  run: async ({ client, longWords, print, printJson, json }) => {
    const status = await client.get<HaStatus | null>("/v1/ha");
    if (json) return printJson(status);
    const lines = longWords.has(SYSCTL) ? sysctls(status) : linesOf(status);
    print(lines.join("\n"));
  },
};

/** `ctladm ha-role`. */
export const haRole: Command = {
  name: "ha-role",
  beyondCtl: true,
  leavesAlone: true,
  letters: "l:",
  longWords: [FENCED],
  summary: "make this node, or one of its LUNs, primary or secondary",
  synopsis: `ha-role [-l lun] primary|secondary [${FENCED}] [--json]   ` +
    "(the peer is off, and stays so)",
  example: "ctladm ha-role secondary",
  run: async ({ client, options, longWords, print, printJson, json }) => {
    const [word, more] = options.rest;
    if (more !== undefined || (word !== "primary" && word !== "secondary")) {
      throw new UsageError("name the role: primary or secondary");
    }
    const lun = numberOption(options, "l", "lun");
    const peerFenced = longWords.has(FENCED);
    const body: HaRoleBody = {
      ...{ role: word, peerFenced },
      ...lun === undefined ? {} : { lun },
    };
    const status = await client.put<HaStatus>("/v1/ha/role", body);
    if (json) return printJson(status);
    print(
      `${lun === undefined ? "This node" : `LUN ${lun}`} is ${
        servingOf(status, lun)
      }, epoch ${status.epoch}`,
    );
  },
};

function servingOf({ serving, luns }: HaStatus, lun: number | undefined) {
  return luns.find((each) => each.lun === lun)?.serving ?? serving;
}

function linesOf(status: HaStatus | null): string[] {
  if (status === null) return ["This node stands alone"];
  const { id, mode, serving, wanted, epoch, solo, arbiter, fencer } = status;
  const asked = wanted === serving ? "" : ` (wanted: ${wanted})`;
  return [
    `Node ${id} of 2: ${serving}${asked}, mode ${mode}, epoch ${epoch}` +
    (solo ? ", alone" : ""),
    `Link: ${linkWords(status)}`,
    `Peer: ${peerWords(status)}`,
    `Arbiter: ${arbiter}, ${status.arbiterState}; fencer: ${fencer}`,
    `Last failover: ${failoverWords(status)}`,
    ...lunLines(status.luns),
    ...portLines(status.peerPorts),
  ];
}

function linkWords({ link }: HaStatus): string {
  if (link.state === "none") return "none";
  const { roundTripMs } = link.figures;
  const trip = roundTripMs === null
    ? ""
    : `, round trip ${roundTripMs.toFixed(1)} ms`;
  const since = link.sinceMs === null ? "" : ` since ${timeOf(link.sinceMs)}`;
  const why = link.lastReason === null ? "" : `: ${link.lastReason}`;
  const security = link.insecure ? "insecure" : "TLS";
  return `${link.state}${since}, ${link.configured}, ${security}${trip}${why}`;
}

function peerWords({ peer, synchronized, lag }: HaStatus): string {
  const state = synchronized ? "synchronized" : "not synchronized";
  return `${peer ?? "not known"}, ${state}, ${lag} changes behind`;
}

function failoverWords({ failover }: HaStatus): string {
  if (failover === null) return "none";
  const { atMs, durationMs, reason } = failover;
  const lasted = durationMs === null
    ? "going on"
    : `${(durationMs / 1000).toFixed(3)} s`;
  return `${timeOf(atMs)}, ${lasted}: ${reason}`;
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}

function lunLines(luns: readonly HaLunStatus[]): string[] {
  if (luns.length === 0) return [];
  const rows = luns.map((each) => [
    String(each.lun),
    each.ownRole ? each.wanted : "node's",
    each.serving,
    each.peer ?? "-",
    String(each.lag),
  ]);
  return table(["LUN", "Role", "Here", "Peer", "Behind"], rows);
}

function portLines(ports: readonly PeerPort[]): string[] {
  if (ports.length === 0) return [];
  const rows = ports.map(({ number, tag, target, name, portals }) => [
    String(number),
    tag === 0 ? "-" : String(tag),
    portals.length === 0 ? "-" : portals.join(" "),
    target === "" ? name : target,
  ]);
  return table(["Peer port", "Tag", "Portals", "Target"], rows);
}

function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
): string[] {
  const all = [head, ...rows];
  const widths = head.map((_, column) =>
    Math.max(...all.map((row) => row[column]?.length ?? 0))
  );
  return all.map((row) =>
    row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ")
      .trimEnd()
  );
}

const MODES: readonly string[] = ["standby", "shared", "proxy"];

/** The node in the words of CTL's sysctl(8). */
function sysctls(status: HaStatus | null): string[] {
  const { link, wanted, mode } = status ?? {};
  const values = {
    ha_id: status?.id ?? 0,
    ha_mode: Math.max(0, MODES.indexOf(mode ?? "")),
    ha_role: wanted === "secondary" ? 1 : 0,
    ha_peer: link?.configured ?? "",
    ha_link: linkNumber(status),
  };
  return Object.entries(values)
    .map(([name, value]) => `kern.cam.ctl.${name}: ${value}`.trimEnd());
}

/** 0 not configured, 1 not connected, 2 connected. */
function linkNumber(status: HaStatus | null): number {
  const state = status?.link.state ?? "none";
  return state === "none" ? 0 : state === "up" ? 2 : 1;
}
