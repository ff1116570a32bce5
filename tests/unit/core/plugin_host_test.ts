import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import {
  defineService,
  flagOption,
  FOR,
  ManagementError,
  type Plugin,
  PLUGIN_API,
  type Registrar,
  SERIALIZATION,
  type ServiceToken,
} from "../../../core/mod.ts";
import { pluginOf } from "../../support/core_driver.ts";
import { targetTest, type TestTarget } from "../../support/core_target.ts";

interface Greeter {
  greet(): string;
}

const GREETER: ServiceToken<Greeter> = defineService<Greeter>("greeter");
const OTHER: ServiceToken<number> = defineService<number>("other");

/** A plugin that does what a test wants. */
function plugin(name: string, more: Partial<Plugin> = {}): Plugin {
  return {
    name,
    api: PLUGIN_API,
    options: {},
    requires: {},
    optional: {},
    setup: () => nothing(),
    ...more,
  };
}

function nothing(ended: () => void = () => {}): AsyncDisposable {
  return {
    [Symbol.asyncDispose]: () => {
      ended();
      return Promise.resolve();
    },
  };
}

/** A plugin that only registers something. */
function registering(
  name: string,
  register: (registrar: Registrar) => void,
): Plugin {
  return plugin(name, {
    setup: (registrar) => {
      register(registrar);
      return nothing();
    },
  });
}

function offer(test: TestTarget, ...plugins: readonly Plugin[]): void {
  for (const each of plugins) {
    test.plugins.set(each.name, Promise.resolve(each));
  }
}

async function refusal(work: Promise<unknown>): Promise<string> {
  const error = await work.then(() => undefined, (reason: unknown) => reason);
  assertInstanceOf(error, ManagementError);
  return error.message;
}

const PLANTED = {
  name: "PLANTED",
  opcode: 0xc1,
  deviceTypes: FOR.ALL,
  usage: "00 00 00 00 07",
  serialization: SERIALIZATION.INQUIRY,
  direction: "none",
  flags: 0,
  pattern: 0,
  execute: () => 0,
} as const;

const PAGE = { code: 0xc0, deviceTypes: FOR.ALL, length: () => 0, write() {} };

targetTest(
  "PluginHost loads a backend's plugin when it is needed",
  async (test) => {
    const { plugins } = test.target;
    assertEquals(plugins.names, []);
    await test.addLun();
    await test.addLun();
    assertEquals(plugins.names, ["ramdisk"]);
    const lines = test.host.log.lines.map(({ text }) => text);
    assertEquals(lines, ["debug: Plugin loaded"]);
  },
);

targetTest(
  "PluginHost.load() loads once, also when asked twice at once",
  async (test) => {
    let setups = 0;
    offer(
      test,
      plugin("p", {
        setup: async () => {
          setups += 1;
          await Promise.resolve();
          return nothing();
        },
      }),
    );
    const { plugins } = test.target;
    await Promise.all([plugins.load("p"), plugins.load("p")]);
    await plugins.load("p");
    assertEquals([setups, plugins.names], [1, ["p"]]);
  },
);

targetTest("PluginHost.load() hands over options, typed", async (test) => {
  let seen: unknown;
  offer(
    test,
    plugin("p", {
      options: { loud: flagOption(false, "loudness") },
      setup: (_register, _services, options) => {
        seen = options;
        return nothing();
      },
    } as Partial<Plugin>),
  );
  const { plugins } = test.target;
  const wrong = plugins.load("p", new Map([["loud", "very"]]));
  assertEquals(
    await refusal(wrong),
    'Cannot load plugin "p": Invalid value "very" for option "loud": ' +
      'expected "on" or "off"',
  );
  await plugins.load("p", new Map([["loud", "on"]]));
  assertEquals(seen, { loud: true });
});

targetTest(
  "PluginHost.load() says why a plugin cannot be had",
  async (test) => {
    const { plugins } = test.target;
    assertEquals(
      await refusal(plugins.load("none")),
      'Cannot load plugin "none": there is none',
    );
    test.plugins.set("broken", Promise.reject(new TypeError("no such file")));
    assertEquals(
      await refusal(plugins.load("broken")),
      'Cannot load plugin "broken": no such file',
    );
    offer(test, plugin("old", { api: 0 }));
    assertEquals(
      await refusal(plugins.load("old")),
      'Cannot load plugin "old": it was made for plugin API 0, this is 1',
    );
    offer(
      test,
      plugin("throws", {
        setup: () => {
          throw "a text";
        },
      }),
    );
    assertEquals(
      await refusal(plugins.load("throws")),
      'Cannot load plugin "throws": a text',
    );
    assertEquals(plugins.names, []);
  },
);

targetTest(
  "PluginHost.backend() survives a plugin that cannot be found",
  async (test) => {
    const { plugins } = test.target;
    assertEquals(
      await refusal(plugins.backend("none")),
      'Backend "none" not found.',
    );
    let finds = 0;
    const broken = () => {
      finds += 1;
      return Promise.reject(new TypeError("no such file"));
    };
    test.plugins.get = () => broken();
    assertEquals(
      await refusal(plugins.backend("broken")),
      'Cannot load plugin "broken": no such file',
    );
    assertEquals(finds, 1);
    test.plugins.get = Map.prototype.get;
  },
);

targetTest(
  "PluginHost.backend() wants the backend, not only the plugin",
  async (test) => {
    offer(test, plugin("p"));
    const { plugins } = test.target;
    assertEquals(await refusal(plugins.backend("p")), 'Backend "p" not found.');
    assertEquals(plugins.names, ["p"]);
  },
);

targetTest(
  "PluginHost gives services to those who name their token",
  async (test) => {
    const seen: Record<string, unknown>[] = [];
    const take = (name: string) =>
      plugin(name, {
        requires: { greeter: GREETER },
        optional: { other: OTHER },
        setup: (_register, services) => {
          seen.push(services as Record<string, unknown>);
          return nothing();
        },
      });
    const greeter = { greet: () => "hello" };
    offer(
      test,
      registering("gives", (register) => register.provide(GREETER, greeter)),
      registering("other", (register) => register.provide(OTHER, 5)),
      take("takes"),
      take("takes too"),
    );
    const { plugins } = test.target;
    assertEquals(
      await refusal(plugins.load("takes")),
      'Cannot load plugin "takes": it needs service "greeter", and nobody ' +
        "provides it",
    );
    assertEquals(plugins.service(GREETER), undefined);
    await plugins.load("gives");
    await plugins.load("takes");
    await plugins.load("other");
    await plugins.load("takes too");
    assertEquals(seen, [{ greeter, other: undefined }, { greeter, other: 5 }]);
    assert(plugins.service(GREETER) === greeter);
  },
);

targetTest(
  "PluginHost refuses a clash, naming what there is already",
  async (test) => {
    const { plugins } = test.target;
    await test.addLun();
    offer(
      test,
      registering("command", (register) => register.command(PLANTED)),
      registering("page", (register) => register.vpdPage(PAGE)),
      registering("service", (register) => register.provide(OTHER, 1)),
      registering("again command", (register) => register.command(PLANTED)),
      registering("again page", (register) => register.vpdPage(PAGE)),
      registering("again service", (register) => register.provide(OTHER, 2)),
      registering("again backend", (register) => {
        register.backend(test.driver);
        register.backend(test.driver);
      }),
    );
    for (const name of ["command", "page", "service"]) await plugins.load(name);
    const clash = (name: string) =>
      refusal(plugins.load(name)).then((text) => text.replace(/^[^:]*: /, ""));
    assertEquals(
      await clash("again command"),
      "Cannot add PLANTED: its code is taken",
    );
    assertEquals(
      await clash("again page"),
      "Cannot add VPD page c0h: it exists already",
    );
    assertEquals(
      await clash("again service"),
      'Service "other" is registered already',
    );
    assertEquals(
      await clash("again backend"),
      'Backend "controlled" is registered already',
    );
    assertEquals(plugins.names, ["ramdisk", "command", "page", "service"]);
  },
);

targetTest(
  "PluginHost takes back what a failed setup has registered",
  async (test) => {
    const failing = plugin("p", {
      setup: (register) => {
        register.backend(test.driver);
        register.command(PLANTED);
        register.vpdPage(PAGE);
        register.provide(OTHER, 1);
        throw new TypeError("planted");
      },
    });
    offer(test, failing);
    const { plugins, commands } = test.target;
    assertEquals(
      await refusal(plugins.load("p")),
      'Cannot load plugin "p": planted',
    );
    assertEquals(plugins.service(OTHER), undefined);
    assertEquals(commands.get(0xc1), undefined);
    offer(test, pluginOf(test.driver));
    await test.addLun({ backend: "controlled" });
    offer(test, registering("p", (register) => register.vpdPage(PAGE)));
    await plugins.load("p");
  },
);

targetTest("PluginHost.unload() takes everything out again", async (test) => {
  offer(
    test,
    registering("p", (register) => {
      register.command(PLANTED);
      register.vpdPage(PAGE);
      register.provide(OTHER, 1);
    }),
  );
  await test.addLun();
  const a = await test.connectReady("a");
  const { plugins } = test.target;
  const inquiry = [0x12, 1, 0xc0, 0, 4, 0];
  for (const loaded of [true, false, true]) {
    if (loaded) await plugins.load("p");
    else await plugins.unload("p");
    const command = await a.command(0, [0xc1, 0, 0, 0, 0, 0]);
    assertEquals(command.sense, loaded ? "" : "5/20/00");
    const page = await a.command(0, inquiry, { read: 4 });
    assertEquals(page.data.toHex(), loaded ? "00c00000" : "");
    assertEquals(plugins.service(OTHER), loaded ? 1 : undefined);
  }
});

targetTest(
  "PluginHost.unload() refuses while another needs a service",
  async (test) => {
    offer(
      test,
      registering("gives", (register) => register.provide(OTHER, 1)),
      plugin("takes", { requires: { other: OTHER } }),
    );
    const { plugins } = test.target;
    await plugins.load("gives");
    await plugins.load("takes");
    assertEquals(
      await refusal(plugins.unload("gives")),
      'Cannot unload plugin "gives": plugin "takes" uses it',
    );
    await plugins.unload("takes");
    await plugins.unload("gives");
    assertEquals(
      await refusal(plugins.unload("gives")),
      'Plugin "gives" is not loaded',
    );
  },
);

targetTest(
  "PluginHost.unload() refuses while a LUN needs a backend",
  async (test) => {
    const { plugins, luns } = test.target;
    await test.addLun({ backend: "controlled" });
    assertEquals(
      await refusal(plugins.unload("controlled")),
      'Cannot unload plugin "controlled": LUN 0 uses it',
    );
    await luns.remove(0);
    await plugins.unload("controlled");
    assertEquals(plugins.names, []);
  },
);

targetTest(
  "PluginHost.unloadAll() ends the last loaded first",
  async (test) => {
    const ended: string[] = [];
    for (const name of ["p", "q", "r"]) {
      offer(
        test,
        plugin(name, { setup: () => nothing(() => ended.push(name)) }),
      );
      await test.target.plugins.load(name);
    }
    await test.target.plugins.unloadAll();
    assertEquals(ended, ["r", "q", "p"]);
  },
);

targetTest("Target closes its stores before their plugins go", async (test) => {
  const ended: string[] = [];
  offer(
    test,
    plugin("controlled", {
      setup: (register) => {
        register.backend(test.driver);
        return nothing(() => ended.push("plugin"));
      },
    }),
  );
  await test.addLun({ backend: "controlled" });
  const { store } = test.driver;
  const close = store.close.bind(store);
  store.close = () => {
    ended.push("store");
    return close();
  };
  await test.end();
  assertEquals(ended, ["store", "plugin"]);
});
