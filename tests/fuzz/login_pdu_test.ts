import { assertEquals } from "@std/assert";
import fc from "fast-check";
import type { AuthType } from "../../frontends/iscsi/access.ts";
import { encodePdu } from "../support/initiator/mod.ts";
import { HostileInitiator } from "./hostile_initiator.ts";
import { IscsiRig } from "./iscsi_rig.ts";
import { buildLogin, LOGIN_PLANS, type LoginPlan } from "./login_plan.ts";
import { PDU_PLAN, type PduPlan } from "./pdu_plan.ts";
import { fuzzTest } from "./settings.ts";

/** A connection from its first byte on. */
interface Approach {
  readonly type: AuthType;
  /** Bytes that reach the target at once, at most. */
  readonly pieceBytes: number;
  readonly logins: readonly LoginPlan[];
  /** Bytes of the last request that are sent, in sixteenths. */
  readonly cut: number;
  /** What follows, whether the login is over or not. */
  readonly rest: readonly PduPlan[];
}

const REST_MAX = 4;
const CASES_PER_RUN = 15;
const APPROACH: fc.Arbitrary<Approach> = fc.record({
  type: fc.constantFrom<AuthType[]>(
    ...["none", "none", "none", "chap", "chap-mutual", "deny"] as const,
  ),
  pieceBytes: fc.constantFrom(1e9, 1e9, 1e9, 1000, 49, 7),
  logins: LOGIN_PLANS,
  cut: fc.constantFrom(16, 16, 16, 16, 16, 15, 8, 1),
  rest: fc.array(PDU_PLAN, { maxLength: REST_MAX, size: "max" }),
});

async function approach(rig: IscsiRig, plan: Approach): Promise<void> {
  const { connection } = rig.connect(plan.pieceBytes);
  const hostile = new HostileInitiator(connection, {
    cmdSN: 1,
    expStatSN: undefined,
    segmentBytesMax: 2 ** 24,
    firstBurstBytes: 65536,
    second: () => rig.second(),
  });
  for (const [index, request] of plan.logins.entries()) {
    const isLast = index === plan.logins.length - 1;
    const bytes = encodePdu(buildLogin(request, hostile.expStatSN));
    const sent = Math.floor(bytes.length * (isLast ? plan.cut : 16) / 16);
    await hostile.sendBytes(bytes.subarray(0, sent));
    await hostile.wait();
    rig.checkNow();
  }
  for (const each of plan.rest) await hostile.send(each);
  await hostile.probe();
  hostile.close();
  assertEquals(hostile.violations, [], "rules of the protocol");
}

fuzzTest(
  "A login survives every PDU, and leaves others alone",
  { share: 0.2, casesPerRun: CASES_PER_RUN },
  fc.asyncProperty(
    fc.array(APPROACH, { minLength: 1, maxLength: 3 }),
    async ([first, ...others]) => {
      const rig = await IscsiRig.create({ type: first?.type ?? "none" });
      for (const each of [first, ...others]) {
        if (each !== undefined) await approach(rig, each);
      }
      await rig.checkDecent();
      await rig.finish();
    },
  ),
);
