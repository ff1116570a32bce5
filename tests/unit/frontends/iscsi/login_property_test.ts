import { LoginGuard } from "../../../../frontends/iscsi/login_guard.ts";
import { ManualClock } from "../../../support/memory_host.ts";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { AuthType } from "../../../../frontends/iscsi/access.ts";
import { CHAP_HASHES } from "../../../../frontends/iscsi/hash_adapter.ts";
import { KEY_RULES } from "../../../../frontends/iscsi/key_rules.ts";
import {
  LoginEngine,
  type LoginReply,
  type LoginStep,
} from "../../../../frontends/iscsi/login.ts";
import {
  decodeLoginRequest,
  LOGIN_STAGE,
  LOGIN_STATUS,
  type LoginRequest,
} from "../../../../frontends/iscsi/wire/login.ts";
import {
  authGroup,
  collectLog,
  countingEntropy,
  directoryOf,
  INITIATOR_NAME,
  portalGroup,
  TARGET_NAME,
  targetEntry,
  text,
} from "./login_support.ts";

const SEEDS = [1, 7143, 1994, 20260101];

/** A request without numbers: those, a hostile initiator gets right. */
interface Turn {
  readonly fields: Partial<LoginRequest>;
  readonly data: Uint8Array;
}

const VALUE = fc.oneof(
  fc.constantFrom(
    ...["Yes", "No", "None", "CHAP", "CRC32C", "All", "Normal", "Discovery"],
    ...["0", "1", "5", "512", "4096", "0x10", "16777215", "99999999999999999"],
    ...["Reject", "Irrelevant", "NotUnderstood", "CHAP,None", "5,6,7,8", ""],
    ...["joe", "0x00", `0x${"00".repeat(16)}`, "0bAAAA", "None,CRC32C"],
    ...[INITIATOR_NAME, TARGET_NAME],
  ),
  fc.string({ maxLength: 20 }),
);

const PAIR = fc.oneof(
  {
    weight: 40,
    arbitrary: fc.tuple(fc.constantFrom(...KEY_RULES.keys()), VALUE),
  },
  { weight: 1, arbitrary: fc.tuple(fc.string({ maxLength: 70 }), VALUE) },
).map(([key, value]) => `${key}=${value}\0`);

const NAMES = `InitiatorName=${INITIATOR_NAME}\0TargetName=${TARGET_NAME}\0`;

const DATA: fc.Arbitrary<Uint8Array> = fc.oneof(
  { weight: 6, arbitrary: fc.array(PAIR, { maxLength: 5 }).map(joined) },
  {
    weight: 3,
    arbitrary: fc.array(PAIR, { maxLength: 3 }).map((pairs) =>
      text(NAMES + pairs.join(""))
    ),
  },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 9000 }) },
);

function joined(pairs: string[]): Uint8Array {
  return text(pairs.join(""));
}

const FIELDS: fc.Arbitrary<Partial<LoginRequest>> = fc.oneof(
  {
    weight: 19,
    arbitrary: fc.constantFrom<Partial<LoginRequest>[]>(
      { transit: true, currentStage: 0, nextStage: 1 },
      { transit: true, currentStage: 1, nextStage: 3 },
      { transit: true, currentStage: 0, nextStage: 3 },
      { currentStage: 0 },
      { currentStage: 1 },
      { currentStage: 1, continued: true },
    ),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      transit: fc.boolean(),
      continued: fc.boolean(),
      currentStage: fc.nat({ max: 3 }),
      nextStage: fc.nat({ max: 3 }),
      immediate: fc.boolean(),
      versionMin: fc.nat({ max: 1 }),
      tsih: fc.nat({ max: 3 }),
      isid: fc.constantFrom(1, 2 ** 48 - 1),
      ahsLength: fc.constantFrom(0, 4),
    }, { requiredKeys: [] }),
  },
);

const TURN: fc.Arbitrary<Turn> = fc.record({ fields: FIELDS, data: DATA });

/** Most begin with the names, as a login has to. */
const TURNS: fc.Arbitrary<Turn[]> = fc.oneof(
  fc.array(TURN, { maxLength: 8 }),
  fc.tuple(FIELDS, fc.array(TURN, { maxLength: 8 })).map(([fields, turns]) => [
    { fields, data: text(NAMES) },
    ...turns,
  ]),
);

const TYPE: fc.Arbitrary<AuthType> = fc.constantFrom(
  ...["none", "none", "chap", "chap-mutual", "deny", "unknown"] as const,
);

function engineFor(type: AuthType, redirect: string | undefined): LoginEngine {
  const credentials = [{ user: "joe", secret: "topsecret123" }];
  const group = authGroup(type, { credentials });
  const directory = directoryOf(
    portalGroup({ discoveryAuthGroup: group }),
    [targetEntry({ authGroup: group, redirect })],
    2,
  );
  return new LoginEngine({
    guard: new LoginGuard(new ManualClock()),
    directory,
    peerAddress: "192.0.2.7",
    entropy: countingEntropy(),
    hashes: CHAP_HASHES,
    log: collectLog(),
  });
}

function requestOf(
  fields: Partial<LoginRequest>,
  statSn: number,
): LoginRequest {
  return {
    immediate: true,
    transit: false,
    continued: false,
    currentStage: 0,
    nextStage: 0,
    versionMax: 0,
    versionMin: 0,
    ahsLength: 0,
    dataSegmentLength: 0,
    isid: 1,
    tsih: 0,
    initiatorTaskTag: 9,
    connectionId: 0,
    cmdSn: 1,
    expStatSn: statSn,
    ...fields,
  };
}

/** What holds for every response, whatever was asked. */
function checkReply(
  request: LoginRequest,
  { response, text }: LoginReply,
  statSn: number,
): void {
  assertEquals(response.statSn, statSn);
  assertEquals(response.dataSegmentLength, text.length);
  assertEquals(response.initiatorTaskTag, request.initiatorTaskTag);
  assertEquals(response.isid, request.isid);
  assertEquals(response.currentStage, request.currentStage);
  assert(text.length <= 8192, "the initiator takes no more");
  assert(!(response.transit && response.continued), "T and C at once");
  assert(!response.transit || request.transit, "T without being asked");
  assert(response.transit || response.nextStage === 0, "NSG without T");
  assert(!response.transit || response.nextStage === request.nextStage);
}

/** What holds for each kind of step. */
function checkStep(
  request: LoginRequest,
  step: LoginStep,
  statSn: number,
): void {
  switch (step.kind) {
    case "reply":
      checkReply(request, step, statSn);
      assertEquals(step.response.status, LOGIN_STATUS.SUCCESS);
      assert(step.response.nextStage !== LOGIN_STAGE.FULL_FEATURE);
      return;
    case "refuse":
      checkReply(request, step, statSn);
      assert(step.response.status !== LOGIN_STATUS.SUCCESS);
      assert(!step.response.transit && !step.response.continued);
      return;
    case "complete":
      checkReply(request, step.respond(5), statSn);
      assertEquals(step.outcome.statSn, statSn + 1);
      assertEquals(step.outcome.initiatorName.length > 0, true);
      return;
    case "close":
      throw new Error("A login under way is never closed without a word");
  }
}

for (const seed of SEEDS) {
  Deno.test(`LoginEngine answers any requests by a step, seed ${seed}`, () => {
    const redirect = fc.option(fc.constant("192.0.2.9"), { nil: undefined });
    fc.assert(
      fc.property(TURNS, TYPE, redirect, (turns, type, address) => {
        const engine = engineFor(type, address);
        for (const [statSn, { fields, data }] of turns.entries()) {
          const request = requestOf(fields, statSn);
          const step = engine.handle(request, data);
          checkStep(request, step, statSn);
          // No session without proof, and none for who is sent on.
          if (step.kind === "complete") assertEquals(type, "none");
          if (step.kind === "reply") continue;
          assertEquals(engine.handle(request, data).kind, "close");
          return;
        }
      }),
      { seed, numRuns: 1500 },
    );
  });

  Deno.test(`LoginEngine takes any bytes as a request, seed ${seed}`, () => {
    const header = fc.uint8Array({ minLength: 48, maxLength: 48 });
    const pdus = fc.array(fc.tuple(header, DATA), { maxLength: 3 });
    fc.assert(
      fc.property(pdus, (requests) => {
        const engine = engineFor("none", undefined);
        for (const [bytes, data] of requests) {
          const view = new DataView(bytes.buffer, bytes.byteOffset, 48);
          const step = engine.handle(decodeLoginRequest(view, 0), data);
          assert(["reply", "refuse", "complete", "close"].includes(step.kind));
        }
      }),
      { seed, numRuns: 500 },
    );
  });
}
