/**
 * Our style, as far as a linter can judge it. Deno's own recommended rules
 * stand beside it, `no-explicit-any` among them.
 *
 * @module
 */

import { noMachine } from "./machine_rules.ts";
import {
  noConsole,
  noDefaultExport,
  noEnum,
  noLeftovers,
  noNonNull,
  noPrivateKeyword,
  noTopLevelArrow,
} from "./shape_rules.ts";

const plugin: Deno.lint.Plugin = {
  name: "dtl",
  rules: {
    "no-console": noConsole,
    "no-default-export": noDefaultExport,
    "no-enum": noEnum,
    "no-leftovers": noLeftovers,
    "no-machine": noMachine,
    "no-non-null": noNonNull,
    "no-private-keyword": noPrivateKeyword,
    "no-top-level-arrow": noTopLevelArrow,
  },
};

export default plugin;
