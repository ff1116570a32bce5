/**
 * Plugins that break their contract: told by name, taken back, and nobody
 * else ends.
 */

import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import {
  type BackendDriver,
  defineService,
  LocalInitiator,
  ManagementError,
  OK,
  type OpenOutcome,
  type Plugin,
  PLUGIN_API,
  PLUGIN_WAIT_MS,
  PORT_TYPE,
  type Registrar,
  spiTransportId,
  TASK_MANAGEMENT,
} from "../../../core/mod.ts";
import {
  settle,
  settled,
  targetTest,
  type TestTarget,
} from "../../support/core_target.ts";
import { ControlledStore } from "../../support/core_store.ts";

const SERVICE = defineService<number>("number");

function plugin(
  name: string,
  setup: (register: Registrar) => unknown = nothing,
  more: Record<string, unknown> = {},
): Plugin {
  const members = {
    name,
    api: PLUGIN_API,
    options: {},
    requires: {},
    optional: {},
    setup,
  };
  return { ...members, ...more } as unknown as Plugin;
}

function nothing(): AsyncDisposable {
  return { [Symbol.asyncDispose]: () => Promise.resolve() };
}

async function refusal(work: Promise<unknown>): Promise<string> {
  const error = await work.then(() => undefined, (reason: unknown) => reason);
  assertInstanceOf(error, ManagementError);
  return error.message;
}

const SHAPES: readonly (readonly [string, unknown, string])[] = [
  ["is a text", "x", 'its "plugin" is no object'],
  ["is null", null, 'its "plugin" is no object'],
  [
    "has no version",
    plugin("p", nothing, { api: undefined }),
    "it was made for plugin API undefined, this is 1",
  ],
  [
    "is of a later version",
    { api: 2 },
    "it was made for plugin API 2, this is 1",
  ],
  ["has no name", plugin(""), 'its "name" is no string'],
  [
    "has no setup",
    plugin("p", nothing, { setup: undefined }),
    'its "setup" is no function',
  ],
  [
    "has no options",
    plugin("p", nothing, { options: null }),
    'its "options" is no object',
  ],
  [
    "returns nothing",
    plugin("p", () => undefined),
    '"setup" returned nothing with a method [Symbol.asyncDispose]',
  ],
  [
    "has a backend without open",
    plugin(
      "p",
      (register) => register.backend({ name: "b" } as unknown as BackendDriver),
    ),
    'Cannot register backend "b": it has no method "identityOf"',
  ],
];
for (const [what, value, message] of SHAPES) {
  targetTest(`A plugin that ${what} is refused`, async (test) => {
    test.plugins.set("p", Promise.resolve(value as Plugin));
    assertEquals(
      await refusal(test.target.plugins.load("p")),
      `Cannot load plugin "p": ${message}`,
    );
    assertEquals(test.target.plugins.names, []);
  });
}

/** Registers something of everything that clashes. */
function registerAll(register: Registrar, test: TestTarget): void {
  register.backend(test.driver);
  register.provide(SERVICE, 1);
  const port = register.ports.register({
    frontend: "f",
    name: "f",
    type: PORT_TYPE.INTERNAL,
    physicalPort: 0,
    virtualPort: 0,
  });
  port.setOnline(true);
}

/** Whether there is nothing of what a plugin has registered. */
function assertTakenBack({ target }: TestTarget): void {
  assertEquals(target.plugins.service(SERVICE), undefined);
  assertEquals(target.ports.all().length, 1);
  assertEquals(target.plugins.names, []);
}

targetTest("A setup that hangs is ended, and comes too late", async (test) => {
  const { promise, resolve } = Promise.withResolvers<AsyncDisposable>();
  const late: string[] = [];
  let registrar: Registrar | undefined;
  const hanging = plugin("p", (register) => {
    registrar = register;
    registerAll(register, test);
    return promise;
  });
  const loading = refusal(test.target.plugins.load(hanging));
  await settle();
  test.host.clock.advance(PLUGIN_WAIT_MS - 1);
  assertEquals(await settled(loading), undefined);
  test.host.clock.advance(1);
  assertEquals(
    await loading,
    'Cannot load plugin "p": its setup has not ended after 10 seconds',
  );
  assertTakenBack(test);
  resolve({
    [Symbol.asyncDispose]: () => {
      late.push("disposed");
      return Promise.resolve();
    },
  });
  await settle();
  assertEquals(late, ["disposed"]);
  try {
    registrar?.provide(SERVICE, 2);
    late.push("registered");
  } catch (error) {
    late.push(String(error));
  }
  assertEquals(
    late[1],
    'TypeError: Cannot register anything: plugin "p" is ' +
      "not loaded",
  );
  // Nobody else has suffered: the names are free.
  await test.target.plugins.load(plugin("p", (register) => {
    registerAll(register, test);
    return nothing();
  }));
  assertEquals(test.target.ports.all().length, 2);
  await test.target.plugins.unload("p");
  assertTakenBack(test);
});

targetTest("An import that hangs is ended", async (test) => {
  test.plugins.set("p", new Promise(() => {}));
  const loading = refusal(test.target.plugins.load("p"));
  await settle();
  test.host.clock.advance(PLUGIN_WAIT_MS);
  assertEquals(
    await loading,
    'Cannot load plugin "p": its import has not ended after 10 seconds',
  );
});

targetTest("A setup that throws leaves no port behind", async (test) => {
  const throwing = plugin("p", (register) => {
    registerAll(register, test);
    throw new TypeError("planted");
  });
  assertEquals(
    await refusal(test.target.plugins.load(throwing)),
    'Cannot load plugin "p": planted',
  );
  assertTakenBack(test);
});

for (const how of ["throws", "hangs"] as const) {
  targetTest(`An end that ${how} is logged, and is one`, async (test) => {
    const ending = plugin("p", (register) => {
      registerAll(register, test);
      const end = () => {
        if (how === "throws") throw new TypeError("planted");
        return new Promise(() => {});
      };
      return { [Symbol.asyncDispose]: end };
    });
    await test.target.plugins.load(ending);
    const unloading = test.target.plugins.unload("p");
    await settle();
    test.host.clock.advance(PLUGIN_WAIT_MS);
    await unloading;
    assertTakenBack(test);
    const { text, fields } = test.host.log.lines.pop() ?? {};
    assertEquals([text, fields?.["plugin"]], ["error: A plugin failed", "p"]);
  });
}

targetTest("PluginHost.load() refuses other options", async (test) => {
  const { plugins } = test.target;
  const value = plugin("p");
  const options = new Map([["a", "1"]]);
  await plugins.load(value, options);
  await plugins.load(value, options);
  await plugins.load(value);
  assertEquals(
    await refusal(plugins.load(value, new Map([["a", "2"]]))),
    'Cannot load plugin "p": it is loaded already, with other options',
  );
});

targetTest("A plugin with one backend is a name of it", async (test) => {
  test.plugins.set(
    "/one.ts",
    Promise.resolve(plugin("one", (register) => {
      register.backend(test.driver);
      return nothing();
    })),
  );
  const unit = await test.addLun({ backend: "/one.ts" });
  assert(unit.driver === test.driver);
});

/** A backend of which one call fails. */
function failing(
  test: TestTarget,
  more: Partial<BackendDriver>,
): Promise<void> {
  const driver = {
    name: "failing",
    options: {},
    identityOf: () => undefined,
    open: (): Promise<OpenOutcome> => Promise.resolve({ store: plain() }),
    ...more,
  } as BackendDriver;
  return test.target.plugins.load(plugin("failing", (register) => {
    register.backend(driver);
    return nothing();
  }));
}

function plain(): ControlledStore {
  return new ControlledStore({
    blockLength: 512,
    blockCount: 64,
    atOnce: false,
    zeroes: false,
    capabilities: {
      readOnly: false,
      volatileCache: false,
      unmap: "none",
      anchor: false,
      extents: "none",
    },
  });
}

function throws(): never {
  throw new TypeError("planted");
}

const BACKENDS: readonly (readonly [string, object, string])[] = [
  [
    "throws in open",
    { open: throws },
    'Backend "failing" failed in "open": planted',
  ],
  [
    "rejects in open",
    { open: () => Promise.reject(new TypeError("planted")) },
    'Backend "failing" failed in "open": planted',
  ],
  [
    "throws in identityOf",
    { identityOf: throws },
    'Backend "failing" failed in "identityOf": planted',
  ],
  [
    "opens nothing",
    { open: () => Promise.resolve(undefined) },
    'Backend "failing" opened no usable store: the outcome is no object',
  ],
  [
    "has odd blocks",
    {
      open: () =>
        Promise.resolve({
          store: { geometry: { blockLength: 500, blockCount: 1 } },
        }),
    },
    'Backend "failing" opened no usable store: its blocks have 500 bytes',
  ],
  [
    "has no blocks that can be counted",
    {
      open: () =>
        Promise.resolve({
          store: { geometry: { blockLength: 512, blockCount: NaN } },
        }),
    },
    'Backend "failing" opened no usable store: it has NaN blocks',
  ],
];
for (const [what, more, message] of BACKENDS) {
  targetTest(`A backend that ${what} makes no LUN`, async (test) => {
    await failing(test, more);
    const making = test.target.luns.create({ backend: "failing" });
    assertEquals(await refusal(making), message);
    // Its number is free again, and others work.
    assertEquals((await test.addLun()).number, 0);
  });
}

targetTest("A store that throws costs its commands alone", async (test) => {
  const store = plain();
  await failing(test, { open: () => Promise.resolve({ store }) });
  await test.target.luns.create({ backend: "failing" });
  const a = await test.connectReady("a");
  test.plantedDefects = 2;
  const read = [0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0];
  store.read = throws;
  const thrown = await a.command(0, read, { read: 512 });
  store.read = () => Promise.reject(new TypeError("planted"));
  const rejected = await a.command(0, read, { read: 512 });
  assertEquals([thrown.sense, rejected.sense], ["4/44/00", "4/44/00"]);
  store.read = () => Promise.resolve(OK);
  assertEquals((await a.command(0, read, { read: 512 })).sense, "");
  store.resize = throws;
  const resizing = test.target.luns.modify(0, { sizeBytes: 512 });
  assertEquals(
    await refusal(resizing),
    'Backend "failing" failed in "resize": planted',
  );
  store.close = throws;
  await test.target.luns.remove(0);
  const { text, fields } = test.host.log.lines.at(-1) ?? {};
  assertEquals(
    [text, fields?.["backend"]],
    ["error: A backend failed to close a store", "failing"],
  );
});

targetTest("onlineChanged that throws keeps no port on line", async (test) => {
  await test.target.plugins.load(plugin("p", (register) => {
    register.ports.register({
      frontend: "f",
      name: "f",
      type: PORT_TYPE.INTERNAL,
      physicalPort: 0,
      virtualPort: 0,
      onlineChanged: throws,
    }).setOnline(true);
    return nothing();
  }));
  const port = test.target.ports.all().at(-1);
  assertEquals(port?.online, true);
  port?.setOnline(false);
  assertEquals(port?.online, false);
  const told = test.host.log.lines.filter(({ text }) =>
    text === "error: A plugin failed"
  );
  assertEquals(told.map(({ fields }) => fields["where"]), [
    "onlineChanged",
    "onlineChanged",
  ]);
  test.host.log.lines.length = 0;
  await test.target.plugins.unload("p");
  test.host.log.lines.length = 0;
});

for (const how of ["throws", "hangs"] as const) {
  targetTest(`An observer of LUNs that ${how} keeps no LUN`, async (test) => {
    const storeEnding = () => {
      if (how === "throws") throw new TypeError("planted");
      return new Promise<void>(() => {});
    };
    await test.target.plugins.load(plugin("p", (register) => {
      register.lunObserver({ storeEnding });
      return nothing();
    }));
    await test.addLun();
    const removed = test.target.luns.remove(0);
    await settle();
    test.host.clock.advance(PLUGIN_WAIT_MS);
    await removed;
    const { fields } = test.host.log.lines.pop() ?? {};
    const { plugin: name, where } = fields ?? {};
    assertEquals([name, where], ["p", "storeEnding"]);
  });
}

/** An initiator whose transport throws wherever it is told something. */
class ThrowingInitiator extends LocalInitiator {
  override abortTransfer(): void {
    throws();
  }

  override taskManagementFunctionExecuted(): void {
    throws();
  }
}

targetTest("A transport that throws stops no other task", async (test) => {
  await test.addLun({ backend: "controlled", options: { path: "/x" } });
  const bad = new ThrowingInitiator({
    port: test.port,
    name: "bad",
    transportId: spiTransportId(9, test.port.number),
    clock: test.host.clock,
  });
  const good = await test.connectReady("good");
  const cdb = Uint8Array.of(0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0);
  await bad.execute({ lun: 0, cdb: new Uint8Array(6) });
  test.driver.store.holding = true;
  const one = bad.execute({ lun: 0, cdb, dataInLength: 512 });
  const other = good.command(0, cdb, { read: 512 });
  await settle();
  const reset = good.manage(TASK_MANAGEMENT.LOGICAL_UNIT_RESET);
  test.driver.store.answerAll();
  assertEquals((await reset).response, "FUNCTION COMPLETE");
  await Promise.all([one, other]);
  void bad.manage(TASK_MANAGEMENT.QUERY_TASK_SET);
  assertEquals(test.target.defects, 2);
  test.plantedDefects = 2;
});
