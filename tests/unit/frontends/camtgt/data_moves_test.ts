import { assertEquals } from "@std/assert";
import { FRAME, FRAME_FLAG } from "../../../../frontends/camtgt/wire/frame.ts";
import { decodeLength } from "../../../../frontends/camtgt/wire/payloads.ts";
import {
  blocksCdb,
  type CamPeer,
  camRig,
  camTest,
  patternBytes,
  readBlocks,
  within,
  writeBlocks,
} from "../../../support/cam_rig.ts";
import { settle, targetTest } from "../../../support/core_target.ts";

/** Lists of segments that CTIOs moved: `1024+476 1024+476`. */
function listsOf({ filter }: CamPeer): string {
  let text = "";
  for (const { type, flags, payload } of filter.incoming.splice(0)) {
    if (type !== FRAME.DATA) continue;
    text += payload.length;
    text += (flags & FRAME_FLAG.END) === 0 ? "+" : " ";
  }
  return text.trim();
}

/** Bursts of Data-Out that were asked for. */
function burstsOf({ filter }: CamPeer): string {
  return filter.incoming.splice(0)
    .filter(({ type }) => type === FRAME.TRANSFER_READY)
    .map(({ parameter, payload }) => `${parameter}+${decodeLength(payload)}`)
    .join(" ");
}

/** What a CTIO holds at the most, and what moves one way and the other. */
const SPLITS: readonly (readonly [
  maxio: string,
  frameMax: number,
  blocks: number,
  dataIn: string,
  dataOut: string,
])[] = [
  ["1m", 65536, 8, "4096", "0+4096"],
  ["1m", 65536, 200, "65536+36864", "0+102400"],
  ["512", 65536, 3, "512 512 512", "0+512 512+512 1024+512"],
  ["700", 65536, 3, "700 700 136", "0+700 700+700 1400+136"],
  ["1500", 1024, 4, "1024+476 548", "0+1500 1500+548"],
  ["100k", 65536, 256, "65536+36864 28672", "0+102400 102400+28672"],
];

for (const [maxio, frameMax, blocks, dataIn, dataOut] of SPLITS) {
  camTest(
    `${blocks} blocks by moves of ${maxio} and frames of ${frameMax}`,
    { maxio },
    async (rig) => {
      const peer = await rig.ready(1n, { dataLengthMax: frameMax });
      const { initiator, filter } = peer;
      filter.incoming.length = 0;
      const data = patternBytes(blocks * 512);
      const written = await within(initiator.execute(writeBlocks(5, data)));
      assertEquals([written.status, burstsOf(peer)], [0, dataOut]);
      const read = await within(initiator.execute(readBlocks(5, blocks)));
      assertEquals([read.status, listsOf(peer)], [0, dataIn]);
      assertEquals(read.dataIn, data);
      assertEquals(rig.service.usage(rig.port).heldBytes, 0);
    },
  );
}

camTest(
  "A list has 32 segments, then another CTIO follows",
  {},
  async (rig) => {
    const peer = await rig.ready(1n, { dataLengthMax: 512 });
    peer.filter.incoming.length = 0;
    await within(peer.initiator.execute(readBlocks(0, 70)));
    const full = Array(32).fill("512").join("+");
    assertEquals(
      listsOf(peer),
      `${full} ${full} ${Array(6).fill(512).join("+")}`,
    );
    assertEquals(rig.service.usage(rig.port).ctiosMoved, 3);
  },
);

for (const blockLength of [512, 1024, 4096]) {
  targetTest(`Blocks of ${blockLength} are split anywhere`, async (test) => {
    await test.addLun({ backend: "controlled", blockLength });
    const rig = await camRig(test, { maxio: "1001" });
    const { initiator } = await rig.ready(1n, { dataLengthMax: 600 });
    const data = patternBytes(3 * blockLength);
    const cdb = blocksCdb(0x2a, 1, 3);
    const { status } = await within(
      initiator.execute({ lun: 0, cdb, dataOut: data }),
    );
    const read = await within(
      initiator.execute(readBlocks(1, 3, blockLength)),
    );
    assertEquals([status, read.status], [0, 0]);
    assertEquals(read.dataIn, data);
  });
}

camTest("GOOD leaves with the last data", {}, async (rig) => {
  const host = await rig.rawReady(1n);
  await host.command({ exchange: 1, cdb: blocksCdb(0x28, 0, 1), read: 512 });
  assertEquals(host.heard(), ["1 DATA 0+512 end", "1 RESPONSE 00"]);
  // The target still holds the data, and the command with them.
  assertEquals(rig.test.target.luns.get(0)?.taskSet.size, 1);
  assertEquals(rig.service.usage(rig.port).heldBytes > 0, true);
  await host.acknowledge(1, 512);
  assertEquals(rig.test.target.luns.get(0)?.taskSet.size, 0);
  assertEquals(rig.service.usage(rig.port).heldBytes, 0);
  assertEquals(host.heard(), []);
});

camTest("The next CTIO leaves when the last has arrived", {
  maxio: "1k",
}, async (rig) => {
  const host = await rig.rawReady(1n);
  await host.command({ exchange: 1, cdb: blocksCdb(0x28, 0, 4), read: 2048 });
  assertEquals(host.heard(), ["1 DATA 0+1024 end"]);
  await host.acknowledge(1, 1024);
  assertEquals(host.heard(), ["1 DATA 1024+1024 end", "1 RESPONSE 00"]);
  await host.acknowledge(1, 2048);
  assertEquals(rig.service.usage(rig.port).ctiosMoved, 2);
});

camTest("A move takes the time that it is said to", {
  move_ms: "7",
  maxio: "512",
}, async (rig) => {
  const host = await rig.rawReady(1n);
  const { clock } = rig.test.host;
  await host.command({ exchange: 1, cdb: blocksCdb(0x28, 0, 2), read: 1024 });
  clock.advance(6);
  await settle();
  assertEquals(host.heard(), []);
  clock.advance(1);
  await settle();
  assertEquals(host.heard(), ["1 DATA 0+512 end"]);
  await host.acknowledge(1, 512);
  assertEquals(host.heard(), []);
  clock.advance(7);
  await settle();
  assertEquals(host.heard(), ["1 DATA 512+512 end", "1 RESPONSE 00"]);
  await host.acknowledge(1, 1024);
});

/** Residuals: what is asked of 512-byte blocks, and what is told of it. */
const RESIDUALS: readonly (readonly [
  title: string,
  cdb: Uint8Array,
  read: number,
  write: number,
  ends: string,
])[] = [
  ["as much as there is", blocksCdb(0x28, 0, 2), 1024, 0, "00"],
  ["more than there is", blocksCdb(0x28, 0, 2), 1500, 0, "00 under 476"],
  ["less than there is", blocksCdb(0x28, 0, 2), 1000, 0, "00 over 24"],
  ["nothing is wanted", blocksCdb(0x28, 0, 2), 0, 0, "00 over 1024"],
  ["nothing is there", new Uint8Array(6), 100, 0, "00 under 100"],
  ["nothing is refused", blocksCdb(0x28, 0, 0), 512, 0, "00 under 512"],
  [
    "an error moves nothing",
    blocksCdb(0x28, 9999, 1),
    512,
    0,
    "02 under 512 sense 5/21/00",
  ],
  ["as much as is written", blocksCdb(0x2a, 0, 2), 0, 1024, "00"],
  ["more than is written", blocksCdb(0x2a, 0, 2), 0, 1100, "00 under 76"],
  ["the other way", blocksCdb(0x28, 0, 1), 0, 512, "00 over 512"],
];

for (const [title, cdb, read, write, ends] of RESIDUALS) {
  camTest(`Residual: ${title}`, {}, async (rig) => {
    const host = await rig.rawReady(1n);
    await host.command({ exchange: 9, cdb, read, write });
    for (const { type, parameter, payload, exchange } of [...host.frames]) {
      if (type === FRAME.DATA) {
        await host.acknowledge(exchange, parameter + payload.length);
      } else if (type === FRAME.TRANSFER_READY) {
        const bytes = new Uint8Array(decodeLength(payload));
        await host.data(exchange, parameter, bytes);
      }
    }
    const last = host.heard().filter((row) => row.includes("RESPONSE"));
    assertEquals(last, [`9 RESPONSE ${ends}`]);
    assertEquals(rig.service.usage(rig.port).atios, 0);
  });
}
