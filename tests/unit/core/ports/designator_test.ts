import { assertEquals } from "@std/assert";
import {
  ASSOCIATION,
  CODE_SET,
  describeDesignator,
  type Designator,
  DESIGNATOR_TYPE,
  PROTOCOL,
  scsiNameDesignator,
} from "../../../../core/mod.ts";

Deno.test("scsiNameDesignator() ends with NUL and fills four bytes", () => {
  const hexOf = (name: string) =>
    scsiNameDesignator(name, ASSOCIATION.UNIT).bytes.toHex();
  assertEquals(hexOf("abc"), "61626300");
  assertEquals(hexOf("abcd"), "6162636400000000");
  assertEquals(hexOf("é"), "c3a90000");
});

Deno.test("scsiNameDesignator() may be tied to a protocol", () => {
  const port = scsiNameDesignator("n", ASSOCIATION.PORT, PROTOCOL.ISCSI);
  assertEquals([port.association, port.protocol], [1, 5]);
  assertEquals("protocol" in scsiNameDesignator("n", 0), false);
});

Deno.test("describeDesignator() writes each kind as lists do", () => {
  const of = (type: number, hex: string): Designator => ({
    codeSet: CODE_SET.BINARY,
    type,
    association: ASSOCIATION.UNIT,
    bytes: Uint8Array.fromHex(hex),
  });
  const described = [
    of(DESIGNATOR_TYPE.NAA, "5001"),
    of(DESIGNATOR_TYPE.EUI64, "0203"),
    of(DESIGNATOR_TYPE.T10_VENDOR_ID, "4142202000"),
    of(DESIGNATOR_TYPE.SCSI_NAME, "69716e0000"),
  ].map(describeDesignator);
  assertEquals(described, ["naa.5001", "eui.0203", "t10.AB", "iqn"]);
});
