import { assert, assertEquals } from "@std/assert";
import { FrameReader, OPEN_LIMITS } from "../../../../ha/link/frame_reader.ts";
import {
  encodeFrameHeader,
  FRAME_HEADER_LENGTH,
} from "../../../../ha/wire/frame.ts";

const KIND = 64;

/** Fills what room there is with one frame. @returns its bytes */
function fill(reader: FrameReader): number {
  const room = reader.room();
  const view = new DataView(room.buffer, room.byteOffset, room.byteLength);
  const bodyLength = room.length - FRAME_HEADER_LENGTH;
  encodeFrameHeader(view, 0, KIND, bodyLength, 0);
  let taken = 0;
  const problem = reader.received(room.length, (_kind, body) => {
    taken += body.byteLength;
    return true;
  });
  assertEquals([problem, taken], [null, bodyLength]);
  return room.length;
}

Deno.test("FrameReader takes more at once from a peer that sends much", () => {
  const reader = new FrameReader({ ...OPEN_LIMITS, dataMax: 0 });
  const before = fill(reader);
  assertEquals(fill(reader), before, "not before the login");
  reader.limits = OPEN_LIMITS;
  assert(reader.room().length >= 16 * before);
});
