/**
 * `ctladm devlist`: the LUNs.
 *
 * @module
 */

import type { LunResource } from "../api/resources.ts";
import { has, valueOf } from "../getopt.ts";
import { type Command, type CommandContext, escapeXml } from "./command.ts";

/** The subcommand. */
export const devlist: Command = {
  name: "devlist",
  letters: "b:vx",
  summary: "list the LUNs",
  synopsis: "devlist [-b backend] [-v] [-x] [--json]",
  example: "ctladm devlist -v",
  run: listLuns,
};

async function listLuns(context: CommandContext): Promise<void> {
  const { client, options, print, printJson, json } = context;
  const backend = valueOf(options, "b");
  const luns = (await client.get<LunResource[]>("/v1/luns"))
    .filter((lun) => backend === undefined || lun.backend === backend);
  if (json) return printJson(luns);
  if (has(options, "x")) return print(formatLunXml(luns));
  print(header());
  for (const lun of luns) {
    print(row(lun));
    if (!has(options, "v")) continue;
    for (const [name, value] of elementsOf(lun)) {
      print(`      ${name}=${value}`);
    }
  }
}

function header(): string {
  const words = ["Size (Blocks)".padStart(18), "BS".padStart(4)];
  return `LUN Backend  ${words.join(" ")} ${"Serial Number".padEnd(16)} ` +
    `${"Device ID".padEnd(16)}`;
}

function row(lun: LunResource): string {
  return [
    String(lun.id).padStart(3),
    lun.backend.padEnd(8),
    String(lun.sizeBlocks).padStart(18),
    String(lun.blockLength).padStart(4),
    lun.serialNumber.padEnd(16),
    lun.deviceId.padEnd(16),
  ].join(" ");
}

// What the XML has beyond the columns.
function elementsOf(lun: LunResource): [string, string][] {
  return [["lun_type", String(lun.deviceType)], ...lun.details];
}

/** The LUN list in the XML of CTL. */
export function formatLunXml(luns: readonly LunResource[]): string {
  const lines = luns.flatMap((lun) => [
    `<lun id="${lun.id}">`,
    element("backend_type", lun.backend),
    element("lun_type", String(lun.deviceType)),
    element("size", String(lun.sizeBlocks)),
    element("blocksize", String(lun.blockLength)),
    element("serial_number", escapeXml(lun.serialNumber)),
    element("device_id", escapeXml(lun.deviceId)),
    // A parser must survive whatever an administrator has typed.
    ...lun.details.map(([name, value]) => element(name, escapeXml(value))),
    "</lun>",
  ]);
  return ["<ctllunlist>", ...lines, "</ctllunlist>"].join("\n");
}

function element(name: string, value: string): string {
  return `\t<${name}>${value}</${name}>`;
}
