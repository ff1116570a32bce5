/**
 * Discovery: asks a portal for its targets (RFC 7143 appendix C).
 *
 * @module
 */

import { openSession, type Session, type SessionOptions } from "./session.ts";

/** A target as a portal describes it. */
export interface DiscoveredTarget {
  /** Name of the target. */
  readonly name: string;
  /** Its addresses, `address:port,tag`; none means the one that was asked. */
  readonly addresses: readonly string[];
}

/** Opens a discovery session, asks once, and logs out. */
export async function discover(
  options: SessionOptions,
  sendTargets = "All",
): Promise<DiscoveredTarget[]> {
  await using session = await openSession(options);
  return await sendTargetsOf(session, sendTargets);
}

/**
 * Asks for targets in a session that is open already; an empty value asks for
 * the target of a normal session.
 */
export async function sendTargetsOf(
  session: Session,
  sendTargets: string,
): Promise<DiscoveredTarget[]> {
  const { pairs } = await session.text({ SendTargets: sendTargets });
  const found: { name: string; addresses: string[] }[] = [];
  for (const [key, value] of pairs) {
    if (key === "TargetName") found.push({ name: value, addresses: [] });
    else if (key === "TargetAddress") found.at(-1)?.addresses.push(value);
    else throw new Error(`Got ${key}=${value} in a list of targets`);
  }
  return found;
}
