/**
 * The rule that keeps shipped code pure: clock, timers, entropy, network and
 * everything else of the machine are used by adapters alone, and reach the
 * rest through ports.
 *
 * @module
 */

import { isAdapter, isShipped, pathInTree } from "./source_path.ts";

type Node = Deno.lint.Node;
type Visitor = Deno.lint.LintVisitor;

const CLOCK = "Take the time from the host's clock";
const ENTROPY = "Take random bytes from the host's entropy";
const NETWORK = "Take a stream from an adapter";
const MACHINE = "Move it to an adapter: a file named *_adapter.ts";

/** Members of global objects, and what to use in their place. */
const MEMBERS: ReadonlyMap<string, string> = new Map([
  ["Date.now", CLOCK],
  ["performance.now", CLOCK],
  ["Math.random", ENTROPY],
  ["crypto.getRandomValues", ENTROPY],
  ["crypto.randomUUID", ENTROPY],
]);

/** Functions, and what to use in their place. */
const FUNCTIONS: ReadonlyMap<string, string> = new Map([
  ["setTimeout", CLOCK],
  ["setInterval", CLOCK],
  ["setImmediate", CLOCK],
  ["fetch", NETWORK],
]);

/** No use of the machine in shipped code, but for adapters. */
export const noMachine: Deno.lint.Rule = {
  create(context): Visitor {
    const path = pathInTree(context.filename);
    if (!isShipped(path) || isAdapter(path)) return {};
    const tell = (node: Node, what: string, hint: string) =>
      context.report({
        node,
        message: `${what} is used in shipped code`,
        hint,
      });
    return {
      ...moduleVisitor(tell),
      ...valueVisitor(tell, (node) => context.sourceCode.getText(node)),
    };
  },
};

type Tell = (node: Node, what: string, hint: string) => void;

function moduleVisitor(tell: Tell): Visitor {
  const check = (node: Node, source: Node | null) => {
    if (source?.type !== "Literal") return;
    const name = String(source.value);
    if (name.startsWith("node:")) tell(node, name, MACHINE);
  };
  return {
    ImportDeclaration: (node) => check(node, node.source),
    ExportNamedDeclaration: (node) => check(node, node.source),
    ExportAllDeclaration: (node) => check(node, node.source),
    ImportExpression: (node) => check(node, node.source),
  };
}

function valueVisitor(tell: Tell, textOf: (node: Node) => string): Visitor {
  return {
    Identifier(node) {
      if (node.name === "Deno" && !isPropertyName(node)) {
        tell(node, "Deno", MACHINE);
      }
    },
    MemberExpression(node) {
      const text = textOf(node).replace(/^globalThis\.|\s/g, "");
      const hint = MEMBERS.get(text);
      if (hint !== undefined) tell(node, text, hint);
    },
    CallExpression(node) {
      const name = textOf(node.callee).replace(/^globalThis\./, "");
      const hint = FUNCTIONS.get(name);
      if (hint !== undefined) tell(node, name, hint);
    },
    NewExpression(node) {
      if (textOf(node.callee) !== "Date" || node.arguments.length > 0) return;
      tell(node, "new Date()", CLOCK);
    },
  };
}

function isPropertyName({ parent, range }: Deno.lint.Identifier): boolean {
  if (parent.type === "MemberExpression") {
    const { object, property } = parent;
    const isGlobal = object.type === "Identifier" &&
      object.name === "globalThis";
    return property.range[0] === range[0] && !isGlobal;
  }
  return parent.type === "Property" && parent.key.range[0] === range[0];
}
