import fc from "fast-check";
import { ForwardChaos } from "../../../support/forward_chaos.ts";
import type { PairMode } from "../../../support/ha_pair.ts";

// Nothing hangs, nothing is left behind; what was told to be aborted touches
// nothing, and what was acknowledged is not lost; whatever becomes of the link.

const [runsWord, seedWord] = Deno.args;
const RUNS = Number(runsWord ?? 60);
const SEED = Number(seedWord ?? 6);

/** Something that happens; its words are shown when a run fails. */
interface Event {
  readonly words: readonly unknown[];
  readonly happen: (chaos: ForwardChaos) => void | Promise<void>;
}

function event<Words extends readonly unknown[]>(
  weight: number,
  words: fc.Arbitrary<Words>,
  name: string,
  happen: (chaos: ForwardChaos, ...words: Words) => void | Promise<void>,
): { weight: number; arbitrary: fc.Arbitrary<Event> } {
  const arbitrary = words.map((these) => ({
    words: [name, ...these],
    happen: (chaos: ForwardChaos) => happen(chaos, ...these),
  }));
  return { weight, arbitrary };
}

const WHO = fc.nat({ max: 2 });
const LBA = fc.nat({ max: 40 });
const BLOCKS = fc.oneof(
  { weight: 5, arbitrary: fc.integer({ min: 1, max: 20 }) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 3000 }) },
);

const EVENT: fc.Arbitrary<Event> = fc.oneof(
  event(8, fc.tuple(WHO, LBA, BLOCKS), "read", (c, ...w) => c.read(...w)),
  event(
    10,
    fc.tuple(WHO, LBA, BLOCKS, fc.nat({ max: 40 })),
    "write",
    (c, ...w) => c.write(...w),
  ),
  event(2, fc.tuple(WHO), "test", (c, who) => c.test(who)),
  event(4, fc.tuple(WHO), "abort", (c, who) => c.abort(who)),
  event(1, fc.tuple(WHO, fc.nat(9)), "manage", (c, ...w) => c.manage(...w)),
  event(2, fc.tuple(WHO, fc.boolean()), "slow", (c, ...w) => c.slow(...w)),
  event(4, fc.tuple(fc.nat(9)), "store", (c, index) => c.store(index)),
  event(
    4,
    fc.tuple(fc.boolean(), fc.nat(40)),
    "link",
    (c, ...w) => c.link(...w),
  ),
  event(2, fc.tuple(fc.boolean()), "cut", (c, again) => c.cut(again)),
  event(1, fc.tuple(fc.boolean()), "congest", (c, now) => c.congest(now)),
  event(8, fc.tuple(fc.nat(60)), "turns", (c, count) => c.turns(count)),
);

const EVENTS = fc.array(EVENT, { minLength: 5, maxLength: 120, size: "max" });

for (const mode of ["proxy", "shared"] satisfies PairMode[]) {
  Deno.test(`Forwarding holds, whatever happens (${mode})`, async () => {
    const property = fc.asyncProperty(EVENTS, async (events) => {
      const chaos = new ForwardChaos(mode);
      await chaos.begin();
      for (const { happen } of events) await happen(chaos);
      await chaos.end();
    });
    const toText = (values: [Event[]]) =>
      values[0].map(({ words }) => words.join(" ")).join("\n");
    await fc.assert(property, {
      numRuns: RUNS,
      seed: SEED,
      reporter: (details) => {
        if (!details.failed) return;
        const { counterexample, seed, errorInstance } = details;
        const events = counterexample === null ? "" : toText(counterexample);
        throw new Error(`seed ${seed}:\n${events}`, { cause: errorInstance });
      },
    });
  });
}
