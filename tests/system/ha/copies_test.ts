/**
 * Copies of a real pair: EXTENDED COPY and ROD tokens through either node, and
 * what a failover leaves of a token.
 */

import { assertEquals } from "@std/assert";
import {
  cloneByToken,
  cloneByXcopy,
  type CloneWish,
  copyLun,
  makeToken,
  startTokenWrite,
} from "../../support/copy_client.ts";
import { copyList } from "../../support/copy_lists.ts";
import {
  type DaemonNode,
  type DaemonPair,
  pairOfDaemonsTest,
} from "../../support/ha/daemon_pair.ts";
import {
  type CommandResult,
  extendedCopyLid4,
  read10,
  receiveCopyStatus,
  type Session,
  STATUS,
  testUnitReady,
  write10,
} from "../../support/initiator/mod.ts";
import { A, ACTIVE_MODES, ALL_MODES, B } from "./pair_support.ts";

const BYTES = 2 ** 20;
const BLOCKS = BYTES / 512;

const WITH_SECOND_LUN = {
  target: (disk: string) =>
    `lun 1 {
    path ${disk}.1
    size 16M
    serial "PAIR0001"
  }`,
};

async function fill(session: Session, byte: number, lun = 0): Promise<void> {
  for (let lba = 0; lba < BLOCKS; lba += 256) {
    const write = new Uint8Array(256 * 512).fill(byte);
    const { status, sense } = await session
      .command(lun, write10(lba, 256), { write });
    assertEquals(status, STATUS.GOOD, sense);
  }
}

async function wipe(session: Session): Promise<void> {
  await fill(session, 0, 1);
}

async function overwrite(session: Session, lba: number): Promise<string> {
  const write = new Uint8Array(512).fill(0xee);
  return (await session.command(0, write10(lba, 1), { write })).sense;
}

function viewOf(data: Uint8Array): DataView {
  return new DataView(data.buffer, data.byteOffset, data.byteLength);
}

/** One EXTENDED COPY whose result can be asked for. */
async function copyBlocks(
  session: Session,
  { source, destination }: CloneWish,
  listId: number,
): Promise<CommandResult> {
  const list = copyList({
    ...{ form: "LID4", listId, cscds: [source, destination] },
    segments: [{ blocks: BLOCKS }],
  });
  const cdb = extendedCopyLid4(list.length);
  return await session.command(destination.lun, cdb, { write: list });
}

async function holds(
  session: Session,
  byte: number,
  blocks = BLOCKS,
): Promise<boolean> {
  for (let lba = 0; lba < blocks; lba += 256) {
    const { data, sense } = await session
      .command(1, read10(lba, 256), { read: 256 * 512 });
    assertEquals(sense, "");
    if (!data.every((each) => each === byte)) return false;
  }
  return true;
}

async function ready(node: DaemonNode, who: typeof A): Promise<Session> {
  const session = await node.openReady(who);
  for (let sense = "6/"; sense.startsWith("6/");) {
    ({ sense } = await session.command(1, testUnitReady()));
  }
  return session;
}

async function bothReady(
  { one, two }: DaemonPair,
): Promise<[Session, Session]> {
  return [await ready(one, A), await ready(two, B)];
}

const WAYS = { "EXTENDED COPY": cloneByXcopy, "ROD tokens": cloneByToken };

for (const [name, clone] of Object.entries(WAYS)) {
  pairOfDaemonsTest(
    `a clone by ${name} through either node`,
    ACTIVE_MODES,
    async (pair) => {
      const [a, b] = await bothReady(pair);
      let byte = 1;
      for (const session of [a, b]) {
        await fill(session, byte);
        const source = await copyLun(session, 0);
        const destination = await copyLun(session, 1);
        await clone(session, { source, destination, lengthBytes: BYTES });
        assertEquals([await holds(a, byte), await holds(b, byte)], [
          true,
          true,
        ]);
        byte += 1;
      }
    },
    WITH_SECOND_LUN,
  );
}

pairOfDaemonsTest(
  "a token made through one node is good through the other",
  ACTIVE_MODES,
  async (pair) => {
    const [a, b] = await bothReady(pair);
    await fill(a, 7);
    const source = await copyLun(a, 0);
    const destination = await copyLun(b, 1);
    const token = await makeToken(a, source, BYTES);
    const wish = { source, destination, lengthBytes: BYTES };
    const written = await startTokenWrite(b, wish, token).result();
    assertEquals([written.status, written.sense], [STATUS.GOOD, ""]);
    assertEquals(await holds(a, 7), true);
    // What it stands for was overwritten, by way of the other node.
    await fill(b, 8);
    const revoked = await startTokenWrite(a, wish, token).result();
    assertEquals(revoked.sense, "5/23/06");
  },
  WITH_SECOND_LUN,
);

pairOfDaemonsTest(
  "tokens and results outlive the node that knew them",
  ALL_MODES,
  async (pair) => {
    const a = await ready(pair.one, A);
    await fill(a, 7);
    const source = await copyLun(a, 0);
    const destination = await copyLun(a, 1);
    const wish = { source, destination, lengthBytes: BYTES };
    const listId = 77;
    const copied = await copyBlocks(a, wish, listId);
    assertEquals([copied.status, copied.sense], [STATUS.GOOD, ""]);
    const kept = await makeToken(a, source, BYTES / 2);
    const lost = await makeToken(a, source, BYTES);
    assertEquals(await overwrite(a, BLOCKS - 1), "");
    await pair.failOver(pair.one, pair.two);

    // The same initiator, by its other path.
    const b = await ready(pair.two, A);
    const status = await b
      .command(1, receiveCopyStatus(listId), { read: 64 });
    assertEquals(status.sense, "");
    assertEquals(status.data[5], 0x01, "completed");
    assertEquals(viewOf(status.data).getBigUint64(16), BigInt(BYTES));
    const refused = await startTokenWrite(b, wish, lost).result();
    assertEquals(refused.sense, "5/23/06");
    await wipe(b);
    const half = { source, destination, lengthBytes: BYTES / 2 };
    const written = await startTokenWrite(b, half, kept).result();
    assertEquals([written.status, written.sense], [STATUS.GOOD, ""]);
    assertEquals(await holds(b, 7, BLOCKS / 2), true);
    assertEquals(await overwrite(b, 0), "");
    const late = await startTokenWrite(b, half, kept).result();
    assertEquals(late.sense, "5/23/06");
  },
  WITH_SECOND_LUN,
);

for (const [name, clone] of Object.entries(WAYS)) {
  pairOfDaemonsTest(
    `a clone by ${name} to a LUN that the other node serves`,
    ALL_MODES,
    async (pair) => {
      await pair.two.until(
        "LUN 1",
        ({ luns }) =>
          luns[1]?.serving === "primary" && luns[1]?.peer === "secondary",
      );
      // Each LUN by way of the node that serves it.
      const a = await pair.one.openReady(A);
      const b = await pair.two.open(A);
      for (let sense = "6/"; sense.startsWith("6/");) {
        ({ sense } = await b.command(1, testUnitReady()));
      }
      await fill(a, 5);
      const source = await copyLun(a, 0);
      const destination = await copyLun(b, 1);
      const wish = { source, destination, lengthBytes: BYTES };
      if (clone === cloneByXcopy) await clone(b, wish);
      else {
        const token = await makeToken(a, source, BYTES);
        const written = await startTokenWrite(b, wish, token).result();
        assertEquals([written.status, written.sense], [STATUS.GOOD, ""]);
      }
      assertEquals(await holds(b, 5), true);
    },
    {
      target: (disk, node) =>
        `lun 1 {
      path ${disk}.1
      size 16M
      serial "PAIR0001"
      option ha_role ${node === 1 ? "secondary" : "primary"}
    }`,
    },
  );
}
