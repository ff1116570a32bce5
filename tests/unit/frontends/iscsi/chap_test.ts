import { assert, assertEquals, assertNotEquals } from "@std/assert";
import {
  CHAP_ALGORITHM,
  type ChapAlgorithm,
  ChapExchange,
  type ChapSuccess,
  chooseAlgorithm,
} from "../../../../frontends/iscsi/chap.ts";
import { CHAP_HASHES } from "../../../../frontends/iscsi/hash_adapter.ts";
import { LoginRefusal } from "../../../../frontends/iscsi/login_refusal.ts";
import {
  chapResponse,
  decodeBinary,
  encodeBase64Binary,
  encodeHexBinary,
} from "../../../support/initiator/chap.ts";
import { authGroup, countingEntropy } from "./login_support.ts";

const SECRET = "topsecret123";
const OURS = "bottomsecret";
const GROUP = authGroup("chap-mutual", {
  credentials: [
    { user: "joe", secret: SECRET, mutual: { user: "us", secret: OURS } },
    { user: "one-way", secret: SECRET },
    { user: "same", secret: SECRET, mutual: { user: "us", secret: SECRET } },
  ],
});

const VECTORS: [name: string, algorithm: ChapAlgorithm, digest: string][] = [
  ["MD5", 5, "5c9711006acccbfabce0b4617cd14a45"],
  ["SHA-1", 6, "1b91b742d9c785dae00a8921068b2d7b2a3f46a4"],
  [
    "SHA-256",
    7,
    "8d4da76f83f871125601bff7b3faf63b147c7c518d56ac24d2db3593e4e81e34",
  ],
  [
    "SHA3-256",
    8,
    "1932588026672a15e1a42a5b238b29632af0bfb17c14704ddc4e48f8b95fc79c",
  ],
];

for (const [name, algorithm, digest] of VECTORS) {
  Deno.test(`CHAP_HASHES.digest() knows ${name} (RFC 1994 4.1)`, () => {
    const secret = new TextEncoder().encode(SECRET);
    const challenge = Uint8Array.from({ length: 16 }, (_, index) => index);
    const parts = [Uint8Array.of(0x27), secret, challenge];
    assertEquals(CHAP_HASHES.digest(algorithm, parts).toHex(), digest);
  });
}

Deno.test("CHAP_HASHES.equal() compares bytes and lengths", () => {
  const bytes = Uint8Array.of(1, 2, 3);
  assert(CHAP_HASHES.equal(bytes, bytes.slice()));
  assert(!CHAP_HASHES.equal(bytes, Uint8Array.of(1, 2, 4)));
  assert(!CHAP_HASHES.equal(bytes, Uint8Array.of(1, 2)));
  assert(CHAP_HASHES.equal(new Uint8Array(0), new Uint8Array(0)));
});

const OFFERS: [list: string, algorithm: number | undefined][] = [
  ["5", 5],
  ["5,6,7,8", 5],
  ["8,7,6,5", 8],
  ["4,7", 7],
  ["0x6", 6],
  ["none,6", 6],
  ["", undefined],
  ["9", undefined],
  ["MD5", undefined],
];

for (const [list, algorithm] of OFFERS) {
  Deno.test(`chooseAlgorithm() takes ${algorithm} of "${list}"`, () => {
    assertEquals(chooseAlgorithm(list), algorithm);
  });
}

/** An exchange, and what the initiator sees of it. */
function exchange(algorithm: ChapAlgorithm = CHAP_ALGORITHM.MD5): {
  chap: ChapExchange;
  identifier: number;
  challenge: Uint8Array;
} {
  const entropy = countingEntropy();
  const parts = { group: GROUP, hashes: CHAP_HASHES, entropy };
  const chap = new ChapExchange(parts, algorithm);
  const keys = new Map(chap.challenge);
  return {
    chap,
    identifier: Number(keys.get("CHAP_I")),
    challenge: decodeBinary(keys.get("CHAP_C") ?? ""),
  };
}

type Answer = Readonly<Record<string, string | undefined>>;

function keysOf(answer: Answer): ReadonlyMap<string, string> {
  const keys = new Map<string, string>();
  for (const [key, value] of Object.entries(answer)) {
    if (value !== undefined) keys.set(key, value);
  }
  return keys;
}

function verify(
  chap: ChapExchange,
  answer: Answer,
): ChapSuccess | number {
  const result = chap.verify(keysOf(answer));
  return result instanceof LoginRefusal ? result.status : result;
}

function success(result: ChapSuccess | number): ChapSuccess {
  assert(typeof result !== "number", `refused: ${result}`);
  return result;
}

Deno.test("ChapExchange challenges with 1024 bytes, never the same", () => {
  const entropy = countingEntropy();
  const parts = { group: GROUP, hashes: CHAP_HASHES, entropy };
  const one = new ChapExchange(parts, 5).challenge;
  const two = new ChapExchange(parts, 5).challenge;
  assertEquals(one.map(([key]) => key), ["CHAP_A", "CHAP_I", "CHAP_C"]);
  assertEquals(one[0]?.[1], "5");
  assertEquals(one[2]?.[1].length, 2 + 2 * 1024);
  assertNotEquals(one[1]?.[1], two[1]?.[1]);
  assertNotEquals(one[2]?.[1], two[2]?.[1]);
});

for (const algorithm of Object.values(CHAP_ALGORITHM)) {
  Deno.test(`ChapExchange takes and gives a proof by ${algorithm}`, () => {
    const { chap, identifier, challenge } = exchange(algorithm);
    const proof = chapResponse(algorithm, identifier, SECRET, challenge);
    const theirs = Uint8Array.of(9, 8, 7);
    const { pairs, proof: proved } = success(verify(chap, {
      CHAP_N: "joe",
      CHAP_R: encodeHexBinary(proof),
      CHAP_I: "200",
      CHAP_C: encodeBase64Binary(theirs),
    }));
    const right = chapResponse(algorithm, 200, OURS, theirs);
    assertEquals(pairs, [["CHAP_N", "us"], ["CHAP_R", encodeHexBinary(right)]]);
    assertEquals(proved.user, "joe");
    assert(proved.proves(SECRET));
    assert(!proved.proves(OURS));
    assert(!proved.proves(""));
  });
}

/** What may be wrong with an answer; `right` stands for the right proof. */
const ANSWERS: [why: string, answer: Answer, status: number | "fine"][] = [
  ["a right proof in hex", { CHAP_N: "joe", CHAP_R: "right" }, "fine"],
  ["a right proof in base64", { CHAP_N: "joe", CHAP_R: "base64" }, "fine"],
  ["one user's proof for another's name", {
    CHAP_N: "nobody",
    CHAP_R: "right",
  }, 0x0201],
  ["a wrong proof", { CHAP_N: "joe", CHAP_R: "wrong" }, 0x0201],
  ["a proof with the secret of a user without name", {
    CHAP_N: "nobody",
    CHAP_R: "empty",
  }, 0x0201],
  ["no name", { CHAP_R: "right" }, 0x0207],
  ["an empty name", { CHAP_N: "", CHAP_R: "right" }, 0x0207],
  ["a name of 256 bytes", { CHAP_N: "n".repeat(256), CHAP_R: "right" }, 0x0207],
  ["a name with a line feed", { CHAP_N: "a\nb", CHAP_R: "right" }, 0x0207],
  ["no proof", { CHAP_N: "joe" }, 0x0207],
  ["a short proof", { CHAP_N: "joe", CHAP_R: "0x00" }, 0x0207],
  ["a long proof", { CHAP_N: "joe", CHAP_R: `0x${"0".repeat(34)}` }, 0x0207],
  ["a proof that is no number", { CHAP_N: "joe", CHAP_R: "xyz" }, 0x0207],
  ["an identifier alone", {
    CHAP_N: "joe",
    CHAP_R: "right",
    CHAP_I: "1",
  }, 0x0207],
  ["a challenge alone", {
    CHAP_N: "joe",
    CHAP_R: "right",
    CHAP_C: "0x01",
  }, 0x0207],
  ["an identifier of 256", {
    CHAP_N: "joe",
    CHAP_R: "right",
    CHAP_I: "256",
    CHAP_C: "0x01",
  }, 0x0207],
  ["an empty challenge", {
    CHAP_N: "joe",
    CHAP_R: "right",
    CHAP_I: "1",
    CHAP_C: "0x",
  }, 0x0207],
  ["a challenge of 1024 bytes", {
    CHAP_N: "joe",
    CHAP_R: "right",
    CHAP_I: "1",
    CHAP_C: `0x${"ab".repeat(1024)}`,
  }, "fine"],
  ["a challenge of 1025 bytes", {
    CHAP_N: "joe",
    CHAP_R: "right",
    CHAP_I: "1",
    CHAP_C: `0x${"ab".repeat(1025)}`,
  }, 0x0207],
  ["a challenge for who has no secret of ours", {
    CHAP_N: "one-way",
    CHAP_R: "right",
    CHAP_I: "1",
    CHAP_C: "0x01",
  }, 0x0201],
  ["our own challenge (9.2.1)", {
    CHAP_N: "joe",
    CHAP_R: "right",
    CHAP_I: "1",
    CHAP_C: "reflected",
  }, 0x0201],
  ["a secret that is ours as well (9.2.1)", {
    CHAP_N: "same",
    CHAP_R: "right",
    CHAP_I: "1",
    CHAP_C: "0x01",
  }, 0x0201],
];

for (const [why, answer, status] of ANSWERS) {
  Deno.test(`ChapExchange.verify() judges ${why}`, () => {
    const { chap, identifier, challenge } = exchange();
    const proof = chapResponse(5, identifier, SECRET, challenge);
    const words: Answer = {
      right: encodeHexBinary(proof),
      base64: encodeBase64Binary(proof),
      wrong: encodeHexBinary(proof.with(3, (proof[3] ?? 0) ^ 1)),
      empty: encodeHexBinary(chapResponse(5, identifier, "", challenge)),
      reflected: encodeHexBinary(challenge),
    };
    const spelled = Object.entries(answer).map(([key, value = ""]) => [
      key,
      words[value] ?? value,
    ]);
    const result = verify(chap, Object.fromEntries(spelled));
    assertEquals(typeof result === "number" ? result : "fine", status);
  });
}
