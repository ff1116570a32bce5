/**
 * Residual counts: what was expected against what was moved (RFC 7143
 * 11.4.5). In every row a command moves four blocks, 2048 bytes.
 */

import { assertEquals } from "@std/assert";
import { assertBytes, patternBytes } from "../../support/bytes.ts";
import {
  type CommandOptions,
  inquiry,
  modeSense6,
  read10,
  testUnitReady,
  verify10,
  write10,
} from "../../support/initiator/mod.ts";
import { systemTest } from "../../support/system_target.ts";

interface Row {
  readonly cdb: Uint8Array;
  readonly options: CommandOptions;
  /** `U 512`, `O 512`, or nothing. */
  readonly residual: string;
  /** Bytes of Data-In. */
  readonly read?: number;
  readonly sense?: string;
}

const DATA = patternBytes(2048);
const R2T_ONLY = { immediateData: false, unsolicited: false };

const ROWS: Readonly<Record<string, Row>> = {
  "read, all": {
    cdb: read10(0, 4),
    options: { read: 2048 },
    residual: "",
    read: 2048,
  },
  "read, more expected": {
    cdb: read10(0, 4),
    options: { read: 4096 },
    residual: "U 2048",
    read: 2048,
  },
  "read, less expected": {
    cdb: read10(0, 4),
    options: { read: 1024 },
    residual: "O 1024",
    read: 1024,
  },
  "read, part of a block expected": {
    cdb: read10(0, 4),
    options: { read: 1000 },
    residual: "O 1048",
    read: 1000,
  },
  "read, a byte more expected": {
    cdb: read10(0, 4),
    options: { read: 2049 },
    residual: "U 1",
    read: 2048,
  },
  "read, nothing expected": {
    cdb: read10(0, 4),
    options: { read: 0 },
    residual: "O 2048",
    read: 0,
  },
  "read, no direction": {
    cdb: read10(0, 4),
    options: {},
    residual: "O 2048",
    read: 0,
  },
  "read of no blocks": {
    cdb: read10(0, 0),
    options: { read: 512 },
    residual: "U 512",
    read: 0,
  },
  "read beyond the end": {
    cdb: read10(0xffffff, 4),
    options: { read: 2048 },
    residual: "U 2048",
    read: 0,
    sense: "5/21/00",
  },
  "write, all": {
    cdb: write10(0, 4),
    options: { write: DATA },
    residual: "",
  },
  "write by R2T, all": {
    cdb: write10(0, 4),
    options: { write: DATA, ...R2T_ONLY },
    residual: "",
  },
  "write, more expected": {
    cdb: write10(0, 4),
    options: { write: patternBytes(4096) },
    residual: "U 2048",
  },
  "write by R2T, more expected": {
    cdb: write10(0, 4),
    options: { write: patternBytes(4096), ...R2T_ONLY },
    residual: "U 2048",
  },
  "write, less expected": {
    cdb: write10(0, 4),
    options: { write: DATA.subarray(0, 1024) },
    residual: "O 1024",
  },
  "write by R2T, less expected": {
    cdb: write10(0, 4),
    options: { write: DATA.subarray(0, 1024), ...R2T_ONLY },
    residual: "O 1024",
  },
  "write, a byte more expected": {
    cdb: write10(0, 4),
    options: { write: patternBytes(2049) },
    residual: "U 1",
  },
  "write, no direction": {
    cdb: write10(0, 4),
    options: {},
    residual: "O 2048",
  },
  "no data, some expected to read": {
    cdb: testUnitReady(),
    options: { read: 100 },
    residual: "U 100",
    read: 0,
  },
  "no data, some expected to write": {
    cdb: testUnitReady(),
    options: { write: DATA },
    residual: "U 2048",
  },
  "INQUIRY, all it allows": {
    cdb: inquiry(36),
    options: { read: 36 },
    residual: "",
    read: 36,
  },
  "INQUIRY, more allowed than there is": {
    cdb: inquiry(255),
    options: { read: 255 },
    residual: "U 159",
    read: 96,
  },
  "INQUIRY, less expected than allowed": {
    cdb: inquiry(36),
    options: { read: 10 },
    residual: "O 26",
    read: 10,
  },
  "MODE SENSE of an unknown page": {
    cdb: modeSense6({ page: 0x3e }),
    options: { read: 255 },
    residual: "U 255",
    read: 0,
    sense: "5/24/00",
  },
  "VERIFY, bytes compared": {
    cdb: verify10(100, 4, { byteCheck: 1 }),
    options: { write: new Uint8Array(4096) },
    residual: "U 2048",
  },
};

for (const [name, row] of Object.entries(ROWS)) {
  systemTest(`residual: ${name}`, async (system) => {
    const session = await system.openReady();
    const result = await session.command(0, row.cdb, row.options);
    const { overflow, underflow, residual, sense } = result;
    const flag = `${overflow ? "O" : ""}${underflow ? "U" : ""}`;
    assertEquals(sense, row.sense ?? "");
    assertEquals(flag === "" ? "" : `${flag} ${residual}`, row.residual);
    if (row.read !== undefined) assertEquals(result.data.length, row.read);
  });
}

systemTest("what was not expected is not written", async (system) => {
  const session = await system.openReady();
  await session.command(0, write10(0, 4), { write: DATA.subarray(0, 1024) });
  const { data } = await session.command(0, read10(0, 4), { read: 2048 });
  assertEquals(data.subarray(0, 1024), DATA.subarray(0, 1024));
  assertBytes(data.subarray(1024), new Uint8Array(1024));
});

systemTest("a length without a direction moves nothing", async (system) => {
  const session = await system.openReady();
  for (const cdb of [testUnitReady(), read10(0, 1), write10(0, 1)]) {
    const { status, response, responses, data } = await session
      .command(0, cdb, { expectedLength: 512 });
    assertEquals([status, response, data.length], [0, 0, 0]);
    assertEquals(responses.length, 1);
  }
});

systemTest("a status stands in a response of a command that completed", async (
  system,
) => {
  const session = await system.openReady();
  const good = await session.command(0, testUnitReady());
  assertEquals([good.status, good.response], [0, 0]);
  const options = { read: 512 };
  const bad = await session.command(0, read10(0xfffffff0, 1), options);
  assertEquals([bad.status, bad.response, bad.sense], [2, 0, "5/21/00"]);
});
