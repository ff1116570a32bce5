import { assert, assertEquals } from "@std/assert";
import { FrameReader, OPEN_LIMITS } from "../../../../ha/link/frame_reader.ts";
import {
  encodeFrameHeader,
  FRAME_HEADER_LENGTH,
} from "../../../../ha/wire/frame.ts";

const KIND = 64;

/** Fills what room there is with empty frames. @returns how many */
function fill(reader: FrameReader): number {
  const room = reader.room();
  const view = new DataView(room.buffer, room.byteOffset, room.byteLength);
  const count = Math.floor(room.length / FRAME_HEADER_LENGTH);
  for (let index = 0; index < count; index += 1) {
    encodeFrameHeader(view, index * FRAME_HEADER_LENGTH, KIND, 0, 0);
  }
  let taken = 0;
  assertEquals(
    reader.received(room.length, (kind) => {
      assertEquals(kind, KIND);
      taken += 1;
      return true;
    }),
    null,
  );
  assertEquals(taken, count);
  return room.length;
}

Deno.test("FrameReader takes more at once from a peer that sends much", () => {
  const reader = new FrameReader({ ...OPEN_LIMITS, dataMax: 0 });
  const before = fill(reader);
  assert(reader.room().length <= before, "not before the login");
  reader.limits = OPEN_LIMITS;
  fill(reader);
  assert(reader.room().length >= 16 * before);
});
