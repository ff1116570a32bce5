/**
 * What a target tells of its sessions.
 */

import { assertEquals } from "@std/assert";
import type { EventRecord, EventSubscription } from "../../../mod.ts";
import { INITIATOR_NAME } from "../../support/initiator/mod.ts";
import { systemTest, TARGET_NAME } from "../../support/system_target.ts";

const ISID = Uint8Array.of(0x80, 0, 0, 1, 2, 3);

async function next(events: EventSubscription): Promise<unknown> {
  const event: EventRecord | null = await events.next();
  if (event === null) return null;
  const { id: _id, atMs: _atMs, ...rest } = event;
  return rest;
}

function told(type: string, session: number): unknown {
  return {
    type,
    session,
    port: 3,
    initiator: INITIATOR_NAME,
    address: "127.0.0.1",
    target: TARGET_NAME,
  };
}

systemTest("a session is told when it opens and closes", async (system) => {
  using events = system.target.events.subscribe();
  const session = await system.open();
  assertEquals(await next(events), told("session-opened", 1));
  await session.logout();
  assertEquals(await next(events), told("session-closed", 1));
});

systemTest("a login in its place closes a session", async (system) => {
  using events = system.target.events.subscribe();
  await system.open({ isid: ISID });
  await system.open({ isid: ISID });
  assertEquals(await next(events), told("session-opened", 1));
  assertEquals(await next(events), told("session-closed", 1));
  assertEquals(await next(events), told("session-opened", 2));
});

systemTest("another connection in its place does not", async (system) => {
  const old = await system.open({ isid: ISID });
  using events = system.target.events.subscribe();
  const fresh = await system.open({ isid: ISID, tsih: old.login.tsih });
  assertEquals(fresh.login.tsih, old.login.tsih);
  system.target.ports.get(3)?.setOnline(false);
  assertEquals(await next(events), { type: "port-offline", port: 3 });
  assertEquals(await next(events), told("session-closed", 1));
});

systemTest("a threshold is told once", async (system) => {
  const store = await system.addControlled({ "used-threshold": "2m" });
  using events = system.target.events.subscribe();
  store.usageNow = { used: 2 * 2 ** 20 };
  system.host.clock.advance(10_000);
  assertEquals(await next(events), { type: "threshold-reached", lun: 1 });
});
