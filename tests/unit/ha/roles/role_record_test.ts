import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { ManagementError } from "../../../../core/mod.ts";
import { MemoryState } from "../../../../ctladm/host/memory_state.ts";
import { NODE_GROUP } from "../../../../ha/roles/mod.ts";
import {
  decodeRecord,
  encodeRecord,
  readRecord,
  recordName,
} from "../../../../ha/roles/role_record.ts";
import {
  EMPTY_RECORD,
  type RoleRecord,
} from "../../../../ha/roles/role_types.ts";

const RECORD: RoleRecord = {
  ...{ epoch: 5, sequence: 9, solo: true, epochSeen: 6, wasPrimary: true },
  ...{ ordered: "secondary", halted: false },
};

Deno.test("role record: what is kept is read again", () => {
  for (const record of [RECORD, EMPTY_RECORD, { ...RECORD, halted: true }]) {
    assertEquals(decodeRecord(encodeRecord(record)), record);
  }
});

Deno.test("role record: a group that was never part of a pair", () => {
  assertEquals(readRecord(new MemoryState(), NODE_GROUP), EMPTY_RECORD);
});

Deno.test("role record: groups are kept apart", () => {
  const state = new MemoryState();
  state.write(recordName(3), encodeRecord(RECORD));
  assertEquals(readRecord(state, 3), RECORD);
  assertEquals(readRecord(state, 4), EMPTY_RECORD);
});

Deno.test("role record: what makes no sense is no role", () => {
  const state = new MemoryState();
  const bytes = encodeRecord(RECORD);
  for (const wrong of [bytes.subarray(1), bytes.with(0, 9), bytes.with(2, 7)]) {
    state.write(recordName(3), wrong);
    const error = assertThrows(() => readRecord(state, 3));
    assert(error instanceof ManagementError);
    assertMatch(error.message, /group 3$/);
  }
});
