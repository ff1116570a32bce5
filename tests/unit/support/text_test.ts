import { assertEquals, assertThrows } from "@std/assert";
import {
  decodePairs,
  encodePairs,
  encodeText,
} from "../../support/initiator/text.ts";
import { negotiate } from "../../support/initiator/negotiation.ts";
import { parsePortal } from "../../support/initiator/connection.ts";

Deno.test("encodePairs() ends each pair with a zero byte", () => {
  const bytes = encodePairs({ A: "1", B: undefined, C: "" });
  assertEquals(bytes, encodeText("A=1\0C=\0"));
});

Deno.test("decodePairs() keeps the order and a key that comes twice", () => {
  const pairs: [string, string][] = [["A", "1"], ["B", "x=y"], ["A", "2"]];
  assertEquals(decodePairs(encodePairs(pairs)), pairs);
});

Deno.test("decodePairs() refuses text without key, or without end", () => {
  for (const text of ["A=1", "A\0", "=1\0", "A=1\0\0"]) {
    assertThrows(() => decodePairs(encodeText(text)));
  }
});

Deno.test("negotiate() takes the answers, else what follows without", () => {
  const offer = { ImmediateData: "No", MaxRecvDataSegmentLength: "1024" };
  const silent = negotiate(offer, new Map());
  assertEquals(silent.immediateData, false);
  assertEquals(silent.initialR2T, true);
  assertEquals(silent.initiatorSegmentBytesMax, 1024);
  assertEquals(silent.targetSegmentBytesMax, 8192);
  const answered = negotiate(
    offer,
    new Map([
      ["InitialR2T", "No"],
      ["MaxBurstLength", "0x1000"],
      ["FirstBurstLength", "Irrelevant"],
      ["HeaderDigest", "CRC32C"],
    ]),
  );
  assertEquals(answered.initialR2T, false);
  assertEquals(answered.burstBytesMax, 4096);
  assertEquals(answered.firstBurstBytesMax, 65536);
  assertEquals(answered.digests, { header: true, data: false });
});

Deno.test("parsePortal() reads every form of a TargetAddress", () => {
  assertEquals(parsePortal("127.0.0.1:99,1"), {
    hostname: "127.0.0.1",
    port: 99,
  });
  assertEquals(parsePortal("[::1]:99"), { hostname: "::1", port: 99 });
  assertEquals(parsePortal("host"), { hostname: "host", port: 3260 });
});
