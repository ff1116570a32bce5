import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { CamExchange } from "../../../../frontends/camtgt/initiator.ts";
import { FRAME } from "../../../../frontends/camtgt/wire/frame.ts";
import {
  blocksCdb,
  type CamPeer,
  type CamRig,
  camRig,
  within,
} from "../../../support/cam_rig.ts";
import { isSettled, settle, TestTarget } from "../../../support/core_target.ts";

// Whatever initiators, wires, stores and operators do: every command ends
// once, what was written is read, nothing is left behind in the HBA.

const SEED = 23;
const RUNS = 25;
const HOSTS = 3;
const BLOCKS_OF_HOST = 24;
const BLOCK = 512;
const OPTIONS = [
  { maxio: "700" },
  { maxio: "4k", move_ms: "1" },
  { autosense: "off" },
  { atios: "6", inots: "2", maxio: "1500" },
];
/** Frames that may be lost: whoever waits for one asks again. */
const LOSABLE: ReadonlySet<number> = new Set([
  FRAME.DATA,
  FRAME.ACKNOWLEDGE,
  FRAME.TRANSFER_READY,
  FRAME.RETRANSMIT,
  FRAME.RESPONSE,
]);

interface Sent {
  readonly exchange: CamExchange;
  readonly lba: number;
  readonly blocks: number;
  readonly stamp: number | null;
}

/** What is done next: a kind, and numbers that it takes. */
type Step = readonly [kind: number, host: number, a: number, b: number];

const STEP: fc.Arbitrary<Step> = fc.tuple(
  fc.nat({ max: 19 }),
  fc.nat({ max: HOSTS - 1 }),
  fc.nat({ max: BLOCKS_OF_HOST - 1 }),
  fc.nat({ max: 15 }),
);

class Chaos {
  readonly rig: CamRig;
  readonly test: TestTarget;
  readonly #peers: (CamPeer | null)[] = Array(HOSTS).fill(null);
  readonly #sent: Set<Sent>[] = Array.from({ length: HOSTS }, () => new Set());
  /** Stamps that each block may have. */
  readonly #stamps: Set<number>[] = Array.from(
    { length: HOSTS * BLOCKS_OF_HOST },
    () => new Set([0]),
  );
  #nextStamp = 1;
  ends = 0;

  constructor(test: TestTarget, rig: CamRig) {
    this.test = test;
    this.rig = rig;
  }

  async step([kind, host, a, b]: Step): Promise<void> {
    const peer = this.#peers[host] ?? await this.#join(host);
    const { store } = this.test.driver;
    switch (kind) {
      case 0:
      case 1:
      case 2:
      case 3:
        return this.#send(host, a, b + 1, false);
      case 4:
      case 5:
      case 6:
        return this.#send(host, a, b + 1, true);
      case 7:
        return this.#abort(host, b);
      case 8:
        return this.#manage(host, [1, 2, 8, 0x20, 0x21, 0x81][b % 6] ?? 1);
      case 9:
        this.test.host.clock.advance([1, 100, 1000, 5000][b % 4] ?? 1);
        break;
      case 10:
        store.holding = true;
        break;
      case 11:
      case 12:
        store.answerAll();
        break;
      case 13:
        this.#lose(peer, a, b);
        break;
      case 14:
        peer.filter.holdBack(({ type }) => type === FRAME.DATA);
        break;
      case 15:
        peer.filter.letGo();
        break;
      case 16:
        for (const { exchange } of this.#sent[host] ?? []) {
          if (b < 4) peer.initiator.dataLost(exchange.exchange);
          else peer.initiator.retransmit(exchange.exchange, "DATA_IN", a * 99);
        }
        break;
      case 17:
        if (b < 4) await this.#leave(host, b % 2 === 0);
        break;
      case 18:
        if (b === 0) await this.#turn();
        break;
      default:
        await settle(200);
    }
  }

  /** All that was sent ends, and nothing is left. */
  async finish(): Promise<void> {
    const { store } = this.test.driver;
    store.answerAll();
    for (const peer of this.#peers) {
      if (peer === null) continue;
      peer.filter.loseIncoming = peer.filter.loseOutgoing = () => false;
      peer.filter.letGo();
    }
    for (let turn = 0; turn < 60 && !this.#isOver; turn += 1) {
      await settle();
      this.test.host.clock.advance(1000);
      this.#askForStatus();
    }
    await settle();
    assertEquals(this.#pending, 0, "commands that do not end");
    const { service, port } = this.rig;
    const { atios, inots, heldBytes } = service.usage(port);
    assertEquals({ atios, inots, heldBytes }, {
      atios: 0,
      inots: 0,
      heldBytes: 0,
    });
    assertEquals(this.test.target.luns.get(0)?.taskSet.size, 0);
    for (let host = 0; host < HOSTS; host += 1) await this.#checkAll(host);
  }

  // The HBA waits for acknowledgements that were lost, after the end.
  get #isOver(): boolean {
    const { service, port } = this.rig;
    return this.#pending === 0 && service.usage(port).atios === 0;
  }

  get #pending(): number {
    return this.#sent.reduce((sum, { size }) => sum + size, 0);
  }

  async #join(host: number): Promise<CamPeer> {
    const peer = await this.rig.connect(BigInt(host + 1));
    this.#peers[host] = peer;
    return peer;
  }

  // Blocks of a command belong to no other one that is under way.
  #send(host: number, at: number, blocks: number, writes: boolean): void {
    const peer = this.#peers[host];
    const under = this.#sent[host];
    if (!peer || !under) return;
    const count = Math.min(blocks, BLOCKS_OF_HOST - at);
    const lba = host * BLOCKS_OF_HOST + at;
    const isTaken = [...under].some((other) =>
      lba < other.lba + other.blocks && other.lba < lba + count
    );
    if (isTaken) return;
    const stamp = writes ? this.#nextStamp++ & 0xffff : null;
    const cdb = blocksCdb(writes ? 0x2a : 0x28, lba, count);
    const exchange = peer.initiator.send(
      stamp === null
        ? { lun: 0, cdb, dataInLength: count * BLOCK }
        : { lun: 0, cdb, dataOut: stamped(stamp, count) },
    );
    if (stamp !== null) {
      this.#each(lba, count, (stamps) => stamps.add(stamp));
    }
    const sent = { exchange, lba, blocks: count, stamp };
    under.add(sent);
    this.#follow(sent, under);
  }

  #follow(sent: Sent, under: Set<Sent>): void {
    const { exchange, lba, blocks, stamp } = sent;
    const over = () => {
      assert(under.delete(sent), "It has ended twice");
      this.ends += 1;
    };
    exchange.ended.then(({ status, dataIn }) => {
      over();
      if (status !== 0) return;
      if (stamp === null) return this.#check(lba, dataIn);
      this.#each(lba, blocks, (stamps) => {
        stamps.clear();
        stamps.add(stamp);
      });
    }, over);
  }

  #abort(host: number, which: number): void {
    const all = [...this.#sent[host] ?? []];
    const sent = all[which % Math.max(1, all.length)];
    sent?.exchange.abort().catch(() => {});
  }

  #manage(host: number, code: number): void {
    this.#peers[host]?.initiator.manage(code).catch(() => {});
  }

  #lose({ filter }: CamPeer, a: number, b: number): void {
    let count = 0;
    const lose = ({ type }: { readonly type: number }) => {
      count += 1;
      return LOSABLE.has(type) && count % (a % 5 + 2) === 0;
    };
    if (b % 2 === 0) filter.loseIncoming = lose;
    else {filter.loseOutgoing = (frame) =>
        frame.type !== FRAME.RESPONSE && lose(frame);}
  }

  async #leave(host: number, politely: boolean): Promise<void> {
    const peer = this.#peers[host];
    if (!peer) return;
    this.#peers[host] = null;
    peer.filter.letGo();
    this.test.driver.store.answerAll();
    if (politely) void peer.initiator.logOut();
    else peer.initiator.cut();
    await settle();
  }

  async #turn(): Promise<void> {
    this.test.driver.store.answerAll();
    this.rig.port.setOnline(false);
    await settle();
    this.#peers.fill(null);
    this.rig.port.setOnline(true);
  }

  #askForStatus(): void {
    this.#peers.forEach((peer, host) => {
      for (const { exchange } of this.#sent[host] ?? []) {
        peer?.initiator.retransmit(exchange.exchange, "STATUS");
      }
    });
  }

  async #checkAll(host: number): Promise<void> {
    const { initiator } = await this.rig.ready(BigInt(host + 1));
    const lba = host * BLOCKS_OF_HOST;
    const read = initiator.execute({
      lun: 0,
      cdb: blocksCdb(0x28, lba, BLOCKS_OF_HOST),
      dataInLength: BLOCKS_OF_HOST * BLOCK,
    });
    const { status, dataIn } = await eventually(this.test, read);
    assertEquals(status, 0);
    this.#check(lba, dataIn);
  }

  #check(lba: number, bytes: Uint8Array): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let at = 0; at < bytes.length; at += 2) {
      const stamps = this.#stamps[lba + Math.floor(at / BLOCK)];
      const stamp = view.getUint16(at);
      if (stamps?.has(stamp)) continue;
      throw new Error(`Byte ${at} of LBA ${lba} on is ${stamp}`);
    }
  }

  #each(lba: number, blocks: number, change: (stamps: Set<number>) => void) {
    for (const stamps of this.#stamps.slice(lba, lba + blocks)) change(stamps);
  }
}

// The value of a promise, time going on.
async function eventually<T>(
  { host }: TestTarget,
  promise: Promise<T>,
): Promise<T> {
  for (let turn = 0; turn < 100; turn += 1) {
    if (await isSettled(promise)) break;
    host.clock.advance(1);
  }
  return await within(promise);
}

function stamped(stamp: number, blocks: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(blocks * BLOCK));
  for (let at = 0; at < view.byteLength; at += 2) view.setUint16(at, stamp);
  return new Uint8Array(view.buffer);
}

async function survives(steps: readonly Step[], how: number): Promise<number> {
  const test = new TestTarget();
  try {
    await test.addLun({ backend: "controlled" });
    const rig = await camRig(test, OPTIONS[how] ?? {});
    const chaos = new Chaos(test, rig);
    for (const step of steps) await chaos.step(step);
    await chaos.finish();
    return chaos.ends;
  } finally {
    await test.end();
    test.checkRules();
  }
}

for (const [how, options] of OPTIONS.entries()) {
  Deno.test(`An HBA survives chaos, ${JSON.stringify(options)}`, async () => {
    let ends = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(STEP, { minLength: 40, maxLength: 160, size: "max" }),
        async (steps) => void (ends += await survives(steps, how)),
      ),
      { seed: SEED + how, numRuns: RUNS, endOnFailure: false },
    );
    assert(ends > 10 * RUNS, `${ends} commands were sent`);
  });
}
