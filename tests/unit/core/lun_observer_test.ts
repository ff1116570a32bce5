/**
 * Plugins hear of logical units, watch their blocks, and set bits of INQUIRY
 * data: as long as they are loaded.
 */

import { assertEquals, assertInstanceOf, assertMatch } from "@std/assert";
import {
  type Completion,
  COORDINATION,
  definePlugin,
  type EntryTeller,
  FOR,
  type InquiryFlag,
  type LogicalUnit,
  type LunObserver,
  ManagementError,
  type Plugin,
  type Registrar,
  type SharedEntries,
  STATUS,
  TASK_MANAGEMENT,
} from "../../../core/mod.ts";
import {
  settle,
  targetTest,
  type TestTarget,
} from "../../support/core_target.ts";
import { SILENT } from "../../support/local_initiator.ts";

/** Loads a plugin that registers something. */
async function load(
  test: TestTarget,
  registers: (register: Registrar) => void,
): Promise<void> {
  const plugin: Plugin = definePlugin({
    name: "planted",
    api: 1,
    options: {},
    requires: {},
    optional: {},
    setup(register) {
      registers(register);
      return { [Symbol.asyncDispose]: () => Promise.resolve() };
    },
  });
  test.plugins.set("planted", Promise.resolve(plugin));
  await test.target.plugins.load("planted");
}

function noteIn(heard: string[]): LunObserver {
  return {
    unitAdded: ({ number }) => void heard.push(`added ${number}`),
    unitChanged: ({ number }) => void heard.push(`changed ${number}`),
    unitRemoved: ({ number }) => void heard.push(`removed ${number}`),
    unitReset: ({ number }) => void heard.push(`reset ${number}`),
    nexusLost: ({ initiator }) => void heard.push(`lost ${initiator.name}`),
  };
}

targetTest("LunObserver hears of units and of what ends work", async (test) => {
  const heard: string[] = [];
  await load(test, (register) => register.lunObserver(noteIn(heard)));
  await test.addLun();
  const a = await test.connectReady("a");
  await test.target.luns.modify(0, { sizeBytes: 2 ** 19 });
  await a.manage(TASK_MANAGEMENT.LOGICAL_UNIT_RESET, 0);
  await a.manage(TASK_MANAGEMENT.TARGET_RESET);
  await a.manage(TASK_MANAGEMENT.I_T_NEXUS_RESET);
  await a.disconnect();
  await test.target.luns.remove(0);
  assertEquals(heard, [
    ...["added 0", "changed 0", "reset 0", "reset 0"],
    ...["lost iqn.a,i,0x1", "lost iqn.a,i,0x1", "removed 0"],
  ]);
});

targetTest("An observer hears nothing after its plugin has gone", async (t) => {
  const heard: string[] = [];
  await load(t, (register) => register.lunObserver(noteIn(heard)));
  await t.target.plugins.unload("planted");
  await t.addLun();
  assertEquals(heard, []);
});

targetTest(
  "What an observer throws is told by its plugin's name",
  async (t) => {
    await load(t, (register) =>
      register.lunObserver({
        unitAdded: () => {
          throw new TypeError("The test throws");
        },
      }));
    const unit = await t.addLun();
    assertEquals(unit.number, 0);
    const { lines } = t.host.log;
    const told = lines.splice(0)
      .filter(({ text }) => text.startsWith("error:"))
      .map(({ text, fields }) => [text, fields["plugin"], fields["where"]]);
    assertEquals(told, [["error: A plugin failed", "planted", "unitAdded"]]);
  },
);

const FLAG: InquiryFlag = { byte: 5, bits: 0x08, deviceTypes: FOR.DISK };

/** A byte of standard INQUIRY data of a LUN. */
async function inquiryByte(
  test: TestTarget,
  lun: number,
  byte: number,
): Promise<number> {
  const a = test.connect("inquiry");
  const { data } = await a.command(lun, [0x12, 0, 0, 0, 96, 0], { read: 96 });
  await a.disconnect();
  return data[byte] ?? 0;
}

targetTest(
  "INQUIRY tells the bits of plugins, by device type",
  async (test) => {
    await test.addLun();
    await test.addLun({ deviceType: 3 });
    const before = [
      await inquiryByte(test, 0, 5),
      await inquiryByte(test, 1, 5),
    ];
    await load(test, (register) => register.inquiryFlag(FLAG));
    assertEquals(await inquiryByte(test, 0, 5), (before[0] ?? 0) | 0x08);
    assertEquals(await inquiryByte(test, 1, 5), before[1]);
    // Nobody stands behind LUN 9.
    assertEquals(await inquiryByte(test, 9, 5), 0);
    await test.target.plugins.unload("planted");
    assertEquals(await inquiryByte(test, 0, 5), before[0]);
  },
);

const WRONG_FLAGS: readonly (readonly [string, InquiryFlag])[] = [
  ["that are taken", { ...FLAG, bits: 0x18 }],
  ["of the vendor", { ...FLAG, byte: 8 }],
  ["of the device type", { ...FLAG, byte: 0 }],
  ["that are none", { ...FLAG, bits: 0 }],
  ["of more than a byte", { ...FLAG, bits: 0x100 }],
];
for (const [what, flag] of WRONG_FLAGS) {
  targetTest(`A plugin with INQUIRY bits ${what} is refused`, async (test) => {
    const loading = load(test, (register) => {
      register.inquiryFlag(FLAG);
      register.inquiryFlag(flag);
    });
    const error = await loading.catch((reason: unknown) => reason);
    assertInstanceOf(error, ManagementError);
    await test.addLun();
    assertEquals(await inquiryByte(test, 0, 5) & 0x08, 0);
  });
}

const CHANGES: readonly (readonly [string, string, string, string])[] = [
  ["WRITE(10)", "2a000000000700000200", "00".repeat(1024), "7 + 2"],
  ["WRITE SAME", "93010000000000000008000000010000", "", "8 + 1"],
  ["UNMAP", "42000000000000000800", "0006000000000000", "all"],
  ["READ(10)", "28000000000700000200", "", "nothing"],
  ["SYNCHRONIZE CACHE", "35000000000000000000", "", "nothing"],
  ["VERIFY", "2f000000000700000200", "", "nothing"],
  ["a refused WRITE", "2a00ffffff0000000100", "00".repeat(512), "blocks"],
];
for (const [name, hex, data, expected] of CHANGES) {
  targetTest(`A watch hears of ${expected} by ${name}`, async (test) => {
    const unit = await test.addLun();
    const a = await test.connectReady("a");
    const heard: string[] = [];
    const watch = unit.watch((range) => {
      heard.push(range === null ? "all" : `${range.lba} + ${range.blockCount}`);
    });
    assertEquals(unit.disturbed, true);
    const write = Uint8Array.fromHex(data);
    await a.command(0, Uint8Array.fromHex(hex), { write, read: 1024 });
    watch[Symbol.dispose]();
    assertEquals(unit.disturbed, false);
    await a.command(0, Uint8Array.fromHex(hex), { write, read: 1024 });
    const wanted = expected === "blocks"
      ? [`${0xffffff00} + 1`]
      : expected === "nothing"
      ? []
      : [expected];
    assertEquals(heard, wanted);
  });
}

/** A watch that lets commands wait. */
function delaying(unit: LogicalUnit) {
  const waits: PromiseWithResolvers<Completion | null>[] = [];
  const ranges: string[] = [];
  const watch = unit.watch((range) => {
    ranges.push(range === null ? "all" : `${range.lba}`);
    const wait = Promise.withResolvers<Completion | null>();
    waits.push(wait);
    return wait.promise;
  });
  return { waits, ranges, watch };
}

const WRITE_ONE = [0x2a, 0, 0, 0, 0, 7, 0, 0, 1, 0];
const READ_ONE = [0x28, 0, 0, 0, 0, 7, 0, 0, 1, 0];
const ONES = new Uint8Array(512).fill(1);

targetTest("A command waits for who watches its blocks", async (test) => {
  const unit = await test.addLun();
  const a = await test.connectReady("a");
  const { waits, watch } = delaying(unit);
  const late = delaying(unit);
  let ended = false;
  const written = a.command(0, WRITE_ONE, { write: ONES })
    .finally(() => ended = true);
  const read = a.command(0, READ_ONE, { read: 512 });
  await settle(50);
  waits[0]?.resolve(null);
  await settle(50);
  assertEquals(ended, false, "another one watches, too");
  late.waits[0]?.resolve(null);
  assertEquals((await written).status, STATUS.GOOD);
  assertEquals((await read).data, ONES, "what comes later waits for it");
  watch[Symbol.dispose]();
  late.watch[Symbol.dispose]();
  assertEquals(unit.disturbed, false);
});

targetTest("A command ends as who watches its blocks says", async (test) => {
  const unit = await test.addLun();
  const a = await test.connectReady("a");
  const { waits, watch } = delaying(unit);
  const written = a.command(0, WRITE_ONE, { write: ONES });
  await settle(50);
  waits[0]?.resolve(STATUS.BUSY);
  assertEquals((await written).status, STATUS.BUSY);
  watch[Symbol.dispose]();
  const { data } = await a.command(0, READ_ONE, { read: 512 });
  assertEquals(data, new Uint8Array(512), "nothing was done");
});

targetTest("A command that waits for a watch can be aborted", async (test) => {
  const unit = await test.addLun();
  const a = await test.connectReady("a");
  const { waits, watch } = delaying(unit);
  const written = a.command(0, WRITE_ONE, { write: ONES });
  await settle(50);
  await a.manage(TASK_MANAGEMENT.ABORT_TASK_SET, 0);
  waits[0]?.resolve(null);
  watch[Symbol.dispose]();
  assertEquals((await written).status, SILENT);
  assertEquals(unit.taskSet.size, 0);
  const { data } = await a.command(0, READ_ONE, { read: 512 });
  assertEquals(data, new Uint8Array(512), "nothing was done");
});

function entriesNamed(name: string): SharedEntries {
  return {
    ...{ name, keys: () => [], read: () => null, put: () => null },
    ...{ clear() {}, adopt() {}, release() {} },
  };
}

targetTest("Entries are shared by one plugin, while it is there", async (t) => {
  const unit = await t.addLun();
  let teller: EntryTeller | undefined;
  await load(t, (register) => {
    teller = register.share(entriesNamed("things"));
  });
  // Nobody has to know: the target stands alone.
  assertEquals(teller?.active, false);
  assertEquals(teller?.tell(unit, "key"), null);
  const { entries } = t.target.plugins.service(COORDINATION) ?? {};
  assertEquals([...entries?.keys() ?? []], ["things"]);
  const again = definePlugin({
    ...{ name: "again", api: 1, options: {}, requires: {}, optional: {} },
    setup(register) {
      register.share(entriesNamed("things"));
      return { [Symbol.asyncDispose]: () => Promise.resolve() };
    },
  });
  const error = await t.target.plugins.load(again).catch((reason) => reason);
  assertInstanceOf(error, ManagementError);
  assertMatch(error.message, /Entries "things" are shared already/);
  await t.target.plugins.unload("planted");
  assertEquals([...entries?.keys() ?? []], []);
});
