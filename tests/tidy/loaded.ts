/**
 * Which files tests load: what none of them loads, coverage does not count.
 *
 * @module
 */

import type { FileFacts } from "./facts.ts";

/** Shipped files with something to run that no test loads by an import. */
export function notLoaded(files: ReadonlyMap<string, FileFacts>): string[] {
  const loaded = new Set<string>();
  const next = [...files.keys()].filter((path) => path.endsWith("_test.ts"));
  for (let path = next.pop(); path !== undefined; path = next.pop()) {
    if (loaded.has(path)) continue;
    loaded.add(path);
    next.push(...loadedBy(files.get(path)));
  }
  return [...files.values()]
    .filter(({ path, hasRuntime }) => hasRuntime && !loaded.has(path))
    .map(({ path }) => path)
    .filter((path) => !path.startsWith("tests/") && !path.endsWith(".d.ts"));
}

function loadedBy(facts: FileFacts | undefined): string[] {
  return (facts?.imports ?? [])
    .filter(({ kind }) => kind !== "type")
    .map(({ file }) => file)
    .filter((file) => file !== undefined);
}
