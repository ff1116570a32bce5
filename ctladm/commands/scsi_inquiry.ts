/**
 * `ctladm inquiry`, `devid`, `reportluns`, `lunlist`: who is there.
 *
 * @module
 */

import { decodeLun } from "../../mod.ts";
import { type Answer, hexDump, type ScsiDevice } from "../scsi/device.ts";
import {
  type Command,
  type CommandContext,
  CommandError,
  scsiCommand,
  tellFailure,
} from "./command.ts";

/** `ctladm inquiry`. */
export const inquiry: Command = scsiCommand({
  name: "inquiry",
  letters: "",
  summary: "show standard INQUIRY data of a LUN",
  synopsis: "inquiry lun",
  example: "ctladm inquiry 0",
  run: async (context) => {
    const answer = await inquire(context.device);
    if (answer.good) return context.print(inquiryLine(answer));
    fail(context, answer);
  },
});

/** `ctladm devid`. */
export const devid: Command = scsiCommand({
  name: "devid",
  letters: "",
  summary: "show the device identification page of a LUN",
  synopsis: "devid lun",
  example: "ctladm devid 0",
  run: async (context) => {
    const answer = await context.device
      .send([0x12, 1, 0x83, 1, 0, 0], { in: 256 });
    if (!answer.good) return tellFailure(context, answer);
    const { buffer, byteOffset, length } = answer.dataIn;
    const whole = length < 4
      ? length
      : 4 + new DataView(buffer, byteOffset).getUint16(2);
    context.print(hexDump(answer.dataIn.subarray(0, whole)));
  },
});

/** `ctladm reportluns`. */
export const reportluns: Command = scsiCommand({
  name: "reportluns",
  letters: "",
  summary: "show the LUNs that a LUN's port reports",
  synopsis: "reportluns lun [--json]",
  example: "ctladm reportluns 0",
  run: async (context) => {
    const answer = await reportLuns(context.device);
    if (!answer.good) return fail(context, answer);
    const luns = lunsOf(answer.dataIn);
    if (context.json) return context.printJson(luns);
    context.print(`${luns.length} LUNs returned`);
    for (const lun of luns) context.print(lunText(lun));
  },
});

/** `ctladm lunlist`. */
export const lunlist: Command = {
  name: "lunlist",
  letters: "",
  summary: "show INQUIRY data of every LUN",
  synopsis: "lunlist",
  example: "ctladm lunlist",
  run: async (context) => {
    const list = await reportLuns(context.device, 2);
    if (!list.good) return fail(context, list);
    for (const lun of lunsOf(list.dataIn)) {
      if (typeof lun === "string") continue;
      const answer = await inquire(context.device.at(lun), 2);
      if (!answer.good) return fail(context, answer);
      context.print(inquiryLine(answer));
    }
  },
};

function inquire(device: ScsiDevice, retries?: number): Promise<Answer> {
  return device.send([0x12, 0, 0, 0, 96, 0], { in: 96 }, retries);
}

function reportLuns(device: ScsiDevice, retries?: number): Promise<Answer> {
  // Without well-known units, which CTL has not.
  const cdb = [0xa0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0];
  return device.send(cdb, { in: 0x10000 }, retries);
}

// These three end with exit code 1 when the command fails, as in CTL.
function fail(context: CommandContext, answer: Answer): never {
  tellFailure(context, answer);
  throw new CommandError("");
}

/** LUN numbers; for a form that we do not know, what to print. */
function lunsOf(bytes: Uint8Array): (number | string)[] {
  if (bytes.length < 8) return [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const end = Math.min(bytes.length, 8 + view.getUint32(0));
  const luns: (number | string)[] = [];
  for (let at = 8; at + 8 <= end; at += 8) {
    const lun = decodeLun(view, at);
    const format = view.getUint8(at) >> 6;
    luns.push(lun >= 0 ? lun : `Unsupported LUN format ${format}`);
  }
  return luns;
}

function lunText(lun: number | string): string {
  return String(lun);
}

const TYPES: readonly string[] = [
  "Direct Access",
  "Sequential Access",
  "Printer",
  "Processor",
  "WORM",
  "CD-ROM",
  "Scanner",
  "Optical",
  "Changer",
  "Communication",
  "Communication",
  "unknown",
  "Storage Array",
  "Enclosure Services",
  "Simplified Direct Access",
  "Optical Card Read/Write",
  "unknown",
  "Object-Based Storage",
  "Automation/Drive Interface",
  "unknown",
  "Host Managed Zoned Block",
];
const UNINSTALLED = 0x1f;

const QUALIFIERS: readonly string[] = [
  "",
  " (offline)",
  " (reserved qualifier)",
  " (LUN not supported)",
];

/** `<VENDOR PRODUCT REV> Fixed Direct Access SPC-4 SCSI device`. */
function inquiryLine({ path, dataIn }: Answer): string {
  const data = new Uint8Array(36);
  data.set(dataIn.subarray(0, 36));
  const view = new DataView(data.buffer);
  const type = view.getUint8(0) & 0x1f;
  const typeText = type === UNINSTALLED
    ? "Uninstalled"
    : TYPES[type] ?? "unknown";
  const names = [[8, 16], [16, 32], [32, 36]]
    .map(([from, to]) => text(data.subarray(from, to)));
  const fixed = view.getUint8(1) & 0x80 ? "Removable" : "Fixed";
  const qualifier = QUALIFIERS[view.getUint8(0) >> 5] ??
    " (vendor-unique qualifier)";
  return `${path}<${names.join(" ")}> ${fixed} ${typeText} ` +
    `${standard(view.getUint8(2))}SCSI device${qualifier}`;
}

function standard(version: number): string {
  if (version > 3) return `SPC-${version - 2} `;
  return version === 0 ? "" : `SCSI-${version} `;
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes).trimEnd();
}
