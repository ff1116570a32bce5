/**
 * The command table of FreeBSD's CTL as rows of text: operation code (and
 * service action), device types, bytes, CDB usage data, ordering class,
 * direction, flags, pattern. Where a row differs on purpose, the reason stands
 * beside it.
 *
 * @module
 */

import { FOR } from "../../../../core/mod.ts";

const TEXT = `
00    DPC 6  00 00 00 00 07         TUR     –   PR TUR
03    DPC 6  01 00 00 ff 07         RQ_SNS  IN  NL R NS NM SB UN PR RH –
04    D   6  ff 00 00 00 07         FORMAT  OUT – –
08    D   6  1f ff ff ff 07         READ    IN  PW READ+RANGE
0A    D   6  1f ff ff ff 07         WRITE   OUT – WRITE+RANGE
12    DPC 6  e1 ff ff ff 07         INQ     IN  NL R NS NM SB UN PR –
15    DPC 6  13 00 00 ff 07         MD_SEL  OUT NM SB –
16    DPC 6  00 00 00 00 07         RES     OUT R NM SB –
17    DPC 6  00 00 00 00 07         RES     –   R NM SB –
1A    DPC 6  08 ff ff ff 07         MD_SNS  IN  NM SB PW –
1B    DC  6  01 00 0f f7 07         START   –   NM PR –
1E    DC  6  01 00 00 03 07         START   –   NM –
25    DC  10 00*8 07                RD_CAP  IN  PR READCAP
28    DC  10 1a ff*4 00 ff ff 07    READ    IN  PW READ+RANGE
2A    D   10 1a ff*4 00 ff ff 07    WRITE   OUT – WRITE+RANGE
2E    D   10 12 ff*4 00 ff ff 07    WRITE   OUT – WRITE+RANGE
2F    D   10 16 ff*4 00 ff ff 07    READ    OUT PW READ+RANGE
35    D   10 06 ff*4 00 ff ff 07    SYNC    –   – WRITE
37    D   10 00 1f 00 00 00 00 ff ff 07 MD_SNS  IN  PW –
3B/02 DPC 10 02 00 ff*6 07          MD_SEL  OUT NM SB –
3C/02 DPC 10 02 00 ff*6 07          MD_SNS  IN  NM SB PW –
3C/03 DPC 10 03 00 ff*6 07          MD_SNS  IN  NM SB PW –
3C/0B DPC 10 0b 00 ff*6 07          MD_SNS  IN  NM SB PW –
41    D   10 1a ff*4 00 ff ff 07    WRITE   OUT – WRITE+RANGE
42    D   10 01 00*5 ff ff 07       UNMAP   OUT – WRITE
43    C   10 02 01 00 00 00 ff ff ff 07 RD_CAP  IN  PW –
46    C   10 03 ff ff 00 00 00 ff ff 07 INQ     IN  NM PR –
4A    C   10 02 01 00 00 00 ff ff ff 07 RD_CAP  IN  NM PR –
4D    DPC 10 00 ff ff 00 ff ff ff ff 07 LOG_SNS IN  NM SB PR –
55    DPC 10 13 00*5 ff ff 07       MD_SEL  OUT NM SB –
56    DPC 10 00*8 07                RES     OUT R NM SB –
57    DPC 10 00*8 07                RES     OUT R NM SB –
5A    DPC 10 18 ff ff 00 00 00 ff ff 07 MD_SNS  IN  NM SB PW –
5E/00 DPC 10 00 00*5 ff ff 07       RES     IN  R NM SB PR –
5E/01 DPC 10 01 00*5 ff ff 07       RES     IN  R NM SB PR –
5E/02 DPC 10 02 00*5 ff ff 07       INQ     IN  R NM SB PR –
5E/03 DPC 10 03 00*5 ff ff 07       INQ     IN  R NM SB PR –
5F/00 DPC 10 00 ff 00 00 ff*4 07    RES     OUT R NM SB PR –
5F/01 DPC 10 01 ff 00 00 ff*4 07    RES     OUT R NM SB PR –
5F/02 DPC 10 02 ff 00 00 ff*4 07    RES     OUT R NM SB PR –
5F/03 DPC 10 03 ff 00 00 ff*4 07    RES     OUT R NM SB PR –
5F/04 DPC 10 04 ff 00 00 ff*4 07    RES     OUT R NM SB PR –
5F/05 DPC 10 05 ff 00 00 ff*4 07    RES     OUT R NM SB PR –
5F/06 DPC 10 06 ff 00 00 ff*4 07    RES     OUT R NM SB PR –
88    D   16 1a ff*12 00 07         READ    IN  PW READ+RANGE
89    D   16 18 ff*8 00*3 ff 00 07  WRITE   OUT – WRITE+RANGE
8A    D   16 1a ff*12 00 07         WRITE   OUT – WRITE+RANGE
8E    D   16 12 ff*12 00 07         WRITE   OUT – WRITE+RANGE
8F    D   16 16 ff*12 00 07         READ    OUT PW READ+RANGE
91    D   16 06 ff*12 00 07         SYNC    –   – WRITE
93    D   16 1b ff*12 00 07         WRITE   OUT – WRITE+RANGE
9B/02 DPC 16 02 ff*12 00 07         MD_SNS  IN  NM SB –
9B/03 DPC 16 03 ff*12 00 07         MD_SNS  IN  NM SB –
9B/0B DPC 16 0b ff*12 00 07         MD_SNS  IN  NM SB –
9C    D   16 18 ff*8 00 00 ff ff 00 07 WRITE   OUT – WRITE+RANGE
9E/10 D   16 10 00*8 ff*4 00 07     RD_CAP  IN  PR READCAP
9E/12 D   16 12 ff*12 00 07         READ    IN  PW READ+RANGE
A0    DPC 12 00 ff 00 00 00 ff*4 00 07 INQ     IN  NL R NS NM SB UN PR RH –
A3/05 DPC 12 0f 00*4 ff*4 fe 07     INQ     IN  NM SB UN PR –
A3/0A DPC 12 ea 00*4 ff*4 00 07     INQ     IN  NM SB UN PR –
A3/0C DPC 12 0c 87 ff*7 00 07       INQ     IN  NM SB UN PR –
A3/0D DPC 12 0d 80 00*3 ff*4 00 07  INQ     IN  NM SB UN PR –
A3/0F DPC 12 0f 00*4 ff*4 00 07     INQ     IN  NM SB UN PR –
A8    DC  12 1a ff*8 00 07          READ    IN  PW READ+RANGE
AA    D   12 1a ff*8 00 07          WRITE   OUT – WRITE+RANGE
AE    D   12 12 ff*8 00 07          WRITE   OUT – WRITE+RANGE
AF    D   12 16 ff*8 00 07          READ    OUT PW READ+RANGE
B7    D   12 1f ff*8 00 07          MD_SNS  IN  PW –
BD    C   12 00*7 ff ff 00 07       RD_CAP  IN  NM PR –
`;

// Rows that differ on purpose, as they are here.
const DEVIATIONS = `
# They fetch no data.
16    DPC 6  00 00 00 00 07         RES     –   R NM SB –
17    DPC 6  00 00 00 00 07         RES     –   R NM SB –
56    DPC 10 00*8 07                RES     –   R NM SB –
57    DPC 10 00*8 07                RES     –   R NM SB –
# It does not wait for the tasks that it aborts.
5F/05 DPC 10 05 ff 00 00 ff*4 07    RD_CAP  OUT R NM SB PR –
# Polling is what works, and the classes stand in byte 4 (MMC-6 6.6).
4A    C   10 01 00*2 ff 00*2 ff ff 07 RD_CAP  IN  NM PR –
# SP is taken: there are parameters to save.
4D    DPC 10 01 ff ff 00 ff ff ff ff 07 LOG_SNS IN  NM SB PR –
# They have GROUP NUMBER, READ has RARC.
28    DC  10 1e ff*4 3f ff ff 07       READ    IN  PW READ+RANGE
2A    D   10 1a ff*4 3f ff ff 07       WRITE   OUT – WRITE+RANGE
2E    D   10 12 ff*4 3f ff ff 07       WRITE   OUT – WRITE+RANGE
2F    D   10 16 ff*4 3f ff ff 07       READ    OUT PW READ+RANGE
35    D   10 06 ff*4 3f ff ff 07       SYNC    –   – WRITE
41    D   10 1a ff*4 3f ff ff 07       WRITE   OUT – WRITE+RANGE
42    D   10 01 00*4 3f ff ff 07          UNMAP   OUT – WRITE
88    D   16 1e ff*12 3f 07            READ    IN  PW READ+RANGE
89    D   16 18 ff*8 00*3 ff 3f 07     WRITE   OUT – WRITE+RANGE
8A    D   16 1a ff*12 3f 07            WRITE   OUT – WRITE+RANGE
8E    D   16 12 ff*12 3f 07            WRITE   OUT – WRITE+RANGE
8F    D   16 16 ff*12 3f 07            READ    OUT PW READ+RANGE
91    D   16 06 ff*12 3f 07            SYNC    –   – WRITE
93    D   16 1b ff*12 3f 07            WRITE   OUT – WRITE+RANGE
9C    D   16 18 ff*8 00 00 ff ff 3f 07  WRITE   OUT – WRITE+RANGE
A8    DC  12 1e ff*8 3f 07             READ    IN  PW READ+RANGE
AA    D   12 1a ff*8 3f 07             WRITE   OUT – WRITE+RANGE
AE    D   12 12 ff*8 3f 07             WRITE   OUT – WRITE+RANGE
AF    D   12 16 ff*8 3f 07             READ    OUT PW READ+RANGE
# It is refused where writes are.
04    D   6  ff 00 00 00 07            FORMAT  OUT – WRITE
# It may allow the removal whatever is reserved.
1E    DC  6  01 00 00 03 07            START   –   R NM PR –
# The service action has five bits.
A3/05 DPC 12 05 00*4 ff*4 fe 07     INQ     IN  NM SB UN PR –
`;

// Commands that the reference has not.
const ADDITIONS = `
1C    DPC 6  01 ff ff ff 07         LOG_SNS IN  NM SB –
1D    DPC 6  f7 00 ff ff 07         FORMAT  OUT NM SB –
3B/0A DPC 10 0a 00 ff*6 07          MD_SEL  OUT NM SB –
3C/0A DPC 10 0a 00 ff*6 07          MD_SNS  IN  NM SB PW –
4C    DPC 10 03 ff ff 00*3 ff ff 07 MD_SEL  OUT NM SB –
51    C   10 07 00*5 ff ff 07       RD_CAP  IN  PW –
9B/0A DPC 16 0a ff*12 00 07         MD_SNS  IN  NM SB –
A4/06 DPC 12 06 00*4 ff*4 fe 07     MD_SEL  OUT NM SB –
A4/0F DPC 12 0f 00*4 ff*4 00 07     MD_SEL  OUT NM SB –
5F/07 DPC 10 07 ff 00 00 ff*4 07       RES     OUT R NM SB PR –
34    D   10 02 ff*4 3f ff ff 07       READ    –   PW READ+RANGE
48/01 D   10 a1 00*5 ff ff 07          FORMAT  OUT – WRITE
48/02 D   10 a2 00*5 ff ff 07          FORMAT  –   – WRITE
48/03 D   10 a3 00*5 ff ff 07          FORMAT  –   – WRITE
48/1F D   10 bf 00*5 ff ff 07          FORMAT  –   – –
7F/09 D   32 07 00*4 3f ff 00 09 1c 00 ff*20 READ    IN  PW READ+RANGE
7F/0A D   32 07 00*4 3f ff 00 0a 16 00 ff*20 READ    OUT PW READ+RANGE
7F/0B D   32 07 00*4 3f ff 00 0b 18 00 ff*20 WRITE   OUT – WRITE+RANGE
7F/0C D   32 07 00*4 3f ff 00 0c 12 00 ff*20 WRITE   OUT – WRITE+RANGE
7F/0D D   32 07 00*4 3f ff 00 0d 19 00 ff*20 WRITE   OUT – WRITE+RANGE
8B    D   16 1a ff*12 3f 07            WRITE   OUT – WRITE+RANGE
90    D   16 02 ff*12 3f 07            READ    –   PW READ+RANGE
# A data track, sector by sector, and what drives tell of it (MMC-6).
52    C   10 03 ff*4 00 ff ff 07    RD_CAP  IN  PW –
AD    C   12 0f ff*4 ff ff ff ff 00 07 RD_CAP  IN  PW –
B9    C   12 1e 00 ff*6 f8 00 07    READ    IN  PW READ+RANGE
BE    C   12 1e ff*7 f8 00 07       READ    IN  PW READ+RANGE
`;

/** A row of the reference. */
export interface ReferenceRow {
  /** Operation code, and service action where there is one: `5E/00`. */
  readonly code: string;
  /** Device types, as letters. */
  readonly types: string;
  /** Bytes of the CDB. */
  readonly length: number;
  /** CDB usage data from byte 1 on. */
  readonly usage: Uint8Array;
  /** Serialization class. */
  readonly order: string;
  /** `IN`, `OUT` or `–`. */
  readonly direction: string;
  /** Flag letters. */
  readonly flags: readonly string[];
  /** Pattern names. */
  readonly patterns: readonly string[];
}

/** The rows of the reference, deviations in their places, and additions. */
export const REFERENCE_ROWS: readonly ReferenceRow[] = [
  ...new Map(
    [TEXT, DEVIATIONS, ADDITIONS].flatMap(rowsOf).map((row) =>
      [row.code, row] as const
    ),
  ).values(),
];

/** OPERATION CODE and SERVICE ACTION of a row. */
export function codesOf(row: ReferenceRow): [number, number | undefined] {
  const [opcode = "", action] = row.code.split("/");
  return [
    parseInt(opcode, 16),
    action === undefined ? undefined : parseInt(action, 16),
  ];
}

const TYPES: ReadonlyMap<string, number> = new Map([
  ["D", FOR.DISK],
  ["P", FOR.PROCESSOR],
  ["C", FOR.CD],
]);

/** Device types of a row, as bits of `FOR`. */
export function maskOf({ types }: ReferenceRow): number {
  return [...types].reduce((set, type) => set | (TYPES.get(type) ?? 0), 0);
}

function rowsOf(text: string): ReferenceRow[] {
  return text.trim().split("\n")
    .filter((line) => !line.startsWith("#"))
    .map(rowOf);
}

function rowOf(line: string): ReferenceRow {
  const words = line.split(/\s+/);
  const [code = "", types = "", length = ""] = words;
  const last = words.length - 1;
  const order = words
    .findIndex((word, at) => at > 3 && /^[A-Z_]{3,}$/.test(word));
  return {
    code,
    types,
    length: Number(length),
    usage: bytesOf(words.slice(3, order)),
    order: words[order] ?? "",
    direction: words[order + 1] ?? "",
    flags: words.slice(order + 2, last).filter((word) => word !== "–"),
    patterns: (words[last] ?? "").split("+").filter((word) => word !== "–"),
  };
}

function bytesOf(words: readonly string[]): Uint8Array {
  return Uint8Array.from(words.flatMap((word) => {
    const [hex = "", times = "1"] = word.split("*");
    return new Array<number>(Number(times)).fill(parseInt(hex, 16));
  }));
}
