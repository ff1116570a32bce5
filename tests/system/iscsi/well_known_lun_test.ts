/**
 * The well-known LUN of REPORT LUNS, by its own address (SPC-5 8.2).
 */

import { assertEquals } from "@std/assert";
import {
  inquiry,
  inquiryVpd,
  readCapacity10,
  reportLuns,
  testUnitReady,
} from "../../support/initiator/mod.ts";
import { systemTest } from "../../support/system_target.ts";

const WELL_KNOWN = Uint8Array.fromHex("c101000000000000");
const ACCESS_CONTROLS = Uint8Array.fromHex("c102000000000000");

systemTest("the well-known LUN answers by its address", async (system) => {
  const session = await system.open();
  const command = (cdb: Uint8Array, read = 0) =>
    session.command(WELL_KNOWN, cdb, { read });
  assertEquals((await command(testUnitReady())).sense, "6/29/00");
  assertEquals((await command(testUnitReady())).sense, "");
  const { data } = await command(inquiry(96), 96);
  assertEquals(data[0], 0x1e);
  const luns = await command(reportLuns(), 4096);
  assertEquals(luns.data.toHex(), "0000000800000000" + "0000000000000000");
  // The names of port and target are there; none of a unit is.
  const { data: names } = await command(inquiryVpd(0x83), 1024);
  const associations: number[] = [];
  for (let at = 4; at < names.length; at += 4 + (names[at + 3] ?? 0)) {
    associations.push((names[at + 1] ?? 0) >> 4 & 3);
  }
  assertEquals(associations, [1, 1, 1, 2]);
  assertEquals((await command(readCapacity10(), 8)).sense, "5/20/00");
  const other = await session.command(ACCESS_CONTROLS, testUnitReady());
  assertEquals(other.sense, "5/25/00");
});
