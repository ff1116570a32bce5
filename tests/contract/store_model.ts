/**
 * A store against the simplest thing that could be one: an array of bytes.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { type BlockStore, NOT_NOW, OK } from "../../core/mod.ts";

/** Runs of commands; each run goes on with the store the last one left. */
const RUNS = 40;
const COMMANDS_MAX = 30;
/** Fixed, so that a failure is the same tomorrow. */
const SEED = 20260;
/** Blocks of the store that are used; they straddle a megabyte. */
const FIRST_LBA = 1500;
const BLOCKS = 1100;

const KINDS = [
  "write",
  "tryWrite",
  "writeZeroes",
  "read",
  "tryRead",
  "unmap",
  "flush",
] as const;

interface Command {
  readonly kind: (typeof KINDS)[number];
  readonly lba: number;
  readonly blockCount: number;
  readonly seed: number;
  readonly anchor: boolean;
}

function commands(): fc.Arbitrary<Command[]> {
  const command = fc.record({
    kind: fc.constantFrom(...KINDS),
    lba: fc.nat(BLOCKS - 1),
    blockCount: fc.integer({ min: 1, max: 200 }),
    seed: fc.integer({ min: 1, max: 255 }),
    anchor: fc.boolean(),
  }).map((command) => ({
    ...command,
    blockCount: Math.min(command.blockCount, BLOCKS - command.lba),
  }));
  return fc.array(command, { maxLength: COMMANDS_MAX });
}

/** Random commands have the same effect on the store and on the array. */
export async function storeModelProperty(store: BlockStore): Promise<void> {
  const model = new Uint8Array(BLOCKS * store.geometry.blockLength);
  const property = fc.asyncProperty(commands(), async (run) => {
    for (const command of run) await step(store, model, command);
    await compare(store, model, { lba: 0, blockCount: BLOCKS });
  });
  await fc.assert(property, { numRuns: RUNS, seed: SEED, endOnFailure: true });
}

async function step(
  store: BlockStore,
  model: Uint8Array,
  command: Command,
): Promise<void> {
  switch (command.kind) {
    case "write":
    case "tryWrite":
      return await write(store, model, command);
    case "writeZeroes":
      return await writeZeroes(store, model, command);
    case "unmap":
      return await unmap(store, model, command);
    case "flush":
      return assertEquals(await store.flush(), OK);
    default:
      return await compare(store, model, command);
  }
}

async function write(
  store: BlockStore,
  model: Uint8Array,
  command: Command,
): Promise<void> {
  const { blockLength } = store.geometry;
  const length = command.blockCount * blockLength;
  const from = new Uint8Array(length + 7).fill(command.seed);
  const lba = FIRST_LBA + command.lba;
  const now = command.kind === "tryWrite"
    ? store.tryWrite?.(lba, command.blockCount, from, 7) ?? NOT_NOW
    : NOT_NOW;
  const result = now === NOT_NOW
    ? await store.write(lba, command.blockCount, from, 7)
    : now;
  assertEquals(result, OK);
  model.set(from.subarray(7), command.lba * blockLength);
}

async function writeZeroes(
  store: BlockStore,
  model: Uint8Array,
  { lba, blockCount }: Command,
): Promise<void> {
  if (store.writeZeroes === undefined) return;
  const { blockLength } = store.geometry;
  assertEquals(await store.writeZeroes(FIRST_LBA + lba, blockCount), OK);
  model.fill(0, lba * blockLength, (lba + blockCount) * blockLength);
}

async function unmap(
  store: BlockStore,
  model: Uint8Array,
  command: Command,
): Promise<void> {
  if (store.unmap === undefined) return;
  const { blockLength } = store.geometry;
  const { lba, blockCount } = command;
  const anchor = command.anchor && store.capabilities.anchor;
  assertEquals(await store.unmap(FIRST_LBA + lba, blockCount, anchor), OK);
  model.fill(0, lba * blockLength, (lba + blockCount) * blockLength);
}

async function compare(
  store: BlockStore,
  model: Uint8Array,
  { lba, blockCount, kind }: Pick<Command, "lba" | "blockCount"> & {
    readonly kind?: string;
  },
): Promise<void> {
  const { blockLength } = store.geometry;
  const into = new Uint8Array(blockCount * blockLength + 3).fill(0xa5);
  const now = kind === "tryRead"
    ? store.tryRead?.(FIRST_LBA + lba, blockCount, into, 3) ?? NOT_NOW
    : NOT_NOW;
  const result = now === NOT_NOW
    ? await store.read(FIRST_LBA + lba, blockCount, into, 3)
    : now;
  assertEquals(result, OK);
  const begin = lba * blockLength;
  for (let at = 3; at < into.length; at++) {
    if (into[at] === model[begin + at - 3]) continue;
    const block = lba + Math.floor((at - 3) / blockLength);
    assert(false, `block ${block} differs: ${into[at]} is not in the model`);
  }
}
