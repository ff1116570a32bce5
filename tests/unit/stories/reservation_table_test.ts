/**
 * Every cell of the reservation tables: SPC-5 table 66 and SBC-4 table 13 for
 * persistent reservations, SPC-2 table 10 for RESERVE.
 */

import { assertEquals } from "@std/assert";
import { STATUS } from "../../../core/mod.ts";
import {
  hearAttentions,
  targetTest,
  type TestTarget,
} from "../../support/core_target.ts";
import type { TestNexus } from "../../support/test_nexus.ts";
import { buildCommand } from "../../support/story_commands.ts";
import { tellStory } from "../../support/story_runner.ts";
import { StoryArguments, wordsOf } from "../../support/story_values.ts";

// Who is not refused: h the holder, r another registrant, o an initiator that
// is not registered. Under All Registrants types r holds the reservation, too.
// Under RESERVE r and o are two others.
const COMMANDS = `
  command                          WE   EA   WERO EARO WEAR EAAR RESERVE
  TEST UNIT READY                | hro  hro  hro  hro  hro  hro  h
  REQUEST SENSE                  | hro  hro  hro  hro  hro  hro  hro
  INQUIRY                        | hro  hro  hro  hro  hro  hro  hro
  REPORT LUNS                    | hro  hro  hro  hro  hro  hro  hro
  LOG SENSE                      | hro  hro  hro  hro  hro  hro  h
  MODE SENSE(6) page=08          | hro  h    hro  hr   hro  hr   h
  MODE SENSE(10) page=08         | hro  h    hro  hr   hro  hr   h
  MODE SELECT(6) length=0        | h    h    hr   hr   hr   hr   h
  MODE SELECT(10) length=0       | h    h    hr   hr   hr   hr   h
  READ CAPACITY(10)              | hro  hro  hro  hro  hro  hro  h
  READ CAPACITY(16)              | hro  hro  hro  hro  hro  hro  h
  GET LBA STATUS                 | hro  h    hro  hr   hro  hr   h
  READ(6) n=1                    | hro  h    hro  hr   hro  hr   h
  READ(10) n=1                   | hro  h    hro  hr   hro  hr   h
  READ(12) n=1                   | hro  h    hro  hr   hro  hr   h
  READ(16) n=1                   | hro  h    hro  hr   hro  hr   h
  VERIFY(10) n=1                 | hro  h    hro  hr   hro  hr   h
  VERIFY(12) n=1                 | hro  h    hro  hr   hro  hr   h
  VERIFY(16) n=1                 | hro  h    hro  hr   hro  hr   h
  WRITE(6) data=aa               | h    h    hr   hr   hr   hr   h
  WRITE(10) data=aa              | h    h    hr   hr   hr   hr   h
  WRITE(12) data=aa              | h    h    hr   hr   hr   hr   h
  WRITE(16) data=aa              | h    h    hr   hr   hr   hr   h
  WRITE AND VERIFY(10) data=aa   | h    h    hr   hr   hr   hr   h
  WRITE AND VERIFY(12) data=aa   | h    h    hr   hr   hr   hr   h
  WRITE AND VERIFY(16) data=aa   | h    h    hr   hr   hr   hr   h
  COMPARE AND WRITE data=00,aa   | h    h    hr   hr   hr   hr   h
  WRITE SAME(10) n=1 data=aa     | h    h    hr   hr   hr   hr   h
  WRITE SAME(16) n=1 data=aa     | h    h    hr   hr   hr   hr   h
  UNMAP ranges=0+1               | h    h    hr   hr   hr   hr   h
  SYNCHRONIZE CACHE(10)          | h    h    hr   hr   hr   hr   h
  SYNCHRONIZE CACHE(16)          | h    h    hr   hr   hr   hr   h
  START STOP UNIT start          | hro  hro  hro  hro  hro  hro  h
  START STOP UNIT                | h    h    hr   hr   hr   hr   h
  START STOP UNIT start power=1  | h    h    hr   hr   hr   hr   h
  PREVENT ALLOW prevent=0        | hro  hro  hro  hro  hro  hro  hro
  PREVENT ALLOW prevent=1        | h    h    hr   hr   hr   hr   h
  REPORT TARGET PORT GROUPS      | hro  hro  hro  hro  hro  hro  h
  RSOC                           | hro  hro  hro  hro  hro  hro  h
  RSTMF                          | hro  hro  hro  hro  hro  hro  h
  READ KEYS                      | hro  hro  hro  hro  hro  hro  -
  READ RESERVATION               | hro  hro  hro  hro  hro  hro  -
  REPORT CAPABILITIES            | hro  hro  hro  hro  hro  hro  -
  READ FULL STATUS               | hro  hro  hro  hro  hro  hro  -
  RESERVE(6)                     | h    h    hr   hr   hr   hr   h
  RESERVE(10)                    | h    h    hr   hr   hr   hr   h
  RELEASE(6)                     | h    h    hr   hr   hr   hr   hro
  RELEASE(10)                    | h    h    hr   hr   hr   hr   hro
`;

// The columns: types of persistent reservation, then RESERVE.
const TYPES = [1, 3, 5, 6, 7, 8, 0];
const ROLES = ["o", "r", "h"] as const;

interface Row {
  readonly command: string;
  readonly cells: readonly string[];
}

function rowsOf(table: string): Row[] {
  return table.trim().split("\n").slice(1).map((line) => {
    const [command = "", cells = ""] = line.split("|");
    return { command: command.trim(), cells: cells.trim().split(/\s+/) };
  });
}

/** Makes a LUN for each column, reserved as its head says. */
async function reserveAll(test: TestTarget): Promise<Nexuses> {
  const nexuses = new Map<string, TestNexus>();
  for (const role of ROLES) nexuses.set(role, test.join(role));
  for (const lun of TYPES.keys()) {
    await test.addLun({ number: lun, options: { removable: "on" } });
  }
  for (const nexus of nexuses.values()) await hearAttentions(nexus);
  for (const [lun, type] of TYPES.entries()) {
    const send = async (role: string, text: string) =>
      assertEquals(await statusOf(nexuses, role, lun, text), STATUS.GOOD);
    if (type === 0) {
      await send("h", "RESERVE(6)");
      continue;
    }
    await send("h", "PR REGISTER newkey=1");
    await send("r", "PR REGISTER newkey=2");
    await send("h", `PR RESERVE key=1 type=${type}`);
  }
  return nexuses;
}

type Nexuses = ReadonlyMap<string, TestNexus>;

async function statusOf(
  nexuses: Nexuses,
  role: string,
  lun: number,
  text: string,
): Promise<number> {
  const words = wordsOf(text);
  const cut = words.findIndex((word) => /^[a-z]/.test(word));
  const name = words.slice(0, cut < 0 ? words.length : cut).join(" ");
  const given = new StoryArguments(cut < 0 ? [] : words.slice(cut));
  const { cdb, ...data } = buildCommand(name, given, 512);
  given.finish();
  const ended = await nexuses.get(role)?.command(lun, cdb, data);
  return ended?.status ?? -1;
}

/** Whom a column does not refuse, `-` if nobody; others go first. */
async function admitted(
  nexuses: Nexuses,
  lun: number,
  text: string,
): Promise<string> {
  const roles: string[] = [];
  for (const role of ROLES) {
    const status = await statusOf(nexuses, role, lun, text);
    if (status !== STATUS.RESERVATION_CONFLICT) roles.unshift(role);
  }
  return roles.join("") || "-";
}

for (const { command, cells } of rowsOf(COMMANDS)) {
  targetTest(`reservations and ${command}`, async (test) => {
    const nexuses = await reserveAll(test);
    const found: string[] = [];
    for (const lun of TYPES.keys()) {
      found.push(await admitted(nexuses, lun, command));
    }
    assertEquals(found, cells);
  });
}

// How PERSISTENT RESERVE OUT ends (SPC-5 table 67), by who asks with its own
// key: o unregistered, r a registrant, h the holder. G good, C conflict;
// 24 and 26 are errors of the request. Types of one, then of all registrants.
const SERVICE_ACTIONS = `
  service action                              one  all
  REGISTER newkey=9                         | oG   oG
  REGISTER newkey=9                         | rG   rG
  REGISTER newkey=9                         | hG   hG
  REGISTER AND IGNORE newkey=9              | oG   oG
  REGISTER AND IGNORE newkey=9              | rG   rG
  REGISTER AND IGNORE newkey=9              | hG   hG
  REGISTER newkey=9 key=7                   | oC   oC
  REGISTER newkey=9 key=7                   | rC   rC
  REGISTER newkey=9 key=7                   | hC   hC
  RESERVE same                              | oC   oC
  RESERVE same                              | rC   rG
  RESERVE same                              | hG   hG
  RESERVE other                             | oC   oC
  RESERVE other                             | rC   rC
  RESERVE other                             | hC   hC
  RELEASE same                              | oC   oC
  RELEASE same                              | rG   rG
  RELEASE same                              | hG   hG
  RELEASE other                             | oC   oC
  RELEASE other                             | rG   r26
  RELEASE other                             | h26  h26
  CLEAR                                     | oC   oC
  CLEAR                                     | rG   rG
  CLEAR                                     | hG   hG
  PREEMPT newkey=1 same                     | oC   oC
  PREEMPT newkey=1 same                     | rG   rG
  PREEMPT newkey=1 same                     | hG   hG
  PREEMPT newkey=8 same                     | rC   rC
  PREEMPT newkey=8 same                     | hC   hC
  PREEMPT newkey=0 same                     | oC   oC
  PREEMPT newkey=0 same                     | r26  rG
  PREEMPT newkey=0 same                     | h26  hG
  PREEMPT AND ABORT newkey=1 same           | oC   oC
  PREEMPT AND ABORT newkey=1 same           | rG   rG
  PREEMPT AND ABORT newkey=1 same           | hG   hG
  REGISTER AND MOVE newkey=9 port=3 to=z    | oC   oC
  REGISTER AND MOVE newkey=9 port=3 to=z    | rC   rC
  REGISTER AND MOVE newkey=9 port=3 to=z    | hG   hC
`;

const KEYS: Readonly<Record<string, number>> = { o: 0, r: 2, h: 1 };
const ENDS: Readonly<Record<string, string>> = {
  G: "GOOD",
  C: "RESERVATION CONFLICT",
};

/** How a row ends under a type: its status, or the first part of its sense. */
function storyOf(row: Row, type: number, cell: string): string {
  const [role = ""] = cell;
  const wanted = cell.slice(1);
  const other = type === 1 ? 3 : 1;
  const own = row.command.includes(" key=") ? "" : ` key=${KEYS[role]}`;
  const text = row.command.replace(/ same$/, ` type=${type}`)
    .replace(/ other$/, ` type=${other}`);
  const fails = row.command.startsWith("RELEASE")
    ? "5/26/04"
    : "5/26/00 list=8";
  return `
  lun 0 ramdisk
  h ready
  r ready
  o ready
  h  PR REGISTER newkey=1 -> GOOD
  r  PR REGISTER newkey=2 -> GOOD
  h  PR RESERVE key=1 type=${type} -> GOOD
  ${role}  PR ${text}${own} -> ${ENDS[wanted] ?? fails}
  `;
}

for (const row of rowsOf(SERVICE_ACTIONS)) {
  const [one = "", all = ""] = row.cells;
  for (const type of [1, 3, 5, 6, 7, 8]) {
    const cell = type < 7 ? one : all;
    targetTest(
      `${row.command} by ${cell[0]} under type ${type} ends ${cell.slice(1)}`,
      (test) => tellStory(test, storyOf(row, type, cell)),
    );
  }
}
