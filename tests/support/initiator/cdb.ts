/**
 * How the CDB builders of the tests put bytes together.
 *
 * @module
 */

/** A CDB of so many bytes: operation code, then what `fill` writes. */
export function makeCdb(
  length: number,
  opcode: number,
  fill: (view: DataView) => void = () => {},
): Uint8Array {
  const cdb = new Uint8Array(length);
  cdb[0] = opcode;
  fill(new DataView(cdb.buffer));
  return cdb;
}

/** Writes a number below 2^53 in eight bytes. */
export function setUint64(view: DataView, at: number, value: number): void {
  view.setBigUint64(at, BigInt(value));
}
