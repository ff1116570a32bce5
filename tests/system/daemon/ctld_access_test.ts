/**
 * ctld as initiators meet it: who gets in where, and what is told.
 */

import { assert, assertEquals } from "@std/assert";
import { assertBytes, patternBytes } from "../../support/bytes.ts";
import { pidFileLine, portalGroup, ramLun } from "../../support/ctl_conf.ts";
import { type DaemonFolder, daemonFolder } from "../../support/daemon.ts";
import {
  type ChapCredentials,
  discover,
  login,
  LOGIN_STATUS,
  type LoginOptions,
  openSession,
  read10,
  type Session,
  testUnitReady,
  write10,
} from "../../support/initiator/mod.ts";
import { freePort } from "../../support/ports.ts";
import { runTool, type ToolResult } from "../../support/process.ts";

const TOOL_MS = 20_000;
const ONE = "iqn.2026-01.test.dtl:one";
const TWO = "iqn.2026-01.test.dtl:two";
const ALICE = { user: "alice", secret: "secretsecret1" };
const MUTUAL = { user: "storage", secret: "othersecret12" };

/** Registers a test with a folder and two free ports. */
function ctldTest(
  name: string,
  body: (folder: DaemonFolder, ports: readonly number[]) => Promise<void>,
): void {
  Deno.test(name, async () => {
    await using folder = await daemonFolder();
    await body(folder, [freePort(), freePort()]);
  });
}

/** Logs in and out; says with which status. */
async function statusOf(options: LoginOptions): Promise<number> {
  const { status, connection } = await login(options);
  using _closing = connection;
  return status;
}

/** The words of an error when a login should not work. */
async function isTrusted(options: LoginOptions): Promise<boolean> {
  try {
    await using _session = await openSession(options);
    return true;
  } catch {
    return false;
  }
}

function inquire(
  url: string,
  env: Readonly<Record<string, string>> = {},
): Promise<ToolResult> {
  return runTool("iscsi-inq", [url], { timeoutMs: TOOL_MS, env });
}

ctldTest("CHAP lets in who knows the secret", async (folder, [port = 0]) => {
  await folder.ctld(`${pidFileLine(folder)}
    auth-group ag0 { chap ${ALICE.user} ${ALICE.secret} }
    ${portalGroup("pg0", port)}
    target ${ONE} { auth-group ag0
      portal-group pg0
      ${ramLun(0)} }`);
  const options = { portal: { port }, targetName: ONE };
  const rows: readonly (readonly [ChapCredentials | undefined, number])[] = [
    [ALICE, LOGIN_STATUS.SUCCESS],
    [{ ...ALICE, algorithms: [7, 5] }, LOGIN_STATUS.SUCCESS],
    [{ ...ALICE, secret: "wrongwrong123" }, 0x0201],
    [{ ...ALICE, user: "mallory" }, 0x0201],
    [{ ...ALICE, mutual: MUTUAL }, 0x0201],
    [undefined, 0x0201],
  ];
  for (const [chap, expected] of rows) {
    const status = await statusOf(chap ? { ...options, chap } : options)
      .catch(() => 0x0201);
    assertEquals(status, expected);
  }
  const path = `127.0.0.1:${port}/${ONE}/0`;
  const right = await inquire(`iscsi://alice%${ALICE.secret}@${path}`);
  assertEquals(right.code, 0, right.stderr);
  for (const user of ["", "alice%wrongwrong123@", "eve%secretsecret1@"]) {
    const wrong = await inquire(`iscsi://${user}${path}`);
    assert(wrong.code !== 0, `"${user}" got in`);
  }
});

ctldTest("mutual CHAP proves the target, too", async (folder, [port = 0]) => {
  await folder.ctld(`${pidFileLine(folder)}
    auth-group ag0 {
      chap-mutual alice ${ALICE.secret} ${MUTUAL.user} ${MUTUAL.secret}
    }
    ${portalGroup("pg0", port)}
    target ${ONE} { auth-group ag0
      portal-group pg0
      ${ramLun(0)} }`);
  const options = { portal: { port }, targetName: ONE };
  const chap = { ...ALICE, mutual: MUTUAL };
  assert(await isTrusted({ ...options, chap }));
  // The initiator need not ask for it.
  assert(await isTrusted({ ...options, chap: ALICE }));
  const impostor = { ...MUTUAL, secret: "notthesecret1" };
  const wrong = { ...ALICE, mutual: impostor };
  assert(!await isTrusted({ ...options, chap: wrong }));
  const path = `127.0.0.1:${port}/${ONE}/0`;
  const env = {
    LIBISCSI_CHAP_USERNAME: ALICE.user,
    LIBISCSI_CHAP_PASSWORD: ALICE.secret,
    LIBISCSI_CHAP_TARGET_USERNAME: MUTUAL.user,
    LIBISCSI_CHAP_TARGET_PASSWORD: MUTUAL.secret,
  };
  const right = await inquire(`iscsi://${path}`, env);
  assertEquals(right.code, 0, right.stderr);
  const other = { ...env, LIBISCSI_CHAP_TARGET_PASSWORD: impostor.secret };
  assert((await inquire(`iscsi://${path}`, other)).code !== 0);
});

ctldTest(
  "two groups show two targets that share a LUN",
  async (folder, ports) => {
    const [first = 0, second = 0] = ports;
    const shared = `lun shared {
    backend ramdisk
    size 4M
    option capacity 4M
  }`;
    await folder.ctld(`${pidFileLine(folder)}
    ${shared}
    ${portalGroup("pg1", first)}
    ${portalGroup("pg2", second)}
    target ${ONE} {
      alias "The first"
      auth-group no-authentication
      portal-group pg1
      lun 0 shared
    }
    target ${TWO} {
      auth-group no-authentication
      portal-group pg1
      portal-group pg2
      lun 7 shared
    }`);
    const names = async (port: number) =>
      (await discover({ portal: { port } })).map(({ name }) => name);
    assertEquals(await names(first), [ONE, TWO]);
    assertEquals(await names(second), [TWO]);
    const [two] = await discover({ portal: { port: second } });
    assertEquals(two?.addresses, [
      `127.0.0.1:${first},257`,
      `127.0.0.1:${second},258`,
    ]);
    await using one = await ready(
      { portal: { port: first }, targetName: ONE },
      0,
    );
    await using other = await ready(
      { portal: { port: second }, targetName: TWO },
      7,
    );
    assertEquals(one.login.keys.get("TargetAlias"), "The first");
    const data = patternBytes(512);
    await one.command(0, write10(9, 1), { write: data });
    const read = await other.command(7, read10(9, 1), { read: 512 });
    assertBytes(read.data, data);
    assertEquals((await other.command(0, testUnitReady())).sense, "5/25/00");
    const elsewhere = { portal: { port: second }, targetName: ONE };
    assertEquals(await statusOf(elsewhere), LOGIN_STATUS.NOT_FOUND);
  },
);

/** A session that has heard the unit attentions of a LUN. */
async function ready(options: LoginOptions, lun: number): Promise<Session> {
  const session = await openSession(options);
  let sense = "6/";
  while (sense.startsWith("6/")) {
    ({ sense } = await session.command(lun, testUnitReady()));
  }
  return session;
}

ctldTest(
  "names and portals of initiators are rules",
  async (folder, [port = 0]) => {
    const FRIEND = "iqn.2026-01.test.dtl:friend";
    const target = (name: string, rule: string) =>
      `target ${name} {
      auth-type none
      ${rule}
      portal-group pg0
      ${ramLun(0)}
    }\n`;
    const NAMES = "iqn.2026-01.test.dtl:names";
    const NEAR = "iqn.2026-01.test.dtl:near";
    const FAR = "iqn.2026-01.test.dtl:far";
    await folder.ctld(`${pidFileLine(folder)}
    ${portalGroup("pg0", port, "discovery-filter portal-name")}
    ${target(NAMES, `initiator-name ${FRIEND}`)}
    ${target(NEAR, "initiator-portal 127.0.0.0/8")}
    ${target(FAR, "initiator-portal 192.0.2.0/24")}
    target iqn.2026-01.test.dtl:closed { portal-group pg0
      ${ramLun(0)} }`);
    const portal = { port };
    const status = (targetName: string, initiatorName?: string) =>
      statusOf({
        portal,
        targetName,
        ...(initiatorName === undefined ? {} : { initiatorName }),
      });
    assertEquals(await status(NAMES, FRIEND), LOGIN_STATUS.SUCCESS);
    assertEquals(await status(NAMES), LOGIN_STATUS.AUTHORIZATION_FAILURE);
    assertEquals(await status(NEAR), LOGIN_STATUS.SUCCESS);
    assertEquals(await status(FAR), LOGIN_STATUS.AUTHORIZATION_FAILURE);
    const closed = await status("iqn.2026-01.test.dtl:closed");
    assertEquals(closed, LOGIN_STATUS.AUTHENTICATION_FAILURE);
    const told = await discover({ portal, initiatorName: FRIEND });
    assertEquals(
      told.map(({ name }) => name).filter((name) => !name.endsWith(":closed")),
      [NAMES, NEAR],
    );
    const others = await discover({ portal });
    assert(!others.some(({ name }) => name === NAMES));
  },
);

ctldTest("a wildcard portal and IPv6 are reached", async (folder, ports) => {
  const [any = 0, six = 0] = ports;
  await folder.ctld(`${pidFileLine(folder)}
    portal-group pg0 {
      discovery-auth-group no-authentication
      listen 0.0.0.0:${any}
      listen [::1]:${six}
    }
    target ${ONE} {
      auth-group no-authentication
      portal-group pg0
      ${ramLun(0)}
    }`);
  const [told] = await discover({ portal: { port: any } });
  assertEquals(told?.addresses, [
    `127.0.0.1:${any},257`,
    `[::1]:${six},257`,
  ]);
  const portal = { hostname: "::1", port: six };
  assertEquals(await statusOf({ portal, targetName: ONE }), 0);
  const inquired = await inquire(`iscsi://[::1]:${six}/${ONE}/0`);
  assertEquals(inquired.code, 0, inquired.stderr);
});
