/**
 * What is to happen in a run: everything is drawn from the seed, and can be
 * left out piece by piece to find what matters.
 *
 * @module
 */

import type { HaMode, NodeId } from "../../ha/link/peer_hello.ts";
import { BLOCKS } from "./medium.ts";
import { Random } from "./random.ts";
import { story } from "./stories.ts";
import type { SharedOp } from "./shared_state.ts";

/** What an application wants. */
export type Work =
  | { readonly kind: "read"; readonly lba: number; readonly count: number }
  | { readonly kind: "write"; readonly lba: number; readonly count: number }
  /** Through one node; whoever asks is filled in. */
  | {
    readonly kind: "shared";
    readonly node: NodeId;
    readonly op: SharedWish;
  };

/** A command on shared state, without whoever asks. */
export type SharedWish = Exclude<SharedOp, { kind: "write" }> extends infer Op
  ? Op extends SharedOp ? Omit<Op, "by"> : never
  : never;

/** Something that happens at its time. */
export type SimAction =
  & { readonly atMs: number }
  & (
    | { readonly kind: "work"; readonly host: number; readonly work: Work }
    /** A write that its initiator aborts soon. */
    | {
      readonly kind: "abort";
      readonly host: number;
      readonly lba: number;
      readonly abortMs: number;
    }
    /** The process dies; or the whole host. */
    | {
      readonly kind: "kill" | "power";
      readonly node: NodeId;
      readonly downMs: number;
    }
    /** The process dies in its next write to the state database. */
    | {
      readonly kind: "die at write";
      readonly node: NodeId;
      readonly skip: number;
      readonly done: boolean;
      readonly downMs: number;
    }
    /** SIGSTOP, and SIGCONT some time later. */
    | { readonly kind: "stop"; readonly node: NodeId; readonly forMs: number }
    /** The daemon ends as it should, and begins again. */
    | {
      readonly kind: "restart";
      readonly node: NodeId;
      readonly downMs: number;
    }
    /** Nothing gets from here to there. */
    | {
      readonly kind: "cut";
      readonly from: string;
      readonly to: string;
      readonly both: boolean;
      readonly forMs: number;
    }
    /** Connections between the nodes are reset. */
    | { readonly kind: "reset" }
    /** An operator, or SET TARGET PORT GROUPS, orders a role. */
    | {
      readonly kind: "order";
      readonly node: NodeId;
      readonly role: "primary" | "secondary";
    }
    /** What is sent between the nodes, or to etcd, takes longer. */
    | {
      readonly kind: "lag" | "slow etcd";
      readonly extraMs: number;
      readonly forMs: number;
    }
    /** etcd does not answer. */
    | { readonly kind: "outage"; readonly forMs: number }
    /** The medium is slow. */
    | {
      readonly kind: "slow";
      readonly extraMs: number;
      readonly forMs: number;
    }
  );

/** How the pair is set up. */
export interface SimSetup {
  /** How the nodes share. */
  readonly mode: HaMode;
  /** Who decides. */
  readonly arbiter: "etcd" | "static";
  /** What keeps the peer off. */
  readonly fencer: "lease" | "lock" | "command";
  /** Which node is the primary by its configuration. */
  readonly primary: NodeId;
}

/** A run. */
export interface SimPlan {
  /** Where it comes from. */
  readonly seed: number;
  /** The pair. */
  readonly setup: SimSetup;
  /** What happens. */
  readonly actions: readonly SimAction[];
}

/** Hosts with initiators. */
export const HOSTS = 2;
/** Milliseconds in which trouble happens. */
export const TROUBLE_MS = 7000;
/** Before it the pair comes up. */
export const FIRST_MS = 700;

const KEYS = [1, 2] as const;

/** Draws a plan. */
export function planOf(seed: number): SimPlan {
  const random = new Random(seed);
  const setup = setupOf(random);
  const works = times(random.between(8, 26), () => workAction(random));
  const troubles = times(
    random.between(0, 4),
    () => random.chance(0.45) ? story(random, setup) : [trouble(random, setup)],
  );
  const actions = [...works, ...troubles.flat()];
  actions.sort((one, other) => one.atMs - other.atMs);
  return { seed, setup, actions };
}

function times<Value>(count: number, make: () => Value): Value[] {
  return Array.from({ length: count }, make);
}

function setupOf(random: Random): SimSetup {
  const mode = random.pick<HaMode>(["standby", "shared", "proxy"]);
  const arbiter = random.chance(0.7) ? "etcd" : "static";
  const fencers: ["lease" | "command", ...("command" | "lock")[]] = [
    arbiter === "etcd" ? "lease" : "command",
    "command",
  ];
  if (mode !== "shared") fencers.push("lock");
  const fencer = random.pick(fencers);
  const primary = random.chance(0.8) ? 1 : 2;
  return { mode, arbiter, fencer, primary };
}

function workAction(random: Random): SimAction {
  const atMs = FIRST_MS + random.next() * TROUBLE_MS;
  const host = random.between(0, HOSTS - 1);
  if (random.chance(0.06)) {
    const lba = random.between(0, BLOCKS - 1);
    return {
      ...{ kind: "abort", atMs, host, lba },
      abortMs: random.next() * 6,
    };
  }
  return { kind: "work", atMs, host, work: workOf(random) };
}

function workOf(random: Random): Work {
  const count = random.between(1, 3);
  const lba = random.between(0, BLOCKS - count);
  const what = random.next();
  if (what < 0.3) return { kind: "write", lba, count };
  if (what < 0.45) return { kind: "read", lba, count };
  const node = random.pick<NodeId>([1, 2]);
  return { kind: "shared", node, op: wishOf(random) };
}

/** A command on shared state. */
export function wishOf(random: Random): SharedWish {
  const key = random.pick(KEYS);
  const what = random.next();
  if (what < 0.28) return { kind: "register", key };
  if (what < 0.33) return { kind: "register", key: 0 };
  if (what < 0.43) return { kind: "reserve" };
  if (what < 0.5) return { kind: "release" };
  if (what < 0.65) return { kind: "preempt", key };
  if (what < 0.8) return { kind: "select", value: random.between(2, 999) };
  return random.chance(0.5) ? { kind: "look" } : { kind: "sense" };
}

function trouble(random: Random, setup: SimSetup): SimAction {
  const atMs = FIRST_MS + random.next() * (TROUBLE_MS - FIRST_MS);
  const node = random.pick<NodeId>([1, 2]);
  const downMs = 100 + random.next() * 4000;
  const forMs = 50 + random.next() * 5000;
  const what = random.next();
  if (what < 0.14) return { kind: "kill", atMs, node, downMs };
  if (what < 0.24) return { kind: "power", atMs, node, downMs };
  if (what < 0.34) {
    const [skip, done] = [random.between(0, 8), random.chance(0.5)];
    return { kind: "die at write", atMs, node, skip, done, downMs };
  }
  if (what < 0.44) return { kind: "stop", atMs, node, forMs };
  if (what < 0.5) return { kind: "restart", atMs, node, downMs };
  if (what < 0.6) return { kind: "reset", atMs };
  if (what < 0.75) {
    const role = random.pick<"primary" | "secondary">(["primary", "secondary"]);
    return { kind: "order", atMs, node, role };
  }
  if (what < 0.93) return cut(random, atMs, forMs, setup);
  if (what < 0.96 && setup.arbiter === "etcd") {
    return { kind: "outage", atMs, forMs };
  }
  return { kind: "slow", atMs, extraMs: random.next() * 40, forMs };
}

function cut(
  random: Random,
  atMs: number,
  forMs: number,
  { arbiter }: SimSetup,
): SimAction {
  const both = random.chance(0.7);
  const [one, other] = random.pick<[string, string]>([
    ["1", "2"],
    ["1", "2"],
    ["h0", "1"],
    ["h1", "2"],
    arbiter === "etcd" ? ["1", "etcd"] : ["2", "1"],
    arbiter === "etcd" ? ["2", "etcd"] : ["2", "1"],
  ]);
  const [from, to] = random.chance(0.5) ? [one, other] : [other, one];
  return { kind: "cut", atMs, from, to, both, forMs };
}

/** The action in words. */
export function describeAction(action: SimAction): string {
  const { kind, atMs: _, ...rest } = action;
  return `${kind} ${JSON.stringify(rest)}`;
}
