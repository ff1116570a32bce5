import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { coreCommandTable } from "../../../../core/commands/mod.ts";
import { InquiryFlags } from "../../../../core/commands/inquiry_flags.ts";
import { VpdPages } from "../../../../core/commands/vpd_pages.ts";
import { settled, TestTarget } from "../../../support/core_target.ts";
import type { LocalInitiator } from "../../../support/local_initiator.ts";

// Whatever bytes a CDB and its data have: the command ends, and it is never a
// defect that ends it.

const ROWS = [
  ...coreCommandTable({
    pages: new VpdPages(),
    flags: new InquiryFlags(),
  }).rows(),
];
const CDB_LENGTH = 16;
const BYTES = fc.uint8Array({ minLength: CDB_LENGTH, maxLength: CDB_LENGTH });
const SMALL = fc.uint8Array({ maxLength: 64 });

/** The CDB of a command that we have, with bits that it may have. */
const KNOWN = fc.tuple(fc.constantFrom(...ROWS), BYTES, fc.boolean()).map(
  ([row, bytes, sparse]) => {
    // Few bits: small addresses and lengths, which pass more checks.
    const cdb = bytes.map((byte, at) =>
      byte & (row.usageBytes[at] ?? 0) & (sparse && at % 4 !== 1 ? 0x03 : 0xff)
    );
    cdb[0] = row.opcode;
    cdb[1] = (cdb[1] ?? 0) | (row.serviceAction ?? 0);
    cdb[row.cdbLength - 1] = 0;
    return cdb;
  },
);
const CDB = fc.oneof({ weight: 5, arbitrary: KNOWN }, {
  weight: 1,
  arbitrary: BYTES,
});
const SENT = fc.record({
  cdb: CDB,
  lun: fc.nat({ max: 4 }),
  write: SMALL,
  read: fc.nat({ max: 4096 }),
  immediate: fc.nat({ max: 64 }),
});

const LUNS = [
  { options: { removable: "on" } },
  { backend: "controlled", options: { cache: "on", unmaps: "native" } },
  { deviceType: 5 },
  { backend: "controlled", deviceType: 3 },
] as const;

const START_AND_LOAD = [0x1b, 0, 0, 0, 3, 0];
const START = [0x1b, 0, 0, 0, 1, 0];
const RESTORE_DEFAULTS = [0x15, 0x12, 0, 0, 0, 0];

/** Undoes what keeps a unit from doing anything more. */
async function restore(a: LocalInitiator, lun: number): Promise<void> {
  for (const cdb of [START_AND_LOAD, START, RESTORE_DEFAULTS]) {
    await a.command(lun, cdb);
  }
  await a.command(lun, [3, 0, 0, 0, 18, 0], { read: 18 });
}

async function prepare(): Promise<TestTarget> {
  const test = new TestTarget();
  for (const wish of LUNS) await test.addLun(wish);
  return test;
}

Deno.test("every CDB gets an answer that is no defect", async () => {
  const test = await prepare();
  const a = await test.connectReady("a");
  await fc.assert(
    fc.asyncProperty(SENT, async ({ cdb, lun, ...options }) => {
      await restore(a, lun);
      const immediate = Math.min(options.immediate, options.write.length);
      const sent = a.command(lun, cdb, { ...options, immediate });
      const result = await settled(sent);
      assert(result !== undefined, "it has not ended");
      assert(result.data.length <= options.read);
      const filled = result.status !== 2 || result.sense !== "";
      assert(filled, "CHECK CONDITION without sense");
      assertEquals(test.target.defects, 0);
    }),
    { seed: 11, numRuns: 3000 },
  );
  await test.end();
  test.checkRules();
});
