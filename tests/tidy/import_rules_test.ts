import { assertEquals } from "@std/assert";
import { type ImportKind, resolve } from "./facts.ts";
import { brokenRule } from "./import_rules.ts";

/** Rows: file, how it imports what; fine or the rule that is broken. */
const CASES: readonly (readonly [string, ImportKind, string, string])[] = [
  ["core/target.ts", "value", "./task.ts", ""],
  ["core/commands/verify.ts", "value", "../sense.ts", ""],
  ["core/target.ts", "type", "../mod.ts", "core/ imports nothing outside"],
  ["core/target.ts", "dynamic", "../ha/mod.ts", "core/ imports nothing"],
  ["core/target.ts", "value", "zod", "core/ has no dependency"],
  ["core/target.ts", "type", "node:fs", "core/ has no dependency"],
  ["core/ports/host.ts", "type", "../task.ts", ""],
  ["core/ports/host.ts", "value", "../task.ts", "a leaf imports types"],
  ["core/ports/host.ts", "value", "./block_store.ts", ""],
  ["core/wire/sense_data.ts", "value", "../sense.ts", "a leaf imports types"],
  ["frontends/iscsi/wire/scsi.ts", "value", "./pdu.ts", ""],
  ["frontends/iscsi/wire/scsi.ts", "value", "../output.ts", "a leaf imports"],
  ["frontends/iscsi/mod.ts", "value", "../../core/mod.ts", ""],
  ["frontends/iscsi/mod.ts", "type", "../../core/task.ts", "a plugin imports"],
  ["frontends/iscsi/mod.ts", "value", "../tpc/mod.ts", "a plugin imports"],
  ["frontends/iscsi/mod.ts", "value", "../../mod.ts", "a plugin imports"],
  ["frontends/iscsi/mod.ts", "value", "dtl", "a plugin imports"],
  ["frontends/iscsi/hash_adapter.ts", "value", "node:crypto", ""],
  ["frontends/iscsi/chap.ts", "value", "node:crypto", "only adapters"],
  ["backends/filters/delay.ts", "value", "./mod.ts", ""],
  ["backends/filters/delay.ts", "value", "../ramdisk/mod.ts", "a plugin"],
  ["ha/link.ts", "value", "./wire/hello.ts", ""],
  ["ha/link.ts", "value", "../core/task.ts", "a plugin imports"],
  ["ctladm/ctld.ts", "value", "../mod.ts", ""],
  ["ctladm/ctld.ts", "value", "dtl", ""],
  ["ctladm/ctld.ts", "value", "./conf/parser.ts", ""],
  ["ctladm/ctld.ts", "value", "@std/cli/parse-args", ""],
  ["ctladm/ctld.ts", "type", "../core/mod.ts", "ctladm/ imports through"],
  ["ctladm/host/clock_adapter.ts", "type", "../../core/mod.ts", ""],
  ["ctladm/version.ts", "value", "../deno.json", ""],
  ["mod.ts", "value", "./core/mod.ts", ""],
  ["mod.ts", "dynamic", "./frontends/iscsi/mod.ts", ""],
  ["mod.ts", "value", "./tests/support/ports.ts", "nothing but tests"],
  ["ctladm/ctld.ts", "type", "../tests/support/ports.ts", "nothing but tests"],
  ["tests/unit/core/task_test.ts", "value", "../../../core/task.ts", ""],
];

for (const [from, kind, specifier, expected] of CASES) {
  const verdict = expected === "" ? "allows" : "refuses";
  Deno.test(`brokenRule ${verdict} ${kind} ${specifier} in ${from}`, () => {
    const file = resolve(from, specifier);
    const rule = brokenRule(from, { kind, specifier, file, line: 1 });
    assertEquals(rule?.slice(0, expected.length) ?? "", expected);
  });
}
