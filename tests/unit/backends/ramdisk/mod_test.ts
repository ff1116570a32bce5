import { assertEquals } from "@std/assert";
import type { Registrar } from "../../../../core/mod.ts";
import { plugin } from "../../../../backends/ramdisk/mod.ts";

Deno.test("plugin ramdisk registers its driver", async () => {
  const names: string[] = [];
  const register = {
    host: { clock: { nextTurn: () => Promise.resolve() } },
    backend: ({ name }: { readonly name: string }) => names.push(name),
  } as unknown as Registrar;
  const loaded = await plugin.setup(register, {}, {});
  assertEquals([plugin.name, ...names], ["ramdisk", "ramdisk"]);
  await loaded[Symbol.asyncDispose]();
});
