/**
 * `ctladm tur`, `start`, `stop`, `synccache`, `readcapacity`, `reqsense`: one
 * command to one logical unit, and what came of it.
 *
 * @module
 */

import { ATTRIBUTE } from "../../mod.ts";
import { has } from "../getopt.ts";
import { commandLine } from "../scsi/device.ts";
import { senseLines } from "../scsi/sense_text.ts";
import {
  type Command,
  type CommandContext,
  numberOption,
  scsiCommand,
  tellFailure,
  UsageError,
} from "./command.ts";

/** `ctladm tur`. */
export const tur: Command = scsiCommand({
  name: "tur",
  letters: "",
  summary: "ask whether a LUN is ready",
  synopsis: "tur lun",
  example: "ctladm tur 0",
  run: async (context) => {
    const answer = await context.device.send(new Uint8Array(6));
    if (answer.good) context.print(`${answer.path}Unit is ready`);
    else tellFailure(context, answer);
  },
});

/** `ctladm start`. */
export const start: Command = startStop("start", 1, ATTRIBUTE.SIMPLE);

/** `ctladm stop`. */
export const stop: Command = startStop("stop", 0, ATTRIBUTE.ORDERED);

function startStop(name: string, startBit: number, attribute: number): Command {
  const done = startBit === 1 ? "started" : "stopped";
  return scsiCommand({
    name,
    letters: "i",
    summary: `${name} a LUN`,
    synopsis: `${name} lun [-i]`,
    example: `ctladm ${name} 0`,
    run: async (context) => {
      const immediate = has(context.options, "i") ? 1 : 0;
      const cdb = [0x1b, immediate, 0, 0, startBit, 0];
      const answer = await context.device.send(cdb, { attribute });
      if (!answer.good) return tellFailure(context, answer);
      context.print(`${answer.path} LUN ${done} successfully`);
    },
  });
}

/** `ctladm synccache`. */
export const synccache: Command = scsiCommand({
  name: "synccache",
  letters: "l:b:ric:",
  summary: "write the cache of a LUN to its medium",
  synopsis: "synccache lun [-l lba] [-b blocks] [-r] [-i] [-c 10|16]",
  example: "ctladm synccache 0",
  run: synchronize,
});

async function synchronize(context: CommandContext): Promise<void> {
  const { options } = context;
  const lba = numberOption(options, "l", "LBA") ?? 0;
  const blocks = numberOption(options, "b", "block count") ?? 0;
  const size = numberOption(options, "c", "cdbsize") ?? 10;
  if (size !== 10 && size !== 16) {
    throw new UsageError(`invalid cdbsize ${size}, valid sizes are 10 and 16`);
  }
  const flags = (has(options, "i") ? 2 : 0) | (has(options, "r") ? 1 : 0);
  const long = size === 16 || lba > 0xffffffff || blocks > 0xffff;
  const cdb = new DataView(new ArrayBuffer(long ? 16 : 10));
  cdb.setUint8(0, long ? 0x91 : 0x35);
  cdb.setUint8(1, flags);
  if (long) {
    cdb.setBigUint64(2, BigInt(lba));
    cdb.setUint32(10, blocks);
  } else {
    cdb.setUint32(2, lba);
    cdb.setUint16(7, blocks);
  }
  const answer = await context.device.send(new Uint8Array(cdb.buffer));
  if (!answer.good) return tellFailure(context, answer);
  context.print(`${answer.path}Cache synchronized successfully`);
}

/** `ctladm readcapacity`. */
export const readcapacity: Command = scsiCommand({
  name: "readcapacity",
  letters: "c:",
  summary: "show the last LBA and the block size of a LUN",
  synopsis: "readcapacity lun [-c 10|16] [--json]",
  example: "ctladm readcapacity 0",
  run: readCapacity,
});

async function readCapacity(context: CommandContext): Promise<void> {
  const size = numberOption(context.options, "c", "cdbsize") ?? 10;
  if (size !== 10 && size !== 16) {
    throw new UsageError(`invalid cdbsize ${size}, valid sizes are 10 and 16`);
  }
  let answer = await context.device.send(READ_CAPACITY_10, { in: 8 });
  let lastLba = size === 16 ? TOO_LARGE : firstWord(answer.dataIn);
  const long = lastLba === TOO_LARGE && (size === 16 || answer.good);
  if (long) answer = await context.device.send(READ_CAPACITY_16, { in: 32 });
  if (!answer.good) return tellFailure(context, answer);
  const { buffer, byteOffset } = answer.dataIn;
  const view = new DataView(buffer, byteOffset);
  if (long) lastLba = view.getBigUint64(0);
  const blockLength = view.getUint32(long ? 8 : 4);
  if (context.json) {
    context.printJson({ lastLba: Number(lastLba), blockLength });
  } else {
    context.print(
      `${answer.path}Disk Capacity: ${lastLba}, Blocksize: ${blockLength}`,
    );
  }
}

const READ_CAPACITY_10 = [0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0];
const READ_CAPACITY_16 = [0x9e, 0x10, ...Array(11).fill(0), 32, 0, 0];
const TOO_LARGE = 0xffffffffn;

function firstWord(bytes: Uint8Array): bigint {
  if (bytes.length < 4) return 0n;
  return BigInt(new DataView(bytes.buffer, bytes.byteOffset).getUint32(0));
}

/** `ctladm reqsense`. */
export const reqsense: Command = scsiCommand({
  name: "reqsense",
  letters: "",
  summary: "ask a LUN for sense data",
  synopsis: "reqsense lun",
  example: "ctladm reqsense 0",
  run: async (context) => {
    const answer = await context.device
      .send([0x03, 0, 0, 0, 252, 0], { in: 252 });
    if (!answer.good) return tellFailure(context, answer);
    const lines = [commandLine(answer), ...senseLines(answer.dataIn)];
    for (const line of lines) context.print(answer.path + line);
  },
});
