/**
 * Real iSCSI sessions, over streams in memory, while configurations come and
 * go: nobody is disturbed whose target stays as it is.
 */

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type {
  ConfigurationAppliedResource,
  ConfigurationPlanResource,
} from "../../../../ctladm/api/resources.ts";
import { patternBytes } from "../../../support/bytes.ts";
import {
  Connection,
  memoryStreamPair,
  openSession,
  read10,
  type Session,
  testUnitReady,
  write10,
} from "../../../support/initiator/mod.ts";
import { MemoryDaemon } from "../../../support/memory_daemon.ts";

/** A target as the file has it. */
interface TargetPart {
  readonly portalGroup: string;
  readonly alias: string;
  /** Mebibytes of LUNs 0 and 1; 0: there is none. */
  readonly sizes: readonly number[];
  /** Serial number of LUN 0: another one is another LUN. */
  readonly serial: string;
}

const TARGETS = ["t0", "t1", "t2"].map((name) =>
  `iqn.2026-01.test.dtl:${name}`
);

const PART: fc.Arbitrary<TargetPart | undefined> = fc.option(
  fc.record({
    portalGroup: fc.constantFrom("a", "b"),
    alias: fc.constantFrom("one", "two"),
    sizes: fc.tuple(fc.constantFrom(1, 2), fc.constantFrom(0, 1, 2)),
    serial: fc.constantFrom("s0", "s1"),
  }),
  { nil: undefined, freq: 5 },
);

const FILES = fc.array(fc.tuple(...TARGETS.map(() => PART)), {
  minLength: 2,
  maxLength: 6,
});

function textOf(parts: readonly (TargetPart | undefined)[]): string {
  const groups = ["a", "b"].map((name, index) =>
    `portal-group ${name} { listen 192.0.2.1:${index + 1} }`
  );
  const targets = parts.map((part, index) =>
    part === undefined ? "" : `target ${TARGETS[index]} {
      alias ${part.alias}
      auth-group no-authentication
      portal-group ${part.portalGroup}
      ${part.sizes.map((size, lun) => lunText(part, size, lun)).join("\n")}
    }`
  );
  return [...groups, ...targets].join("\n");
}

function lunText(part: TargetPart, size: number, lun: number): string {
  if (size === 0) return "";
  const serial = lun === 0 ? `serial ${part.serial}` : "";
  return `lun ${lun} {
    backend ramdisk
    size ${size}M
    option capacity 4M
    ${serial}
  }`;
}

async function logIn(
  machine: MemoryDaemon,
  target: string,
  portalGroup: string,
): Promise<Session> {
  const iscsi = await machine.daemon.iscsi();
  const [there, here] = memoryStreamPair();
  iscsi.accept(portalGroup, {
    stream: there,
    localAddress: "192.0.2.1",
    localPort: 3260,
    peerAddress: "192.0.2.7",
  });
  const session = await openSession({
    connection: new Connection(here),
    targetName: target,
  });
  await heard(session);
  await put(session);
  return session;
}

async function put(session: Session): Promise<void> {
  const data = patternBytes(512);
  const { status } = await session.command(0, write10(0, 1), { write: data });
  assertEquals(status, 0);
}

/** What TEST UNIT READY says until it says nothing more. */
async function heard(session: Session): Promise<string[]> {
  const senses: string[] = [];
  for (let sense = "6/"; sense.startsWith("6/");) {
    ({ sense } = await session.command(0, testUnitReady()));
    if (sense !== "") senses.push(sense);
  }
  return senses;
}

async function isUndisturbed(session: Session): Promise<void> {
  assertEquals(await heard(session), []);
  const { data } = await session.command(0, read10(0, 1), { read: 512 });
  assertEquals(data, patternBytes(512));
}

async function feelsWhatWasTold(
  session: Session,
  notices: readonly string[],
): Promise<void> {
  if (notices.length === 0) return await isUndisturbed(session);
  const senses = await heard(session);
  const isFirst = notices.some((notice) => notice.startsWith("LUN 0 "));
  assert(senses.length > 0 || !isFirst, `${notices}`);
  await put(session);
}

function ask<Resource>(
  machine: MemoryDaemon,
  path: string,
  text: string,
): Promise<Resource> {
  const body = { text, syntax: "classic", path: "ctl.conf" };
  return machine.client.post<Resource>(path, body);
}

/** Sessions of one run, by target. */
type Sessions = Map<string, Session>;

async function step(
  machine: MemoryDaemon,
  sessions: Sessions,
  before: readonly (TargetPart | undefined)[],
  after: readonly (TargetPart | undefined)[],
): Promise<void> {
  const text = textOf(after);
  const plan = await ask<ConfigurationPlanResource>(
    machine,
    "/v1/configuration/plan",
    text,
  );
  const { failures } = await ask<ConfigurationAppliedResource>(
    machine,
    "/v1/configuration",
    text,
  );
  // There are no sockets here; everything else can be done.
  assertEquals(failures.filter((why) => !why.startsWith("open-portal")), []);
  const told = new Map(plan.sessions.map((each) => [each.target, each]));
  const iscsi = await machine.daemon.iscsi();
  const live = new Set(iscsi.sessions().map(({ target }) => target));
  for (const [index, target] of TARGETS.entries()) {
    const session = sessions.get(target);
    if (session === undefined) continue;
    assertEquals(live.has(target), told.get(target)?.ends !== true, target);
    const isSame = textOf([before[index]]) === textOf([after[index]]);
    if (isSame) assert(!told.has(target), target);
    if (!live.has(target)) sessions.delete(target);
    else await feelsWhatWasTold(session, told.get(target)?.notices ?? []);
  }
  for (const [index, part] of after.entries()) {
    const target = TARGETS[index] ?? "";
    if (part === undefined || sessions.has(target)) continue;
    sessions.set(target, await logIn(machine, target, part.portalGroup));
  }
}

Deno.test("no session of a target that stays as it is is disturbed", async () => {
  await fc.assert(
    fc.asyncProperty(FILES, async (files) => {
      await using machine = new MemoryDaemon();
      const sessions: Sessions = new Map();
      let before: readonly (TargetPart | undefined)[] = [];
      for (const after of files) {
        await step(machine, sessions, before, after);
        before = after;
      }
      assertEquals(machine.daemon.target.defects, 0);
    }),
    { numRuns: 60 },
  );
});
