/**
 * What an initiator has ordered of this node, and the peer has to carry out:
 * to be primary for a group of LUNs.
 *
 * @module
 */

import type { PeerLink } from "./link/peer_link.ts";
import { ByteReader } from "./wire/byte_reader.ts";
import { ByteWriter } from "./wire/byte_writer.ts";

/** Frame kind: the receiver is to be primary for a group (four bytes). */
export const BE_PRIMARY_KIND = 144;

/** Orders between the nodes. */
export class PeerOrders {
  readonly #link: PeerLink;

  /** @param bePrimary the peer orders it for a group */
  constructor(link: PeerLink, bePrimary: (group: number) => void) {
    this.#link = link;
    link.receive(BE_PRIMARY_KIND, (body) => {
      const reader = new ByteReader(body);
      const group = reader.u32("group");
      reader.end();
      if (reader.fault !== null) throw new TypeError(reader.fault);
      bePrimary(group);
    });
  }

  /** Has the peer be primary for a group. @returns false: not now */
  bePrimary(group: number): boolean {
    const writer = new ByteWriter();
    writer.u32(group);
    return this.#link.send(BE_PRIMARY_KIND, writer.bytes);
  }
}
