import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  ATTRIBUTE,
  type StoreFaultCause,
  TASK_MANAGEMENT,
  type TaskManagementFunction,
  type Tracer,
  WAIT_NAMES,
} from "../../../../core/mod.ts";
import { TestCoordinator } from "../../../support/core_coordinator.ts";
import type { StoreWork } from "../../../support/core_store.ts";
import { settle, settled, TestTarget } from "../../../support/core_target.ts";
import type {
  CommandOptions,
  LocalInitiator,
} from "../../../support/local_initiator.ts";
import { assertPairs } from "../../../support/trace_pairs.ts";

// One busy unit, few blocks, much data: everybody waits for something, and
// whatever ends the waits, each of them ends once in the trace.

const SEEDS = Array.from({ length: 24 }, (_, index) => 1000 + index);
const RUNS_PER_SEED = 5;
const NEXUSES = 2;
const MEBIBYTE = 2048;

interface Sent extends CommandOptions {
  readonly cdb: readonly number[];
}

function ranged(opcode: number, flags: number, lba: number, count: number) {
  return [opcode, flags, 0, 0, lba >> 8, lba & 255, 0, count >> 8, count & 255];
}

function read(lba: number, blocks: number, attribute: number): Sent {
  const cdb = [...ranged(0x28, 0, lba, blocks), 0];
  return { cdb, read: 512 * blocks, attribute };
}

function write(opcode: number, flags: number, blocks: number): Sent {
  const data = new Uint8Array(512 * blocks).fill(0x5a);
  const cdb = [...ranged(opcode, flags, 0, blocks), 0];
  return { cdb, write: data, immediate: 0 };
}

const UNMAP: Sent = {
  cdb: [0x42, 0, 0, 0, 0, 0, 0, 0, 24, 0],
  write: Uint8Array.fromHex(
    "0016001000000000000000000000000400000008" + "0".repeat(8),
  ),
};
const PREEMPT_LIST = new Uint8Array(24).fill(1, 7, 8).fill(1, 15, 16);

/** Commands by what they may wait for. */
const COMMANDS: readonly Sent[] = [
  read(0, MEBIBYTE, ATTRIBUTE.SIMPLE),
  read(0, MEBIBYTE, ATTRIBUTE.SIMPLE),
  read(4, 8, ATTRIBUTE.HEAD_OF_QUEUE),
  read(0, 8, ATTRIBUTE.ORDERED),
  write(0x2a, 0, 8),
  write(0x2a, 8, MEBIBYTE),
  write(0x2e, 2, 8),
  write(0x41, 0, 1),
  UNMAP,
  { cdb: [0x35, 0, 0, 0, 0, 0, 0, 0, 0, 0] },
  { cdb: [0x9e, 0x12, ...Array(11).fill(0), 32, 0, 0], read: 32 },
  { cdb: [0x12, 0, 0, 0, 96, 0], read: 96 },
  { cdb: [0x5f, 0, 0, 0, 0, 0, 0, 0, 24, 0], write: PREEMPT_LIST.slice(8) },
  { cdb: [0x5f, 6, 0, 0, 0, 0, 0, 0, 24, 0], write: PREEMPT_LIST.toReversed() },
  { cdb: [0x5f, 5, 8, 0, 0, 0, 0, 0, 24, 0], write: PREEMPT_LIST },
];
const FORMATS: readonly Sent[] = [
  { cdb: [0x04, 0, 0, 0, 0, 0] },
  { cdb: [0x04, 0x10, 0, 0, 0, 0], write: Uint8Array.of(0, 2, 0, 0) },
];
const MANAGEMENT = [
  TASK_MANAGEMENT.ABORT_TASK,
  TASK_MANAGEMENT.ABORT_TASK_SET,
  TASK_MANAGEMENT.CLEAR_TASK_SET,
  TASK_MANAGEMENT.LOGICAL_UNIT_RESET,
  TASK_MANAGEMENT.I_T_NEXUS_RESET,
];

/** A target at work, and its traces. */
class Work {
  readonly test: TestTarget = new TestTarget();
  readonly other: TestCoordinator = new TestCoordinator(this.test);
  readonly traces: Tracer[] = [];
  readonly #nexuses: LocalInitiator[] = [];
  readonly #all: LocalInitiator[] = [];
  readonly #endings: Promise<unknown>[] = [];

  async begin(): Promise<void> {
    const options = {
      cache: "on",
      unmaps: "native",
      path: "/x",
      extents: "on",
    };
    await this.test.addLun({
      backend: "controlled",
      sizeBytes: 2 * 2 ** 20,
      options,
    });
    for (let at = 0; at < NEXUSES; at += 1) {
      this.#add(at, await this.test.connectReady(`n${at}`));
    }
    this.trace();
  }

  nexus(at: number): LocalInitiator {
    const nexus = this.#nexuses[at];
    assert(nexus !== undefined);
    return nexus;
  }

  trace(): void {
    const { tracing } = this.test.target;
    this.traces.push(tracing.start({ records: 65536 }));
  }

  send(at: number, { cdb, ...options }: Sent): void {
    this.await(this.nexus(at).command(0, [...cdb], options));
  }

  replace(at: number): void {
    this.await(this.nexus(at).disconnect());
    this.#add(at, this.test.connect(`n${at}`));
  }

  await(ending: Promise<unknown>): void {
    this.#endings.push(ending);
  }

  async end(): Promise<void> {
    for (let times = 0; times < 12; times += 1) {
      for (const nexus of this.#all) nexus.resume();
      this.other.settle();
      for (const store of this.test.driver.stores) store.answerAll();
      this.test.host.clock.advance(10_000);
      await settle(300);
    }
    const ended = await settled(Promise.all(this.#endings).then(() => true));
    assert(ended, "something has not ended");
    for (const each of this.traces) assertPairs(each);
    await this.test.end();
    this.test.checkRules();
    for (const each of this.traces) assertPairs(each);
  }

  #add(at: number, initiator: LocalInitiator): void {
    this.#nexuses[at] = initiator;
    this.#all.push(initiator);
  }
}

type Happening = (work: Work) => void;

const NEXUS = fc.nat({ max: NEXUSES - 1 });

function happening<Word>(
  weight: number,
  words: fc.Arbitrary<Word>,
  happen: (work: Work, nexus: number, word: Word) => void,
): { weight: number; arbitrary: fc.Arbitrary<Happening> } {
  const arbitrary = fc.tuple(NEXUS, words)
    .map(([nexus, word]) => (work: Work) => happen(work, nexus, word));
  return { weight, arbitrary };
}

function send(work: Work, nexus: number, sent: Sent): void {
  work.send(nexus, sent);
}

// Each takes 1 MiB, and eight are what a nexus may have.
function flood(work: Work, nexus: number): void {
  for (const store of work.test.driver.stores) store.holding = true;
  const big = read(0, MEBIBYTE, ATTRIBUTE.SIMPLE);
  for (let count = 0; count < 10; count += 1) work.send(nexus, big);
}

function manage(
  work: Work,
  nexus: number,
  [what, tag]: readonly [TaskManagementFunction, number],
): void {
  work.await(work.nexus(nexus).manage(what, 0, tag));
}

function holdNexus(work: Work, nexus: number, holds: boolean): void {
  if (holds) work.nexus(nexus).hold();
  else work.nexus(nexus).resume();
}

function delayArrival(work: Work, nexus: number, delayed: boolean): void {
  work.nexus(nexus).arrivesAtOnce = !delayed;
}

function holdStore(work: Work, _nexus: number, holds: boolean): void {
  for (const store of work.test.driver.stores) {
    if (holds) store.holding = true;
    else store.answerHeld();
  }
}

function failStore(
  work: Work,
  _nexus: number,
  [what, cause]: readonly [StoreWork, StoreFaultCause],
): void {
  work.test.driver.stores.at(-1)?.fail(what, cause);
}

function handOver(work: Work, nexus: number): void {
  const initiator = work.nexus(nexus);
  work.await(initiator.nexus.handOver(initiator));
}

function holdOther(work: Work, _nexus: number, holds: boolean): void {
  work.other.prompt = !holds;
  if (!holds) work.other.settle();
}

function delay(work: Work, _nexus: number, later: boolean): void {
  const location = later ? "done" : "datamove";
  work.test.target.luns.get(0)?.injections
    .delay({ location, seconds: 1, continuous: false });
}

function traceAgain(work: Work, _nexus: number, on: boolean): void {
  if (on) work.trace();
  else work.test.target.tracing.stop();
}

// QERR 01b: an error takes all tasks with it.
const ABORT_ALL: Sent = {
  cdb: [0x15, 0x10, 0, 0, 16, 0],
  write: Uint8Array.fromHex("00000000" + "0a0a0002" + "0".repeat(16)),
};

const HAPPENING: fc.Arbitrary<Happening> = fc.oneof(
  happening(20, fc.constantFrom(...COMMANDS), send),
  happening(2, fc.constantFrom(...FORMATS), send),
  happening(1, fc.constant(ABORT_ALL), send),
  happening(2, fc.constant(null), flood),
  happening(
    3,
    fc.tuple(fc.constantFrom(...MANAGEMENT), fc.nat({ max: 30 })),
    manage,
  ),
  happening(4, fc.boolean(), holdNexus),
  happening(2, fc.boolean(), delayArrival),
  happening(5, fc.boolean(), holdStore),
  happening(
    2,
    fc.tuple(
      fc.constantFrom<StoreWork>("read", "write", "flush", "unmap", "extent"),
      fc.constantFrom<StoreFaultCause>("medium", "offline", "no-space"),
    ),
    failStore,
  ),
  happening(1, fc.constant(null), (work, nexus) => work.replace(nexus)),
  happening(1, fc.constant(null), handOver),
  happening(2, fc.boolean(), holdOther),
  happening(1, fc.boolean(), delay),
  happening(1, fc.boolean(), traceAgain),
  happening(
    2,
    fc.constant(null),
    (work) => work.test.host.clock.advance(1000),
  ),
);

const seen = new Set<string>();

async function run(happenings: Happening[], pauses: number[]): Promise<void> {
  const work = new Work();
  await work.begin();
  for (const [at, happen] of happenings.entries()) {
    happen(work);
    await settle(pauses[at] ?? 0);
  }
  await work.end();
  for (const each of work.traces) {
    for (const { wait, acquired } of each.waitRows()) {
      if (acquired > 0) seen.add(wait);
    }
  }
}

Deno.test("every wait of a trace ends once, of every kind", async (test) => {
  for (const seed of SEEDS) {
    await test.step(`seed ${seed}`, () =>
      fc.assert(
        fc.asyncProperty(
          fc.array(HAPPENING, { minLength: 20, maxLength: 80, size: "max" }),
          fc.array(fc.nat({ max: 9 }), { minLength: 80, maxLength: 80 }),
          run,
        ),
        { seed, numRuns: RUNS_PER_SEED, endOnFailure: true },
      ));
  }
  assertEquals([...seen].sort(), [...WAIT_NAMES].sort());
});
