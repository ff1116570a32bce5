/**
 * Who is told what, and who may try how often: ctl.conf's policy over real
 * sockets (RFC 7143 9.2, appendix C).
 */

import { assertEquals } from "@std/assert";
import { parseConfiguration } from "../../../ctladm/conf/parser.ts";
import { Daemon } from "../../../ctladm/daemon/daemon.ts";
import {
  FREE_FAILURES,
  LOCK_SECONDS_MIN,
} from "../../../frontends/iscsi/login_guard.ts";
import {
  type ChapCredentials,
  discover,
  LOGIN_STATUS,
  loginStatus,
  type Portal,
} from "../../support/initiator/mod.ts";
import { type MemoryHost, memoryHost } from "../../support/memory_host.ts";

const NAME = "iqn.2026-01.test.dtl:initiator";
const PREFIX = "iqn.2026-01.test.dtl:";
const ALICE = { user: "alice", secret: "alices-secret" };

/** A daemon in this process, on a clock that stands still. */
class Rig implements AsyncDisposable {
  readonly host: MemoryHost = memoryHost();
  readonly #daemon = new Daemon({ host: this.host, log: this.host.log });

  async apply(text: string): Promise<Portal> {
    const outcome = parseConfiguration(text);
    if ("error" in outcome) throw new Error(outcome.error);
    assertEquals(await this.#daemon.apply(outcome.configuration), []);
    return { port: this.#daemon.portals[0]?.portal.port ?? 0 };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#daemon[Symbol.asyncDispose]();
  }
}

/** Targets that differ in who may see them. */
const TARGETS: Readonly<Record<string, string>> = {
  open: "auth-type none",
  elsewhere: "auth-type none initiator-portal 192.0.2.0/24",
  others: 'auth-type none initiator-name "iqn.other"',
  mine: `auth-type none initiator-name "${NAME}" initiator-portal 127.0.0.0/8`,
  alices: `chap ${ALICE.user} ${ALICE.secret}`,
  bobs: "chap bob bobs-secret-12",
};

function configurationOf(filter: string): string {
  const targets = Object.entries(TARGETS).map(([name, policy]) =>
    `target ${PREFIX}${name} { ${policy} portal-group pg0
      lun 0 { backend ramdisk size 1M option capacity 1M } }`
  );
  const group = filter.endsWith(" chap") ? "known" : "everybody";
  return `auth-group everybody { auth-type none }
    auth-group known { chap ${ALICE.user} ${ALICE.secret} }
    portal-group pg0 {
      discovery-auth-group ${group}
      discovery-filter ${filter.split(" ")[0]}
      listen 127.0.0.1:0
    }
    ${targets.join("\n")}`;
}

const FILTERS: readonly (readonly [
  filter: string,
  chap: ChapCredentials | undefined,
  told: string,
])[] = [
  ["none", undefined, "open elsewhere others mine alices bobs"],
  ["portal", undefined, "open others mine alices bobs"],
  ["portal-name", undefined, "open mine alices bobs"],
  ["portal-name-auth", undefined, "open mine"],
  ["portal-name-auth chap", ALICE, "open mine alices"],
];

for (const [filter, chap, told] of FILTERS) {
  Deno.test(`discovery filter ${filter} tells ${told}`, async () => {
    await using rig = new Rig();
    const portal = await rig.apply(configurationOf(filter));
    const found = await discover({
      portal,
      initiatorName: NAME,
      ...chap === undefined ? {} : { chap },
    });
    const names = found.map(({ name }) => name.slice(PREFIX.length));
    assertEquals(new Set(names), new Set(told.split(" ")));
  });
}

Deno.test("who guesses secrets has to wait, over sockets, too", async () => {
  await using rig = new Rig();
  const portal = await rig.apply(configurationOf("none"));
  const status = (secret: string) =>
    loginStatus({
      portal,
      initiatorName: NAME,
      targetName: `${PREFIX}alices`,
      chap: { user: ALICE.user, secret },
    });
  for (let count = 0; count < FREE_FAILURES; count += 1) {
    const answer = await status(`guess number ${count}`);
    assertEquals(answer, LOGIN_STATUS.AUTHENTICATION_FAILURE);
  }
  const refused = await status(ALICE.secret);
  assertEquals(refused, LOGIN_STATUS.SERVICE_UNAVAILABLE);
  rig.host.clock.advance(LOCK_SECONDS_MIN * 1000);
  assertEquals(await status(ALICE.secret), LOGIN_STATUS.SUCCESS);
});
