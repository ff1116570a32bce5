import { assertEquals } from "@std/assert";
import {
  blockDeviceRodLimits,
  rodTokenFeatures,
  supportedRodTypes,
} from "../../../../../frontends/tpc/tokens/token_vpd.ts";

function zeroes(count: number): string {
  return "00".repeat(count);
}

Deno.test("blockDeviceRodLimits tells ranges, timeouts and a size", () => {
  const limits = "00000020" + zeroes(6) + "0040" + "00000258" + "0000003c" +
    zeroes(8);
  for (
    const [blockLength, optimal] of [
      [512, "0000000000002000"],
      [4096, "0000000000000400"],
      [0, "0000000000000000"],
    ] as const
  ) assertEquals(blockDeviceRodLimits(blockLength).toHex(), limits + optimal);
});

Deno.test("rodTokenFeatures tells lifetimes and best sizes", () => {
  assertEquals(
    rodTokenFeatures().toHex(),
    "0106005c" + zeroes(12) + "00000001" + "ffffffff" + "00000258" +
      zeroes(18) + "0030" +
      "0000002c" + zeroes(20) + "ffffffffffffffff" + "0000000002000000" +
      zeroes(8),
  );
});

Deno.test("supportedRodTypes lists what can be made and what is taken", () => {
  const entry = (hex: string) => hex + zeroes(59);
  assertEquals(
    supportedRodTypes(true).toHex(),
    "01080104" + "00000100" + entry("0001000003") + entry("0080000003") +
      entry("0080000103") + entry("ffff000102"),
  );
  assertEquals(
    supportedRodTypes(false).toHex(),
    "010800c4" + "000000c0" + entry("0001000003") + entry("0080000103") +
      entry("ffff000102"),
  );
});
