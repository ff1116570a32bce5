import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { BlockRange, Sense } from "../../core/mod.ts";
import { plugin as tpc } from "../../frontends/tpc/mod.ts";
import {
  checkPopulateLength,
  checkWriteLength,
  decodePopulate,
  decodeWrite,
} from "../../frontends/tpc/tokens/token_parameters.ts";
import { settle, TestTarget } from "../support/core_target.ts";
import type { CommandResult } from "../support/local_initiator.ts";
import { TokenScene } from "../support/token_scene.ts";
import {
  POPULATE,
  populateList,
  type RangeWish,
  WRITE,
  writeList,
} from "../support/token_lists.ts";
import { fuzzTest } from "./settings.ts";

/** Blocks of a unit. */
const BLOCKS = 64;

const LBA = fc.oneof(
  { arbitrary: fc.nat(BLOCKS + 4), weight: 20 },
  { arbitrary: fc.maxSafeNat(), weight: 1 },
);
const RANGE: fc.Arbitrary<RangeWish> = fc.tuple(
  LBA,
  fc.oneof(
    { arbitrary: fc.nat(8), weight: 20 },
    { arbitrary: fc.nat(0xffffffff), weight: 1 },
  ),
);
/** Ranges that can be had: a gap, blocks, a gap, blocks. */
const APART: fc.Arbitrary<RangeWish[]> = fc.array(
  fc.tuple(fc.nat(3), fc.nat(7)),
  { minLength: 1, maxLength: 6 },
).map((steps) => {
  let end = 0;
  return steps.map(([gap, blockCount]) => {
    const lba = end + gap;
    end = lba + blockCount;
    return [lba, blockCount];
  });
});
const RANGES = fc.oneof(
  { arbitrary: APART, weight: 16 },
  { arbitrary: fc.array(RANGE, { minLength: 1, maxLength: 6 }), weight: 3 },
  { arbitrary: fc.array(RANGE, { minLength: 60, maxLength: 66 }), weight: 1 },
);
/** Bytes that are written over a list, and how much of it is left. */
const DAMAGE = fc.record({
  puts: fc.array(fc.tuple(fc.nat(600), fc.nat(255)), { maxLength: 3 }),
  cut: fc.oneof(fc.constant(1), fc.double({ min: 0, max: 1, noNaN: true })),
});

type Damage = Readonly<{ puts: [number, number][]; cut: number }>;

const POPULATION = fc.record({
  immediate: fc.boolean(),
  timeoutS: fc.constantFrom(0, 1, 60, 600, 601, 0xffffffff),
  rodType: fc.constantFrom(0, 0x10000, 0x800000, 0x800001, 0x80ffff, 1 << 30),
  rtv: fc.boolean(),
  ranges: RANGES,
});
const USE = fc.record({
  immediate: fc.boolean(),
  deleteToken: fc.boolean(),
  offset: fc.oneof(
    { arbitrary: fc.nat(12), weight: 9 },
    { arbitrary: fc.maxSafeNat(), weight: 1 },
  ),
  ranges: RANGES,
});

/** A damaged list; not one byte lies behind it. */
function damaged(list: DataView, { puts, cut }: Damage): Uint8Array {
  const bytes = new Uint8Array(list.buffer as ArrayBuffer);
  for (const [at, byte] of puts) bytes[at % bytes.length] = byte;
  return bytes.slice(0, Math.ceil(bytes.length * cut));
}

interface Decoder {
  readonly check: (lengthBytes: number) => Sense | null;
  readonly decode: (
    list: DataView,
    blockCount: number,
  ) => { readonly ranges: readonly BlockRange[] } | Sense;
}

function expectSound(list: Uint8Array, { check, decode }: Decoder): void {
  if (check(list.length) !== null) return;
  const view = new DataView(list.buffer as ArrayBuffer);
  const decoded = decode(view, BLOCKS);
  if ("key" in decoded) return assertEquals(decoded.key, 5);
  const { ranges } = decoded;
  assert(ranges.length <= 64, `${ranges.length} ranges`);
  const taken = new Set<number>();
  for (const { lba, blockCount } of ranges) {
    assert(lba + blockCount <= BLOCKS, "a range ends behind the medium");
    for (let at = lba; at < lba + blockCount; at += 1) {
      assert(!taken.has(at), "ranges overlap");
      taken.add(at);
    }
  }
}

const POPULATING = { check: checkPopulateLength, decode: decodePopulate };
const WRITING = { check: checkWriteLength, decode: decodeWrite };

fuzzTest(
  "Lists of commands on tokens are taken apart within their bounds",
  { share: 1, casesPerRun: 4 },
  fc.property(
    POPULATION,
    USE,
    DAMAGE,
    fc.uint8Array({ maxLength: 1600 }),
    (population, use, damage, noise) => {
      expectSound(damaged(populateList(population), damage), POPULATING);
      expectSound(damaged(writeList(use), damage), WRITING);
      expectSound(noise.slice(), POPULATING);
      expectSound(noise.slice(), WRITING);
    },
  ),
);

const STEP = fc.record({
  what: fc.constantFrom(
    ...["populate", "populate", "tell", "tell", "write", "write"] as const,
    ...["tick", "abort"] as const,
  ),
  lun: fc.nat(1),
  listId: fc.nat(1),
  population: POPULATION,
  use: USE,
  damage: fc.oneof(
    { arbitrary: fc.constant({ puts: [], cut: 1 } as Damage), weight: 3 },
    { arbitrary: DAMAGE, weight: 1 },
  ),
  token: fc.nat(3),
});

type Step = typeof STEP extends fc.Arbitrary<infer Value> ? Value : never;

const ZEROES = new Uint8Array(512);
ZEROES.set([0xff, 0xff, 0x00, 0x01]);

/** A target, and the tokens that were heard of. */
class TokenRig {
  readonly #test = new TestTarget();
  readonly #tokens: Uint8Array[] = [ZEROES];

  async run(steps: readonly Step[]): Promise<void> {
    const test = this.#test;
    test.plugins.set("tpc", Promise.resolve(tpc));
    await test.target.plugins.load("tpc");
    const sizeBytes = 512 * BLOCKS;
    await test.addLun({ sizeBytes });
    await test.addLun({ sizeBytes, backend: "controlled" });
    const scene = new TokenScene(test, await test.connectReady("a"));
    for (const lun of [0, 1]) {
      const token = await scene.makeToken({ ranges: [[8, 24]] }, { lun });
      this.#tokens.push(token);
    }
    for (const step of steps) await this.#take(scene, step);
    // What still runs rests now and then.
    await scene.inTime(test.end());
    test.checkRules();
  }

  async #take(scene: TokenScene, step: Step): Promise<void> {
    const { lun, listId, damage } = step;
    switch (step.what) {
      case "populate": {
        const list = damaged(populateList(step.population), damage);
        return await this.#expect(
          scene,
          scene.sendPopulate(list, { lun, listId }),
        );
      }
      case "write": {
        const { token: which, use } = step;
        const token = this.#tokens.at(-1 - which) ?? ZEROES;
        const list = damaged(writeList({ ...use, token }), damage);
        return await this.#expect(
          scene,
          scene.sendWrite(list, { lun, listId }),
        );
      }
      case "tell": {
        const told = await scene.informationIfAny({ lun, listId });
        if (told?.token) this.#tokens.push(told.token);
        return;
      }
      case "abort":
        return void await scene.abort({ lun, listId });
      default:
        scene.test.host.clock.advance(700);
        return await settle(50);
    }
  }

  async #expect(
    scene: TokenScene,
    sent: Promise<CommandResult>,
  ): Promise<void> {
    const { status } = await scene.inTime(sent);
    assert(status === 0 || status === 2, `status ${status}`);
  }
}

fuzzTest(
  "Commands on tokens end by an answer of the standard, whatever they ask for",
  { share: 0.02, casesPerRun: 8 },
  fc.asyncProperty(
    fc.array(STEP, { minLength: 4, maxLength: 16 }),
    async (steps) => await new TokenRig().run(steps),
  ),
);

// Fields that damage has to reach.
assert(POPULATE.RANGES < 600 && WRITE.RANGES < 600);
