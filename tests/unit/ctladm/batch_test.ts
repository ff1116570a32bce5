import { assertEquals, assertMatch } from "@std/assert";
import { wordsOf } from "../../../ctladm/commands/batch.ts";
import { MemoryDaemon } from "../../support/memory_daemon.ts";

const LINES: readonly (readonly [string, readonly string[] | undefined])[] = [
  ["", []],
  ["  # nothing", []],
  ["create -b ramdisk # one", ["create", "-b", "ramdisk"]],
  [`a "b c" 'd "e'`, ["a", "b c", 'd "e']],
  [`-o vendor="A B"x`, ["-o", "vendor=A Bx"]],
  [`a\\ b "\\"" ''`, ["a b", '"', ""]],
  ["a#b", ["a#b"]],
  ['open "quote', undefined],
];

for (const [line, words] of LINES) {
  Deno.test(`wordsOf(${JSON.stringify(line)})`, () => {
    assertEquals(wordsOf(line), words && [...words]);
  });
}

async function batch(text: string, line = "batch"): Promise<{
  readonly machine: MemoryDaemon;
  readonly code: number;
  readonly lines: readonly string[];
  readonly errors: readonly string[];
}> {
  const machine = new MemoryDaemon();
  machine.files.set("-", new TextEncoder().encode(text));
  return { machine, ...await machine.ctladm(line) };
}

Deno.test("ctladm batch runs what standard input says", async () => {
  const create = "create -b ramdisk -s 1m -o capacity=1m\n";
  const { machine, code, errors } = await batch(create.repeat(1000));
  await using _machine = machine;
  assertEquals([code, errors], [0, []]);
  assertEquals(machine.daemon.target.luns.all().length, 1000);
});

Deno.test("ctladm batch stops at a line that fails", async () => {
  const { machine, code, errors } = await batch(
    "# two\ncreate -b ramdisk -s 1m\n\nremove -b ramdisk -l 7\ndevlist\n",
  );
  await using _machine = machine;
  assertEquals(code, 1);
  assertMatch(errors[0] ?? "", /LUN removal error/);
  assertEquals(errors[1], "ctladm: line 4 failed: remove -b ramdisk -l 7");
});

const WRONG: readonly (readonly [string, string, RegExp])[] = [
  ["batch", "batch x", /line 1: a batch runs no batch/],
  ["batch", "devlist 'x", /line 1: a quote is not closed/],
  ["batch a b", "", /name one file/],
  ["batch missing", "", /unable to open file missing/],
];

for (const [line, text, message] of WRONG) {
  Deno.test(`ctladm ${line} refuses ${text}`, async () => {
    const { machine, code, errors } = await batch(text, line);
    await using _machine = machine;
    assertEquals(code, 1);
    assertMatch(errors[0] ?? "", message);
  });
}
