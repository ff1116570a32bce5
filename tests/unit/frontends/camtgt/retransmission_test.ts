import { assert, assertEquals } from "@std/assert";
import {
  CTIO_TIMEOUT_MS,
  RESPONSES_KEPT,
  RETRANSMISSIONS_MAX,
} from "../../../../frontends/camtgt/limits.ts";
import { FRAME } from "../../../../frontends/camtgt/wire/frame.ts";
import type { RawHost } from "../../../support/cam_host.ts";
import {
  blocksCdb,
  camRig,
  camTest,
  patternBytes,
  readBlocks,
  within,
  writeBlocks,
} from "../../../support/cam_rig.ts";
import { settle, targetTest } from "../../../support/core_target.ts";

const READ_2 = { exchange: 1, cdb: blocksCdb(0x28, 0, 2), read: 1024 };
const WRITE_2 = { exchange: 1, cdb: blocksCdb(0x2a, 0, 2), write: 1024 };

/** Where Data-In are asked for again, and what comes then. */
const OFFSETS: readonly (readonly [from: number, rows: readonly string[]])[] = [
  [0, ["1 DATA 0+600", "1 DATA 600+424 end", "1 RESPONSE 00"]],
  [1, ["1 DATA 1+599", "1 DATA 600+424 end", "1 RESPONSE 00"]],
  [511, ["1 DATA 511+89", "1 DATA 600+424 end", "1 RESPONSE 00"]],
  [600, ["1 DATA 600+424 end", "1 RESPONSE 00"]],
  [1023, ["1 DATA 1023+1 end", "1 RESPONSE 00"]],
  [1024, ["1 DATA 1024+0 end", "1 RESPONSE 00"]],
  [1025, ["1 RETRANSMIT_REJECT 1 1025"]],
];

for (const [from, rows] of OFFSETS) {
  camTest(`Data-In again from byte ${from} on`, {}, async (rig) => {
    const host = await rig.rawReady(1n, 600);
    await host.command(READ_2);
    host.heard();
    await host.again(1, "DATA_IN", from);
    assertEquals(host.heard(), rows);
    await host.acknowledge(1, 1024);
    assertEquals(rig.service.usage(rig.port).atios, 0);
  });
}

camTest("What the initiator has is gone", { maxio: "512" }, async (rig) => {
  const host = await rig.rawReady(1n);
  await host.command(READ_2);
  await host.acknowledge(1, 512);
  host.heard();
  await host.again(1, "DATA_IN", 100);
  assertEquals(host.heard(), ["1 RETRANSMIT_REJECT 1 100"]);
  await host.again(1, "DATA_IN", 700);
  assertEquals(host.heard(), ["1 DATA 700+324 end", "1 RESPONSE 00"]);
  await host.acknowledge(1, 1024);
});

camTest("Data-Out is asked for again from any byte on", {}, async (rig) => {
  const host = await rig.rawReady(1n);
  const data = patternBytes(1024);
  await host.command(WRITE_2);
  await host.data(1, 0, data.subarray(0, 700), false);
  assertEquals(host.heard(), ["1 TRANSFER_READY 0+1024"]);
  await host.again(1, "DATA_OUT", 333);
  assertEquals(host.heard(), ["1 TRANSFER_READY 333+691"]);
  await host.data(1, 333, data.subarray(333));
  assertEquals(host.heard(), ["1 RESPONSE 00"]);
  const { initiator } = await rig.ready(2n);
  assertEquals(
    (await within(initiator.execute(readBlocks(0, 2)))).dataIn,
    data,
  );
});

camTest("Data-Out that has not come cannot come again", {}, async (rig) => {
  const host = await rig.rawReady(1n);
  await host.command(WRITE_2);
  host.heard();
  await host.again(1, "DATA_OUT", 1);
  assertEquals(host.heard(), ["1 RETRANSMIT_REJECT 2 1"]);
  await host.data(1, 0, new Uint8Array(1024));
});

camTest("A hole in Data-Out is asked for", {}, async (rig) => {
  const host = await rig.rawReady(1n);
  const data = patternBytes(1024);
  await host.command(WRITE_2);
  host.heard();
  await host.data(1, 0, data.subarray(0, 200), false);
  await host.data(1, 300, data.subarray(300, 600), false);
  await host.data(1, 600, data.subarray(600));
  // Once, whatever follows the hole.
  assertEquals(host.heard(), ["1 TRANSFER_READY 200+824"]);
  await host.data(1, 200, data.subarray(200));
  assertEquals(host.heard(), ["1 RESPONSE 00"]);
});

camTest("Status comes again, the last few of it", {}, async (rig) => {
  const host = await rig.rawReady(1n);
  const cdb = new Uint8Array(6);
  for (let exchange = 1; exchange <= RESPONSES_KEPT + 1; exchange += 1) {
    await host.command({ exchange, cdb });
  }
  host.heard();
  await host.again(2, "STATUS");
  assertEquals(host.heard(), ["2 RESPONSE 00"]);
  await host.again(1, "STATUS");
  assertEquals(host.heard(), ["1 RETRANSMIT_REJECT 3 0"]);
  const gone = blocksCdb(0x28, 9999, 1);
  await host.command({ exchange: 1, cdb: gone, read: 512 });
  const told = host.heard();
  await host.again(1, "STATUS");
  assertEquals(host.heard(), told);
});

camTest("Nothing of nothing comes again", {}, async (rig) => {
  const host = await rig.rawReady(1n);
  await host.again(77, "DATA_IN");
  await host.again(77, "DATA_OUT");
  await host.again(77, "STATUS");
  await host.send({ type: FRAME.RETRANSMIT, code: 9, exchange: 77 });
  assertEquals(host.heard(), [
    "77 RETRANSMIT_REJECT 1 0",
    "77 RETRANSMIT_REJECT 2 0",
    "77 RETRANSMIT_REJECT 3 0",
    "77 RETRANSMIT_REJECT 9 0",
  ]);
});

camTest("Whoever asks for ever is refused", {}, async (rig) => {
  const host = await rig.rawReady(1n);
  await host.command(READ_2);
  for (let time = 0; time < RETRANSMISSIONS_MAX; time += 1) {
    await host.again(1, "DATA_IN");
  }
  host.heard();
  await host.again(1, "DATA_IN");
  assertEquals(host.heard(), ["1 RETRANSMIT_REJECT 1 0"]);
  await host.acknowledge(1, 1024);
});

async function after(host: RawHost, pass: () => void): Promise<string[]> {
  pass();
  await settle();
  return host.heard();
}

camTest("What nothing is heard of is sent again, twice", {}, async (rig) => {
  const host = await rig.rawReady(1n);
  const { clock } = rig.test.host;
  const pass = () => clock.advance(CTIO_TIMEOUT_MS);
  await host.command(READ_2);
  const sent = host.heard();
  assertEquals(await after(host, pass), sent);
  assertEquals(await after(host, pass), sent);
  // The GOOD that left with them is taken back.
  assertEquals(await after(host, pass), [
    "1 RESPONSE 02 under 1024 sense 2/4B/00",
  ]);
  assertEquals(rig.service.usage(rig.port), {
    ...rig.service.usage(rig.port),
    atios: 0,
    ctiosFailed: 1,
    heldBytes: 0,
  });
});

camTest("Data-Out that does not come is asked for, twice", {}, async (rig) => {
  const host = await rig.rawReady(1n);
  const { clock } = rig.test.host;
  const pass = () => clock.advance(CTIO_TIMEOUT_MS);
  await host.command(WRITE_2);
  const asked = host.heard();
  assertEquals(await after(host, pass), asked);
  assertEquals(await after(host, pass), asked);
  assertEquals(await after(host, pass), [
    "1 RESPONSE 02 under 1024 sense 2/4B/00",
  ]);
});

/** Which frames are lost, and how often they may be. */
const LOSSES = [
  ["in", "the first Data-In", FRAME.DATA, 1],
  ["in", "seven frames of Data-In", FRAME.DATA, 7],
  ["in", "a TRANSFER READY", FRAME.TRANSFER_READY, 1],
  ["out", "two frames of Data-Out", FRAME.DATA, 2],
  ["out", "an acknowledgement", FRAME.ACKNOWLEDGE, 1],
] as const;

for (const blockLength of [512, 2048, 4096]) {
  for (const [way, what, type, times] of LOSSES) {
    targetTest(
      `${what} lost, blocks of ${blockLength} bytes`,
      async (test) => {
        await test.addLun({
          backend: "controlled",
          blockLength,
          sizeBytes: 64 * blockLength,
        });
        const rig = await camRig(test, { maxio: "3000" });
        const { initiator, filter } = await rig.ready(1n, {
          dataLengthMax: 700,
        });
        let left: number = times;
        const lose = (frame: { readonly type: number }) =>
          frame.type === type && left > 0 && left-- > 0;
        if (way === "in") filter.loseIncoming = lose;
        else filter.loseOutgoing = lose;
        const data = patternBytes(8 * blockLength);
        const write = initiator.execute({
          ...writeBlocks(1, data),
          cdb: blocksCdb(0x2a, 1, 8),
        });
        const read = write.then(() =>
          initiator.execute(readBlocks(1, 8, blockLength))
        );
        let ended = false;
        read.finally(() => ended = true);
        for (let turn = 0; turn < 20 && !ended; turn += 1) {
          await settle();
          test.host.clock.advance(1000);
        }
        assertEquals((await within(write)).status, 0);
        assertEquals((await within(read)).dataIn, data);
        assert(left === 0, "Nothing was lost");
      },
    );
  }
}
