/**
 * Every error of EXTENDED COPY and its kin, one test a row: the sense, and
 * which field or segment it points at.
 */

import { assertEquals } from "@std/assert";
import { INJECTION_PATTERN, STATUS } from "../../../../core/mod.ts";
import { codesOfSense } from "../../../../frontends/tpc/inner_initiator.ts";
import { assertBytes, patternBytes } from "../../../support/bytes.ts";
import {
  copyList,
  type CopyWish,
  cscdOf,
  registerSegment,
  verifySegment,
} from "../../../support/copy_lists.ts";
import { type CopyScene, copyTest } from "../../../support/copy_scene.ts";
import { endOf } from "../../../support/tpc_scene.ts";
import type { LunWish } from "../../../support/core_target.ts";
import {
  copyOperationAbort,
  extendedCopy,
  RECEIVE_COPY,
  receiveCopyResults,
  receiveCopyStatus,
} from "../../../support/initiator/mod.ts";
import type { CommandResult } from "../../../support/local_initiator.ts";

/** A list that is wrong in itself, and how the command ends. */
interface ListRow {
  readonly what: string;
  readonly wish?: CopyWish;
  /** Fields that are overwritten: byte, and hexadecimal. */
  readonly put?: readonly (readonly [at: number, hex: string])[];
  /** PARAMETER LIST LENGTH, and the bytes sent; absent: those of the list. */
  readonly length?: number;
  /** Sense, `cdb` or `list`, and the byte that it points at; or a status. */
  readonly ends: string;
}

const BLOCK = { blocks: 1 } as const;
const MANY_CSCDS = Array.from({ length: 65 }, () => ({}));
const MANY_SEGMENTS = Array.from({ length: 65 }, () => verifySegment(0, false));
const LONG_SEGMENT = Uint8Array.of(0x07, 0, 0, 0xff, ...new Uint8Array(0xff));
const NINE_KILOBYTES = Array.from({ length: 9 }, () => LONG_SEGMENT);

// CSCDs begin at byte 16, and segments behind the two of them at byte 80.
const LISTS: readonly ListRow[] = [
  { what: "no list", length: 0, ends: "0" },
  { what: "a cut header", length: 15, ends: "5/24/00 cdb 9" },
  {
    what: "a cut header of LID4",
    wish: { form: "LID4" },
    length: 47,
    ends: "5/24/00 cdb 9",
  },
  {
    what: "a list longer than there may be",
    wish: { segments: [BLOCK] },
    length: 16 + 8192 + 1,
    ends: "5/24/00 cdb 9",
  },
  {
    what: "a list of LID4 longer than there may be",
    wish: { form: "LID4", segments: [BLOCK] },
    length: 48 + 8192 + 1,
    ends: "5/24/00 cdb 9",
  },
  { what: "65 CSCDs", wish: { cscds: MANY_CSCDS }, ends: "5/26/06" },
  {
    what: "65 CSCDs in LID4",
    wish: { form: "LID4", cscds: MANY_CSCDS },
    ends: "5/26/06",
  },
  { what: "65 segments", wish: { segments: MANY_SEGMENTS }, ends: "5/26/08" },
  {
    what: "segments of more than 64 times the largest",
    wish: { segments: NINE_KILOBYTES },
    ends: "5/26/08",
  },
  {
    what: "a length of segments of more than there may be",
    wish: { segments: [BLOCK] },
    put: [[8, "00000701"]],
    ends: "5/26/08",
  },
  { what: "inline data", wish: { inlineLength: 1 }, ends: "5/1a/00" },
  {
    what: "inline data in LID4",
    wish: { form: "LID4", inlineLength: 1 },
    ends: "5/1a/00",
  },
  {
    what: "a list cut in its segments",
    wish: { segments: [BLOCK] },
    length: 107,
    ends: "5/1a/00",
  },
  {
    what: "a list of LID4 cut in its segments",
    wish: { form: "LID4", segments: [BLOCK] },
    length: 139,
    ends: "5/1a/00",
  },
  { what: "a list cut in its CSCDs", length: 79, ends: "5/1a/00" },
  {
    what: "a CSCD that is no identification",
    put: [[48, "e0"]],
    ends: "5/26/07",
  },
  {
    what: "a CSCD with a proxy token",
    put: [[17, "40"]],
    ends: "5/26/00 list 17",
  },
  {
    what: "a CSCD with a reserved LU ID TYPE",
    put: [[49, "c0"]],
    ends: "5/26/00 list 49",
  },
  {
    what: "an unknown segment",
    wish: { segments: [BLOCK] },
    put: [[80, "0b"]],
    ends: "5/26/09",
  },
  {
    what: "an unknown segment behind a known one",
    wish: { segments: [BLOCK, BLOCK] },
    put: [[108, "04"]],
    ends: "5/26/09",
  },
  {
    what: "a segment that says to be shorter than it is",
    wish: { segments: [BLOCK] },
    put: [[82, "0017"]],
    ends: "5/26/00 list 82",
  },
  {
    what: "a segment that reaches beyond the list",
    wish: { segments: [BLOCK] },
    put: [[82, "0019"]],
    ends: "5/1a/00",
  },
  {
    what: "a segment that is cut in its header",
    wish: { segments: [BLOCK, Uint8Array.of(2, 0, 0)] },
    ends: "5/1a/00",
  },
];

for (const row of LISTS) {
  copyTest(`EXTENDED COPY of ${row.what} ends ${row.ends}`, async (scene) => {
    await scene.fill(0, 0, patternBytes(512));
    assertEquals(describe(await sendRow(scene, row)), row.ends);
    // It was never begun, and nothing was copied.
    assertEquals(scene.copies.list(), []);
    assertBytes(await scene.blocks(1, 0, 1), new Uint8Array(512));
  });
}

function sendRow(
  scene: CopyScene,
  { wish = {}, put = [], length }: ListRow,
): Promise<CommandResult> {
  const cscds = [cscdOf(scene.unit(0)), cscdOf(scene.unit(1))];
  const whole = copyList({ cscds, ...wish });
  for (const [at, hex] of put) whole.set(Uint8Array.fromHex(hex), at);
  const list = new Uint8Array(length ?? whole.length);
  list.set(whole.subarray(0, list.length));
  return scene.send(list, wish.form);
}

/** A copy that fails on its way. */
interface RunRow {
  readonly what: string;
  readonly wish: (scene: CopyScene) => CopyWish;
  readonly before?: (scene: CopyScene) => Promise<unknown> | void;
  readonly luns?: readonly LunWish[];
  /** Sense; the segment; `source` or `destination` with what it said. */
  readonly ends: string;
}

const ELSEWHERE = { designator: naa("3fffffffffffffff") };

function naa(hex: string) {
  const bytes = Uint8Array.fromHex(hex);
  return { codeSet: 1, type: 3, association: 0, bytes };
}

const DISK_AND_PROCESSOR: readonly LunWish[] = [{}, { deviceType: 3 }];
const SHORT_AND_LONG: readonly LunWish[] = [{}, {
  options: {},
  blockLength: 4096,
}];

const RUNS: readonly RunRow[] = [
  {
    what: "from a LUN that nobody knows",
    wish: (scene) => ({
      cscds: [ELSEWHERE, cscdOf(scene.unit(1))],
      segments: [BLOCK],
    }),
    ends: "a/08/04 segment 0",
  },
  {
    what: "to a LUN that nobody knows, behind a good segment",
    wish: (scene) => ({
      cscds: [cscdOf(scene.unit(0)), cscdOf(scene.unit(1)), ELSEWHERE],
      segments: [BLOCK, { blocks: 1, to: 2 }],
    }),
    ends: "a/08/04 segment 1",
  },
  {
    what: "from a CSCD that the list does not have",
    wish: () => ({ segments: [{ blocks: 1, from: 2 }] }),
    ends: "a/08/04 segment 0",
  },
  {
    what: "from a reserved CSCD number",
    wish: () => ({ segments: [{ blocks: 1, from: 0xf800 }] }),
    ends: "a/08/04 segment 0",
  },
  {
    what: "from a CSCD that names no unit",
    wish: (scene) => ({
      cscds: [{ ...cscdOf(scene.unit(0)), luIdType: 0x20 }],
      segments: [{ blocks: 1, to: 0xffff }],
    }),
    ends: "a/08/04 segment 0",
  },
  {
    what: "from a CSCD without a designator",
    wish: (scene) => ({
      cscds: [{}, cscdOf(scene.unit(1))],
      segments: [BLOCK],
    }),
    ends: "a/08/04 segment 0",
  },
  {
    what: "to a CSCD that is looked at alone",
    wish: () => ({ segments: [verifySegment(7)] }),
    ends: "a/08/04 segment 0",
  },
  {
    what: "with a key for a CSCD that the list does not have",
    wish: () => ({ segments: [registerSegment(7, 0n, 1n)] }),
    ends: "a/08/04 segment 0",
  },
  {
    what: "of no whole block of the destination",
    luns: SHORT_AND_LONG,
    wish: () => ({ segments: [{ blocks: 8 }, { blocks: 7 }] }),
    ends: "a/26/0a segment 1",
  },
  {
    what: "of no whole block of the source, by the length that the list tells",
    wish: (scene) => ({
      cscds: [cscdOf(scene.unit(0), 3, 100), cscdOf(scene.unit(1))],
      segments: [BLOCK],
    }),
    ends: "a/26/0a segment 0",
  },
  {
    what: "from beyond the end",
    wish: () => ({ segments: [{ blocks: 2, lba: 2047 }] }),
    ends: "a/0d/02 segment 0",
  },
  {
    what: "to beyond the end",
    wish: () => ({ segments: [BLOCK, { blocks: 2, toLba: 2047 }] }),
    ends: "a/0d/02 segment 1",
  },
  {
    what: "from far beyond the end",
    wish: () => ({ segments: [{ blocks: 2, lba: 2 ** 53 - 2 }] }),
    ends: "a/0d/02 segment 0",
  },
  {
    what: "to a unit without blocks",
    luns: DISK_AND_PROCESSOR,
    wish: () => ({ segments: [BLOCK] }),
    ends: "a/0d/03 segment 0",
  },
  {
    what: "to a write protected LUN",
    luns: [{}, { options: { readonly: "on" } }],
    wish: () => ({ segments: [BLOCK] }),
    ends: "a/0d/01 segment 0 at 48, destination said 02 7/27/01",
  },
  {
    what: "of a source whose medium fails",
    before: (scene) => injectInto(scene, 0, "read"),
    wish: () => ({ segments: [BLOCK] }),
    ends: "a/0d/01 segment 0 at 16, source said 02 3/11/00",
  },
  {
    what: "to a destination whose medium fails, in the second segment",
    before: (scene) => injectInto(scene, 1, "write"),
    wish: () => ({ segments: [verifySegment(0), BLOCK] }),
    ends: "a/0d/01 segment 1 at 48, destination said 02 3/0c/02",
  },
  {
    what: "of the LUN itself, whose medium fails",
    before: (scene) => injectInto(scene, 0, "read"),
    wish: () => ({ segments: [{ blocks: 1, from: 0xffff }] }),
    ends: "a/0d/01 segment 0, source said 02 3/11/00",
  },
  {
    what: "of a source that is not ready",
    before: (scene) => scene.a.command(1, [0x1b, 0, 0, 0, 0, 0]),
    wish: () => ({ segments: [verifySegment(1)] }),
    ends: "a/0d/01 segment 0 at 48, source said 02 2/04/02",
  },
  {
    what: "to a stopped destination",
    before: (scene) => scene.a.command(1, [0x1b, 0, 0, 0, 0, 0]),
    wish: () => ({ segments: [BLOCK] }),
    ends: "a/0d/01 segment 0 at 48, destination said 02 2/04/02",
  },
  {
    what: "with a key that is not that of the initiator",
    wish: () => ({ segments: [registerSegment(1, 7n, 8n)] }),
    ends: "a/0d/01 segment 0 at 48, destination said 18",
  },
];

for (const { what, wish, before, luns, ends } of RUNS) {
  copyTest(`A copy ${what} ends ${ends}`, async (scene) => {
    await before?.(scene);
    const wanted = wish(scene);
    const result = await scene.inTime(scene.copy(wanted));
    assertEquals(describe(result), ends);
    // Both reports of it say the same.
    const segments = Number(ends.match(/segment (\d)/)?.[1]);
    const status = await scene.results(RECEIVE_COPY.STATUS);
    assertEquals(status.data.subarray(4, 7), Uint8Array.of(2, 0, segments));
    await scene.inTime(scene.copy({ ...wanted, form: "LID4" }));
    const long = await scene.status();
    assertEquals(long.data[5], 0x02);
    // The header of LID4 is longer.
    const inLong = ends
      .replace(/ at (\d+)/, (_, at) => ` at ${Number(at) + 32}`);
    assertEquals(describeBytes(long.data.subarray(32)), inLong);
    await scene.inTime(scene.copy(wanted));
    const details = await scene.results(RECEIVE_COPY.FAILED_SEGMENT_DETAILS);
    assertEquals(details.data[56], STATUS.CHECK_CONDITION);
    assertEquals(describeBytes(details.data.subarray(60)), ends);
  }, luns);
}

copyTest("A list identifier that runs is not taken again", async (scene) => {
  const running = scene.copy({ segments: [{ blocks: 2048 }], listId: 9 });
  const second = await scene.copy({ segments: [BLOCK], listId: 9 });
  assertEquals(describe(second), "5/26/00 list 0");
  // It is another one for whoever asks another LUN, or is another initiator.
  const other = { segments: [BLOCK], listId: 9 };
  assertEquals(await scene.ends(other, { lun: 1 }), "0");
  const by = await scene.test.connectReady("b");
  assertEquals(await scene.ends(other, { by }), "0");
  assertEquals(endOf(await scene.inTime(running)), "0");
});

copyTest("Nobody has 65 copies running", async (scene) => {
  const { store } = scene.test.driver;
  store.holding = true;
  const running = Array.from(
    { length: 64 },
    (_, listId) =>
      scene.copy({ segments: [BLOCK], listId, form: "LID4" }, { lun: 1 }),
  );
  const more = await scene.copy({ segments: [BLOCK], listId: 64 }, { lun: 1 });
  assertEquals(describe(more), "5/55/03");
  store.answerAll();
  await scene.inTime(Promise.all(running));
}, [{ backend: "controlled" }, {}]);

const REPORTS: readonly (readonly [string, Uint8Array])[] = [
  ["RECEIVE COPY STATUS(LID1)", receiveCopyResults(RECEIVE_COPY.STATUS, 3)],
  [
    "RECEIVE COPY FAILURE DETAILS(LID1)",
    receiveCopyResults(RECEIVE_COPY.FAILED_SEGMENT_DETAILS, 3),
  ],
  ["RECEIVE COPY STATUS(LID4)", receiveCopyStatus(3)],
  ["COPY OPERATION ABORT", copyOperationAbort(3)],
];

for (const [name, cdb] of REPORTS) {
  copyTest(`${name} of no list ends 5/24/00 cdb 2`, async (scene) => {
    const result = await scene.a.command(0, cdb, { read: 1024 });
    assertEquals(describe(result), "5/24/00 cdb 2");
  });
}

copyTest("FAILURE DETAILS of a running list ends 5/24/00", async (scene) => {
  const running = scene.copy({ segments: [{ blocks: 2048 }] });
  const details = await scene.results(RECEIVE_COPY.FAILED_SEGMENT_DETAILS);
  assertEquals(describe(details), "5/24/00 cdb 2");
  await scene.inTime(running);
});

copyTest("A list of a service action that there is not", async (scene) => {
  for (const serviceAction of [2, 0x0f, 0x1d]) {
    const cdb = extendedCopy(0);
    cdb[1] = serviceAction;
    assertEquals(describe(await scene.a.command(0, cdb)), "5/24/00 cdb 1");
  }
});

// Each read, or each write, of a LUN fails from now on.
function injectInto(
  scene: CopyScene,
  lun: number,
  pattern: "read" | "write",
): void {
  const { READ, WRITE } = INJECTION_PATTERN;
  scene.unit(lun).injections.add({
    kind: "mediumerr",
    pattern: pattern === "read" ? READ : WRITE,
    continuous: true,
  });
}

function describe(result: CommandResult): string {
  const { senseValue } = result;
  if (senseValue === null) return endOf(result);
  const { field, commandInformation, segment, forwarded } = senseValue;
  const words = [endOf(result)];
  if (field !== undefined) {
    words.push(`${field.inCdb ? "cdb" : "list"} ${field.byte}`);
  }
  if (commandInformation !== undefined) {
    words.push(`segment ${commandInformation}`);
  }
  if (segment !== undefined) words.push(`at ${segment.byte}`);
  const text = words.join(" ");
  return forwarded === undefined
    ? text
    : `${text}, ${
      saidBy(forwarded.source, forwarded.status, forwarded.senseData)
    }`;
}

/** Sense data in descriptor format, in the same words. */
function describeBytes(sense: Uint8Array): string {
  const view = new DataView(sense.buffer, sense.byteOffset, sense.length);
  assertEquals(view.getUint8(0), 0x72);
  let text = codesOf(sense);
  let said = "";
  for (let at = 8; at < 8 + view.getUint8(7); at += 2 + view.getUint8(at + 1)) {
    const type = view.getUint8(at);
    if (type === 0x01) text += ` segment ${view.getUint32(at + 8)}`;
    if (type === 0x02 && (view.getUint8(at + 4) & 0xa0) === 0xa0) {
      said = ` at ${view.getUint16(at + 5)}`;
    }
    if (type !== 0x0c) continue;
    const length = view.getUint8(at + 1);
    const [source = 0, status = 0] = sense.subarray(at + 2, at + 4);
    const data = sense.subarray(at + 4, at + 2 + length);
    said += `, ${saidBy(source & 0x0f, status, data)}`;
  }
  return text + said;
}

function saidBy(source: number, status: number, data: Uint8Array): string {
  const who = source === 1 ? "source" : "destination";
  const what = data.length === 0 ? "" : ` ${codesOf(data)}`;
  return `${who} said ${hex(status)}${what}`;
}

function codesOf(sense: Uint8Array): string {
  const [key, asc, ascq] = codesOfSense(sense);
  return `${key.toString(16)}/${hex(asc)}/${hex(ascq)}`;
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}
