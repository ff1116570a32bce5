import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { plugin as tpc } from "../../frontends/tpc/mod.ts";
import {
  type CopyList,
  decodeCopyList,
  type ListForm,
} from "../../frontends/tpc/parameter_list.ts";
import { SENSE_KEY } from "../../core/mod.ts";
import {
  copyList,
  type CopyWish,
  cscdOf,
  type CscdWish,
  registerSegment,
  type SegmentWish,
  verifySegment,
} from "../support/copy_lists.ts";
import { CopyScene } from "../support/copy_scene.ts";
import { settle, TestTarget } from "../support/core_target.ts";
import { copyOperationAbort, RECEIVE_COPY } from "../support/initiator/mod.ts";
import type { CommandResult } from "../support/local_initiator.ts";
import { fuzzTest } from "./settings.ts";

const BLOCKS = 64;
const FORM = fc.constantFrom<ListForm>("LID1", "LID4");
const CSCD_ID = fc.oneof(
  { arbitrary: fc.nat(3), weight: 9 },
  { arbitrary: fc.constantFrom(63, 64, 0x7ff, 0x800, 0xffff), weight: 2 },
);
const LBA = fc.oneof(
  { arbitrary: fc.nat(BLOCKS), weight: 9 },
  { arbitrary: fc.maxSafeNat(), weight: 1 },
);
const KEY = fc.bigInt({ min: 0n, max: 3n });

const SEGMENT: fc.Arbitrary<SegmentWish> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      from: CSCD_ID,
      to: CSCD_ID,
      blocks: fc.oneof(fc.nat(BLOCKS), fc.nat(0xffff)),
      lba: LBA,
      toLba: LBA,
      countsDestination: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(CSCD_ID, fc.boolean())
      .map(([id, tests]) => verifySegment(id, tests)),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(CSCD_ID, KEY, KEY)
      .map(([id, key, actionKey]) => registerSegment(id, key, actionKey)),
  },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 40 }) },
);

const CSCD: fc.Arbitrary<CscdWish> = fc.record({
  type: fc.constantFrom(0xe4, 0xe4, 0xe4, 0xe4, 0xe0, 0xff),
  luIdType: fc.oneof(fc.constant(0), fc.nat(255)),
  designator: fc.record({
    codeSet: fc.nat(15),
    type: fc.nat(15),
    association: fc.nat(3),
    bytes: fc.uint8Array({ maxLength: 20 }),
  }),
  blockLength: fc.constantFrom(0, 0, 0, 1, 512, 4096, 0xffffff),
}, { requiredKeys: ["type", "luIdType", "blockLength"] });

const WISH: fc.Arbitrary<CopyWish> = fc.record({
  form: FORM,
  listId: fc.nat(2),
  usage: fc.nat(3),
  cscds: fc.oneof(
    { arbitrary: fc.array(CSCD, { maxLength: 4 }), weight: 9 },
    { arbitrary: fc.array(CSCD, { minLength: 62, maxLength: 66 }), weight: 1 },
  ),
  segments: fc.oneof(
    { arbitrary: fc.array(SEGMENT, { maxLength: 5 }), weight: 9 },
    {
      arbitrary: fc.array(SEGMENT, { minLength: 62, maxLength: 66 }),
      weight: 1,
    },
  ),
  inlineLength: fc.constantFrom(0, 0, 0, 0, 0, 1, 0xffff),
});

/** Bytes that are written over a list, and how much of it is left. */
const DAMAGE = fc.record({
  puts: fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { maxLength: 3 }),
  cut: fc.oneof(fc.constant(1), fc.double({ min: 0, max: 1, noNaN: true })),
});

type Damage = Readonly<{ puts: [number, number][]; cut: number }>;

function damaged(list: Uint8Array, { puts, cut }: Damage): Uint8Array {
  const bytes = list.slice();
  for (const [at, byte] of puts) bytes[at % bytes.length] = byte;
  return bytes.subarray(0, Math.ceil(bytes.length * cut));
}

const HEADER = { LID1: 16, LID4: 48 } as const;
const BEFORE = 13;

/** Decodes a list with other bytes around it. */
function decodeWithin(list: Uint8Array, form: ListForm, around: number) {
  const place = new Uint8Array(BEFORE + list.length + 4096).fill(around);
  place.set(list, BEFORE);
  const view = new DataView(place.buffer, BEFORE, list.length);
  return decodeCopyList(view, form);
}

function expectSound(list: Uint8Array, form: ListForm): void {
  // The command itself refuses what is shorter.
  if (list.length < HEADER[form]) return;
  const decoded = decodeWithin(list, form, 0x00);
  // Whatever lies around it, the list says the same.
  assertEquals(decodeWithin(list, form, 0xff), decoded);
  if ("asc" in decoded) {
    assertEquals(decoded.key, SENSE_KEY.ILLEGAL_REQUEST);
    const at = decoded.field?.byte ?? 0;
    assert(at < list.length, `byte ${at} of ${list.length}`);
  } else expectBounds(decoded, list.length);
}

function expectBounds({ cscds, segments }: CopyList, length: number): void {
  assert(cscds.length <= 64, `${cscds.length} CSCDs`);
  assert(segments.length <= 64, `${segments.length} segments`);
  for (const { at, bytes } of cscds) {
    assert(at + 32 <= length, `a CSCD at ${at} of ${length}`);
    assert(bytes.length <= 20, `a designator of ${bytes.length} bytes`);
  }
}

fuzzTest(
  "Lists of EXTENDED COPY are taken apart within their bounds",
  { share: 1, casesPerRun: 2 },
  fc.property(
    WISH,
    DAMAGE,
    fc.uint8Array({ maxLength: 600 }),
    FORM,
    (wish, damage, noise, form) => {
      expectSound(damaged(copyList(wish), damage), wish.form ?? "LID1");
      expectSound(noise, form);
    },
  ),
);

const STEP = fc.record({
  what: fc.constantFrom(
    ...["copy", "copy", "copy", "copy", "abort", "tick"] as const,
    ...["status", "details", "long status"] as const,
  ),
  lun: fc.nat(2),
  listId: fc.nat(2),
  wish: WISH,
  damage: fc.oneof(
    { arbitrary: fc.constant({ puts: [], cut: 1 } as Damage), weight: 4 },
    { arbitrary: DAMAGE, weight: 1 },
  ),
  noise: fc.nat(9),
});

type Step = typeof STEP extends fc.Arbitrary<infer Value> ? Value : never;

/** Copies between three LUNs, one of which is slow. */
async function play(steps: readonly Step[]): Promise<void> {
  const test = new TestTarget();
  test.plugins.set("tpc", Promise.resolve(tpc));
  await test.target.plugins.load("tpc");
  await test.addLun({ sizeBytes: 512 * BLOCKS });
  await test.addLun({ sizeBytes: 512 * BLOCKS, backend: "controlled" });
  await test.addLun({ sizeBytes: 4096 * BLOCKS, blockLength: 4096 });
  const scene = new CopyScene(test, await test.connectReady("a"));
  for (const step of steps) await take(scene, step);
  await scene.inTime(test.end());
  test.checkRules();
}

async function take(scene: CopyScene, step: Step): Promise<void> {
  const { lun, listId } = step;
  switch (step.what) {
    case "copy":
      return expectAnswer(await scene.inTime(copy(scene, step)));
    case "abort": {
      const cdb = copyOperationAbort(listId);
      return expectAnswer(await scene.a.command(lun, cdb));
    }
    case "status":
      return expectAnswer(
        await scene.results(RECEIVE_COPY.STATUS, listId, { lun }),
      );
    case "details": {
      const { FAILED_SEGMENT_DETAILS } = RECEIVE_COPY;
      return expectAnswer(
        await scene.results(FAILED_SEGMENT_DETAILS, listId, { lun }),
      );
    }
    case "long status":
      return expectAnswer(await scene.status(listId, { lun }));
    default:
      scene.test.host.clock.advance(700);
      return await settle(50);
  }
}

// Most lists name LUNs that there are.
function copy(
  scene: CopyScene,
  { lun, wish, damage, noise }: Step,
): Promise<CommandResult> {
  const known = [0, 1, 2].map((number) => cscdOf(scene.unit(number)));
  const cscds = noise === 0 ? wish.cscds ?? [] : known;
  const list = damaged(copyList({ ...wish, cscds }), damage);
  return scene.send(list, wish.form, { lun });
}

function expectAnswer({ status }: CommandResult): void {
  const known = [0x00, 0x02, 0x40];
  assert(known.includes(status), `status ${status}`);
}

fuzzTest(
  "EXTENDED COPY ends by an answer of the standard, whatever it asks for",
  { share: 0.02, casesPerRun: 8 },
  fc.asyncProperty(fc.array(STEP, { minLength: 4, maxLength: 16 }), play),
);
