import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import {
  describeDesignator,
  type LogicalUnit,
  LUNS_MAX,
  ManagementError,
  STATUS,
} from "../../../core/mod.ts";
import {
  isSettled,
  LUN_BYTES,
  type LunWish,
  type OptionTexts,
  settle,
  settled,
  targetTest,
  type TestTarget,
} from "../../support/core_target.ts";

const READ = [0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0];
const WRITE = [0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0];
const WRITE_FUA = [0x2a, 8, 0, 0, 0, 0, 0, 0, 1, 0];
const BLOCK: Uint8Array = new Uint8Array(512).fill(7);

const FILE: LunWish = { backend: "controlled", options: { path: "/x" } };

async function refusal(work: Promise<unknown>): Promise<[string, string]> {
  const error = await work.then(() => undefined, (reason: unknown) => reason);
  assertInstanceOf(error, ManagementError);
  return [error.code, error.message];
}

function modify(
  test: TestTarget,
  number: number,
  sizeBytes: number | undefined,
  options?: OptionTexts,
): Promise<{ unit: LogicalUnit; warning?: string }> {
  return test.target.luns.modify(number, {
    sizeBytes,
    options: options && new Map(Object.entries(options)),
  });
}

function naa({ identity }: LogicalUnit): string | undefined {
  return identity.designators.map(describeDesignator)
    .find((text) => text.startsWith("naa."));
}

targetTest(
  "LunRegistry.create() gives the lowest free number",
  async (test) => {
    const { luns } = test.target;
    await test.addLun();
    await test.addLun({ number: 2 });
    await test.addLun();
    await test.addLun();
    assertEquals(luns.numbers(), [0, 1, 2, 3]);
    await luns.remove(1);
    await test.addLun();
    assertEquals(luns.numbers(), [0, 1, 2, 3]);
    assertEquals(luns.all().map(({ number }) => number), [0, 1, 2, 3]);
    assertEquals(luns.get(7), undefined);
  },
);

targetTest(
  "LunRegistry.create() gives no number twice at once",
  async (test) => {
    await Promise.all([1, 2, 3].map(() => test.addLun()));
    assertEquals(test.target.luns.numbers(), [0, 1, 2]);
    const twice = [test.addLun({ number: 9 }), test.addLun({ number: 9 })];
    const [first, second] = await Promise.allSettled(twice);
    assertEquals([first?.status, second?.status], ["fulfilled", "rejected"]);
  },
);

targetTest(
  "LunRegistry.create() refuses numbers it cannot give",
  async (test) => {
    await test.addLun();
    assertEquals(await refusal(test.addLun({ number: 0 })), [
      "lun-in-use",
      "LUN ID 0 is in use",
    ]);
    const [code] = await refusal(test.addLun({ number: LUNS_MAX }));
    assertEquals(code, "lun-limit");
  },
);

targetTest("LunRegistry.create() checks what it is asked for", async (test) => {
  const codes = await Promise.all([
    refusal(test.addLun({ deviceType: 1 })),
    refusal(test.addLun({ serial: "x".repeat(17) })),
    refusal(test.addLun({ deviceId: "x".repeat(65) })),
    refusal(test.addLun({ backend: "none" })),
    refusal(test.addLun({ options: { rpm: "fast" } })),
    refusal(test.addLun({ options: { capacity: "much" } })),
    refusal(test.addLun({ options: { naa: "xyz" } })),
    refusal(test.addLun({ sizeBytes: 100 })),
  ]);
  assertEquals(codes.map(([code]) => code), [
    "device-type",
    "option",
    "option",
    "backend-not-found",
    "option",
    "option",
    "option",
    "store",
  ]);
  assertEquals(test.target.luns.numbers(), []);
  await test.addLun();
  assertEquals(test.target.luns.numbers(), [0]);
});

targetTest(
  "LunRegistry.create() leaves nothing of a failed opening",
  async (test) => {
    const failing = { backend: "controlled", options: { opens: "error" } };
    assertEquals(await refusal(test.addLun(failing)), [
      "store",
      "The test made opening fail",
    ]);
    const throwing = { backend: "controlled", options: { opens: "throw" } };
    const outcome = await Promise.allSettled([test.addLun(throwing)]);
    assertEquals(outcome[0]?.status, "rejected");
    assertEquals(test.target.luns.numbers(), []);
    const unit = await test.addLun({ backend: "controlled" });
    assertEquals(unit.number, 0);
  },
);

targetTest("LunRegistry.create() hands on warnings", async (test) => {
  const { luns } = test.target;
  const create = (opens: string) =>
    luns.create({
      backend: "controlled",
      options: new Map([["opens", opens]]),
    });
  assertEquals((await create("warning")).warning, "odd");
  assertEquals((await create("missing")).warning, "nothing there");
  assertEquals("warning" in await create("well"), false);
});

targetTest(
  "LunRegistry.create() asks the backend for what was wished",
  async (test) => {
    await test.addLun({
      backend: "controlled",
      deviceType: 5,
      sizeBytes: 2 ** 21,
      blockLength: 2048,
      options: { cache: "on" },
    });
    const [request] = test.driver.requests;
    assertEquals(
      [request?.deviceType, request?.sizeBytes, request?.blockLength],
      [5, 2 ** 21, 2048],
    );
    assertEquals([request?.readOnly, request?.options.cache], [true, true]);
    await test.addLun({ backend: "controlled", deviceType: 3 });
    assertEquals(test.driver.requests.length, 1);
  },
);

targetTest(
  "LunRegistry.create() names every unit differently",
  async (test) => {
    const file = { backend: "controlled", options: { path: "/x" } };
    const units = await Promise.all([
      test.addLun(),
      test.addLun(),
      test.addLun(file),
      test.addLun(file),
      test.addLun({ options: { ctld_name: "disk" } }),
      test.addLun({ options: { ctld_name: "disk" } }),
    ]);
    assertEquals(new Set(units.map(naa)).size, units.length);
  },
);

targetTest(
  "LunRegistry keeps the name of what lies below a unit",
  async (test) => {
    const first = naa(await test.addLun(FILE));
    await test.target.luns.remove(0);
    await test.addLun();
    assertEquals(naa(await test.addLun({ ...FILE, number: 8 })), first);
    await test.target.luns.remove(8);
    const named = { ...FILE, options: { path: "/x", ctld_name: "n" } };
    const second = naa(await test.addLun({ ...named, number: 5 }));
    assert(second !== first);
    await test.target.luns.remove(5);
    const moved = { backend: "ramdisk", options: { ctld_name: "n" } };
    assertEquals(naa(await test.addLun({ ...moved, number: 6 })), second);
  },
);

targetTest(
  "LunRegistry gives a new name to what is in memory alone",
  async (test) => {
    const first = naa(await test.addLun());
    await test.target.luns.remove(0);
    assert(naa(await test.addLun()) !== first);
  },
);

targetTest(
  "LunRegistry frees a name whose opening has failed",
  async (test) => {
    const first = naa(await test.addLun(FILE));
    await test.target.luns.remove(0);
    const failing = { ...FILE, options: { path: "/x", opens: "error" } };
    await refusal(test.addLun(failing));
    assertEquals(naa(await test.addLun(FILE)), first);
  },
);

targetTest(
  "LunRegistry.modify() and remove() want a LUN that exists",
  async (test) => {
    const missing = ["lun-not-found", "LUN 3 does not exist"] as [
      string,
      string,
    ];
    assertEquals(await refusal(modify(test, 3, 0)), missing);
    assertEquals(await refusal(test.target.luns.remove(3)), missing);
    await test.addLun({ number: 3 });
    await test.target.luns.remove(3);
    assertEquals(await refusal(test.target.luns.remove(3)), missing);
  },
);

targetTest(
  "LunRegistry.modify() changes the size and keeps the data",
  async (test) => {
    const unit = await test.addLun();
    const a = await test.connectReady("a");
    await a.command(0, WRITE, { write: BLOCK });
    await modify(test, 0, 2 ** 21);
    assertEquals(unit.geometry.blockCount, 4096);
    assertEquals(unit.rawOptions.get("capacity"), "64m");
    await a.command(0, READ, { read: 512 });
    assertEquals((await a.command(0, READ, { read: 512 })).data, BLOCK);
  },
);

targetTest("LunRegistry.modify() never opens memory again", async (test) => {
  await test.addLun();
  const a = await test.connectReady("a");
  await a.command(0, WRITE, { write: BLOCK });
  await modify(test, 0, undefined, { vendor: "ACME" });
  await modify(test, 0, 0, {});
  assertEquals((await a.command(0, READ, { read: 512 })).data, BLOCK);
});

targetTest(
  "LunRegistry.modify() refuses sizes that do not fit",
  async (test) => {
    const unit = await test.addLun({ backend: "controlled" });
    assertEquals(await refusal(modify(test, 0, 1000)), [
      "option",
      "Size 1000 is not a multiple of the block size 512",
    ]);
    test.driver.store.fail("resize", "no-space");
    assertEquals(await refusal(modify(test, 0, 2 ** 21)), [
      "store",
      "The test made resize fail",
    ]);
    assertEquals(unit.geometry.blockCount, 2048);
    await modify(test, 0, 0);
    assertEquals(unit.geometry.blockCount, 2048);
  },
);

targetTest(
  "LunRegistry.modify() says when a size cannot change",
  async (test) => {
    await test.addLun({ backend: "controlled" });
    Object.defineProperty(test.driver.store, "resize", { value: undefined });
    await modify(test, 0, 2 ** 20);
    await modify(test, 0, 0);
    assertEquals(await refusal(modify(test, 0, 2 ** 21)), [
      "store",
      'The size of a LUN of backend "controlled" cannot change',
    ]);
  },
);

targetTest("LunRegistry.modify() replaces options as a whole", async (test) => {
  const unit = await test.addLun({ options: { readonly: "on", rpm: "7200" } });
  assertEquals([unit.readOnly, unit.options.rpm], [true, 7200]);
  await modify(test, 0, undefined, { removable: "on" });
  assertEquals([unit.options.rpm, unit.removable], [1, true]);
  assertEquals([...unit.rawOptions.keys()], ["removable"]);
  const [code] = await refusal(modify(test, 0, undefined, { rpm: "x" }));
  assertEquals([code, unit.removable], ["option", true]);
});

targetTest(
  "LunRegistry.modify() opens anew what options point elsewhere",
  async (test) => {
    const unit = await test.addLun(FILE);
    const a = await test.connectReady("a");
    const old = test.driver.store;
    await modify(test, 0, undefined, { path: "/x", vendor: "ACME" });
    assertEquals(test.driver.stores.length, 1);
    const { warning } = await modify(test, 0, 2 ** 21, {
      path: "/y",
      opens: "warning",
    });
    assertEquals([warning, old.closed], ["odd", true]);
    assert(unit.store === test.driver.store && unit.store !== old);
    assertEquals(unit.geometry.blockCount, 4096);
    assertEquals((await a.command(0, READ, { read: 512 })).sense, "6/2a/09");
    await modify(test, 0, undefined, {});
    assertEquals(unit.store, test.driver.store);
  },
);

targetTest(
  "LunRegistry.modify() changes nothing when opening fails",
  async (test) => {
    const unit = await test.addLun(FILE);
    const old = unit.store;
    const wrong = modify(test, 0, undefined, { path: "/y", opens: "error" });
    assertEquals(await refusal(wrong), ["store", "The test made opening fail"]);
    assert(unit.store === old && !test.driver.store.closed);
    assertEquals(unit.rawOptions.get("path"), "/x");
  },
);

targetTest(
  "LunRegistry.modify() brings a medium that was missing",
  async (test) => {
    const missing = { path: "/x", opens: "missing", removable: "on" };
    const unit = await test.addLun({ backend: "controlled", options: missing });
    const a = await test.connectReady("a");
    assertEquals((await a.command(0, READ, { read: 512 })).sense, "2/3a/01");
    const { warning } = await modify(test, 0, undefined, missing);
    assertEquals(warning, "nothing there");
    await modify(test, 0, undefined, { path: "/x", removable: "on" });
    assertEquals(unit.hasMedium, true);
    assertEquals((await a.command(0, READ, { read: 512 })).sense, "6/2a/09");
    assertEquals((await a.command(0, READ, { read: 512 })).sense, "6/28/00");
    assertEquals((await a.command(0, READ, { read: 512 })).status, STATUS.GOOD);
  },
);

targetTest(
  "LunRegistry.modify() ends tasks before it closes their store",
  async (test) => {
    await test.addLun({ ...FILE, options: { path: "/x", cache: "on" } });
    const a = await test.connectReady("a");
    const old = test.driver.store;
    old.holding = true;
    const writes = a.command(0, WRITE_FUA, { write: BLOCK });
    const waits = a.command(0, READ, { read: 512 });
    await settle();
    const modified = modify(test, 0, LUN_BYTES, {
      path: "/y",
      cache: "on",
    });
    assert(!await isSettled(modified));
    assertEquals((await settled(waits))?.status, STATUS.TASK_ABORTED);
    assertEquals((await a.command(0, READ, { read: 512 })).sense, "2/04/03");
    old.answerAll();
    assert(await isSettled(modified));
    assertEquals((await settled(writes))?.status, STATUS.TASK_ABORTED);
    assertEquals(old.calls, ["write 0 1", "close"]);
    assertEquals((await a.command(0, READ, { read: 512 })).status, STATUS.GOOD);
  },
);

targetTest(
  "LunRegistry.modify() of options that protect takes effect",
  async (test) => {
    const unit = await test.addLun(FILE);
    await modify(test, 0, undefined, { path: "/x", readonly: "on" });
    assertEquals([unit.readOnly, test.driver.stores.length], [true, 1]);
    await modify(test, 0, undefined, { path: "/x" });
    assertEquals(unit.readOnly, false);
    const protectedOnes = { path: "/z", readonly: "on" };
    const other = await test.addLun({ ...FILE, options: protectedOnes });
    assertEquals(other.readOnly, true);
    await modify(test, 1, undefined, { path: "/z", readonly: "off" });
    assertEquals(other.readOnly, false);
  },
);

targetTest(
  "LunRegistry.modify() keeps what initiators set in mode pages",
  async (test) => {
    const unit = await test.addLun({
      ...FILE,
      options: { path: "/x", cache: "on" },
    });
    const page = unit.modePages.find(0x0a, 0);
    assert(page);
    unit.modePages.change(page, Uint8Array.from(page.current.with(4, 0x08)));
    await modify(test, 0, undefined, { path: "/y", cache: "on" });
    assertEquals(unit.modePages.settings.softwareWriteProtect, true);
    await modify(test, 0, undefined, { path: "/z", writecache: "off" });
    assertEquals(unit.modePages.settings.softwareWriteProtect, true);
    assertEquals(unit.modePages.settings.writeCacheEnabled, false);
  },
);

targetTest(
  "LunRegistry.modify() does not bring back what was removed",
  async (test) => {
    await test.addLun(FILE);
    const a = await test.connectReady("a");
    const old = test.driver.store;
    old.holding = true;
    const held = a.command(0, READ, { read: 512 });
    await settle();
    const modified = refusal(modify(test, 0, undefined, { path: "/y" }));
    await settle();
    const removed = test.target.luns.remove(0);
    old.answerAll();
    assertEquals((await modified)[0], "lun-not-found");
    await removed;
    await held;
    assertEquals(test.driver.stores.map(({ closed }) => closed), [true, true]);
  },
);

targetTest(
  "LunRegistry.modify() of a processor opens nothing",
  async (test) => {
    const unit = await test.addLun({ backend: "controlled", deviceType: 3 });
    await modify(test, 0, undefined, { vendor: "ACME" });
    assertEquals([unit.store, test.driver.requests.length], [null, 0]);
  },
);

targetTest(
  "LunRegistry.modify() that shrinks stops what reaches beyond",
  async (test) => {
    await test.addLun({ backend: "controlled", sizeBytes: 2 ** 22 });
    const a = await test.connectReady("a");
    const { store } = test.driver;
    const long = [0x2a, 0, 0, 0, 0, 0, 0, 0x18, 0, 0];
    const write = new Uint8Array(3 * 2 ** 20);
    const commands: [number[], object][] = [
      [long, { write }],
      [[0x28, ...long.slice(1)], { read: 3 * 2 ** 20 }],
      [[0x2f, ...long.slice(1)], {}],
      [[0x2e, ...long.slice(1)], { write }],
      [[0x41, ...long.slice(1)], { write: BLOCK }],
    ];
    for (const [cdb, data] of commands) {
      await modify(test, 0, 2 ** 22);
      await a.command(0, READ, { read: 512 });
      store.holding = true;
      const held = a.command(0, cdb, data);
      await settle();
      const shrunk = modify(test, 0, 2 ** 20);
      store.answerAll();
      await shrunk;
      const { sense, senseValue } = await held;
      assertEquals([sense, senseValue?.information], ["5/21/00", 2048]);
      await a.command(0, READ, { read: 512 });
    }
  },
);

targetTest(
  "LunRegistry.remove() closes the store when its tasks have ended",
  async (test) => {
    const unit = await test.addLun({ backend: "controlled" });
    await test.addLun({ number: 1 });
    const a = await test.connectReady("a");
    const { store } = test.driver;
    store.holding = true;
    const held = a.command(0, READ, { read: 512 });
    await settle();
    const removed = test.target.luns.remove(0);
    assert(!await isSettled(removed) && !store.closed);
    assertEquals(test.target.luns.numbers(), [1]);
    assertEquals((await a.command(0, READ, { read: 512 })).sense, "5/25/00");
    store.answerAll();
    assert(await isSettled(removed) && store.closed);
    assertEquals((await held).status, STATUS.TASK_ABORTED);
    assertEquals(unit.itls.size, 0);
  },
);

targetTest(
  "LunRegistry raises changes on the other LUNs of those who see",
  async (test) => {
    await test.addLun();
    const far = test.addPort();
    far.setLunMap(new Map([[0, 0]]));
    const near = await test.connectReady("a");
    const other = await test.connectReady("b", far);
    await test.addLun();
    const tur = [0, 0, 0, 0, 0, 0];
    assertEquals((await near.command(0, tur)).sense, "6/3f/0e");
    assertEquals((await near.command(1, tur)).sense, "6/29/00");
    assertEquals((await other.command(0, tur)).sense, "");
  },
);

targetTest(
  "LogicalUnit takes its shape from options that fit",
  async (test) => {
    const shape = async (options: OptionTexts) => {
      const unit = await test.addLun({ backend: "controlled", options });
      const { geometry } = unit;
      return [
        geometry.physicalBlockExponent,
        geometry.lowestAlignedLba,
        geometry.unmapGranularityExponent,
        geometry.unmapAlignmentLba,
      ];
    };
    assertEquals(await shape({}), [0, 0, 0, 0]);
    assertEquals(await shape({ pblocksize: "4k" }), [3, 0, 0, 0]);
    const offsets = { pblocksize: "4k", pblockoffset: "512" };
    assertEquals(await shape(offsets), [3, 7, 0, 0]);
    const unmap = { ublocksize: "1m", ublockoffset: "1m" };
    assertEquals(await shape(unmap), [0, 0, 11, 0]);
    assertEquals(await shape({ pblocksize: "3000" }), [0, 0, 0, 0]);
    assertEquals(await shape({ pblocksize: "256" }), [0, 0, 0, 0]);
    const odd = { pblocksize: "4k", pblockoffset: "100" };
    assertEquals(await shape(odd), [0, 0, 0, 0]);
  },
);

targetTest(
  "LogicalUnit reads its store's capabilities and options",
  async (test) => {
    const facts = async (options: OptionTexts, deviceType = 0) => {
      const wish = { backend: "controlled", options, deviceType };
      const unit = await test.addLun(wish);
      const { readOnly, removable, unmapSupported, serseq } = unit;
      return { readOnly, removable, unmapSupported, serseq };
    };
    const plain = {
      readOnly: false,
      removable: false,
      unmapSupported: false,
      serseq: "off",
    };
    assertEquals(await facts({}), plain);
    assertEquals(await facts({ readahead: "on" }), {
      ...plain,
      serseq: "soft",
    });
    assertEquals(await facts({ readahead: "on", serseq: "on" }), {
      ...plain,
      serseq: "on",
    });
    const unmaps = { ...plain, unmapSupported: true };
    assertEquals(await facts({ unmaps: "native" }), unmaps);
    assertEquals(await facts({ unmaps: "native", unmap: "off" }), plain);
    assertEquals(await facts({ unmap: "on" }), plain);
    const cd = { ...plain, readOnly: true, removable: true };
    assertEquals(await facts({}, 5), cd);
    assertEquals(await facts({ removable: "off" }, 5), {
      ...cd,
      removable: false,
    });
  },
);
