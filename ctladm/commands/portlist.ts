/**
 * `ctladm portlist`: the target ports.
 *
 * @module
 */

import type { PortResource } from "../api/resources.ts";
import { has, valueOf } from "../getopt.ts";
import {
  type Command,
  type CommandContext,
  escapeXml,
  parseNumber,
} from "./command.ts";

/** The subcommand. */
export const portlist: Command = {
  name: "portlist",
  letters: "f:ilp:qvx",
  summary: "list the target ports",
  synopsis: "portlist [-f frontend] [-i] [-l] [-p port] [-q] [-v] [-x] " +
    "[--json]",
  example: "ctladm portlist -i",
  run: (context) => {
    const verbose = has(context.options, "v");
    return printPorts(context, {
      verbose,
      initiators: verbose || has(context.options, "i"),
      map: verbose || has(context.options, "l"),
    });
  },
};

/** What a list shows beside a row for each port. */
export interface PortDetails {
  /** Initiators. */
  readonly initiators: boolean;
  /** The LUN map. */
  readonly map: boolean;
  /** Every other fact. */
  readonly verbose: boolean;
}

/** Prints the ports that the options name. */
export async function printPorts(
  context: CommandContext,
  details: PortDetails,
): Promise<void> {
  const { client, options, print, printJson, json } = context;
  const frontend = valueOf(options, "f");
  const number = valueOf(options, "p");
  const wanted = number === undefined
    ? undefined
    : parseNumber("port number", number);
  const ports = (await client.get<PortResource[]>("/v1/ports")).filter((port) =>
    (frontend === undefined || port.frontend === frontend) &&
    (wanted === undefined || port.id === wanted)
  );
  if (json) return printJson(ports);
  if (has(options, "x")) return print(formatPortXml(ports));
  if (!has(options, "q")) print("Port Online Frontend Name     pp vp");
  for (const port of ports) {
    print(row(port));
    if (details.initiators) initiatorLines(port).forEach(print);
    if (details.map) mapLines(port).forEach(print);
    if (details.verbose) detailLines(port).forEach(print);
  }
}

function row(port: PortResource): string {
  return [
    String(port.id).padEnd(4),
    (port.online ? "YES" : "NO").padEnd(6),
    port.frontend.padEnd(8),
    port.name.padEnd(8),
    String(port.physicalPort).padEnd(2),
    String(port.virtualPort).padEnd(2),
    port.port ?? "",
  ].join(" ");
}

function initiatorLines(port: PortResource): string[] {
  const target = port.target === null ? [] : [`  Target: ${port.target}`];
  const initiators = port.initiators
    .map(({ id, name }) => `  Initiator ${id}: ${name}`);
  return [...target, ...initiators];
}

function mapLines({ lunMap }: PortResource): string[] {
  if (lunMap === null) return ["  All LUNs mapped"];
  if (lunMap.length === 0) return ["  No LUNs mapped"];
  return lunMap.map(({ lun, unit }) => `  LUN ${lun}: ${unit}`);
}

function detailLines(port: PortResource): string[] {
  const all = [["port_type", String(port.type)], ...port.details];
  return all.map(([name, value]) => `      ${name}=${value}`);
}

/** The port list in the XML of CTL. */
export function formatPortXml(ports: readonly PortResource[]): string {
  return [
    "<ctlportlist>",
    ...ports.flatMap(portXml),
    "</ctlportlist>",
  ].join("\n");
}

function portXml(port: PortResource): string[] {
  const { lunMap } = port;
  const names: [string, string | null][] = [
    ["frontend_type", port.frontend],
    ["port_type", String(port.type)],
    ["online", port.online ? "YES" : "NO"],
    ["port_name", port.name],
    ["physical_port", String(port.physicalPort)],
    ["virtual_port", String(port.virtualPort)],
    ["target", port.target],
    ["port", port.port],
    ...port.details,
    ["lun_map", lunMap === null ? null : "on"],
  ];
  return [
    `<targ_port id="${port.id}">`,
    ...names.flatMap(([name, value]) =>
      value === null ? [] : [`\t<${name}>${escapeXml(value)}</${name}>`]
    ),
    ...(lunMap ?? []).map(({ lun, unit }) =>
      `\t<lun id="${lun}">${unit}</lun>`
    ),
    ...port.initiators.map(({ id, name }) =>
      `\t<initiator id="${id}">${escapeXml(name)}</initiator>`
    ),
    "</targ_port>",
  ];
}
