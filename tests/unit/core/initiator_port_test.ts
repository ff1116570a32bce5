import { assert, assertEquals } from "@std/assert";
import {
  type InitiatorPort,
  INITIATORS_PER_PORT_MAX,
  InitiatorTable,
} from "../../../core/mod.ts";

const ID = Uint8Array.of(0x45, 0, 0, 0);

function enter(table: InitiatorTable, name: string): InitiatorPort {
  const initiator = table.enter(name, ID, 3);
  assert(initiator !== null, `no slot for ${name}`);
  return initiator;
}

function fullTable(): InitiatorTable {
  const table = new InitiatorTable();
  for (let at = 0; at < INITIATORS_PER_PORT_MAX; at += 1) {
    enter(table, `i${at}`);
  }
  return table;
}

function names(table: InitiatorTable): string[] {
  return [...table.present()].map(({ name }) => name);
}

Deno.test("InitiatorTable.enter() numbers names as they come", () => {
  const table = new InitiatorTable();
  assertEquals(enter(table, "a"), {
    index: 0,
    nexusId: "3/45000000",
    relativeTargetPort: 3,
    name: "a",
    transportId: ID,
  });
  assertEquals(enter(table, "b").index, 1);
  assertEquals(names(table), ["a", "b"]);
});

Deno.test("InitiatorTable.enter() finds a name again after it left", () => {
  const table = new InitiatorTable();
  const first = enter(table, "a");
  table.leave(first);
  assertEquals(names(table), []);
  enter(table, "b");
  assert(enter(table, "a") === first);
  assertEquals(names(table), ["a", "b"]);
});

Deno.test("InitiatorTable keeps an initiator until its last session", () => {
  const table = new InitiatorTable();
  const first = enter(table, "a");
  assert(enter(table, "a") === first);
  table.leave(first);
  assertEquals(names(table), ["a"]);
  table.leave(first);
  assertEquals(names(table), []);
});

Deno.test("InitiatorTable.enter() gives up when all slots are in use", () => {
  const table = fullTable();
  assertEquals(table.enter("more", ID, 3), null);
  assertEquals(enter(table, "i7").index, 7);
});

Deno.test("InitiatorTable.enter() reuses the slot unused for longest", () => {
  const table = fullTable();
  const leaving = ["i5", "i9", "i2"].map((name) => enter(table, name));
  for (const initiator of leaving) {
    table.leave(initiator);
    table.leave(initiator);
  }
  enter(table, "i5");
  assertEquals(enter(table, "new").index, 9);
  assertEquals(enter(table, "i9").index, 2);
  assertEquals(table.enter("i2", ID, 3), null);
});
