/**
 * `ctladm explain`: why an initiator sees a LUN or not.
 *
 * @module
 */

import type {
  CommandOutlookResource,
  ExplanationResource,
  PortExplanationResource,
} from "../api/resources.ts";
import { valueOf } from "../getopt.ts";
import { type Command, scsiCommand, UsageError } from "./command.ts";

/** `ctladm explain`. */
export const explain: Command = scsiCommand({
  name: "explain",
  beyondCtl: true,
  letters: "a:",
  summary: "tell why an initiator sees a LUN or not, and what refuses commands",
  synopsis: "explain lun [-a address] initiator [--json]   " +
    "(its name, or the number of a local one)",
  example: "ctladm explain 0 iqn.1993-08.org.debian:01:host",
  run: async ({ client, options, lun, print, printJson, json }) => {
    const [initiator] = options.rest;
    if (initiator === undefined) {
      throw new UsageError("name the initiator: its iSCSI name, or a number");
    }
    const address = valueOf(options, "a");
    const query = new URLSearchParams({
      initiator,
      ...address === undefined ? {} : { address },
    });
    const explanation = await client.get<ExplanationResource>(
      `/v1/luns/${lun}/explain?${query}`,
    );
    if (json) return printJson(explanation);
    print(`LUN ${lun} for ${initiator}:`);
    for (const port of explanation.ports) print(linesOf(port).join("\n"));
  },
});

function linesOf(one: PortExplanationResource): string[] {
  const { port, frontend, name, visible, luns, reasons } = one;
  const seen = visible ? `visible as LUN ${luns.join(", ")}` : "not visible";
  return [
    `Port ${port} (${frontend} ${name}): ${seen}`,
    ...reasons.map((reason) => `  because ${reason}`),
    ...one.sessions.map((session) => `  session ${session}`),
    ...one.commands.map((command) => `  ${commandLine(command)}`),
  ];
}

function commandLine({ command, refusals }: CommandOutlookResource): string {
  const why = refusals.map(({ step, text }) => `${text} (${step})`);
  return why.length === 0
    ? `${command}: nothing is in its way`
    : `${command}: ${why.join(", then ")}`;
}
