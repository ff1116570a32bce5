import { assertEquals, assertMatch } from "@std/assert";
import { type HistoryEntry, judgeHistory } from "./linear.ts";
import { CONFLICT, GOOD, type SharedOp } from "./shared_state.ts";

type Row = readonly [SharedOp, number, number, string | null];

const A = "h0@1";
const B = "h1@2";
const look: SharedOp = { kind: "look", by: A };
const sense: SharedOp = { kind: "sense", by: A };

function register(by: string, key: number): SharedOp {
  return { kind: "register", by, key };
}

function select(value: number): SharedOp {
  return { kind: "select", by: A, value };
}

function judge(rows: readonly Row[]): string | null {
  return judgeHistory(
    rows.map(([op, fromMs, toMs, answer]): HistoryEntry => ({
      ...{ op, fromMs, toMs, answer },
    })),
  );
}

Deno.test("linear: what follows one order fits", () => {
  const verdict = judge([
    [register(A, 1), 0, 1, GOOD],
    [{ kind: "reserve", by: A, own: 1 }, 2, 3, GOOD],
    [{ kind: "write", by: B }, 4, 5, CONFLICT],
    [look, 6, 7, `${A}=1, ${A}`],
    [register(B, 2), 8, 9, GOOD],
    [{ kind: "preempt", by: B, own: 2, key: 1 }, 10, 11, GOOD],
    [look, 12, 13, `${B}=2, ${B}`],
  ]);
  assertEquals(verdict, null);
});

Deno.test("linear: commands at the same time take effect in any order", () => {
  for (const answer of ["m7", "m8"]) {
    const verdict = judge([
      [select(7), 0, 10, GOOD],
      [select(8), 1, 9, GOOD],
      [sense, 11, 12, answer],
    ]);
    assertEquals(verdict, null, answer);
  }
  const lost = judge([
    [select(7), 0, 1, GOOD],
    [select(8), 2, 3, GOOD],
    [sense, 4, 5, "m7"],
  ]);
  assertMatch(lost ?? "", /m8.*"sense".*answered "m7"/);
});

Deno.test("linear: what nobody knows may be done, or not", () => {
  const both = (answer: string): string | null =>
    judge([
      [select(7), 0, Infinity, null],
      [sense, 1, 2, "m1"],
      [sense, 3, 4, answer],
    ]);
  assertEquals([both("m1"), both("m7")], [null, null]);
  assertMatch(both("m9") ?? "", /m9/);
});

Deno.test("linear: what was aborted does nothing later", () => {
  const aborted = (answer: string): string | null =>
    judge([
      [select(7), 0, 2, null],
      [sense, 3, 4, "m1"],
      [sense, 5, 6, answer],
    ]);
  assertEquals(aborted("m1"), null);
  assertMatch(aborted("m7") ?? "", /m7/);
});

Deno.test("linear: what changes nothing yet may change something later", () => {
  const verdict = judge([
    [register(A, 1), 0, 10, GOOD],
    [register(A, 0), 1, 11, GOOD],
    [look, 12, 13, " -"],
  ]);
  assertEquals(verdict, null);
});

Deno.test("linear: much that nobody knows is judged all the same", () => {
  const unknown = Array.from(
    { length: 14 },
    (_, at): Row => [select(2 + at), at / 100, Infinity, null],
  );
  const judged = (answer: string) =>
    judge([...unknown, [sense, 1, 2, "m4"], [sense, 3, 4, answer]]);
  assertEquals([judged("m4"), judged("m9")], [null, null]);
  assertMatch(judged("m99") ?? "", /answered "m99"/);
});
