/**
 * Logins that are sent on, for a while or for good (RFC 7143 11.13.5, 13.8).
 */

import { assertEquals, assertRejects } from "@std/assert";
import {
  LOGIN_STATUS,
  LoginRefused,
  openSession,
} from "../../support/initiator/mod.ts";
import {
  EVERYBODY,
  type SystemTarget,
  systemTest,
  TARGET_NAME,
} from "../../support/system_target.ts";

/** Sends logins from the first portal group to a second one. */
type SendOn = (system: SystemTarget, address: string, good: boolean) => void;

const WAYS: Readonly<Record<string, SendOn>> = {
  "a portal group": (system, redirect, movedPermanently) =>
    system.iscsi.setPortalGroup({
      name: "pg1",
      tag: 1,
      discoveryAuthGroup: EVERYBODY,
      discoveryFilter: "none",
      portals: [],
      redirect,
      movedPermanently,
    }),
  "a target": (system, redirect, movedPermanently) =>
    system.iscsi.setPortAccess(TARGET_NAME, "pg1", {
      authGroup: EVERYBODY,
      portalGroups: ["pg1"],
      redirect,
      movedPermanently,
    }),
};
const KINDS = [
  ["for a while", false, LOGIN_STATUS.MOVED_TEMPORARILY],
  ["for good", true, LOGIN_STATUS.MOVED_PERMANENTLY],
] as const;

for (const [what, sendOn] of Object.entries(WAYS)) {
  for (const [how, forGood, status] of KINDS) {
    systemTest(`${what} sends logins on ${how}`, async (system) => {
      const before = await system.openReady();
      const { portal } = system.listen("pg2", 2);
      system.addPort(TARGET_NAME, "pg2", 2);
      const address = `127.0.0.1:${portal.port}`;
      sendOn(system, address, forGood);
      const options = { portal: system.portal, targetName: TARGET_NAME };
      const refused = await assertRejects(
        () => openSession(options),
        LoginRefused,
      );
      assertEquals(refused.status, status);
      assertEquals(refused.outcome.keys.get("TargetAddress"), address);
      await using session = await openSession({ ...options, redirects: 1 });
      assertEquals(session.login.keys.get("TargetPortalGroupTag"), "2");
      // Sessions that were there before stay.
      assertEquals((await before.ping()).length, 0);
    });
  }
}
