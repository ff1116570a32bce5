/**
 * The example plugins of `core/PLUGINS.md`, as files outside of the tree.
 *
 * @module
 */

const GUIDE = new URL("../../core/PLUGINS.md", import.meta.url);
const EXAMPLE = /^```ts\n(\/\/ (\w+\.ts)\n[\s\S]*?)^```$/gm;

/** The examples by the name of their file. */
export function exampleTexts(): ReadonlyMap<string, string> {
  const text = Deno.readTextFileSync(GUIDE);
  const found = [...text.matchAll(EXAMPLE)];
  return new Map(found.map(([, code = "", name = ""]) => [name, code]));
}

/** Writes an example into a folder. @returns its path */
export async function writeExample(
  folder: string,
  name: string,
): Promise<string> {
  const text = exampleTexts().get(name);
  if (text === undefined) throw new TypeError(`There is no example "${name}"`);
  const path = `${folder}/${name}`;
  await Deno.writeTextFile(path, text);
  return path;
}
