/**
 * Codecs of the full feature phase: golden bytes, dirty buffers, cuts
 * (RFC 7143 11.3 to 11.11, 11.17 to 11.19).
 */

import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  decodeControl,
  encodeControl,
} from "../../../../frontends/iscsi/wire/control.ts";
import {
  decodeDataOut,
  encodeDataIn,
  encodeR2t,
  newDataOut,
} from "../../../../frontends/iscsi/wire/data.ts";
import {
  decodeScsiCommand,
  encodeScsiResponse,
  newScsiCommand,
  newScsiResponse,
} from "../../../../frontends/iscsi/wire/scsi.ts";

const START = 8;
const HEADER_BYTES = 48;
const GUARD = 0xa5;

/** What an encoder writes, by name: golden bytes of RFC 7143's layouts. */
const ENCODERS: Readonly<
  Record<string, readonly [(view: DataView, at: number) => number, string]>
> = {
  "a control response": [
    (view, at) =>
      encodeControl(view, at, {
        opcode: 0x20,
        code: 0x11,
        dataSegmentLength: 0x123456,
        lunHigh: 0x01020304,
        lunLow: 0x05060708,
        initiatorTaskTag: 0xa1a2a3a4,
        targetTransferTag: 0xb1b2b3b4,
        statSn: 0xc1c2c3c4,
        expCmdSn: 0xd1d2d3d4,
        maxCmdSn: 0xe1e2e3e4,
        word36: 0xf1f2f3f4,
        word40: 0x11121314,
      }),
    "20801100" + "00123456" + "0102030405060708" + "a1a2a3a4" + "b1b2b3b4" +
    "c1c2c3c4" + "d1d2d3d4" + "e1e2e3e4" + "f1f2f3f4" + "11121314" +
    "00000000",
  ],
  "a control response with nothing else": [
    (view, at) =>
      encodeControl(view, at, {
        opcode: 0x26,
        initiatorTaskTag: 1,
        statSn: 2,
        expCmdSn: 3,
        maxCmdSn: 4,
      }),
    "26800000" + "00000000" + "0000000000000000" + "00000001" + "00000000" +
    "00000002" + "00000003" + "00000004" + "00".repeat(12),
  ],
  "a Data-In with its status": [
    (view, at) =>
      encodeDataIn(view, at, {
        final: true,
        statusPresent: true,
        residualFlag: 2,
        status: 0,
        dataSegmentLength: 0x200,
        initiatorTaskTag: 0xa1a2a3a4,
        statSn: 0xc1c2c3c4,
        expCmdSn: 0xd1d2d3d4,
        maxCmdSn: 0xe1e2e3e4,
        dataSn: 0xf1f2f3f4,
        bufferOffset: 0x11121314,
        residual: 0x21222324,
      }),
    "25830000" + "00000200" + "0000000000000000" + "a1a2a3a4" + "ffffffff" +
    "c1c2c3c4" + "d1d2d3d4" + "e1e2e3e4" + "f1f2f3f4" + "11121314" +
    "21222324",
  ],
  "a Data-In without, and never with A": [
    (view, at) =>
      encodeDataIn(view, at, {
        final: false,
        statusPresent: false,
        residualFlag: 0,
        status: 0,
        dataSegmentLength: 4,
        initiatorTaskTag: 1,
        statSn: 0,
        expCmdSn: 3,
        maxCmdSn: 4,
        dataSn: 5,
        bufferOffset: 6,
        residual: 0,
      }),
    "25000000" + "00000004" + "0000000000000000" + "00000001" + "ffffffff" +
    "00000000" + "00000003" + "00000004" + "00000005" + "00000006" +
    "00000000",
  ],
  "an R2T": [
    (view, at) =>
      encodeR2t(view, at, {
        lunHigh: 0x01020304,
        lunLow: 0x05060708,
        initiatorTaskTag: 0xa1a2a3a4,
        targetTransferTag: 0xb1b2b3b4,
        statSn: 0xc1c2c3c4,
        expCmdSn: 0xd1d2d3d4,
        maxCmdSn: 0xe1e2e3e4,
        r2tSn: 0xf1f2f3f4,
        bufferOffset: 0x11121314,
        desiredLength: 0x21222324,
      }),
    "31800000" + "00000000" + "0102030405060708" + "a1a2a3a4" + "b1b2b3b4" +
    "c1c2c3c4" + "d1d2d3d4" + "e1e2e3e4" + "f1f2f3f4" + "11121314" +
    "21222324",
  ],
  "a SCSI Response": [
    (view, at) =>
      encodeScsiResponse(view, at, {
        ...newScsiResponse(),
        residualFlag: 4,
        status: 0x02,
        dataSegmentLength: 0x14,
        initiatorTaskTag: 0xa1a2a3a4,
        statSn: 0xc1c2c3c4,
        expCmdSn: 0xd1d2d3d4,
        maxCmdSn: 0xe1e2e3e4,
        expDataSn: 0xf1f2f3f4,
        residual: 0x21222324,
      }),
    "21840002" + "00000014" + "0000000000000000" + "a1a2a3a4" + "00000000" +
    "c1c2c3c4" + "d1d2d3d4" + "e1e2e3e4" + "f1f2f3f4" + "00000000" +
    "21222324",
  ],
};

for (const [name, [encode, golden]] of Object.entries(ENCODERS)) {
  Deno.test(`${name} has its golden bytes, dirty or not`, () => {
    const bytes = new Uint8Array(START + HEADER_BYTES + 8).fill(GUARD);
    const view = new DataView(bytes.buffer);
    assertEquals(encode(view, START), HEADER_BYTES);
    const header = bytes.subarray(START, START + HEADER_BYTES);
    assertEquals(header.toHex(), golden);
    const around = [
      ...bytes.subarray(0, START),
      ...bytes.subarray(START + HEADER_BYTES),
    ];
    assert(around.every((byte) => byte === GUARD));
  });

  Deno.test(`${name} needs all 48 bytes`, () => {
    for (let length = 0; length < HEADER_BYTES; length += 1) {
      const view = new DataView(new ArrayBuffer(length));
      assertThrows(() => encode(view, 0));
    }
  });
}

/** A request in which each byte is another one. */
const COUNTED = Uint8Array.from({ length: HEADER_BYTES }, (_, at) => at + 0x80);

function counted(first: number, flags: number): DataView {
  const bytes = COUNTED.slice();
  bytes[0] = first;
  bytes[1] = flags;
  return new DataView(bytes.buffer);
}

Deno.test("decodeControl() reads each field where it stands", () => {
  assertEquals(decodeControl(counted(0x42, 0x81), 0), {
    immediate: true,
    final: true,
    continued: false,
    code: 1,
    lunHigh: 0x88898a8b,
    lunLow: 0x8c8d8e8f,
    initiatorTaskTag: 0x90919293,
    tag: 0x94959697,
    connectionId: 0x9495,
    cmdSn: 0x98999a9b,
    refCmdSn: 0xa0a1a2a3,
  });
  const { immediate, final, continued } = decodeControl(
    counted(0x84, 0x40),
    0,
  );
  assertEquals([immediate, final, continued], [false, false, true]);
});

Deno.test("decodeDataOut() reads each field where it stands", () => {
  const pdu = newDataOut();
  decodeDataOut(counted(0x05, 0x80), 0, pdu);
  assertEquals(pdu, {
    final: true,
    initiatorTaskTag: 0x90919293,
    targetTransferTag: 0x94959697,
    dataSn: 0xa4a5a6a7,
    bufferOffset: 0xa8a9aaab,
  });
});

Deno.test("decodeScsiCommand() reads each field where it stands", () => {
  const pdu = newScsiCommand();
  decodeScsiCommand(counted(0x01, 0xe3), 0, pdu);
  const { initiatorTaskTag, expectedDataTransferLength, cmdSn, cdbAt } = pdu;
  assertEquals([pdu.final, pdu.read, pdu.write], [true, true, true]);
  assertEquals(pdu.attribute, 3);
  assertEquals(initiatorTaskTag, 0x90919293);
  assertEquals(expectedDataTransferLength, 0x94959697);
  assertEquals(cmdSn, 0x98999a9b);
  assertEquals(cdbAt, 32);
});
