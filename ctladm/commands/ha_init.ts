/**
 * `ctladm ha-init`: a key and a certificate for the link of a pair of nodes.
 *
 * @module
 */

import { valueOf } from "../getopt.ts";
import { ManagementError } from "../../mod.ts";
import { type Command, CommandError } from "./command.ts";

const FORCE = "--force";

/** `ctladm ha-init`. */
export const haInit: Command = {
  name: "ha-init",
  beyondCtl: true,
  leavesAlone: true,
  letters: "d:n:",
  longWords: [FORCE],
  summary: "make key and certificate of this node for the link to its peer",
  synopsis: `ha-init [-d directory] [-n name] [${FORCE}] [--json]   ` +
    "(what is there stays, without --force)",
  example: "ctladm ha-init -d /etc/dtl",
  run: async ({ options, longWords, surroundings, print, printJson, json }) => {
    const directory = valueOf(options, "d") ?? surroundings.places().state;
    const name = valueOf(options, "n") ?? "dtl";
    const force = longWords.has(FORCE);
    try {
      const made = await surroundings.haIdentity({ directory, name, force });
      if (json) return printJson(made);
      const { keyFile, certificateFile, fingerprint, isNew } = made;
      print([
        isNew ? "Made a key and a certificate." : "They are there already.",
        "In the ha block of this node's ctl.conf:",
        `  key ${keyFile}`,
        `  certificate ${certificateFile}`,
        "In that of the peer:",
        `  peer-fingerprint ${fingerprint}`,
      ].join("\n"));
    } catch (error) {
      if (!(error instanceof ManagementError)) throw error;
      throw new CommandError(error.message);
    }
  },
};
