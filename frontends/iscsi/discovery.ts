/**
 * SendTargets: which targets an initiator is told, and where they are
 * (RFC 7143 appendix C).
 *
 * @module
 */

import {
  admitsName,
  type Directory,
  type DiscoveryFilter,
  type Portal,
  type PortalGroup,
  type TargetEntry,
} from "./access.ts";
import type { ChapProof } from "./chap.ts";
import type { TextPair } from "./wire/text_keys.ts";

/** Who asks, and over which connection. */
export interface Asker {
  /** iSCSI name of the initiator. */
  readonly initiatorName: string;
  /** Address of the initiator. */
  readonly peerAddress: string;
  /** Our address on this connection; an IPv4-mapped one in its IPv4 form. */
  readonly localAddress: string;
  /** What the initiator proved by CHAP, if it did. */
  readonly proof: ChapProof | undefined;
  /** Target of a normal session; undefined in a discovery session. */
  readonly sessionTarget: string | undefined;
}

/**
 * Answers `SendTargets`: in a discovery session `All` or a name, in a normal
 * session nothing or its own name.
 *
 * @returns TargetName and TargetAddress pairs, none where there is nothing to
 *   tell; undefined for a value that this kind of session does not have
 */
export function sendTargets(
  directory: Directory,
  asker: Asker,
  value: string,
): TextPair[] | undefined {
  const { sessionTarget, localAddress } = asker;
  const targets = sessionTarget === undefined
    ? findForDiscovery(directory, asker, value)
    : findOwn(directory, sessionTarget, value);
  return targets?.flatMap((target) => describe(target, localAddress));
}

function findForDiscovery(
  directory: Directory,
  asker: Asker,
  value: string,
): TargetEntry[] | undefined {
  if (value === "") return undefined;
  const group = directory.portalGroup();
  if (group === undefined) return [];
  const targets = value === "All"
    ? [...directory.targets()]
    : present(directory.target(value));
  return targets.filter((target) => isTold(target, group, asker));
}

function findOwn(
  directory: Directory,
  sessionTarget: string,
  value: string,
): TargetEntry[] | undefined {
  if (value === "All") return undefined;
  const isOwn = value === "" || value === sessionTarget;
  return isOwn ? present(directory.target(sessionTarget)) : [];
}

function present(target: TargetEntry | undefined): TargetEntry[] {
  return target === undefined ? [] : [target];
}

/** How many of the checks of {@linkcode isTold} each filter makes. */
const CHECKS: Readonly<Record<DiscoveryFilter, number>> = {
  "none": 0,
  "portal": 1,
  "portal-name": 2,
  "portal-name-auth": 3,
};

function isTold(
  { authGroup }: TargetEntry,
  { discoveryFilter }: PortalGroup,
  { peerAddress, initiatorName, proof }: Asker,
): boolean {
  const checks = CHECKS[discoveryFilter];
  if (checks >= 1 && !authGroup.admitsAddress(peerAddress)) return false;
  if (checks >= 2 && !admitsName(authGroup, initiatorName)) return false;
  if (checks < 3 || authGroup.type === "none") return true;
  // The proof of this session has to be good for that target as well.
  const credentials = proof && authGroup.credentials.get(proof.user);
  return credentials !== undefined &&
    proof?.proves(credentials.secret) === true;
}

function describe(target: TargetEntry, localAddress: string): TextPair[] {
  const addresses = new Set<string>();
  for (const group of target.portalGroups) {
    for (const portal of group.portals) {
      const host = hostOf(portal, localAddress);
      if (host === undefined) continue;
      addresses.add(`${bracketed(host)}:${portal.port},${group.tag}`);
    }
  }
  for (const { tag, portals } of target.elsewhere?.() ?? []) {
    for (const portal of portals) addresses.add(`${portal},${tag}`);
  }
  const pairs: TextPair[] = [["TargetName", target.name]];
  for (const address of addresses) pairs.push(["TargetAddress", address]);
  return pairs;
}

/**
 * Where a portal is reached: a wildcard, at the address that the initiator
 * has used. `0.0.0.0` hears no IPv6, while `::` may well hear IPv4.
 */
function hostOf(portal: Portal, localAddress: string): string | undefined {
  if (!portal.wildcard) return portal.address;
  const isDeaf = isIpv6(localAddress) && !isIpv6(portal.address);
  return isDeaf ? undefined : withoutZone(localAddress);
}

/** The zone of an address (`%eth0`) means nothing to others. */
function withoutZone(address: string): string {
  const percent = address.indexOf("%");
  return percent < 0 ? address : address.slice(0, percent);
}

function bracketed(address: string): string {
  return isIpv6(address) ? `[${address}]` : address;
}

function isIpv6(address: string): boolean {
  return address.includes(":");
}
