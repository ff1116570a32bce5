import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { FRAME, Framer } from "../../frontends/iscsi/framer.ts";
import { decodeControl } from "../../frontends/iscsi/wire/control.ts";
import { crc32c } from "../../frontends/iscsi/wire/crc32c.ts";
import { decodeDataOut, newDataOut } from "../../frontends/iscsi/wire/data.ts";
import { decodeLoginRequest } from "../../frontends/iscsi/wire/login.ts";
import {
  decodeScsiCommand,
  newScsiCommand,
} from "../../frontends/iscsi/wire/scsi.ts";
import {
  crc32c as crc32cOfInitiator,
  encodePdu,
  HEADER_BYTES,
  Pdu,
} from "../support/initiator/mod.ts";
import { fuzzTest } from "./settings.ts";

const EFFORT = { share: 0.05, casesPerRun: 1 };
const HEADER = fc.uint8Array({
  minLength: HEADER_BYTES,
  maxLength: HEADER_BYTES,
  size: "max",
});

fuzzTest(
  "Decoders read any header as the initiator does",
  EFFORT,
  fc.property(HEADER, fc.nat(9), (header, start) => {
    const bytes = new Uint8Array(start + HEADER_BYTES);
    bytes.set(header, start);
    const view = new DataView(bytes.buffer);
    const pdu = new Pdu(header);
    const command = newScsiCommand();
    decodeScsiCommand(view, start, command);
    assertEquals(command.expectedDataTransferLength, pdu.u32(20));
    assertEquals([command.final, command.read], [pdu.has(0x80), pdu.has(0x40)]);
    const dataOut = newDataOut();
    decodeDataOut(view, start, dataOut);
    assertEquals([dataOut.dataSn, dataOut.bufferOffset], [
      pdu.u32(36),
      pdu.u32(40),
    ]);
    const control = decodeControl(view, start);
    assertEquals([control.cmdSn, control.refCmdSn], [pdu.u32(24), pdu.u32(32)]);
    const login = decodeLoginRequest(view, start);
    assertEquals([login.tsih, login.connectionId], [pdu.u16(14), pdu.u16(20)]);
    assertEquals(login.dataSegmentLength, pdu.dataSegmentLength);
    const tags = [command, dataOut, control, login]
      .map(({ initiatorTaskTag }) => initiatorTaskTag);
    assertEquals(new Set(tags), new Set([pdu.initiatorTaskTag]));
  }),
);

fuzzTest(
  "crc32c is the initiator's, wherever the bytes are",
  EFFORT,
  fc.property(fc.uint8Array({ maxLength: 90 }), fc.nat(9), (data, start) => {
    const bytes = new Uint8Array(start + data.length + 3).fill(0xa5);
    bytes.set(data, start);
    const found = crc32c(new DataView(bytes.buffer), start, data.length);
    assertEquals(found, crc32cOfInitiator(data));
  }),
);

const PARTS = fc.record({
  header: HEADER,
  ahs: fc.nat(3).map((words) => new Uint8Array(4 * words)),
  data: fc.uint8Array({ maxLength: 40 }),
  digests: fc.record({ header: fc.boolean(), data: fc.boolean() }),
});

fuzzTest(
  "Framer finds a PDU when it is whole, and not before",
  EFFORT,
  fc.property(PARTS, fc.nat(9), ({ header, ahs, data, digests }, start) => {
    const pdu = new Pdu(header, ahs, data);
    pdu.set32(4, ((ahs.length / 4) << 24 | data.length) >>> 0);
    const whole = encodePdu(pdu, { digests });
    const bytes = new Uint8Array(start + whole.length);
    bytes.set(whole, start);
    const framer = new Framer();
    framer.use({
      headerDigest: digests.header,
      dataDigest: digests.data,
      dataSegmentLengthMax: 8192,
    });
    framer.setBuffer(bytes, new DataView(bytes.buffer));
    for (let length = 0; length < whole.length; length += 1) {
      assertEquals(framer.find(start, start + length), FRAME.PARTIAL);
    }
    assertEquals(framer.find(start, start + whole.length), FRAME.WHOLE);
    assertEquals([framer.length, framer.pdu.dataCorrupt], [
      whole.length,
      false,
    ]);
    const { dataAt, dataLength } = framer.pdu;
    const found = bytes.slice(dataAt, dataAt + dataLength);
    assertEquals(found.toHex(), data.toHex());
  }),
);
