/**
 * `ctladm nvlist` and `nvterminate`: NVMe over Fabrics associations. No
 * frontend serves any, so the list is empty.
 *
 * @module
 */

import { has } from "../getopt.ts";
import { type Command, CommandError } from "./command.ts";

/** `ctladm nvlist`. */
export const nvlist: Command = {
  name: "nvlist",
  letters: "vx",
  summary: "list NVMe associations: no frontend serves any",
  synopsis: "nvlist [-v | -x] [--json]",
  example: "ctladm nvlist",
  run: ({ options, print, printJson, json }) => {
    if (json) printJson([]);
    else if (has(options, "x")) print("<ctlnvmflist>\n</ctlnvmflist>");
    else if (!has(options, "v")) print(HEADER);
    return Promise.resolve();
  },
};

const HEADER = [
  "ID".padStart(4),
  "Transport".padEnd(16),
  "HostNQN".padEnd(36),
  "SubNQN".padEnd(36),
].join(" ");

/** `ctladm nvterminate`. */
export const nvterminate: Command = {
  name: "nvterminate",
  letters: "ac:h:",
  summary: "end NVMe associations: no frontend serves any",
  synopsis: "nvterminate <-a | -c cntlid | -h hostnqn>",
  example: "ctladm nvterminate -a",
  run: () => {
    throw new CommandError(
      "error returned from CTL NVMeoF termination request:\n" +
        "No matching associations found",
    );
  },
};
