/**
 * Equality of plain values: primitives, arrays, bytes, sets, maps, records.
 *
 * @module
 */

/**
 * Tells whether two plain values say the same. The order of sets and maps
 * does not count, that of arrays does; items of sets and keys of maps are
 * primitives.
 */
export function sameValue(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (a instanceof Map && b instanceof Map) return sameMap(a, b);
  if (a instanceof Set && b instanceof Set) return sameSet(a, b);
  if (isRecord(a) && isRecord(b)) return sameRecord(a, b);
  return false;
}

function sameMap(
  a: ReadonlyMap<unknown, unknown>,
  b: ReadonlyMap<unknown, unknown>,
): boolean {
  if (a.size !== b.size) return false;
  for (const [key, value] of a) {
    if (!b.has(key) || !sameValue(value, b.get(key))) return false;
  }
  return true;
}

function sameSet(a: ReadonlySet<unknown>, b: ReadonlySet<unknown>): boolean {
  return a.size === b.size && [...a].every((item) => b.has(item));
}

/** Arrays and bytes are records of their indexes. */
function sameRecord(
  a: Readonly<Record<string, unknown>>,
  b: Readonly<Record<string, unknown>>,
): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && sameValue(a[key], b[key]));
}

/** A map or set is no record: it must not look like an empty one. */
function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null &&
    !(value instanceof Map) && !(value instanceof Set);
}
