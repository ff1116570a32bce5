import { assertEquals } from "@std/assert";
import { admitsName } from "../../../../frontends/iscsi/access.ts";
import { authGroup } from "./login_support.ts";

const ROWS: [listed: readonly string[], name: string, admitted: boolean][] = [
  [[], "iqn.a", true],
  [["iqn.a"], "iqn.a", true],
  [["iqn.a", "iqn.b"], "iqn.b", true],
  [["iqn.a"], "iqn.b", false],
  [["iqn.a"], "iqn.A", false],
  [["iqn.a"], "", false],
];

for (const [listed, name, admitted] of ROWS) {
  Deno.test(`admitsName() of [${listed}] says ${admitted} to "${name}"`, () => {
    const group = authGroup("none", { initiatorNames: new Set(listed) });
    assertEquals(admitsName(group, name), admitted);
  });
}
