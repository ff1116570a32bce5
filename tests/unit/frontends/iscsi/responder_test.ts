/**
 * StatSN of the responses that are not on the data path (RFC 7143 4.2.2.2).
 */

import { assertEquals } from "@std/assert";
import { Output, SendBuffers } from "../../../../frontends/iscsi/output.ts";
import { INITIAL_PARAMETERS } from "../../../../frontends/iscsi/parameters.ts";
import { Responder } from "../../../../frontends/iscsi/responder.ts";
import { TaskWindow } from "../../../../frontends/iscsi/task_window.ts";

const HEADER_BYTES = 48;
const NOP_IN = { opcode: 0x20, initiatorTaskTag: 1 };

/** StatSNs of the PDUs without data that stand in an output. */
function statSns(output: Output): number[] {
  const buffer = output.take();
  if (buffer === null) return [];
  const numbers: number[] = [];
  for (let at = 0; at < buffer.length; at += HEADER_BYTES) {
    numbers.push(buffer.view.getUint32(at + 24));
  }
  output.sent(buffer);
  return numbers;
}

function makeResponder(statSn: number): [Responder, Output] {
  const output = new Output(new SendBuffers());
  const window = new TaskWindow(1);
  return [new Responder(output, window, INITIAL_PARAMETERS, statSn), output];
}

Deno.test("StatSN wraps around", () => {
  const [responder, output] = makeResponder(0xfffffffe);
  for (let count = 0; count < 4; count += 1) responder.respond(NOP_IN);
  assertEquals(statSns(output), [0xfffffffe, 0xffffffff, 0, 1]);
  assertEquals(responder.statSn, 2);
});

Deno.test("an announcement shows the next StatSN and does not use it", () => {
  const [responder, output] = makeResponder(7);
  responder.respond(NOP_IN);
  responder.announce(NOP_IN);
  responder.announce(NOP_IN);
  responder.respond(NOP_IN);
  assertEquals(statSns(output), [7, 8, 8, 8]);
});

Deno.test("a sealed output takes no further PDU", () => {
  const [responder, output] = makeResponder(7);
  responder.respond(NOP_IN);
  output.seal();
  responder.respond(NOP_IN);
  assertEquals(statSns(output), [7]);
  responder.respond(NOP_IN);
  assertEquals(statSns(output), []);
  assertEquals(output.pendingBytes, 0);
});

Deno.test("a segment is never longer than what we hold at a time", () => {
  const [responder] = makeResponder(7);
  assertEquals(responder.segmentLengthMax, 8192);
  responder.limitSegment(512);
  assertEquals(responder.segmentLengthMax, 512);
  responder.limitSegment(16777215);
  assertEquals(responder.segmentLengthMax, 262144);
});
