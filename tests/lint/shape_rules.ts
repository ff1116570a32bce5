/**
 * Rules about the shape of our code: what the language offers and we do
 * without.
 *
 * @module
 */

import { isLintPlugin, isShipped, pathInTree } from "./source_path.ts";

type Rule = Deno.lint.Rule;
type Visitor = Deno.lint.LintVisitor;

/** No `enum`: an `as const` object says the same and is erased. */
export const noEnum: Rule = {
  create(context): Visitor {
    const message = "An enum is declared";
    const hint = "Use an object `as const`";
    return {
      TSEnumDeclaration: (node) => context.report({ node, message, hint }),
    };
  },
};

type Accessible = Deno.lint.Node & {
  readonly accessibility?: string | undefined;
};

/** No `private`, no `protected`: `#fields` are private at run time, too. */
export const noPrivateKeyword: Rule = {
  create(context): Visitor {
    const hint = "Use a #name";
    const check = (node: Accessible) => {
      const word = node.accessibility;
      if (word !== "private" && word !== "protected") return;
      context.report({ node, message: `The keyword ${word}`, hint });
    };
    return {
      PropertyDefinition: check,
      MethodDefinition: check,
      AccessorProperty: check,
      TSAbstractPropertyDefinition: check,
      TSAbstractMethodDefinition: check,
      // Erasable syntax has none of these anyway, whatever the keyword.
      TSParameterProperty: (node) =>
        context.report({ node, message: "A parameter property", hint }),
    };
  },
};

const DEFINITE = /^[\w\s#$]+!\s*:/;

/** No `value!`: what may be missing is looked at. */
export const noNonNull: Rule = {
  create(context): Visitor {
    const tell = (node: Deno.lint.Node) =>
      context.report({
        node,
        message: "A non-null assertion",
        hint: "Handle the missing value",
      });
    return {
      TSNonNullExpression: tell,
      "VariableDeclarator[definite=true]": tell,
      PropertyDefinition(node) {
        if (DEFINITE.test(context.sourceCode.getText(node))) tell(node);
      },
    };
  },
};

/** No default export, but for plugins of the linter, which need one. */
export const noDefaultExport: Rule = {
  create(context): Visitor {
    if (isLintPlugin(pathInTree(context.filename))) return {};
    const message = "A default export";
    const hint = "Export it by its name";
    return {
      ExportDefaultDeclaration: (node) =>
        context.report({ node, message, hint }),
      "ExportNamedDeclaration > ExportSpecifier[exported.name='default']": (
        node: Deno.lint.Node,
      ) => context.report({ node, message, hint }),
    };
  },
};

type Declarator = Deno.lint.VariableDeclarator;

/**
 * No arrow function at top level, where a function declaration does it. A
 * constant that is declared to be of a named function type is the exception:
 * it implements that type.
 */
export const noTopLevelArrow: Rule = {
  create(context): Visitor {
    const message = "An arrow function at top level";
    const hint = "Declare a function";
    const check = (node: Declarator) => {
      const type = node.init?.type;
      const isFunction = type === "ArrowFunctionExpression" ||
        type === "FunctionExpression";
      if (isFunction && !hasNamedType(node)) {
        context.report({ node, message, hint });
      }
    };
    const declarator = "VariableDeclaration > VariableDeclarator";
    return {
      [`Program > ${declarator}`]: check,
      [`Program > ExportNamedDeclaration > ${declarator}`]: check,
    };
  },
};

function hasNamedType({ id }: Declarator): boolean {
  return id.type === "Identifier" &&
    id.typeAnnotation?.typeAnnotation.type === "TSTypeReference";
}

/** No console in shipped code: it has a log port. */
export const noConsole: Rule = {
  create(context): Visitor {
    if (!isShipped(pathInTree(context.filename))) return {};
    const message = "The console is used";
    const hint = "Use the log or the terminal of the host";
    return {
      "MemberExpression[object.name='console']": (node: Deno.lint.Node) =>
        context.report({ node, message, hint }),
    };
  },
};

const LEFTOVER = /\b(?:TODO|FIXME|XXX|HACK)\b/;

/** No marks of unfinished work in comments. */
export const noLeftovers: Rule = {
  create(context): Visitor {
    return {
      Program() {
        for (const { range, value } of context.sourceCode.getAllComments()) {
          const [word] = LEFTOVER.exec(value) ?? [];
          if (word === undefined) continue;
          context.report({ range, message: `A comment says ${word}` });
        }
      },
    };
  },
};
