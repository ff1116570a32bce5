/**
 * CRC32C, the digest of iSCSI PDUs (RFC 7143 13.1).
 *
 * @module
 */

const POLYNOMIAL_REFLECTED = 0x82f63b78;

const TABLE: Uint32Array = makeTable();

function makeTable(): Uint32Array {
  const table = new Uint32Array(256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) {
      crc = (crc >>> 1) ^ ((crc & 1) * POLYNOMIAL_REFLECTED);
    }
    table[byte] = crc;
  }
  return table;
}

/** CRC32C of some parts, read one after the other. */
export function crc32c(...parts: readonly Uint8Array[]): number {
  let crc = 0xffffffff;
  for (const part of parts) {
    for (const byte of part) {
      crc = (crc >>> 8) ^ (TABLE[(crc ^ byte) & 0xff] ?? 0);
    }
  }
  return ~crc >>> 0;
}

/** The four bytes of a digest as they stand on the wire. */
export function digestBytes(...parts: readonly Uint8Array[]): Uint8Array {
  const digest = new Uint8Array(4);
  new DataView(digest.buffer).setUint32(0, crc32c(...parts), true);
  return digest;
}
