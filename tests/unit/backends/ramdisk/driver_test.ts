import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  type BlockStore,
  OK,
  type OpenOutcome,
  type OpenRequest,
  parseOptions,
} from "../../../../core/mod.ts";
import {
  RAMDISK_OPTIONS,
  ramdiskDriver,
  type RamdiskOptions,
} from "../../../../backends/ramdisk/driver.ts";

function open(
  options: Record<string, string>,
  request: Partial<OpenRequest<RamdiskOptions>> = {},
): Promise<OpenOutcome> {
  const raw = new Map(Object.entries(options));
  const parsed = parseOptions(RAMDISK_OPTIONS, raw);
  assert(!("message" in parsed));
  const driver = ramdiskDriver({ nextTurn: () => Promise.resolve() });
  return driver.open({
    sizeBytes: 2 ** 20,
    blockLength: undefined,
    deviceType: 0,
    readOnly: false,
    ...request,
    options: parsed,
  });
}

async function opened(
  options: Record<string, string>,
  request: Partial<OpenRequest<RamdiskOptions>> = {},
): Promise<BlockStore> {
  const outcome = await open(options, request);
  assert("store" in outcome && outcome.store !== null, JSON.stringify(outcome));
  return outcome.store;
}

Deno.test("ramdiskDriver makes 512-byte blocks in 4 KiB pages", async () => {
  const { geometry } = await opened({ capacity: "1m" });
  assertEquals(geometry, {
    blockLength: 512,
    blockCount: 2048,
    physicalBlockExponent: 3,
    lowestAlignedLba: 0,
    unmapGranularityExponent: 3,
    unmapAlignmentLba: 0,
    optimalTransferBlocks: 2048,
  });
});

Deno.test("ramdiskDriver gives a CD/DVD 2048-byte blocks", async () => {
  const { geometry } = await opened({}, { deviceType: 5 });
  assertEquals([geometry.blockLength, geometry.blockCount], [2048, 512]);
});

Deno.test("ramdiskDriver takes pages as large as a large block", async () => {
  const { geometry } = await opened({}, { blockLength: 65536 });
  assertEquals(geometry.physicalBlockExponent, 0);
});

Deno.test("ramdiskDriver turns offsets into aligned LBAs", async () => {
  const { geometry } = await opened({
    pblocksize: "8k",
    pblockoffset: "1k",
    ublocksize: "64k",
    ublockoffset: "4k",
  });
  assertEquals(geometry.lowestAlignedLba, 14);
  assertEquals(geometry.unmapGranularityExponent, 7);
  assertEquals(geometry.unmapAlignmentLba, 120);
});

Deno.test("ramdiskDriver without capacity makes a black hole", async () => {
  const store = await opened({});
  const bytes = new Uint8Array(1024).fill(5);
  assertEquals(await store.write(0, 2, bytes, 0), OK);
  assertEquals(store.tryRead?.(0, 1, bytes, 512), OK);
  assertEquals([bytes[511], bytes[512], bytes[1023]], [5, 0, 0]);
  assertEquals(await store.read(0, 1, bytes, 0), OK);
  assertEquals(await store.unmap?.(0, 1, false), OK);
  assertEquals(await store.flush(), OK);
  assertEquals(store.extent?.(5, 9), { lba: 5, blockCount: 9, status: 1 });
  assertEquals(await store.usage?.(), { used: 0 });
  assertEquals(await store.resize?.(7), OK);
  assertEquals(store.geometry.blockCount, 7);
  await store.close();
});

Deno.test("ramdiskDriver makes a black hole that refuses writes", async () => {
  const store = await opened({}, { readOnly: true });
  const result = store.tryWrite?.(0, 1, new Uint8Array(512), 0);
  assert(typeof result === "object" && result.cause === "read-only");
});

const REFUSED: readonly [
  string,
  Record<string, string>,
  Partial<OpenRequest<RamdiskOptions>>,
  RegExp,
][] = [
  ["no size", {}, { sizeBytes: undefined }, /Size is required/],
  ["size 0", {}, { sizeBytes: 0 }, /Size is required/],
  ["a cut block", {}, { sizeBytes: 1000 }, /multiple of the block size 512/],
  ["block size 520", {}, { blockLength: 520 }, /Invalid block size 520/],
  ["block size 256", {}, { blockLength: 256 }, /Invalid block size 256/],
  ["pages of 3000", { pblocksize: "3000" }, {}, /"pblocksize": expected a/],
  ["pages of 256 KiB", { pblocksize: "256k" }, {}, /to 131072/],
  ["a page below a block", { pblocksize: "2k" }, { blockLength: 4096 }, /4096/],
  ["offset 100", { pblockoffset: "100" }, {}, /"pblockoffset"/],
  ["offset over the unit", { ublockoffset: "8k" }, {}, /"ublockoffset"/],
  ["unmap unit of 3 blocks", { ublocksize: "1536" }, {}, /"ublocksize"/],
  ["capacity below a page", { capacity: "100" }, {}, /"capacity"/],
];

for (const [what, options, request, message] of REFUSED) {
  Deno.test(`ramdiskDriver refuses ${what}`, async () => {
    const outcome = await open(options, request);
    assert("error" in outcome);
    assertMatch(outcome.error, message);
  });
}

Deno.test("ramdiskDriver has no identity to keep", () => {
  const driver = ramdiskDriver({ nextTurn: () => Promise.resolve() });
  const options = parseOptions(RAMDISK_OPTIONS, new Map());
  assert(!("message" in options));
  assertEquals(driver.identityOf(options), undefined);
});
