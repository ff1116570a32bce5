/**
 * Initiators by iSCSI, as the suite of frontends drives them.
 *
 * @module
 */

import {
  type ContractInitiator,
  type FrontendSubject,
  ISCSI,
  type Target,
  type TargetPort,
} from "../../mod.ts";
import { TASK_MANAGEMENT as FUNCTION } from "./initiator/codes.ts";
import type { CommandResult } from "./initiator/command.ts";
import { openSession, type Session } from "./initiator/mod.ts";
import { EVERYBODY, TARGET_NAME } from "./system_target.ts";

const GROUP = "pg0";

/** An iSCSI target on one portal. */
export interface IscsiFrontend
  extends Pick<FrontendSubject, "connect">, AsyncDisposable {
  /** Its port, on line. */
  readonly port: TargetPort;
}

/** Lets a target be reached by iSCSI. */
export async function iscsiFrontend(target: Target): Promise<IscsiFrontend> {
  await target.plugins.load("iscsi");
  const iscsi = target.plugins.service(ISCSI);
  if (iscsi === undefined) throw new TypeError("There is no iSCSI service");
  const wanted = { address: "127.0.0.1", port: 0, wildcard: false };
  iscsi.setPortalGroup({
    name: GROUP,
    tag: 1,
    discoveryAuthGroup: EVERYBODY,
    discoveryFilter: "none",
    portals: [wanted],
  });
  const open = iscsi.openPortal(GROUP, wanted);
  const port = iscsi.createPort({
    target: TARGET_NAME,
    portalGroup: GROUP,
    tag: 1,
    access: { authGroup: EVERYBODY, portalGroups: [GROUP] },
  });
  port.setOnline(true);
  const sessions: Session[] = [];
  return {
    port,
    connect: async (name) => {
      const session = await openSession({
        portal: { port: open.portal.port },
        targetName: TARGET_NAME,
        initiatorName: `iqn.2026-01.test.dtl:${name}`,
      });
      sessions.push(session);
      return through(session);
    },
    [Symbol.asyncDispose]: async () => {
      for (const session of sessions) {
        await session[Symbol.asyncDispose]().catch(() => {});
      }
      open.close();
    },
  };
}

function through(session: Session): ContractInitiator {
  return {
    send: ({ cdb, dataInLength = 0, dataOut }) => {
      const moved = dataOut?.length ?? dataInLength;
      const running = session.start(0, cdb, {
        ...dataInLength > 0 ? { read: dataInLength } : {},
        ...dataOut === undefined ? {} : { write: dataOut },
      });
      const abort = async () => {
        await session
          .taskManagement(FUNCTION.ABORT_TASK, { task: running });
      };
      const ended = running.result().then((result) => resultOf(result, moved));
      // An aborted command never ends: nobody may wait for that.
      ended.catch(() => {});
      return { ended, abort };
    },
    disconnect: async () => {
      await session.logout();
    },
  };
}

function resultOf(result: CommandResult, moved: number) {
  const { status, senseData, data, residual, underflow } = result;
  const transferLength = underflow ? moved - residual : moved + residual;
  return { status, senseData, dataIn: data, transferLength };
}
