/**
 * TransportIDs as stories write them, several with commas between.
 *
 * ```
 * b             the initiator port that letter b has: iqn.b,i,0x1
 * port:iqn.x/1  the port of another node, with its ISID
 * node:iqn.b    a node with all its ports
 * fc:HEX sas:HEX spi:HEX   eight bytes; of spi address and port, two each
 * raw:HEX       bytes as they are
 * ```
 *
 * @module
 */

import { bytesOf } from "./story_values.ts";

/** The bytes of a list of TransportIDs. */
export function transportIdsOf(text: string): Uint8Array {
  const ids = text.split(",").filter((word) => word !== "").map(idOf);
  return Uint8Array.from(ids.flatMap((id) => [...id]));
}

function idOf(word: string): Uint8Array {
  const [kind = "", value = ""] = word.split(":");
  if (!word.includes(":")) return iscsi(0x45, `iqn.${word},i,0x1`);
  const bytes = () => bytesOf(value);
  switch (kind) {
    case "port":
      return iscsi(0x45, value.replace("/", ",i,0x"));
    case "node":
      return iscsi(0x05, value);
    case "fc":
      return fixed(0x00, 8, bytes());
    case "sas":
      return fixed(0x06, 4, bytes());
    case "spi":
      return fixed(0x01, 2, Uint8Array.of(...bytes().subarray(0, 2), 0, 0));
    case "raw":
      return bytes();
    default:
      throw new TypeError(`"${kind}" is no kind of TransportID`);
  }
}

function fixed(first: number, at: number, value: Uint8Array): Uint8Array {
  const id = new Uint8Array(24);
  id[0] = first;
  id.set(value, at);
  return id;
}

function iscsi(first: number, name: string): Uint8Array {
  const text = new TextEncoder().encode(name);
  const id = new Uint8Array(4 + Math.max(20, (text.length + 4) & ~3));
  id[0] = first;
  new DataView(id.buffer).setUint16(2, id.length - 4);
  id.set(text, 4);
  return id;
}
