import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  type CommandDefinition,
  type CommandRow,
  commandRowOf,
  CommandTable,
  FLAG,
  FOR,
  PATTERN,
} from "../../../../core/mod.ts";
import {
  checkUsage,
  unknownCommand,
} from "../../../../core/commands/command_table.ts";
import { coreCommandTable } from "../../../../core/commands/mod.ts";
import { InquiryFlags } from "../../../../core/commands/inquiry_flags.ts";
import { VpdPages } from "../../../../core/commands/vpd_pages.ts";
import { CLASSES } from "../../../support/core_order.ts";
import { codesOf, maskOf, REFERENCE_ROWS } from "./reference_rows.ts";

const table = coreCommandTable({
  pages: new VpdPages(),
  flags: new InquiryFlags(),
});

const FLAG_LETTERS: Readonly<Record<string, number>> = {
  R: FLAG.RESERVED,
  NS: FLAG.AHEAD_OF_ATTENTION,
  NM: FLAG.NO_MEDIUM,
  SB: FLAG.STANDBY,
  UN: FLAG.UNAVAILABLE,
  PR: FLAG.PERSISTENT,
  PW: FLAG.WRITE_EXCLUSIVE,
  RH: FLAG.RUN_HERE,
};
const PATTERNS: Readonly<Record<string, number>> = {
  READ: PATTERN.READ,
  WRITE: PATTERN.WRITE,
  READCAP: PATTERN.READ_CAPACITY,
  TUR: PATTERN.TEST_UNIT_READY,
  RANGE: PATTERN.RANGE,
};
function sum(
  names: readonly string[],
  bits: Readonly<Record<string, number>>,
): number {
  return names.reduce((set, name) => set | (bits[name] ?? 0), 0);
}

for (const reference of REFERENCE_ROWS) {
  Deno.test(`the row of ${reference.code} is that of the reference`, () => {
    const row = table.get(...codesOf(reference));
    assert(row !== undefined);
    assertEquals(row.cdbLength, reference.length);
    assertEquals(row.usageBytes.slice(1), reference.usage);
    assertEquals(row.usageBytes[0], row.opcode);
    assertEquals(row.serialization, CLASSES[reference.order]);
    assertEquals(row.deviceTypes, maskOf(reference));
    assertEquals(row.flags, sum(reference.flags, FLAG_LETTERS));
    assertEquals(row.pattern, sum(reference.patterns, PATTERNS));
    const direction = { IN: "in", OUT: "out" }[reference.direction] ?? "none";
    assertEquals<string>(row.direction, direction);
    const withoutUnit = row.executeWithoutUnit !== undefined;
    assertEquals(withoutUnit, reference.flags.includes("NL"));
  });
}

Deno.test("the core has no command that the reference has not", () => {
  const known = REFERENCE_ROWS.map(codesOf)
    .map((codes) => table.get(...codes));
  const rows = [...table.rows()];
  assertEquals(rows.filter((row) => !known.includes(row)), []);
});

Deno.test("every command with a range of blocks reads it", () => {
  for (const row of table.rows()) {
    const hasRange = (row.pattern & PATTERN.RANGE) !== 0;
    if (hasRange) assert(row.range !== undefined, row.name);
  }
});

function definition(more: Partial<CommandDefinition> = {}): CommandDefinition {
  return {
    name: "PLANTED",
    opcode: 0xc0,
    deviceTypes: FOR.ALL,
    usage: "0f 00 ff 81 07",
    serialization: 0,
    direction: "none",
    flags: 0,
    pattern: 0,
    execute: () => 0,
    ...more,
  };
}

function cdbOf(...bytes: readonly number[]): DataView {
  const cdb = new Uint8Array(32);
  cdb.set(bytes);
  return new DataView(cdb.buffer);
}

Deno.test("CommandTable.add() takes a command in and out", () => {
  const commands = new CommandTable();
  const plain = commands.add(definition());
  const one = commands.add(definition({ opcode: 0xc1, serviceAction: 1 }));
  const two = commands.add(definition({ opcode: 0xc1, serviceAction: 2 }));
  assertThrows(() => commands.add(definition()));
  assertThrows(() =>
    commands.add(definition({ opcode: 0xc1, serviceAction: 2 }))
  );
  assertEquals(commands.find(cdbOf(0xc0))?.opcode, 0xc0);
  assertEquals(commands.find(cdbOf(0xc1, 0xe2))?.serviceAction, 2);
  assertEquals(commands.find(cdbOf(0xc1, 3)), null);
  assertEquals([...commands.rows()].length, 3);
  plain[Symbol.dispose]();
  one[Symbol.dispose]();
  assertEquals(commands.find(cdbOf(0xc0)), null);
  assertEquals(commands.hasServiceActions(0xc1), true);
  two[Symbol.dispose]();
  assertEquals(commands.hasServiceActions(0xc1), false);
  assertEquals([...commands.rows()], []);
});

Deno.test("CommandTable.add() keeps service actions apart", () => {
  const commands = new CommandTable([definition()]);
  assertThrows(() => commands.add(definition({ serviceAction: 1 })));
  commands.add(definition({ opcode: 0xc1, serviceAction: 1 }));
  assertThrows(() => commands.add(definition({ opcode: 0xc1 })));
  assertThrows(() =>
    commands.add(definition({ opcode: 0xc2, serviceAction: 32 }))
  );
});

Deno.test("checkUsage() points at the first wrong byte's top bit", () => {
  const row = commandRowOf(definition());
  const wrong = (...bytes: number[]) => {
    const sense = checkUsage(row, cdbOf(0xc0, ...bytes));
    if (sense === null) return "fine";
    assert(typeof sense === "object");
    return `${sense.field?.byte}.${sense.field?.bit}`;
  };
  assertEquals(wrong(), "fine");
  assertEquals(wrong(0x0f, 0x00, 0xff, 0x81, 0x03), "fine");
  assertEquals(wrong(0, 0, 0, 0, 0, 0xff, 0xff), "fine");
  assertEquals(wrong(0x10), "1.4");
  assertEquals(wrong(0xf0), "1.7");
  assertEquals(wrong(0x1f, 0xff), "1.4");
  assertEquals(wrong(0, 0x01), "2.0");
  assertEquals(wrong(0, 0x82), "2.7");
  assertEquals(wrong(0, 0, 0, 0x7e), "4.6");
  assertEquals(wrong(0, 0, 0, 0, 0x04), "5.2");
  assertEquals(wrong(0, 0, 0, 0, 0xf8), "5.7");
});

function isLong(row: CommandRow): boolean {
  return row.opcode === 0x7f;
}

/** A CDB with nothing but its codes. */
function baseOf(row: CommandRow): number[] {
  return isLong(row)
    ? [0x7f, 0, 0, 0, 0, 0, 0, 24, 0, row.serviceAction ?? 0]
    : [row.opcode, row.serviceAction ?? 0];
}

Deno.test("checkUsage() holds variable length CDBs to their length", () => {
  const row = table.get(0x7f, 0x09);
  assert(row !== undefined);
  const of = (length: number) =>
    checkUsage(row, cdbOf(0x7f, 0, 0, 0, 0, 0, 0, length, 0, 9));
  assertEquals(of(24), null);
  for (const length of [0, 23, 25, 255]) {
    const sense = of(length);
    assert(typeof sense === "object" && sense !== null);
    assertEquals(sense.field, { inCdb: true, byte: 7 });
  }
});

Deno.test("CommandTable.find() reads long service actions", () => {
  const commands = new CommandTable([
    definition({ opcode: 0x7f, serviceAction: 0x1234 }),
  ]);
  const cdb = cdbOf(0x7f, 0, 0, 0, 0, 0, 0, 24, 0x12, 0x34);
  assertEquals(commands.find(cdb)?.serviceAction, 0x1234);
  assertEquals(commands.find(cdbOf(0x7f, 0x14)), null);
  assertEquals(commands.serviceActionMax(0x7f), 0xffff);
});

Deno.test("checkUsage() knows every forbidden bit of every command", () => {
  for (const row of table.rows()) {
    const base = baseOf(row);
    assertEquals(checkUsage(row, cdbOf(...base)), null, row.name);
    for (let byte = 1; byte < row.cdbLength; byte += 1) {
      // The additional CDB length is looked at as a whole.
      if (isLong(row) && byte === 7) continue;
      const control = byte === (isLong(row) ? 1 : row.cdbLength - 1);
      const allowed = (row.usageBytes[byte] ?? 0) & (control ? 0xfb : 0xff);
      for (let bit = 0; bit < 8; bit += 1) {
        const cdb = cdbOf(...base);
        cdb.setUint8(byte, cdb.getUint8(byte) | 1 << bit);
        const sense = checkUsage(row, cdb);
        const refused = sense !== null;
        assertEquals(refused, (allowed >> bit & 1) === 0, row.name);
        if (typeof sense !== "object" || sense === null) continue;
        assertEquals(sense.field, { inCdb: true, byte, bit });
      }
    }
  }
});

Deno.test("unknownCommand() tells codes from service actions", () => {
  const of = (...bytes: number[]) => {
    const sense = unknownCommand(table, cdbOf(...bytes));
    assert(typeof sense === "object");
    return [sense.asc, sense.field?.byte, sense.field?.bit];
  };
  assertEquals(of(0xff), [0x20, 0, undefined]);
  assertEquals(of(0x5e, 0x1f), [0x24, 1, 4]);
  assertEquals(of(0x7f, 0, 0, 0, 0, 0, 0, 24, 0, 1), [0x24, 8, undefined]);
});
