/**
 * Random sequences of reads and writes over a slow wire, on a store that
 * answers in any order, watched by {@linkcode MediaOrder}.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import fc from "fast-check";
import type { SequentialMode } from "../../core/mod.ts";
import type { CamExchange } from "../../frontends/camtgt/initiator.ts";
import { blocksCdb, type CamPeer, type CamRig, camRig } from "./cam_rig.ts";
import { settle, TestTarget } from "./core_target.ts";
import { MediaOrder, type WatchedCommand } from "./media_order.ts";
import { ShufflingStore, storePlugin } from "./shuffling_store.ts";

const BLOCK = 512;
const STREAMS = 4;
const STREAM_BLOCKS = 256;
/** Turns in which a frame has come and what follows from it. */
const FRAME_TURNS = 60;

/** One step of a sequence: a kind, a place, a length. */
export type OrderStep = readonly [kind: number, place: number, length: number];

/** A sequence. */
export const ORDER_SEQUENCE: fc.Arbitrary<OrderStep[]> = fc.array(
  fc.tuple(fc.nat(15), fc.nat(1023), fc.nat(7)),
  { minLength: 4, maxLength: 14, size: "max" },
);

/** A target of one LUN whose sequential reads are ordered in some way. */
export class OrderRig {
  /** What watches. */
  readonly order: MediaOrder;
  readonly #test: TestTarget;
  readonly #store: ShufflingStore;
  readonly #peers: readonly CamPeer[];
  /** End of each stream, and what was left out of it. */
  readonly #ends: number[] = [];
  readonly #holes: (readonly [number, number])[] = [];
  readonly #under: Map<CamExchange, WatchedCommand> = new Map();

  constructor(
    test: TestTarget,
    store: ShufflingStore,
    order: MediaOrder,
    peers: readonly CamPeer[],
  ) {
    this.#test = test;
    this.#store = store;
    this.order = order;
    this.#peers = peers;
  }

  /** Runs one sequence to its end. */
  async run(steps: readonly OrderStep[]): Promise<void> {
    for (let stream = 0; stream < STREAMS; stream += 1) {
      this.#ends[stream] = stream * STREAM_BLOCKS;
    }
    this.#holes.length = 0;
    for (const step of steps) await this.#step(step);
    for (let turn = 0; this.#under.size > 0; turn += 1) {
      if (turn > 1000) throw new Error("Commands do not end");
      await this.#answer(turn);
      await this.#pass();
    }
    this.order.forget();
  }

  /** Ends the target. */
  async end(): Promise<void> {
    await this.#test.end();
    this.#test.checkRules();
  }

  #step([kind, place, length]: OrderStep): Promise<void> {
    const stream = place % STREAMS;
    const blocks = length + 1;
    switch (kind) {
      default:
        return this.#readNext(stream, blocks);
      case 7:
        return this.#skip(stream, blocks);
      case 8:
        return this.#readHole(place);
      case 9:
      case 10:
        return this.#write(place, blocks);
      case 11:
      case 12:
        return this.#answer(place);
      case 13:
      case 14:
        return this.#pass();
      case 15:
        return this.#abort(place);
    }
  }

  async #readNext(stream: number, blocks: number): Promise<void> {
    const lba = this.#ends[stream] ?? 0;
    if (lba + blocks > (stream + 1) * STREAM_BLOCKS) return;
    this.#ends[stream] = lba + blocks;
    await this.#send(lba, blocks, false);
  }

  // What follows a hole comes before what fills it.
  async #skip(stream: number, blocks: number): Promise<void> {
    const lba = this.#ends[stream] ?? 0;
    this.#holes.push([lba, blocks]);
    this.#ends[stream] = lba + blocks;
    await this.#readNext(stream, blocks);
  }

  async #readHole(place: number): Promise<void> {
    const [hole] = this.#holes.splice(place % (this.#holes.length || 1), 1);
    if (hole !== undefined) await this.#send(...hole, false);
  }

  async #write(place: number, blocks: number): Promise<void> {
    const taken = [...this.#under.values()].some((other) =>
      other.writes && place < other.lba + other.blockCount &&
      other.lba < place + blocks
    );
    const fits = place + blocks <= STREAMS * STREAM_BLOCKS;
    if (!taken && fits) await this.#send(place, blocks, true);
  }

  async #send(lba: number, blocks: number, writes: boolean): Promise<void> {
    const peer = this.#peers[lba % this.#peers.length];
    if (peer === undefined) throw new TypeError("There is no initiator");
    const watched = this.order.arrives(lba, blocks, writes);
    const cdb = blocksCdb(writes ? 0x2a : 0x28, lba, blocks);
    const exchange = peer.initiator.send(
      writes
        ? { lun: 0, cdb, dataOut: new Uint8Array(blocks * BLOCK) }
        : { lun: 0, cdb, dataInLength: blocks * BLOCK },
    );
    this.#under.set(exchange, watched);
    exchange.ended.then(({ status }) => {
      watched.ended = true;
      this.#under.delete(exchange);
      assertEquals(status === 0 || watched.aborted, true, `status ${status}`);
    });
    await settle(FRAME_TURNS);
  }

  async #abort(place: number): Promise<void> {
    const all = [...this.#under];
    const [exchange, watched] = all[place % (all.length || 1)] ?? [];
    if (exchange === undefined || watched === undefined) return;
    watched.aborted = true;
    void exchange.abort();
    await settle(FRAME_TURNS);
  }

  async #answer(which: number): Promise<void> {
    this.#store.answer(which);
    await settle(FRAME_TURNS);
  }

  async #pass(): Promise<void> {
    this.#test.host.clock.advance(1);
    await settle(FRAME_TURNS);
  }
}

/** Makes a target whose data moves take 1 ms. */
export async function orderRig(
  serseq: SequentialMode,
  watchedAs: SequentialMode = serseq,
): Promise<OrderRig> {
  const test = new TestTarget();
  const store = new ShufflingStore(BLOCK, STREAMS * STREAM_BLOCKS);
  let call = 0;
  // Some reads have pieces that are there, and others that are not.
  store.atOnce = () => (call = call * 5 + 3 & 0xffff) % 3 === 0;
  const order = new MediaOrder(store, watchedAs);
  const plugin = storePlugin("shuffling", order);
  test.plugins.set("shuffling", Promise.resolve(plugin));
  await test.addLun({ backend: "shuffling", options: { serseq } });
  const rig: CamRig = await camRig(test, { move_ms: "1", maxio: "1536" });
  const peers = [await rig.ready(1n), await rig.ready(2n)];
  return new OrderRig(test, store, order, peers);
}
