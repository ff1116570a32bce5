/**
 * What stores that copy and keep blocks without moving them are held to.
 *
 * @module
 */

import {
  type BlockStore,
  CANNOT_SHARE,
  OK,
  type RangeSnapshot,
} from "../ports/block_store.ts";
import {
  expect,
  expectBytes,
  expectSame,
  patternBytes as pattern,
} from "./contract_case.ts";
import { numbers } from "./store_model.ts";

const BLOCK = 512;
/** Blocks of each store that are used; they straddle a megabyte. */
const FIRST_LBA = 1800;
const BLOCKS = 600;
const COMMANDS = 150;
const SEED = 414;

/** Copies to another place of the store, in slices. */
export async function copiesWithin(store: BlockStore): Promise<void> {
  await copies(store, store, 3000);
}

/** Copies to the other store that the subject has. */
export async function copiesToAnother(
  store: BlockStore,
  another: BlockStore | undefined,
): Promise<void> {
  if (another !== undefined) await copies(store, another, 37);
}

async function copies(
  from: BlockStore,
  to: BlockStore,
  toLba: number,
): Promise<void> {
  const bytes = pattern(900 * BLOCK, 11);
  expectSame(await from.write(13, 900, bytes, 0), OK, "a write");
  expectSame(
    await to.write(toLba, 900, pattern(900 * BLOCK, 12), 0),
    OK,
    "a write",
  );
  if (!await copyAll(from, 17, 800, to, toLba + 5)) return;
  const wanted = pattern(900 * BLOCK, 12);
  wanted.set(bytes.subarray(4 * BLOCK, 804 * BLOCK), 5 * BLOCK);
  expectBytes(await readAll(to, toLba, 900), wanted, "the copy");
  // Neither sees what is written to the other.
  expectSame(
    await from.write(100, 8, pattern(8 * BLOCK, 13), 0),
    OK,
    "a write",
  );
  expectSame(await to.write(toLba + 300, 3, bytes, 0), OK, "a write");
  wanted.set(bytes.subarray(0, 3 * BLOCK), 300 * BLOCK);
  bytes.set(pattern(8 * BLOCK, 13), 87 * BLOCK);
  expectBytes(await readAll(to, toLba, 900), wanted, "the copy");
  expectBytes(await readAll(from, 13, 900), bytes, "the source");
}

/** Does not touch what it cannot share. */
export async function refusesStrangers(store: BlockStore): Promise<void> {
  if (store.copyRange === undefined) return;
  const { geometry, capabilities, read, write, flush, close } = store;
  const stranger = { geometry, capabilities, read, write, flush, close };
  const answer = await store.copyRange(0, 8, stranger, 8);
  expectSame(answer, CANNOT_SHARE, "a copy to an unknown store");
  const overlap = await store.copyRange(0, 16, store, 8);
  expectSame(overlap, CANNOT_SHARE, "a copy onto itself");
}

/** A snapshot keeps what was; the store goes on. */
export async function keepsSnapshots(store: BlockStore): Promise<void> {
  if (store.snapshotRange === undefined) return;
  const bytes = pattern(300 * BLOCK, 21);
  expectSame(await store.write(1001, 300, bytes, 0), OK, "a write");
  const snapshot = await store.snapshotRange(999, 400);
  if (snapshot === CANNOT_SHARE) return;
  expect(!("cause" in snapshot), `a snapshot: ${JSON.stringify(snapshot)}`);
  expectSame(snapshot.geometry.blockCount, 400, "blocks of the snapshot");
  expectSame(snapshot.capabilities.readOnly, true, "it is read-only");
  expectSame(
    await store.write(1100, 9, pattern(9 * BLOCK, 22), 0),
    OK,
    "a write",
  );
  expectSame(await store.unmap?.(1200, 50, false) ?? OK, OK, "unmap");
  const wanted = new Uint8Array(400 * BLOCK);
  wanted.set(bytes, 2 * BLOCK);
  expectBytes(await readAll(snapshot, 0, 400), wanted, "the snapshot");
  expectSame(
    await copyAll(snapshot, 100, 250, store, 1100),
    true,
    "a copy back",
  );
  const restored = await readAll(store, 1100, 250);
  const part = wanted.subarray(100 * BLOCK, 350 * BLOCK);
  expectBytes(restored, part, "what was copied back");
  expectSame(snapshot.isLost, false, "the snapshot is lost");
  await snapshot.close();
  expectBytes(await readAll(store, 1100, 250), part, "what is left");
}

interface Kept {
  readonly snapshot: RangeSnapshot;
  readonly model: Uint8Array;
}

/** Random writes, copies and snapshots do to stores what they do to arrays. */
export async function copiesLikeArrays(
  store: BlockStore,
  another: BlockStore | undefined,
): Promise<void> {
  if (store.copyRange === undefined) return;
  const twins = [store, another ?? store].map((each) => ({
    store: each,
    model: new Uint8Array(BLOCKS * BLOCK),
  }));
  const kept: Kept[] = [];
  const random = numbers(SEED);
  const isSame = another === undefined;
  for (let index = 0; index < COMMANDS; index += 1) {
    const [lba, toLba] = [random(BLOCKS), random(BLOCKS)];
    const count = 1 + random(Math.min(90, BLOCKS - Math.max(lba, toLba)));
    const one = twins[isSame ? 0 : random(2)];
    const other = twins[isSame ? 0 : random(2)];
    if (one === undefined || other === undefined) return;
    const kind = random(6);
    if (kind < 2) await change(one, lba, count, random(256));
    else if (kind < 5) {
      if (one === other && Math.abs(lba - toLba) < count) continue;
      const [from, to] = [FIRST_LBA + lba, FIRST_LBA + toLba];
      if (!await copyAll(one.store, from, count, other.store, to)) return;
      const bytes = one.model.slice(lba * BLOCK, (lba + count) * BLOCK);
      other.model.set(bytes, toLba * BLOCK);
    } else await keep(one, lba, count, kept);
  }
  for (const { store, model } of isSame ? twins.slice(0, 1) : twins) {
    expectBytes(await readAll(store, FIRST_LBA, BLOCKS), model, "a store");
  }
  for (const { snapshot, model } of kept) {
    const blocks = model.length / BLOCK;
    expectBytes(await readAll(snapshot, 0, blocks), model, "a snapshot");
    await snapshot.close();
  }
}

/** Writes blocks of one value; zeroes are unmapped, where that is offered. */
async function change(
  { store, model }: { readonly store: BlockStore; readonly model: Uint8Array },
  lba: number,
  count: number,
  value: number,
): Promise<void> {
  const bytes = new Uint8Array(count * BLOCK).fill(value);
  const result = value < 80 && store.unmap !== undefined
    ? await store.unmap(FIRST_LBA + lba, count, false)
    : await store.write(FIRST_LBA + lba, count, bytes, 0);
  expectSame(result, OK, "a change");
  const isZero = value < 80 && store.unmap !== undefined;
  model.set(isZero ? bytes.fill(0) : bytes, lba * BLOCK);
}

async function keep(
  { store, model }: { readonly store: BlockStore; readonly model: Uint8Array },
  lba: number,
  count: number,
  kept: Kept[],
): Promise<void> {
  const snapshot = await store.snapshotRange?.(FIRST_LBA + lba, count) ??
    CANNOT_SHARE;
  if (snapshot === CANNOT_SHARE) return;
  expect(!("cause" in snapshot), `a snapshot: ${JSON.stringify(snapshot)}`);
  const bytes = model.slice(lba * BLOCK, (lba + count) * BLOCK);
  kept.push({ snapshot, model: bytes });
}

/** Copies all of a range; false: the store cannot, and has done nothing. */
async function copyAll(
  from: BlockStore,
  lba: number,
  count: number,
  to: BlockStore,
  toLba: number,
): Promise<boolean> {
  for (let done = 0; done < count;) {
    const left = count - done;
    const copied = await from.copyRange?.(lba + done, left, to, toLba + done) ??
      CANNOT_SHARE;
    if (copied === CANNOT_SHARE && done === 0) return false;
    expect(typeof copied === "number", `a copy: ${String(copied)}`);
    const fits = Number.isInteger(copied) && copied > 0 && copied <= left;
    expect(fits, `${copied} of ${left} blocks were copied`);
    done += copied;
  }
  return true;
}

async function readAll(
  store: BlockStore,
  lba: number,
  count: number,
): Promise<Uint8Array> {
  const into = new Uint8Array(count * BLOCK).fill(0xa5);
  expectSame(await store.read(lba, count, into, 0), OK, "a read");
  return into;
}
