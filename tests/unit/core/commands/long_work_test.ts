import { assertEquals } from "@std/assert";
import { STATUS } from "../../../../core/mod.ts";
import { SLICE_MS } from "../../../../core/slices.ts";
import {
  settle,
  targetTest,
  type TestTarget,
} from "../../../support/core_target.ts";
import { SILENT } from "../../../support/local_initiator.ts";

// Commands that work long let others have their turns.

const BLOCK: Uint8Array = new Uint8Array(512).fill(7);

function unmapList(ranges: number, blocks: number): Uint8Array {
  const list = new DataView(new ArrayBuffer(8 + 16 * ranges));
  list.setUint16(0, list.byteLength - 2);
  list.setUint16(2, list.byteLength - 8);
  for (let range = 0; range < ranges; range += 1) {
    list.setUint32(8 + 16 * range + 8, blocks);
  }
  return new Uint8Array(list.buffer);
}

const COMMANDS: readonly (readonly [string, number[], object])[] = [
  ["WRITE SAME", [0x41, 0, 0, 0, 0, 0, 0, 0x06, 0, 0], { write: BLOCK }],
  ["ORWRITE", [0x8b, ...Array(9).fill(0), 0, 0, 0x18, 0, 0, 0], {
    write: new Uint8Array(0x1800 * 512),
  }],
  ["VERIFY", [0x2f, 0, 0, 0, 0, 0, 0, 0x18, 0, 0], {}],
  ["UNMAP", [0x42, 0, 0, 0, 0, 0, 0, 0, 24, 0], {
    write: unmapList(1, 3 * 2 ** 21),
  }],
  ["UNMAP of many ranges", [0x42, 0, 0, 0, 0, 0, 0, 0, 56, 0], {
    write: unmapList(3, 1),
  }],
];

/** Lets every look at the clock take some time. */
function slowClock(test: TestTarget, stepMs: number): void {
  const { clock } = test.host;
  const nowMs = clock.nowMs.bind(clock);
  clock.nowMs = () => {
    clock.advance(stepMs);
    return nowMs();
  };
}

for (const [name, cdb, data] of COMMANDS) {
  targetTest(`${name} works in slices`, async (test) => {
    await test.addLun({ sizeBytes: 2 ** 33 });
    const a = await test.connectReady("a");
    // The slice is used up at every second look.
    slowClock(test, SLICE_MS / 2);
    let turns = 0;
    test.host.clock.nextTurn = () => {
      turns += 1;
      return Promise.resolve();
    };
    assertEquals((await a.command(0, cdb, data)).status, STATUS.GOOD);
    assertEquals(turns, 1);
  });

  targetTest(`${name} ends between two slices when aborted`, async (test) => {
    await test.addLun({ sizeBytes: 2 ** 33 });
    const a = await test.connectReady("a");
    slowClock(test, SLICE_MS);
    let go = () => {};
    test.host.clock.nextTurn = () => new Promise((resolve) => go = resolve);
    const command = a.command(0, cdb, data);
    await settle();
    const answer = a.manage("ABORT TASK SET");
    go();
    assertEquals((await answer).response, "FUNCTION COMPLETE");
    assertEquals((await command).status, SILENT);
    test.host.clock.nextTurn = () => Promise.resolve();
  });
}
