import { assert, assertEquals, assertRejects } from "@std/assert";
import { ManagementError } from "../../../../core/mod.ts";
import { MemoryState } from "../../../../ctladm/host/memory_state.ts";
import {
  decodeRecord,
  DEFAULT_ROLE_TIMING,
  NODE_GROUP,
  NoFencer,
  type RoleActions,
  RoleDriver,
  StaticArbiter,
} from "../../../../ha/roles/mod.ts";
import { settle } from "../../../support/core_target.ts";
import { memoryHost } from "../../../support/memory_host.ts";

/** A state database that remembers each order that it was given to keep. */
class OrderedState extends MemoryState {
  readonly ordered: unknown[] = [];
  failing = false;

  override write(name: string, value: Uint8Array): void {
    if (this.failing) throw new ManagementError("state", "disk full");
    this.ordered.push(decodeRecord(value)?.ordered);
    super.write(name, value);
  }
}

/** A driver of a node without a peer, and what it was told to do. */
function lonelyDriver(): {
  driver: RoleDriver;
  state: OrderedState;
  done: string[];
} {
  const done: string[] = [];
  const note = (what: string) => () => void done.push(what);
  const actions: RoleActions = {
    open: () => Promise.resolve(null),
    serve: note("serve"),
    suspend: note("suspend"),
    resume: note("resume"),
    drain: () => {
      done.push("drain");
      return Promise.resolve();
    },
    follow: note("follow"),
    unfollow: note("unfollow"),
    resync: note("resync"),
    replication: () => {},
    peerFenced: note("peer fenced"),
    relink: note("relink"),
    access: () => {},
    event: () => {},
    hello: () => {},
    stores: () => [],
  };
  const state = new OrderedState();
  const driver = new RoleDriver({
    settings: {
      ...{ group: NODE_GROUP, id: 1, mode: "proxy", role: "primary" },
      ...{ hasLink: false, hasLease: false, ...DEFAULT_ROLE_TIMING },
    },
    host: { ...memoryHost(), state },
    ...{ arbiter: new StaticArbiter(), fencer: new NoFencer(), actions },
  });
  return { driver, state, done };
}

Deno.test("RoleDriver: takes the role, and gives it up by order", async () => {
  const { driver, done } = lonelyDriver();
  driver.take({ type: "tick" });
  await settle();
  assertEquals(done, ["serve"]);
  await driver.order({ role: "secondary", peerFenced: false });
  assertEquals(done, ["serve", "drain"]);
  await driver.order({ role: "primary", peerFenced: false });
  assertEquals(done, ["serve", "drain", "serve"]);
});

Deno.test("RoleDriver: a node that ends was not ordered anything", async () => {
  const { driver, state, done } = lonelyDriver();
  driver.take({ type: "tick" });
  await settle();
  await driver.close();
  assertEquals(done, ["serve", "drain"]);
  // Not for a moment: it may be killed before it has ended.
  assert(state.ordered.length > 2);
  assertEquals(new Set(state.ordered), new Set([null]));
});

Deno.test("RoleDriver: a later order overrules one that is waited for", async () => {
  const { driver } = lonelyDriver();
  const first = driver.order({ role: "primary", peerFenced: false });
  await driver.order({ role: "secondary", peerFenced: false });
  await assertRejects(() => first);
});

Deno.test("RoleDriver: what cannot be kept is not done", async () => {
  const { driver, state, done } = lonelyDriver();
  state.failing = true;
  driver.take({ type: "tick" });
  await settle();
  assertEquals(done.includes("serve"), false);
});
