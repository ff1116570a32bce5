/**
 * `ctladm shutdown`: ends the daemon.
 *
 * @module
 */

import type { Command } from "./command.ts";

/** The subcommand. */
export const shutdown: Command = {
  name: "shutdown",
  beyondCtl: true,
  leavesAlone: true,
  letters: "",
  summary: "end the daemon cleanly, as SIGTERM does",
  synopsis: "shutdown",
  example: "ctladm shutdown",
  run: async ({ client, print }) => {
    await client.post("/v1/daemon/shutdown");
    print("The daemon is shutting down");
  },
};
