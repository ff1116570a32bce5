/**
 * `ctladm port` and `lunmap`: target ports made, turned on and off, named,
 * removed, and what initiators see behind them.
 *
 * @module
 */

import type { PortRequestBody, PortResource } from "../api/resources.ts";
import { PORT_TYPE } from "../../mod.ts";
import { has, type Options, valueOf } from "../getopt.ts";
import {
  asking,
  type Command,
  type CommandContext,
  namedOptions,
  numberOption,
  UsageError,
} from "./command.ts";
import { printPorts } from "./portlist.ts";

/** `ctladm port`. */
export const port: Command = {
  name: "port",
  letters: "lo:p:t:w:W:crd:O:qx",
  summary: "make, remove, name ports, turn them on and off",
  synopsis: "port <-l [-q] [-x] | -o on|off [-p port | -t type] | " +
    "-w wwnn -W wwpn -p port | -c [-d driver] [-O name=value] | " +
    "-r [-d driver] [-p port] [-O name=value]>",
  example: "ctladm port -c -d ioctl -O pp=101 -O vp=102",
  run: runPort,
};

type Action = (context: CommandContext) => Promise<void>;

async function runPort(context: CommandContext): Promise<void> {
  const { options } = context;
  const actions: readonly (readonly [boolean, Action])[] = [
    [has(options, "l"), list],
    [has(options, "o"), turn],
    [has(options, "w") || has(options, "W"), name],
    [has(options, "c"), create],
    [has(options, "r"), remove],
  ];
  const [chosen, other] = actions.filter(([given]) => given);
  if (chosen === undefined) {
    throw new UsageError("one of -l, -o or -w/-W must be specified");
  }
  if (other !== undefined) {
    throw new UsageError("only one of -l, -o or -w/-W may be specified");
  }
  await chosen[1](context);
}

function list(context: CommandContext): Promise<void> {
  return printPorts(context, {
    initiators: false,
    map: false,
    verbose: false,
  });
}

async function turn(context: CommandContext): Promise<void> {
  const { client, options, print } = context;
  const word = valueOf(options, "o");
  if (word !== "on" && word !== "off") {
    throw new UsageError(
      `Invalid -o argument ${word}, "on" or "off" are the only valid args`,
    );
  }
  if (has(options, "p") && has(options, "t")) {
    throw new UsageError("can only specify one of -t or -n");
  }
  for (const id of await chosenPorts(context)) {
    await client.patch(`/v1/ports/${id}`, { online: word === "on" });
  }
  print(`Front End Ports ${word === "on" ? "enabled" : "disabled"}`);
}

async function chosenPorts(
  { client, options }: CommandContext,
): Promise<number[]> {
  const id = numberOption(options, "p", "port");
  if (id !== undefined) return [id];
  const classes = classMask(valueOf(options, "t") ?? "all");
  const ports = await client.get<PortResource[]>("/v1/ports");
  return ports.filter(({ type }) => (type & classes) !== 0)
    .map((each) => each.id);
}

/** Port classes in the words of `-t`, as masks of `PORT_TYPE`. */
const CLASSES: readonly (readonly [string, number])[] = [
  ["fc", PORT_TYPE.FC],
  ["scsi", PORT_TYPE.SCSI],
  ["ioctl", PORT_TYPE.IOCTL],
  ["internal", PORT_TYPE.INTERNAL],
  ["iscsi", PORT_TYPE.ISCSI],
  ["nvmf", 0x80],
  ["sas", PORT_TYPE.SAS],
  ["all", 0xff],
];

function classMask(word: string): number {
  const wanted = word.toLowerCase();
  const exact = CLASSES.find(([name]) => name === wanted);
  const fits = exact === undefined
    ? CLASSES.filter(([name]) => name.startsWith(wanted))
    : [exact];
  const [first, second] = fits;
  if (first === undefined) {
    const words = CLASSES.map(([name]) => name).join(", ");
    throw new UsageError(`invalid frontend type ${word}: expected ${words}`);
  }
  if (second === undefined) return first[1];
  throw new UsageError(`ambiguous frontend type ${word}`);
}

async function name({ client, options }: CommandContext): Promise<void> {
  const id = numberOption(options, "p", "port");
  if (id === undefined) throw new UsageError("-w and -W require -n");
  await client.patch(`/v1/ports/${id}`, {
    wwnn: worldWideName(options, "w"),
    wwpn: worldWideName(options, "W"),
  });
}

function worldWideName(options: Options, letter: string): string | undefined {
  const text = valueOf(options, letter);
  if (text === undefined || /^(0x)?[0-9a-f]{1,16}$/i.test(text)) return text;
  throw new UsageError(
    `invalid -${letter} argument ${text}: expected up to 16 hexadecimal digits`,
  );
}

async function create(
  { client, options, print, json, printJson }: CommandContext,
) {
  const request = requestOf(options);
  const made = await asking(
    "error",
    client.post<PortResource>("/v1/ports", request),
  );
  if (json) return printJson(made);
  print("Port created successfully");
  print(`frontend: ${request.driver}`);
  print(`port:     ${made.id}`);
}

async function remove({ client, options, print }: CommandContext) {
  const request = requestOf(options);
  const id = valueOf(options, "p");
  const named = id === undefined ? {} : { port_id: id };
  await asking(
    "error",
    client.post("/v1/ports/remove", {
      ...request,
      options: { ...named, ...request.options },
    }),
  );
  print("Port destroyed successfully");
}

function requestOf(options: Options): PortRequestBody {
  const driver = valueOf(options, "d") ?? "ioctl";
  return { driver, options: namedOptions(options, "O") };
}

/** `ctladm lunmap`. */
export const lunmap: Command = {
  name: "lunmap",
  letters: "p:l:L:",
  summary: "map a LUN of a port, unmap it, drop or empty the map",
  synopsis: "lunmap -p port [-l lun] [-L lun_id]",
  example: "ctladm lunmap -p 1 -l 0 -L 4",
  run: async ({ client, options }) => {
    const id = numberOption(options, "p", "port");
    const lun = numberOption(options, "l", "LUN");
    const unit = numberOption(options, "L", "LUN ID");
    if (id === undefined) {
      throw new UsageError(
        "error issuing CTL_LUN_MAP ioctl: Device not configured: name a " +
          "port with -p",
      );
    }
    await asking(
      "error issuing CTL_LUN_MAP ioctl",
      client.patch(`/v1/ports/${id}/lun-map`, { lun, unit }),
    );
  },
};
