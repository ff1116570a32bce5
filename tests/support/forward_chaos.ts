/**
 * Whatever initiators, stores and the link do to a pair of nodes, in whatever
 * order, and what has to hold in spite of it.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { settle, settled } from "./core_target.ts";
import { HaPair, type PairMode } from "./ha_pair.ts";
import { read10, write10 } from "./initiator/cdb_block.ts";
import { testUnitReady } from "./initiator/cdb_primary.ts";
import { FUNCTION, GOOD, type LocalInitiator } from "./local_initiator.ts";
import { STAMP_BLOCK, stamped, StampMedium } from "./stamp_store.ts";

/** A write, from its sending to its end. */
interface Written {
  readonly stamp: number;
  readonly lba: number;
  readonly blocks: number;
  readonly by: LocalInitiator;
  readonly tag: number;
  readonly beganAt: number;
  endedAt: number;
  good: boolean;
  /** A function has told that it can touch nothing any more. */
  gone: boolean;
}

const FUNCTIONS = [
  FUNCTION.ABORT_TASK_SET,
  FUNCTION.CLEAR_TASK_SET,
  FUNCTION.LOGICAL_UNIT_RESET,
  FUNCTION.I_T_NEXUS_RESET,
  FUNCTION.TARGET_RESET,
];

/** A pair under chaos. */
export class ForwardChaos {
  /** The pair. */
  readonly pair: HaPair;
  /** What both store. */
  readonly medium: StampMedium = new StampMedium();
  readonly #writes: Written[] = [];
  readonly #pending: Promise<unknown>[] = [];
  readonly #violations: string[] = [];
  #initiators: LocalInitiator[] = [];
  #now = 1;
  #cuts = 0;

  /** A pair of a mode. */
  constructor(mode: PairMode) {
    this.pair = new HaPair(mode);
    this.medium.written = (stamp) => {
      if (this.#writes[stamp - 1]?.gone === true) {
        this.#violations.push(`write ${stamp} came after its abort`);
      }
    };
  }

  /** Makes a LUN and three initiators, one of them at the far node. */
  async begin(): Promise<void> {
    for (const test of [this.pair.farTest, this.pair.nearTest]) {
      test.plugins.set("stamps", Promise.resolve(this.medium.plugin()));
      await test.addLun({ backend: "stamps" });
    }
    this.#initiators = [
      await this.pair.ready("a"),
      await this.pair.ready("b"),
      await this.pair.readyFar("c"),
    ];
  }

  /** An initiator reads. */
  read(who: number, lba: number, blocks: number): void {
    const cdb = read10(lba, blocks);
    this.#pend(this.#who(who).command(0, cdb, { read: blocks * STAMP_BLOCK }));
  }

  /** An initiator writes, some of the data with the command. */
  write(who: number, lba: number, blocks: number, immediate: number): void {
    const by = this.#who(who);
    const stamp = this.#writes.length + 1;
    const beganAt = this.#now++;
    const known: Written = {
      ...{ stamp, lba, blocks, by, beganAt, tag: by.nextTag },
      ...{ endedAt: Infinity, good: false, gone: false },
    };
    this.#writes.push(known);
    const data = stamped(stamp, blocks);
    const ended = by.command(0, write10(lba, blocks), {
      write: data,
      immediate: Math.min(immediate * STAMP_BLOCK, data.length),
    });
    this.#pend(ended.then(({ status }) => {
      known.endedAt = this.#now++;
      known.good = status === GOOD;
    }));
  }

  /** An initiator tests the unit. */
  test(who: number): void {
    this.#pend(this.#who(who).command(0, testUnitReady()));
  }

  /** An initiator gives up the write that it sent last. */
  abort(who: number): void {
    const by = this.#who(who);
    const last = this.#writes
      .findLast((write) => write.by === by && write.endedAt === Infinity);
    const tag = last?.tag ?? 1;
    const done = by.manage(FUNCTION.ABORT_TASK, 0, tag);
    this.#pend(done.then(() => {
      if (last !== undefined) last.gone = true;
    }));
  }

  /** An initiator asks for another function. */
  manage(who: number, what: number): void {
    const name = FUNCTIONS[what % FUNCTIONS.length] ?? FUNCTION.ABORT_TASK_SET;
    const by = this.#who(who);
    const isNear = by.nexus.port === this.pair.port;
    const { isUp } = this.pair.near.link;
    const cuts = this.#cuts;
    const all = this.#writes.filter(({ endedAt }) => endedAt === Infinity);
    const own = all.filter((write) => write.by === by);
    // What comes over the link after it, the far node cannot have reached.
    const reached = isNear && !isOfOneNexus(name) ? all : own;
    this.#pend(
      by.manage(name).then(() => {
        const isWhole = isUp && cuts === this.#cuts;
        for (const victim of isWhole ? reached : own) victim.gone = true;
      }),
    );
  }

  /** An initiator is slow, or is so no longer. */
  slow(who: number, slow: boolean): void {
    const by = this.#who(who);
    if (slow) by.hold();
    else by.resume();
  }

  /** The store keeps its answers, or gives one of them. */
  store(index: number): void {
    if (index === 0) this.medium.holding = true;
    else if (index === 1) this.medium.answerAll();
    else this.medium.answerOne(index);
  }

  /** Frames are kept, or some of them delivered. */
  link(toFar: boolean, count: number): void {
    const { link } = toFar ? this.pair.near : this.pair.far;
    if (count === 0) link.holding = true;
    else if (count > 30) link.resume();
    else link.deliver(count);
  }

  /** The link ends, and may come up again. */
  cut(again: boolean): void {
    this.#cuts += 1;
    this.pair.near.link.cut("chaos");
    if (again) this.pair.connect();
  }

  /** The link is congested, or is so no longer. */
  congest(congested: boolean): void {
    for (const { link, forwarding } of [this.pair.near, this.pair.far]) {
      link.congested = congested && link.isUp;
      if (!congested) forwarding.linkDrained();
    }
  }

  /** Lets some turns go by. */
  async turns(count: number): Promise<void> {
    await settle(count);
  }

  /** All goes on; then everything has to have ended. */
  async end(): Promise<void> {
    const { near, far } = this.pair;
    near.link.resume();
    far.link.resume();
    if (!near.link.isUp) this.pair.connect();
    this.congest(false);
    for (const initiator of this.#initiators) initiator.resume();
    for (let round = 0; round < 20; round += 1) {
      this.medium.answerAll();
      await settle(500);
    }
    const all = await settled(Promise.all(this.#pending).then(() => true));
    assert(all, "Something has not ended");
    assert(near.forwarding.isIdle, "The near node is not idle");
    assert(far.forwarding.isIdle, "The far node is not idle");
    for (const { target } of [near, far]) {
      assertEquals(target.luns.get(0)?.taskSet.size, 0, "tasks of the unit");
      for (const port of target.ports.all()) {
        for (const nexus of port.nexuses) {
          assertEquals(nexus.taskCount, 0, "tasks of a nexus");
          assertEquals(nexus.buffers.usedBytes, 0, "buffers of a nexus");
        }
      }
    }
    assertEquals(this.#violations, []);
    this.#checkStore();
    await this.pair.end();
    this.pair.checkRules();
  }

  // What a block holds in the end is no older than what was acknowledged.
  #checkStore(): void {
    for (const newer of this.#writes) {
      if (!newer.good) continue;
      const to = newer.lba + newer.blocks;
      for (let lba = newer.lba; lba < to; lba += 1) {
        const held = this.#writes[(this.medium.stamps[lba] ?? 0) - 1];
        const isOlder = held === undefined || held.endedAt < newer.beganAt;
        assert(!isOlder, `Write ${newer.stamp} of block ${lba} was lost`);
      }
    }
  }

  #who(index: number): LocalInitiator {
    const who = this.#initiators[index % this.#initiators.length];
    assert(who !== undefined);
    return who;
  }

  #pend(promise: Promise<unknown>): void {
    this.#pending.push(promise);
  }
}

function isOfOneNexus(name: string): boolean {
  return name === FUNCTION.ABORT_TASK_SET || name === FUNCTION.I_T_NEXUS_RESET;
}
