/**
 * Discovery sessions (RFC 7143 4.3, appendix C).
 */

import { assert, assertEquals } from "@std/assert";
import {
  discover,
  FLAG,
  LOGIN_STATUS,
  loginStatus,
  LOGOUT,
  makePdu,
  nopOut,
  OPCODE,
  type Pdu,
  REJECT,
  scsiCommand,
  type Session,
  snackRequest,
  taskManagement,
  testUnitReady,
} from "../../support/initiator/mod.ts";
import {
  EVERYBODY,
  type SystemTarget,
  systemTest,
  TARGET_NAME,
} from "../../support/system_target.ts";

const OTHER = "iqn.2026-01.test.dtl:other";
const DISCOVERY = { sessionType: "Discovery" } as const;

systemTest("All tells every target of the portal group", async (system) => {
  system.addPort(OTHER, "pg1");
  system.listen("pg2", 2);
  system.addPort("iqn.2026-01.test.dtl:elsewhere", "pg2", 2);
  const { portal } = system;
  const addresses = [`127.0.0.1:${portal.port},1`];
  assertEquals(await discover({ portal }), [
    { name: TARGET_NAME, addresses },
    { name: OTHER, addresses },
  ]);
});

systemTest("a name tells that target only", async (system) => {
  system.addPort(OTHER, "pg1");
  const { portal } = system;
  const names = async (wanted: string) =>
    (await discover({ portal }, wanted)).map(({ name }) => name);
  assertEquals(await names(OTHER), [OTHER]);
  assertEquals(await names("iqn.2026-01.test.dtl:none"), []);
});

systemTest("a target is told with all its portal groups", async (system) => {
  const second = system.listen("pg2", 2);
  const access = { authGroup: EVERYBODY, portalGroups: ["pg1", "pg2"] };
  system.iscsi.setPortAccess(TARGET_NAME, "pg1", access);
  const { portal } = system;
  assertEquals(await discover({ portal }), [{
    name: TARGET_NAME,
    addresses: [
      `127.0.0.1:${portal.port},1`,
      `127.0.0.1:${second.portal.port},2`,
    ],
  }]);
});

const WILDCARDS = [
  ["0.0.0.0", "127.0.0.1", "127.0.0.1"],
  ["::", "::1", "[::1]"],
  ["::", "127.0.0.1", "127.0.0.1"],
] as const;

for (const [address, hostname, told] of WILDCARDS) {
  const name = `${address} is told as ${told} to who came to ${hostname}`;
  systemTest(name, async (system) => {
    const group = system.listen("any", 7, { address, wildcard: true });
    system.addPort(OTHER, "any", 7);
    const { port } = group.portal;
    assertEquals(await discover({ portal: { hostname, port } }), [
      { name: OTHER, addresses: [`${told}:${port},7`] },
    ]);
    const session = await system
      .open({ portal: { hostname, port }, targetName: OTHER });
    const [info] = system.iscsi.sessions();
    assertEquals(info?.initiatorAddress, hostname);
    await session.logout();
  });
}

systemTest("an IPv6 portal is told in brackets", async (system) => {
  const group = system.listen("six", 3, { address: "::1" });
  system.addPort(OTHER, "six", 3);
  const { portal } = group;
  assertEquals(await discover({ portal }), [
    { name: OTHER, addresses: [`[::1]:${portal.port},3`] },
  ]);
});

systemTest("a long list leaves in parts", async (system) => {
  const names = Array.from(
    { length: 200 },
    (_, index) => `iqn.2026-01.test.dtl:target-number-${index}`,
  );
  for (const name of names) system.addPort(name, "pg1");
  const { portal } = system;
  const keys = { MaxRecvDataSegmentLength: "512" };
  const found = await discover({ portal, keys });
  assertEquals(found.map(({ name }) => name), [TARGET_NAME, ...names]);
  for (const { addresses } of found) assertEquals(addresses.length, 1);
});

systemTest(
  "a target may be asked for as often as one likes",
  async (system) => {
    const session = await system.open(DISCOVERY);
    for (let count = 0; count < 3; count += 1) {
      const { pairs } = await session.text({ SendTargets: "All" });
      assertEquals(pairs[0], ["TargetName", TARGET_NAME]);
    }
    assertEquals(await session.logout(), 0);
    await session.expectClose();
  },
);

systemTest("SendTargets without a value is refused", async (system) => {
  const session = await system.open(DISCOVERY);
  const refused = session.text({ SendTargets: "" })
    .then(() => "answered", (error) => error.reason);
  assertEquals(await refused, REJECT.PROTOCOL_ERROR);
});

type Build = (session: Session) => Pdu;

const REFUSED: Readonly<Record<string, Build>> = {
  "SCSI Command": (session) =>
    scsiCommand({
      ...session.numbers.take(false),
      lun: 0,
      flags: FLAG.FINAL,
      cdb: testUnitReady(),
      expectedDataTransferLength: 0,
    }),
  "Task Management": (session) =>
    taskManagement({ ...session.numbers.take(true), function: 2 }),
  "NOP-Out that wants an echo": (session) => nopOut(session.numbers.take(true)),
  "Data-Out": (session) =>
    makePdu({
      opcode: OPCODE.DATA_OUT,
      flags: FLAG.FINAL,
      initiatorTaskTag: session.numbers.freshTag(),
    }),
  "SNACK": (session) =>
    snackRequest({
      type: 1,
      initiatorTaskTag: session.numbers.freshTag(),
      expStatSN: session.expStatSN,
    }),
  "Login Request": (session) =>
    makePdu({
      opcode: OPCODE.LOGIN,
      immediate: true,
      flags: FLAG.TRANSIT | 0x07,
      initiatorTaskTag: session.numbers.freshTag(),
    }),
  "vendor's own opcode": (session) =>
    makePdu({
      opcode: 0x1c,
      flags: FLAG.FINAL,
      initiatorTaskTag: session.numbers.freshTag(),
    }),
};

for (const [name, build] of Object.entries(REFUSED)) {
  systemTest(`a discovery session rejects a ${name}`, async (system) => {
    const session = await system.open(DISCOVERY);
    const pdu = build(session);
    await session.send(pdu);
    const reject = await session.expectReject();
    assertEquals(reject.data.toHex(), pdu.header.toHex());
    const { pairs } = await session.text({ SendTargets: "All" });
    assertEquals(pairs.length, 2);
  });
}

const LOGOUTS = [
  ["close the session", LOGOUT.CLOSE_SESSION, 0, true],
  ["close the connection", LOGOUT.CLOSE_CONNECTION, 0, true],
  ["recovery", LOGOUT.REMOVE_FOR_RECOVERY, 2, false],
] as const;

for (const [name, reason, response, closes] of LOGOUTS) {
  systemTest(`logout of a discovery session: ${name}`, async (system) => {
    const session = await system.open(DISCOVERY);
    assertEquals(await session.logout(reason), response);
    if (closes) await session.expectClose();
    else await session.text({ SendTargets: "All" });
  });
}

systemTest("a discovery session is not listed", async (system) => {
  await system.open(DISCOVERY);
  assertEquals(system.iscsi.sessions(), []);
});

systemTest(
  "discovery without a target is no normal session",
  async (system) => {
    const status = await loginStatus({
      portal: system.portal,
      sessionType: "Normal",
    });
    assertEquals(status, LOGIN_STATUS.MISSING_PARAMETER);
  },
);

systemTest("a removed portal group has no targets any more", async (system) => {
  const before = await discover({ portal: system.portal });
  assertEquals(before.length, 1);
  await system.iscsi.removePort(TARGET_NAME, "pg1");
  assert((await tellAgain(system)).length === 0);
});

function tellAgain({ portal }: SystemTarget): ReturnType<typeof discover> {
  return discover({ portal });
}
