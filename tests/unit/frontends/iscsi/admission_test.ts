/**
 * Who is let in when many come.
 */

import { assertEquals } from "@std/assert";
import {
  Admission,
  type AdmittedConnection,
  CONNECTIONS_MAX,
  CONNECTIONS_PER_ADDRESS_MAX,
  LOGINS_MAX,
  LOGINS_PER_ADDRESS_MAX,
  refusalOfConnection,
} from "../../../../frontends/iscsi/admission.ts";
import { RecordingLog } from "../../../support/memory_host.ts";

const HERE = "192.0.2.1";

/** Connections of one address. */
function some(
  count: number,
  peerAddress: string,
  inLogin = false,
): AdmittedConnection[] {
  return Array.from({ length: count }, () => ({ peerAddress, inLogin }));
}

/** Connections of many addresses, so many of each. */
function crowd(
  count: number,
  each: number,
  inLogin = false,
): AdmittedConnection[] {
  return Array.from({ length: count }, (_, index) => {
    const peerAddress = `198.51.100.${Math.floor(index / each)}`;
    return { peerAddress, inLogin };
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
  [
    "one of many logins of an address",
    some(LOGINS_PER_ADDRESS_MAX - 1, HERE, true),
    undefined,
  ],
  [
    "one login too many of an address",
    some(LOGINS_PER_ADDRESS_MAX, HERE, true),
    "logins from this address",
  ],
  [
    "another address beside a flood of logins",
    some(LOGINS_PER_ADDRESS_MAX, "192.0.2.2", true),
    undefined,
  ],
  [
    "one of many logins",
    crowd(LOGINS_MAX - 1, LOGINS_PER_ADDRESS_MAX, true),
    undefined,
  ],
  [
    "one login too many",
    crowd(LOGINS_MAX, LOGINS_PER_ADDRESS_MAX, true),
    "logins",
  ],
  [
    "one connection too many",
    crowd(CONNECTIONS_MAX, 100),
    "connections",
  ],
  ["one of many connections", crowd(CONNECTIONS_MAX - 1, 100), undefined],
];

for (const [who, connections, refusal] of ROWS) {
  Deno.test(`refusalOfConnection() judges ${who}`, () => {
    assertEquals(refusalOfConnection(HERE, connections), refusal);
  });
}

Deno.test("Admission counts by reason, and tells of a flood once", () => {
  const log = new RecordingLog();
  const admission = new Admission(log);
  const flood = some(LOGINS_PER_ADDRESS_MAX, HERE, true);
  const answers = [flood, flood, [], flood]
    .map((connections) => admission.admits(HERE, connections));
  assertEquals(answers, [false, false, true, false]);
  assertEquals([...admission.refused], [["logins from this address", 3]]);
  assertEquals(log.lines.length, 2);
});
