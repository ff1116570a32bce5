/**
 * Registers the cases of a contract suite with the runtime's test runner.
 *
 * @module
 */

import type { ContractCase } from "../../core/mod.ts";

/** Makes a test of each case, under the name of what is tested. */
export function registerCases(
  name: string,
  cases: readonly ContractCase[],
): void {
  for (const each of cases) {
    Deno.test(`${name}: ${each.name}`, () => each.run());
  }
}
