/**
 * A unit whose medium another machine writes, too: what a command has given
 * to the store is on the medium when the command is over, however it ends.
 */

import { assertEquals } from "@std/assert";
import {
  settle,
  targetTest,
  type TestTarget,
} from "../../support/core_target.ts";
import {
  FUNCTION,
  type LocalInitiator,
} from "../../support/local_initiator.ts";

const BLOCK = new Uint8Array(512).fill(0x5a);
const TWO_CHUNKS = new Uint8Array(2 * 2 ** 20).fill(0x5a);

const LUN = {
  backend: "controlled",
  sizeBytes: 2 * 2 ** 20,
  options: { cache: "on", unmaps: "native", zeroes: "on", atomic: "8" },
};

/** A command that is aborted while a call to its store is under way. */
interface Abort {
  /** The command. */
  readonly name: string;
  readonly cdb: readonly number[];
  readonly write?: Uint8Array;
  /** All that the store is asked for, the call under way at the end. */
  readonly calls: readonly string[];
}

const TWO_DESCRIPTORS = new Uint8Array(40);
TWO_DESCRIPTORS.set([0, 38, 0, 32]);
TWO_DESCRIPTORS.set([0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 4], 8);
TWO_DESCRIPTORS.set([0, 0, 0, 0, 0, 0, 0, 16, 0, 0, 0, 4], 24);

const ABORTS: readonly Abort[] = [
  {
    name: "WRITE of one chunk",
    cdb: [0x2a, 0, 0, 0, 0, 7, 0, 0, 1, 0],
    write: BLOCK,
    calls: ["write 7 1"],
  },
  {
    name: "WRITE of two chunks",
    cdb: [0x2a, 0, 0, 0, 0, 0, 0, 16, 0, 0],
    write: TWO_CHUNKS,
    calls: ["write 0 2048"],
  },
  {
    name: "WRITE SAME",
    cdb: [0x41, 0, 0, 0, 0, 0, 0, 4, 0, 0],
    write: BLOCK,
    calls: ["write 0 512"],
  },
  {
    name: "WRITE SAME in its second step",
    cdb: [0x41, 0, 0, 0, 0, 0, 0, 4, 0, 0],
    write: BLOCK,
    calls: ["write 0 512", "write 512 512"],
  },
  {
    name: "WRITE SAME of zeroes",
    cdb: [0x93, 0x01, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 9, 0, 0],
    calls: ["writeZeroes 3 9"],
  },
  {
    name: "UNMAP",
    cdb: [0x42, 0, 0, 0, 0, 0, 0, 0, 40, 0],
    write: TWO_DESCRIPTORS,
    calls: ["unmap 8 4"],
  },
  {
    name: "ORWRITE",
    cdb: [0x8b, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0, 0],
    write: TWO_CHUNKS,
    calls: ["read 0 2048", "write 0 2048"],
  },
  {
    name: "WRITE ATOMIC",
    cdb: [0x9c, 0, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 1, 0, 0],
    write: BLOCK,
    calls: ["write 7 1"],
  },
  {
    name: "WRITE AND VERIFY",
    cdb: [0x2e, 0, 0, 0, 0, 7, 0, 0, 1, 0],
    write: BLOCK,
    calls: ["write 7 1"],
  },
  {
    name: "COMPARE AND WRITE",
    cdb: [0x89, 0, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 1, 0, 0],
    write: new Uint8Array(1024),
    calls: ["read 7 1", "write 7 1"],
  },
];

async function holdingLun(test: TestTarget, through: boolean, more = {}) {
  const options = { ...LUN.options, ...more };
  const unit = await test.addLun({ ...LUN, options });
  unit.setWritesThrough(through);
  const initiator = await test.connectReady("a");
  const { store } = test.driver;
  store.holding = true;
  store.calls.length = 0;
  return { unit, initiator, store };
}

/** Answers held calls, one after the other, until something has happened. */
async function answering<Done>(
  test: TestTarget,
  awaited: Promise<Done>,
): Promise<Done> {
  let over = false;
  const done = awaited.finally(() => over = true);
  for (let turns = 0; !over && turns < 20; turns += 1) {
    test.driver.store.answerHeld();
    await settle();
  }
  return await done;
}

/** Aborts a command at the last of its calls; waits for the end of both. */
async function abortAt(
  test: TestTarget,
  initiator: LocalInitiator,
  { cdb, write = new Uint8Array(0), calls }: Abort,
): Promise<void> {
  const tag = initiator.nextTag;
  const ended = initiator.command(0, cdb, { write });
  await settle();
  for (let turn = 1; turn < calls.length; turn += 1) {
    test.driver.store.answerHeld();
    await settle();
  }
  assertEquals(test.driver.store.calls, [...calls]);
  const aborted = initiator.manage(FUNCTION.ABORT_TASK, 0, tag);
  await settle();
  await answering(test, Promise.all([ended, aborted]));
}

for (const abort of ABORTS) {
  targetTest(`an aborted ${abort.name} is flushed`, async (test) => {
    const { initiator, store } = await holdingLun(test, true);
    await abortAt(test, initiator, abort);
    assertEquals(store.calls, [...abort.calls, "flush"]);
  });

  targetTest(
    `an aborted ${abort.name} may stay in a cache of one's own`,
    async (test) => {
      const { initiator, store } = await holdingLun(test, false);
      await abortAt(test, initiator, abort);
      assertEquals(store.calls, [...abort.calls]);
    },
  );
}

targetTest("what has written nothing is not flushed", async (test) => {
  const { initiator, store } = await holdingLun(test, true);
  await abortAt(test, initiator, {
    name: "COMPARE AND WRITE",
    cdb: [0x89, 0, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 1, 0, 0],
    write: new Uint8Array(1024),
    calls: ["read 7 1"],
  });
  assertEquals(store.calls, ["read 7 1"]);
});

targetTest("what waits for its data is not flushed", async (test) => {
  const { initiator, store } = await holdingLun(test, true);
  initiator.givesData = false;
  const tag = initiator.nextTag;
  const cdb = [0x2a, 0, 0, 0, 0, 7, 0, 0, 1, 0];
  const ended = initiator.command(0, cdb, { write: BLOCK, immediate: 0 });
  await settle();
  await initiator.manage(FUNCTION.ABORT_TASK, 0, tag);
  await ended;
  assertEquals(store.calls, []);
});

targetTest("what fails at once is flushed", async (test) => {
  const { initiator, store } = await holdingLun(test, true, { atonce: "on" });
  store.answerAll();
  store.fail("write", "medium");
  const cdb = [0x2a, 0, 0, 0, 0, 7, 0, 0, 1, 0];
  const { sense } = await initiator.command(0, cdb, { write: BLOCK });
  assertEquals(sense, "3/0c/02");
  assertEquals(store.calls, ["tryWrite 7 1", "flush"]);
});

targetTest("what fails in its second step is flushed", async (test) => {
  const { initiator, store } = await holdingLun(test, true);
  const cdb = [0x41, 0, 0, 0, 0, 0, 0, 4, 0, 0];
  const ended = initiator.command(0, cdb, { write: BLOCK });
  await settle();
  store.fail("write", "medium");
  const { sense } = await answering(test, ended);
  assertEquals(sense, "3/0c/02");
  assertEquals(store.calls, ["write 0 512", "write 512 512", "flush"]);
});

targetTest("what loses its store is flushed before it closes", async (test) => {
  const { initiator, store } = await holdingLun(test, true, { path: "/x" });
  const cdb = [0x41, 0, 0, 0, 0, 0, 0, 4, 0, 0];
  const ended = initiator.command(0, cdb, { write: BLOCK });
  await settle();
  const options = new Map(Object.entries({ ...LUN.options, path: "/y" }));
  const modified = test.target.luns.modify(0, { options });
  await settle();
  for (let turn = 0; turn < 5; turn += 1) {
    store.answerHeld();
    await settle();
  }
  await Promise.all([ended, modified]);
  assertEquals(store.calls, ["write 0 512", "flush", "close"]);
});

const OPERATIONS = [
  ["format", [0x04, 0x10, 0, 0, 0, 0], [0, 0x02, 0, 0], "writeZeroes 0 512"],
  [
    "sanitize",
    [0x48, 0x81, 0, 0, 0, 0, 0, 0, 5, 0],
    [1, 0, 0, 1, 0xaa],
    "write 0 512",
  ],
] as const;

for (const [name, cdb, list, call] of OPERATIONS) {
  for (const through of [true, false]) {
    const what = through ? "is flushed" : "may stay in a cache of one's own";
    targetTest(`a ${name} that is stopped ${what}`, async (test) => {
      const { unit, initiator, store } = await holdingLun(test, through, {
        unmap: "off",
      });
      await initiator.command(0, cdb, { write: Uint8Array.from(list) });
      await settle();
      const stopped = unit.operation?.stop() ?? Promise.reject();
      await answering(test, stopped);
      assertEquals(store.calls, through ? [call, "flush"] : [call]);
      store.answerAll();
    });
  }
}
