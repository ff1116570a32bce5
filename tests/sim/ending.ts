/**
 * The end of a run, when all is well again: everything can be read, the other
 * node can take over and has the same, and then nothing changes any more.
 *
 * @module
 */

import type { Findings } from "./findings.ts";
import type { InitiatorHost } from "./initiator_host.ts";
import { BLOCKS } from "./medium.ts";
import type { Nodes } from "./nodes.ts";
import type { SimNode } from "./sim_node.ts";

/** What the end needs. */
export interface EndingParts {
  /** Takes what is wrong. */
  readonly findings: Findings;
  /** The pair. */
  readonly nodes: Nodes;
  /** Who reads. */
  readonly host: InitiatorHost;
  /** Who writes by way of each node, where each serves. */
  readonly writers: readonly InitiatorHost[];
  /** How all is, in words. */
  readonly describe: () => string;
  /** Lets things happen, until something is done or wrong. */
  readonly runUntil: (forMs: number, isDone: () => boolean) => Promise<void>;
}

/** Milliseconds until the two nodes have to be one pair again. */
const JOIN_MS = 25_000;
/** Milliseconds until a pair serves by way of each of its nodes. */
const PATHS_MS = 4000;
/** Milliseconds in which nothing may change at last. */
const REST_MS = 1500;
/** Planned switches that are tried: a node may be shot meanwhile. */
const SWITCHES_MAX = 3;

/** Brings a run to its end; what is wrong is among the findings. */
export async function endRun(parts: EndingParts): Promise<void> {
  await readAll(parts);
  if (parts.findings.violations.length === 0) await switchOver(parts);
  parts.nodes.checkDefects();
}

async function readAll(parts: EndingParts): Promise<void> {
  const { host } = parts;
  const read = (async () => {
    await host.look();
    for (let lba = 0; lba < BLOCKS; lba += BLOCKS / 2) {
      await host.read(lba, BLOCKS / 2);
    }
  })();
  await waitFor(parts, read, "nothing can be read");
}

// The other node has the same, and can tell.
async function switchOver(parts: EndingParts): Promise<void> {
  const { findings, nodes, describe, runUntil } = parts;
  for (let times = 0; times < SWITCHES_MAX; times += 1) {
    await runUntil(JOIN_MS, () => nodes.isPair);
    if (!nodes.isPair) break;
    const next = secondaryOf(nodes);
    findings.told?.(`node ${next.id} is to be primary, at last`);
    const { process } = next;
    const order = next.node.setRole({ role: "primary", peerFenced: false });
    await waitFor(parts, order, "no planned switch", () => !process.alive);
    if (process.alive) {
      await readAll(parts);
      return await stayAsTheyAre(parts);
    }
  }
  findings.complain(`no pair: ${describe()}`);
}

// Nothing is ordered any more: no role changes.
async function stayAsTheyAre(parts: EndingParts): Promise<void> {
  const { findings, nodes, describe, runUntil } = parts;
  await runUntil(JOIN_MS, () => nodes.isPair);
  await writeByEachPath(parts);
  const before = describe();
  nodes.resting = true;
  await runUntil(REST_MS, () => false);
  const primaries = nodes.running.filter(({ node }) =>
    node.status().serving === "primary"
  );
  if (primaries.length === 1) return;
  findings.complain(`no rest: ${before}, ${describe()}`);
}

// Where both nodes serve, they do so to everybody.
async function writeByEachPath(parts: EndingParts): Promise<void> {
  const writes = parts.writers.flatMap((host, lba) => [
    host.writeBy(1, lba),
    host.writeBy(2, lba),
  ]);
  const all = Promise.all(writes).then(() => {});
  await waitFor(parts, all, "a path does not serve", () => false, PATHS_MS);
}

function secondaryOf(nodes: Nodes): SimNode {
  const next = nodes.running.find(({ node }) =>
    node.status().serving !== "primary"
  );
  if (next === undefined) throw new TypeError("Two primaries");
  return next;
}

async function waitFor(
  { findings, describe, runUntil }: EndingParts,
  work: Promise<void>,
  failure: string,
  isOver: () => boolean = () => false,
  forMs: number = JOIN_MS,
): Promise<void> {
  let ended = false;
  work.then(() => ended = true, (error) => {
    ended = true;
    findings.broken(error);
  });
  await runUntil(forMs, () => ended || isOver());
  if (!ended && !isOver()) findings.complain(`${failure}: ${describe()}`);
}
