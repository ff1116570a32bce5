import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  EVENT_LISTENERS_MAX,
  EventHub,
  EVENTS_WAITING_MAX,
} from "../../../core/mod.ts";
import { memoryHost } from "../../support/memory_host.ts";

function hubAt(wallClockMs: number): EventHub {
  const { clock } = memoryHost();
  clock.advance(wallClockMs);
  return new EventHub(clock);
}

Deno.test("EventHub gives every listener its events, in order", async () => {
  const hub = hubAt(5);
  hub.emit({ type: "lun-created", lun: 9 });
  using one = hub.subscribe();
  using other = hub.subscribe();
  hub.emit({ type: "lun-created", lun: 0 });
  hub.emit({ type: "port-online", port: 3 });
  for (const listener of [one, other]) {
    assertEquals(
      [await listener.next(), await listener.next()],
      [
        { id: 2, atMs: 5, type: "lun-created", lun: 0 },
        { id: 3, atMs: 5, type: "port-online", port: 3 },
      ],
    );
  }
});

Deno.test("EventSubscription.next() waits for an event", async () => {
  const hub = hubAt(0);
  using listener = hub.subscribe();
  const waiting = listener.next();
  hub.emit({ type: "lun-removed", lun: 4 });
  assertEquals((await waiting)?.type, "lun-removed");
});

Deno.test("EventSubscription tells what a slow listener missed", async () => {
  const hub = hubAt(0);
  using listener = hub.subscribe();
  for (let lun = 0; lun < EVENTS_WAITING_MAX + 3; lun += 1) {
    hub.emit({ type: "lun-changed", lun });
  }
  assertEquals(await listener.next(), {
    id: 3,
    atMs: 0,
    type: "missed",
    count: 3,
  });
  assertEquals(await listener.next(), {
    id: 4,
    atMs: 0,
    type: "lun-changed",
    lun: 3,
  });
});

Deno.test("EventSubscription ends with its listener, or the hub", async () => {
  const hub = hubAt(0);
  const gone = hub.subscribe();
  gone[Symbol.dispose]();
  hub.emit({ type: "lun-created", lun: 0 });
  assertEquals(await gone.next(), null);
  const waiting = hub.subscribe().next();
  hub.close();
  assertEquals(await waiting, null);
  assertEquals(await hub.subscribe().next(), null);
});

Deno.test("EventHub refuses a listener too many, and takes the next", () => {
  const hub = hubAt(0);
  const all = Array.from(
    { length: EVENT_LISTENERS_MAX },
    () => hub.subscribe(),
  );
  assertThrows(() => hub.subscribe());
  all[0]?.[Symbol.dispose]();
  assert(hub.subscribe());
});
