/**
 * Copies of a real pair: EXTENDED COPY and ROD tokens through either node, and
 * what a failover leaves of a token.
 */

import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  cloneByToken,
  cloneByXcopy,
  copyLun,
  makeToken,
  startTokenWrite,
} from "../../support/copy_client.ts";
import {
  type DaemonPair,
  hear,
  pairOfDaemonsTest,
} from "../../support/ha/daemon_pair.ts";
import {
  read10,
  type Session,
  STATUS,
  testUnitReady,
  write10,
} from "../../support/initiator/mod.ts";
import { A, ACTIVE_MODES, B } from "./pair_support.ts";

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

async function fill(session: Session, byte: number): Promise<void> {
  for (let lba = 0; lba < BLOCKS; lba += 256) {
    const write = new Uint8Array(256 * 512).fill(byte);
    const { status, sense } = await session
      .command(0, write10(lba, 256), { write });
    assertEquals(status, STATUS.GOOD, sense);
  }
}

async function holds(session: Session, byte: number): Promise<boolean> {
  for (let lba = 0; lba < BLOCKS; lba += 256) {
    const { data, sense } = await session
      .command(1, read10(lba, 256), { read: 256 * 512 });
    assertEquals(sense, "");
    if (!data.every((each) => each === byte)) return false;
  }
  return true;
}

async function ready({ one, two }: DaemonPair): Promise<[Session, Session]> {
  const sessions: Session[] = [];
  for (const [node, who] of [[one, A], [two, B]] as const) {
    const session = await node.openReady(who);
    for (let sense = "6/"; sense.startsWith("6/");) {
      ({ sense } = await session.command(1, testUnitReady()));
    }
    sessions.push(session);
  }
  const [a, b] = sessions;
  assert(a !== undefined && b !== undefined);
  return [a, b];
}

const WAYS = { "EXTENDED COPY": cloneByXcopy, "ROD tokens": cloneByToken };

for (const [name, clone] of Object.entries(WAYS)) {
  pairOfDaemonsTest(
    `a clone by ${name} through either node`,
    ACTIVE_MODES,
    async (pair) => {
      const [a, b] = await ready(pair);
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
    const [a, b] = await ready(pair);
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
    const last = await makeToken(a, source, BYTES);
    // The node that knew it is gone, and nobody makes one up.
    await pair.failOver(pair.one, pair.two);
    await hear(b);
    let refused = await startTokenWrite(b, wish, last).result();
    while (refused.sense.startsWith("6/")) {
      refused = await startTokenWrite(b, wish, last).result();
    }
    assertEquals(refused.sense, "5/23/04");
    assertEquals(await holds(b, 7), true);
  },
  WITH_SECOND_LUN,
);

pairOfDaemonsTest(
  "a clone to a LUN that the other node serves",
  ACTIVE_MODES,
  async (pair, mode) => {
    await pair.two.until(
      "LUN 1",
      ({ luns }) =>
        luns[1]?.serving === "primary" && luns[1]?.peer === "secondary",
    );
    const [a, b] = await ready(pair);
    await fill(a, 5);
    const source = await copyLun(a, 0);
    const destination = await copyLun(a, 1);
    const wish = { source, destination, lengthBytes: BYTES };
    if (mode === "shared") {
      await cloneByXcopy(a, wish);
      assertEquals([await holds(a, 5), await holds(b, 5)], [true, true]);
      return;
    }
    // The node that copies has no store of it: the initiator copies by itself.
    const unreachable = "a/0d/02";
    await assertRejects(() => cloneByXcopy(a, wish), Error, unreachable);
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
