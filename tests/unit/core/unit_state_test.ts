import { assertEquals, assertThrows } from "@std/assert";
import { UnitState } from "../../../core/unit_state.ts";
import { type MemoryHost, memoryHost } from "../../support/memory_host.ts";

function make(key: string, host: MemoryHost = memoryHost()): UnitState {
  return new UnitState(host.state, key, host.log);
}

Deno.test("UnitState keeps bytes under names of its own", () => {
  const host = memoryHost();
  const one = make("name:one", host);
  const two = make("name:two", host);
  one.write("x", Uint8Array.of(1));
  two.write("x", Uint8Array.of(2));
  assertEquals(one.read("x"), Uint8Array.of(1));
  assertEquals(host.state.names(""), ["lun/name:one/x", "lun/name:two/x"]);
  one.remove("y");
  one.clear();
  assertEquals(one.read("x"), undefined);
  assertEquals(two.read("x"), Uint8Array.of(2));
});

Deno.test("UnitState.attempt() logs what could not be kept", () => {
  const host = memoryHost();
  const state = make("name:one", host);
  const attempt = (value: number) =>
    state.attempt(() => state.write("x", Uint8Array.of(value)));
  assertEquals(attempt(1), true);
  host.state.failing = true;
  assertEquals(attempt(2), false);
  assertEquals(state.read("x"), Uint8Array.of(1));
  const [line] = host.log.lines;
  assertEquals(
    line?.text,
    "error: State of a LUN was not kept: its command has failed",
  );
  assertEquals(line?.fields, {
    state: "lun/name:one/",
    reason: 'Cannot write "lun/name:one/x": disk full',
  });
});

Deno.test("UnitState.attempt() lets defects through", () => {
  const state = make("name:one");
  assertThrows(() =>
    state.attempt(() => {
      throw new TypeError("planted");
    })
  );
});
