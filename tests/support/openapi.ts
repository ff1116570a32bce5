/**
 * Holds answers against the schemas of an OpenAPI 3.0 document: what is told
 * is what is described, and nothing else.
 *
 * @module
 */

/** A schema, as far as ours use the language. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly nullable?: boolean;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly allOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
}

/** Schemas by name: `components.schemas` of the document. */
export type Schemas = Readonly<Record<string, Schema>>;

/** Where a value differs from its schema; empty: nowhere. */
export function differences(
  value: unknown,
  schema: Schema,
  schemas: Schemas,
  path = "$",
): string[] {
  const inner = (part: unknown, its: Schema, name: string) =>
    differences(part, its, schemas, `${path}${name}`);
  if (schema.$ref !== undefined) {
    const named = schemas[schema.$ref.split("/").at(-1) ?? ""];
    return named === undefined
      ? [`${path}: no schema ${schema.$ref}`]
      : inner(value, named, "");
  }
  if (value === null && schema.nullable === true) return [];
  if (schema.allOf !== undefined) {
    return schema.allOf.flatMap((each) => inner(value, each, ""));
  }
  if (schema.anyOf !== undefined) {
    const all = schema.anyOf.map((each) => inner(value, each, ""));
    return all.some((each) => each.length === 0) ? [] : all[0] ?? [];
  }
  if (schema.enum !== undefined && !schema.enum.includes(value)) {
    return [`${path}: ${value} is not in the list`];
  }
  if (!hasType(value, schema)) {
    return [`${path}: ${JSON.stringify(value)} is no ${schema.type}`];
  }
  if (Array.isArray(value)) {
    const { items = {} } = schema;
    return value.flatMap((each, at) => inner(each, items, `[${at}]`));
  }
  return isRecord(value) ? objectDifferences(value, schema, path, inner) : [];
}

function objectDifferences(
  value: Readonly<Record<string, unknown>>,
  { properties = {}, required = [], additionalProperties }: Schema,
  path: string,
  inner: (part: unknown, schema: Schema, name: string) => string[],
): string[] {
  const missing = required.filter((name) => !(name in value))
    .map((name) => `${path}: ${name} is missing`);
  const others = typeof additionalProperties === "object"
    ? additionalProperties
    : undefined;
  const wrong = Object.entries(value).flatMap(([name, part]) => {
    const its = properties[name] ?? others;
    return its === undefined
      ? [`${path}: ${name} is not described`]
      : inner(part, its, `.${name}`);
  });
  return [...missing, ...wrong];
}

function hasType(value: unknown, { type, minimum }: Schema): boolean {
  switch (type) {
    case undefined:
      return true;
    case "array":
      return Array.isArray(value);
    case "object":
      return isRecord(value);
    case "integer":
      return Number.isInteger(value) && Number(value) >= (minimum ?? -Infinity);
    case "string":
      return typeof value === "string";
    case "number":
      return typeof value === "number";
    case "boolean":
      return typeof value === "boolean";
    default:
      return false;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
