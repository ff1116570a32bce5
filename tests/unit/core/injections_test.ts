import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  INJECTION_PATTERN,
  type InjectionRequest,
  Injections,
  ManagementError,
} from "../../../core/mod.ts";

const READ: InjectionRequest = {
  kind: "mediumerr",
  pattern: INJECTION_PATTERN.READ,
  continuous: false,
};

/** Injections, and how often they said that they had changed. */
function make(): { injections: Injections; changes: () => number } {
  let count = 0;
  const injections = new Injections(() => count += 1);
  return { injections, changes: () => count };
}

Deno.test("Injections are inactive until something is injected", () => {
  const { injections, changes } = make();
  assertEquals([injections.active, changes()], [false, 0]);
  const serial = injections.add(READ);
  assertEquals([injections.active, changes()], [true, 1]);
  injections.delete(serial);
  assertEquals([injections.active, changes()], [false, 2]);
  injections.delay({ location: "done", seconds: 1, continuous: true });
  assert(injections.active);
  injections.delay({ location: "done", seconds: 0, continuous: true });
  assert(!injections.active);
});

Deno.test("Injections.add() counts serial numbers from 0, for ever", () => {
  const { injections } = make();
  assertEquals([injections.add(READ), injections.add(READ)], [0, 1]);
  assert(injections.delete(0) && injections.delete(1));
  assert(!injections.delete(1));
  assertEquals(injections.add({ ...READ, continuous: true }), 2);
  assertEquals(injections.errors.map(({ serial }) => serial), [2]);
});

Deno.test("Injections.add() keeps sense data of its own", () => {
  const { injections } = make();
  const senseData = Uint8Array.of(0x72, 0x0b, 0x44, 0);
  injections.add({ ...READ, kind: "custom", senseData });
  senseData.fill(0);
  assertEquals(injections.errors[0]?.senseData?.toHex(), "720b4400");
});

const REFUSED: Readonly<Record<string, Partial<InjectionRequest>>> = {
  "no command": { pattern: 0 },
  "an unknown command": { pattern: 0x100 },
  "a range of TEST UNIT READY": {
    pattern: INJECTION_PATTERN.TEST_UNIT_READY,
    range: { lba: 0, blockCount: 1 },
  },
  "a range of every command": {
    pattern: INJECTION_PATTERN.ANY,
    range: { lba: 0, blockCount: 1 },
  },
  "no sense data": { kind: "custom" },
  "too much sense data": { kind: "custom", senseData: new Uint8Array(253) },
  "sense data that nobody needs": { senseData: new Uint8Array(8) },
};

for (const [what, wish] of Object.entries(REFUSED)) {
  Deno.test(`Injections.add() refuses ${what}`, () => {
    const { injections } = make();
    const error = assertThrows(() => injections.add({ ...READ, ...wish }));
    assert(error instanceof ManagementError);
    assert(!injections.active);
  });
}

Deno.test("Injections.delay() takes whole seconds up to a day", () => {
  const { injections } = make();
  for (const seconds of [-1, 0.5, 86_401, NaN]) {
    const delay = { location: "done", seconds, continuous: false } as const;
    const error = assertThrows(() => injections.delay(delay));
    assert(error instanceof ManagementError);
  }
  injections.delay({ location: "done", seconds: 86_400, continuous: false });
  assertEquals(injections.takeDelayMs("datamove"), 0);
  assertEquals(injections.takeDelayMs("done"), 86_400_000);
  assertEquals(injections.takeDelayMs("done"), 0);
});

Deno.test("Injections.delay() replaces the delay of its place alone", () => {
  const { injections } = make();
  injections.delay({ location: "done", seconds: 1, continuous: true });
  injections.delay({ location: "datamove", seconds: 2, continuous: true });
  injections.delay({ location: "done", seconds: 3, continuous: true });
  assertEquals(injections.delays, [
    { location: "done", seconds: 3, continuous: true },
    { location: "datamove", seconds: 2, continuous: true },
  ]);
  assertEquals(injections.takeDelayMs("done"), 3000);
  assertEquals(injections.takeDelayMs("done"), 3000);
});
