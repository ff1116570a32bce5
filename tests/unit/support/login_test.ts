import { assertEquals, assertRejects } from "@std/assert";
import {
  chapResponse,
  decodePairs,
  encodeHexBinary,
  encodeText,
  FLAG,
  login,
  LOGIN_STATUS,
  LoginExchange,
  loginStatus,
  OPCODE,
  openSession,
  type Pdu,
  STAGE,
} from "../../support/initiator/mod.ts";
import { FakeTarget } from "./fake_target.ts";

function pairsOf(pdu: Pdu): ReadonlyMap<string, string> {
  return new Map(decodePairs(pdu.data));
}

Deno.test("login() goes through both stages", async () => {
  const target = new FakeTarget();
  const { initiator: connection } = target;
  const running = login({ connection, targetName: "iqn.target" });
  const first = await target.answerLogin({ AuthMethod: "None" });
  const second = await target.answerLogin({ InitialR2T: "Yes" }, { tsih: 9 });
  const outcome = await running;
  assertEquals(outcome.status, LOGIN_STATUS.SUCCESS);
  assertEquals(outcome.tsih, 9);
  assertEquals(first.flags, FLAG.TRANSIT | STAGE.OPERATIONAL);
  assertEquals(pairsOf(first).get("TargetName"), "iqn.target");
  assertEquals(second.flags, FLAG.TRANSIT | 1 << 2 | STAGE.FULL_FEATURE);
  assertEquals(pairsOf(second).get("InitialR2T"), "No");
  assertEquals(outcome.negotiated.initialR2T, true);
});

Deno.test("login() proves itself by CHAP and wants the same", async () => {
  const target = new FakeTarget();
  const mutual = { secret: "theirs" };
  const chap = { user: "joe", secret: "ours", algorithms: [7, 5], mutual };
  const running = login({ connection: target.initiator, chap });
  await target.answerLogin({ AuthMethod: "CHAP" });
  const challenge = { CHAP_A: "7", CHAP_I: "5", CHAP_C: "0x0102" };
  const offer = await target.answerLogin(challenge);
  assertEquals(pairsOf(offer).get("CHAP_A"), "7,5");
  const request = await target.take(OPCODE.LOGIN);
  const keys = pairsOf(request);
  const right = chapResponse(7, 5, "ours", Uint8Array.of(1, 2));
  assertEquals(keys.get("CHAP_R"), encodeHexBinary(right));
  const theirChallenge = Uint8Array.fromHex(keys.get("CHAP_C")?.slice(2) ?? "");
  const identifier = Number(keys.get("CHAP_I"));
  const proof = chapResponse(7, identifier, "theirs", theirChallenge);
  await target.respondToLogin(request, { CHAP_R: encodeHexBinary(proof) });
  await target.answerLogin();
  assertEquals((await running).targetAuthenticated, true);
});

Deno.test("login() cuts its text and puts the target's together", async () => {
  const target = new FakeTarget();
  const connection = target.initiator;
  const running = login({
    connection,
    targetName: "iqn.target",
    securityStage: false,
    requestBytesMax: 300,
  });
  const first = await target.answerLogin();
  assertEquals(first.flags, FLAG.CONTINUE | 1 << 2);
  assertEquals(first.data.length, 300);
  const begin = encodeText("MaxBurstLength=40");
  await target.answerLogin(begin, { flags: FLAG.CONTINUE | 1 << 2 });
  const asked = await target.answerLogin(encodeText("96\0"));
  assertEquals(asked.data.length, 0);
  assertEquals((await running).negotiated.burstBytesMax, 4096);
});

Deno.test("loginStatus() wants the target to close", async () => {
  const target = new FakeTarget();
  const running = loginStatus({ connection: target.initiator });
  await target.answerLogin({}, { status: LOGIN_STATUS.NOT_FOUND, flags: 0 });
  target.connection.close();
  assertEquals(await running, LOGIN_STATUS.NOT_FOUND);
});

Deno.test("openSession() throws the status of a refusal", async () => {
  const target = new FakeTarget();
  const running = openSession({ connection: target.initiator });
  await target.answerLogin({}, { status: 0x0201, flags: 0 });
  const error = await assertRejects(() => running);
  assertEquals(
    String(error),
    "LoginRefused: Cannot log in: the target answered with status 0x0201",
  );
});

Deno.test("LoginExchange refuses a T that was not asked for", async () => {
  const target = new FakeTarget();
  const exchange = new LoginExchange(target.initiator);
  const running = exchange.exchange({ csg: STAGE.SECURITY, pairs: {} });
  await target.answerLogin({}, { flags: FLAG.TRANSIT | STAGE.OPERATIONAL });
  await assertRejects(() => running);
  assertEquals(exchange.violations.length, 1);
});
