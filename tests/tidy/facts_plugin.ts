/**
 * A plugin of Deno's linter that judges nothing: it tells what is in a file,
 * one diagnostic a fact, so that we read imports and sizes with the linter's
 * parser and need none of our own.
 *
 * @module
 */

type Context = Deno.lint.RuleContext;
type Node = Deno.lint.Node;
type Visitor = Deno.lint.LintVisitor;
type FunctionNode =
  | Deno.lint.FunctionDeclaration
  | Deno.lint.FunctionExpression
  | Deno.lint.ArrowFunctionExpression;

const FILE_LINES_MAX = 500;
const FUNCTION_LINES_MAX = 70;
const PARAMETERS_MAX = 4;
const COLUMNS_MAX = 80;

/** Facts are words in the message of a diagnostic. */
const plugin: Deno.lint.Plugin = {
  name: "facts",
  rules: {
    imports: { create: visitImports },
    outliers: { create: visitOutliers },
  },
};

export default plugin;

/** `runtime yes|no` once a file, `import value|type|dynamic SPECIFIER`. */
function visitImports(context: Context): Visitor {
  const tell = (node: Node, kind: string, source: Node | null) => {
    if (source?.type !== "Literal") return;
    context.report({ node, message: `import ${kind} ${source.value}` });
  };
  return {
    Program(node) {
      const runtime = node.body.some(hasRuntime) ? "yes" : "no";
      context.report({ node, message: `runtime ${runtime}` });
    },
    ImportDeclaration: (node) => tell(node, node.importKind, node.source),
    ExportNamedDeclaration: (node) => tell(node, node.exportKind, node.source),
    ExportAllDeclaration: (node) => tell(node, node.exportKind, node.source),
    ImportExpression: (node) => tell(node, "dynamic", node.source),
    TSImportType: (node) => tell(node, "type", node.argument),
  };
}

const ERASED: ReadonlySet<string> = new Set([
  "TSInterfaceDeclaration",
  "TSTypeAliasDeclaration",
]);

function hasRuntime(node: Node): boolean {
  if (node.type === "ImportDeclaration") return false;
  if (node.type === "ExportAllDeclaration") return node.exportKind === "value";
  if (node.type !== "ExportNamedDeclaration") return !ERASED.has(node.type);
  const { declaration, exportKind } = node;
  return declaration === null
    ? exportKind === "value"
    : !ERASED.has(declaration.type);
}

/** `outlier KIND SIZE NAME`. */
function visitOutliers(context: Context): Visitor {
  const tell = (kind: string, size: number, at: Place) => {
    const { range, name } = at;
    context.report({ range, message: `outlier ${kind} ${size} ${name}` });
  };
  const judge = (node: FunctionNode) => judgeFunction(context, node, tell);
  return {
    Program: () => judgeText(context.sourceCode.text, tell),
    FunctionDeclaration: judge,
    FunctionExpression: judge,
    ArrowFunctionExpression: judge,
  };
}

interface Place {
  readonly range: [number, number];
  readonly name: string;
}

type Tell = (kind: string, size: number, at: Place) => void;

function judgeText(text: string, tell: Tell): void {
  const lines = text.trimEnd().split("\n");
  if (lines.length > FILE_LINES_MAX) {
    tell("file", lines.length, { range: [0, 0], name: "" });
  }
  let start = 0;
  for (const line of lines) {
    if (line.length > COLUMNS_MAX) {
      tell("line", line.length, { range: [start, start], name: "" });
    }
    start += line.length + 1;
  }
}

function judgeFunction(
  { sourceCode }: Context,
  node: FunctionNode,
  tell: Tell,
): void {
  const lines = sourceCode.getText(node).split("\n").length;
  const place = { range: node.range, name: nameOf(node) };
  if (lines > FUNCTION_LINES_MAX) tell("function", lines, place);
  if (node.params.length > PARAMETERS_MAX) {
    tell("parameters", node.params.length, place);
  }
}

function nameOf(node: FunctionNode): string {
  if (node.type === "FunctionDeclaration") return node.id?.name ?? "";
  const { parent } = node;
  switch (parent.type) {
    case "VariableDeclarator":
      return parent.id.type === "Identifier" ? parent.id.name : "";
    case "MethodDefinition":
    case "Property":
      return keyName(parent.key);
    default:
      return "";
  }
}

function keyName(key: Node): string {
  if (key.type === "Identifier") return key.name;
  return key.type === "PrivateIdentifier" ? `#${key.name}` : "";
}
