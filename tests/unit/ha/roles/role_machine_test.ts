/**
 * Stories of one machine: what happens goes in, what is to be done comes out.
 * `tests/sim` has both nodes of a pair with everything around them.
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { RoleMachine } from "../../../../ha/roles/role_machine.ts";
import {
  DEFAULT_ROLE_TIMING,
  EMPTY_RECORD,
  NODE_GROUP,
  type RoleHello,
  type RoleInput,
  type RoleOutput,
  type RoleRecord,
  type RoleSettings,
} from "../../../../ha/roles/role_types.ts";

const SETTINGS: RoleSettings = {
  ...{ group: NODE_GROUP, id: 1, mode: "proxy", role: "primary" },
  ...{ hasLink: true, hasLease: true, ...DEFAULT_ROLE_TIMING },
};

const PEER: RoleHello = {
  ...{ group: NODE_GROUP, id: 2, phase: "waiting", epoch: 0, sequence: 0 },
  ...{ solo: false, epochSeen: 0, inSync: false, released: true },
  ...{ wantsPrimary: false, prefersPrimary: false, yields: false },
  wasPrimary: false,
};

/** A machine, and a test that plays all of its surroundings. */
class Scene {
  readonly machine: RoleMachine;
  nowMs = 0;
  outputs: readonly RoleOutput[] = [];

  constructor(
    settings: Partial<RoleSettings> = {},
    record: Partial<RoleRecord> = {},
  ) {
    this.machine = new RoleMachine({ ...SETTINGS, ...settings }, {
      ...{ ...EMPTY_RECORD, ...record },
    });
  }

  /** Something happens; the words of what is to be done. */
  happens(input: RoleInput, afterMs = 0): string[] {
    this.nowMs += afterMs;
    this.outputs = this.machine.handle(input, this.nowMs);
    return this.outputs.map(({ type }) => type)
      .filter((type) => !SILENT.has(type));
  }

  /** The newest request of a kind. */
  request<Type extends RoleOutput["type"]>(
    type: Type,
  ): Extract<RoleOutput, { type: Type }> {
    const found = this.outputs.findLast(
      (output): output is Extract<RoleOutput, { type: Type }> =>
        output.type === type,
    );
    if (found === undefined) throw new TypeError(`No ${type} was asked for`);
    return found;
  }

  /** The peer says something. */
  hears(hello: Partial<RoleHello>): string[] {
    return this.happens({ type: "hello", peer: { ...PEER, ...hello } });
  }

  /** From the request of a lease to serving. */
  becomesPrimary(epoch: number, leaseMs = 3000): void {
    const { request } = this.request("acquire");
    const validUntilMs = SETTINGS.hasLease ? this.nowMs + leaseMs : null;
    assertEquals(
      this.happens({ type: "granted", request, epoch, validUntilMs }),
      ["fence"],
    );
    this.opens();
  }

  /** The peer is fenced, the store opens. */
  opens(): void {
    const fence = this.request("fence");
    const how = { ok: true, reason: "" };
    const fenced = { type: "fenced", request: fence.request, ...how } as const;
    assertEquals(this.happens(fenced), ["open"]);
    const { request } = this.request("open");
    const todo = this.happens({ type: "opened", request, ...how });
    assert(todo.includes("serve"), todo.join());
    assertEquals(this.machine.phase, "primary");
  }

  /** A pair is made, and this node is primary with a secondary in step. */
  static primary(settings: Partial<RoleSettings> = {}): Scene {
    const scene = new Scene(settings);
    scene.happens({ type: "link-up" });
    scene.hears({});
    const { hasLease = true } = settings;
    // Without an arbiter the peer consents to the epoch that was proposed.
    const epoch = hasLease ? 2 : scene.machine.record.epochSeen;
    if (!hasLease) scene.hears({ epochSeen: epoch });
    scene.becomesPrimary(epoch, 1e6);
    scene.hears({ phase: "following", epoch, epochSeen: epoch });
    scene.happens({ type: "peer-synced" });
    assertEquals(scene.machine.replication, "peer");
    if (!hasLease) return scene;
    const { request, solo } = scene.request("record");
    scene.happens({ type: "recorded", request, solo, ok: true });
    return scene;
  }

  /** The same, and this node is the secondary. */
  static secondary(settings: Partial<RoleSettings> = {}): Scene {
    const scene = new Scene({ role: "secondary", ...settings });
    scene.happens({ type: "link-up" });
    scene.hears({ phase: "primary", epoch: 2, epochSeen: 2, released: false });
    scene.happens({ type: "resync-done", epoch: 2, sequence: 5 });
    return scene;
  }
}

/** What is only told, or kept. */
const SILENT: ReadonlySet<RoleOutput["type"]> = new Set([
  ...["persist", "hello", "log", "event", "access"] as const,
  "replication",
]);

function lost(reason = "closed by the peer"): RoleInput {
  return { type: "link-down", reason, silenceMs: 0 };
}

Deno.test("RoleMachine: alone at the start it waits for its peer", () => {
  const scene = new Scene();
  assertEquals(scene.happens({ type: "tick" }), []);
  assertEquals(scene.happens({ type: "tick" }, 60_000), []);
  assertEquals(scene.machine.access, "transitioning");
});

Deno.test("RoleMachine: without a link it serves as it is configured", () => {
  const first = new Scene({ hasLink: false, hasLease: false });
  assertEquals(first.happens({ type: "tick" }), ["acquire"]);
  assertEquals(first.request("acquire").claim, "unpaired");
  const second = new Scene({
    ...{ hasLink: false, hasLease: false, role: "secondary", id: 2 },
  });
  assertEquals(second.happens({ type: "tick" }), []);
  assertEquals(second.machine.access, "unavailable");
});

Deno.test("RoleMachine: a new pair agrees on the node that prefers it", () => {
  const first = new Scene();
  first.happens({ type: "link-up" });
  assertEquals(first.hears({}), ["acquire"]);
  assertEquals(first.request("acquire").claim, "agreed");
  const second = new Scene({ id: 2, role: "secondary" });
  second.happens({ type: "link-up" });
  assertEquals(second.hears({ id: 1, prefersPrimary: true }), []);
});

Deno.test("RoleMachine: numbers begin anew with each primary", () => {
  const scene = new Scene({}, { epoch: 1, sequence: 77 });
  scene.happens({ type: "link-up" });
  scene.hears({});
  scene.becomesPrimary(2);
  const { epoch, sequence } = scene.machine.record;
  assertEquals([epoch, sequence], [2, 0]);
});

Deno.test("RoleMachine: changes are confirmed by a peer in step", () => {
  const scene = new Scene();
  scene.happens({ type: "link-up" });
  scene.hears({});
  scene.becomesPrimary(2, 1e6);
  // The peer has nothing yet, and the arbiter knows.
  assertEquals(scene.machine.replication, "alone");
  const follows = { phase: "following", epoch: 2, epochSeen: 2 } as const;
  assertEquals(scene.hears(follows), ["resync"]);
  assertEquals(scene.machine.replication, "alone");
  scene.happens({ type: "peer-synced" });
  assertEquals(scene.machine.replication, "peer");
  assertEquals(scene.machine.record.solo, false);
});

Deno.test("RoleMachine: a primary goes on alone when that is recorded", () => {
  const scene = Scene.primary();
  scene.happens(lost());
  assertEquals(scene.machine.replication, "wait");
  assertEquals(scene.happens({ type: "tick" }, 2999), []);
  assertEquals(scene.happens({ type: "tick" }, 1), ["record"]);
  assertEquals(scene.machine.replication, "wait");
  const { request, solo } = scene.request("record");
  assertEquals(solo, true);
  scene.happens({ type: "recorded", request, solo, ok: true });
  assertEquals(scene.machine.replication, "alone");
  assertEquals(scene.machine.record.solo, true);
});

Deno.test("RoleMachine: what could not be recorded is asked for again", () => {
  const scene = Scene.primary();
  scene.happens(lost());
  scene.happens({ type: "tick" }, 3000);
  const { request } = scene.request("record");
  scene.happens({ type: "recorded", request, solo: true, ok: false });
  assertEquals(scene.machine.replication, "wait");
  assertEquals(scene.happens({ type: "tick" }, 250), ["record"]);
});

Deno.test("RoleMachine: a lease in doubt stops it, one that ends drains", () => {
  const scene = new Scene();
  scene.happens({ type: "link-up" });
  scene.hears({});
  scene.becomesPrimary(2, 3000);
  assertEquals(scene.machine.wakeAtMs, 2000);
  assertEquals(scene.happens({ type: "tick" }, 2000), ["suspend"]);
  assertEquals(scene.machine.access, "transitioning");
  const renewed = { type: "renewed", validUntilMs: 5000 } as const;
  assertEquals(scene.happens(renewed, 500), ["resume"]);
  assertEquals(scene.machine.access, "optimized");
  scene.happens({ type: "tick" }, 1500);
  assertEquals(scene.happens({ type: "tick" }, 1000), ["drain"]);
  assertEquals(scene.machine.access, "unavailable");
  assertEquals(scene.happens({ type: "drained" }), ["unfence", "release"]);
});

Deno.test("RoleMachine: a process that stood still has lost its lease", () => {
  const scene = new Scene();
  scene.happens({ type: "link-up" });
  scene.hears({});
  scene.becomesPrimary(2, 3000);
  // Whatever it hears first.
  const late = { type: "renewed", validUntilMs: 12_000 } as const;
  assertEquals(scene.happens(late, 9000), ["drain"]);
  assertEquals(scene.machine.access, "unavailable");
});

Deno.test("RoleMachine: a secondary in step takes over from a dead one", () => {
  const scene = Scene.secondary();
  assertEquals(scene.machine.access, "nonoptimized");
  assertEquals(scene.happens(lost()), ["unfollow", "acquire"]);
  const { claim, solo, epochMin } = scene.request("acquire");
  assertEquals([claim, solo, epochMin], ["complete", true, 2]);
  scene.becomesPrimary(5);
  assertEquals(scene.machine.record.solo, true);
});

Deno.test("RoleMachine: one that is not in step does not", () => {
  const scene = new Scene({ role: "secondary" });
  scene.happens({ type: "link-up" });
  scene.hears({ phase: "primary", epoch: 2, epochSeen: 2, released: false });
  assertEquals(scene.machine.access, "transitioning");
  assertEquals(scene.happens(lost()), ["unfollow"]);
  assertEquals(scene.happens({ type: "tick" }, 60_000), []);
});

Deno.test("RoleMachine: a lease that is held is asked for again", () => {
  const scene = Scene.secondary();
  scene.happens(lost());
  const { request } = scene.request("acquire");
  const why = { why: "held", reason: "node 1 holds it" } as const;
  assertEquals(scene.happens({ type: "refused", request, ...why }), []);
  assertEquals(scene.happens({ type: "tick" }, 249), []);
  assertEquals(scene.happens({ type: "tick" }, 1), ["acquire"]);
});

Deno.test("RoleMachine: the arbiter knows that the peer went on alone", () => {
  const scene = Scene.secondary();
  scene.happens(lost());
  const { request } = scene.request("acquire");
  const why = { why: "solo", reason: "node 1 went on alone" } as const;
  scene.happens({ type: "refused", request, ...why });
  assertEquals(scene.happens({ type: "tick" }, 60_000), []);
});

Deno.test("RoleMachine: an epoch that is old is given back", () => {
  const scene = Scene.secondary();
  scene.happens(lost());
  const { request } = scene.request("acquire");
  const old = {
    type: "granted",
    request,
    epoch: 2,
    validUntilMs: 9e9,
  } as const;
  assertEquals(scene.happens(old), ["release"]);
  assertEquals(scene.machine.phase, "waiting");
});

Deno.test("RoleMachine: a primary of an old epoch is not followed", () => {
  const scene = new Scene({ role: "secondary" }, { epochSeen: 7 });
  scene.happens({ type: "link-up" });
  scene.hears({ phase: "primary", epoch: 6, epochSeen: 6, released: false });
  assertEquals(scene.machine.phase, "waiting");
  assertMatch(scene.request("log").message, /epoch 6 of the peer is old/);
});

Deno.test("RoleMachine: it is not promoted before the peer is fenced", () => {
  const scene = Scene.secondary();
  scene.happens(lost());
  const { request } = scene.request("acquire");
  scene.happens({ type: "granted", request, epoch: 5, validUntilMs: 9e9 });
  const fence = scene.request("fence");
  const failed = { ok: false, reason: "locked" };
  scene.happens({ type: "fenced", request: fence.request, ...failed });
  assertEquals(scene.machine.phase, "fencing");
  assertEquals(scene.happens({ type: "tick" }, 250), ["fence"]);
  scene.opens();
});

Deno.test("RoleMachine: a store that does not open gives the role back", () => {
  const scene = Scene.secondary();
  scene.happens(lost());
  const asked = scene.request("acquire").request;
  scene.happens({
    type: "granted",
    request: asked,
    epoch: 5,
    validUntilMs: 9e9,
  });
  const fence = scene.request("fence").request;
  scene.happens({ type: "fenced", request: fence, ok: true, reason: "" });
  const { request } = scene.request("open");
  const failed = {
    type: "opened",
    request,
    ok: false,
    reason: "gone",
  } as const;
  assertEquals(scene.happens(failed), ["drain"]);
  assertEquals(scene.happens({ type: "drained" }), ["unfence", "release"]);
});

Deno.test("RoleMachine: a role is handed over to a peer that is ready", () => {
  const scene = Scene.primary();
  const wants = { phase: "following", epoch: 2, epochSeen: 2 } as const;
  assertEquals(scene.hears({ ...wants, wantsPrimary: true }), ["drain"]);
  assertEquals(scene.machine.access, "transitioning");
  assertEquals(scene.happens({ type: "drained" }), ["unfence", "release"]);
  // The peer has as much, and was asked for.
  const ready = { inSync: true, wantsPrimary: true, epoch: 2 } as const;
  assertEquals(scene.hears({ ...ready, epochSeen: 2 }), []);
  const serves = { phase: "primary", epoch: 5, epochSeen: 5 } as const;
  assertEquals(scene.hears({ ...serves, released: false }), ["follow"]);
});

/** A primary that has handed its role over to a peer, which has not got it. */
function handedOver(): Scene {
  const scene = Scene.primary();
  const wants = { phase: "following", epoch: 2, epochSeen: 2 } as const;
  scene.hears({ ...wants, wantsPrimary: true });
  scene.happens({ type: "drained" });
  const ready = { inSync: true, wantsPrimary: true, epoch: 2 } as const;
  assertEquals(scene.hears({ ...ready, epochSeen: 2 }), []);
  return scene;
}

Deno.test("RoleMachine: a role that the peer does not want any more", () => {
  const scene = handedOver();
  // It could not have it at once, and was ordered off meanwhile.
  const off = { inSync: true, yields: true, epoch: 2, epochSeen: 2 } as const;
  scene.hears(off);
  assertEquals(scene.happens({ type: "tick" }, SETTINGS.retryMs), ["acquire"]);
});

Deno.test("RoleMachine: a peer that is lost while the role is its", () => {
  const scene = handedOver();
  scene.happens(lost());
  assertEquals(scene.happens({ type: "tick" }, SETTINGS.retryMs), ["acquire"]);
});

Deno.test("RoleMachine: who alone has all takes over, whatever was ordered", () => {
  const scene = Scene.primary();
  const order = { role: "secondary", peerFenced: false } as const;
  scene.happens(lost());
  scene.happens({ type: "order", order });
  scene.happens({ type: "drained" });
  assertEquals(scene.happens({ type: "tick" }, 10_000), []);
  scene.happens({ type: "link-up" });
  // The peer has begun anew and remembers less.
  assertEquals(scene.hears({ epochSeen: 2 }), ["acquire"]);
  const both = Scene.primary();
  both.happens(lost());
  both.happens({ type: "order", order });
  both.happens({ type: "drained" });
  both.happens({ type: "link-up" });
  assertEquals(both.hears({ epochSeen: 2, yields: true }), []);
});

Deno.test("RoleMachine: two primaries that meet end, both", () => {
  const scene = Scene.primary({ hasLease: false });
  const meets = { phase: "primary", epoch: 3, epochSeen: 3 } as const;
  assertEquals(scene.hears({ ...meets, released: false }), ["drain"]);
  assertEquals(scene.machine.phase, "halted");
  assertEquals(scene.machine.access, "unavailable");
  scene.happens({ type: "drained" });
  const restarted = new Scene({}, scene.machine.record);
  assertEquals(restarted.machine.phase, "halted");
  const order = { role: "secondary", peerFenced: false } as const;
  restarted.happens({ type: "order", order });
  assertEquals(restarted.machine.phase, "waiting");
});

Deno.test("RoleMachine: without an arbiter an operator has to vouch", () => {
  const scene = Scene.secondary({ hasLease: false });
  assertEquals(scene.happens(lost()), ["unfollow"]);
  const order = { role: "primary", peerFenced: false } as const;
  scene.happens({ type: "order", order });
  assertMatch(scene.request("order-answer").refusal ?? "", /--peer-fenced/);
  const vouched = { ...order, peerFenced: true };
  assertEquals(
    scene.happens({ type: "order", order: vouched }),
    ["order-answer", "acquire"],
  );
  assertEquals(scene.request("acquire").claim, "forced");
});

Deno.test("RoleMachine: silence stops a secondary before the primary acts", () => {
  const scene = Scene.secondary({ mode: "shared" });
  const silent = { type: "link-silent", silenceMs: 2000 } as const;
  assertEquals(scene.happens(silent), ["suspend"]);
  assertEquals(scene.machine.access, "transitioning");
  assertEquals(scene.happens({ type: "link-heard" }), ["resume"]);
});

Deno.test("RoleMachine: no role for a peer that is being fenced", () => {
  const scene = Scene.primary({ mode: "shared" });
  scene.happens(lost());
  scene.happens({ type: "tick" }, 3000);
  const fence = scene.request("fence").request;
  const { request } = scene.request("record");
  scene.happens({ type: "recorded", request, solo: true, ok: true });
  // It is back before its fencer has done anything, and wants the role.
  scene.happens({ type: "link-up" });
  const wants = { phase: "following", epoch: 2, epochSeen: 2 } as const;
  scene.hears({ ...wants, wantsPrimary: true });
  scene.happens({ type: "peer-synced" });
  const paired = scene.request("record");
  const recorded = { type: "recorded", solo: false, ok: true } as const;
  assertEquals(
    scene.happens({ ...recorded, request: paired.request }),
    [],
  );
  // What it wanted, it wanted before it was hit: a new link shows what it is.
  const fenced = { type: "fenced", request: fence, ok: true } as const;
  assertEquals(scene.happens({ ...fenced, reason: "" }), ["relink"]);
  assertEquals(scene.happens({ type: "tick" }), []);
  scene.happens(lost());
  scene.happens({ type: "link-up" });
  scene.hears({ ...wants, wantsPrimary: true });
  assertEquals(scene.happens({ type: "peer-synced" }), ["drain"]);
});

Deno.test("RoleMachine: who was fenced for a promotion is not once more", () => {
  const scene = Scene.secondary({ mode: "shared" });
  scene.happens(lost());
  const { request } = scene.request("acquire");
  const validUntilMs = scene.nowMs + 1e6;
  const granted = { type: "granted", request, epoch: 5, validUntilMs } as const;
  assertEquals(scene.happens(granted), ["fence"]);
  const fence = scene.request("fence");
  const how = { ok: true, reason: "" };
  assertEquals(
    scene.happens({ type: "fenced", request: fence.request, ...how }),
    ["peer-fenced", "open"],
  );
  const open = scene.request("open");
  scene.happens({ type: "opened", request: open.request, ...how });
  const later = scene.happens({ type: "tick" }, 10_000);
  assertEquals(later.includes("fence"), false);
});

Deno.test("RoleMachine: a lost secondary of shared mode is fenced", () => {
  const scene = Scene.primary({ mode: "shared" });
  scene.happens(lost());
  assertEquals(scene.happens({ type: "tick" }, 3000), ["record", "fence"]);
  const { request, purpose } = scene.request("fence");
  assertEquals(purpose, "peer-lost");
  const fenced = { type: "fenced", request, ok: true, reason: "" } as const;
  assertEquals(scene.happens(fenced), ["peer-fenced"]);
});
