import { assert, assertEquals } from "@std/assert";
import type { AuthType } from "../../../../frontends/iscsi/access.ts";
import {
  chapResponse,
  decodeBinary,
  encodeHexBinary,
} from "../../../support/initiator/chap.ts";
import { decodePairs } from "../../../support/initiator/text.ts";
import {
  assertStory,
  authGroup,
  directoryOf,
  INITIATOR_NAME,
  LoginDriver,
  portalGroup,
  targetEntry,
} from "./login_support.ts";
import type {
  AuthGroup,
  Directory,
} from "../../../../frontends/iscsi/access.ts";

const SECRET = "topsecret123";
const OURS = "bottomsecret";
const CREDENTIALS = [
  { user: "joe", secret: SECRET, mutual: { user: "us", secret: OURS } },
];

function directoryWith(authGroup: AuthGroup): Directory {
  return directoryOf(portalGroup({ discoveryAuthGroup: authGroup }), [
    targetEntry({ authGroup }),
  ]);
}

function directoryFor(type: AuthType): Directory {
  return directoryWith(authGroup(type, { credentials: CREDENTIALS }));
}

/** The first request and its answer, by the type of the auth-group. */
const METHODS: [type: AuthType, request: string, answer: string][] = [
  ["none", "0>1 $T AuthMethod=None", "0>1 $P AuthMethod=None"],
  ["none", "0>1 $T AuthMethod=CHAP,None", "0>1 $P AuthMethod=None"],
  ["none", "0>1 $T AuthMethod=KRB5,None,CHAP", "0>1 $P AuthMethod=None"],
  ["none", "0>1 $T AuthMethod=CHAP", "refuse 0201"],
  ["none", "0>1 $T", "0>1 $P"],
  ["none", "1 $T", "1 $P $M"],
  ["chap", "0>1 $T AuthMethod=CHAP", "0 $P AuthMethod=CHAP"],
  ["chap", "0 $T AuthMethod=CHAP", "0 $P AuthMethod=CHAP"],
  ["chap", "0>3 $T AuthMethod=CHAP", "0 $P AuthMethod=CHAP"],
  ["chap", "0 $T AuthMethod=None,CHAP", "0 $P AuthMethod=CHAP"],
  ["chap", "0 $T AuthMethod=SRP,CHAP,None", "0 $P AuthMethod=CHAP"],
  ["chap", "0 $T AuthMethod=None", "refuse 0201"],
  ["chap", "0 $T AuthMethod=chap", "refuse 0201"],
  ["chap", "0 $T AuthMethod=", "refuse 0201"],
  ["chap", "0 $T", "refuse 0201"],
  ["chap", "1 $T", "refuse 0201"],
  ["chap", "1>3 $D", "refuse 0201"],
  ["chap", "0 $D AuthMethod=CHAP", "0 AuthMethod=CHAP"],
  ["chap", "0 $T AuthMethod=CHAP CHAP_A=5", "refuse 0200"],
  ["chap", "0 $T CHAP_A=5", "refuse 0200"],
  ["chap-mutual", "0 $T AuthMethod=CHAP", "0 $P AuthMethod=CHAP"],
  ["chap-mutual", "1>3 $T", "refuse 0201"],
  ["deny", "0 $T AuthMethod=CHAP,None", "refuse 0201"],
  ["deny", "1>3 $T", "refuse 0201"],
  ["deny", "0 $D AuthMethod=None", "refuse 0201"],
  ["unknown", "0 $T AuthMethod=None", "refuse 0201"],
];

for (const [type, request, answer] of METHODS) {
  Deno.test(`LoginEngine with ${type} answers ${request} (12)`, () => {
    assertStory([[request, answer]], { directory: directoryFor(type) });
  });
}

/** Names and addresses that a group lists (RFC 7143 11.13.5). */
const ACCESS: [
  why: string,
  group: Parameters<typeof authGroup>[1],
  answer: string,
][] = [
  ["lists nothing", {}, "1 $P $M"],
  ["lists the name", { initiatorNames: new Set([INITIATOR_NAME]) }, "1 $P $M"],
  ["lists another name", {
    initiatorNames: new Set([INITIATOR_NAME.toUpperCase()]),
  }, "refuse 0202"],
  ["lists the address", {
    admitsAddress: (address) => address === "192.0.2.7",
  }, "1 $P $M"],
  ["lists another address", { admitsAddress: () => false }, "refuse 0202"],
  ["lists the name and another address", {
    initiatorNames: new Set([INITIATOR_NAME]),
    admitsAddress: () => false,
  }, "refuse 0202"],
];

for (const [why, fields, answer] of ACCESS) {
  Deno.test(`LoginEngine asks an auth-group that ${why}`, () => {
    const directory = directoryWith(authGroup("none", fields));
    assertStory([["1 $T", answer]], { directory });
    const discovered = answer.replace("$P ", "");
    assertStory([["1 $D", discovered]], { directory });
  });
}

Deno.test("LoginEngine asks for a proof after names and addresses", () => {
  const group = authGroup("chap", { initiatorNames: new Set(["iqn.x"]) });
  assertStory([["1>3 $T", "refuse 0202"]], {
    directory: directoryWith(group),
  });
});

/** A login up to the challenge. */
function challenged(
  type: AuthType,
  algorithms = "5",
  first = "0 $T AuthMethod=CHAP",
): { driver: LoginDriver; proof: string; challenge: string } {
  const driver = new LoginDriver({ directory: directoryFor(type) });
  driver.ask(first);
  assertEquals(driver.ask(`0 CHAP_A=${algorithms}`).slice(0, 9), "0 CHAP_A=");
  const data = driver.lastResponse?.data ?? new Uint8Array(0);
  const keys = new Map(decodePairs(data));
  const challenge = keys.get("CHAP_C") ?? "";
  const digest = chapResponse(
    Number(keys.get("CHAP_A")),
    Number(keys.get("CHAP_I")),
    SECRET,
    decodeBinary(challenge),
  );
  return { driver, proof: encodeHexBinary(digest), challenge };
}

Deno.test("LoginEngine lets in who proves it by CHAP (12.1.3)", () => {
  for (const algorithms of ["5", "7,5", "8", "6,7"]) {
    const { driver, proof } = challenged("chap", algorithms);
    assertEquals(driver.ask(`0>1 CHAP_N=joe CHAP_R=${proof}`), "0>1");
    assertEquals(driver.ask("1>3").slice(0, 8), "complete");
    assertEquals(driver.outcome?.proof?.user, "joe");
    assert(driver.outcome?.proof?.proves(SECRET));
  }
});

Deno.test("LoginEngine proves itself when it is asked to (12.1.3)", () => {
  for (const type of ["chap", "chap-mutual"] as const) {
    const { driver, proof } = challenged(type);
    const right = chapResponse(5, 9, OURS, Uint8Array.of(1, 2, 3));
    assertEquals(
      driver.ask(
        `0>1 CHAP_N=joe CHAP_R=${proof} CHAP_I=9 CHAP_C=0x010203`,
      ),
      `0>1 CHAP_N=us CHAP_R=${encodeHexBinary(right)}`,
    );
  }
});

Deno.test("LoginEngine does not insist on mutual CHAP", () => {
  const { driver, proof } = challenged("chap-mutual");
  assertEquals(driver.ask(`0>1 CHAP_N=joe CHAP_R=${proof}`), "0>1");
});

Deno.test("LoginEngine waits in the security stage until T comes", () => {
  const { driver, proof } = challenged("chap");
  assertEquals(driver.ask(`0 CHAP_N=joe CHAP_R=${proof}`), "0");
  assertEquals(driver.ask("0>1"), "0>1");
});

Deno.test("LoginEngine goes from CHAP to the end, 0 to 3", () => {
  const { driver, proof } = challenged("chap");
  assertEquals(
    driver.ask(`0>3 CHAP_N=joe CHAP_R=${proof}`),
    "complete MaxRecvDataSegmentLength=262144",
  );
});

Deno.test("LoginEngine proves discovery sessions as well", () => {
  const { driver, proof } = challenged("chap", "5", "0 $D AuthMethod=CHAP");
  assertEquals(driver.ask(`0>1 CHAP_N=joe CHAP_R=${proof}`), "0>1");
  driver.ask("1>3");
  assertEquals(driver.outcome?.sessionType, "Discovery");
  assertEquals(driver.outcome?.proof?.user, "joe");
});

/** Requests that break the order after AuthMethod=CHAP. */
const AFTER_METHOD: [request: string, answer: string][] = [
  ["0", "refuse 0207"],
  ["0>1", "refuse 0207"],
  ["0 CHAP_A=", "refuse 0201"],
  ["0 CHAP_A=1,9", "refuse 0201"],
  ["0 CHAP_N=joe CHAP_R=0x00", "refuse 0200"],
  ["0 AuthMethod=CHAP", "refuse 0200"],
  ["1>3", "refuse 0200"],
];

for (const [request, answer] of AFTER_METHOD) {
  Deno.test(`LoginEngine answers ${request} after AuthMethod=CHAP`, () => {
    assertStory(
      [["0 $T AuthMethod=CHAP", "0 $P AuthMethod=CHAP"], [request, answer]],
      { directory: directoryFor("chap") },
    );
  });
}

/** Requests that are no right answer to the challenge. */
const AFTER_CHALLENGE: [request: string, answer: string][] = [
  ["0>1", "refuse 0207"],
  ["0>1 CHAP_N=joe", "refuse 0207"],
  ["0>1 CHAP_R=$R", "refuse 0207"],
  ["0>1 CHAP_N=jim CHAP_R=$R", "refuse 0201"],
  ["0>1 CHAP_N=joe CHAP_R=0x00", "refuse 0207"],
  [`0>1 CHAP_N=joe CHAP_R=0x${"00".repeat(16)}`, "refuse 0201"],
  ["0>1 CHAP_N=joe CHAP_R=$R CHAP_I=1", "refuse 0207"],
  ["0>1 CHAP_N=joe CHAP_R=$R CHAP_I=1 CHAP_C=$C", "refuse 0201"],
  ["0>1 CHAP_A=5", "refuse 0200"],
];

for (const [request, answer] of AFTER_CHALLENGE) {
  Deno.test(`LoginEngine answers ${request} to its challenge`, () => {
    const { driver, proof, challenge } = challenged("chap");
    const row = request.replace("$R", proof).replace("$C", challenge);
    assertEquals(driver.ask(row), answer);
    assertEquals(driver.ask("0>1"), "close");
  });
}

Deno.test("LoginEngine takes no second CHAP exchange", () => {
  const { driver, proof } = challenged("chap");
  assertEquals(driver.ask(`0 CHAP_N=joe CHAP_R=${proof}`), "0");
  assertEquals(driver.ask("0 CHAP_A=5"), "refuse 0200");
});

Deno.test("LoginEngine is redirected by a target after authentication", () => {
  const group = authGroup("chap", { credentials: CREDENTIALS });
  const target = targetEntry({ authGroup: group, redirect: "192.0.2.8" });
  const directory = directoryOf(undefined, [target]);
  assertStory([["1>3 $T", "refuse 0201"]], { directory });
  assertStory([
    ["0 $T AuthMethod=CHAP", "0 $P AuthMethod=CHAP"],
    [`0>1 CHAP_A=9`, "refuse 0201"],
  ], { directory });
});
