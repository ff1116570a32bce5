/**
 * Who guesses secrets has to wait.
 */

import { assert, assertEquals } from "@std/assert";
import {
  FORGET_SECONDS,
  FREE_FAILURES,
  GUARDED_ADDRESSES_MAX,
  LOCK_SECONDS_MAX,
  LOCK_SECONDS_MIN,
  LoginGuard,
} from "../../../../frontends/iscsi/login_guard.ts";
import { ManualClock } from "../../../support/memory_host.ts";
import {
  chapResponse,
  encodeHexBinary,
} from "../../../support/initiator/chap.ts";
import { decodeBinary } from "../../../support/initiator/chap.ts";
import { decodePairs } from "../../../support/initiator/text.ts";
import {
  authGroup,
  directoryOf,
  LoginDriver,
  targetEntry,
} from "./login_support.ts";

const HERE = "192.0.2.7";

function guarded(failures = 0): { guard: LoginGuard; clock: ManualClock } {
  const clock = new ManualClock();
  const guard = new LoginGuard(clock);
  for (let count = 0; count < failures; count += 1) guard.failed(HERE);
  return { guard, clock };
}

/** Seconds until an address is not locked any more. */
function waitOf(guard: LoginGuard, clock: ManualClock): number {
  let seconds = 0;
  for (; guard.isLocked(HERE); seconds += 1) clock.advance(1000);
  return seconds;
}

Deno.test("LoginGuard lets some failures pass", () => {
  const { guard } = guarded(FREE_FAILURES - 1);
  assert(!guard.isLocked(HERE));
  guard.failed(HERE);
  assert(guard.isLocked(HERE));
  assert(!guard.isLocked("192.0.2.8"));
});

Deno.test("LoginGuard lets wait longer after each failure", () => {
  const { guard, clock } = guarded(FREE_FAILURES);
  const waits: number[] = [];
  for (let count = 0; count < 8; count += 1) {
    waits.push(waitOf(guard, clock));
    guard.failed(HERE);
  }
  assertEquals(waits[0], LOCK_SECONDS_MIN);
  assertEquals(waits.slice(0, 5), [1, 2, 4, 8, 16]);
  assertEquals(waits.slice(5), Array(3).fill(LOCK_SECONDS_MAX));
});

Deno.test("LoginGuard forgets", () => {
  const { guard, clock } = guarded(FREE_FAILURES + 20);
  clock.advance(FORGET_SECONDS * 1000);
  guard.failed(HERE);
  assert(!guard.isLocked(HERE));
});

Deno.test("LoginGuard remembers a limited number of addresses", () => {
  const { guard } = guarded(FREE_FAILURES);
  for (let count = 0; count < GUARDED_ADDRESSES_MAX - 1; count += 1) {
    guard.failed(`2001:db8::${count.toString(16)}`);
  }
  assert(guard.isLocked(HERE));
  guard.failed("2001:db8:1::");
  assert(!guard.isLocked(HERE));
});

const SECRET = "topsecret123";
const DIRECTORY = directoryOf(undefined, [
  targetEntry({
    authGroup: authGroup("chap", {
      credentials: [{ user: "joe", secret: SECRET }],
    }),
  }),
]);

/** Logs in with a secret; gives the last answer. */
function logIn(guard: LoginGuard, secret: string, peerAddress = HERE): string {
  const directory = DIRECTORY;
  const driver = new LoginDriver({ guard, peerAddress, directory });
  driver.ask("0 $T AuthMethod=CHAP");
  const asked = driver.ask("0 CHAP_A=7");
  if (asked.startsWith("refuse")) return asked;
  return answer(driver, secret);
}

function answer(driver: LoginDriver, secret: string): string {
  const keys = new Map(
    decodePairs(driver.lastResponse?.data ?? new Uint8Array(0)),
  );
  const challenge = decodeBinary(keys.get("CHAP_C") ?? "");
  const id = Number(keys.get("CHAP_I"));
  const proof = encodeHexBinary(chapResponse(7, id, secret, challenge));
  return driver.ask(`0>1 CHAP_N=joe CHAP_R=${proof}`);
}

Deno.test("LoginEngine slows down who guesses secrets", () => {
  const { guard, clock } = guarded();
  for (let count = 0; count < FREE_FAILURES; count += 1) {
    assertEquals(logIn(guard, `guess number ${count}`), "refuse 0201");
  }
  assertEquals(logIn(guard, SECRET), "refuse 0301");
  assertEquals(logIn(guard, SECRET, "192.0.2.8"), "0>1");
  clock.advance(LOCK_SECONDS_MIN * 1000);
  assertEquals(logIn(guard, SECRET), "0>1");
  // A success is no licence to guess on.
  assertEquals(logIn(guard, "another guess"), "refuse 0201");
  assertEquals(logIn(guard, SECRET), "refuse 0301");
});

Deno.test("LoginEngine does not look at proofs of who has to wait", () => {
  const { guard } = guarded();
  const drivers = Array.from({ length: FREE_FAILURES + 2 }, () => {
    const driver = new LoginDriver({
      guard,
      peerAddress: HERE,
      directory: DIRECTORY,
    });
    driver.ask("0 $T AuthMethod=CHAP");
    driver.ask("0 CHAP_A=7");
    return driver;
  });
  const answers = drivers.map((driver, index) =>
    answer(driver, index < FREE_FAILURES ? `guess ${index}` : SECRET)
  );
  assertEquals(new Set(answers.slice(0, FREE_FAILURES)).size, 1);
  assertEquals(answers.slice(FREE_FAILURES), ["refuse 0301", "refuse 0301"]);
});

Deno.test("LoginEngine lets in without CHAP who has to wait for CHAP", () => {
  const { guard } = guarded(FREE_FAILURES);
  const driver = new LoginDriver({ guard, peerAddress: HERE });
  assertEquals(
    driver.ask("0>1 $T AuthMethod=None").split(" ")[0],
    "0>1",
  );
});
