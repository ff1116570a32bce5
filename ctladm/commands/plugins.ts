/**
 * `ctladm load` and `unload`: plugins.
 *
 * @module
 */

import {
  type Command,
  type CommandContext,
  namedOptions,
  UsageError,
} from "./command.ts";

/** `ctladm load`. */
export const load: Command = {
  name: "load",
  beyondCtl: true,
  letters: "o:",
  summary: "load a plugin by its name, path or URL",
  synopsis: "load [-o name=value] plugin",
  example: "ctladm load ioctl",
  run: async (context) => {
    const name = pluginName(context);
    await context.client.post("/v1/plugins/load", {
      name,
      options: namedOptions(context.options, "o"),
    });
    context.print(`Plugin ${name} loaded`);
  },
};

/** `ctladm unload`. */
export const unload: Command = {
  name: "unload",
  beyondCtl: true,
  letters: "",
  summary: "take a plugin out that nothing uses any more",
  synopsis: "unload plugin",
  example: "ctladm unload ramdisk",
  run: async (context) => {
    const name = pluginName(context);
    await context.client.post("/v1/plugins/unload", { name });
    context.print(`Plugin ${name} unloaded`);
  },
};

function pluginName({ options }: CommandContext): string {
  const [name] = options.rest;
  if (name !== undefined) return name;
  throw new UsageError("name the plugin: a built-in one, a path or a URL");
}
