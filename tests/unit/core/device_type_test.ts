import { assertEquals } from "@std/assert";
import {
  DEVICE_TYPE,
  FOR,
  hasBlocks,
  maskOfDeviceType,
} from "../../../core/mod.ts";

Deno.test("maskOfDeviceType() knows three types", () => {
  assertEquals(
    [0, 3, 5, 1, 0x1f].map(maskOfDeviceType),
    [FOR.DISK, FOR.PROCESSOR, FOR.CD, 0, 0],
  );
});

Deno.test("hasBlocks() is true of disks and CDs", () => {
  assertEquals(
    [DEVICE_TYPE.DISK, DEVICE_TYPE.CD, DEVICE_TYPE.PROCESSOR].map(hasBlocks),
    [true, true, false],
  );
});
