import { assertEquals } from "@std/assert";
import {
  decodeToldResult,
  encodeToldResult,
  type ToldResult,
} from "../../../../../frontends/tpc/wire/told_result.ts";
import {
  decodeToldToken,
  encodeToldToken,
  type ToldToken,
} from "../../../../../frontends/tpc/wire/told_token.ts";
import { patternBytes } from "../../../../support/bytes.ts";

const BYTES = patternBytes(512);

const TOKEN: ToldToken = {
  bytes: BYTES,
  owner: "1/a",
  timeoutMs: 60_000,
  unusedMs: 2 ** 33,
  deleted: false,
  whole: true,
  ranges: [{ lba: 2 ** 40, blockCount: 2 ** 31 }, { lba: 1, blockCount: 2 }],
};

const RESULT: ToldResult = {
  ...{ listId: 0xfffffffe, kind: "WRITE USING TOKEN", state: "failed" },
  ...{ background: true, partlyDone: false, status: 2 },
  senseData: Uint8Array.of(0x72, 0x0a, 0x0d, 1),
  ...{ segments: 3, bytes: 2 ** 41, totalBytes: 2 ** 42, blocks: 2 ** 32 },
  ...{ commands: 70_000, runMs: 9, heldMs: 8, nexusId: "513/iqn.a" },
  ...{ initiator: "iqn.a,i,0x1", port: 513, route: "LUN 0 to LUN 1" },
  ...{ how: "copied", token: null },
};

const RESULTS: readonly ToldResult[] = [
  RESULT,
  { ...RESULT, totalBytes: undefined, background: false, partlyDone: true },
  {
    ...{ ...RESULT, kind: "POPULATE TOKEN", state: "completed", status: 0 },
    ...{ senseData: new Uint8Array(0), token: BYTES },
  },
  { ...RESULT, kind: "EXTENDED COPY(LID1)", state: "running" },
  { ...RESULT, kind: "EXTENDED COPY(LID4)", state: "aborted" },
];

function everyCutIsRefused(
  encoded: Uint8Array,
  decode: (bytes: Uint8Array) => unknown,
): void {
  for (let length = 0; length < encoded.length; length += 1) {
    const cut = decode(encoded.subarray(0, length));
    assertEquals(typeof cut, "string", `${length} bytes`);
  }
  const longer = Uint8Array.of(...encoded, 0);
  assertEquals(decode(longer), "end: too long");
}

Deno.test("encodeToldToken puts the fields in their order", () => {
  assertEquals(
    encodeToldToken({ ...TOKEN, ranges: [{ lba: 1, blockCount: 2 }] }).toHex(),
    "0200" + BYTES.toHex() + "0003312f61" + "000000000000ea60" +
      "0000000200000000" + "02" + "01" + "0000000000000001" +
      "0000000000000002",
  );
});

Deno.test("decodeToldToken tells what was encoded, and refuses a part", () => {
  const encoded = encodeToldToken(TOKEN);
  assertEquals(decodeToldToken(encoded), TOKEN);
  everyCutIsRefused(encoded, decodeToldToken);
});

Deno.test("decodeToldToken refuses what no token is", () => {
  const encoded = (more: Partial<ToldToken>) =>
    decodeToldToken(encodeToldToken({ ...TOKEN, ...more }));
  assertEquals(encoded({ bytes: BYTES.subarray(1) }), "token: not 512 bytes");
  assertEquals(encoded({ timeoutMs: 600_001 }), "timeout: too large");
  const ranges = Array.from({ length: 65 }, () => ({ lba: 0, blockCount: 1 }));
  assertEquals(encoded({ ranges }), "ranges: too large");
  const beyond = [{ lba: 2 ** 52 + 1, blockCount: 1 }];
  assertEquals(encoded({ ranges: beyond }), "LBA: too large");
});

Deno.test("decodeToldResult tells what was encoded, and refuses a part", () => {
  for (const result of RESULTS) {
    const encoded = encodeToldResult(result);
    assertEquals(decodeToldResult(encoded), result);
    everyCutIsRefused(encoded, decodeToldResult);
  }
});

Deno.test("decodeToldResult refuses codes that it does not know", () => {
  for (const [at, field] of [[8, "kind"], [9, "state"]] as const) {
    const encoded = encodeToldResult(RESULT);
    encoded[at] = 4;
    assertEquals(decodeToldResult(encoded), `${field}: too large`);
  }
  const token = BYTES.subarray(1);
  assertEquals(
    decodeToldResult(encodeToldResult({ ...RESULT, token })),
    "token: not 512 bytes",
  );
});

Deno.test("decodeToldResult refuses text that is none", () => {
  const encoded = encodeToldResult({ ...RESULT, nexusId: "\u00e9" });
  const at = encoded.toHex().indexOf("0002c3a9") / 2;
  encoded[at + 3] = 0x20;
  assertEquals(decodeToldResult(encoded), "nexus: not UTF-8");
});
