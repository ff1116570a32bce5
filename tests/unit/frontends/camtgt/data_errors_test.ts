import { assertEquals } from "@std/assert";
import { FRAME } from "../../../../frontends/camtgt/wire/frame.ts";
import type { RawHost } from "../../../support/cam_host.ts";
import {
  blocksCdb,
  type CamRig,
  camTest,
  patternBytes,
  readBlocks,
  within,
} from "../../../support/cam_rig.ts";
import { settle } from "../../../support/core_target.ts";

const READ_4 = { exchange: 1, cdb: blocksCdb(0x28, 0, 4), read: 2048 };
const WRITE_4 = { exchange: 1, cdb: blocksCdb(0x2a, 0, 4), write: 2048 };
const LOST = { type: FRAME.DATA_LOST, exchange: 1 };

function isAtRest({ test, service, port }: CamRig): boolean {
  const { atios, heldBytes } = service.usage(port);
  return atios === 0 && heldBytes === 0 &&
    test.target.luns.get(0)?.taskSet.size === 0;
}

camTest("Damaged Data-In end with 2/4B/00", { maxio: "1k" }, async (rig) => {
  const host = await rig.rawReady(1n);
  await host.command(READ_4);
  await host.acknowledge(1, 1024);
  host.heard();
  await host.send(LOST);
  // The GOOD that left with them is taken back; what has arrived counts.
  assertEquals(host.heard(), ["1 RESPONSE 02 under 1024 sense 2/4B/00"]);
  assertEquals(isAtRest(rig), true);
});

camTest("Damaged first of several moves", { maxio: "1k" }, async (rig) => {
  const host = await rig.rawReady(1n);
  await host.command(READ_4);
  assertEquals(host.heard(), ["1 DATA 0+1024 end"]);
  await host.send(LOST);
  assertEquals(host.heard(), ["1 RESPONSE 02 under 2048 sense 2/4B/00"]);
  assertEquals(isAtRest(rig), true);
  assertEquals(rig.service.usage(rig.port).ctiosFailed, 1);
});

camTest("Damaged second of three moves", { maxio: "700" }, async (rig) => {
  const host = await rig.rawReady(1n);
  await host.command(READ_4);
  await host.acknowledge(1, 700);
  host.heard();
  await host.send(LOST);
  assertEquals(host.heard(), ["1 RESPONSE 02 under 1348 sense 2/4B/00"]);
  assertEquals(isAtRest(rig), true);
});

camTest("Damage while the store still reads", { maxio: "512" }, async (rig) => {
  const host = await rig.rawReady(1n);
  const { store } = rig.test.driver;
  store.holding = true;
  await host.command({ ...READ_4, cdb: blocksCdb(0x28, 0, 4) });
  await host.send(LOST);
  assertEquals(host.heard(), []);
  store.answerAll();
  await settle();
  assertEquals(host.heard(), ["1 DATA 0+512 end"]);
  await host.send(LOST);
  assertEquals(host.heard(), ["1 RESPONSE 02 under 2048 sense 2/4B/00"]);
  assertEquals(isAtRest(rig), true);
});

/** Data-Out that breaks the agreement: more than was asked for. */
const EXCESS: readonly (readonly [
  title: string,
  send: (host: RawHost) => Promise<void>,
])[] = [
  [
    "beyond the end of the burst",
    (host) => host.data(1, 1000, new Uint8Array(100), false),
  ],
  ["beyond all of it", (host) => host.data(1, 4e9, new Uint8Array(100))],
];

for (const [title, send] of EXCESS) {
  camTest(`Data-Out ${title}`, { maxio: "1k" }, async (rig) => {
    const host = await rig.rawReady(1n);
    await host.command(WRITE_4);
    assertEquals(host.heard(), ["1 TRANSFER_READY 0+1024"]);
    await send(host);
    assertEquals(host.heard(), ["1 RESPONSE 02 under 2048 sense 2/4B/00"]);
    assertEquals(isAtRest(rig), true);
  });
}

camTest("A failed write has changed nothing behind it", {
  maxio: "1k",
}, async (rig) => {
  const host = await rig.rawReady(1n);
  const { initiator } = await rig.ready(2n);
  const before = await within(initiator.execute(readBlocks(0, 4)));
  await host.command(WRITE_4);
  await host.data(1, 0, patternBytes(1024));
  await host.data(1, 1024, patternBytes(1025));
  assertEquals(host.heard().slice(-1), [
    "1 RESPONSE 02 under 2048 sense 2/4B/00",
  ]);
  await host.data(1, 1024, patternBytes(1024)); // It comes too late.
  const after = await within(initiator.execute(readBlocks(0, 4)));
  assertEquals(after.dataIn.subarray(1024), before.dataIn.subarray(1024));
});

camTest("An initiator tells of data that it cannot have", {}, async (rig) => {
  const { initiator, filter } = await rig.ready(1n);
  let asked = 0;
  filter.loseIncoming = ({ type }) => {
    asked += type === FRAME.DATA ? 1 : 0;
    return type === FRAME.DATA;
  };
  const read = initiator.execute(readBlocks(0, 1));
  read.catch(() => {});
  await settle();
  for (let turn = 0; turn < 3; turn += 1) {
    rig.test.host.clock.advance(5000);
    await settle();
  }
  assertEquals(asked > 1, true);
  filter.loseIncoming = () => false;
  await settle();
  assertEquals(isAtRest(rig), true);
});
