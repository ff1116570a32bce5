import { assert, assertEquals } from "@std/assert";
import { type LogicalUnit, SHARED } from "../../../../core/mod.ts";
import type { FrameListener, PeerLink } from "../../../../ha/link/peer_link.ts";
import { NODE_GROUP } from "../../../../ha/roles/mod.ts";
import { Replication } from "../../../../ha/state/replication.ts";
import { encodeMark, STATE_FRAME } from "../../../../ha/state/wire/stream.ts";
import { settle, TestTarget } from "../../../support/core_target.ts";
import { memoryHost } from "../../../support/memory_host.ts";

/** A link whose other end is the test. */
class HandLink implements PeerLink {
  readonly state = "up";
  readonly peer = null;
  readonly queuedBytes = 0;
  readonly congested = false;
  readonly silenceMs = 0;
  readonly lastReason = null;
  readonly events: PeerLink["events"] = new Set();
  readonly sent: number[] = [];
  readonly listeners: Map<number, FrameListener> = new Map();

  get figures(): never {
    throw new TypeError("Nobody asks for them");
  }

  send(kind: number): boolean {
    this.sent.push(kind);
    return true;
  }

  receive(kind: number, listener: FrameListener): void {
    this.listeners.set(kind, listener);
  }

  open(): void {}

  close(): Promise<void> {
    return Promise.resolve();
  }

  restart(): void {}
}

/** A node whose replication is told by hand what its peer says. */
class Scene {
  readonly target: TestTarget;
  readonly link: HandLink = new HandLink();
  readonly replication: Replication;
  /** What was told to the roles. */
  readonly told: string[] = [];

  constructor() {
    const host = memoryHost();
    this.target = new TestTarget(host);
    const { luns, ports } = this.target.target;
    this.replication = new Replication({
      link: this.link,
      groupOf: () => NODE_GROUP,
      unitsOf: () => luns.all(),
      ...{ log: host.log, clock: host.clock, patienceMs: 3000 },
      entries: new Map(),
      ports: () => ports.all(),
      conflict: () => {},
    }, {
      sequence: () => {},
      resyncDone: () => this.told.push("resync done"),
      peerSynced: () => this.told.push("peer synced"),
    });
    this.replication.linkUp();
  }

  /** It is primary, and its peer has all of its state. */
  async servesWithPeer(
    epoch: number,
    snapshot: number,
    meanwhile: () => void = () => {},
  ): Promise<void> {
    this.replication.serve(NODE_GROUP, epoch);
    this.replication.setRule(NODE_GROUP, "wait");
    meanwhile();
    await this.replication.resync(NODE_GROUP);
    this.hears(STATE_FRAME.CONFIRM, epoch, 0, snapshot);
    this.replication.setRule(NODE_GROUP, "peer");
  }

  /** A command changes a unit; the peer hears of it. */
  async changes(unit: LogicalUnit): Promise<void> {
    this.replication.changed(unit, SHARED.MODE_PAGES);
    await settle();
  }

  /** Whether that command still waits for the peer. */
  waits(unit: LogicalUnit): boolean {
    return this.replication.settled(unit) !== null;
  }

  /** The peer says something. */
  hears(kind: number, epoch: number, sequence: number, snapshot = 0): void {
    const mark = { group: NODE_GROUP, epoch, sequence, snapshot };
    const body = encodeMark(mark);
    const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
    this.link.listeners.get(kind)?.(view, new Uint8Array(0));
  }
}

Deno.test("Replication: what was confirmed of an old epoch is no answer", async () => {
  const scene = new Scene();
  const one = await scene.target.addLun();
  const other = await scene.target.addLun();
  await scene.servesWithPeer(2, 1);
  assertEquals(scene.told, ["peer synced"]);
  for (let count = 0; count < 9; count += 1) await scene.changes(one);
  scene.hears(STATE_FRAME.CONFIRM, 2, 8);
  assert(scene.waits(one));
  // It was primary, was none, and is again: the link has held all the time.
  scene.replication.leave(NODE_GROUP);
  await scene.servesWithPeer(5, 2, () => {
    scene.hears(STATE_FRAME.CONFIRM, 2, 9);
  });
  await scene.changes(one);
  await scene.changes(other);
  scene.hears(STATE_FRAME.CONFIRM, 5, 1);
  assertEquals([scene.waits(one), scene.waits(other)], [false, true]);
  scene.hears(STATE_FRAME.CONFIRM, 5, 2);
  assertEquals(scene.waits(other), false);
  await scene.target.end();
});

Deno.test("Replication: a snapshot of an old epoch is none", async () => {
  const scene = new Scene();
  await scene.target.addLun();
  scene.replication.follow(NODE_GROUP, 5);
  const confirms = () =>
    scene.link.sent.filter((kind) => kind === STATE_FRAME.CONFIRM).length;
  scene.hears(STATE_FRAME.SNAPSHOT, 2, 7, 1);
  scene.hears(STATE_FRAME.SNAPSHOT_END, 2, 7, 1);
  assertEquals([scene.told, confirms()], [[], 0]);
  scene.hears(STATE_FRAME.SNAPSHOT, 5, 7, 2);
  scene.hears(STATE_FRAME.SNAPSHOT_END, 5, 7, 2);
  assertEquals([scene.told, confirms()], [["resync done"], 1]);
  await scene.target.end();
});
