import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  type BlockStore,
  type Host,
  OK,
  type OpenOutcome,
  type OpenRequest,
  parseOptions,
  type StoreFault,
} from "../../../../core/mod.ts";
import type {
  BlockIo,
  BlockIoFacts,
  OpenHow,
} from "../../../../backends/block/block_io.ts";
import {
  BLOCK_OPTIONS,
  blockDriver,
  type BlockOptions,
} from "../../../../backends/block/driver.ts";
import { memoryHost } from "../../../support/memory_host.ts";
import { MemoryIo, NativeMemoryIo } from "./memory_io.ts";

/** Everything on the machine, by path; and what was asked for. */
class Machine {
  readonly files: Map<string, BlockIo | StoreFault> = new Map();
  readonly opens: string[] = [];
  readonly keys: Host = memoryHost();
  onOpen: (path: string, how: OpenHow) => StoreFault | undefined = () =>
    undefined;

  open(path: string, how: OpenHow): Promise<BlockIo | StoreFault> {
    this.opens.push(`${path} ${how.readOnly ? "r" : "rw"} ${how.lanes}`);
    const missing: StoreFault = { cause: "offline", message: `No ${path}` };
    const found = this.onOpen(path, how) ?? this.files.get(path) ?? missing;
    return Promise.resolve(found);
  }

  identityOf(path: string): string {
    return `/real${path}`;
  }
}

function fileOf(length: number, facts: Partial<BlockIoFacts> = {}): MemoryIo {
  const io = new MemoryIo(facts);
  io.bytes = new Uint8Array(length);
  return io;
}

function open(
  machine: Machine,
  options: Record<string, string>,
  request: Partial<OpenRequest<BlockOptions>> = {},
): Promise<OpenOutcome> {
  const parsed = parseOptions(BLOCK_OPTIONS, new Map(Object.entries(options)));
  assert(!("message" in parsed));
  const clock = { nowMs: (): number => 0 };
  const { keys } = machine;
  return blockDriver({ opener: machine, clock, keys }).open({
    sizeBytes: undefined,
    blockLength: undefined,
    deviceType: 0,
    readOnly: false,
    ...request,
    options: parsed,
  });
}

Deno.test("blockDriver takes the whole blocks of the file", async () => {
  const machine = new Machine();
  machine.files.set("/d", fileOf(10 * 4096 + 513));
  const outcome = await open(machine, { file: "/d" });
  assert("store" in outcome && outcome.store !== null);
  assertEquals(outcome.warning, undefined);
  assertEquals(outcome.store.geometry, {
    blockLength: 512,
    blockCount: 81,
    physicalBlockExponent: 3,
    lowestAlignedLba: 0,
    unmapGranularityExponent: 3,
    unmapAlignmentLba: 0,
    optimalTransferBlocks: 2048,
  });
});

Deno.test("blockDriver makes a store larger than the file", async () => {
  const machine = new Machine();
  machine.files.set("/d", fileOf(0));
  const outcome = await open(machine, { file: "/d" }, { sizeBytes: 2 ** 30 });
  assert("store" in outcome && outcome.store !== null);
  assertEquals(outcome.store.geometry.blockCount, 2 ** 21);
});

Deno.test("blockDriver honours units and offsets", async () => {
  const machine = new Machine();
  machine.files.set("/d", fileOf(2 ** 20));
  const outcome = await open(machine, {
    file: "/d",
    pblocksize: "16k",
    pblockoffset: "1k",
    ublocksize: "1m",
    ublockoffset: "512",
  });
  assert("store" in outcome && outcome.store !== null);
  const { geometry } = outcome.store;
  assertEquals([geometry.physicalBlockExponent, geometry.lowestAlignedLba], [
    5,
    30,
  ]);
  assertEquals(geometry.unmapGranularityExponent, 11);
  assertEquals(geometry.unmapAlignmentLba, 2047);
});

Deno.test("blockDriver believes a device about its blocks", async () => {
  const machine = new Machine();
  const device = {
    isDevice: true,
    sectorBytes: 4096,
    physicalBytes: 16384,
    unmapBytes: 65536,
  };
  machine.files.set("/dev/d", fileOf(2 ** 20, device));
  const outcome = await open(machine, { file: "/dev/d" });
  assert("store" in outcome && outcome.store !== null);
  const { geometry, capabilities } = outcome.store;
  assertEquals([geometry.blockLength, geometry.blockCount], [4096, 256]);
  assertEquals(geometry.physicalBlockExponent, 2);
  assertEquals(geometry.unmapGranularityExponent, 4);
  assertEquals(capabilities.readAhead, false);
});

Deno.test("blockDriver gives a CD/DVD 2048-byte blocks", async () => {
  const machine = new Machine();
  machine.files.set("/d", fileOf(2 ** 20, { physicalBytes: 2 ** 20 }));
  const outcome = await open(machine, { file: "/d" }, { deviceType: 5 });
  assert("store" in outcome && outcome.store !== null);
  const { geometry } = outcome.store;
  assertEquals([geometry.blockLength, geometry.blockCount], [2048, 512]);
  assertEquals(geometry.physicalBlockExponent, 1);
});

Deno.test("blockDriver without file makes no medium", async () => {
  const outcome = await open(new Machine(), { file: "/gone" });
  assertEquals(outcome, { store: null, warning: "No /gone" });
});

Deno.test("blockDriver looks below /dev too", async () => {
  const machine = new Machine();
  machine.files.set("/dev/sdx", fileOf(2 ** 20));
  const outcome = await open(machine, { file: "sdx", num_threads: "2" });
  assert("store" in outcome && outcome.store !== null);
  assertEquals(machine.opens, ["sdx rw 2", "/dev/sdx rw 2"]);
});

Deno.test("blockDriver tells of a forbidden /dev", async () => {
  const machine = new Machine();
  machine.files.set("/dev/x", { cause: "hardware", message: "needs -A" });
  const outcome = await open(machine, { file: "x" });
  assertEquals(outcome, { store: null, warning: "No x; needs -A" });
});

Deno.test("blockDriver opens read-only what it may not write", async () => {
  const machine = new Machine();
  const io = new NativeMemoryIo({ readOnly: true });
  io.bytes = new Uint8Array(1024);
  machine.files.set("/d", io);
  machine.onOpen = (_path, how) =>
    how.readOnly ? undefined : { cause: "read-only", message: "EROFS" };
  const outcome = await open(machine, { file: "/d" });
  assert("store" in outcome && outcome.store !== null);
  assertEquals(outcome.warning, "Opened read-only: EROFS");
  assertEquals(outcome.store.capabilities.readOnly, true);
  assertEquals(machine.opens, ["/d rw 8", "/d r 8"]);
});

Deno.test("blockDriver does not try twice to read", async () => {
  const machine = new Machine();
  machine.onOpen = () => ({ cause: "read-only", message: "EACCES" });
  const outcome = await open(machine, { file: "/d" }, { readOnly: true });
  assertEquals(outcome, { error: "EACCES" });
  assertEquals(machine.opens, ["/d r 8"]);
});

const DEVICE = { isDevice: true, sectorBytes: 4096 };
const REFUSED: readonly [
  string,
  MemoryIo,
  Record<string, string>,
  Partial<OpenRequest<BlockOptions>>,
  RegExp,
][] = [
  ["an empty file", fileOf(100), {}, {}, /less than a block: give a size/],
  ["a cut size", fileOf(0), {}, { sizeBytes: 1000 }, /multiple of the block/],
  ["blocks of 1000", fileOf(0), {}, { blockLength: 1000 }, /block size 1000/],
  [
    "blocks below a sector",
    fileOf(8192, DEVICE),
    {},
    { blockLength: 512 },
    /4096-byte sectors/,
  ],
  [
    "more than a device has",
    fileOf(8192, DEVICE),
    {},
    { sizeBytes: 12288 },
    /expected at most 8192, the size of "\/data\/disk"/,
  ],
  ["3-block units", fileOf(4096), { ublocksize: "1536" }, {}, /"ublocksize"/],
  ["huge blocks", fileOf(4096), { pblocksize: "32m" }, {}, /"pblocksize"/],
  ["odd offsets", fileOf(4096), { pblockoffset: "7" }, {}, /"pblockoffset"/],
];

for (const [what, io, options, request, message] of REFUSED) {
  Deno.test(`blockDriver refuses ${what}, and closes the file`, async () => {
    const machine = new Machine();
    machine.files.set("/d", io);
    const outcome = await open(machine, { file: "/d", ...options }, request);
    assert("error" in outcome, JSON.stringify(outcome));
    assertMatch(outcome.error, message);
    assertEquals(io.calls, ["close"]);
  });
}

Deno.test("blockDriver asks for the option file", async () => {
  const outcome = await open(new Machine(), {});
  assert("error" in outcome);
  assertMatch(outcome.error, /"file" is required/);
});

Deno.test("blockDriver keeps the identity of the real path", () => {
  const clock = { nowMs: (): number => 0 };
  const driver = blockDriver({
    opener: new Machine(),
    clock,
    keys: memoryHost(),
  });
  const options = parseOptions(BLOCK_OPTIONS, new Map([["file", "/d"]]));
  const none = parseOptions(BLOCK_OPTIONS, new Map());
  assert(!("message" in options) && !("message" in none));
  assertEquals(driver.identityOf(options), "/real/d");
  assertEquals(driver.identityOf(none), undefined);
});

const ENCRYPTED = { file: "/d", encryption: "on" };
const BLOCKS = new Uint8Array(1024).fill(0x5a);

async function openedWell(
  machine: Machine,
  options: Record<string, string>,
): Promise<BlockStore> {
  const outcome = await open(machine, options);
  assert("store" in outcome && outcome.store !== null, JSON.stringify(outcome));
  return outcome.store;
}

async function readBack(store: BlockStore): Promise<Uint8Array> {
  const bytes = new Uint8Array(1024);
  assertEquals(await store.read(2, 2, bytes, 0), OK);
  return bytes;
}

Deno.test("blockDriver encrypts what is written, and finds its key again", async () => {
  const machine = new Machine();
  const file = fileOf(4096);
  machine.files.set("/d", file);
  const first = await openedWell(machine, ENCRYPTED);
  assertEquals(await first.write(2, 2, BLOCKS, 0), OK);
  const kept = file.bytes.slice(1024, 2048);
  // Each block has another cipher text, and none shows what it is.
  assert(kept.subarray(0, 16).toHex() !== kept.subarray(512, 528).toHex());
  assert(!kept.toHex().includes("5a5a5a5a"));
  const again = await openedWell(machine, ENCRYPTED);
  assertEquals(await readBack(again), BLOCKS);
  // What was never written reads as zeroes.
  const other = new Uint8Array(512).fill(1);
  assertEquals(await again.read(1, 1, other, 0), OK);
  assertEquals(other, new Uint8Array(512));
});

Deno.test("blockDriver erases by another key, for good", async () => {
  const machine = new Machine();
  machine.files.set("/d", fileOf(4096));
  const store = await openedWell(machine, ENCRYPTED);
  await store.write(2, 2, BLOCKS, 0);
  assertEquals(store.capabilities.cryptographicErase, true);
  assertEquals(await store.cryptographicErase?.(), OK);
  const noise = await readBack(store);
  assert(noise.toHex() !== BLOCKS.toHex());
  assertEquals(await readBack(await openedWell(machine, ENCRYPTED)), noise);
  await store.write(2, 2, BLOCKS, 0);
  assertEquals(await readBack(store), BLOCKS);
});

Deno.test("blockDriver encrypts no file that holds data without a key", async () => {
  const machine = new Machine();
  const file = fileOf(2 ** 20, { path: "/d" });
  file.bytes[2 ** 20 - 1] = 1;
  machine.files.set("/d", file);
  assertEquals(await open(machine, ENCRYPTED), {
    error: '"/real/d" holds data, and the state directory has no key for ' +
      "them: encryption wants a new file, or the state directory that the " +
      "file was written with",
  });
  assertEquals(file.calls.at(-1), "close");
});

Deno.test("blockDriver warns of a file that is encrypted", async () => {
  const machine = new Machine();
  machine.files.set("/d", fileOf(4096, { path: "/d" }));
  await openedWell(machine, ENCRYPTED);
  const outcome = await open(machine, { file: "/d" });
  assert("store" in outcome && outcome.store !== null);
  assertMatch(outcome.warning ?? "", /^"\/real\/d" was encrypted/);
});

Deno.test("blockDriver refuses a key that is damaged", async () => {
  const machine = new Machine();
  machine.files.set("/d", fileOf(4096, { path: "/d" }));
  const name = "block/encryption-key//real/d";
  machine.keys.state.write(name, Uint8Array.of(1, 2, 3));
  const outcome = await open(machine, ENCRYPTED);
  assert("error" in outcome);
  assertMatch(outcome.error, /^The key of "\/real\/d" .* cannot be read/);
});
