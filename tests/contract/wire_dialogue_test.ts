/**
 * The dialogue of `frontends/camtgt/WIRE.md`, byte for byte, with an HBA.
 */

import { assert, assertEquals } from "@std/assert";
import { CAMTGT, createTarget } from "../../mod.ts";

const PAGE = new URL("../../frontends/camtgt/WIRE.md", import.meta.url);
const LINE = /^([<>]) (.+)\n((?: {2}[0-9a-f ]+\n)+)/gm;

interface Said {
  readonly byInitiator: boolean;
  readonly what: string;
  readonly hex: string;
}

function dialogue(): Said[] {
  const text = Deno.readTextFileSync(PAGE);
  const [, block = ""] = /^```dialogue\n([\s\S]*?)^```$/m.exec(text) ?? [];
  return [...block.matchAll(LINE)].map(([, who, what = "", hex = ""]) => ({
    byInitiator: who === ">",
    what,
    hex: hex.replaceAll(/\s/g, ""),
  }));
}

async function readHex(stream: Deno.Conn, length: number): Promise<string> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length;) {
    const count = await stream.read(bytes.subarray(at));
    assert(count !== null, `The port closes after ${at} of ${length} bytes`);
    at += count;
  }
  return bytes.toHex();
}

Deno.test("WIRE.md shows what an initiator and an HBA say", async () => {
  const said = dialogue();
  assertEquals(said.length, 16);
  await using target = createTarget();
  await target.luns.create({ backend: "ramdisk", sizeBytes: 2 ** 20 });
  await target.plugins.load("camtgt");
  const service = target.plugins.service(CAMTGT);
  const port = await service?.create(
    new Map([
      ["listen", "127.0.0.1:0"],
      ["wwnn", "5000000000000001"],
      ["wwpn", "5000000000000002"],
    ]),
  );
  assert(service !== undefined && port !== undefined);
  port.setOnline(true);
  const address = service.address(port);
  assert(address?.transport === "tcp");
  const stream = await Deno.connect(address);
  for (const { byInitiator, what, hex } of said) {
    if (byInitiator) await stream.write(Uint8Array.fromHex(hex));
    else assertEquals(await readHex(stream, hex.length / 2), hex, what);
  }
  assertEquals(await stream.read(new Uint8Array(1)), null);
  stream.close();
});
