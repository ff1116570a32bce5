import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  INITIATORS_PER_PORT_MAX,
  type TargetPort,
  UNIT_ATTENTION,
} from "../../../core/mod.ts";
import { targetTest, type TestTarget } from "../../support/core_target.ts";
import { LocalInitiator } from "../../support/local_initiator.ts";

async function withLuns(test: TestTarget, count: number): Promise<TargetPort> {
  for (let left = count; left > 0; left -= 1) await test.addLun();
  return test.port;
}

targetTest(
  "TargetPort without a map shows every unit by number",
  async (test) => {
    const port = await withLuns(test, 3);
    await test.target.luns.remove(1);
    assertEquals(port.lunMap, null);
    assertEquals(port.visibleLuns(), [0, 2]);
    assertEquals(port.unitAt(2)?.number, 2);
    assertEquals([port.unitAt(1), port.unitAt(-1)], [null, null]);
  },
);

targetTest("TargetPort.setLunMap() shows what the map names", async (test) => {
  const port = await withLuns(test, 3);
  port.setLunMap(new Map([[7, 0], [3, 2], [4, 9]]));
  assertEquals(port.visibleLuns(), [3, 7]);
  assertEquals(port.unitAt(3)?.number, 2);
  assertEquals(port.unitAt(0), null);
  const [zero, one] = [0, 1].map((number) => test.target.luns.get(number));
  assert(zero && one);
  assertEquals([port.maps(zero), port.maps(one)], [true, false]);
  port.setLunMap(null);
  assertEquals(port.visibleLuns(), [0, 1, 2]);
  assertEquals(port.maps(one), true);
});

targetTest("TargetPort.setLunMap() takes a copy", async (test) => {
  const port = await withLuns(test, 2);
  const map = new Map([[0, 0]]);
  port.setLunMap(map);
  map.set(1, 1);
  assertEquals(port.visibleLuns(), [0]);
});

targetTest("TargetPort.mapLun() sets and removes entries", async (test) => {
  const port = await withLuns(test, 3);
  port.mapLun(1, undefined);
  assertEquals(port.lunMap, null);
  port.mapLun(5, 1);
  assertEquals(port.visibleLuns(), [5]);
  port.mapLun(6, 2);
  port.mapLun(5, 0);
  assertEquals([...port.lunMap ?? []], [[5, 0], [6, 2]]);
  port.mapLun(5, undefined);
  port.mapLun(6, undefined);
  assertEquals([...port.lunMap ?? [[]]], []);
});

targetTest(
  "TargetPort.setLunMap() keeps what is where it was",
  async (test) => {
    const port = await withLuns(test, 2);
    const a = await test.connectReady("a");
    const kept = a.nexus.itl(0);
    const moved = a.nexus.itl(1);
    port.setLunMap(new Map([[0, 0], [1, 0]]));
    assert(a.nexus.itl(0) === kept);
    assert(a.nexus.itl(1) !== moved);
    assertEquals(kept?.pending, UNIT_ATTENTION.LUNS_CHANGED);
    assertEquals(moved?.unit.itls.size, 0);
  },
);

targetTest(
  "TargetPort.setOnline() tells its frontend of changes",
  async (test) => {
    await withLuns(test, 0);
    const told: boolean[] = [];
    const port = test.target.ports.register({
      ...test.port.description,
      onlineChanged: (online) => told.push(online),
    });
    assertEquals(port.online, false);
    port.setOnline(false);
    port.setOnline(true);
    port.setOnline(true);
    port.setOnline(false);
    assertEquals(told, [true, false]);
  },
);

targetTest("TargetPort.siblings() are all ports by number", (test) => {
  const second = test.addPort({ number: 1 });
  assertEquals(test.port.siblings(), [second, test.port]);
  return Promise.resolve();
});

targetTest("TargetPort.connect() gives null when its table is full", (test) => {
  for (let at = 0; at < INITIATORS_PER_PORT_MAX; at += 1) {
    new LocalInitiator(test.port, `i${at}`);
  }
  assertThrows(() => new LocalInitiator(test.port, "more"));
  new LocalInitiator(test.port, "i7");
  return Promise.resolve();
});

targetTest("TargetPort knows its initiators and nexuses", async (test) => {
  const a = test.connect("a");
  const again = test.connect("a");
  test.connect("b");
  const names = () => [...test.port.initiators].map(({ name }) => name);
  assertEquals(names(), ["iqn.a,i,0x1", "iqn.b,i,0x1"]);
  assertEquals([...test.port.nexuses].length, 3);
  await a.disconnect();
  await a.disconnect();
  assertEquals(names(), ["iqn.a,i,0x1", "iqn.b,i,0x1"]);
  await again.disconnect();
  assertEquals(names(), ["iqn.b,i,0x1"]);
  assert(a.nexus.initiator === again.nexus.initiator);
});
