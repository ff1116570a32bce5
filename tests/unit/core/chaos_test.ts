import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  ATTRIBUTE,
  type StoreFaultCause,
  TASK_MANAGEMENT,
  type TaskManagementFunction,
  TRACE_RECORDS_DEFAULT,
  type Tracer,
} from "../../../core/mod.ts";
import type { StoreWork } from "../../support/core_store.ts";
import { settle, settled, TestTarget } from "../../support/core_target.ts";
import type { LocalInitiator } from "../../support/local_initiator.ts";
import { assertPairs } from "../../support/trace_pairs.ts";

// Whatever initiators, stores and operators do, in whatever order: every
// command and function ends once, nothing is left behind, no rule is broken,
// and every wait that a trace has seen begin ends in it.

const SEED = 19;
const NEXUSES = 3;
const LUNS = 2;
const BLOCKS = 64;

const LBA = fc.nat({ max: BLOCKS });
const COUNT = fc.nat({ max: 20 });

interface Sent {
  readonly cdb: number[];
  readonly read?: number;
  readonly write?: Uint8Array;
}

function bytes(length: number): Uint8Array {
  return new Uint8Array(length).fill(0x5a);
}

function ranged(opcode: number, flags: number, lba: number, count: number) {
  return [opcode, flags, 0, 0, 0, lba, 0, 0, count, 0];
}

/** Commands of many kinds on a few blocks. */
const COMMAND: fc.Arbitrary<Sent> = fc.tuple(
  fc.nat({ max: 16 }),
  LBA,
  COUNT,
  fc.nat({ max: 3 }),
).map(([kind, lba, count, more]) => commandOf(kind, lba, count, more));

function commandOf(
  kind: number,
  lba: number,
  count: number,
  more: number,
): Sent {
  const write = bytes(512 * count);
  switch (kind) {
    case 0:
    case 1:
      return { cdb: ranged(0x28, 0, lba, count), read: 512 * count };
    case 2:
      return { cdb: ranged(0x28, 8, lba, count), read: 100 * count };
    case 3:
    case 4:
      return { cdb: ranged(0x2a, 8 * (more & 1), lba, count), write };
    case 5:
      return { cdb: ranged(0x2e, 2 * (more & 1), lba, count), write };
    case 6:
      return { cdb: ranged(0x2f, 2 * more, lba, count), write };
    case 7:
      return {
        cdb: ranged(0x41, 8 * (more & 1), lba, count),
        write: bytes(512),
      };
    case 8:
      return compareAndWrite(lba, more);
    case 9:
      return { cdb: ranged(0x35, 0, 0, 0) };
    case 10:
      return { cdb: [0x12, 0, 0, 0, 96, 0], read: 96 };
    case 11:
      return { cdb: [0x1a, 0, 0x3f, 0, 255, 0], read: 255 };
    case 12:
      return reserveOut(more, count);
    case 13:
      return selectControl(more, count);
    case 14:
      return selectExceptions(more);
    case 15:
      return { cdb: [3, 0, 0, 0, 18, 0], read: 18 };
    default:
      return { cdb: [0x1b, 0, 0, 0, more & 1, 0] };
  }
}

function compareAndWrite(lba: number, count: number): Sent {
  const cdb = [0x89, 0, 0, 0, 0, 0, 0, 0, 0, lba, 0, 0, 0, count, 0, 0];
  return { cdb, write: bytes(1024 * count) };
}

// Everybody has key 1: whoever preempts removes all the others.
function reserveOut(more: number, count: number): Sent {
  const action = [6, 1, 5, 3][more] ?? 6;
  const list = bytes(24).fill(0);
  if (action !== 6) list[7] = 1;
  if (action === 6 || action === 5) list[15] = 1;
  const type = count % 2 === 0 ? 5 : 8;
  return { cdb: [0x5f, action, type, 0, 0, 0, 0, 0, 24, 0], write: list };
}

// QERR, UA_INTLCK_CTRL, TAS and TST in all their ways.
function selectControl(more: number, count: number): Sent {
  const tst = count & 1 ? 0x20 : 0;
  const queue = [0x00, 0x02, 0x06, 0x02][more] ?? 0;
  const lock = [0x00, 0x20, 0x30][count % 3] ?? 0;
  const tas = count & 2 ? 0x40 : 0;
  const page = [0x0a, 0x0a, tst, queue, lock, tas, 0, 0, 0, 0, 0, 0];
  const write = Uint8Array.of(0, 0, 0, 0, ...page);
  return { cdb: [0x15, 0x10, 0, 0, write.length, 0], write };
}

// MRIE 2 to 5, a report each second.
function selectExceptions(more: number): Sent {
  const page = [0x1c, 0x0a, 0x14, 2 + more, 0, 0, 0, 10, 0, 0, 0, 3];
  const write = Uint8Array.of(0, 0, 0, 0, ...page);
  return { cdb: [0x15, 0x10, 0, 0, write.length, 0], write };
}

/** Something that happens; its words are shown when a run fails. */
interface Event {
  readonly words: readonly unknown[];
  readonly happen: (chaos: Chaos) => void;
}

function event<Words extends readonly unknown[]>(
  weight: number,
  words: fc.Arbitrary<Words>,
  happen: (chaos: Chaos, words: Words) => void,
): { weight: number; arbitrary: fc.Arbitrary<Event> } {
  const arbitrary = words.map((these) => ({
    words: [happen.name, ...these],
    happen: (chaos: Chaos) => happen(chaos, these),
  }));
  return { weight, arbitrary };
}

function send(
  chaos: Chaos,
  [nexus, lun, sent, attribute, at]: SendWords,
): void {
  const immediate = at ? {} : { immediate: 0 };
  const { cdb, ...data } = sent;
  const priority = sent.cdb.length === 10 ? at ? 3 : 9 : 0;
  const options = { ...data, ...immediate, attribute, priority };
  chaos.await(chaos.nexus(nexus).command(lun, cdb, options));
}

// Two commands with one tag.
function overlap(chaos: Chaos, [nexus, sent]: readonly [number, Sent]): void {
  const { cdb, ...data } = sent;
  const initiator = chaos.nexus(nexus);
  chaos.await(initiator.command(0, cdb, { ...data, tag: 1 }));
  chaos.await(initiator.command(0, cdb, { ...data, tag: 1 }));
}

function inject(chaos: Chaos, [lun, continuous]: InjectWords): void {
  chaos.test.target.luns.get(lun)?.injections
    .add({ kind: "mediumerr", pattern: 0x03, continuous });
}

function delay(
  chaos: Chaos,
  [lun, location, seconds, continuous]: DelayWords,
): void {
  chaos.test.target.luns.get(lun)?.injections
    .delay({ location, seconds, continuous });
}

function wait(chaos: Chaos, [seconds]: readonly [number]): void {
  chaos.test.host.clock.advance(1000 * seconds);
}

function manage(chaos: Chaos, [nexus, lun, what, tag]: ManageWords): void {
  chaos.await(chaos.nexus(nexus).manage(what, lun, tag));
}

function hold(chaos: Chaos, [nexus, holds]: readonly [number, boolean]): void {
  if (holds) chaos.nexus(nexus).hold();
  else chaos.nexus(nexus).resume();
}

function delayArrival(chaos: Chaos, [nexus]: readonly [number]): void {
  chaos.nexus(nexus).arrivesAtOnce = false;
}

function leave(chaos: Chaos, [nexus]: readonly [number]): void {
  chaos.replace(nexus);
}

function holdStores(chaos: Chaos, [holds]: readonly [boolean]): void {
  for (const store of chaos.test.driver.stores) {
    if (holds) store.holding = true;
    else store.answerAll();
  }
}

function failStore(chaos: Chaos, [work, cause]: FailWords): void {
  chaos.test.driver.stores.at(-1)?.fail(work, cause);
}

function resize(chaos: Chaos, [lun, blocks]: readonly [number, number]): void {
  const sizeBytes = 512 * blocks;
  chaos.operate(chaos.test.target.luns.modify(lun, { sizeBytes }));
}

function reopen(chaos: Chaos, [lun, path]: readonly [number, string]): void {
  const { luns } = chaos.test.target;
  const before = luns.get(lun)?.rawOptions ?? [];
  const options = new Map([...before, ["path", path]]);
  chaos.operate(luns.modify(lun, { sizeBytes: 512 * BLOCKS, options }));
}

function remove(chaos: Chaos, [lun]: readonly [number]): void {
  chaos.operate(chaos.test.target.luns.remove(lun));
}

function create(chaos: Chaos, [number]: readonly [number]): void {
  const options = {
    path: "/x",
    cache: "on",
    unmaps: "native",
    atonce: number === 0 ? "on" : "off",
  };
  const sizeBytes = 512 * BLOCKS;
  const wish = { backend: "controlled", number, sizeBytes, options };
  chaos.operate(chaos.test.addLun(wish));
}

function trace(chaos: Chaos, [lun]: readonly [number | null]): void {
  chaos.trace(lun);
}

function endTrace(chaos: Chaos): void {
  chaos.test.target.tracing.stop();
}

function mapLuns(chaos: Chaos, [lun]: readonly [number | null]): void {
  chaos.test.port.setLunMap(lun === null ? null : new Map([[0, lun]]));
}

const NEXUS = fc.nat({ max: NEXUSES - 1 });
const LUN = fc.nat({ max: LUNS });
const ATTRIBUTES = [1, 1, 1, ATTRIBUTE.ORDERED, ATTRIBUTE.HEAD_OF_QUEUE];
const WHAT = fc.constantFrom(...Object.values(TASK_MANAGEMENT));
const WORK = fc.constantFrom<StoreWork>("read", "write", "flush");
const CAUSE = fc.constantFrom<StoreFaultCause>("medium", "offline");

type SendWords = readonly [number, number, Sent, number, boolean];
type ManageWords = readonly [number, number, TaskManagementFunction, number];
type InjectWords = readonly [number, boolean];
type DelayWords = readonly [number, "datamove" | "done", number, boolean];
type FailWords = readonly [StoreWork, StoreFaultCause];

const EVENT: fc.Arbitrary<Event> = fc.oneof(
  event(
    12,
    fc.tuple(NEXUS, LUN, COMMAND, fc.constantFrom(...ATTRIBUTES), fc.boolean()),
    send,
  ),
  event(2, fc.tuple(NEXUS, LUN, WHAT, fc.nat({ max: 60 })), manage),
  event(4, fc.tuple(NEXUS, fc.boolean()), hold),
  event(2, fc.tuple(NEXUS), delayArrival),
  event(4, fc.tuple(fc.boolean()), holdStores),
  event(1, fc.tuple(NEXUS, COMMAND), overlap),
  event(1, fc.tuple(LUN, fc.boolean()), inject),
  event(
    1,
    fc.tuple(
      LUN,
      fc.constantFrom("datamove", "done"),
      fc.nat({ max: 2 }),
      fc.boolean(),
    ),
    delay,
  ),
  event(2, fc.tuple(fc.nat({ max: 3 })), wait),
  event(1, fc.tuple(WORK, CAUSE), failStore),
  event(1, fc.tuple(NEXUS), leave),
  event(1, fc.tuple(LUN, fc.integer({ min: 1, max: 80 })), resize),
  event(1, fc.tuple(LUN, fc.constantFrom("/x", "/y")), reopen),
  event(1, fc.tuple(LUN), remove),
  event(1, fc.tuple(LUN), create),
  event(1, fc.tuple(fc.option(LUN)), mapLuns),
  event(1, fc.tuple(fc.option(LUN)), trace),
  event(1, fc.constant([]), endTrace),
);

/** A target in the midst of it. */
class Chaos {
  readonly test: TestTarget = new TestTarget();
  readonly #nexuses: LocalInitiator[] = [];
  readonly #former: LocalInitiator[] = [];
  readonly #endings: Promise<unknown>[] = [];
  readonly #traces: Tracer[] = [];

  async begin(): Promise<void> {
    for (let lun = 0; lun < LUNS; lun += 1) create(this, [lun]);
    await settle(50);
    for (let at = 0; at < NEXUSES; at += 1) {
      this.#nexuses.push(await this.test.connectReady(`n${at}`));
    }
  }

  nexus(at: number): LocalInitiator {
    const nexus = this.#nexuses[at];
    if (nexus === undefined) throw new TypeError(`There is no nexus ${at}`);
    return nexus;
  }

  /** Ends a nexus, and connects another under its name. */
  replace(at: number): void {
    const old = this.nexus(at);
    this.await(old.disconnect());
    this.#former.push(old);
    this.#nexuses[at] = this.test.connect(`n${at}`);
  }

  /** Begins a trace, of one LUN or of all. */
  trace(lun: number | null): void {
    const records = 4 * TRACE_RECORDS_DEFAULT;
    this.#traces.push(this.test.target.tracing.start({ lun, records }));
  }

  /** What must end. */
  await(ending: Promise<unknown>): void {
    this.#endings.push(ending);
  }

  /** What operators do may be refused. */
  operate(work: Promise<unknown>): void {
    this.await(work.catch(() => undefined));
  }

  async end(): Promise<void> {
    const nexuses = [...this.#nexuses, ...this.#former];
    // What ends may begin something else that waits.
    for (let times = 0; times < 20; times += 1) {
      for (const nexus of nexuses) nexus.resume();
      this.test.host.clock.advance(10_000);
      holdStores(this, [false]);
      await settle(200);
    }
    const all = Promise.all(this.#endings).then(() => true);
    assert(await settled(all), "something has not ended");
    for (const { nexus } of nexuses) {
      assertEquals([nexus.taskCount, nexus.buffers.usedBytes], [0, 0]);
    }
    for (const unit of this.test.target.luns.all()) {
      assertEquals([unit.taskSet.size, unit.ready.length], [0, 0]);
    }
    await this.test.end();
    this.test.checkRules();
    for (const each of this.#traces) assertPairs(each);
  }
}

async function survives(seed: number, traced: boolean): Promise<void> {
  await fc.assert(
    fc.asyncProperty(
      fc.array(EVENT, { minLength: 10, maxLength: 60, size: "max" }),
      fc.array(fc.nat({ max: 12 }), { minLength: 60, maxLength: 60 }),
      async (events, pauses) => {
        const chaos = new Chaos();
        await chaos.begin();
        if (traced) chaos.trace(null);
        for (const [at, event] of events.entries()) {
          event.happen(chaos);
          await settle(pauses[at] ?? 0);
        }
        await chaos.end();
      },
    ),
    { seed, numRuns: 100, endOnFailure: false },
  );
}

Deno.test("the core ends everything once, whatever comes", async () => {
  await survives(SEED, false);
});

for (const seed of [1, 2, 3]) {
  Deno.test(`waits in a trace end once, whatever comes, seed ${seed}`, () =>
    survives(seed, true));
}
