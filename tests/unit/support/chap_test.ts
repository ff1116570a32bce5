import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  answerChallenge,
  CHAP_ALGORITHM,
  chapResponse,
  decodeBinary,
  encodeBase64Binary,
  encodeHexBinary,
  verifyTarget,
} from "../../support/initiator/chap.ts";

const CHALLENGE = Uint8Array.from({ length: 16 }, (_, at) => at);
const SECRET = "a secret of 20 bytes";

const VECTORS: readonly [name: keyof typeof CHAP_ALGORITHM, string][] = [
  ["MD5", "8e58f760c37e1d72e0a3ac308ea28e11"],
  ["SHA1", "6ab9aefa2e5f089164f8df88cb08000fc0cd8970"],
  [
    "SHA256",
    "14e2ab5bec42c915226767baea8c581dc98e3ccaf67df28d3d974d1195288401",
  ],
  [
    "SHA3_256",
    "380226dccdbab834f2ccea64f37540d46094c1311c8bc4b6189e34be84de814f",
  ],
];

for (const [name, response] of VECTORS) {
  Deno.test(`chapResponse() hashes with ${name}`, () => {
    const algorithm = CHAP_ALGORITHM[name];
    const hash = chapResponse(algorithm, 0x42, SECRET, CHALLENGE);
    assertEquals(hash.toHex(), response);
  });
}

Deno.test("chapResponse() refuses an algorithm without a hash", () => {
  assertThrows(() => chapResponse(9, 0, SECRET, CHALLENGE));
});

Deno.test("decodeBinary() reads hex and base64", () => {
  assertEquals(decodeBinary(encodeHexBinary(CHALLENGE)), CHALLENGE);
  assertEquals(decodeBinary(encodeBase64Binary(CHALLENGE)), CHALLENGE);
  assertEquals(decodeBinary("0X1ff"), Uint8Array.of(1, 0xff));
  assertThrows(() => decodeBinary("17"));
});

Deno.test("answerChallenge() and verifyTarget() prove both sides", () => {
  const mutual = { secret: "the other secret", challenge: CHALLENGE };
  const chap = { user: "joe", secret: SECRET, mutual };
  const CHAP_C = encodeHexBinary(CHALLENGE);
  const asked = new Map([["CHAP_A", "5"], ["CHAP_I", "66"], [
    "CHAP_C",
    CHAP_C,
  ]]);
  const answer = answerChallenge(chap, asked);
  assertEquals(answer.pairs["CHAP_N"], "joe");
  assertEquals(answer.pairs["CHAP_R"], `0x${VECTORS[0]?.[1]}`);
  const proof = (secret: string) =>
    new Map([[
      "CHAP_R",
      encodeHexBinary(chapResponse(5, answer.identifier, secret, CHALLENGE)),
    ]]);
  assert(verifyTarget(chap, answer, proof("the other secret")));
  assert(!verifyTarget(chap, answer, proof(SECRET)));
  assert(!verifyTarget(chap, answer, new Map()));
});
