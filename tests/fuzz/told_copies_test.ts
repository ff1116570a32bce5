/**
 * What a peer may tell of tokens and copies that is out of its mind.
 */

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  decodeToldResult,
  encodeToldResult,
  type ToldResult,
} from "../../frontends/tpc/wire/told_result.ts";
import {
  decodeToldToken,
  encodeToldToken,
  type ToldToken,
} from "../../frontends/tpc/wire/told_token.ts";
import { fuzzTest } from "./settings.ts";

const COUNT = fc.maxSafeNat();
const TEXT = fc.string({ unit: "grapheme", maxLength: 40 });
const TOKEN_BYTES = fc.uint8Array({ minLength: 512, maxLength: 512 });

const TOKEN: fc.Arbitrary<ToldToken> = fc.record({
  bytes: TOKEN_BYTES,
  owner: TEXT,
  timeoutMs: fc.nat(600_000),
  unusedMs: COUNT,
  deleted: fc.boolean(),
  whole: fc.boolean(),
  ranges: fc.array(
    fc.record({
      lba: fc.nat({ max: 0xffff_ffff }),
      blockCount: fc.nat({ max: 0xffff_ffff }),
    }),
    { maxLength: 64 },
  ),
});

const RESULT: fc.Arbitrary<ToldResult> = fc.record({
  listId: fc.nat({ max: 0xffff_ffff }),
  kind: fc.constantFrom(
    ...["EXTENDED COPY(LID1)", "POPULATE TOKEN"] as const,
    ...["EXTENDED COPY(LID4)", "WRITE USING TOKEN"] as const,
  ),
  state: fc.constantFrom("running", "completed", "failed", "aborted"),
  background: fc.boolean(),
  partlyDone: fc.boolean(),
  status: fc.nat(255),
  senseData: fc.uint8Array({ maxLength: 252 }),
  segments: COUNT,
  bytes: COUNT,
  totalBytes: fc.option(COUNT, { nil: undefined }),
  blocks: COUNT,
  commands: COUNT,
  runMs: COUNT,
  heldMs: COUNT,
  nexusId: TEXT,
  initiator: TEXT,
  port: fc.nat(0xffff),
  route: TEXT,
  how: TEXT,
  token: fc.option(TOKEN_BYTES),
});

/** A byte that is changed: where, and to what. */
const CHANGE = fc.tuple(fc.nat(), fc.nat(255));

function changed(
  bytes: Uint8Array,
  [place, byte]: [number, number],
): Uint8Array {
  bytes[place % bytes.length] = byte;
  return bytes;
}

fuzzTest(
  "A token is told as it is; any bytes are one, or have a fault",
  { share: 0.03, casesPerRun: 1 },
  fc.property(TOKEN, CHANGE, (token, change) => {
    const encoded = encodeToldToken(token);
    assertEquals(decodeToldToken(encoded), token);
    const cut = encoded.subarray(0, change[0] % encoded.length);
    assertEquals(typeof decodeToldToken(cut), "string");
    const other = decodeToldToken(changed(encoded, change));
    assert(typeof other === "string" || other.bytes.length === 512);
  }),
);

fuzzTest(
  "A result is told as it is; any bytes are one, or have a fault",
  { share: 0.03, casesPerRun: 1 },
  fc.property(RESULT, CHANGE, (result, change) => {
    const encoded = encodeToldResult(result);
    assertEquals(decodeToldResult(encoded), result);
    const cut = encoded.subarray(0, change[0] % encoded.length);
    assertEquals(typeof decodeToldResult(cut), "string");
    const other = decodeToldResult(changed(encoded, change));
    assert(typeof other === "string" || other.listId <= 0xffff_ffff);
  }),
);
