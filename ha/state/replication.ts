/**
 * What both nodes know alike: the primary tells each change before it is
 * answered, the secondary puts it in, keeps it where it has to be kept, and
 * confirms. Every change carries the epoch of its primary and a number; those
 * of another epoch than the one that is followed are refused.
 *
 * @module
 */

import {
  type AttentionScope,
  type Clock,
  type Completion,
  type Log,
  type LogicalUnit,
  type SharedEntries,
  STATUS,
  UNIT_ATTENTION,
} from "../../core/mod.ts";
import type { PeerLink } from "../link/peer_link.ts";
import type { ReplicationRule } from "../roles/role_types.ts";
import {
  type Followed,
  isDurable,
  nothingFollowed,
  readSection,
  SECTION,
  SECTIONS,
} from "./sections.ts";
import {
  ENTRIES_GOOD_MS,
  ENTRIES_MARGIN_MS,
  EntryExchange,
} from "./entries.ts";
import type { FollowerPlaces } from "./follower.ts";
import { GroupStream } from "./group_stream.ts";
import {
  type AttentionFrame,
  decodeAttention,
  decodeChange,
  decodeEntry,
  decodeMark,
  decodeWanted,
  encodeAttention,
  encodeChange,
  encodeMark,
  encodeWanted,
  STATE_FRAME,
  type StreamMark,
  type StreamPlace,
} from "./wire/stream.ts";

/** Who hears how far the state of a group has come. */
export interface ReplicationListener {
  /** A change has its number: made here, or put in here. */
  sequence(group: number, sequence: number, durable: boolean): void;
  /** The secondary (this node) has all of the primary's state. */
  resyncDone(group: number, epoch: number, sequence: number): void;
  /** The secondary (the peer) has confirmed all there is. */
  peerSynced(group: number): void;
}

/** What replication works with. */
export interface ReplicationParts extends FollowerPlaces {
  /** The link; null: there is no peer. */
  readonly link: PeerLink | null;
  /** The group that a unit belongs to. */
  readonly groupOf: (unit: LogicalUnit) => number;
  /** Units of a group. */
  readonly unitsOf: (group: number) => LogicalUnit[];
  /** Log lines. */
  readonly log: Log;
  /** Time. */
  readonly clock: Clock;
  /** Milliseconds that changes wait for a link that is gone. */
  readonly patienceMs: number;
  /** Entries of plugins, by their names. */
  readonly entries: ReadonlyMap<string, SharedEntries>;
}

/** Changes that come without a command: nobody is answered. */
const UNASKED: number = SECTION.RESERVE | SECTION.PREVENT;

/** Unit attentions that each node raises for its own initiators by itself. */
const OWN_CONDITIONS: number = UNIT_ATTENTION.POWER_ON |
  UNIT_ATTENTION.NEXUS_LOSS | UNIT_ATTENTION.LUNS_CHANGED |
  UNIT_ATTENTION.INQUIRY_DATA_CHANGED |
  UNIT_ATTENTION.ASYMMETRIC_ACCESS_CHANGED;

/** Every section of a unit. */
const ALL_SECTIONS: number = SECTIONS.reduce((all, each) => all | each, 0);

/** Replicates the state of all groups over one link. */
export class Replication {
  readonly #parts: ReplicationParts;
  readonly #listener: ReplicationListener;
  readonly #streams: Map<number, GroupStream> = new Map();
  readonly #followed: Map<LogicalUnit, Followed> = new Map();
  readonly #entries: EntryExchange;
  #snapshots = 0;
  #flushing = false;
  #linked = false;
  #cancelPatience: (() => void) | null = null;

  /** Listens to the link. */
  constructor(parts: ReplicationParts, listener: ReplicationListener) {
    this.#parts = parts;
    this.#listener = listener;
    const { link } = parts;
    this.#entries = new EntryExchange(parts);
    link?.receive(STATE_FRAME.ENTRY, (body, data) => this.#entry(body, data));
    link?.receive(STATE_FRAME.CHANGE, (body, data) => this.#change(body, data));
    link?.receive(STATE_FRAME.CONFIRM, (body) => this.#confirmed(body));
    link?.receive(STATE_FRAME.ATTENTION, (body) => this.#attention(body));
    link?.receive(STATE_FRAME.SNAPSHOT, (body) => this.#snapshotBegins(body));
    link?.receive(STATE_FRAME.SNAPSHOT_END, (body) => this.#snapshotEnds(body));
    link?.receive(STATE_FRAME.WANTED, (body) => this.#wanted(body));
  }

  /** What a secondary knows of a unit that stands in no unit. */
  followedOf(unit: LogicalUnit): Followed {
    const known = this.#followed.get(unit) ?? nothingFollowed();
    this.#followed.set(unit, known);
    return known;
  }

  /** From now on that is known of a unit. */
  setFollowed(unit: LogicalUnit, followed: Followed): void {
    this.#followed.set(unit, followed);
  }

  /** A unit was made after the others: each node may be the later one. */
  added(unit: LogicalUnit): void {
    const group = this.#parts.groupOf(unit);
    const stream = this.#streams.get(group);
    if (stream !== undefined) this.#freeze(group, stream);
    if (stream?.role === "primary") this.#tellAll(unit);
    if (stream?.role !== "following") return;
    this.#want(unit, group);
  }

  /** A plugin has come whose entries the peer may have told already. */
  entriesAdded(): void {
    for (const [group, stream] of this.#streams) {
      if (stream.role !== "following") continue;
      for (const unit of this.#parts.unitsOf(group)) this.#want(unit, group);
    }
  }

  #want(unit: LogicalUnit, group: number): void {
    const wanted = encodeWanted({ group, lun: unit.number });
    this.#parts.link?.send(STATE_FRAME.WANTED, wanted);
  }

  /** A unit is gone. */
  forget(unit: LogicalUnit): void {
    this.#followed.delete(unit);
    this.#entries.clear(unit);
    for (const stream of this.#streams.values()) {
      stream.dirty.delete(unit);
      stream.entries.delete(unit);
      this.#release(stream, unit, STATUS.BUSY);
    }
  }

  /** Changes that the peer has not confirmed. */
  lagOf(group: number): number {
    const stream = this.#streams.get(group);
    if (stream === undefined || stream.role !== "primary") return 0;
    return Math.max(0, stream.sequence - stream.confirmed);
  }

  /** This node is the primary of a group from now on. */
  serve(group: number, epoch: number): void {
    const stream = this.#stream(group);
    stream.role = "primary";
    stream.epoch = epoch;
    stream.sequence = 0;
    stream.confirmed = 0;
    stream.snapshot = 0;
    stream.synced = false;
    stream.reliesUntilMs = -Infinity;
    stream.trust.end();
    this.#freeze(group, stream);
  }

  /** The peer is, in this epoch. */
  follow(group: number, epoch: number): void {
    const stream = this.#stream(group);
    this.#leave(group, stream);
    stream.role = "following";
    stream.epoch = epoch;
    stream.follower.begin();
    stream.trust.end();
  }

  /** Nobody is, or nobody knows. */
  leave(group: number): void {
    this.#leave(group, this.#stream(group));
  }

  /** What has to happen before a change is answered. */
  setRule(group: number, rule: ReplicationRule): void {
    const stream = this.#stream(group);
    stream.rule = rule;
    this.#freeze(group, stream);
    if (rule !== "alone" || stream.role !== "primary") return;
    this.#flush();
    // Whoever says so says that the peer does not serve.
    stream.reliesUntilMs = -Infinity;
    stream.telling.end(true);
    for (const unit of [...stream.waiting.keys()]) {
      this.#release(stream, unit, null);
    }
  }

  /** Tells the secondary all of a group's state; changes follow. */
  async resync(group: number): Promise<void> {
    const stream = this.#stream(group);
    const { link } = this.#parts;
    if (link === null || stream.role !== "primary") return;
    this.#flush();
    const snapshot = this.#snapshots += 1;
    stream.snapshot = snapshot;
    stream.synced = false;
    this.#mark(STATE_FRAME.SNAPSHOT, group, stream, snapshot);
    for (const unit of this.#parts.unitsOf(group)) {
      if (link.congested) await drained(link);
      if (stream.snapshot !== snapshot) return;
      for (const section of SECTIONS) {
        this.#send(group, stream, unit, section);
      }
      this.#entries.sendAll(placeOf(group, stream), unit);
    }
    this.#flush();
    this.#mark(STATE_FRAME.SNAPSHOT_END, group, stream, snapshot);
  }

  /** Something of a unit has changed: see `Coordinator.changed`. */
  changed(unit: LogicalUnit, shared: number): void {
    const stream = this.#streams.get(this.#parts.groupOf(unit));
    if (stream === undefined || stream.role !== "primary") return;
    stream.dirty.set(unit, (stream.dirty.get(unit) ?? 0) | shared);
    const isUnasked = unit.frozen && (shared & ~UNASKED) === 0;
    if (stream.rule !== "alone" && !isUnasked) this.#wait(stream, unit);
    this.#flushSoon();
  }

  /** See `Coordinator.settled`. */
  settled(unit: LogicalUnit): Promise<Completion | null> | null {
    const stream = this.#streams.get(this.#parts.groupOf(unit));
    return stream?.waiting.get(unit)?.settled.promise ?? null;
  }

  /** See `Coordinator.entryChanged`. */
  entryChanged(
    unit: LogicalUnit,
    entries: SharedEntries,
    key: string,
  ): Promise<boolean> | null {
    const stream = this.#streams.get(this.#parts.groupOf(unit));
    if (stream === undefined || stream.role !== "primary") return null;
    stream.entries.add(unit, entries, key);
    this.#flushSoon();
    if (stream.snapshot !== 0) return stream.telling.wait();
    // It hears of that with all the rest, if it comes.
    const relies = this.#parts.clock.nowMs() < stream.reliesUntilMs;
    return relies ? Promise.resolve(false) : null;
  }

  /**
   * This node is about to serve a unit, and plugins have entries of it.
   *
   * @returns resolves when they are ready
   */
  async adoptEntries(group: number, unit: LogicalUnit): Promise<void> {
    const { link, clock } = this.#parts;
    const silenceMs = link?.silenceMs ?? 0;
    const { trust } = this.#stream(group);
    await this.#entries
      .adopt(unit, () => trust.isGood(clock.nowMs(), silenceMs));
  }

  /** The peer is about to serve a unit. */
  releaseEntries(unit: LogicalUnit): void {
    this.#entries.release(unit);
  }

  /** A unit attention was raised: initiators of the peer hear of it, too. */
  attention(
    unit: LogicalUnit,
    condition: number,
    { only = "", except = "" }: AttentionScope,
  ): void {
    const group = this.#parts.groupOf(unit);
    const stream = this.#streams.get(group);
    const { link } = this.#parts;
    if (stream?.role !== "primary" || stream.snapshot === 0) return;
    if ((condition & OWN_CONDITIONS) !== 0) return;
    const { epoch } = stream;
    const lun = unit.number;
    const frame = { group, epoch, lun, condition, only, except };
    link?.send(STATE_FRAME.ATTENTION, encodeAttention(frame));
  }

  /** The link is up: nothing is lost from now on. */
  linkUp(): void {
    this.#linked = true;
    this.#cancelPatience?.();
    this.#cancelPatience = null;
    for (const [group, stream] of this.#streams) {
      this.#freeze(group, stream);
      for (const waiting of stream.waiting.values()) {
        // Those that have given up were told so.
        waiting.settled.resolve(STATUS.BUSY);
        waiting.settled = Promise.withResolvers();
      }
    }
  }

  /**
   * The link is down: what it carried is lost.
   *
   * @param silenceMs see `PeerLink.silenceMs`, as it was last
   */
  linkDown(silenceMs: number): void {
    this.#linked = false;
    const nowMs = this.#parts.clock.nowMs();
    for (const [group, stream] of this.#streams) {
      if (stream.role === "primary" && stream.snapshot !== 0) {
        stream.reliesUntilMs = nowMs + ENTRIES_GOOD_MS + ENTRIES_MARGIN_MS;
      }
      stream.telling.end(false);
      stream.trust.lost(nowMs - silenceMs);
      stream.snapshot = 0;
      stream.synced = false;
      stream.follower.begin();
      this.#freeze(group, stream);
    }
    const { clock, patienceMs } = this.#parts;
    this.#cancelPatience ??= clock.after(patienceMs, () => this.#giveUp());
  }

  #stream(group: number): GroupStream {
    const known = this.#streams.get(group) ?? new GroupStream();
    this.#streams.set(group, known);
    return known;
  }

  // What waits for the peer has to be tried again: the peer may know of it, or
  // not. Until it does, or is gone for good, nobody hears what came of it.
  #giveUp(): void {
    this.#cancelPatience = null;
    for (const stream of this.#streams.values()) {
      for (const { settled } of stream.waiting.values()) {
        settled.resolve(STATUS.BUSY);
      }
    }
  }

  #freeze(group: number, stream: GroupStream): void {
    const { link, unitsOf } = this.#parts;
    const frozen = link !== null && !this.#linked &&
      stream.role === "primary" && stream.rule !== "alone";
    for (const unit of unitsOf(group)) {
      if (unit.frozen !== frozen) unit.setFrozen(frozen);
    }
  }

  #leave(group: number, stream: GroupStream): void {
    stream.role = "none";
    this.#freeze(group, stream);
    stream.snapshot = 0;
    stream.synced = false;
    stream.dirty.clear();
    stream.entries.clear();
    stream.telling.end(false);
    for (const unit of [...stream.waiting.keys()]) {
      this.#release(stream, unit, STATUS.BUSY);
    }
  }

  #wait(stream: GroupStream, unit: LogicalUnit): void {
    const waiting = stream.waiting.get(unit);
    if (waiting !== undefined) waiting.sequence = Infinity;
    else {
      const settled = Promise.withResolvers<Completion | null>();
      stream.waiting.set(unit, { unit, settled, sequence: Infinity });
    }
    unit.setUnsettled(true);
  }

  #release(
    stream: GroupStream,
    unit: LogicalUnit,
    instead: Completion | null,
  ): void {
    const waiting = stream.waiting.get(unit);
    if (waiting === undefined) return;
    stream.waiting.delete(unit);
    unit.setUnsettled(false);
    waiting.settled.resolve(instead);
  }

  // Whatever one turn changes is told together.
  #flushSoon(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    queueMicrotask(() => this.#flush());
  }

  #flush(): void {
    this.#flushing = false;
    for (const [group, stream] of this.#streams) {
      if (stream.dirty.size > 0 || !stream.entries.isEmpty) {
        this.#flushStream(group, stream);
      }
    }
  }

  #flushStream(group: number, stream: GroupStream): void {
    let durable = false;
    for (const [unit, shared] of stream.dirty) {
      for (const section of SECTIONS) {
        if ((shared & section) === 0) continue;
        stream.sequence += 1;
        durable ||= isDurable(unit, section);
        if (stream.snapshot !== 0) this.#send(group, stream, unit, section);
      }
      const waiting = stream.waiting.get(unit);
      if (waiting !== undefined) waiting.sequence = stream.sequence;
    }
    stream.dirty.clear();
    for (const changed of stream.entries.take()) {
      stream.sequence += 1;
      if (stream.snapshot === 0) continue;
      this.#entries.send(placeOf(group, stream), changed);
    }
    stream.telling.numbered(stream.sequence);
    this.#listener.sequence(group, stream.sequence, durable);
  }

  // As if all had changed.
  #tellAll(unit: LogicalUnit): void {
    this.changed(unit, ALL_SECTIONS);
    const group = this.#parts.groupOf(unit);
    const stream = this.#streams.get(group);
    if (stream?.role !== "primary" || stream.snapshot === 0) return;
    this.#entries.sendAll(placeOf(group, stream), unit);
  }

  #send(
    group: number,
    { epoch, sequence }: GroupStream,
    unit: LogicalUnit,
    section: number,
  ): void {
    const header = { group, epoch, sequence, lun: unit.number, section };
    const bytes = readSection(unit, section);
    this.#parts.link?.send(STATE_FRAME.CHANGE, encodeChange(header), bytes);
  }

  #mark(
    kind: number,
    group: number,
    { epoch, sequence }: GroupStream,
    snapshot: number,
  ): void {
    const mark = { group, epoch, sequence, snapshot };
    this.#parts.link?.send(kind, encodeMark(mark));
  }

  #confirmed(body: DataView): void {
    const mark = whole(decodeMark(body));
    const stream = this.#streams.get(mark.group);
    if (stream?.role !== "primary" || mark.epoch !== stream.epoch) return;
    stream.confirmed = Math.max(stream.confirmed, mark.sequence);
    if (mark.snapshot !== 0 && mark.snapshot === stream.snapshot) {
      stream.synced = true;
    }
    if (!stream.synced) return;
    stream.telling.confirmed(stream.confirmed);
    for (const [unit, { sequence }] of [...stream.waiting]) {
      if (sequence <= stream.confirmed) this.#release(stream, unit, null);
    }
    if (stream.rule !== "peer" && stream.confirmed >= stream.sequence) {
      this.#listener.peerSynced(mark.group);
    }
  }

  #snapshotBegins(body: DataView): void {
    const mark = whole(decodeMark(body));
    const stream = this.#following(mark);
    stream?.follower.snapshotBegins(mark.snapshot);
    stream?.trust.end();
  }

  #snapshotEnds(body: DataView): void {
    const mark = whole(decodeMark(body));
    const stream = this.#following(mark);
    if (stream === null || !stream.follower.snapshotEnds(mark.snapshot)) return;
    stream.sequence = mark.sequence;
    stream.trust.begin();
    const { group, epoch, sequence } = mark;
    // What it means is kept before the primary hears of it.
    this.#listener.resyncDone(group, epoch, sequence);
    this.#parts.link?.send(STATE_FRAME.CONFIRM, encodeMark(mark));
  }

  #change(body: DataView, data: Uint8Array): void {
    const header = whole(decodeChange(body));
    const stream = this.#following(header);
    if (stream === null) return;
    const { group, epoch, sequence, section } = header;
    const unit = this.#parts.unitsOf(group)
      .find(({ number }) => number === header.lun);
    if (unit !== undefined) {
      const { follower } = stream;
      const followed = this.followedOf(unit);
      follower.apply(this.#parts, { unit, followed, section, data });
    }
    const durable = unit !== undefined && isDurable(unit, section);
    this.#confirm(stream, { group, epoch, sequence }, durable);
  }

  #entry(body: DataView, data: Uint8Array): void {
    const header = whole(decodeEntry(body));
    const stream = this.#following(header);
    if (stream === null) return;
    const unit = this.#parts.unitsOf(header.group)
      .find(({ number }) => number === header.lun);
    if (unit !== undefined) this.#entries.put(unit, header, data);
    this.#confirm(stream, header, false);
  }

  #confirm(
    stream: GroupStream,
    { group, epoch, sequence }: StreamPlace,
    durable: boolean,
  ): void {
    if (stream.follower.inSnapshot) return;
    stream.sequence = sequence;
    this.#listener.sequence(group, sequence, durable);
    const mark = { group, epoch, sequence, snapshot: 0 };
    this.#parts.link?.send(STATE_FRAME.CONFIRM, encodeMark(mark));
  }

  #wanted(body: DataView): void {
    const { group, lun } = whole(decodeWanted(body));
    const unit = this.#parts.unitsOf(group)
      .find(({ number }) => number === lun);
    if (unit !== undefined) this.#tellAll(unit);
  }

  #attention(body: DataView): void {
    const frame = whole(decodeAttention(body));
    if (this.#following({ ...frame, sequence: 0 }) === null) return;
    const unit = this.#parts.unitsOf(frame.group)
      .find(({ number }) => number === frame.lun);
    if (unit !== undefined) raiseHere(unit, frame);
  }

  // The stream, if that epoch is followed: what an old primary says is past.
  #following(
    { group, epoch }: Pick<StreamMark, "group" | "epoch" | "sequence">,
  ): GroupStream | null {
    const stream = this.#streams.get(group);
    const isCurrent = stream?.role === "following" && stream.epoch === epoch;
    if (isCurrent) return stream;
    this.#parts.log.warn("A change of another epoch was refused", {
      ...{ group, epoch, followed: stream?.epoch ?? 0 },
    });
    return null;
  }
}

function raiseHere(
  unit: LogicalUnit,
  { condition, only, except }: AttentionFrame,
): void {
  const known = condition & ~OWN_CONDITIONS;
  if (known === 0) return;
  if (only !== "") unit.tellHere(only, known);
  else unit.raiseHere(known, except === "" ? undefined : except);
}

function placeOf(
  group: number,
  { epoch, sequence }: GroupStream,
): StreamPlace {
  return { group, epoch, sequence };
}

function whole<Frame>(decoded: Frame | string): Frame {
  if (typeof decoded === "string") throw new TypeError(decoded);
  return decoded;
}

function drained(link: PeerLink): Promise<void> {
  return new Promise((resolve) => {
    const listener = {
      drained: () => done(),
      down: () => done(),
    };
    const done = () => {
      link.events.delete(listener);
      resolve();
    };
    link.events.add(listener);
  });
}

export { SECTION };
