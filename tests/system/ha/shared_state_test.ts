/**
 * What else both nodes of a pair know alike: capacity, prevention of removal,
 * the state of the medium, and who the unit is.
 */

import { assertEquals, assertMatch } from "@std/assert";
import { hear, pairOfDaemonsTest } from "../../support/ha/daemon_pair.ts";
import {
  preventAllowMediumRemoval,
  readCapacity10,
  type Session,
  startStopUnit,
  testUnitReady,
} from "../../support/initiator/mod.ts";
import {
  A,
  ACTIVE_MODES,
  ALL_MODES,
  B,
  outcome,
  read,
} from "./pair_support.ts";

const CAPACITY_CHANGED = "6/2a/09";
const REMOVAL_PREVENTED = "5/53/02";
const STOPPED = "2/04/02";
const EJECT = Uint8Array.of(0x1b, 0, 0, 0, 0x02, 0);

async function blocksOf(session: Session): Promise<number> {
  const { data, sense } = await session
    .command(0, readCapacity10(), { read: 8 });
  assertEquals(sense, "");
  return new DataView(data.buffer, data.byteOffset).getUint32(0) + 1;
}

pairOfDaemonsTest(
  "a disk that grows grows on both nodes",
  ACTIVE_MODES,
  async (pair) => {
    const { one, two } = pair;
    const a = await one.openReady(A);
    const b = await two.openReady(B);
    const before = await blocksOf(b);
    const size = `${before * 512 * 2}`;
    const modify = ["modify", "-b", "block", "-l", "0", "-s", size];
    const { code, stderr } = await one.ctladm(...modify);
    assertEquals([code, stderr], [0, ""]);
    for (const session of [a, b]) {
      assertEquals(await hear(session), [CAPACITY_CHANGED]);
      assertEquals(await blocksOf(session), before * 2);
      assertEquals(await read(session, before + 7), "good");
    }
    await pair.failOver(one, two);
    await hear(b);
    assertEquals(await blocksOf(b), before * 2);
  },
);

pairOfDaemonsTest(
  "who prevents the removal does so through either node, and after failover",
  ACTIVE_MODES,
  async (pair) => {
    const { one, two } = pair;
    const a = await one.openReady(A);
    const b = await two.openReady(B);
    const prevent = preventAllowMediumRemoval(1);
    assertEquals(await outcome(b, prevent), "good");
    assertEquals(await outcome(a, EJECT), REMOVAL_PREVENTED);
    await one.order("secondary");
    await two.order("primary");
    await two.serves("primary");
    await hear(a);
    await hear(b);
    assertEquals(await outcome(a, EJECT), REMOVAL_PREVENTED);
    assertEquals(await outcome(b, preventAllowMediumRemoval(0)), "good");
    assertEquals(await outcome(a, EJECT), "good");
    await hear(b);
    assertMatch(await outcome(b, testUnitReady()), /^2\/3a/);
  },
  { lun: () => "option removable on" },
);

pairOfDaemonsTest(
  "a unit that was stopped is stopped on both, and after failover",
  ALL_MODES,
  async (pair, mode) => {
    const { one, two } = pair;
    const a = await one.openReady(A);
    const b = await two.openReady(B);
    const stopper = mode === "standby" ? a : b;
    assertEquals(await outcome(stopper, startStopUnit(false)), "good");
    assertEquals(await outcome(a, testUnitReady()), STOPPED);
    const expected = mode === "standby" ? "2/04/0b" : STOPPED;
    assertEquals(await outcome(b, testUnitReady()), expected);
    await pair.failOver(one, two);
    await hear(b);
    assertEquals(await outcome(b, testUnitReady()), STOPPED);
    assertEquals(await outcome(b, startStopUnit(true)), "good");
    assertEquals(await outcome(b, testUnitReady()), "good");
  },
);
