import { assert, assertEquals } from "@std/assert";
import { ACCESS, STATUS } from "../../../core/mod.ts";
import type { HaMode } from "../../../ha/link/peer_hello.ts";
import { NodePair } from "../../support/ha/node_pair.ts";
import type { LocalInitiator } from "../../support/local_initiator.ts";

const MODES: readonly HaMode[] = ["standby", "shared", "proxy"];
const REPORT_GROUPS = [0xa3, 0x0a, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0];
const DEVICE_IDENTIFICATION = [0x12, 1, 0x83, 1, 0, 0];
const RESERVE = [0x16, 0, 0, 0, 0, 0];
const TEST_UNIT_READY = [0, 0, 0, 0, 0, 0];
const READ_KEYS = [0x5e, 0, 0, 0, 0, 0, 0, 1, 0, 0];
const CONTROL_PAGE = Uint8Array.fromHex(
  "00000000" + "0a0a0400" + "0".repeat(16),
);

function pairTest(
  name: string,
  modes: readonly HaMode[],
  body: (pair: NodePair, mode: HaMode) => Promise<void>,
): void {
  for (const mode of modes) {
    Deno.test(`${name} (${mode})`, async () => {
      await using pair = await NodePair.joined(mode);
      await body(pair, mode);
    });
  }
}

function reserveOut(
  action: number,
  key: number,
  actionKey: number,
  type = 0,
): readonly [number[], { write: Uint8Array }] {
  const list = new Uint8Array(24);
  list[7] = key;
  list[15] = actionKey;
  return [[0x5f, action, type, 0, 0, 0, 0, 0, 24, 0], { write: list }];
}

/** Sends a command, with the time that it needs. */
async function send(
  pair: NodePair,
  initiator: LocalInitiator,
  cdb: readonly number[],
  options: { read?: number; write?: Uint8Array } = {},
) {
  return await pair.wait(initiator.command(0, cdb, options));
}

/** Writes a block through one node, reads it through another. */
async function transfer(
  pair: NodePair,
  writer: LocalInitiator,
  reader: LocalInitiator,
  byte: number,
): Promise<void> {
  const write = new Uint8Array(512).fill(byte);
  const lba = [0, 0, 0, 7];
  const written = await send(pair, writer, [0x2a, 0, ...lba, 0, 0, 1, 0], {
    write,
  });
  assertEquals(written.status, STATUS.GOOD, written.sense);
  const read = await send(pair, reader, [0x28, 0, ...lba, 0, 0, 1, 0], {
    read: 512,
  });
  assertEquals(read.status, STATUS.GOOD, read.sense);
  assertEquals(read.data, write);
}

async function hear(
  pair: NodePair,
  ...initiators: LocalInitiator[]
): Promise<void> {
  for (const initiator of initiators) {
    for (let times = 0; times < 6; times += 1) {
      await send(pair, initiator, [3, 0, 0, 0, 252, 0], { read: 252 });
    }
  }
}

async function connected(
  pair: NodePair,
): Promise<[LocalInitiator, LocalInitiator]> {
  return [await pair.one.connect("a"), await pair.two.connect("b")];
}

pairTest("two nodes join and take their roles", MODES, (pair, mode) => {
  const second = mode === "standby" ? ACCESS.STANDBY : ACCESS.NONOPTIMIZED;
  assertEquals(pair.one.unit.access, ACCESS.OPTIMIZED);
  assertEquals(pair.two.unit.access, second);
  const { link, serving, peer, synchronized, lag } = pair.one.node.status();
  assertEquals([link.state, serving, peer], ["up", "primary", "secondary"]);
  assertEquals([synchronized, lag], [true, 0]);
  assertEquals(pair.two.node.status().serving, "secondary");
  const isOpen = pair.two.unit.store !== null;
  assertEquals(isOpen, mode === "shared");
  return Promise.resolve();
});

pairTest("all groups are the same through both nodes", MODES, async (pair) => {
  const [a, b] = await connected(pair);
  const first = await send(pair, a, REPORT_GROUPS, { read: 256 });
  const second = await send(pair, b, REPORT_GROUPS, { read: 256 });
  assertEquals(first.data.toHex(), second.data.toHex());
  assertEquals(first.data.length, 4 + 2 * 12, "both have a port");
  const pages = [a, b].map((each) =>
    send(pair, each, DEVICE_IDENTIFICATION, { read: 256 })
  );
  const [one, two] = await Promise.all(pages);
  const unitPart = (data?: Uint8Array) => data?.toHex().slice(0, 100);
  assertEquals(unitPart(one?.data), unitPart(two?.data), "one disk");
  assert(one?.data.toHex().includes("00000002"), "group 2");
  assert(two?.data.toHex().includes("00000003"), "group 3");
});

pairTest(
  "what is written through one node is read through the other",
  ["shared", "proxy"],
  async (pair) => {
    const [a, b] = await connected(pair);
    await transfer(pair, a, b, 0x11);
    await transfer(pair, b, a, 0x22);
  },
);

pairTest("a standby node has discovery alone", ["standby"], async (pair) => {
  const b = await pair.two.connect("b");
  const ready = await send(pair, b, TEST_UNIT_READY);
  assertEquals(ready.sense, "2/04/0b");
  const inquiry = await send(pair, b, [0x12, 0, 0, 0, 96, 0], { read: 96 });
  assertEquals(inquiry.data[0], 0);
});

pairTest("reservations bind both nodes", MODES, async (pair) => {
  const [a, b] = await connected(pair);
  const registered = await send(pair, b, ...reserveOut(0, 0, 2));
  assertEquals(registered.status, STATUS.GOOD, registered.sense);
  const reserved = await send(pair, b, ...reserveOut(1, 2, 0, 3));
  assertEquals(reserved.status, STATUS.GOOD, reserved.sense);
  const refused = await send(pair, a, [0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0], {
    read: 512,
  });
  assertEquals(refused.status, STATUS.RESERVATION_CONFLICT);
  const [one, two] = [pair.one, pair.two].map(({ unit }) => {
    const { registrations, ...rest } = unit.reservations.persistent.snapshot();
    const names = registrations.map(({ key, nexus }) => [key, nexus.nexusId]);
    return { ...rest, names };
  });
  assertEquals(two, one);
  assertEquals(two?.type, 3);
});

pairTest("MODE SELECT shows on both, once told", MODES, async (pair) => {
  const [a, b] = await connected(pair);
  await hear(pair, a, b);
  const selected = await send(pair, b, [0x15, 0x10, 0, 0, 16, 0], {
    write: CONTROL_PAGE,
  });
  assertEquals(selected.status, STATUS.GOOD, selected.sense);
  const told = await send(pair, a, TEST_UNIT_READY);
  assertEquals(told.sense, "6/2a/01");
  const again = await send(pair, a, TEST_UNIT_READY);
  assertEquals(again.status, STATUS.GOOD);
  for (const initiator of [a, b]) {
    const page = await send(pair, initiator, [0x1a, 8, 0x0a, 0, 255, 0], {
      read: 255,
    });
    assertEquals(page.data[6], 4, "D_SENSE");
  }
  const two = pair.two.unit.modePages.find(0x0a, 0);
  assertEquals(two?.current[2], 4);
});

pairTest(
  "MODE SELECT tells the other node's initiators",
  MODES,
  async (pair) => {
    const [a, b] = await connected(pair);
    await hear(pair, a, b);
    await send(pair, a, [0x15, 0x10, 0, 0, 16, 0], { write: CONTROL_PAGE });
    const told = await send(pair, b, [0x1a, 8, 0x0a, 0, 255, 0], { read: 255 });
    assertEquals(told.sense, "6/2a/01");
  },
);

pairTest("a role is handed over, and all goes along", MODES, async (pair) => {
  const [a, b] = await connected(pair);
  await send(pair, a, ...reserveOut(0, 0, 1));
  await send(pair, a, ...reserveOut(1, 1, 0, 5));
  await pair.two.order("primary");
  await pair.pass(500);
  assertEquals(pair.two.unit.access, ACCESS.OPTIMIZED);
  assertEquals(pair.one.node.status().serving, "secondary");
  await hear(pair, a, b);
  const keys = await send(pair, b, READ_KEYS, { read: 256 });
  assertEquals(keys.data[7], 8, "one key");
  const refused = await send(pair, b, [0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0], {
    write: new Uint8Array(512),
  });
  assertEquals(refused.status, STATUS.RESERVATION_CONFLICT);
  await send(pair, b, ...reserveOut(0, 0, 2));
  const written = await send(pair, b, [0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0], {
    write: new Uint8Array(512),
  });
  assertEquals(written.status, STATUS.GOOD);
  await pair.one.order("primary");
  await pair.pass(500);
  await hear(pair, a, b);
  const back = await send(pair, a, READ_KEYS, { read: 256 });
  assertEquals(back.data[7], 16, "two keys");
  assertEquals(
    pair.disk.doubleOpens > 0,
    pair.one.node.status().mode === "shared",
  );
});

pairTest("RESERVE moves with the role", MODES, async (pair) => {
  const [a, b] = await connected(pair);
  const reserved = await send(pair, b, [0x16, 0, 0, 0, 0, 0]);
  assertEquals(reserved.status, STATUS.GOOD, reserved.sense);
  const refused = await send(pair, a, TEST_UNIT_READY);
  assertEquals(refused.status, STATUS.RESERVATION_CONFLICT);
  await pair.two.order("primary");
  await pair.pass(500);
  await hear(pair, a, b);
  const ready = await send(pair, b, TEST_UNIT_READY);
  assertEquals(ready.status, STATUS.GOOD, ready.sense);
  const still = await send(pair, a, [0x16, 0, 0, 0, 0, 0]);
  assertEquals(still.status, STATUS.RESERVATION_CONFLICT);
});

pairTest(
  "a link that is lost leaves the primary serving",
  MODES,
  async (pair) => {
    const [a, b] = await connected(pair);
    pair.network.trouble = "cut";
    cut(pair);
    await pair.pass(4000, 100);
    await hear(pair, a, b);
    const ready = await send(pair, a, TEST_UNIT_READY);
    assertEquals(ready.status, STATUS.GOOD, ready.sense);
    const other = await send(pair, b, TEST_UNIT_READY);
    assertEquals(other.sense, "2/04/0a");
    pair.network.trouble = null;
    await pair.pass(4000, 100);
    assertEquals(pair.one.node.status().link.state, "up");
    assertEquals(pair.two.node.status().serving, "secondary");
  },
);

function cut(pair: NodePair): void {
  const cable = pair.network.cables.at(-1);
  cable?.blockThere(true);
  cable?.blockBack(true);
}

pairTest("an order with --peer-fenced goes on alone", MODES, async (pair) => {
  const [, b] = await connected(pair);
  await send(pair, b, ...reserveOut(0, 0, 2));
  pair.network.trouble = "cut";
  cut(pair);
  await pair.pass(4000, 100);
  await pair.two.order("primary", true);
  await hear(pair, b);
  const keys = await send(pair, b, READ_KEYS, { read: 256 });
  assertEquals(keys.data[7], 8, "its key");
  const ready = await send(pair, b, TEST_UNIT_READY);
  assertEquals(ready.status, STATUS.GOOD, ready.sense);
});

pairTest(
  "a change under way when the link ends is to be tried again, and known then",
  MODES,
  async (pair) => {
    const a = await pair.one.connect("a");
    pair.network.trouble = "cut";
    cut(pair);
    const registered = a.command(0, ...reserveOut(0, 0, 1));
    const asked = a.command(0, READ_KEYS, { read: 256 });
    await pair.pass(7000, 100);
    assertEquals((await registered).status, STATUS.BUSY);
    assertEquals((await asked).status, STATUS.BUSY, "what came of it is open");
    const later = await send(pair, a, READ_KEYS, { read: 256 });
    assertEquals(later.status, STATUS.BUSY);
    pair.network.trouble = null;
    await pair.pass(4000, 100);
    await hear(pair, a);
    const again = await send(pair, a, ...reserveOut(6, 0, 1));
    assertEquals(again.status, STATUS.GOOD, again.sense);
    const b = await pair.two.connect("b");
    const keys = await send(pair, b, READ_KEYS, { read: 256 });
    assertEquals(keys.data[7], 8, "one key");
  },
);

pairTest(
  "without its peer a primary changes nothing that both have to know",
  MODES,
  async (pair) => {
    const a = await pair.one.connect("a");
    const c = await pair.one.connect("c");
    await send(pair, c, [0x16, 0, 0, 0, 0, 0]);
    pair.network.trouble = "cut";
    cut(pair);
    await pair.pass(4000, 100);
    await hear(pair, a);
    // Who goes lets go of what it holds, and nobody has to wait for that.
    await pair.wait(c.disconnect());
    const refused = await send(pair, a, ...reserveOut(6, 0, 1));
    assertEquals(refused.status, STATUS.BUSY);
    const keys = await send(pair, a, READ_KEYS, { read: 256 });
    assertEquals([keys.status, keys.data[7]], [STATUS.GOOD, 0], "no key");
    const reserved = await send(pair, a, [0x16, 0, 0, 0, 0, 0]);
    assertEquals(reserved.status, STATUS.BUSY);
    await pair.one.order("primary", true);
    const alone = await send(pair, a, ...reserveOut(6, 0, 1));
    assertEquals(alone.status, STATUS.GOOD, alone.sense);
  },
);

pairTest(
  "what was held through a peer that is off is free, and its holder hears it",
  ["shared", "proxy"],
  async (pair, mode) => {
    const [a, b] = await connected(pair);
    assertEquals((await send(pair, b, RESERVE)).status, STATUS.GOOD);
    pair.network.trouble = "cut";
    cut(pair);
    await pair.pass(4000, 100);
    await hear(pair, a);
    const refused = await send(pair, a, TEST_UNIT_READY);
    // Where both write, a peer that is silent is fenced without an order.
    const isHeld = mode === "proxy";
    assertEquals(refused.status === STATUS.RESERVATION_CONFLICT, isHeld);
    await pair.one.order("primary", true);
    await pair.pass(100);
    assertEquals((await send(pair, a, TEST_UNIT_READY)).status, STATUS.GOOD);
    pair.network.trouble = null;
    await pair.pass(4000, 100);
    const heard: string[] = [];
    for (let sense = "6/"; sense.startsWith("6/");) {
      sense = (await send(pair, b, TEST_UNIT_READY)).sense;
      heard.push(sense);
    }
    assert(heard.includes("6/29/07"), heard.join(" "));
  },
);

const SANITIZE_OVERWRITE = [0x48, 0x81, 0, 0, 0, 0, 0, 0, 5, 0];
const OVERWRITE_LIST = Uint8Array.of(1, 0, 0, 1, 0xaa);

for (const mode of MODES) {
  Deno.test(`a sanitize operation goes on at the other node, once (${mode})`, async () => {
    const options = new Map([["sanitize_rate", "256K"]]);
    await using pair = await NodePair.joined(mode, options);
    const [a, b] = await connected(pair);
    const begun = await send(pair, a, SANITIZE_OVERWRITE, {
      write: OVERWRITE_LIST,
    });
    assertEquals(begun.status, STATUS.GOOD, begun.sense);
    await pair.pass(1000, 100);
    await pair.two.order("primary");
    await hear(pair, b);
    assertEquals((await send(pair, b, TEST_UNIT_READY)).sense, "2/04/1b");
    await pair.pass(10_000, 100);
    await hear(pair, b);
    assertEquals((await send(pair, b, TEST_UNIT_READY)).sense, "");
    assert(pair.disk.bytes.every((byte) => byte === 0xaa), "all of it");
    const write = new Uint8Array(512).fill(7);
    const written = await send(pair, b, [0x2a, 0, 0, 0, 0, 9, 0, 0, 1, 0], {
      write,
    });
    assertEquals(written.status, STATUS.GOOD, written.sense);
    // The node on which it began must not begin it again.
    await pair.one.order("primary");
    await pair.pass(4000, 100);
    await hear(pair, a);
    assertEquals((await send(pair, a, TEST_UNIT_READY)).sense, "");
    assertEquals(pair.disk.bytes.subarray(9 * 512, 10 * 512), write);
  });
}
