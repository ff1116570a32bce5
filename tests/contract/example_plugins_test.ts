/**
 * The examples of the guide pass the suites, loaded as a user loads them.
 */

import { assert, assertEquals } from "@std/assert";
import {
  backendContract,
  createTarget,
  frontendContract,
  type FrontendSubject,
  type Subject,
  type WantedShape,
} from "../../mod.ts";
import { LinesClient } from "../support/lines_client.ts";
import { exampleTexts, writeExample } from "../support/plugin_examples.ts";
import { freePort } from "../support/ports.ts";

const LINES_MAX = 80;

Deno.test("The examples of the guide are short", () => {
  const texts = exampleTexts();
  assertEquals([...texts.keys()], ["sparse.ts", "lines.ts"]);
  for (const [name, text] of texts) {
    const lines = text.trimEnd().split("\n");
    assert(lines.length <= LINES_MAX, `${name}: ${lines.length} lines`);
    assert(lines.every((line) => line.length <= 80), `${name} is too wide`);
  }
});

async function makeStore(wanted: WantedShape): Promise<Subject> {
  const folder = await Deno.makeTempDir({ prefix: "dtl-test-" });
  const path = await writeExample(folder, "sparse.ts");
  const target = createTarget();
  const { unit } = await target.luns.create({
    backend: path,
    blockLength: wanted.blockLength,
    sizeBytes: wanted.blockLength * wanted.blockCount,
  });
  assert(unit.store !== null);
  return {
    store: unit.store,
    [Symbol.asyncDispose]: async () => {
      await target[Symbol.asyncDispose]();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

async function makeLines(): Promise<FrontendSubject> {
  const folder = await Deno.makeTempDir({ prefix: "dtl-test-" });
  const path = await writeExample(folder, "lines.ts");
  const target = createTarget();
  const tcpPort = freePort();
  const listen = `127.0.0.1:${tcpPort}`;
  await target.plugins.load(path, new Map([["listen", listen]]));
  const [port] = target.ports.all();
  assert(port !== undefined);
  const clients: LinesClient[] = [];
  return {
    target,
    port,
    connect: async (name) => {
      const client = await LinesClient.connect(tcpPort, name);
      clients.push(client);
      return client;
    },
    [Symbol.asyncDispose]: async () => {
      for (const client of clients) await client.disconnect();
      await target[Symbol.asyncDispose]();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

await backendContract("example sparse", makeStore);
await frontendContract("example lines", makeLines);
