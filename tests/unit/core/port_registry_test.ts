import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import {
  FIRST_FREE_PORT,
  ManagementError,
  PORTS_MAX,
  type TargetPort,
} from "../../../core/mod.ts";
import {
  settled,
  targetTest,
  type TestTarget,
} from "../../support/core_target.ts";
import { SILENT } from "../../support/local_initiator.ts";

function register(test: TestTarget, number?: number): TargetPort {
  return test.target.ports.register({
    ...test.port.description,
    ...(number === undefined ? {} : { number }),
  });
}

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    assertInstanceOf(error, ManagementError);
    return error.code;
  }
  throw new TypeError("It was not refused");
}

targetTest("PortRegistry.register() gives the lowest free number", (test) => {
  const { ports } = test.target;
  assertEquals(test.port.number, FIRST_FREE_PORT);
  assertEquals(register(test).number, 4);
  assertEquals(register(test, 1).number, 1);
  assertEquals(register(test, 6).number, 6);
  assertEquals(register(test).number, 5);
  assertEquals(register(test).number, 7);
  assertEquals(ports.all().map(({ number }) => number), [1, 3, 4, 5, 6, 7]);
  assertEquals(ports.get(6)?.number, 6);
  assertEquals(ports.get(2), undefined);
  return Promise.resolve();
});

targetTest("PortRegistry.register() refuses a number twice", (test) => {
  assertEquals(codeOf(() => register(test, 3)), "port-exists");
  return Promise.resolve();
});

targetTest("PortRegistry.register() ends at its limit", (test) => {
  for (let left = PORTS_MAX - FIRST_FREE_PORT - 1; left > 0; left -= 1) {
    register(test);
  }
  assertEquals(codeOf(() => register(test)), "port-limit");
  return Promise.resolve();
});

targetTest(
  "PortRegistry.remove() ends the sessions of a port",
  async (test) => {
    await test.addLun();
    const port = test.addPort();
    const a = await test.connectReady("a", port);
    a.hold();
    const held = a.command(0, [0x28, 0, 0, 0, 0, 0, 0, 1, 0, 0], {
      read: 256 * 512,
    });
    const { number } = port;
    await test.target.ports.remove(port);
    assertEquals((await settled(held))?.status, SILENT);
    assertEquals([port.online, [...port.nexuses].length], [false, 0]);
    assertEquals(test.target.ports.get(number), undefined);
    assert(register(test).number === number);
  },
);
