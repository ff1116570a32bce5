import { assertEquals } from "@std/assert";
import plugin from "./plugin.ts";

const SHIPPED = "core/example.ts";
const ADAPTER = "ctladm/host/example_adapter.ts";
const TEST = "tests/unit/core/example_test.ts";

/** Rules that a source breaks in a file, in the order of the source. */
function brokenRules(file: string, source: string): string[] {
  return Deno.lint.runPlugin(plugin, file, source)
    .map(({ id }) => id.replace("dtl/", ""));
}

interface Case {
  readonly rule: string;
  /** Sources that break it once, wherever they stand. */
  readonly bad: readonly string[];
  /** Sources that look like it and are right. */
  readonly good: readonly string[];
}

const ANYWHERE: readonly Case[] = [
  {
    rule: "no-enum",
    bad: ["enum A { B }", "export const enum A { B }"],
    good: ["const A = { B: 0 } as const;"],
  },
  {
    rule: "no-private-keyword",
    bad: [
      "class A { private b = 1; }",
      "class A { protected b(): void {} }",
      "class A { private static b = 1; }",
      "class A { private constructor() {} }",
      "class A { constructor(private readonly b: number) {} }",
      "abstract class A { protected abstract b(): void; }",
      "abstract class A { protected abstract b: number; }",
    ],
    good: ["class A { #b = 1; public c = this.#b; }"],
  },
  {
    rule: "no-non-null",
    bad: [
      "a!.b;",
      "f(a!);",
      "class A { b!: number; }",
      "let a!: number;",
    ],
    good: ["!a;", "a != b;", "class A { b?: number; }"],
  },
  {
    rule: "no-default-export",
    bad: [
      "export default 1;",
      "export default function a() {}",
      "const a = 1; export { a as default };",
    ],
    good: ["export const a = 1;", 'export { default as a } from "b";'],
  },
  {
    rule: "no-top-level-arrow",
    bad: [
      "const a = () => 1;",
      "export const a = () => 1;",
      "export const a: () => number = () => 1;",
      "const a = function () {};",
    ],
    good: [
      "function a() { const b = () => 1; return b; }",
      "const a: Handler = () => 1;",
      "const a = list.map((one) => one);",
      "const a = { b: () => 1 };",
    ],
  },
  {
    rule: "no-leftovers",
    bad: [
      "// " + "TODO: later",
      "/* a " + "FIXME */",
      "/** " + "XXX */ a;",
    ],
    good: ['"TO" + "DO";', "// todos are kept elsewhere"],
  },
];

for (const { rule, bad, good } of ANYWHERE) {
  for (const source of bad) {
    Deno.test(`${rule} finds ${source}`, () => {
      assertEquals(brokenRules(TEST, source), [rule]);
      assertEquals(brokenRules(SHIPPED, source), [rule]);
    });
  }
  for (const source of good) {
    Deno.test(`${rule} accepts ${source}`, () => {
      assertEquals(brokenRules(SHIPPED, source), []);
    });
  }
}

Deno.test("no-default-export accepts plugins of the linter", () => {
  const source = "const a = 1; export default a;";
  assertEquals(brokenRules("tests/lint/plugin.ts", source), []);
  assertEquals(brokenRules("ctladm/plugin.ts", source), ["no-default-export"]);
});

const MACHINE = [
  "Date.now();",
  "globalThis.Date.now();",
  "const now = Date.now;",
  "new Date();",
  "performance.now();",
  "setTimeout(f, 1);",
  "globalThis.setTimeout(f, 1);",
  "setInterval(f, 1);",
  "Math.random();",
  "crypto.getRandomValues(bytes);",
  "crypto.randomUUID();",
  "fetch(url);",
  "Deno.exit(1);",
  "Deno.args.length;",
  "const { args } = Deno;",
  "globalThis.Deno.pid;",
  "let socket: Deno.TcpConn;",
  "if (e instanceof Deno.errors.NotFound) f();",
  'import { readFileSync } from "node:fs";',
  'export * from "node:fs";',
  'export { read } from "node:fs";',
  'await import("node:fs");',
];

for (const source of MACHINE) {
  Deno.test(`no-machine finds ${source} outside adapters`, () => {
    assertEquals(brokenRules(SHIPPED, source), ["no-machine"]);
    assertEquals(brokenRules("mod.ts", source), ["no-machine"]);
    assertEquals(brokenRules(ADAPTER, source), []);
    assertEquals(brokenRules(TEST, source), []);
  });
}

const PURE = [
  "queueMicrotask(f);",
  "new Date(timeMs);",
  "clock.now();",
  "api.fetch(request);",
  "Math.max(1, 2);",
  "options.Deno;",
  "f({ Deno: 1 });",
  'import { a } from "./node.ts";',
];

for (const source of PURE) {
  Deno.test(`no-machine accepts ${source}`, () => {
    assertEquals(brokenRules(SHIPPED, source), []);
  });
}

Deno.test("no-console finds the console in shipped code alone", () => {
  const source = 'console.log("a");';
  assertEquals(brokenRules(SHIPPED, source), ["no-console"]);
  assertEquals(brokenRules(ADAPTER, source), ["no-console"]);
  assertEquals(brokenRules(TEST, source), []);
});
