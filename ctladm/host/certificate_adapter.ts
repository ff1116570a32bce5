/**
 * Keys and certificates of a node's own making. It is loaded by `ctladm
 * ha-init` alone: nothing that serves needs it.
 *
 * @module
 */

// The library's decorators need it, and before anything of theirs.
import "reflect-metadata";
import { X509CertificateGenerator } from "@peculiar/x509";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
/** The peer knows it by its fingerprint: nothing is gained when it ends. */
const NOT_BEFORE = new Date("2020-01-01T00:00:00Z");
const NOT_AFTER = new Date("9999-12-31T23:59:59Z");
const SERIAL_BYTES = 16;

/** A key pair and the certificate that it signed for itself. */
export interface OwnCertificate {
  /** Private key (PKCS #8) in PEM. */
  readonly key: string;
  /** Certificate in PEM. */
  readonly certificate: string;
  /** SHA-256 of the certificate in hexadecimal. */
  readonly fingerprint: string;
}

/** Makes a new key, and a certificate for a name. */
export async function makeCertificate(name: string): Promise<OwnCertificate> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, [
    "sign",
    "verify",
  ]);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    // The first bit is zero: the number is positive.
    serialNumber: `01${randomBytes(SERIAL_BYTES - 1).toHex()}`,
    name: [{ CN: [name] }],
    notBefore: NOT_BEFORE,
    notAfter: NOT_AFTER,
    signingAlgorithm: ALGORITHM,
    keys,
  });
  const key = await crypto.subtle.exportKey("pkcs8", keys.privateKey);
  const digest = await crypto.subtle.digest("SHA-256", certificate.rawData);
  return {
    key: pem("PRIVATE KEY", new Uint8Array(key)),
    certificate: `${certificate.toString("pem").trim()}\n`,
    fingerprint: new Uint8Array(digest).toHex(),
  };
}

function pem(label: string, bytes: Uint8Array): string {
  const lines = bytes.toBase64().match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""]
    .join("\n");
}

function randomBytes(length: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(length));
}
