/**
 * `ctladm copies`: copies between LUNs that run, and those whose results are
 * held for whoever asked for them.
 *
 * @module
 */

import type { CopyResource } from "../api/copy_resources.ts";
import type { Command } from "./command.ts";

/** The subcommand. */
export const copies: Command = {
  name: "copies",
  beyondCtl: true,
  letters: "",
  summary: "show copies between LUNs: progress, and results that are held",
  synopsis: "copies [--json]",
  example: "ctladm copies",
  run: async ({ client, print, printJson, json }) => {
    const all = await client.get<CopyResource[]>("/v1/copies");
    if (json) return printJson(all);
    print(HEADER);
    for (const each of all) print(lineOf(each));
  },
};

const HEADER = "  ID STATE           DONE       BYTES  SECONDS COMMAND" +
  "              WHAT";

function lineOf(copy: CopyResource): string {
  const { number, state, percent, bytes, runMs, kind } = copy;
  const done = percent === null ? "-" : `${percent}%`;
  return `${String(number).padStart(4)} ${stateOf(copy, state).padEnd(14)} ` +
    `${done.padStart(5)} ${String(bytes).padStart(11)} ` +
    `${(runMs / 1000).toFixed(1).padStart(8)} ${kind.padEnd(20)} ` +
    whatOf(copy);
}

function stateOf({ background }: CopyResource, state: string): string {
  return state === "running" && background ? "running (bg)" : state;
}

function whatOf(copy: CopyResource): string {
  const { route, how, initiator, port, lun, listId, heldMs } = copy;
  const words = [
    route === "" ? `at LUN ${lun}` : route,
    ...how === "" ? [] : [how],
    `list ${listId} of ${initiator} at port ${port}`,
    ...heldMs === null ? [] : [`held ${Math.floor(heldMs / 1000)} s`],
  ];
  return words.join(", ");
}
