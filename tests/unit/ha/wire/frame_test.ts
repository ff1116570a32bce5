import { assertEquals } from "@std/assert";
import {
  CLOSE_CODE,
  decodeClose,
  encodeClose,
} from "../../../../ha/wire/close.ts";
import {
  encodeFrameHeader,
  FRAME_HEADER_LENGTH,
  frameBodyLength,
  frameDataLength,
  frameKind,
} from "../../../../ha/wire/frame.ts";

Deno.test("A frame's header has all of its bytes, over whatever was there", () => {
  const bytes = new Uint8Array(3 + FRAME_HEADER_LENGTH).fill(0xa5);
  const view = new DataView(bytes.buffer);
  encodeFrameHeader(view, 3, 0x0142, 0x01020304, 0x05060708);
  assertEquals(bytes.toHex(), "a5a5a5" + "01420000" + "01020304" + "05060708");
  assertEquals(
    [frameKind(view, 3), frameBodyLength(view, 3), frameDataLength(view, 3)],
    [0x0142, 0x01020304, 0x05060708],
  );
});

Deno.test("A CLOSE says why, in words that a log can take", () => {
  const bytes = encodeClose({ code: CLOSE_CODE.REFUSED, reason: "mode: no" });
  assertEquals(bytes.toHex(), "01" + "0008" + "6d6f64653a206e6f");
  const read = (hex: string) =>
    decodeClose(new DataView(Uint8Array.fromHex(hex).buffer));
  assertEquals(read(bytes.toHex()), { code: 1, reason: "mode: no" });
  assertEquals(read("0000031b5b41").reason.includes("\x1b"), false);
  assertEquals(read(""), { code: 0, reason: "code: cut off" });
  assertEquals(read("01ffff"), { code: 1, reason: "reason: too long" });
});
