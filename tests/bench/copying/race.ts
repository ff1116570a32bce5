/**
 * Copies inside the target against `qemu-img convert`, which moves the data
 * over the network and back.
 *
 * @module
 */

import { run } from "../../support/command.ts";
import { cloneByXcopy, type CopyLun } from "../../support/copy_client.ts";
import { childrenCpuSeconds, cpuSecondsOf } from "../proc.ts";
import { medianOf } from "../summary.ts";
import { toText } from "../table.ts";
import { type CopyDaemon, type Medium, pairOf } from "./copy_daemon.ts";

/** How many times as long the network is wanted to take. */
export const WANTED = { moved: 2, shared: 40 } as const;

/** What copies do: blocks are read and written, or stores share them. */
export type Kind = keyof typeof WANTED;

/**
 * What they go to: a LUN that nothing was ever written to, whose memory the
 * system has yet to find, or one that was written before.
 */
export type State = "empty" | "written";

const TOOL_MS = 300_000;

/** Seconds of one copy, and CPU seconds of all who took part. */
interface Sample {
  readonly seconds: number;
  readonly cpuSeconds: number;
}

/** Medians of one kind of copy. */
export interface RaceRow {
  /** Where blocks are. */
  readonly medium: Medium;
  /** What the copies did. */
  readonly kind: Kind;
  /** What they went to. */
  readonly state: State;
  /** Of `qemu-img convert`. */
  readonly network: Sample;
  /** Of EXTENDED COPY. */
  readonly copy: Sample;
  /** How many times as long the network took. */
  readonly ratio: number;
}

/** What is raced. */
export interface RaceWish {
  /** Where blocks are. */
  readonly medium: Medium;
  /** What the copies do: as the daemon was started. */
  readonly kind: Kind;
  /** What they go to. */
  readonly state: State;
  /** Times that each takes its turn. */
  readonly rounds: number;
}

/** Both take turns; each copy of the first round is compared. */
export async function race(
  daemon: CopyDaemon,
  { medium, kind, state, rounds }: RaceWish,
): Promise<RaceRow> {
  const [source, destination] = await pairOf(daemon, medium);
  const ways = {
    network: () => convert(daemon, source, destination),
    copy: () => cloneByXcopy(daemon.session, { source, destination }),
  };
  const samples = { network: new Array<Sample>(), copy: new Array<Sample>() };
  for (let round = 0; round < rounds; round += 1) {
    for (const way of ["network", "copy"] as const) {
      await prepare(daemon, destination, state);
      const sample = await measure(daemon, ways[way]);
      if (round === 0) await compare(daemon, source, destination);
      samples[way].push(sample);
      const words = [medium, kind, state, "round", round, way];
      console.error(`# ${words.join(" ")} ${sample.seconds.toFixed(3)} s`);
    }
  }
  const network = medians(samples.network);
  const copy = medians(samples.copy);
  const ratio = network.seconds / copy.seconds;
  return { medium, kind, state, network, copy, ratio };
}

/** What came of it, for a terminal. */
export function tellRaces(rows: readonly RaceRow[]): string {
  return toText({
    head: [
      ...["medium", "copy is", "onto a LUN", "qemu-img convert s", "CPU s"],
      ...["EXTENDED COPY s", "CPU s", "ratio", "wanted"],
    ],
    rows: rows.map(({ medium, kind, state, network, copy, ratio }) => [
      ...[medium, kind, state],
      ...[network.seconds.toFixed(3), network.cpuSeconds.toFixed(2)],
      ...[copy.seconds.toFixed(3), copy.cpuSeconds.toFixed(2)],
      ...[ratio.toFixed(1), verdict(medium, kind, ratio)],
    ]),
  });
}

// What files take is told; what is wanted is of memory.
function verdict(medium: Medium, kind: Kind, ratio: number): string {
  if (medium !== "RAM") return "-";
  return `${WANTED[kind]} ${ratio >= WANTED[kind] ? "pass" : "FAIL"}`;
}

async function prepare(
  daemon: CopyDaemon,
  destination: CopyLun,
  state: State,
): Promise<void> {
  await daemon.empty(destination);
  if (state === "written") await daemon.fill(destination);
}

async function measure(
  { pid }: CopyDaemon,
  work: () => Promise<void>,
): Promise<Sample> {
  const cpuSeconds = () => cpuSecondsOf(pid) + childrenCpuSeconds();
  const before = cpuSeconds();
  const began = performance.now();
  await work();
  const seconds = (performance.now() - began) / 1000;
  return { seconds, cpuSeconds: cpuSeconds() - before };
}

function medians(samples: readonly Sample[]): Sample {
  return {
    seconds: medianOf(samples.map(({ seconds }) => seconds)),
    cpuSeconds: medianOf(samples.map(({ cpuSeconds }) => cpuSeconds)),
  };
}

async function convert(
  daemon: CopyDaemon,
  from: CopyLun,
  to: CopyLun,
): Promise<void> {
  const urls = [daemon.url(from.lun), daemon.url(to.lun)];
  const words = ["convert", "-n", "-f", "raw", "-O", "raw", ...urls];
  await run("qemu-img", words, { timeMsMax: TOOL_MS });
}

async function compare(
  daemon: CopyDaemon,
  from: CopyLun,
  to: CopyLun,
): Promise<void> {
  const urls = [daemon.url(from.lun), daemon.url(to.lun)];
  const words = ["compare", "-f", "raw", "-F", "raw", ...urls];
  await run("qemu-img", words, { timeMsMax: TOOL_MS });
}
