/**
 * `ctladm modesense`, `prin`, `prout`, `rtpg`: pages and reservations as bytes.
 *
 * @module
 */

import { has, type Options, valueOf } from "../getopt.ts";
import { type Answer, hexDump } from "../scsi/device.ts";
import {
  type Command,
  type CommandContext,
  numberOption,
  scsiCommand,
  tellFailure,
  UsageError,
} from "./command.ts";

/** `ctladm modesense`. */
export const modesense: Command = scsiCommand({
  name: "modesense",
  letters: "m:lP:S:dc:",
  summary: "show a mode page of a LUN, or which it has",
  synopsis: "modesense lun <-m page | -l> [-P pc] [-S subpage] [-d] [-c 6|10]",
  example: "ctladm modesense 0 -m 8",
  run: modeSense,
});

const ALL_PAGES = 0x3f;

interface ModeRequest {
  readonly page: number;
  readonly control: number;
  readonly subpage: number;
  readonly list: boolean;
  readonly long: boolean;
  readonly dbd: boolean;
}

async function modeSense(context: CommandContext): Promise<void> {
  const request = modeRequest(context.options);
  const answer = await context.device
    .send(modeCdb(request), { in: request.long ? 65535 : 255 });
  if (!answer.good) return tellFailure(context, answer);
  const pages = pagesOf(answer, request.long);
  if (!request.list) return context.print(dump(pages));
  context.print("Supported mode pages:");
  for (const code of pageCodes(pages)) context.print(String(code));
}

function modeRequest(options: Options): ModeRequest {
  const list = has(options, "l");
  const page = bounded(options, "m", "page code", 63);
  if (list === (page !== undefined)) {
    throw new UsageError(
      "you must specify either a page code (-m) or -l",
    );
  }
  for (const letter of ["P", "S"]) {
    if (list && has(options, letter)) {
      throw new UsageError(`arg -${letter} makes no sense with -l`);
    }
  }
  const size = numberOption(options, "c", "cdbsize") ?? 6;
  if (size !== 6 && size !== 10) {
    throw new UsageError(`invalid cdbsize ${size}, valid sizes are 6 and 10`);
  }
  return {
    page: page ?? ALL_PAGES,
    control: bounded(options, "P", "page control", 3) ?? 0,
    subpage: bounded(options, "S", "subpage", 255) ?? 0,
    list,
    long: size === 10,
    dbd: has(options, "d"),
  };
}

function bounded(
  options: Options,
  letter: string,
  what: string,
  max: number,
): number | undefined {
  const value = numberOption(options, letter, what);
  if (value === undefined || value <= max) return value;
  throw new UsageError(`invalid ${what} ${value}: expected 0 to ${max}`);
}

function modeCdb(request: ModeRequest): number[] {
  const dbd = request.dbd ? 8 : 0;
  const page = request.control << 6 | request.page;
  return request.long
    ? [0x5a, dbd, page, request.subpage, 0, 0, 0, 255, 255, 0]
    : [0x1a, dbd, page, request.subpage, 255, 0];
}

// What follows the mode header and the block descriptors.
function pagesOf({ dataIn }: Answer, long: boolean): Uint8Array {
  const header = long ? 8 : 4;
  if (dataIn.length < header) return new Uint8Array(0);
  const view = new DataView(dataIn.buffer, dataIn.byteOffset, dataIn.length);
  const length = long ? 2 + view.getUint16(0) : 1 + view.getUint8(0);
  const descriptors = long ? view.getUint16(6) : view.getUint8(3);
  return dataIn.subarray(header + descriptors, length);
}

// Without leading zeros, sixteen a line: CTL's own way.
function dump(bytes: Uint8Array): string {
  const words = [...bytes].map((byte) => `0x${byte.toString(16)} `);
  const lines: string[] = [];
  for (let at = 0; at < words.length; at += 16) {
    lines.push(words.slice(at, at + 16).join(""));
  }
  return lines.join("\n");
}

function* pageCodes(pages: Uint8Array): Iterable<number> {
  const view = new DataView(pages.buffer, pages.byteOffset, pages.length);
  for (let at = 0; at + 2 <= pages.length;) {
    yield view.getUint8(at) & 0x3f;
    at += 2 + view.getUint8(at + 1);
  }
}

/** `ctladm prin`. */
export const prin: Command = scsiCommand({
  name: "prin",
  letters: "a:",
  summary: "ask for keys, the reservation, or what reservations can do",
  synopsis: "prin lun -a action   (0 keys, 1 reservation, 2 capabilities)",
  example: "ctladm prin 0 -a 0",
  run: async (context) => {
    const action = required(context.options, "a", "action", 2);
    const answer = await context.device
      .send([0x5e, action, 0, 0, 0, 0, 0, 1, 0, 0], { in: 256 });
    if (!answer.good) return tellFailure(context, answer);
    context.print(hexDump(reservationData(answer.dataIn)));
  },
});

function reservationData(bytes: Uint8Array): Uint8Array {
  if (bytes.length < 8) return bytes;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return bytes.subarray(0, Math.min(256, 8 + view.getUint32(4)));
}

/** SERVICE ACTION by the number that `-a` takes. */
const OUT_ACTIONS: readonly number[] = [0, 1, 2, 3, 4, 6];
/** Actions that need no type: register, clear, register and ignore. */
const WITHOUT_TYPE: readonly number[] = [0, 3, 6];
/** TYPE by the number that `-r` takes. */
const OUT_TYPES: readonly number[] = [1, 3, 5, 6, 7, 8];

/** `ctladm prout`. */
export const prout: Command = scsiCommand({
  name: "prout",
  letters: "a:k:s:r:",
  summary: "register, reserve, release, clear, preempt",
  synopsis: "prout lun -a action [-k key] [-s sa_key] [-r type]   " +
    "(0 register, 1 reserve, 2 release, 3 clear, 4 preempt, " +
    "5 register and ignore)",
  example: "ctladm prout 0 -a 0 -s 0x123",
  run: async (context) => {
    const { options } = context;
    const action = OUT_ACTIONS[required(options, "a", "action", 5)] ?? 0;
    const type = WITHOUT_TYPE.includes(action)
      ? 0
      : OUT_TYPES[required(options, "r", "restype", 5)] ?? 0;
    const list = new DataView(new ArrayBuffer(24));
    list.setBigUint64(0, keyOption(options, "k"));
    list.setBigUint64(8, keyOption(options, "s"));
    const answer = await context.device.send(
      [0x5f, action, type, 0, 0, 0, 0, 0, list.byteLength, 0],
      { out: new Uint8Array(list.buffer) },
    );
    if (!answer.good) return tellFailure(context, answer);
    context.print(
      `${answer.path}PERSISTENT RESERVE OUT executed successfully`,
    );
  },
});

function required(
  options: Options,
  letter: string,
  what: string,
  max: number,
): number {
  const value = bounded(options, letter, what, max);
  if (value !== undefined) return value;
  throw new UsageError(`you must specify the ${what} with -${letter}`);
}

function keyOption(options: Options, letter: string): bigint {
  const text = valueOf(options, letter);
  if (text === undefined) return 0n;
  if (!/^(0x[0-9a-f]{1,16}|[0-9]+)$/i.test(text) || BigInt(text) >= 2n ** 64n) {
    throw new UsageError(`invalid key "${text}": expected a 64-bit number`);
  }
  return BigInt(text);
}

/** `ctladm rtpg`. */
export const rtpg: Command = scsiCommand({
  name: "rtpg",
  letters: "",
  summary: "show the target port groups of a LUN",
  synopsis: "rtpg lun",
  example: "ctladm rtpg 0",
  run: async (context) => {
    const cdb = [0xa3, 0x0a, 0, 0, 0, 0, 0, 0, 0, 64, 0, 0];
    const answer = await context.device.send(cdb, { in: 64 });
    if (!answer.good) return tellFailure(context, answer);
    context.print(hexDump(answer.dataIn));
  },
});
