/**
 * What a peer may send that has the right certificate and is out of its mind:
 * any bytes as a LOGIN, frames in any pieces, frames that are nearly right.
 */

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { FrameReader, OPEN_LIMITS } from "../../ha/link/frame_reader.ts";
import type { PeerHello } from "../../ha/link/peer_hello.ts";
import { decodeClose } from "../../ha/wire/close.ts";
import { FRAME_HEADER_LENGTH } from "../../ha/wire/frame.ts";
import { decodeHello, encodeHello } from "../../ha/wire/hello.ts";
import { MemoryCable } from "../support/ha/memory_transport.ts";
import { NodePair } from "../support/ha/node_pair.ts";
import { settle } from "../support/core_target.ts";
import type { LocalInitiator } from "../support/local_initiator.ts";
import { frameOf } from "../support/ha/stranger.ts";
import { fuzzTest } from "./settings.ts";

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

const U32 = fc.nat(0xffff_ffff);
const TEXT = fc.string({ unit: "grapheme", maxLength: 40 });

const HELLO: fc.Arbitrary<PeerHello> = fc.record({
  version: fc.constant(1),
  mode: fc.constantFrom("standby", "shared", "proxy"),
  id: fc.constantFrom(1, 2),
  role: fc.constantFrom("primary", "secondary"),
  epoch: fc.maxSafeNat(),
  instance: fc.uint8Array({ minLength: 16, maxLength: 16 })
    .map((bytes) => bytes.toHex()),
  timing: fc.record({ heartbeatMs: U32, silentMs: U32, deadMs: U32 }),
  limits: fc.record({
    ...{ lunsMax: U32, portsMax: U32, initiatorsPerPortMax: U32 },
  }),
  luns: fc.array(fc.record({ number: U32, description: TEXT })),
  ports: fc.array(fc.record({
    ...{ number: U32, tag: fc.nat(0xffff), name: TEXT, target: TEXT },
    portals: fc.array(TEXT, { maxLength: 16 }),
  })),
});

fuzzTest(
  "A LOGIN says what it was told, and nothing when it is cut",
  { share: 0.02, casesPerRun: 1 },
  fc.property(HELLO, fc.nat(1e6), (hello, cut) => {
    const bytes = encodeHello(hello);
    assertEquals(decodeHello(viewOf(bytes), 1), hello);
    const part = bytes.subarray(0, cut % bytes.length);
    assertEquals(typeof decodeHello(viewOf(part), 1), "string");
  }),
);

fuzzTest(
  "Any bytes are a LOGIN, or have a fault; a CLOSE can be read in any case",
  { share: 0.05, casesPerRun: 1 },
  fc.property(HELLO, fc.nat(), fc.nat(255), (hello, place, byte) => {
    const bytes = encodeHello(hello).slice();
    bytes[place % bytes.length] = byte;
    const read = decodeHello(viewOf(bytes), 1);
    assert(typeof read === "string" || "version" in read);
    assertEquals(typeof decodeClose(viewOf(bytes)).reason, "string");
  }),
);

const FRAME = fc.record({
  kind: fc.integer({ min: 1, max: 159 }),
  body: fc.uint8Array({ maxLength: 100 }),
});

fuzzTest(
  "Frames are the same in whatever pieces they come",
  { share: 0.02, casesPerRun: 1 },
  fc.property(
    fc.array(FRAME, { maxLength: 20 }),
    fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1 }),
    (frames, sizes) => {
      const bytes = joined(frames.map(({ kind, body }) => frameOf(kind, body)));
      const reader = new FrameReader(OPEN_LIMITS);
      const found: string[] = [];
      const take = (kind: number, body: DataView) => {
        const { buffer, byteOffset, byteLength } = body;
        const hex = new Uint8Array(buffer, byteOffset, byteLength).toHex();
        return found.push(`${kind} ${hex}`) > 0;
      };
      for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
        const size = sizes[turn % sizes.length] ?? 1;
        const piece = bytes.subarray(at, at + size);
        reader.room().set(piece);
        assertEquals(reader.received(piece.length, take), null);
        at += piece.length;
      }
      assertEquals(
        found,
        frames.map(({ kind, body }) => `${kind} ${body.toHex()}`),
      );
    },
  ),
);

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(parts.flatMap((part) => [...part]));
}

/** One thing that a peer out of its mind does. */
interface Madness {
  /** Which of the frames that it has sent before is sent again. */
  readonly frame: number;
  /** Bytes of it that are others, by their place. */
  readonly changes: readonly (readonly [place: number, byte: number])[];
  /** Another kind; undefined: the same. */
  readonly kind: number | undefined;
  /** Bytes that are missing at the end. */
  readonly missing: number;
}

const MADNESS: fc.Arbitrary<Madness> = fc.record({
  frame: fc.nat(),
  changes: fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }),
  kind: fc.option(fc.integer({ min: 1, max: 159 }), {
    ...{ nil: undefined, freq: 6 },
  }),
  missing: fc.constantFrom(0, 0, 0, 0, 1, 4),
});

const READ = [0x28, 0, 0, 0, 0, 1, 0, 0, 1, 0];
const WRITE = [0x2a, 0, 0, 0, 0, 1, 0, 0, 1, 0];
const REGISTER = [0x5f, 0, 0, 0, 0, 0, 0, 0, 24, 0];

/** Some of everything, so that all kinds of frames are sent. */
async function work(pair: NodePair, initiator: LocalInitiator) {
  const list = new Uint8Array(24);
  list[15] = 1;
  await Promise.all([
    initiator.command(0, WRITE, { write: new Uint8Array(512) }),
    initiator.command(0, READ, { read: 512 }),
    initiator.command(0, REGISTER, { write: list }),
  ].map((each) => pair.wait(each)));
}

/** Whole frames of what one side has sent. */
function framesOf(chunks: readonly Uint8Array[]): Uint8Array[] {
  const bytes = joined(chunks);
  const view = viewOf(bytes);
  const frames: Uint8Array[] = [];
  for (let at = 0; at + FRAME_HEADER_LENGTH <= bytes.length;) {
    const length = FRAME_HEADER_LENGTH + view.getUint32(at + 4) +
      view.getUint32(at + 8);
    frames.push(bytes.subarray(at, at + length));
    at += length;
  }
  return frames;
}

function madFrame(frames: readonly Uint8Array[], mad: Madness): Uint8Array {
  const frame = frames[mad.frame % frames.length]?.slice() ?? new Uint8Array();
  for (const [place, byte] of mad.changes) {
    // The lengths stay: what follows would be no frame any more.
    const room = frame.length - FRAME_HEADER_LENGTH;
    if (room > 0) frame[FRAME_HEADER_LENGTH + place % room] = byte;
  }
  const view = viewOf(frame);
  if (mad.kind !== undefined) view.setUint16(0, mad.kind);
  const bodyLength = view.getUint32(4);
  if (mad.missing === 0 || mad.missing > bodyLength) return frame;
  view.setUint32(4, bodyLength - mad.missing);
  return frame.subarray(0, frame.length - mad.missing);
}

/** A pair of which node 2 connects, so that its cable is known. */
async function tappedPair(mode: "shared" | "proxy"): Promise<{
  pair: NodePair;
  cable: MemoryCable;
  sent: Uint8Array[];
}> {
  const pair = await NodePair.joined(mode);
  const [cable] = pair.network.cables;
  if (cable === undefined) throw new TypeError("No cable");
  const sent: Uint8Array[] = [];
  cable.tapThere((bytes) => sent.push(bytes));
  return { pair, cable, sent };
}

fuzzTest(
  "A peer out of its mind ends the link, and no command, and no node",
  { share: 0.002, casesPerRun: 1 },
  fc.asyncProperty(
    fc.constantFrom("shared", "proxy"),
    fc.array(MADNESS, { minLength: 1, maxLength: 8 }),
    async (mode, madness) => {
      const { pair, cable, sent } = await tappedPair(mode);
      const near = await pair.wait(pair.one.connect("iqn.near"));
      const far = await pair.wait(pair.two.connect("iqn.far"));
      await work(pair, far);
      await settle(300);
      const frames = framesOf(sent);
      for (const mad of madness) {
        cable.insertThere(madFrame(frames, mad));
        const busy = [work(pair, near), work(pair, far)];
        await pair.pass(50, 10);
        await Promise.all(busy);
      }
      await work(pair, near);
      for (const { node, test } of [pair.two, pair.one]) {
        await pair.wait(node.close("the test ends"));
        await pair.wait(test.end());
        assertEquals(test.target.defects, 0);
      }
    },
  ),
);
