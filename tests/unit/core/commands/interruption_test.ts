import { assert, assertEquals } from "@std/assert";
import {
  settle,
  targetTest,
  type TestTarget,
} from "../../../support/core_target.ts";
import {
  type CommandOptions,
  type LocalInitiator,
  SILENT,
} from "../../../support/local_initiator.ts";

// Each command is met at each of its turns by something that ends it: wherever
// that comes, the command ends in an orderly way and leaves the store alone.

const TURNS = 30;
const FILE = { path: "/x", cache: "on", unmaps: "native" };

function bytes(length: number): Uint8Array {
  return new Uint8Array(length);
}

const UNMAP_LIST = Uint8Array.fromHex(
  "0026002000000000" + "0000000000000002" + "0000000200000000" +
    "0000000000000008" + "0000000200000000",
);

const COMMANDS: Readonly<Record<string, [number[], CommandOptions]>> = {
  "READ": [[0x28, 0, 0, 0, 0, 2, 0, 0, 4, 0], { read: 2048 }],
  "READ with FUA": [[0x28, 8, 0, 0, 0, 2, 0, 0, 4, 0], { read: 2048 }],
  "READ of part of a block": [[0x28, 0, 0, 0, 0, 2, 0, 0, 4, 0], { read: 700 }],
  "WRITE": [[0x2a, 0, 0, 0, 0, 2, 0, 0, 4, 0], {
    write: bytes(2048),
    immediate: 0,
  }],
  "WRITE with FUA": [[0x2a, 8, 0, 0, 0, 2, 0, 0, 4, 0], {
    write: bytes(2048),
  }],
  "WRITE AND VERIFY": [[0x2e, 2, 0, 0, 0, 2, 0, 0, 4, 0], {
    write: bytes(2048),
  }],
  "VERIFY": [[0x2f, 0, 0, 0, 0, 2, 0, 0, 4, 0], {}],
  "VERIFY every block": [[0x2f, 2, 0, 0, 0, 2, 0, 0, 4, 0], {
    write: bytes(2048),
  }],
  "VERIFY with one block": [[0x2f, 6, 0, 0, 0, 2, 0, 0, 4, 0], {
    write: bytes(512),
  }],
  "COMPARE AND WRITE": [[
    0x89,
    ...[8, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0],
  ], { write: bytes(2048) }],
  "WRITE SAME": [[0x41, 0, 0, 0, 0, 2, 0, 0, 4, 0], { write: bytes(512) }],
  "WRITE SAME with UNMAP": [[0x41, 8, 0, 0, 0, 2, 0, 0, 4, 0], {
    write: bytes(512),
  }],
  "UNMAP": [[0x42, 0, 0, 0, 0, 0, 0, 0, 40, 0], {
    write: UNMAP_LIST,
    immediate: 0,
  }],
  "SYNCHRONIZE CACHE": [[0x35, 0, 0, 0, 0, 2, 0, 0, 4, 0], {}],
  "START STOP UNIT": [[0x1b, 0, 0, 0, 0, 0], {}],
  "SEND DIAGNOSTIC": [[0x1d, 0xc0, 0, 0, 0, 0], {}],
  "LOG SELECT": [[0x4c, 3, 0, 0, 0, 0, 0, 0, 0, 0], {}],
  "MODE SELECT": [[0x15, 0x10, 0, 0, 24, 0], {
    write: Uint8Array.fromHex(
      "00000000" + "08121000ffff0000ffffffff0000000000000000",
    ),
  }],
};

async function prepare(
  test: TestTarget,
  number: number,
): Promise<LocalInitiator> {
  await test.addLun({ backend: "controlled", number, options: FILE });
  return await test.connectReady(`n${number}`);
}

for (const [name, [cdb, options]] of Object.entries(COMMANDS)) {
  targetTest(`${name} is aborted at each of its turns`, async (test) => {
    for (let turn = 0; turn < TURNS; turn += 1) {
      const a = await prepare(test, turn);
      const { store } = test.driver;
      const command = a.command(turn, cdb, options);
      await settle(turn);
      const answer = a.manage("ABORT TASK SET", turn);
      await answer;
      const calls = store.calls.length;
      const { status, sense } = await command;
      await settle(100);
      assertEquals(store.calls.length, calls, "calls after the answer");
      assert(status === SILENT || status === 0, `${turn}: ${status} ${sense}`);
    }
  });

  targetTest(`${name} survives a unit that shrinks under it`, async (test) => {
    for (let turn = 0; turn < TURNS; turn += 1) {
      const a = await prepare(test, turn);
      const { store } = test.driver;
      const command = a.command(turn, cdb, options);
      await settle(turn);
      Object.assign(store.geometry, { blockCount: 1 });
      const { sense } = await command;
      assert(sense === "" || sense === "5/21/00", `${turn}: ${sense}`);
    }
  });

  targetTest(`${name} survives a store that is exchanged`, async (test) => {
    for (let turn = 0; turn < TURNS; turn += 1) {
      const a = await prepare(test, turn);
      const { store } = test.driver;
      const command = a.command(turn, cdb, options);
      await settle(turn);
      const other = new Map(Object.entries({ ...FILE, path: "/y" }));
      await test.target.luns.modify(turn, { options: other });
      assert(store.closed);
      const { status, sense } = await command;
      assert(status === 0 || status === 0x40, `${turn}: ${status} ${sense}`);
    }
  });

  targetTest(`${name} survives the removal of its unit`, async (test) => {
    for (let turn = 0; turn < TURNS; turn += 1) {
      const a = await prepare(test, turn);
      const command = a.command(turn, cdb, options);
      await settle(turn);
      await test.target.luns.remove(turn);
      const { status, sense } = await command;
      assert(status === 0 || status === 0x40, `${turn}: ${status} ${sense}`);
    }
  });
}
