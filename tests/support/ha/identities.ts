/**
 * Two nodes that know each other's certificates.
 *
 * @module
 */

import { makeCertificate } from "../../../ctladm/host/certificate_adapter.ts";
import type { TlsIdentity } from "../../../ha/link/tls_adapter.ts";

/** Makes both identities anew. */
export async function makeIdentities(): Promise<[TlsIdentity, TlsIdentity]> {
  const [one, two] = await Promise.all([
    makeCertificate("node 1"),
    makeCertificate("node 2"),
  ]);
  return [
    { ...one, peerFingerprint: two.fingerprint },
    { ...two, peerFingerprint: one.fingerprint },
  ];
}
