/**
 * Two real daemons and real clients: what both show of themselves, and what
 * goes through either.
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { patternBytes } from "../../support/bytes.ts";
import { daemonFolder } from "../../support/daemon.ts";
import { freePort } from "../../support/ports.ts";
import {
  hear,
  PAIR_TARGET,
  pairOfDaemonsTest,
} from "../../support/ha/daemon_pair.ts";
import {
  discover,
  inquiry,
  inquiryVpd,
  read10,
  reportLuns,
  reportTargetPortGroups,
  type Session,
  STATUS,
  testUnitReady,
  write10,
} from "../../support/initiator/mod.ts";

const ALL = ["standby", "shared", "proxy"] as const;
const ACTIVE = ["shared", "proxy"] as const;
const DEVICE_IDENTIFICATION = 0x83;
const A = { initiatorName: "iqn.2026-01.test.dtl:a" };
const B = { initiatorName: "iqn.2026-01.test.dtl:b" };

/** A target port group as REPORT TARGET PORT GROUPS shows it. */
interface Group {
  readonly number: number;
  readonly access: number;
  readonly ports: readonly number[];
}

async function groupsOf(session: Session): Promise<Group[]> {
  const cdb = reportTargetPortGroups(256);
  const { data } = await session.command(0, cdb, { read: 256 });
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  assertEquals(view.getUint32(0), data.length - 4);
  const groups: Group[] = [];
  for (let at = 4; at < data.length;) {
    const count = view.getUint8(at + 7);
    const ports = Array.from(
      { length: count },
      (_, index) => view.getUint16(at + 8 + index * 4 + 2),
    );
    const access = view.getUint8(at) & 0x0f;
    groups.push({ number: view.getUint16(at + 2), access, ports });
    at += 8 + count * 4;
  }
  return groups;
}

/** Designators of the logical unit (SPC-5 7.7.6), in hexadecimal. */
function unitPart(page: string): string[] {
  const bytes = Uint8Array.fromHex(page);
  const designators: string[] = [];
  for (let at = 4; at < bytes.length;) {
    const end = at + 4 + (bytes[at + 3] ?? 0);
    const isOfUnit = ((bytes[at + 1] ?? 0) >> 4 & 3) === 0;
    if (isOfUnit) designators.push(bytes.subarray(at, end).toHex());
    at = end;
  }
  assert(designators.length > 0);
  return designators;
}

async function read(
  session: Session,
  cdb: Uint8Array,
  length: number,
): Promise<string> {
  const { status, sense, data } = await session
    .command(0, cdb, { read: length });
  assertEquals(status, STATUS.GOOD, sense);
  return data.toHex();
}

pairOfDaemonsTest(
  "SendTargets lists the portals of both",
  ALL,
  async (pair) => {
    const { one, two } = pair;
    const addresses = [
      `127.0.0.1:${one.port},257`,
      `127.0.0.1:${two.port},16385`,
    ].sort();
    for (const { port } of [one, two]) {
      const [target, ...more] = await discover({ portal: { port } });
      assertEquals([target?.name, more], [PAIR_TARGET, []]);
      assertEquals([...target?.addresses ?? []].sort(), addresses);
    }
  },
);

pairOfDaemonsTest("both nodes show one disk", ALL, async (pair, mode) => {
  const sessions = [
    await pair.one.openReady(A),
    await pair.two.openReady(B),
  ] as const;
  const [a, b] = sessions;
  const groups = await groupsOf(a);
  assertEquals(await groupsOf(b), groups);
  const second = mode === "standby" ? 2 : 1;
  assertEquals(
    groups.map(({ number, access }) => [number, access]),
    [[2, 0], [3, second]],
  );
  const ports = groups.flatMap((group) => group.ports);
  assertEquals(new Set(ports).size, ports.length, "each port has its number");
  const listed = Uint8Array.fromHex(await read(a, inquiryVpd(0), 1024));
  for (const page of listed.subarray(4)) {
    if (page === DEVICE_IDENTIFICATION) continue;
    const [one, two] = await Promise.all(
      sessions.map((each) => read(each, inquiryVpd(page), 1024)),
    );
    assertEquals(one, two, `page ${page.toString(16)}`);
  }
  const [one = "", two = ""] = await Promise.all(
    sessions.map((each) => read(each, inquiryVpd(DEVICE_IDENTIFICATION), 1024)),
  );
  assertEquals(unitPart(one), unitPart(two));
  assertEquals(await read(a, inquiry(96), 96), await read(b, inquiry(96), 96));
  assertEquals(
    await read(a, reportLuns(), 64),
    await read(b, reportLuns(), 64),
  );
});

pairOfDaemonsTest(
  "what one node wrote the other reads",
  ACTIVE,
  async (pair) => {
    const a = await pair.one.openReady(A);
    const b = await pair.two.openReady(B);
    for (const [writer, reader] of [[a, b], [b, a]] as const) {
      const write = patternBytes(512 * 256);
      const lba = writer === a ? 0 : 1000;
      const written = await writer.command(0, write10(lba, 256), { write });
      assertEquals(written.status, STATUS.GOOD, written.sense);
      assertEquals(
        await read(reader, read10(lba, 256), write.length),
        write.toHex(),
      );
    }
  },
);

pairOfDaemonsTest(
  "no media through a standby node",
  ["standby"],
  async (pair) => {
    const b = await pair.two.open(B);
    await hear(b);
    for (const cdb of [read10(0, 1), testUnitReady()]) {
      const { sense } = await b.command(0, cdb, { read: 512 });
      assertEquals(sense, "2/04/0b");
    }
    assertEquals(
      (await b.command(0, write10(0, 1), {
        write: new Uint8Array(512),
      })).sense,
      "2/04/0b",
    );
  },
);

/** LUNs that no pair can serve, and what ctld says of them. */
const LOCAL_LUNS = [
  ["backend ramdisk\nsize 4M\noption capacity 4M", /lives in the memory/],
  ["path FILE\nsize 4M\noption encryption on", /key in the state directory/],
] as const;

for (const [lines, reason] of LOCAL_LUNS) {
  Deno.test(`a LUN of one node alone is refused: ${reason}`, async () => {
    await using folder = await daemonFolder();
    await folder.configure(`ha {
        id 1
        mode standby
        peer listen 127.0.0.1:${freePort()}
        insecure
      }
      target iqn.2026-01.test.dtl:local {
        auth-group no-authentication
        lun 0 {
          ${lines.replace("FILE", `${folder.path}/disk`)}
        }
      }`);
    const { code, stderr } = await folder.runCtld("-f", folder.configuration);
    assertEquals(code, 1);
    assertMatch(stderr, reason);
    assertMatch(stderr, /cannot be served by a pair/);
  });
}
