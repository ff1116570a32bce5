/**
 * The link that a configuration asks for.
 *
 * @module
 */

import { type Host, ManagementError } from "../../core/mod.ts";
import type { HaSettings } from "../settings.ts";
import { readPem } from "./key_files_adapter.ts";
import { createPeerLink, type LocalHello } from "./link.ts";
import { loopbackTransport } from "./loopback_adapter.ts";
import type { PeerLink } from "./peer_link.ts";
import type { PeerTransport } from "./peer_transport.ts";
import { tlsTransport } from "./tls_adapter.ts";

/**
 * Makes the link, idle; null when none is configured.
 *
 * @param hello what the node says of itself, asked for at each connection
 * @throws {ManagementError} when the key or certificate cannot be read
 */
export function configuredLink(
  settings: HaSettings,
  { clock, entropy, log }: Host,
  hello: () => LocalHello,
): PeerLink | null {
  const transport = transportOf(settings);
  if (transport === null) return null;
  const { timing } = settings;
  return createPeerLink({ clock, entropy, log, transport, timing, hello });
}

function transportOf({ place, identity }: HaSettings): PeerTransport | null {
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
