/**
 * The programs of README.md, run as a reader runs them.
 */

import { assert, assertEquals } from "@std/assert";
import { CAMTGT, createTarget } from "../../mod.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const PROGRAM = /^```ts(?: ignore)?\n(\/\/ (\w+\.ts)[^\n]*\n[\s\S]*?)^```$/gm;
const LINES_MAX = 40;

function programs(): ReadonlyMap<string, string> {
  const found = Deno.readTextFileSync(`${ROOT}README.md`).matchAll(PROGRAM);
  return new Map([...found].map(([, code = "", name = ""]) => [name, code]));
}

/** Runs a program of README.md in a folder of its own. */
async function run(name: string, folder: string): Promise<string> {
  const code = programs().get(name);
  assert(code !== undefined, `README.md has no ${name}`);
  const text = code.replaceAll("/tmp/", `${folder}/`);
  await Deno.writeTextFile(`${folder}/${name}`, text);
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", "--frozen", "--no-prompt"],
      ...["--config", `${ROOT}deno.json`],
      `--allow-net=unix:${folder}/hba0.sock`,
      ...[`--allow-read=${folder}`, `--allow-write=${folder}`],
      `${folder}/${name}`,
    ],
  }).output();
  assert(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

Deno.test("The programs of README.md have at most forty lines", () => {
  assertEquals([...programs().keys()], ["embed.ts", "host.ts"]);
  for (const [name, code] of programs()) {
    const { length } = code.trimEnd().split("\n");
    assert(length <= LINES_MAX, `${name}: ${length} lines`);
  }
});

Deno.test("README.md embeds a target", async () => {
  const folder = await Deno.makeTempDir({ prefix: "dtl-test-" });
  try {
    const told = await run("embed.ts", folder);
    assertEquals(told, "2048 blocks of 512 bytes\nWritten and read back\n");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("README.md drives an HBA", async () => {
  const folder = await Deno.makeTempDir({ prefix: "dtl-test-" });
  try {
    await using target = createTarget();
    await target.luns.create({ backend: "ramdisk", sizeBytes: 2 ** 20 });
    await target.plugins.load("camtgt");
    const service = target.plugins.service(CAMTGT);
    const listen = `unix:${folder}/hba%p.sock`;
    const port = await service?.create(new Map([["listen", listen]]));
    port?.setOnline(true);
    assertEquals(
      await run("host.ts", folder),
      "FREEBSD CTLDISK         0001\n",
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
