import { LoginGuard } from "../../../../frontends/iscsi/login_guard.ts";
import { ManualClock } from "../../../support/memory_host.ts";
import { assert, assertEquals } from "@std/assert";
import type { LoginStep } from "../../../../frontends/iscsi/login.ts";
import { LoginEngine } from "../../../../frontends/iscsi/login.ts";
import { CHAP_HASHES } from "../../../../frontends/iscsi/hash_adapter.ts";
import {
  decodeLoginRequest,
  encodeLoginResponse,
} from "../../../../frontends/iscsi/wire/login.ts";
import type { Directory } from "../../../../frontends/iscsi/access.ts";
import {
  Connection,
  login,
  LOGIN_STATUS,
  type LoginOptions,
  type LoginOutcome,
  memoryStreamPair,
  Pdu,
} from "../../../support/initiator/mod.ts";
import {
  authGroup,
  collectLog,
  countingEntropy,
  directoryOf,
  TARGET_NAME,
  targetEntry,
  TSIH,
} from "./login_support.ts";

/** Serves one login on a connection; gives the last step. */
async function serve(
  connection: Connection,
  engine: LoginEngine,
): Promise<LoginStep> {
  for (;;) {
    const { header, data } = await connection.receive("a Login Request");
    const view = new DataView(header.buffer, header.byteOffset, 48);
    const step = engine.handle(decodeLoginRequest(view, 0), data);
    if (step.kind === "close") throw new Error(step.reason);
    const reply = step.kind === "complete" ? step.respond(TSIH) : step;
    const bytes = new Uint8Array(48).fill(0xa5);
    encodeLoginResponse(new DataView(bytes.buffer), 0, reply.response);
    await connection.send(new Pdu(bytes, undefined, reply.text));
    if (step.kind !== "reply") return step;
  }
}

/** Logs the initiator of the tests in, over memory. */
async function logIn(
  directory: Directory,
  options: LoginOptions,
): Promise<{ seen: LoginOutcome; step: LoginStep }> {
  const [here, there] = memoryStreamPair();
  const engine = new LoginEngine({
    guard: new LoginGuard(new ManualClock()),
    directory,
    peerAddress: "192.0.2.7",
    entropy: countingEntropy(),
    hashes: CHAP_HASHES,
    log: collectLog(),
  });
  using connection = new Connection(there);
  using target = new Connection(here);
  const serving = serve(target, engine);
  const seen = await login({ connection, ...options });
  return { seen, step: await serving };
}

const SECRET = "topsecret123";
const OURS = "bottomsecret";
const CHAP = directoryOf(undefined, [
  targetEntry({
    authGroup: authGroup("chap-mutual", {
      credentials: [
        { user: "joe", secret: SECRET, mutual: { user: "us", secret: OURS } },
      ],
    }),
  }),
]);

Deno.test("LoginEngine agrees with the initiator of the tests", async () => {
  const targetName = TARGET_NAME;
  const { seen, step } = await logIn(directoryOf(), { targetName });
  assertEquals(seen.status, LOGIN_STATUS.SUCCESS);
  assertEquals(seen.tsih, TSIH);
  assert(step.kind === "complete");
  const { parameters } = step.outcome;
  assertEquals(seen.negotiated, {
    digests: { header: false, data: false },
    initialR2T: parameters.initialR2t,
    immediateData: parameters.immediateData,
    initiatorSegmentBytesMax: parameters.maxSendDataSegmentLengthBytes,
    targetSegmentBytesMax: parameters.maxRecvDataSegmentLengthBytes,
    burstBytesMax: parameters.maxBurstLengthBytes,
    firstBurstBytesMax: parameters.firstBurstLengthBytes,
    outstandingR2tMax: parameters.maxOutstandingR2t,
    errorRecoveryLevel: parameters.errorRecoveryLevel,
    protocolLevel: parameters.protocolLevel,
  });
});

Deno.test("LoginEngine lets an initiator discover", async () => {
  const { seen, step } = await logIn(directoryOf(), {});
  assertEquals(seen.status, LOGIN_STATUS.SUCCESS);
  assert(step.kind === "complete");
  assertEquals(step.outcome.sessionType, "Discovery");
  assertEquals(step.outcome.target, undefined);
});

for (const algorithm of [5, 6, 7, 8]) {
  Deno.test(`LoginEngine proves itself by CHAP ${algorithm}`, async () => {
    const { seen, step } = await logIn(CHAP, {
      targetName: TARGET_NAME,
      chap: {
        user: "joe",
        secret: SECRET,
        algorithms: [algorithm],
        mutual: { user: "us", secret: OURS },
      },
    });
    assertEquals(seen.status, LOGIN_STATUS.SUCCESS);
    assertEquals(seen.targetAuthenticated, true);
    assert(step.kind === "complete");
    assertEquals(step.outcome.proof?.user, "joe");
  });
}

Deno.test("LoginEngine refuses an initiator's wrong secret", async () => {
  const { seen } = await logIn(CHAP, {
    targetName: TARGET_NAME,
    chap: { user: "joe", secret: "wrong" },
  });
  assertEquals(seen.status, LOGIN_STATUS.AUTHENTICATION_FAILURE);
});

Deno.test("LoginEngine takes and sends texts in parts", async () => {
  for (const requestBytesMax of [1, 7, 100]) {
    const unknown = Array.from({ length: 60 }, (_, key) => [`X-${key}`, "1"]);
    const { seen } = await logIn(directoryOf(), {
      targetName: TARGET_NAME,
      requestBytesMax,
      keys: {
        MaxRecvDataSegmentLength: "512",
        ...Object.fromEntries(unknown),
      },
    });
    assertEquals(seen.status, LOGIN_STATUS.SUCCESS);
    assertEquals(seen.keys.get("X-59"), "NotUnderstood");
    assert(seen.replies.some(({ continued }) => continued));
  }
});

Deno.test("LoginEngine proposes a first burst to an initiator", async () => {
  const { seen, step } = await logIn(directoryOf(), {
    targetName: TARGET_NAME,
    keys: { MaxBurstLength: "4096", FirstBurstLength: undefined },
  });
  assertEquals(seen.status, LOGIN_STATUS.SUCCESS);
  assert(step.kind === "complete");
  assertEquals(step.outcome.parameters.firstBurstLengthBytes, 4096);
});
