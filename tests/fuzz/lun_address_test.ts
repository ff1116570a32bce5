import { assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  decodeLun,
  encodeLun,
  LUN_FIELD_LENGTH,
  LUN_UNSUPPORTED,
} from "../../core/mod.ts";
import { fuzzTest } from "./settings.ts";

const EFFORT = { share: 0.1, casesPerRun: 1 };
const LUN_MAX = 2 ** 40 - 1;
const STALE = 0xa5;

fuzzTest(
  "decodeLun reads what encodeLun wrote, whatever was there before",
  EFFORT,
  fc.property(fc.oneof(fc.nat(), fc.nat(LUN_MAX)), (lun) => {
    const bytes = new Uint8Array(LUN_FIELD_LENGTH).fill(STALE);
    const view = new DataView(bytes.buffer);
    encodeLun(view, 0, lun);
    assertEquals(decodeLun(view, 0), lun);
  }),
);

const BYTE = fc.oneof(
  { weight: 3, arbitrary: fc.constant(0) },
  { weight: 1, arbitrary: fc.constantFrom(0x01, 0x40, 0x80, 0xc1, 0xd2, 0xff) },
  { weight: 1, arbitrary: fc.nat(255) },
);

fuzzTest(
  "decodeLun takes any eight bytes",
  EFFORT,
  fc.property(
    fc.array(BYTE, { minLength: 8, maxLength: 8, size: "max" }),
    (bytes) => {
      const view = new DataView(Uint8Array.from(bytes).buffer);
      const lun = decodeLun(view, 0);
      if (lun === LUN_UNSUPPORTED) return;
      const again = new DataView(new ArrayBuffer(LUN_FIELD_LENGTH));
      encodeLun(again, 0, lun);
      assertEquals(decodeLun(again, 0), lun);
    },
  ),
);
