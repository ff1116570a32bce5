/**
 * Who is let in when many come.
 */

import { assertEquals } from "@std/assert";
import {
  Admission,
  type AdmittedConnection,
  CONNECTIONS_MAX,
  CONNECTIONS_PER_ADDRESS_MAX,
  judgeConnection,
  LOGINS_MAX,
} from "../../../../frontends/iscsi/admission.ts";
import { RecordingLog } from "../../../support/memory_host.ts";

const HERE = "192.0.2.1";

function connection(
  peerAddress: string,
  inLogin: boolean,
): AdmittedConnection {
  return { accepted: { peerAddress }, connection: { inLogin, closing: null } };
}

/** Connections of one address. */
function some(
  count: number,
  peerAddress: string,
  inLogin = false,
): AdmittedConnection[] {
  return Array.from({ length: count }, () => connection(peerAddress, inLogin));
}

/** Connections of many addresses, so many of each. */
function crowd(
  count: number,
  each: number,
  inLogin = false,
): AdmittedConnection[] {
  return Array.from({ length: count }, (_, index) => {
    return connection(`198.51.100.${Math.floor(index / each)}`, inLogin);
  });
}

const ROWS: readonly (readonly [
  who: string,
  connections: AdmittedConnection[],
  refusal: string | undefined,
])[] = [
  ["the first", [], undefined],
  [
    "one of many sessions of an address",
    some(CONNECTIONS_PER_ADDRESS_MAX - 1, HERE),
    undefined,
  ],
  [
    "one session too many of an address",
    some(CONNECTIONS_PER_ADDRESS_MAX, HERE),
    "connections from this address",
  ],
  [
    "another address beside a flood of sessions",
    some(CONNECTIONS_PER_ADDRESS_MAX, "192.0.2.2"),
    undefined,
  ],
  ["one of many logins", some(LOGINS_MAX - 1, HERE, true), undefined],
  ["one login too many", some(LOGINS_MAX, HERE, true), "logins"],
  ["one login too many of all", crowd(LOGINS_MAX, 16, true), "logins"],
  [
    "one connection too many",
    crowd(CONNECTIONS_MAX, 100),
    "connections",
  ],
  ["one of many connections", crowd(CONNECTIONS_MAX - 1, 100), undefined],
];

for (const [who, connections, excess] of ROWS) {
  Deno.test(`judgeConnection() judges ${who}`, () => {
    const judged = judgeConnection(HERE, connections);
    assertEquals(judged.excess, excess);
    // Of connections the new one has to go, of logins the oldest.
    const makesRoom = excess?.startsWith("logins") ?? false;
    assertEquals(judged.oldestLogin !== undefined, makesRoom);
    if (makesRoom) assertEquals(judged.oldestLogin === connections[0], true);
  });
}

Deno.test("judgeConnection() counts no login that is being closed", () => {
  const closing = some(LOGINS_MAX - 1, HERE, true).map((each) => ({
    ...each,
    connection: { inLogin: true, closing: "too many logins at once" },
  }));
  assertEquals(judgeConnection(HERE, closing), {});
});

Deno.test("Admission counts by reason, and tells of a flood once", () => {
  const log = new RecordingLog();
  const admission = new Admission(log);
  const flood = some(CONNECTIONS_PER_ADDRESS_MAX, HERE);
  const answers = [flood, flood, [], flood]
    .map((connections) => admission.judge(HERE, connections).admitted);
  assertEquals(answers, [false, false, true, false]);
  assertEquals([...admission.refused], [["connections from this address", 3]]);
  assertEquals(log.lines.length, 2);
});
