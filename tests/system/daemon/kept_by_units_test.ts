/**
 * What initiators asked a unit to keep is there after the daemon was killed.
 */

import { assertEquals } from "@std/assert";
import {
  type DaemonFolder,
  daemonFolder,
  endBy,
} from "../../support/daemon.ts";
import {
  type CommandOptions,
  openSession,
  type Session,
  testUnitReady,
} from "../../support/initiator/mod.ts";
import { freePort } from "../../support/ports.ts";

const TARGET = "iqn.2026-01.test.dtl:t0";

function configurationOf(folder: DaemonFolder, port: number): string {
  return `pidfile "${folder.pidFile}"
    portal-group pg0 {
      discovery-auth-group no-authentication
      listen 127.0.0.1:${port}
    }
    target ${TARGET} {
      auth-group no-authentication
      portal-group pg0
      lun 0 { path ${folder.path}/disk
        option ident_info before }
    }`;
}

async function ready(port: number): Promise<Session> {
  const session = await openSession({ portal: { port }, targetName: TARGET });
  for (let sense = "6/"; sense.startsWith("6/");) {
    ({ sense } = await session.command(0, testUnitReady()));
  }
  return session;
}

async function tell(
  session: Session,
  cdb: string,
  options?: CommandOptions,
): Promise<string> {
  const bytes = Uint8Array.fromHex(cdb);
  const { sense, data } = await session.command(0, bytes, options);
  assertEquals(sense, "");
  return data.toHex();
}

const SET_INFORMATION = "a40600000000000000050000";
const REPORT_INFORMATION = "a30500000000000000400000";
const SELF_TEST = "1da000000000";
const SELF_TEST_RESULTS = "4d005000000000001800";
const LOG_SELECT_SAVING = "4c010000000000010400";
const CLIENT_LOG = "4d004f00000003000a00";

Deno.test("units keep what they were told through kill -9", async () => {
  await using folder = await daemonFolder();
  const port = freePort();
  await Deno.writeFile(`${folder.path}/disk`, new Uint8Array(2 ** 20));
  const text = configurationOf(folder, port);
  const daemon = await folder.ctld(text);
  const before = await ready(port);
  const read = { read: 64 };
  const first = await tell(before, REPORT_INFORMATION, read);
  assertEquals(first, "00000006" + "6265666f7265");
  const name = new TextEncoder().encode("after");
  await tell(before, SET_INFORMATION, { write: name });
  await tell(before, SELF_TEST);
  const list = new Uint8Array(260).fill(0xa5);
  list.set([0x0f, 0, 1, 0, 0, 3, 0x83, 252]);
  await tell(before, LOG_SELECT_SAVING, { write: list });
  await endBy(daemon, "SIGKILL");
  await before.expectClose();
  await folder.ctld(text);
  await using after = await ready(port);
  assertEquals(
    await tell(after, REPORT_INFORMATION, read),
    "00000005" + "6166746572",
  );
  assertEquals(
    await tell(after, SELF_TEST_RESULTS, read),
    "10000190" + "00010310" + "a0000000" + "ffffffffffffffff" + "00000000",
  );
  const log = await tell(after, CLIENT_LOG, read);
  assertEquals(log.slice(8), "000383fc" + "a5a5");
});
