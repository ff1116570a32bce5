/**
 * Two links joined by a network in memory, over one clock.
 *
 * @module
 */

import {
  createPeerLink,
  type LinkOptions,
  type LocalHello,
} from "../../../ha/link/link.ts";
import { DEFAULT_TIMING } from "../../../ha/link/peer_hello.ts";
import type { PeerLink } from "../../../ha/link/peer_link.ts";
import { type MemoryHost, memoryHost } from "../memory_host.ts";
import { MemoryNetwork } from "./memory_transport.ts";

/** What a node of the tests says of itself. */
export function helloOf(
  id: 1 | 2,
  changes: Partial<LocalHello> = {},
): LocalHello {
  return {
    ...{ mode: "proxy", id, role: id === 1 ? "primary" : "secondary" },
    ...{ epoch: 7, luns: [{ number: 0, description: "disk 512x2048" }] },
    limits: { lunsMax: 1024, portsMax: 1024, initiatorsPerPortMax: 2048 },
    ports: [{
      ...{ number: id * 10, name: "iqn.t,t,0x0001", target: "iqn.t", tag: id },
      portals: [`192.0.2.${id}:3260`],
    }],
    ...changes,
  };
}

/** One node of a pair. */
export interface LinkNode {
  /** Its link. */
  readonly link: PeerLink;
  /** Its log. */
  readonly host: MemoryHost;
  /** What the link told, in order. */
  readonly told: string[];
}

/** Two nodes; node 2 connects to node 1. */
export interface LinkPair extends AsyncDisposable {
  /** The network between them. */
  readonly network: MemoryNetwork;
  /** Node 1, which listens. */
  readonly one: LinkNode;
  /** Node 2, which connects. */
  readonly two: LinkNode;
  /** Moves the clock in steps, with everything that happens at each. */
  pass(ms: number, stepMs?: number): Promise<void>;
  /** Opens both. */
  open(): Promise<void>;
}

/** Makes a pair; what is given changes the options of its node. */
export function linkPair(
  first: Partial<LinkOptions> = {},
  second: Partial<LinkOptions> = {},
): LinkPair {
  const network = new MemoryNetwork();
  const clock = memoryHost().clock;
  const one = makeNode(
    { transport: network.listening, hello: () => helloOf(1), ...first },
    { ...memoryHost(), clock },
  );
  const two = makeNode(
    { transport: network.connecting, hello: () => helloOf(2), ...second },
    { ...memoryHost(), clock },
  );
  const pass = async (ms: number, stepMs = 100) => {
    for (let left = ms; left > 0; left -= stepMs) {
      await settle();
      clock.advance(Math.min(left, stepMs));
    }
    await settle();
  };
  return {
    ...{ network, one, two, pass },
    open: () => {
      one.link.open();
      two.link.open();
      return settle();
    },
    async [Symbol.asyncDispose]() {
      const closed = [one.link.close("end"), two.link.close("end")];
      await pass(500);
      await Promise.all(closed);
    },
  };
}

/** Lets everything happen that needs no clock. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 300; turn += 1) await Promise.resolve();
}

function makeNode(
  options: Pick<LinkOptions, "transport" | "hello"> & Partial<LinkOptions>,
  host: MemoryHost,
): LinkNode {
  const link = createPeerLink({
    ...{ clock: host.clock, log: host.log, entropy: uniqueEntropy() },
    ...{ timing: DEFAULT_TIMING, ...options },
  });
  const told: string[] = [];
  link.events.add({
    up: (peer) => told.push(`up ${peer.id}`),
    silent: () => told.push("silent"),
    heard: () => told.push("heard"),
    drained: () => told.push("drained"),
    down: (reason) => told.push(`down: ${reason}`),
  });
  return { link, host, told };
}

let instances = 0;

function uniqueEntropy(): LinkOptions["entropy"] {
  instances += 1;
  const seed = instances;
  return { fill: (into) => void into.fill(seed) };
}
