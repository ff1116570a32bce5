/**
 * The rows of the command table in scsi-commands.md, 3, of the commands that
 * the core has; columns as there. Where a row differs on purpose, the reason
 * stands beside it.
 *
 * @module
 */

const TEXT = `
00    DPC 6  00 00 00 00 07            TUR     –   PR TUR
03    DPC 6  01 00 00 ff 07            RQ_SNS  IN  NL R NS NM SB UN PR RH –
04    D   6  ff 00 00 00 07            FORMAT  OUT – WRITE
08    D   6  1f ff ff ff 07            READ    IN  PW READ+RANGE
0A    D   6  1f ff ff ff 07            WRITE   OUT – WRITE+RANGE
12    DPC 6  e1 ff ff ff 07            INQ     IN  NL R NS NM SB UN PR –
15    DPC 6  13 00 00 ff 07            MD_SEL  OUT NM SB –
16    DPC 6  00 00 00 00 07            RES     –   R NM SB –
17    DPC 6  00 00 00 00 07            RES     –   R NM SB –
1A    DPC 6  08 ff ff ff 07            MD_SNS  IN  NM SB PW –
1B    DC  6  01 00 0f f7 07            START   –   NM PR –
1E    DC  6  01 00 00 03 07            START   –   R NM PR –
25    DC  10 00*8 07                   RD_CAP  IN  PR READCAP
28    DC  10 1e ff*4 3f ff ff 07       READ    IN  PW READ+RANGE
2A    D   10 1a ff*4 3f ff ff 07       WRITE   OUT – WRITE+RANGE
2E    D   10 12 ff*4 3f ff ff 07       WRITE   OUT – WRITE+RANGE
2F    D   10 16 ff*4 3f ff ff 07       READ    OUT PW READ+RANGE
35    D   10 06 ff*4 3f ff ff 07       SYNC    –   – WRITE
37    D   10 00 1f 00 00 00 00 ff ff 07 MD_SNS  IN  PW –
41    D   10 1a ff*4 3f ff ff 07       WRITE   OUT – WRITE+RANGE
42    D   10 01 00*4 3f ff ff 07          UNMAP   OUT – WRITE
4D    DPC 10 00 ff ff 00 ff ff ff ff 07 LOG_SNS IN  NM SB PR –
55    DPC 10 13 00*5 ff ff 07          MD_SEL  OUT NM SB –
56    DPC 10 00*8 07                   RES     –   R NM SB –
57    DPC 10 00*8 07                   RES     –   R NM SB –
5A    DPC 10 18 ff ff 00 00 00 ff ff 07 MD_SNS  IN  NM SB PW –
5E/00 DPC 10 00 00*5 ff ff 07          RES     IN  R NM SB PR –
5E/01 DPC 10 01 00*5 ff ff 07          RES     IN  R NM SB PR –
5E/02 DPC 10 02 00*5 ff ff 07          INQ     IN  R NM SB PR –
5E/03 DPC 10 03 00*5 ff ff 07          INQ     IN  R NM SB PR –
5F/00 DPC 10 00 ff 00 00 ff*4 07       RES     OUT R NM SB PR –
5F/01 DPC 10 01 ff 00 00 ff*4 07       RES     OUT R NM SB PR –
5F/02 DPC 10 02 ff 00 00 ff*4 07       RES     OUT R NM SB PR –
5F/03 DPC 10 03 ff 00 00 ff*4 07       RES     OUT R NM SB PR –
5F/04 DPC 10 04 ff 00 00 ff*4 07       RES     OUT R NM SB PR –
5F/05 DPC 10 05 ff 00 00 ff*4 07       RD_CAP  OUT R NM SB PR –
5F/06 DPC 10 06 ff 00 00 ff*4 07       RES     OUT R NM SB PR –
5F/07 DPC 10 07 ff 00 00 ff*4 07       RES     OUT R NM SB PR –
88    D   16 1e ff*12 3f 07            READ    IN  PW READ+RANGE
89    D   16 18 ff*8 00*3 ff 3f 07     WRITE   OUT – WRITE+RANGE
8A    D   16 1a ff*12 3f 07            WRITE   OUT – WRITE+RANGE
8E    D   16 12 ff*12 3f 07            WRITE   OUT – WRITE+RANGE
8F    D   16 16 ff*12 3f 07            READ    OUT PW READ+RANGE
91    D   16 06 ff*12 3f 07            SYNC    –   – WRITE
93    D   16 1b ff*12 3f 07            WRITE   OUT – WRITE+RANGE
9E/10 D   16 10 00*8 ff*4 00 07        RD_CAP  IN  PR READCAP
9E/12 D   16 12 ff*12 00 07            READ    IN  PW READ+RANGE
9C    D   16 18 ff*8 00 00 ff ff 3f 07  WRITE   OUT – WRITE+RANGE
A0    DPC 12 00 ff 00 00 00 ff*4 00 07 INQ     IN  NL R NS NM SB UN PR RH –
A3/0A DPC 12 ea 00*4 ff*4 00 07        INQ     IN  NM SB UN PR –
A3/0C DPC 12 0c 87 ff*7 00 07          INQ     IN  NM SB UN PR –
A3/0D DPC 12 0d 80 00*3 ff*4 00 07     INQ     IN  NM SB UN PR –
A8    DC  12 1e ff*8 3f 07             READ    IN  PW READ+RANGE
AA    D   12 1a ff*8 3f 07             WRITE   OUT – WRITE+RANGE
AE    D   12 12 ff*8 3f 07             WRITE   OUT – WRITE+RANGE
AF    D   12 16 ff*8 3f 07             READ    OUT PW READ+RANGE
B7    D   12 1f ff*8 00 07             MD_SNS  IN  PW –
34    D   10 02 ff*4 3f ff ff 07       READ    –   PW READ+RANGE
48/01 D   10 a1 00*5 ff ff 07          FORMAT  OUT – WRITE
48/02 D   10 a2 00*5 ff ff 07          FORMAT  –   – WRITE
48/1F D   10 bf 00*5 ff ff 07          FORMAT  –   – –
7F/09 D   32 07 00*4 3f ff 00 09 1c 00 ff*20 READ    IN  PW READ+RANGE
7F/0A D   32 07 00*4 3f ff 00 0a 16 00 ff*20 READ    OUT PW READ+RANGE
7F/0B D   32 07 00*4 3f ff 00 0b 18 00 ff*20 WRITE   OUT – WRITE+RANGE
7F/0C D   32 07 00*4 3f ff 00 0c 12 00 ff*20 WRITE   OUT – WRITE+RANGE
7F/0D D   32 07 00*4 3f ff 00 0d 19 00 ff*20 WRITE   OUT – WRITE+RANGE
8B    D   16 1a ff*12 3f 07            WRITE   OUT – WRITE+RANGE
90    D   16 02 ff*12 3f 07            READ    –   PW READ+RANGE
`;
// On purpose: 16, 17, 56, 57 fetch no data, so their direction is none;
// 5F/05 does not wait for the tasks that it aborts; 1E may allow the removal
// whatever is reserved; media commands have GROUP NUMBER, and READ has RARC; 04
// is refused where writes are. 5F/07 and the rows from 34 on are of commands
// that the reference has not.

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

/** The rows. */
export const REFERENCE_ROWS: readonly ReferenceRow[] = TEXT.trim().split("\n")
  .map(rowOf);

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
