import { assertEquals } from "@std/assert";
import { differences, type Schema } from "../../support/openapi.ts";

const LUN: Schema = {
  type: "object",
  properties: {
    id: { type: "integer", minimum: 0 },
    naa: { type: "string", nullable: true },
    map: { type: "array", items: { $ref: "#/components/schemas/Pair" } },
  },
  required: ["id", "naa"],
};
const SCHEMAS = { Pair: { type: "array", items: { type: "string" } } };

const ROWS: readonly (readonly [value: unknown, found: string[]])[] = [
  [{ id: 0, naa: null, map: [["a", "b"]] }, []],
  [{ id: 0, naa: "3", map: [] }, []],
  [{ naa: null }, ["$: id is missing"]],
  [{ id: -1, naa: null }, ["$.id: -1 is no integer"]],
  [{ id: 0, naa: 3 }, ["$.naa: 3 is no string"]],
  [{ id: 0, naa: null, map: [[1]] }, ["$.map[0][0]: 1 is no string"]],
  [{ id: 0, naa: null, size: 1 }, ["$: size is not described"]],
  [[], ["$: [] is no object"]],
];

for (const [value, found] of ROWS) {
  Deno.test(`differences() of ${JSON.stringify(value)}`, () => {
    assertEquals(differences(value, LUN, SCHEMAS), found);
  });
}
