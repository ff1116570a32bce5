import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import {
  decodePdu,
  type Digests,
  encodePdu,
  lunBytes,
  makePdu,
  NO_DIGESTS,
  scsiCommand,
} from "../../support/initiator/mod.ts";

const BOTH: Digests = { header: true, data: true };

function samplePdu(dataLength: number) {
  return makePdu({
    opcode: 0x05,
    immediate: true,
    flags: 0x81,
    lun: 3,
    initiatorTaskTag: 0x01020304,
    words: { 20: 0xfffffffe, 40: 512 },
    halves: { 36: 0xabcd },
    bytes: { 2: 9 },
    ahs: Uint8Array.of(0, 1, 2, 0),
    data: new Uint8Array(dataLength).fill(0x5a),
  });
}

Deno.test("makePdu() puts each field at its offset", () => {
  assertEquals(
    samplePdu(5).header.toHex(),
    "45810900" + "01000005" + "0003000000000000" + "01020304" + "fffffffe" +
      "0000000000000000" + "00000000" + "abcd0000" + "00000200" + "00000000",
  );
});

for (const digests of [NO_DIGESTS, BOTH]) {
  const name = digests.header ? "with digests" : "without digests";
  Deno.test(`decodePdu() reads what encodePdu() wrote, ${name}`, () => {
    for (const length of [0, 1, 3, 4, 5, 8]) {
      const pdu = samplePdu(length);
      const bytes = encodePdu(pdu, { digests });
      const decoded = decodePdu(new Uint8Array([...bytes, 1, 2]), digests);
      assertEquals(decoded?.lengthBytes, bytes.length);
      assertEquals(decoded?.pdu.header, pdu.header);
      assertEquals(decoded?.pdu.ahs, pdu.ahs);
      assertEquals(decoded?.pdu.data, pdu.data);
    }
  });

  Deno.test(`decodePdu() waits for the rest at every length, ${name}`, () => {
    const bytes = encodePdu(samplePdu(7), { digests });
    for (let end = 0; end < bytes.length; end++) {
      assertEquals(decodePdu(bytes.subarray(0, end), digests), undefined);
    }
  });
}

Deno.test("decodePdu() refuses a digest that encodePdu() spoiled", () => {
  for (const corrupt of ["header", "data"] as const) {
    const bytes = encodePdu(samplePdu(8), { digests: BOTH, corrupt });
    const error = assertThrows(() => decodePdu(bytes, BOTH));
    assertStringIncludes(String(error), `the ${corrupt} digest`);
  }
});

Deno.test("lunBytes() follows the addressing methods", () => {
  assertEquals(lunBytes(255).toHex(), "00ff000000000000");
  assertEquals(lunBytes(256).toHex(), "4100000000000000");
  assertEquals(lunBytes(0x3fff).toHex(), "7fff000000000000");
  assertEquals(lunBytes(0x10000).toHex(), "d201000000000000");
});

Deno.test("scsiCommand() carries a long CDB and a second length", () => {
  const pdu = scsiCommand({
    lun: 0,
    flags: 0xe1,
    initiatorTaskTag: 1,
    cmdSN: 2,
    expStatSN: 3,
    cdb: Uint8Array.from({ length: 21 }, (_, at) => at),
    expectedDataTransferLength: 512,
    bidirectionalReadLength: 1024,
  });
  assertEquals(
    pdu.ahs.toHex(),
    "000601001011121314000000" + "0005020000000400",
  );
  assertEquals(pdu.totalAhsLength, 20);
});
