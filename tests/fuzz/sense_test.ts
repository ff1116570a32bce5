import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  encodeSense,
  type FieldPointer,
  type Sense,
  SENSE_KEY,
  SENSE_LENGTH_MAX,
} from "../../core/mod.ts";
import { parseSense } from "../support/initiator/sense.ts";
import { fuzzTest } from "./settings.ts";

const POINTER: fc.Arbitrary<FieldPointer> = fc.record({
  inCdb: fc.boolean(),
  byte: fc.nat(0xffff),
  bit: fc.nat(7),
}, { requiredKeys: ["inCdb", "byte"] });

const SENSE: fc.Arbitrary<Sense> = fc.record({
  key: fc.constantFrom(...Object.values(SENSE_KEY)),
  asc: fc.nat(255),
  ascq: fc.nat(255),
  information: fc.oneof(fc.nat(), fc.maxSafeNat()),
  field: POINTER,
  retryCount: fc.nat(0xffff),
}, { requiredKeys: ["key", "asc", "ascq"] });

const START = 5;
const STALE = 0xa5;

/** What an initiator should read from sense data. */
function expectedOf(sense: Sense, descriptorFormat: boolean): unknown {
  const { key, asc, ascq, information, field } = sense;
  const fits = descriptorFormat || (information ?? 0) <= 0xffffffff;
  const hasPointer = key === SENSE_KEY.ILLEGAL_REQUEST && field !== undefined;
  return {
    key,
    asc,
    ascq,
    information: fits ? information : undefined,
    fieldPointer: hasPointer ? { bit: undefined, ...field } : undefined,
  };
}

fuzzTest(
  "encodeSense writes what an initiator reads, whatever was there before",
  { share: 0.1, casesPerRun: 1 },
  fc.property(SENSE, fc.boolean(), (sense, descriptorFormat) => {
    const bytes = new Uint8Array(START + SENSE_LENGTH_MAX + 8).fill(STALE);
    const view = new DataView(bytes.buffer);
    const length = encodeSense(view, START, sense, descriptorFormat);
    assert(length <= SENSE_LENGTH_MAX, `${length} bytes`);
    const around = [...bytes.slice(0, START), ...bytes.slice(START + length)];
    assert(around.every((byte) => byte === STALE), "it writes elsewhere");
    const read = parseSense(bytes.slice(START, START + length));
    const { key, asc, ascq, information, fieldPointer } = read ?? {};
    // A retry count has the place of the pointer.
    const shown = sense.key === SENSE_KEY.ILLEGAL_REQUEST &&
        sense.field === undefined
      ? undefined
      : fieldPointer;
    assertEquals(
      { key, asc, ascq, information, fieldPointer: shown },
      expectedOf(sense, descriptorFormat),
    );
  }),
);
