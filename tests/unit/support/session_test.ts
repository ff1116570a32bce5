import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import {
  FLAG,
  NO_TAG,
  OPCODE,
  type Pdu,
  read10,
  REJECT,
  STATUS,
  TASK_MANAGEMENT,
  testUnitReady,
  write10,
} from "../../support/initiator/mod.ts";
import { FakeTarget } from "./fake_target.ts";

const SMALL_LIMITS = {
  InitialR2T: "No",
  ImmediateData: "Yes",
  MaxRecvDataSegmentLength: "512",
  FirstBurstLength: "1024",
  MaxBurstLength: "1536",
};

function numbered(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => at % 251);
}

/** Where a Data-Out belongs, and whether it ends its sequence. */
function place(pdu: Pdu): [sn: number, at: number, length: number, f: boolean] {
  const { length } = pdu.data;
  return [pdu.u32(36), pdu.u32(40), length, pdu.has(FLAG.FINAL)];
}

Deno.test("command() sends data by itself, then as R2Ts ask", async () => {
  const target = new FakeTarget();
  const session = await target.openSession(SMALL_LIMITS);
  const write = numbered(3072);
  const running = session.command(0, write10(0, 6), { write });
  const command = await target.take(OPCODE.SCSI_COMMAND);
  assertEquals(command.flags, FLAG.WRITE | 1);
  assertEquals(command.data, write.subarray(0, 512));
  const unsolicited = await target.take(OPCODE.DATA_OUT);
  assertEquals(unsolicited.targetTransferTag, NO_TAG);
  assertEquals(place(unsolicited), [0, 512, 512, true]);
  await target.askForData(command, 0, 1024, 1536);
  const burst = [];
  for (let part = 0; part < 3; part++) {
    burst.push(place(await target.take(OPCODE.DATA_OUT)));
  }
  assertEquals(burst, [
    [0, 1024, 512, false],
    [1, 1536, 512, false],
    [2, 2048, 512, true],
  ]);
  await target.askForData(command, 1, 2560, 512);
  const last = await target.take(OPCODE.DATA_OUT);
  assertEquals(last.targetTransferTag, 0x501);
  assertEquals(last.data, write.subarray(2560));
  await target.respond(command);
  assertEquals((await running).status, STATUS.GOOD);
});

Deno.test("command() gathers Data-In and reads the residual", async () => {
  const target = new FakeTarget();
  const session = await target.openSession();
  const running = session.command(0, read10(0, 2), { read: 1024 });
  const command = await target.take(OPCODE.SCSI_COMMAND);
  assertEquals(command.flags, FLAG.FINAL | FLAG.READ | 1);
  assertEquals(command.u32(20), 1024);
  const part = (dataSN: number, flags: number, numbered: boolean) =>
    target.send({
      opcode: OPCODE.DATA_IN,
      flags,
      initiatorTaskTag: command.initiatorTaskTag,
      words: { 20: NO_TAG, 36: dataSN, 40: dataSN * 256, 44: 512 },
      data: new Uint8Array(256).fill(dataSN + 1),
    }, numbered);
  await part(0, 0, false);
  await part(1, FLAG.FINAL | FLAG.STATUS | FLAG.UNDERFLOW, true);
  const { data, residual, underflow, overflow, status } = await running;
  assertEquals([data.length, data[0], data[511]], [512, 1, 2]);
  assertEquals([residual, underflow, overflow, status], [512, true, false, 0]);
});

Deno.test("command() reads sense data", async () => {
  const target = new FakeTarget();
  const session = await target.openSession();
  const running = session.command(0, testUnitReady());
  const command = await target.take(OPCODE.SCSI_COMMAND);
  const sense = Uint8Array.fromHex(
    "0012" + "70000600000000" + "0a" +
      "00000000" + "29000000" + "0000",
  );
  await target.respond(command, STATUS.CHECK_CONDITION, sense);
  assertEquals((await running).sense, "6/29/00");
});

Deno.test("start() holds data back until release()", async () => {
  const target = new FakeTarget();
  const session = await target.openSession({ InitialR2T: "Yes" });
  const held = session.start(3, write10(0, 1), {
    write: numbered(512),
    holdData: true,
    immediateData: false,
  });
  const command = await target.take(OPCODE.SCSI_COMMAND);
  await target.askForData(command, 0, 0, 512);
  await held.nextR2t();
  const code = TASK_MANAGEMENT.ABORT_TASK;
  const aborting = session.taskManagement(code, { task: held });
  const request = await target.take(OPCODE.TASK_MANAGEMENT);
  assertEquals(request.u32(20), command.initiatorTaskTag);
  assertEquals(request.u32(32), command.u32(24));
  assertEquals(request.header.subarray(8, 16), command.header.subarray(8, 16));
  await target.send({
    opcode: OPCODE.TASK_MANAGEMENT_RESPONSE,
    initiatorTaskTag: request.initiatorTaskTag,
    bytes: { 2: 1 },
  });
  assertEquals((await aborting).response, 1);
  held.release();
  assertEquals((await target.take(OPCODE.DATA_OUT)).data.length, 512);
  await target.respond(command);
  assertEquals((await held.result()).status, STATUS.GOOD);
});

Deno.test("start() waits for the target's window", async () => {
  const target = new FakeTarget();
  target.maxCmdSN = 2;
  const session = await target.openSession();
  const all = [1, 2, 3].map(() => session.start(0, testUnitReady()));
  const first = await target.take(OPCODE.SCSI_COMMAND);
  await target.take(OPCODE.SCSI_COMMAND);
  const ping = session.ping();
  const nop = await target.take(OPCODE.NOP_OUT);
  assertEquals(nop.u32(24), 3);
  target.maxCmdSN = 3;
  target.expCmdSN = 3;
  await target.respond(first);
  assertEquals((await target.take(OPCODE.SCSI_COMMAND)).u32(24), 3);
  assertEquals(all.map(({ done }) => done), [true, false, false]);
  await target.send({
    opcode: OPCODE.NOP_IN,
    initiatorTaskTag: nop.initiatorTaskTag,
    words: { 20: NO_TAG },
  });
  await ping;
});

Deno.test("Session answers pings, and leaves them when told so", async () => {
  for (const answerPings of [true, false]) {
    const target = new FakeTarget();
    const session = await target.openSession({}, { answerPings });
    await target.ping(0x77);
    if (answerPings) {
      const answer = await target.take(OPCODE.NOP_OUT);
      assertEquals(answer.initiatorTaskTag, NO_TAG);
      assertEquals(answer.targetTransferTag, 0x77);
    }
    const isPing = (pdu: Pdu) => pdu.opcode === OPCODE.NOP_IN;
    await session.expect(isPing, "the ping");
  }
});

Deno.test("command() throws the reason of a Reject", async () => {
  const target = new FakeTarget();
  const session = await target.openSession();
  const running = session.command(0, testUnitReady());
  const command = await target.take(OPCODE.SCSI_COMMAND);
  await target.send({
    opcode: OPCODE.REJECT,
    initiatorTaskTag: NO_TAG,
    bytes: { 2: REJECT.INVALID_PDU_FIELD },
    data: command.header,
  });
  const error = await assertRejects(() => running);
  assertStringIncludes(String(error), "reason 0x9");
  await session.expectReject(REJECT.INVALID_PDU_FIELD);
});

Deno.test("text() fetches an answer that comes in parts", async () => {
  const target = new FakeTarget();
  const session = await target.openSession();
  const running = session.text({ SendTargets: "" });
  const request = await target.take(OPCODE.TEXT);
  const answer = (flags: number, tag: number, text: string) =>
    target.send({
      opcode: OPCODE.TEXT_RESPONSE,
      flags,
      initiatorTaskTag: request.initiatorTaskTag,
      words: { 20: tag },
      data: new TextEncoder().encode(text),
    });
  await answer(FLAG.CONTINUE, 5, "TargetName=iqn.");
  target.expCmdSN += 1;
  const next = await target.take(OPCODE.TEXT);
  assertEquals([next.targetTransferTag, next.data.length], [5, 0]);
  assertEquals(next.initiatorTaskTag, request.initiatorTaskTag);
  await answer(FLAG.FINAL, NO_TAG, "a\0");
  assertEquals((await running).pairs, [["TargetName", "iqn.a"]]);
});

Deno.test("Session fails whoever waits when a rule is broken", async () => {
  const target = new FakeTarget();
  const session = await target.openSession();
  const running = session.command(0, testUnitReady());
  const command = await target.take(OPCODE.SCSI_COMMAND);
  target.statSN += 1;
  await target.respond(command);
  const error = await assertRejects(() => running);
  assertStringIncludes(String(error), "StatSN 102, expected 101");
  session.throwUnseen();
});

Deno.test("Session throws a broken rule that nobody saw", async () => {
  const target = new FakeTarget();
  const session = await target.openSession();
  target.statSN += 1;
  await target.ping(NO_TAG);
  const error = await assertRejects(() => session[Symbol.asyncDispose]());
  assertStringIncludes(String(error), "StatSN 102, expected 101");
});

Deno.test("Session collects broken rules when it is tolerant", async () => {
  const target = new FakeTarget();
  const session = await target.openSession({}, { tolerant: true });
  const running = session.command(0, read10(0, 1), { read: 512 });
  const command = await target.take(OPCODE.SCSI_COMMAND);
  await target.send({
    opcode: OPCODE.DATA_IN,
    flags: FLAG.STATUS,
    initiatorTaskTag: command.initiatorTaskTag,
    words: { 36: 1, 40: 4 },
    data: new Uint8Array(512),
  });
  await running;
  const broken = session.violations.join("\n");
  assertStringIncludes(broken, "number 1 in its row, expected 0");
  assertStringIncludes(broken, "buffer offset 4, expected 0");
  assertStringIncludes(broken, "data up to 516 of 512 bytes");
  assertStringIncludes(broken, "S without F");
});

Deno.test("abort() ends every command in flight", async () => {
  const target = new FakeTarget();
  target.maxCmdSN = 1;
  const session = await target.openSession();
  const all = [1, 2].map(() => session.start(0, testUnitReady()));
  await target.take(OPCODE.SCSI_COMMAND);
  await session.abort();
  all.push(session.start(0, testUnitReady()));
  for (const running of all) await assertRejects(() => running.result());
  assert(session.ended);
  assertEquals((await target.connection.expectClose()).length, 0);
});

Deno.test("result() says what it waited for", async () => {
  const target = new FakeTarget();
  const session = await target.openSession();
  const running = session.start(0, testUnitReady());
  const error = await assertRejects(() => running.result(1));
  assertStringIncludes(
    String(error),
    "Waited 1 ms for the end of command 000000000000",
  );
});
