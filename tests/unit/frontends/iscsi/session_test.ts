/**
 * A session without a socket: what cannot be brought about over one.
 */

import { assertEquals } from "@std/assert";
import { BufferPool } from "../../../../core/mod.ts";
import { Output, SendBuffers } from "../../../../frontends/iscsi/output.ts";
import { INITIAL_PARAMETERS } from "../../../../frontends/iscsi/parameters.ts";
import { IscsiSession } from "../../../../frontends/iscsi/session.ts";
import {
  decodePdu,
  encodePdu,
  type Pdu,
} from "../../../support/initiator/pdu.ts";
import { nopOut, textRequest } from "../../../support/initiator/requests.ts";

const NO_DIGESTS = { header: false, data: false };
const WITNESS = new TextEncoder().encode("A=1\0");

/** A session, and the PDUs that it sends. */
class Rig {
  readonly session: IscsiSession;
  readonly #output: Output = new Output(new SendBuffers());

  constructor(expCmdSn: number, statSn: number) {
    this.session = new IscsiSession(
      {
        output: this.#output,
        heldBuffers: new BufferPool(),
        wakeOutput: () => {},
        sendTargets: () => [],
        coldReset: () => {},
      },
      INITIAL_PARAMETERS,
      0,
      expCmdSn,
      statSn,
    );
  }

  /** Hands a PDU over; gives what it is answered with. */
  send(pdu: Pdu): Pdu[] {
    const bytes = encodePdu(pdu);
    this.session.receive({
      bytes,
      view: new DataView(bytes.buffer),
      start: 0,
      dataAt: 48,
      dataLength: pdu.data.length,
      dataCorrupt: false,
    }, 0);
    return this.sent();
  }

  sent(): Pdu[] {
    const buffer = this.#output.take();
    if (buffer === null) return [];
    let bytes = buffer.bytes.slice(0, buffer.length);
    this.#output.sent(buffer);
    const pdus: Pdu[] = [];
    while (bytes.length > 0) {
      const decoded = decodePdu(bytes, NO_DIGESTS);
      if (decoded === undefined) throw new Error("half a PDU was sent");
      pdus.push(decoded.pdu);
      bytes = bytes.slice(decoded.lengthBytes);
    }
    return pdus;
  }
}

Deno.test("StatSN, ExpCmdSN and MaxCmdSN of a session wrap around", () => {
  const rig = new Rig(0xfffffffe, 0xfffffffd);
  const numbers: number[][] = [];
  for (let count = 0; count < 5; count += 1) {
    const cmdSN = (0xfffffffe + count) >>> 0;
    const text = textRequest({
      initiatorTaskTag: count,
      cmdSN,
      expStatSN: 0,
      flags: 0x80,
      data: WITNESS,
    });
    for (const pdu of rig.send(text)) {
      numbers.push([pdu.statSN, pdu.u32(28), pdu.u32(32)]);
    }
    rig.session.ping();
    // A ping shows the next StatSN, which is not used up.
    for (const pdu of rig.sent()) numbers.push([pdu.statSN]);
  }
  assertEquals(numbers, [
    [0xfffffffd, 0xffffffff, 0xfe],
    [0xfffffffe],
    [0xfffffffe, 0, 0xff],
    [0xffffffff],
    [0xffffffff, 1, 0x100],
    [0],
    [0, 2, 0x101],
    [1],
    [1, 3, 0x102],
    [2],
  ]);
  assertEquals(rig.session.closing, null);
});

Deno.test("a session that is dropped says so, and nothing after it", () => {
  const rig = new Rig(1, 0xffffffff);
  rig.session.requestLogout();
  rig.session.drop("enough");
  const [asked, dropped, ...more] = rig.sent();
  assertEquals(more, []);
  assertEquals([asked?.u8(36), asked?.u16(42)], [1, 10]);
  assertEquals([dropped?.u8(36), dropped?.u32(40)], [3, 0]);
  assertEquals([asked?.statSN, dropped?.statSN], [0xffffffff, 0]);
  assertEquals([asked?.u32(16), dropped?.u32(16)], [0xffffffff, 0xffffffff]);
  rig.session.ping();
  const ping = nopOut({ initiatorTaskTag: 1, cmdSN: 1, expStatSN: 0 });
  assertEquals(rig.send(ping), []);
});
