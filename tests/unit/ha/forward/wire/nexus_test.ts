import { assertEquals } from "@std/assert";
import {
  decodeNexus,
  encodeNexus,
  type NexusFrame,
} from "../../../../../ha/forward/wire/nexus.ts";

const FRAME: NexusFrame = {
  nexus: 7,
  port: 514,
  transportId: Uint8Array.of(0x45, 0, 0, 4, 0x61, 0, 0, 0),
  name: "a",
  actsFor: null,
};

const FRAMES = [
  [FRAME, "0000000702020008" + "0001ffff" + "4500000461000000" + "61"],
  [
    { ...FRAME, actsFor: 3 },
    "0000000702020008" + "00010003" + "4500000461000000" + "61",
  ],
  [
    { ...FRAME, actsFor: 0, name: "" },
    "0000000702020008" + "00000000" + "4500000461000000",
  ],
] as const;

for (const [frame, hex] of FRAMES) {
  Deno.test(`NEXUS that acts for ${frame.actsFor}, both ways`, () => {
    const bytes = encodeNexus(frame);
    assertEquals(bytes.toHex(), hex);
    assertEquals(decodeNexus(new DataView(bytes.buffer)), frame);
    for (let length = 0; length < bytes.length; length += 1) {
      const cut = new DataView(bytes.buffer, 0, length);
      assertEquals(decodeNexus(cut), null, `${length} bytes`);
    }
  });
}
