/**
 * What the bytes of a command cost: PDUs decoded and encoded, CRC32C.
 *
 * @module
 */

import { FRAME, Framer } from "../../frontends/iscsi/framer.ts";
import { crc32c } from "../../frontends/iscsi/wire/crc32c.ts";
import { encodeDataIn, newDataIn } from "../../frontends/iscsi/wire/data.ts";
import { BHS_LENGTH } from "../../frontends/iscsi/wire/pdu.ts";
import {
  decodeScsiCommand,
  encodeScsiResponse,
  newScsiCommand,
  newScsiResponse,
} from "../../frontends/iscsi/wire/scsi.ts";

const PDUS = 64;

const bytes = new Uint8Array(PDUS * BHS_LENGTH);
const view = new DataView(bytes.buffer);
for (let index = 0; index < PDUS; index += 1) {
  // A READ(10) of eight blocks that does not wait for others.
  const start = index * BHS_LENGTH;
  view.setUint32(start, 0x01c1_0000);
  view.setUint32(start + 16, index);
  view.setUint32(start + 20, 4096);
  view.setUint32(start + 24, index);
  bytes.set([0x28, 0, 0, 0, 0, index, 0, 0, 8, 0], start + 32);
}
const command = newScsiCommand();
const dataIn = newDataIn();
const response = newScsiResponse();
const framer = new Framer();
framer.setBuffer(bytes, view);

let at = 0;
/** The next header's place. */
function next(): number {
  at = (at + 1) % PDUS;
  return at * BHS_LENGTH;
}

Deno.bench("a SCSI Command found and decoded", { group: "PDU" }, () => {
  const start = next();
  if (framer.find(start, bytes.length) !== FRAME.WHOLE) throw new Error();
  decodeScsiCommand(view, framer.pdu.start, command);
});

const out = new DataView(new ArrayBuffer(PDUS * BHS_LENGTH));
Deno.bench("a Data-In encoded", { group: "PDU" }, () => {
  dataIn.bufferOffset = at;
  encodeDataIn(out, next(), dataIn);
});
Deno.bench("a SCSI Response encoded", { group: "PDU" }, () => {
  encodeScsiResponse(out, next(), response);
});

const data = new DataView(new ArrayBuffer(262144));
for (const length of [BHS_LENGTH, 512, 4096, 262144]) {
  Deno.bench(`CRC32C of ${length} bytes`, { group: "CRC32C" }, () => {
    crc32c(data, 0, length);
  });
}
