import { assertEquals, assertMatch } from "@std/assert";
import { copyTest } from "../../../support/copy_scene.ts";
import { endOf } from "../../../support/tpc_scene.ts";
import { hearAttentions, type LunWish } from "../../../support/core_target.ts";
import {
  extendedCopy,
  receiveCopyResults,
} from "../../../support/initiator/mod.ts";
import type { LocalInitiator } from "../../../support/local_initiator.ts";

const KINDS: readonly LunWish[] = [{}, { deviceType: 3 }, {
  deviceType: 5,
  blockLength: 2048,
}];

/** A VPD page; null: there is none. */
async function vpd(
  by: LocalInitiator,
  lun: number,
  page: number,
): Promise<Uint8Array | null> {
  const cdb = [0x12, 1, page, 4, 0, 0];
  const { data, sense } = await by.command(lun, cdb, { read: 1024 });
  return sense === "" ? data : null;
}

/** 3PC of standard INQUIRY data. */
async function thirdPartyBit(by: LocalInitiator, lun: number): Promise<number> {
  const { data } = await by.command(lun, [0x12, 0, 0, 0, 96, 0], { read: 96 });
  return (data[5] ?? 0) & 0x08;
}

copyTest("Every kind of LUN has page 8Fh, and says so", async ({ a }) => {
  for (const lun of [0, 1, 2]) {
    const page = await vpd(a, lun, 0x8f);
    assertEquals(page?.[1], 0x8f);
    assertEquals((await vpd(a, lun, 0x00))?.includes(0x8f), true);
    assertEquals(await thirdPartyBit(a, lun), 0x08);
  }
}, KINDS);

copyTest("Page 8Fh tells what copies there are", async ({ a }) => {
  const page = await vpd(a, 0, 0x8f) ?? new Uint8Array(0);
  const view = new DataView(page.buffer, page.byteOffset, page.length);
  assertEquals(view.getUint16(2), page.length - 4);
  const descriptors = new Map<string, string>();
  for (let at = 4; at < page.length;) {
    const length = view.getUint16(at + 2);
    assertEquals(length % 4, 0, "a descriptor is whole words");
    const type = view.getUint16(at).toString(16).padStart(4, "0");
    descriptors.set(type, page.subarray(at + 4, at + 4 + length).toHex());
    at += 4 + length;
  }
  assertEquals([...descriptors.keys()], [
    ...["0000", "0001", "0004", "0008", "000c", "0106", "0108", "8001"],
  ]);
  assertEquals(
    descriptors.get("0001"),
    "0f8305000110111c8406000405030708" + "",
  );
  assertEquals(
    descriptors.get("0004"),
    "00000000" + "0040" + "0040" + "00002000" + "00".repeat(16),
  );
  assertEquals(descriptors.get("0008"), "04" + "020714e4" + "000000");
  assertEquals(descriptors.get("000c"), "0002" + "ffff");
  assertEquals(
    descriptors.get("8001"),
    "000000ff" + "000000ff" + "00".repeat(24),
  );
});

const OPCODES = [
  ...[[0x83, 0x00], [0x83, 0x01], [0x83, 0x10], [0x83, 0x11], [0x83, 0x1c]],
  ...[[0x84, 0x00], [0x84, 0x03], [0x84, 0x04], [0x84, 0x05], [0x84, 0x07]],
  [0x84, 0x08],
] as const;

copyTest("Without the plugin there are no copies at all", async (scene) => {
  const { a, test } = scene;
  const described = async () => {
    const answers: string[] = [];
    for (const [opcode, serviceAction] of OPCODES) {
      const cdb = [
        ...[0xa3, 0x0c, 2, opcode, 0, serviceAction, 0, 0, 0, 64, 0, 0],
      ];
      const result = await a.command(0, cdb, { read: 64 });
      answers.push(endOf(result) + (result.data[1] ?? "").toString());
    }
    return new Set(answers);
  };
  assertEquals(await described(), new Set(["03"]));
  await test.target.plugins.unload("tpc");
  await hearAttentions(a);
  for (const [opcode, serviceAction] of OPCODES) {
    const cdb = new Uint8Array(16);
    cdb.set([opcode, serviceAction]);
    const result = await a.command(0, cdb, { read: 64 });
    assertEquals(endOf(result), "5/20/00");
  }
  assertEquals(await vpd(a, 0, 0x8f), null);
  assertEquals((await vpd(a, 0, 0x00))?.includes(0x8f), false);
  assertEquals(await thirdPartyBit(a, 0), 0);
  assertEquals(test.target.ports.all().length, 1);
  // It can come again.
  await test.target.plugins.load("tpc");
  await hearAttentions(a);
  assertEquals(endOf(await a.command(0, extendedCopy(0))), "0");
  assertMatch((await vpd(a, 0, 0x8f))?.toHex() ?? "", /^008f/);
});

copyTest("RECEIVE COPY OPERATING PARAMETERS tells the limits", async (s) => {
  const cdb = receiveCopyResults(3);
  for (const lun of [0, 1, 2]) {
    const { data } = await s.a.command(lun, cdb, { read: 1024 });
    assertEquals(
      data.toHex(),
      "0000002c" + "01000000" + "0040" + "0040" + "00002000" +
        "00000000".repeat(4) + "0000" + "00ff" + "ff" + "000000" + "000000" +
        "04" + "020714e4",
    );
  }
  const cut = await s.a.command(0, receiveCopyResults(3, 0, 6), { read: 1024 });
  assertEquals(cut.data.toHex(), "0000002c0100");
}, KINDS);

copyTest("EXTENDED COPY works on every kind of LUN", async (scene) => {
  for (const lun of [0, 1, 2]) {
    assertEquals(await scene.ends({ cscds: [] }, { lun }), "0");
  }
}, KINDS);
