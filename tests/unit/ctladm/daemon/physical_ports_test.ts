/**
 * Ports of other frontends and plugins, as a configuration has them.
 */

import { assertEquals } from "@std/assert";
import { parseConfiguration } from "../../../../ctladm/conf/parser.ts";
import { definePlugin, PLUGIN_API, PORT_TYPE } from "../../../../mod.ts";
import { MemoryDaemon } from "../../../support/memory_daemon.ts";

const T = "iqn.2012-06.com.example:t";
const LUN = "lun x { backend ramdisk size 1M option capacity 1M }";

async function apply(
  { daemon }: MemoryDaemon,
  text: string,
): Promise<string[]> {
  const outcome = parseConfiguration(text);
  if ("error" in outcome) throw new TypeError(outcome.error);
  const failed = await daemon.apply(outcome.configuration);
  return failed.map(({ reason }) => reason);
}

function target(port: string, luns = "lun 7 x"): string {
  return `${LUN} target ${T} { auth-group no-authentication port ${port} ${luns} }`;
}

/** Ports of ioctl: place, state and map. */
function ports({ daemon }: MemoryDaemon): string[] {
  return daemon.target.ports.all().map(({ description, online, lunMap }) => {
    const { physicalPort, virtualPort, frontend } = description;
    const map = lunMap === null ? "all" : JSON.stringify([...lunMap]);
    return `${frontend}${physicalPort}.${virtualPort} ${online} ${map}`;
  });
}

Deno.test("port gives a port to a target, and takes it back", async () => {
  await using memory = new MemoryDaemon();
  await memory.daemon.ioctl();
  assertEquals(await apply(memory, target("ioctl")), []);
  assertEquals(ports(memory), ["ioctl0.0 true [[7,0]]"]);
  assertEquals(await apply(memory, target("ioctl", "lun 7 x lun 8 x")), []);
  assertEquals(ports(memory), ["ioctl0.0 true [[7,0],[8,0]]"]);
  assertEquals(await apply(memory, LUN), []);
  assertEquals(ports(memory), ["ioctl0.0 true all"]);
});

Deno.test("port lets a frontend make the port that is missing", async () => {
  await using memory = new MemoryDaemon();
  assertEquals(await apply(memory, target("ioctl/5/1")), []);
  assertEquals(ports(memory), ["ioctl0.0 true all", "ioctl5.1 true [[7,0]]"]);
  assertEquals(await apply(memory, ""), []);
  assertEquals(ports(memory), ["ioctl0.0 true all"]);
});

Deno.test("port says that there is no such port", async () => {
  await using memory = new MemoryDaemon();
  assertEquals(await apply(memory, target("isp0")), [
    'attach-port: port "isp0" does not exist',
  ]);
});

Deno.test("plugin is tried again when something uses it", async () => {
  await using memory = new MemoryDaemon();
  const plugins = memory.daemon.target.plugins;
  const use = `plugin ramdisk ${LUN}`;
  assertEquals(await apply(memory, use), []);
  assertEquals(await apply(memory, LUN), [
    'unload-plugin "ramdisk": Cannot unload plugin "ramdisk": LUN 0 uses it',
  ]);
  const other = `plugin ramdisk { option a b } ${LUN}`;
  assertEquals(await apply(memory, other), [
    'load-plugin "ramdisk": Cannot unload plugin "ramdisk": LUN 0 uses it',
  ]);
  assertEquals(await apply(memory, "plugin ramdisk { option a b }"), []);
  assertEquals(plugins.has("ramdisk", new Map([["a", "b"]])), true);
  assertEquals(await apply(memory, ""), []);
  assertEquals(plugins.names.includes("ramdisk"), false);
});

Deno.test("A port whose plugin has gone is given back to nobody", async () => {
  await using memory = new MemoryDaemon();
  const { plugins } = memory.daemon.target;
  await plugins.load(definePlugin({
    name: "own",
    api: PLUGIN_API,
    options: {},
    requires: {},
    optional: {},
    setup({ ports }) {
      ports.register({
        frontend: "own",
        name: "own",
        type: PORT_TYPE.INTERNAL,
        physicalPort: 0,
        virtualPort: 0,
      });
      return { [Symbol.asyncDispose]: () => Promise.resolve() };
    },
  }));
  assertEquals(await apply(memory, target("own")), []);
  await plugins.unload("own");
  assertEquals(await apply(memory, LUN), []);
});
