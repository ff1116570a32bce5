/**
 * Plans of logins: requests whose flags, numbers and texts are right often
 * enough that some logins succeed, by every way there is.
 *
 * @module
 */

import fc from "fast-check";
import { KEY_RULES } from "../../frontends/iscsi/key_rules.ts";
import {
  encodeText,
  loginRequest,
  type Pdu,
} from "../support/initiator/mod.ts";
import { HOSTILE_TARGET } from "./iscsi_rig.ts";

/** A Login Request. */
export interface LoginPlan {
  /** Byte 1: T, C, CSG and NSG. */
  readonly flags: number;
  /** The text. */
  readonly text: Uint8Array;
  /** Numbers of the header that are not what they should be. */
  readonly odd: Partial<OddNumbers>;
  /** A byte of the header that is something else. */
  readonly damage: readonly [at: number, value: number] | null;
}

interface OddNumbers {
  readonly versionMin: number;
  readonly tsih: number;
  readonly connectionId: number;
  readonly cmdSN: number;
  readonly expStatSN: number;
  readonly initiatorTaskTag: number;
}

const INITIATOR = "iqn.2026-01.test.dtl:hostile";

/** Texts with which a login may begin or go on. */
const WORDS = {
  normal: `InitiatorName=${INITIATOR}\0TargetName=${HOSTILE_TARGET}\0`,
  discovery: `InitiatorName=${INITIATOR}\0SessionType=Discovery\0`,
  none: "AuthMethod=None\0",
  chap: "AuthMethod=CHAP,None\0",
  algorithm: "CHAP_A=7,5\0",
  answer: `CHAP_N=joe\0CHAP_R=0x${"00".repeat(16)}\0`,
  mutual: "CHAP_I=1\0CHAP_C=0x0102030405060708\0",
  keys: "HeaderDigest=CRC32C,None\0MaxRecvDataSegmentLength=8192\0",
  empty: "",
} as const;

const VALUE: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    ...["Yes", "No", "None", "CHAP", "CRC32C", "All", "Normal", "Discovery"],
    ...["0", "1", "5", "512", "4096", "0x10", "16777215", "99999999999999999"],
    ...["Reject", "Irrelevant", "NotUnderstood", "?", "CHAP,None", "5,7,8", ""],
    ...["joe", "0x00", `0x${"00".repeat(16)}`, "0bAAAA", INITIATOR],
    ...[HOSTILE_TARGET, HOSTILE_TARGET.toUpperCase()],
  ),
  fc.string({ maxLength: 300, unit: "binary" }),
);

const PAIR: fc.Arbitrary<string> = fc.tuple(
  fc.oneof(
    { weight: 20, arbitrary: fc.constantFrom(...KEY_RULES.keys()) },
    { weight: 1, arbitrary: fc.string({ maxLength: 70 }) },
  ),
  VALUE,
).map(([key, value]) => `${key}=${value}\0`);

/** Texts of Login Requests. */
export const LOGIN_TEXT: fc.Arbitrary<Uint8Array> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.array(fc.constantFrom(...Object.values(WORDS)), {
      maxLength: 3,
    }).map((words) => encodeText(words.join(""))),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(
      fc.constantFrom(...Object.values(WORDS)),
      fc.array(PAIR, { maxLength: 4 }),
    ).map(([words, pairs]) => encodeText(words + pairs.join(""))),
  },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 600 }) },
);

const FLAGS: fc.Arbitrary<number> = fc.oneof(
  {
    weight: 19,
    arbitrary: fc.constantFrom(0x81, 0x81, 0x87, 0x87, 0x83, 0, 0x04, 0x44),
  },
  { weight: 1, arbitrary: fc.nat(255) },
);

const ODD: fc.Arbitrary<Partial<OddNumbers>> = fc.oneof(
  { weight: 15, arbitrary: fc.constant({}) },
  {
    weight: 1,
    arbitrary: fc.record({
      versionMin: fc.nat(2),
      tsih: fc.nat(3),
      connectionId: fc.nat(0xffff),
      cmdSN: fc.nat(),
      expStatSN: fc.nat(),
      initiatorTaskTag: fc.constantFrom(0, 1, 0xffffffff),
    }, { requiredKeys: [] }),
  },
);

const DAMAGE: fc.Arbitrary<LoginPlan["damage"]> = fc.oneof(
  { weight: 20, arbitrary: fc.constant(null) },
  { weight: 1, arbitrary: fc.tuple(fc.nat(47), fc.nat(255)) },
);

/** A request of any kind. */
const ANY_REQUEST: fc.Arbitrary<LoginPlan> = fc.record({
  flags: FLAGS,
  text: LOGIN_TEXT,
  odd: ODD,
  damage: DAMAGE,
});

/** A request that begins a login as one should. */
const FIRST_REQUEST: fc.Arbitrary<LoginPlan> = fc.record({
  flags: fc.constantFrom(0x81, 0x87, 0x00, 0x04),
  text: fc.tuple(
    fc.constantFrom(WORDS.normal, WORDS.normal, WORDS.discovery),
    fc.constantFrom(WORDS.none, WORDS.chap, WORDS.keys, WORDS.empty),
  ).map((words) => encodeText(words.join(""))),
  odd: fc.constant({}),
  damage: fc.constant(null),
});

/** Logins of a few requests. */
export const LOGIN_PLANS: fc.Arbitrary<LoginPlan[]> = fc.oneof(
  { weight: 1, arbitrary: fc.array(ANY_REQUEST, { maxLength: 10 }) },
  {
    weight: 4,
    arbitrary: fc.tuple(
      FIRST_REQUEST,
      fc.array(ANY_REQUEST, { maxLength: 10, size: "max" }),
    ).map(([first, rest]) => [first, ...rest]),
  },
);

/** Makes the request of a plan. */
export function buildLogin(plan: LoginPlan, expStatSN: number): Pdu {
  const pdu = loginRequest({
    flags: plan.flags,
    isid: Uint8Array.fromHex("800000000001"),
    initiatorTaskTag: 7,
    cmdSN: 1,
    expStatSN,
    data: plan.text,
    ...plan.odd,
  });
  const [at, value] = plan.damage ?? [];
  return at === undefined || value === undefined ? pdu : pdu.set8(at, value);
}
