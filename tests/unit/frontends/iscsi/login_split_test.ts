import { assert, assertEquals } from "@std/assert";
import { LIMITS } from "../../../../frontends/iscsi/parameters.ts";
import {
  assertStory,
  authGroup,
  directoryOf,
  expand,
  LoginDriver,
  parseRow,
  targetEntry,
  text,
} from "./login_support.ts";

const CHAP = authGroup("chap", {
  credentials: [{ user: "joe", secret: "topsecret123" }],
});

Deno.test("LoginEngine answers each part of a text with nothing (6.2)", () => {
  assertStory([
    ["1+C $T", "1"],
    ["1+C InitialR2T=No", "1"],
    ["1>3 ImmediateData=No", "complete $P InitialR2T=No ImmediateData=No $M"],
  ]);
});

Deno.test("LoginEngine takes a text that was cut anywhere (6.1)", () => {
  const { data } = parseRow("1>3 $T InitialR2T=No");
  const whole = expand("complete $P InitialR2T=No $M");
  for (let cut = 0; cut <= data.length; cut++) {
    const driver = new LoginDriver();
    assertEquals(driver.send(0x44, data.subarray(0, cut)), "1");
    assertEquals(driver.send(0x87, data.subarray(cut)), whole);
  }
});

Deno.test("LoginEngine takes a text byte by byte", () => {
  const { data } = parseRow("1>3 $T InitialR2T=No");
  const driver = new LoginDriver();
  for (let at = 0; at < data.length; at++) {
    assertEquals(driver.send(0x44, data.subarray(at, at + 1)), "1");
  }
  const answer = driver.send(0x87, new Uint8Array(0));
  assertEquals(answer, expand("complete $P InitialR2T=No $M"));
});

Deno.test("LoginEngine introduces itself after the text (13.9)", () => {
  assertStory([
    ["0+C $T", "0"],
    ["0>1 AuthMethod=None", "0>1 $P AuthMethod=None"],
  ]);
});

Deno.test("LoginEngine wants all parts in one stage", () => {
  assertStory([["0+C $T", "0"], ["1>3 InitialR2T=No", "refuse 0200"]]);
});

Deno.test("LoginEngine takes 64 KiB of text and no more (6.1)", () => {
  const parts = LIMITS.textBytes / LIMITS.loginSegmentBytes;
  const driver = new LoginDriver();
  const part = new Uint8Array(LIMITS.loginSegmentBytes).fill(0x41);
  for (let count = 0; count < parts; count++) {
    assertEquals(driver.send(0x44, part), "1");
  }
  assertEquals(driver.send(0x44, Uint8Array.of(0)), "refuse 0200");
});

Deno.test("LoginEngine.segmentBytesMax grows with what was declared", () => {
  const driver = new LoginDriver();
  assertEquals(driver.engine.segmentBytesMax, 8192);
  driver.ask("1 $T");
  assertEquals(driver.engine.segmentBytesMax, 262144);
  const long = text(`Unknown=${"x,".repeat(5000)}x\0`);
  assertEquals(driver.send(0x87, long), "complete Unknown=NotUnderstood");
});

/** A login whose answer to CHAP_A, 2 KiB, has to be cut (11.13.7). */
function cutChallenge(last = "0"): LoginDriver {
  const directory = directoryOf(undefined, [targetEntry({ authGroup: CHAP })]);
  const driver = new LoginDriver({ directory });
  driver.ask("0 $T AuthMethod=CHAP MaxRecvDataSegmentLength=1000");
  assertEquals(driver.ask(`${last} CHAP_A=5`), "0+C 1000 bytes");
  return driver;
}

Deno.test("LoginEngine cuts a long answer to what the initiator takes", () => {
  const driver = cutChallenge();
  assertEquals(driver.lastResponse?.flags, 0x40);
  const parts = [driver.lastResponse?.data ?? new Uint8Array(0)];
  for (const head of ["0+C 1000 bytes", "0 "]) {
    const answer = driver.ask("0");
    assert(answer.startsWith(head), answer);
    parts.push(driver.lastResponse?.data ?? new Uint8Array(0));
  }
  const whole = new TextDecoder().decode(
    Uint8Array.from(parts.flatMap((part) => [...part])),
  );
  assert(/^CHAP_A=5\0CHAP_I=\d+\0CHAP_C=0x[0-9a-f]{2048}\0$/.test(whole));
});

Deno.test("LoginEngine takes no text while its answer is under way", () => {
  assertEquals(cutChallenge().ask("0 CHAP_N=joe"), "refuse 0200");
  assertEquals(cutChallenge().ask("0+C"), "refuse 0200");
  assertEquals(cutChallenge().ask("1>3"), "refuse 0200");
});

Deno.test("LoginEngine sets T with the last part only (11.13.6)", () => {
  const unknown = Array.from({ length: 70 }, (_, key) => `Key${key}=1`);
  const row = `1>3 $T MaxRecvDataSegmentLength=512 ${unknown.join(" ")}`;
  const driver = new LoginDriver();
  assertEquals(driver.ask(row), "1+C 512 bytes");
  assertEquals(driver.ask("1>3"), "1+C 512 bytes");
  const last = driver.ask("1>3");
  assert(last.startsWith("complete "), last);
  assertEquals(driver.lastResponse?.flags, 0x87);
  assertEquals(driver.outcome?.statSn, 3);
});

Deno.test("LoginEngine stays when the last part is asked without T", () => {
  const unknown = Array.from({ length: 70 }, (_, key) => `Key${key}=1`);
  const row = `1>3 $T MaxRecvDataSegmentLength=512 ${unknown.join(" ")}`;
  const driver = new LoginDriver();
  driver.ask(row);
  driver.ask("1");
  assertEquals(driver.ask("1").slice(0, 2), "1 ");
  assertEquals(driver.ask("1>3"), "complete");
});

Deno.test("LoginEngine sends no more than 8192 bytes at once (13.12)", () => {
  const unknown = Array.from({ length: 500 }, (_, key) => `Key${key}=1`);
  const row = `1>3 $T MaxRecvDataSegmentLength=65536 ${unknown.join(" ")}`;
  assertEquals(new LoginDriver().ask(row), "1+C 8192 bytes");
});
