/**
 * Requests to the control API: the paths that it describes itself by, bodies
 * with its own words, and whatever else may come over a socket.
 *
 * @module
 */

import fc from "fast-check";
import { LUN_OPTIONS } from "../../core/lun_options.ts";

/** A request. */
export interface RequestPlan {
  readonly method: string;
  /** Path, with a query where there is one. */
  readonly path: string;
  /** Content type; null: none. */
  readonly type: string | null;
  /** Body; undefined: none. */
  readonly body: string | undefined;
}

const NUMBER = fc.oneof(
  fc.constantFrom(0, 1, 2, 3, 5, 512, 2048, 4096, 1 << 20, 1 << 26),
  fc.constantFrom(-1, 0.5, 31, 32, 1023, 1024, 2 ** 32, 2 ** 53, 1e300),
);

const TEXT = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom(
      ...["", "0", "1", "on", "off", "512", "4k", "1m", "1g", "9999999999999"],
      ...["18446744073709551616", "-1", "0x10", "soft", "thin", "restricted"],
      ...["ramdisk", "block", "ramdisk", "nothing", "/nonexistent/disk"],
      ...["5000c500155da3b1", "abc", "\u0000", "ä€\u{1f600}", "a b\nc"],
    ),
  },
  { weight: 1, arbitrary: fc.string({ maxLength: 40, unit: "binary" }) },
  { weight: 1, arbitrary: fc.constant("x".repeat(5000)) },
);

const ANY_VALUE: fc.Arbitrary<unknown> = fc.oneof(
  TEXT,
  NUMBER,
  fc.constantFrom(null, true, false, [], {}, [[]], { a: {} }),
);

const OPTION_NAMES = [
  ...Object.keys(LUN_OPTIONS),
  ...["capacity", "file", "num_threads", "capacity", "unknown"],
  ...["__proto__", "constructor", "toString", ""],
];

const OPTIONS: fc.Arbitrary<unknown> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.array(
      fc.tuple(fc.constantFrom(...OPTION_NAMES), TEXT),
      { maxLength: 4 },
    ).map((pairs) => Object.fromEntries([["capacity", "1m"], ...pairs])),
  },
  { weight: 1, arbitrary: ANY_VALUE },
);

/** A LUN that is mostly right. */
const LUN_BODY: fc.Arbitrary<Record<string, unknown>> = fc.record({
  backend: rarely("ramdisk", TEXT),
  number: fc.nat(8),
  deviceType: fc.constantFrom(0, 0, 0, 3, 5, 7, 31),
  sizeBytes: rarely<unknown>(1 << 20, NUMBER),
  blockLength: fc.constantFrom(512, 512, 2048, 4096, 520, 1),
  serial: TEXT,
  deviceId: TEXT,
  options: OPTIONS,
}, { requiredKeys: ["backend", "sizeBytes"] });

const MODIFY_BODY: fc.Arbitrary<Record<string, unknown>> = fc.record({
  backend: rarely("ramdisk", TEXT),
  sizeBytes: rarely<unknown>(1 << 21, NUMBER),
  options: OPTIONS,
}, { requiredKeys: [] });

const CHANGED_BODY: fc.Arbitrary<Record<string, unknown>> = fc.tuple(
  LUN_BODY,
  fc.array(
    fc.tuple(
      fc.constantFrom(
        ...["backend", "number", "sizeBytes", "options", "port", "lunMap"],
        ...["online", "__proto__", "x"],
      ),
      ANY_VALUE,
    ),
    { maxLength: 2 },
  ),
).map(([body, more]) => ({ ...body, ...Object.fromEntries(more) }));

const BODY: fc.Arbitrary<string | undefined> = fc.oneof(
  { weight: 4, arbitrary: LUN_BODY.map((body) => JSON.stringify(body)) },
  { weight: 4, arbitrary: MODIFY_BODY.map((body) => JSON.stringify(body)) },
  { weight: 3, arbitrary: CHANGED_BODY.map((body) => JSON.stringify(body)) },
  { weight: 1, arbitrary: ANY_VALUE.map((value) => JSON.stringify(value)) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      undefined,
      "",
      "{",
      '{"backend":"ramdisk"',
      "[".repeat(20_000),
      '{"backend":"ramdisk","backend":7}',
      "\u0000",
    ),
  },
);

function rarely<T>(
  usual: T,
  unusual: fc.Arbitrary<T>,
): fc.Arbitrary<T> {
  return fc.oneof(
    { weight: 6, arbitrary: fc.constant(usual) },
    { weight: 1, arbitrary: unusual },
  );
}

const METHODS = ["GET", "POST", "PATCH", "DELETE", "PUT", "OPTIONS", "HEAD"];

const WORD = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom("0", "1", "2", "3") },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      ...["7", "1023", "1024", "-1", "1e3", "0x1", "NaN", "", "%00", "%zz"],
      ...["..", "4294967296", "x".repeat(3000)],
    ),
  },
);

const QUERY = fc.constantFrom("", "", "", "?backend=ramdisk", "?backend=%zz&a");

/** A method and a path that an API describes, `{…}` standing for a word. */
export type Operation = readonly [method: string, path: string];

/** Requests: mostly operations that an API has. */
export function requestPlan(
  operations: readonly Operation[],
): fc.Arbitrary<RequestPlan> {
  const changes = operations.filter(([method]) => method !== "GET");
  const operation = fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom(...changes) },
    { weight: 6, arbitrary: fc.constantFrom(...operations) },
    {
      weight: 1,
      arbitrary: fc.tuple(
        fc.constantFrom(...METHODS),
        fc.webPath({ size: "small" }),
      ),
    },
    {
      weight: 1,
      arbitrary: fc.tuple(
        fc.constantFrom(...METHODS),
        fc.constantFrom(...operations.map(([, path]) => path)),
      ),
    },
  );
  return fc.record({
    operation,
    word: WORD,
    query: QUERY,
    type: fc.constantFrom(
      ...Array<string>(12).fill("application/json"),
      ...["text/plain", "application/json; charset=utf-16", null],
    ),
    body: BODY,
  }).map(({ operation: [method, path], word, query, type, body }) => ({
    method,
    path: path.replace(/\{\w+\}/g, word) + query,
    type,
    body,
  }));
}
