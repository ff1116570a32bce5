import { assertEquals } from "@std/assert";
import * as scsi from "../../support/initiator/scsi.ts";

const CDBS: readonly [name: string, cdb: Uint8Array, hex: string][] = [
  ["read6", scsi.read6(0x1f2345, 0), "081f23450000"],
  [
    "read10",
    scsi.read10(0x01020304, 0x0506, { fua: true }),
    "28080102030400050600",
  ],
  ["read12", scsi.read12(1, 2, { dpo: true }), "a81000000001000000020000"],
  [
    "read16",
    scsi.read16(2 ** 40, 8, { protect: 1 }),
    "88200000010000000000000000080000",
  ],
  ["write16", scsi.write16(5, 6), "8a000000000000000005000000060000"],
  ["verify10", scsi.verify10(1, 1, { byteCheck: 1 }), "2f020000000100000100"],
  ["readCapacity16", scsi.readCapacity16(), "9e100000000000000000000000200000"],
  ["synchronizeCache10", scsi.synchronizeCache10(), "35000000000000000000"],
  [
    "compareAndWrite",
    scsi.compareAndWrite(1, 1),
    "89000000000000000001000000010000",
  ],
  [
    "writeSame16",
    scsi.writeSame16(1, 2, { unmap: true, noDataOut: true }),
    "93090000000000000001000000020000",
  ],
  ["unmap", scsi.unmap(24), "42000000000000001800"],
  ["inquiry", scsi.inquiry(0x1234), "120000123400"],
  ["inquiryVpd", scsi.inquiryVpd(0x83, 255), "12018300ff00"],
  [
    "modeSense6",
    scsi.modeSense6({ page: 8, control: 1, noBlockDescriptors: true }),
    "1a084800ff00",
  ],
  ["modeSelect10", scsi.modeSelect10(20, true), "55110000000000001400"],
  ["reportLuns", scsi.reportLuns(2, 16), "a00002000000000000100000"],
  ["readBuffer", scsi.readBuffer(2, 1, 3, 4), "3c020100000300000400"],
  [
    "persistentReserveIn",
    scsi.persistentReserveIn(3, 512),
    "5e030000000000020000",
  ],
  [
    "persistentReserveOut",
    scsi.persistentReserveOut(scsi.PR_OUT.RESERVE, 5),
    "5f010500000000001800",
  ],
];

for (const [name, cdb, hex] of CDBS) {
  Deno.test(`${name}() writes the bytes of its table`, () => {
    assertEquals(cdb.toHex(), hex);
  });
}

Deno.test("unmapList() counts its lengths", () => {
  assertEquals(
    scsi.unmapList([[16, 8]]).toHex(),
    "0016001000000000" + "0000000000000010" + "00000008" + "00000000",
  );
});

Deno.test("persistentReserveList() carries keys and TransportIDs", () => {
  const transportIds = scsi.iscsiTransportId("iqn.a", new Uint8Array(6));
  const list = scsi.persistentReserveList({
    key: 1n,
    actionKey: 2n,
    persist: true,
    transportIds,
  });
  assertEquals(
    list.subarray(0, 32).toHex(),
    "00000000000000010000000000000002" + "00000000" + "09" + "000000" +
      "0000001c" + "45000018",
  );
  assertEquals(list.length, 28 + 28);
});

Deno.test("parseReportLuns() knows the addressing methods", () => {
  const list = Uint8Array.fromHex(
    "0000001800000000" + "0003000000000000" + "4101000000000000" +
      "d201000000000000",
  );
  assertEquals(scsi.parseReportLuns(list), [3, 257, 0x10000]);
});
