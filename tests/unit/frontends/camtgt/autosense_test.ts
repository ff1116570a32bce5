import { assertEquals } from "@std/assert";
import { FUNCTION_CODE } from "../../../../frontends/camtgt/wire/frame.ts";
import { parseSense } from "../../../support/initiator/sense.ts";
import type { RawHost } from "../../../support/cam_host.ts";
import { blocksCdb, camTest } from "../../../support/cam_rig.ts";

const OFF = { autosense: "off" };
const TEST_UNIT_READY = new Uint8Array(6);
const REQUEST_SENSE = Uint8Array.of(3, 0, 0, 0, 252, 0);
const GONE = blocksCdb(0x28, 9999, 1);
const EARLY = { exchange: 1, cdb: TEST_UNIT_READY };

async function senseOf(host: RawHost): Promise<string> {
  await host.command({ exchange: 2, cdb: REQUEST_SENSE, read: 252 });
  const [data] = host.frames;
  const length = data?.payload.length ?? 0;
  await host.acknowledge(2, length);
  host.heard();
  return data === undefined ? "" : parseSense(data.payload)?.text ?? "";
}

async function fails(host: RawHost): Promise<void> {
  await host.command({ exchange: 1, cdb: GONE, read: 512 });
  assertEquals(host.heard(), ["1 RESPONSE 02 under 512"]);
}

camTest("Without autosense REQUEST SENSE tells, once", OFF, async (rig) => {
  const host = await rig.rawReady(1n);
  await fails(host);
  assertEquals(await senseOf(host), "5/21/00");
  assertEquals(await senseOf(host), "0/00/00");
});

camTest("Without autosense the next command forgets", OFF, async (rig) => {
  const host = await rig.rawReady(1n);
  await fails(host);
  await host.command(EARLY);
  assertEquals(host.heard(), ["1 RESPONSE 00"]);
  assertEquals(await senseOf(host), "0/00/00");
});

camTest("Each initiator has sense of its own", OFF, async (rig) => {
  const one = await rig.rawReady(1n);
  const other = await rig.rawReady(2n);
  await fails(one);
  assertEquals(await senseOf(other), "0/00/00");
  assertEquals(await senseOf(one), "5/21/00");
});

camTest("A reset takes kept sense away", OFF, async (rig) => {
  const one = await rig.rawReady(1n);
  const other = await rig.rawReady(2n);
  await fails(one);
  await other.manage(9, FUNCTION_CODE.LOGICAL_UNIT_RESET);
  assertEquals(await senseOf(one), "6/29/00");
});

camTest("So does the end of the login", OFF, async (rig) => {
  const host = await rig.rawReady(1n);
  await fails(host);
  host.close();
  const again = rig.raw();
  await again.logIn(1n);
  again.heard();
  assertEquals(await senseOf(again), "6/29/00");
});

camTest("Unit attentions wait in the same way", OFF, async (rig) => {
  const host = rig.raw();
  await host.logIn(1n);
  host.heard();
  await host.command(EARLY);
  assertEquals(host.heard(), ["1 RESPONSE 02"]);
  assertEquals(await senseOf(host), "6/29/00");
});

camTest("With autosense nothing is kept", {}, async (rig) => {
  const host = await rig.rawReady(1n);
  await host.command({ exchange: 1, cdb: GONE, read: 512 });
  assertEquals(host.heard(), ["1 RESPONSE 02 under 512 sense 5/21/00"]);
  assertEquals(await senseOf(host), "0/00/00");
});
