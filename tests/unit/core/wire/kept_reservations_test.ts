import { assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  decodeKeptReservations,
  encodeKeptReservations,
  type KeptReservations,
} from "../../../../core/wire/kept_reservations.ts";

const KEPT: KeptReservations = {
  type: 5,
  holder: 1,
  registrations: [
    {
      key: 0xa1n,
      relativeTargetPort: 3,
      transportId: Uint8Array.of(0x45, 0, 0, 0),
    },
    {
      key: 0xffffffffffffffffn,
      relativeTargetPort: 0x0104,
      transportId: Uint8Array.of(6),
    },
  ],
};
const GOLDEN = "01 05 0001 0002 0000" +
  "00000000000000a1 0003 0004 45000000" +
  "ffffffffffffffff 0104 0001 06";

Deno.test("kept reservations have a form that does not change", () => {
  const bytes = Uint8Array.fromHex(GOLDEN.replaceAll(" ", ""));
  assertEquals(encodeKeptReservations(KEPT), bytes);
  assertEquals(decodeKeptReservations(bytes), KEPT);
});

Deno.test("kept reservations cut at any length are not understood", () => {
  const bytes = encodeKeptReservations(KEPT);
  for (let length = 0; length < bytes.length; length += 1) {
    assertEquals(decodeKeptReservations(bytes.subarray(0, length)), null);
  }
  assertEquals(decodeKeptReservations(Uint8Array.of(...bytes, 0)), null);
});

Deno.test("kept reservations of another version are not understood", () => {
  const bytes = encodeKeptReservations(KEPT);
  assertEquals(decodeKeptReservations(bytes.with(0, 2)), null);
  // A holder that is not there.
  assertEquals(decodeKeptReservations(bytes.with(3, 2)), null);
});

const REGISTRATION = fc.record({
  key: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  relativeTargetPort: fc.nat(0xffff),
  transportId: fc.uint8Array({ maxLength: 300 }),
}, { noNullPrototype: true });

Deno.test("kept reservations come back as they were", () => {
  fc.assert(
    fc.property(
      fc.array(REGISTRATION, { maxLength: 20 }),
      fc.nat(255),
      fc.boolean(),
      (registrations, type, held) => {
        const holder = held && registrations.length > 0
          ? registrations.length - 1
          : null;
        const kept = { type, holder, registrations };
        assertEquals(
          decodeKeptReservations(encodeKeptReservations(kept)),
          kept,
        );
      },
    ),
    { seed: 3, numRuns: 200 },
  );
});
