/**
 * Troubles that make each other worse, with something for the initiators to do
 * at the worst moment.
 *
 * @module
 */

import type { NodeId } from "../../ha/link/peer_hello.ts";
import { peerOf } from "../../ha/node.ts";
import {
  FIRST_MS,
  HOSTS,
  type SimAction,
  type SimSetup,
  TROUBLE_MS,
  wishOf,
} from "./plan.ts";
import type { Random } from "./random.ts";

/** Milliseconds until the other node serves when one has died. */
const FAILOVER_MS = 3300;

type Story = (random: Random, scene: Scene) => SimAction[];

interface Scene {
  readonly setup: SimSetup;
  /** The node that is struck first: the primary, mostly. */
  readonly node: NodeId;
  readonly peer: NodeId;
}

const STORIES: [Story, ...Story[]] = [
  isolated,
  diesUntold,
  diesOnSlowLink,
  dieInTurn,
  election,
];

/** Draws a story. */
export function story(random: Random, setup: SimSetup): SimAction[] {
  const node = random.chance(0.75) ? setup.primary : peerOf(setup.primary);
  const scene = { setup, node, peer: peerOf(node) };
  return random.pick(STORIES)(random, scene);
}

// It is alone with its initiators, and goes on as long as it may.
function isolated(random: Random, { setup, node, peer }: Scene): SimAction[] {
  const atMs = momentOf(random, 0.5);
  const forMs = 3500 + random.next() * 3500;
  const cut = (to: string): SimAction => ({
    ...{ kind: "cut", atMs, from: `${node}`, to, both: true, forMs },
  });
  const cuts = [cut(`${peer}`)];
  if (setup.arbiter === "etcd") cuts.push(cut("etcd"));
  const lateMs = atMs + FAILOVER_MS;
  return [
    ...cuts,
    command(random, atMs + random.next() * 2500, node),
    command(random, lateMs + random.next() * 1500, node),
    command(random, lateMs + random.next() * 1500, peer),
  ];
}

// What it does now it cannot tell the other one, and then it dies.
function diesUntold(random: Random, { node, peer }: Scene): SimAction[] {
  const atMs = momentOf(random, 0.4);
  const killMs = atMs + 200 + random.next() * 2500;
  const forMs = killMs - atMs + 2000;
  return [
    { kind: "cut", atMs, from: `${node}`, to: `${peer}`, both: true, forMs },
    command(random, killMs - random.next() * 200, node),
    command(random, killMs - random.next() * 200, node),
    death(random, killMs, node, 4000 + random.next() * 2000),
    command(random, killMs + FAILOVER_MS + random.next() * 1000, peer),
  ];
}

// It dies when something was done just now, on a slow link.
function diesOnSlowLink(random: Random, { node, peer }: Scene): SimAction[] {
  const atMs = momentOf(random, 0.4);
  const killMs = atMs + 30 + random.next() * 20;
  const extraMs = 10 + random.next() * 60;
  return [
    { kind: "lag", atMs: atMs - 100, extraMs, forMs: 1000 },
    command(random, atMs, node),
    command(random, atMs + 10, node),
    death(random, killMs, node, 4000 + random.next() * 2000),
    command(random, killMs + FAILOVER_MS + random.next() * 1000, peer),
  ];
}

// The other one goes on alone until it dies, too; then both begin at once.
function dieInTurn(random: Random, { node, peer }: Scene): SimAction[] {
  const atMs = momentOf(random, 0.15);
  const laterMs = atMs + FAILOVER_MS + 600 + random.next() * 1200;
  const againMs = laterMs + 300 + random.next() * 1500;
  const apartMs = random.next() * 200;
  return [
    death(random, atMs, node, againMs - atMs + apartMs),
    command(random, laterMs - random.next() * 500, peer),
    command(random, laterMs - random.next() * 500, peer),
    death(random, laterMs, peer, againMs - laterMs),
  ];
}

// Nobody can keep the role, and both want it when etcd is there again.
function election(random: Random, { node, peer }: Scene): SimAction[] {
  const atMs = momentOf(random, 0.2);
  const outMs = 3000 + random.next() * 1500;
  const [from, to] = [`${node}`, `${peer}`];
  const extraMs = random.next() * 120;
  return [
    { kind: "cut", atMs, from, to, both: true, forMs: outMs + 2000 },
    { kind: "outage", atMs, forMs: outMs },
    { kind: "slow etcd", atMs: atMs + outMs - 50, extraMs, forMs: 2000 },
    command(random, atMs + outMs + random.next() * 1500, node),
    command(random, atMs + outMs + random.next() * 1500, peer),
  ];
}

function momentOf(random: Random, part: number): number {
  return FIRST_MS + 200 + random.next() * part * TROUBLE_MS;
}

function command(random: Random, atMs: number, node: NodeId): SimAction {
  const host = random.between(0, HOSTS - 1);
  const work = { kind: "shared", node, op: wishOf(random) } as const;
  return { kind: "work", atMs, host, work };
}

function death(
  random: Random,
  atMs: number,
  node: NodeId,
  downMs: number,
): SimAction {
  const kind = random.pick<"kill" | "power">(["kill", "power"]);
  return { kind, atMs, node, downMs };
}
