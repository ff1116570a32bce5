/**
 * Configurations that change while two real daemons are a pair: LUNs come and
 * go, on either node first.
 */

import { assertEquals, assertMatch } from "@std/assert";
import {
  type DaemonNode,
  type DaemonPair,
  hear,
  pairOfDaemonsTest,
} from "../../support/ha/daemon_pair.ts";
import {
  modeSense6,
  persistentReserveIn,
  type Session,
  STATUS,
  testUnitReady,
  write10,
} from "../../support/initiator/mod.ts";
import { A, ALL_MODES, B } from "./pair_support.ts";

const ORDERS: Readonly<
  Record<string, (pair: DaemonPair) => readonly DaemonNode[]>
> = {
  "the primary first": ({ one, two }) => [one, two],
  "the secondary first": ({ one, two }) => [two, one],
};

async function answers(
  session: Session,
  cdb: Uint8Array,
): Promise<string> {
  for (;;) {
    const { status, sense, data } = await session
      .command(1, cdb, { read: 255 });
    if (sense.startsWith("6/")) continue;
    assertEquals(status, STATUS.GOOD, sense);
    return data.toHex();
  }
}

/** The configuration of a node with a second LUN. */
function withLun(text: string, disk: string): string {
  const lun = `lun 1 {
    path ${disk}.1
    serial "PAIR0001"
    option used-threshold 1048576
  }`;
  const at = text.lastIndexOf("}");
  return `${text.slice(0, at)} ${lun} }`;
}

for (const [order, nodesOf] of Object.entries(ORDERS)) {
  pairOfDaemonsTest(
    `a LUN that is added by a reload: ${order}`,
    ALL_MODES,
    async (pair, mode) => {
      const { one, two } = pair;
      await Deno.writeFile(`${pair.disk}.1`, new Uint8Array(2 ** 20));
      const a = await one.openReady(A);
      const b = await two.openReady(B);
      for (const node of nodesOf(pair)) {
        const text = await Deno.readTextFile(node.folder.configuration);
        await node.folder.configure(withLun(text, pair.disk));
        const { code, stderr } = await node.ctladm(
          ...["apply", node.folder.configuration],
        );
        assertEquals([code, stderr], [0, ""]);
      }
      for (const node of [one, two]) {
        await node.until(
          "LUN 1",
          ({ luns, lag }) =>
            luns.length === 2 && lag === 0 &&
            luns.every(({ serving }) => serving !== "transitioning"),
        );
      }
      await hear(a);
      await hear(b);
      for (
        const cdb of [
          persistentReserveIn(0, 255),
          modeSense6({ page: 0x3f, subpage: 0xff }),
        ]
      ) {
        assertEquals(await answers(a, cdb), await answers(b, cdb));
      }
      const write = new Uint8Array(512).fill(7);
      const written = await a.command(1, write10(3, 1), { write });
      assertEquals(written.status, STATUS.GOOD, written.sense);
      const ready = await b.command(1, testUnitReady());
      assertEquals(ready.sense, mode === "standby" ? "2/04/0b" : "");
      await pair.failOver(one, two);
      await hear(b);
      for (let sense = "6/"; sense.startsWith("6/");) {
        ({ sense } = await b.command(1, testUnitReady()));
        assertMatch(sense, /^(6\/.*)?$/);
      }
    },
  );
}
