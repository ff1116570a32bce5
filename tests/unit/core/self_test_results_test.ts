import { assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  decodeSelfTestResult,
  encodeSelfTestResult,
  SELF_TEST_RESULT_LENGTH,
  type SelfTestResult,
  SelfTestResults,
} from "../../../core/self_test_results.ts";
import { UnitState } from "../../../core/unit_state.ts";
import { memoryHost } from "../../support/memory_host.ts";

const GOLDEN: readonly (readonly [SelfTestResult, string])[] = [
  [
    { code: 5, result: 0, segment: 0, hours: 0, failedLba: null, sense: null },
    "a000" + "0000" + "ffffffffffffffff" + "00000000",
  ],
  [
    {
      code: 2,
      result: 6,
      segment: 2,
      hours: 0x1234,
      failedLba: 0x0102030405,
      sense: { key: 3, asc: 0x11, ascq: 1 },
    },
    "4602" + "1234" + "0000000102030405" + "03110100",
  ],
];

function encode(result: SelfTestResult): Uint8Array {
  const bytes = new Uint8Array(SELF_TEST_RESULT_LENGTH + 2).fill(0xa5);
  encodeSelfTestResult(new DataView(bytes.buffer), 1, result);
  assertEquals([bytes[0], bytes.at(-1)], [0xa5, 0xa5]);
  return bytes.subarray(1, -1);
}

function decode(bytes: Uint8Array): SelfTestResult {
  return decodeSelfTestResult(
    new DataView(bytes.buffer, bytes.byteOffset, bytes.length),
    0,
  );
}

for (const [result, hex] of GOLDEN) {
  Deno.test(`a self-test result is ${hex} both ways`, () => {
    assertEquals(encode(result).toHex(), hex);
    assertEquals(decode(Uint8Array.fromHex(hex)), result);
  });
}

Deno.test("decodeSelfTestResult() reads what was encoded", () => {
  const byte = fc.nat(255);
  const result = fc.record({
    code: fc.nat(7),
    result: fc.nat(15),
    segment: byte,
    hours: fc.nat(0xffff),
    failedLba: fc.option(fc.maxSafeNat()),
    sense: fc.option(fc.record({
      key: fc.integer({ min: 1, max: 15 }),
      asc: byte,
      ascq: byte,
    })),
  });
  fc.assert(
    fc.property(result, (value) => {
      assertEquals(decode(encode(value)), value);
    }),
    { seed: 1 },
  );
});

Deno.test("SelfTestResults takes nothing from a form it does not know", () => {
  const host = memoryHost();
  const state = new UnitState(host.state, "x", host.log);
  for (const kept of ["", "01", "02", "0200000000" + "a5".repeat(16)]) {
    state.write("self_tests", Uint8Array.fromHex(kept));
    assertEquals(new SelfTestResults(state, host.clock).all, []);
  }
  state.write("self_tests", Uint8Array.fromHex("01" + "00000000" + "a0"));
  assertEquals(new SelfTestResults(state, host.clock).all, []);
});

Deno.test("SelfTestResults counts no more hours than it can tell", () => {
  const host = memoryHost();
  const state = new UnitState(host.state, "x", host.log);
  const results = new SelfTestResults(state, host.clock);
  host.clock.advance(70_000 * 3_600_000);
  const result = results.begin(1);
  results.end(result);
  assertEquals(results.all[0]?.hours, 0xffff);
});
