/**
 * The link that a configuration asks for.
 *
 * @module
 */

import { type EventHub, type Host, ManagementError } from "../../core/mod.ts";
import type { HaSettings } from "../settings.ts";
import { readPem } from "./key_files_adapter.ts";
import { createPeerLink, type LocalHello } from "./link.ts";
import { loopbackTransport } from "./loopback_adapter.ts";
import type { LinkTiming } from "./peer_hello.ts";
import type { LinkListener, PeerLink } from "./peer_link.ts";
import type { PeerTransport } from "./peer_transport.ts";
import { tlsTransport } from "./tls_adapter.ts";

/** What a link is made of. */
export interface LinkParts {
  /** How the bytes get there; null: no link is configured. */
  readonly transport: PeerTransport | null;
  /** When the peer is given up. */
  readonly timing: LinkTiming;
  /** The machine. */
  readonly host: Host;
  /** What happens in the target. */
  readonly events: EventHub;
}

/**
 * Makes the link, idle; null when none is configured. What it hears of the
 * peer is told to those who follow the events.
 *
 * @param hello what the node says of itself, asked for at each connection
 */
export function configuredLink(
  { transport, timing, host: { clock, entropy, log }, events }: LinkParts,
  hello: () => LocalHello,
): PeerLink | null {
  if (transport === null) return null;
  const parts = { clock, entropy, log, transport, timing, hello };
  const link = createPeerLink(parts);
  link.events.add(tellEvents(events));
  return link;
}

function tellEvents(events: EventHub): LinkListener {
  return {
    up: ({ id }) =>
      events.emit({ type: "peer-up", reason: `node ${id} is on the link` }),
    silent: (silenceMs) =>
      events.emit({
        type: "peer-silent",
        reason: `nothing confirmed for ${Math.round(silenceMs)} ms`,
      }),
    heard: () =>
      events.emit({ type: "peer-heard", reason: "the peer confirms again" }),
    down: (reason) => events.emit({ type: "peer-down", reason }),
  };
}

/**
 * How the bytes of a link get to the peer.
 *
 * @returns null when no link is configured
 * @throws {ManagementError} when the key or certificate cannot be read
 */
export function configuredTransport(
  { place, identity }: HaSettings,
): PeerTransport | null {
  if (place === null) return null;
  if (identity === null) return loopbackTransport(place);
  const { keyFile, certificateFile, peerFingerprint } = identity;
  const key = readPem(keyFile);
  const certificate = readPem(certificateFile);
  if (!/BEGIN [A-Z ]*PRIVATE KEY/.test(key)) {
    throw new ManagementError("option", `${keyFile} holds no private key`);
  }
  if (!certificate.includes("BEGIN CERTIFICATE")) {
    throw new ManagementError(
      "option",
      `${certificateFile} holds no certificate`,
    );
  }
  return tlsTransport(place, { key, certificate, peerFingerprint });
}
