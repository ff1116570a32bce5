import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { settle } from "../support/core_target.ts";
import {
  encodePdu,
  login,
  type LoginOutcome,
} from "../support/initiator/mod.ts";
import { HOSTILE_TARGET, IscsiRig } from "./iscsi_rig.ts";
import { buildPdu } from "./pdu_builder.ts";
import {
  keysOf,
  PDU_PLAN,
  type PduPlan,
  SESSION_PLAN,
  type SessionPlan,
} from "./pdu_plan.ts";
import { fuzzTest } from "./settings.ts";

/** A few PDUs again and again, and nobody who takes the answers. */
const FLOOD_PDUS = 4000;
const TURNS = 4000;

async function flood(
  { connection, exchange }: LoginOutcome,
  plans: readonly PduPlan[],
): Promise<void> {
  for (let index = 0; index < FLOOD_PDUS; index += 1) {
    const plan = plans[index % plans.length];
    if (plan === undefined) return;
    const pdu = buildPdu(plan, {
      cmdSN: (exchange.cmdSN + index) >>> 0,
      expStatSN: 0,
      freshTag: index + 1,
      tags: [index],
      r2ts: [],
      unsolicited: null,
      textTag: 0xffffffff,
    });
    const bytes = encodePdu(pdu, { digests: connection.digests });
    await connection.sendBytes(bytes).catch(() => {});
  }
}

async function tryFlood(
  session: SessionPlan,
  plans: readonly PduPlan[],
): Promise<void> {
  const rig = await IscsiRig.create();
  const { connection, stream } = rig.connect(session.pieceBytes);
  const outcome = await login({
    connection,
    targetName: HOSTILE_TARGET,
    keys: keysOf(session),
  });
  stream.stop();
  await flood(outcome, plans);
  await settle(TURNS);
  rig.checkNow();
  await rig.checkDecent();
  assertEquals(outcome.status, 0);
  connection.close();
  stream.close();
  await rig.finish();
}

fuzzTest(
  "A session that takes nothing is bounded, and leaves others alone",
  { share: 1, casesPerRun: FLOOD_PDUS },
  fc.asyncProperty(
    SESSION_PLAN,
    fc.array(PDU_PLAN, { minLength: 1, maxLength: 4 }),
    tryFlood,
  ),
);
