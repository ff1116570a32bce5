/**
 * SET TARGET PORT GROUPS to two real daemons: an initiator decides which node
 * serves.
 */

import { assertEquals } from "@std/assert";
import { hear, pairOfDaemonsTest } from "../../support/ha/daemon_pair.ts";
import {
  inquiry,
  type Session,
  setTargetPortGroups,
} from "../../support/initiator/mod.ts";
import { A, ALL_MODES, B, outcome, write } from "./pair_support.ts";

const ACCESS_CHANGED = "6/2a/06";
const OPTIMIZED = 0;
const STANDBY = 2;
const UNAVAILABLE = 3;

/** Pairs of access state and group. */
async function setGroups(
  session: Session,
  ...pairs: readonly (readonly [access: number, group: number])[]
): Promise<string> {
  const list = new Uint8Array(4 + pairs.length * 4);
  pairs.forEach(([access, group], index) => {
    list[4 + index * 4] = access;
    list[4 + index * 4 + 3] = group;
  });
  const cdb = setTargetPortGroups(list.length);
  return await outcome(session, cdb, { write: list });
}

async function tpgs(session: Session): Promise<number> {
  const { data } = await session.command(0, inquiry(96), { read: 96 });
  return (data[5] ?? 0) >> 4 & 3;
}

pairOfDaemonsTest(
  "an initiator moves the role, both ways, through either node",
  ALL_MODES,
  async ({ one, two }) => {
    const a = await one.openReady(A);
    const b = await two.openReady(B);
    assertEquals([await tpgs(a), await tpgs(b)], [3, 3]);
    // Through the node that is to be primary, and the one that was.
    const moves = [
      [b, [[OPTIMIZED, 3]], two, one],
      [b, [[OPTIMIZED, 2], [STANDBY, 3]], one, two],
      [a, [[STANDBY, 2]], two, one],
      [a, [[OPTIMIZED, 2]], one, two],
    ] as const;
    for (const [session, pairs, primary, secondary] of moves) {
      assertEquals(await setGroups(session, ...pairs), "good");
      await primary.serves("primary");
      await secondary.serves("secondary");
      for (const each of [a, b]) {
        assertEquals((await hear(each)).includes(ACCESS_CHANGED), true);
      }
      assertEquals(await write(primary === one ? a : b), "good");
    }
    assertEquals(await setGroups(a, [UNAVAILABLE, 2]), "5/26/00");
    assertEquals(await setGroups(a, [OPTIMIZED, 9]), "5/26/00");
    assertEquals(await setGroups(a, [OPTIMIZED, 2], [OPTIMIZED, 3]), "5/26/00");
  },
  { ha: () => "explicit-alua" },
);

pairOfDaemonsTest(
  "states are the nodes' own business where they were not given away",
  ["proxy"],
  async ({ one }) => {
    const a = await one.openReady(A);
    assertEquals(await tpgs(a), 1);
    assertEquals(await setGroups(a, [OPTIMIZED, 3]), "5/20/00");
  },
);
