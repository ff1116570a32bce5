/**
 * Clones of LUNs by their target, over real sockets: by EXTENDED COPY and by
 * ROD tokens (SPC-5 5.18). What the initiator moves for them is counted.
 */

import { Buffer } from "node:buffer";
import { assert, assertEquals } from "@std/assert";
import type { BlockStore, LogicalUnit } from "../../../core/mod.ts";
import { patternBytes } from "../../support/bytes.ts";
import {
  cloneByToken,
  cloneByXcopy,
  copyLun,
} from "../../support/copy_client.ts";
import type { LunWish } from "../../support/core_target.ts";
import { CountingProxy } from "../../support/counting_proxy.ts";
import { write16 } from "../../support/initiator/mod.ts";
import { SystemTarget } from "../../support/system_target.ts";

const SIZE_BYTES = 2 ** 30;
const WIRE_BYTES_MAX = 1e6;
const PIECE_BYTES = 2 ** 16;
/** Where the source has data; the rest was never written. */
const PLACES = [
  0,
  2 ** 20 + 4096,
  2 ** 25 - PIECE_BYTES,
  2 ** 25,
  2 ** 28 + 2 ** 13,
  2 ** 29 - 4096,
  SIZE_BYTES - 3 * 2 ** 20,
  SIZE_BYTES - PIECE_BYTES,
] as const;
/** Where the destination has data that no clone may leave there. */
const STALE = [2 ** 21, 2 ** 27, SIZE_BYTES - 2 ** 22] as const;

type Make = (folder: string, name: string) => Promise<LunWish>;

const ram: Make = () => Promise.resolve({ sizeBytes: SIZE_BYTES });

const file: Make = async (folder, name) => {
  using made = await Deno.create(`${folder}/${name}`);
  await made.truncate(SIZE_BYTES);
  const options = { file: `${folder}/${name}` };
  return { backend: "block", sizeBytes: SIZE_BYTES, options };
};

function of4096(make: Make): Make {
  return async (folder, name) => ({
    ...await make(folder, name),
    blockLength: 4096,
  });
}

const PAIRS: Readonly<Record<string, readonly [Make, Make]>> = {
  "RAM to RAM": [ram, ram],
  "file to file": [file, file],
  "RAM to file": [ram, file],
  "file to RAM": [file, ram],
  "RAM of 512 to 4096 bytes a block": [ram, of4096(ram)],
  "RAM of 4096 to file of 512 bytes a block": [of4096(ram), file],
};

const WAYS = { "EXTENDED COPY": cloneByXcopy, "ROD token": cloneByToken };

for (const [way, clone] of Object.entries(WAYS)) {
  for (const [pair, makes] of Object.entries(PAIRS)) {
    Deno.test(`${way} clones 1 GiB, ${pair}`, async () => {
      await withLuns(makes, async (system) => {
        const [source, destination] = [unitOf(system, 1), unitOf(system, 2)];
        await fill(system, source, PLACES, 1);
        await fill(system, destination, STALE, 2);
        await using proxy = new CountingProxy(system.portal);
        const session = await system.openReady({ portal: proxy.portal });
        await clone(session, {
          source: await copyLun(session, 1),
          destination: await copyLun(session, 2),
        });
        // Its answer has come through the proxy when this one has.
        await session.ping();
        assert(proxy.bytes > 0 && proxy.bytes < WIRE_BYTES_MAX, "bytes");
        await assertSame(storeOf(source), storeOf(destination));
      });
    });
  }
}

/** A target with LUN 1 and LUN 2, made in a folder that is removed. */
async function withLuns(
  makes: readonly Make[],
  body: (system: SystemTarget) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "dtl-clones-" });
  const system = new SystemTarget();
  try {
    await system.start();
    for (const [index, make] of makes.entries()) {
      await system.addLun(await make(folder, `lun${index}`));
    }
    await body(system);
  } finally {
    await system.end();
    await Deno.remove(folder, { recursive: true });
  }
  system.checkDefects();
}

/** Writes data to places of a LUN, by another session. */
async function fill(
  system: SystemTarget,
  { number, geometry }: LogicalUnit,
  places: readonly number[],
  seed: number,
): Promise<void> {
  const { blockLength } = geometry;
  const session = await system.openReady();
  for (const place of places) {
    const data = patternBytes(PIECE_BYTES, place / 4096 * 2 + seed);
    const cdb = write16(place / blockLength, PIECE_BYTES / blockLength);
    const { status } = await session.command(number, cdb, { write: data });
    assertEquals(status, 0);
  }
}

/** Compares all blocks of two stores, but what both know as holes. */
async function assertSame(one: BlockStore, other: BlockStore): Promise<void> {
  const step = 2 ** 22;
  const [buffer, otherBuffer] = [Buffer.alloc(step), Buffer.alloc(step)];
  for (let at = 0; at < SIZE_BYTES; at += step) {
    if (await isHole(one, at, step) && await isHole(other, at, step)) continue;
    await read(one, at, buffer);
    await read(other, at, otherBuffer);
    assert(buffer.equals(otherBuffer), `differs behind byte ${at}`);
  }
}

async function isHole(
  store: BlockStore,
  at: number,
  bytes: number,
): Promise<boolean> {
  const { blockLength } = store.geometry;
  const blocks = bytes / blockLength;
  const extent = await store.extent?.(at / blockLength, blocks);
  return extent !== undefined && "status" in extent && extent.status !== 0 &&
    extent.blockCount === blocks;
}

async function read(
  store: BlockStore,
  at: number,
  into: Uint8Array,
): Promise<void> {
  const { blockLength } = store.geometry;
  await store.read(at / blockLength, into.length / blockLength, into, 0);
}

function unitOf(system: SystemTarget, number: number): LogicalUnit {
  const unit = system.target.luns.get(number);
  if (unit === undefined) throw new TypeError(`There is no LUN ${number}`);
  return unit;
}

function storeOf({ store }: LogicalUnit): BlockStore {
  if (store === null) throw new TypeError("The LUN has no medium");
  return store;
}
