/**
 * `ctladm delay`: commands that take their time.
 *
 * @module
 */

import { ApiError } from "../api/client.ts";
import type { DelayBody } from "../api/resources.ts";
import { type Options, valueOf } from "../getopt.ts";
import {
  type Command,
  CommandError,
  numberOption,
  scsiCommand,
  UsageError,
} from "./command.ts";

/** `ctladm delay`. */
export const delay: Command = scsiCommand({
  name: "delay",
  letters: "l:t:T:",
  summary: "delay the next command of a LUN, or every one",
  synopsis: "delay lun -l datamove|done -t secs [-T oneshot|cont]   " +
    "(-t 0: no delay there any more)",
  example: "ctladm delay 0 -l done -t 2 -T cont",
  run: async ({ client, options, lun }) => {
    const body = bodyOf(options);
    try {
      await client.put(`/v1/luns/${lun}/delay`, body);
    } catch (error) {
      const unknown = error instanceof ApiError &&
        error.code === "lun-not-found";
      throw unknown ? new CommandError(`invalid lun ${lun}`) : error;
    }
  },
});

function bodyOf(options: Options): DelayBody {
  const location = locationOf(valueOf(options, "l"));
  const type = valueOf(options, "T") ?? "oneshot";
  const continuous = type.toLowerCase() === "cont";
  if (!continuous && type.toLowerCase() !== "oneshot") {
    throw new UsageError(
      `invalid delay type ${type}: expected oneshot or cont`,
    );
  }
  const seconds = numberOption(options, "t", "delaytime");
  if (seconds === undefined) {
    throw new UsageError("you must specify the delaytime with -t");
  }
  return { location, seconds, continuous };
}

function locationOf(word: string | undefined): DelayBody["location"] {
  const location = word?.toLowerCase();
  if (location === "datamove" || location === "done") return location;
  if (word === undefined) {
    throw new UsageError("you must specify the delay location with -l");
  }
  throw new UsageError(
    `invalid delay location ${word}: expected datamove or done`,
  );
}
